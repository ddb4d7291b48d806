# Each target is enough on its own: it creates .venv and installs what is pinned in constraints.txt.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo dev test lint bench clean

help: ## Show what there is.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: .venv/installed ## Run the pipeline once on local stand-ins, and print what it did.
	@$(BIN)/outreach demo

dev: .venv/installed ## Open Dagster's UI on port 3000 with the schedules on; Ctrl-C ends it.
	@$(BIN)/outreach dev

# A file goes to one worker whole, so that what it starts is started once; in the order of their names, so that the
# quick ones of unit/ are last and no worker waits long for the other.
test: .venv/installed ## Run all tests.
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: .venv/installed ## Run every check that is not a test.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pip check

bench: .venv/installed .venv-bench/installed ## Measure speed and memory beside a peer, in one run.
	@$(BIN)/python -m bench

clean: ## Stop the local servers and delete everything that was made here.
	@if [ -x $(BIN)/outreach ]; then $(BIN)/outreach local down; fi
	rm -rf .venv .venv-bench .outreach

.venv/installed: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	@echo "Installing into .venv (once, about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv-bench/installed: bench/constraints.txt
	@echo "Installing the peer into .venv-bench (once) ..."
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@
