# Every target sets up what it needs on a fresh machine: a virtual environment in .venv with pinned packages.
# The package is installed again only when pyproject.toml, constraints.txt or the engine's sources changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UNDERTOW_DATA ?= $(realpath ../shared/data)

.PHONY: demo test fuzz lint docs bench-report clean engine-test engine-sanitize engine-address \
  engine-thread engine-cross engine-fuzz
.DEFAULT_GOAL := test

demo: $(VENV)/.installed-run
	$(BIN)/undertow demo

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

fuzz: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzzing $(FUZZ_MINUTES)
	OMP_NUM_THREADS=1 UNDERTOW_FUZZ_CASES=2000 $(BIN)/python -m pytest -q tests/cli/test_every_verb_hostile.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_imports.py -k order

docs: $(VENV)/.installed-dev
	$(BIN)/zensical build --clean --strict

bench-report: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.report

include engine/engine.mk

clean:
	rm -rf $(VENV) site build dist src/undertow/native/_engine*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis .cache

# With a compiler at hand an engine that does not build is an error, not something to do without.
$(VENV)/.installed-run: EXTRAS := images,music,plots,tensorboard,text
$(VENV)/.installed-dev: EXTRAS := images,music,plots,tensorboard,text,docs,dev
$(VENV)/.installed-%: pyproject.toml constraints.txt $(ENGINE_SOURCES) | $(BIN)/python
	@$(call need,$(COMPILER),g++) || echo "No C++ compiler ('$(CXX)'): the engine is left out, models run on torch;" \
	  "once there is one: make clean, and again."
	@echo "Installing undertow[$(EXTRAS)] into $(VENV); the first time takes a few minutes."
	@! { [ -n "$$CI" ] || $(COMPILER); } || export UNDERTOW_REQUIRE_ENGINE=1; \
	  PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt $(BIN)/python -m pip install -qq -e '.[$(EXTRAS)]'
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Undertow needs Python 3.11.4 or newer; there is no '$(PYTHON)'."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 4))' || { \
	  echo "Undertow needs Python 3.11.4 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -qq -y python3-venv; } || { \
	  echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
