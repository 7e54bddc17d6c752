# One command per habit. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA_DIR ?= data/demo
PORT ?= 8000
SIMULATOR_PORT ?= 8001
JOBS ?= 3
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo example-redirect example-sdk test lint format bench soak clean

help: ## list the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[33mmake %-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## start server, simulator and database, connected and ready (RESET=1 starts over)
	@$(BIN)/heliograph demo --port $(PORT) --simulator-port $(SIMULATOR_PORT) --data-dir $(DATA_DIR) $(if $(RESET),--reset)

example-redirect: $(VENV)/.runtime ## connect an account from a site of your own: Facebook Login by redirect
	@$(BIN)/python examples/run.py facebook-login-redirect --data-dir $(DATA_DIR) --demo-port $(PORT) --demo-simulator-port $(SIMULATOR_PORT)

example-sdk: $(VENV)/.runtime ## the same with Facebook's JavaScript SDK
	@$(BIN)/python examples/run.py facebook-login-sdk --data-dir $(DATA_DIR) --demo-port $(PORT) --demo-simulator-port $(SIMULATOR_PORT)

test: $(VENV)/.dev ## run the tests, some beside each other (PYTEST_ARGS="-k name" narrows, JOBS=0 for one after the other)
	@$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: $(VENV)/.dev ## ruff, strict types, the floors of the house, unused dependencies
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/deptry src

format: $(VENV)/.dev ## let ruff put the code in order
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(VENV)/.dev ## measure on this machine; prints a table, writes bench-results/
	@$(BIN)/python -m bench $(BENCH_ARGS)

soak: $(VENV)/.dev ## mishaps by the thousand, then both sides compared (SOAK_ARGS="--minutes 5", "--messages 10000")
	@$(BIN)/python -m tests.soak $(SOAK_ARGS)

clean: ## remove the virtual environment and caches (the demo's data stays)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Heliograph needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Heliograph into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Heliograph and its development tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint,bench]'
	@touch $@
