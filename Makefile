# Short names for the Python entry points; every target first sets up what it needs.
STACK ?=
BASE ?=
DATABASE_URL ?=
MONTH ?=
QUARTER ?=
RETENTION ?=
PORT ?= 3010
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
.DEFAULT_GOAL := review
.PHONY: setup review preview up destroy test lint bench docs serve build demo recommendations reviews reports-demo review-example clean

setup: $(VENV)/.ready
	@$(PY) -m teei_finops sandbox setup

$(VENV)/.ready: requirements.txt
	@echo "setup: creating .venv from requirements.txt (about two minutes the first time)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: Python 3.11 or newer is required; install it, or choose one with PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "setup: could not create .venv; on Debian: apt-get install python3-venv"; exit 2; }
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev-ready: requirements-dev.txt $(VENV)/.ready
	@echo "setup: adding what tests and linters need, from requirements-dev.txt"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

review: setup
	@$(PY) -m teei_finops sandbox --state build review $(if $(STACK),--stack $(STACK)) $(if $(BASE),--base $(BASE))

preview up destroy: setup
	@$(if $(STACK),,echo "make $@: choose a stack: make $@ STACK=staging"; exit 2;) $(PY) -m teei_finops sandbox --state build --moto $@ --stack $(STACK)

review-example: setup
	@$(PY) -m teei_finops sandbox -C examples/platform --state examples/platform/build review --base ./before

serve: setup
	@$(PY) -m functions.ai_budget.serve --port $(PORT)

demo: $(VENV)/.ready
	@$(PY) -m demo

reviews: $(VENV)/.ready
	@$(if $(DATABASE_URL),,echo "make $@: give the PostgreSQL with the cost data: make $@ DATABASE_URL=postgresql://…"; exit 2;) \
	  $(PY) -m functions.reports monthly --database-url "$(DATABASE_URL)" --output build/reviews $(if $(MONTH),--month $(MONTH)) \
	    $(addprefix --retention ,$(wildcard $(RETENTION:%=%/*.json))) && \
	  $(PY) -m functions.reports quarterly --database-url "$(DATABASE_URL)" --output build/reviews $(if $(QUARTER),--quarter $(QUARTER))

recommendations: $(VENV)/.ready
	@DATABASE_URL="$(DATABASE_URL)" scripts/finops/cost-recommendations.sh --format=csv --output build/recommendations

reports-demo: $(VENV)/.ready
	@$(PY) -m demo.reports

build: $(VENV)/.ready
	@$(PY) -m functions.tools.build
	@rm -rf build/python build/wheel
	@$(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir build/wheel .
	@SOURCE_DATE_EPOCH=315532800 $(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir build/wheel ./client
	@ls build/wheel/*.whl

test: setup build $(VENV)/.dev-ready
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n 4 --dist loadfile --no-loadscope-reorder --durations=10

lint: $(VENV)/.dev-ready
	@.github/actionlint/build
	@.tools/actionlint -shellcheck= -pyflakes= .github/workflows/*.yaml
	@if command -v hadolint >/dev/null; then hadolint Dockerfile; fi
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/pyrefly check

bench: setup $(VENV)/.dev-ready
	@for module in $(basename $(notdir $(filter-out bench/__init__.py bench/mutate_policies.py,$(wildcard bench/*.py)))); do \
	  echo "## $$module"; PYTHONPATH=client/src $(PY) -m bench.$$module || exit 1; done

docs: $(VENV)/.ready
	@$(PY) -m components.settings.reference
	@$(PY) -m policies.catalogue
	@$(PY) -m monitoring.dashboards

clean:
	rm -rf build .pytest_cache .ruff_cache .hypothesis
