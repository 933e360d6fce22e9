# omotwin: everything a newcomer needs. `make help` lists it.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "omotwin needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "venv is missing: on Debian or Ubuntu, apt-get install python3-venv"; exit 2; }

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
ifneq ($(UV),)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
endif
	@touch $@

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
ifneq ($(UV),)
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-test.lock
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
endif
	@touch $@

install: $(VENV)/.installed ## install omotwin into .venv

demo: $(VENV)/.installed ## simulate a ward, compare two evaluations, load-test the core, audit it, write the report
	$(BIN)/omo demo

test: $(VENV)/.installed-test browser ## run the tests
	$(BIN)/python -m pytest -n logical --dist loadfile

browser:
	@if [ ! -x /usr/bin/chromium ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  { apt-get update -q && apt-get install -qy --no-install-recommends chromium; } >/dev/null 2>&1 \
	    || echo "chromium could not be installed: the browser tests will be skipped"; \
	fi

lint: $(VENV)/.installed-test ## ruff (lint and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-test ## measure speed, memory and pairing on this machine, beside other tools
	$(BIN)/omo bench engine
	$(BIN)/omo bench journey
	$(BIN)/omo bench memory
	$(BIN)/omo bench pairing
	$(BIN)/omo bench psp-day --share 0.05

soak: $(VENV)/.installed ## a million payments, core and PostgreSQL killed ten times each, full audit (hours; goes on where it stopped)
	$(BIN)/omo soak --payments 1000000 --kills 10 --out runs/soak

fuzz: $(VENV)/.installed-test ## hold the core to its OpenAPI document with thousands of made-up requests
	OPENAPI_EXAMPLES=200 $(BIN)/python -m pytest tests/loadtest/test_openapi.py

bench-dashboard: $(VENV)/.installed-test browser ## first content and answer to a click of each page, on the runs in runs/
	$(BIN)/omo bench dashboard

learn: $(VENV)/.installed-test ## hold the exercises of the page Learn to what they teach, on their own worlds (minutes)
	LEARN_RUNS=runs $(BIN)/python -m pytest tests/dashboard/test_learn_worlds.py

questions: $(VENV)/.installed ## answer the questions of docs/questions.md anew (half an hour)
	$(BIN)/omo questions --write docs/questions.md

lock: $(BIN)/python ## resolve and pin all dependencies anew
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --python-version 3.11 --extra test pyproject.toml -c requirements.lock -o requirements-test.lock

wheel: $(BIN)/python ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps -w dist .

clean: ## remove what this file made (not the runs)
	rm -rf $(VENV) dist build

.PHONY: help install demo test browser lint bench bench-dashboard fuzz soak questions lock wheel clean
