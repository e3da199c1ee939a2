# Everything a developer or a new user needs: `make demo`, `make test`. All work happens in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Files of tests go to two workers in the order given: those that take long come first, so that none is left for the end.
TOGETHER := -n 2 --dist loadfile --no-loadscope-reorder
PACKAGES := access hardware edge_agent kiosk server gatehouse

.PHONY: help install install-test demo test check quick faults format docs pictures clean

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Gatehouse needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Could not make $(VENV). On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing Gatehouse into $(VENV) (a minute or two the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

install: $(VENV)/.installed  ## Make .venv with the gatehouse command
	@echo "Ready: $(BIN)/gatehouse --help"

install-test: $(VENV)/.installed-test
	@sh tests/install-packages.sh

demo: $(VENV)/.installed  ## Run the whole product on a sample organization (ARGS=--once: unattended)
	@$(BIN)/gatehouse demo $(ARGS)

check: $(VENV)/.installed-test  ## Format, lint, types, import arrows and the quick tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/unit -n auto

quick: check

test: install-test check  ## Install what the tests need, then run all of them
	$(BIN)/python -m pytest tests/faults tests/e2e tests/component $(TOGETHER) $(ARGS)

faults: install-test  ## The long fault runs: 200 kills, 10,000-event outages
	GATEHOUSE_FAULTS=full $(BIN)/python -m pytest tests/faults $(ARGS)

format:  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pictures: $(VENV)/.installed-test  ## Take the pictures of the documentation from the running demo
	$(BIN)/python -m docs.pictures

docs: $(VENV)/.installed  ## Write docs/openapi.json and docs/asyncapi.json from the code
	$(BIN)/gatehouse contracts docs

clean:  ## Remove what was made here
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
