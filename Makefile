# Every target builds what it needs: a Python 3.11 or newer, pip and make are enough.
# Stamp files in .venv make a second run quick.

PYTHON ?= python3
PYTEST_ARGS ?= -n auto --maxprocesses 4
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test fast lint docs bench clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.stamp-cli  ## Select a coreset and compare it with a random sample
	$(BIN)/coresift demo

test: $(VENV)/.stamp-test  ## Run the whole test suite, doctests and documentation snippets included
	$(BIN)/python -m pytest $(PYTEST_ARGS)

fast: $(VENV)/.stamp-test  ## Run the tests that are not marked slow
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not slow"

lint: $(VENV)/.stamp-lint  ## Check format, lint, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.stamp-docs  ## Run every snippet and build docs/_build/html
	$(BIN)/python docs/build.py

bench: $(VENV)/.stamp-cli  ## Run the small benchmarks
	$(BIN)/python benchmarks/run.py --size small

clean:  ## Remove everything that make, the tests and the tools have written, .venv included
	rm -rf $(VENV) build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find src tests docs benchmarks examples -name __pycache__ -type d -prune \
		-exec rm -rf {} + 2>/dev/null || true

$(VENV)/.stamp-venv:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit( \
		f"Python {v[0]}.{v[1]} found, 3.11 or newer needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# .stamp-NAME: the package, editable, with the extra NAME of pyproject.toml
$(VENV)/.stamp-%: pyproject.toml constraints.txt $(VENV)/.stamp-venv
	$(INSTALL) --editable '.[$*]'
	@touch $@
