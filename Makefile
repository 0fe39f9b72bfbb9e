# Pult's commands. `make run` and `make test` need Python 3.11, make and the package registries, nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
PY := $(VENV)/bin/python
MANAGE := $(PY) manage.py
# Where the environment switches Python's cache of compiled modules off, every process would compile Pult anew.
export PYTHONDONTWRITEBYTECODE :=
# Tests of real processes mostly wait: three at a time keep two cores busy.
WORKERS ?= 3
TESTS ?= tests
BENCHES ?=

.PHONY: help run test lint format types bench shell password demo-reset lock ci local-up local-down translations env-docs clean base dev

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: base ## start everything on http://127.0.0.1:8000 (PORT=8123 for another port)
	@exec $(MANAGE) up

test: dev ## run the whole test suite (TESTS=path for a part, WORKERS=1 for one process)
	@$(MANAGE) translations --compile
	@$(PY) -m pytest -n $(WORKERS) $(PYTEST_ARGS) $(TESTS)

lint: dev ## look at formatting, lint, imports, dependencies and templates
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/deptry .
	@$(VENV)/bin/djlint --lint --quiet templates

format: dev ## format the code
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

types: dev ## check types
	@$(VENV)/bin/mypy

bench: dev ## measure, and print the figures of docs/benchmarks.md (BENCHES="start work" for some)
	@$(PY) -m tests.benchmarks $(BENCHES)

shell: base ## open a Python shell with the models
	@$(MANAGE) shell

password: base ## set a new password for the first administrator
	@$(MANAGE) changepassword $(or $(LOGIN),admin@example.org)

demo-reset: base ## throw the demo workspace away and load it anew
	@$(MANAGE) demo_load --reset

lock: dev ## compile requirements/*.in into hash-locked requirements/*.txt
	@for name in base prod dev; do \
	  $(VENV)/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-index-url \
	    --custom-compile-command "make lock" requirements/$$name.in --output-file requirements/$$name.txt; \
	done

ci: ## run the whole gate, as CI does
	@bash .ci/run

local-up: ## start PostgreSQL and Redis in Docker, for a run like production
	@docker compose -f compose/local.yml up --detach --wait
	@echo "Now: DATABASE_URL=postgres://pult:pult@127.0.0.1:5433/pult REDIS_URL=redis://127.0.0.1:6380/0 make run"

local-down: ## stop them (their data stay in Docker volumes)
	@docker compose -f compose/local.yml down

translations: base ## take new texts into config/locale and compile the catalogues
	@$(MANAGE) translations

env-docs: base ## write .env.example and docs/configuration.md from config/env.py
	@$(MANAGE) env_docs

clean: ## remove the virtual environment and caches; var/ with the data stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache htmlcov .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

base: ; @$(call installed,base)

dev: ; @$(call installed,dev base)

# The environment with the locked requirements: does nothing where the same files are installed already.
# $(1) names the file to install, then the files that it includes.
define installed
if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
  echo "Pult needs Python 3.11: install it, or name it with PYTHON=/path/to/python3.11." >&2; exit 1; fi; \
if [ ! -x $(PY) ]; then echo "making $(VENV)"; "$(PYTHON)" -m venv $(VENV); fi; \
set -- $(1); \
print=$$(cksum < requirements/$$1.txt); \
if [ "$$(cat $(VENV)/.installed-$$1 2>/dev/null)" != "$$print" ]; then \
  echo "installing requirements/$$1.txt (once)"; \
  $(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes -r requirements/$$1.txt; \
  for name in "$$@"; do cksum < requirements/$$name.txt > $(VENV)/.installed-$$name; done; \
fi
endef
