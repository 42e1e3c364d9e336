# `make demo` and `make test` are all a newcomer needs: each makes its own environments first.
PYTHON ?= python3
VENV := .venv
REFERENCE := .venv-iree
BENCHMARK := .venv-benchmark
BIN := $(VENV)/bin

.PHONY: demo test check fast docs setup benchmark-environment clean

$(VENV)/.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

$(VENV)/.runtime-stamp: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(REFERENCE)/.stamp: pyproject.toml
	$(PYTHON) -m venv $(REFERENCE)
	$(REFERENCE)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(REFERENCE)/bin/python -m pip install --quiet --group reference
	touch $@

$(BENCHMARK)/.stamp: pyproject.toml
	$(PYTHON) -m venv $(BENCHMARK)
	$(BENCHMARK)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BENCHMARK)/bin/python -m pip install --quiet --group benchmark
	touch $@

setup: $(VENV)/.stamp $(REFERENCE)/.stamp

benchmark-environment: $(BENCHMARK)/.stamp

demo: $(VENV)/.runtime-stamp
	PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/multiple_modules/demo.sh

check: $(VENV)/.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

test: setup check
	$(BIN)/pytest -n 2

fast: $(VENV)/.stamp
	$(BIN)/pytest -n 2 -m "not reference" tests

clean:
	rm -rf $(VENV) $(REFERENCE) $(BENCHMARK) build
