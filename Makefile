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

test: setup
	@$(PY) -m pytest -n 2

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/pyrefly check

clean:
	rm -rf build .pytest_cache .ruff_cache .hypothesis
