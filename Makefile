# Everything a fresh machine with Python 3.11 or newer, pip and make needs.
# The first target that needs it makes .venv and installs the pinned, hashed requirements into it.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Debian's Python makes environments without pip unless python3-venv is there; its own pip then does.
PIP = $(shell test -x $(BIN)/pip && echo $(BIN)/python -m pip || \
	echo $(PYTHON) -m pip --python $(BIN)/python)
PIP_INSTALL = $(PIP) install --disable-pip-version-check --quiet --require-hashes
# Tests and checks never touch the data of the site that runs from this directory.
SCRATCH := $(VENV)/scratch
WORKERS ?= 2

.PHONY: help run test test-postgres lint format bench lock clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/'

run: $(VENV)/installed ## Serve the site at http://127.0.0.1:8000
	@exec $(BIN)/python manage.py serve

test: $(VENV)/installed-dev ## Run all tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

test-postgres: $(VENV)/installed-dev ## Run on PostgreSQL what uses the database (needs its server)
	@$(BIN)/python -m tests.postgres -n $(WORKERS) --dist loadfile $(ARGS)

lint: $(VENV)/installed-dev ## Check format, types, layers and migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	ENV_FILE=/dev/null ENVIRONMENT=development DATA_DIR=$(SCRATCH) \
		$(BIN)/python manage.py makemigrations --check --dry-run

format: $(VENV)/installed-dev ## Format the code and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed-dev ## Measure speed and size; ARGS=--write keeps the figures in benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks $(ARGS)

lock: ## Compile the requirements anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --upgrade --quiet \
		--output-file requirements.txt
	uv pip compile pyproject.toml --group dev --constraints requirements.txt --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --upgrade --quiet --output-file requirements-dev.txt

clean: ## Remove what the other targets made; never the data directory
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Parley needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip $(VENV)

$(VENV)/installed: requirements.txt | $(BIN)/python
	@echo "Installing requirements …"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed | $(BIN)/python
	@echo "Installing what tests and checks need …"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
