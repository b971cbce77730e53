# All that people do with a checkout. `make demo` and `make test` need nothing set up before.
SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin
DATA ?= ceyuan-data
PORT ?= 8080
STAMP := $(VENV)/.setup-$(shell cat requirements.lock pyproject.toml scripts/setup.py 2>/dev/null | sha256sum | cut -c1-16)

.PHONY: help setup demo up test test-full lint types bench console docs api migration lock screenshots clean

help:  ## list what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(STAMP):
	$(PYTHON) scripts/setup.py $(VENV)
	@touch $@

setup: $(STAMP)  ## virtual environment with pinned dependencies, the console, torch
	@$(BIN)/python hatch_build.py

demo: setup  ## start the platform and run the whole loop on real input
	$(BIN)/ceyuan demo --data $(DATA) --port $(PORT) --accept-licence

up: setup  ## start the platform
	$(BIN)/ceyuan up --data $(DATA) --port $(PORT)

test: setup  ## lint, types, contracts, unit, integration and browser tests
	$(BIN)/python -m scripts.system_packages
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"
	$(BIN)/python -m scripts.console_checks

test-full: setup  ## also the long ones: kill storms, public clients in all versions, examples not seen before
	$(BIN)/python -m scripts.system_packages
	$(BIN)/python -m pytest -n 2 --dist loadfile --hypothesis-profile exploring

lint: setup  ## ruff, mypy, import contracts, file lengths
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m scripts.import_contracts
	$(BIN)/python -m scripts.file_lengths

bench: setup  ## quick benchmarks of all pillars, rendered to docs/benchmarks.md
	$(BIN)/python -m scripts.bench

console: setup  ## build the console into the source tree, where its sources have changed

api: setup  ## write the OpenAPI snapshot and the console's client types
	$(BIN)/python -m scripts.openapi

docs: setup  ## write the generated reference pages
	$(BIN)/python -m scripts.reference

migration: setup  ## write a migration from the tables: make migration m="why"
	$(BIN)/python -m scripts.migration "$(m)"

lock: setup  ## resolve requirements.lock anew
	$(BIN)/python -m scripts.lock

screenshots: setup  ## take the README's screenshots from a running demo
	$(BIN)/python -m scripts.screenshots

clean:  ## remove what was built, never the data folder
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache console/node_modules src/ceyuan/server/console
