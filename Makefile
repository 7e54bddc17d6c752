# One command per habit. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA_DIR ?= data/demo
PORT ?= 8000
SIMULATOR_PORT ?= 8001
JOBS ?= 3
PYTEST_ARGS ?=
PREFIX ?= /opt/heliograph

.DEFAULT_GOAL := help
.PHONY: help demo install example-redirect example-sdk test lint format bench soak clean

help: ## list the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[33mmake %-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## start server, simulator and database, connected and ready (RESET=1 starts over)
	@$(BIN)/heliograph demo --port $(PORT) --simulator-port $(SIMULATOR_PORT) --data-dir $(DATA_DIR) $(if $(RESET),--reset)

# Built from a copy: the checkout stays as it is, whoever runs this, and what an earlier build left in it goes into nothing.
install: ## install the server alone into PREFIX=/opt/heliograph, to run it for real; again, to upgrade it
	@$(CHECK_PYTHON)
	@umask 022 && mkdir -p '$(PREFIX)' 2>/dev/null && test -w '$(PREFIX)' || { echo "$(PREFIX) cannot be written. Run this as root, or choose a place: make install PREFIX=$$HOME/heliograph"; exit 1; }
	@echo "Installing Heliograph into $(PREFIX) ..."
	@umask 022 && { test -x '$(PREFIX)/bin/pip' || $(PYTHON) -m venv '$(PREFIX)' || { $(CANNOT_MAKE_VENV); }; }
	@umask 022 && copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT \
		&& cp -R pyproject.toml setup.py constraints.txt README.md LICENSE src "$$copy" \
		&& rm -rf "$$copy"/src/*.egg-info "$$copy"/src/heliograph/look/static/htmx*.js \
		&& '$(PREFIX)/bin/python' -m pip install --quiet --disable-pip-version-check -c constraints.txt "$$copy"
	@echo "Heliograph $$('$(PREFIX)/bin/heliograph' --version) is in $(PREFIX). Next, step by step in docs/deploying.md:"
	@echo "  first time   a user, a directory, settings, the service, https: the files are in examples/deploy/"
	@echo "  upgrade      systemctl restart heliograph"
	@echo "  a look       HELIOGRAPH_DATA_DIR=/tmp/heliograph $(PREFIX)/bin/heliograph serve"

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

CHECK_PYTHON = $(PYTHON) -c 'import sys; sys.exit("Heliograph needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
CANNOT_MAKE_VENV = echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1

$(VENV)/bin/python:
	@$(CHECK_PYTHON)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); $(CANNOT_MAKE_VENV); }

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Heliograph into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Heliograph and its development tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint,bench]'
	@touch $@
