# Thin over the Python entry points; every target makes what it needs first.
STACK ?=
BASE ?=
PORT ?= 3010
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
.DEFAULT_GOAL := review
.PHONY: setup review preview up destroy test lint bench docs serve build review-example clean

setup: $(VENV)/.ready
	@$(PY) -m sandbox setup
	@.github/actionlint/build || [ $$? = 3 ]

$(VENV)/.ready: requirements.txt
	@echo "setup: making .venv from requirements.txt (about two minutes the first time)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: Python 3.11 or newer is needed; install it, or name one with PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "setup: could not make .venv; on Debian: apt-get install python3-venv"; exit 2; }
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

review: setup
	@$(PY) -m sandbox review $(if $(STACK),--stack $(STACK)) $(if $(BASE),--base $(BASE))

preview up destroy: setup
	@$(if $(STACK),,echo "make $@: name a stack: make $@ STACK=staging"; exit 2;) $(PY) -m sandbox $@ --stack $(STACK)

review-example: setup
	@$(PY) -m sandbox -C examples/platform review --base ./before

serve: setup
	@$(PY) -m functions.ai_budget.serve --port $(PORT)

build: setup
	@$(PY) -m functions.ai_budget.tools.build

test: setup
	@$(PY) -m pytest -n 2

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/pyrefly check

bench: setup
	@for each in $(basename $(notdir $(filter-out bench/__init__.py bench/mutate_policies.py,$(wildcard bench/*.py)))); do \
	  echo "## $$each"; $(PY) -m bench.$$each || exit 1; done

docs: setup
	@$(PY) -m components.configuration_doc
	@$(PY) -m policies.catalogue

clean:
	rm -rf build .pytest_cache .ruff_cache .hypothesis
