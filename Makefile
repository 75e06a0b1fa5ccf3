# Every target sets up what it needs on a fresh machine: a virtual environment in .venv with pinned packages.
# The environment is made again only when pyproject.toml or constraints.txt changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UNDERTOW_DATA ?= $(realpath ../shared/data)

.PHONY: demo test lint docs bench-report clean
.DEFAULT_GOAL := test

demo: $(VENV)/.installed-run
	$(BIN)/undertow demo

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_imports.py -k order

docs: $(VENV)/.installed-dev
	$(BIN)/zensical build --clean --strict

bench-report: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.report

clean:
	rm -rf $(VENV) site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .cache

$(VENV)/.installed-run: EXTRAS := plots,tensorboard
$(VENV)/.installed-dev: EXTRAS := plots,tensorboard,docs,dev
$(VENV)/.installed-%: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing undertow[$(EXTRAS)] into $(VENV); the first time takes a few minutes."
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Undertow needs Python 3.11.4 or newer; there is no '$(PYTHON)'."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 4))' || { \
	  echo "Undertow needs Python 3.11.4 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -qq -y python3-venv; } || { \
	  echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
