# `make demo` and `make test` are all a newcomer needs: each makes its own environments first.
PYTHON ?= python3
VENV := .venv
REFERENCE := .venv-iree
BENCHMARK := .venv-benchmark
MODELS := .venv-models
RUNTIME := .venv-runtime
BIN := $(VENV)/bin

.PHONY: help demo test test-models check test-runtime fast setup benchmark-environment clean

$(VENV)/.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable '.[compiler]' --group dev
	touch $@

$(VENV)/.runtime-stamp: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable '.[compiler]'
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

$(MODELS)/.stamp: pyproject.toml
	$(PYTHON) -m venv $(MODELS)
	$(MODELS)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(MODELS)/bin/python -m pip install --quiet --editable '.[compiler]' --group dev --group models
	touch $@

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 26

setup: $(VENV)/.stamp $(REFERENCE)/.stamp ## environments: ours, and one with the wheels of the reference implementation

benchmark-environment: $(BENCHMARK)/.stamp ## an environment with what benchmarks export models with

demo: $(VENV)/.runtime-stamp ## compile three modules and run them as one program
	PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/multiple_modules/demo.sh

check: $(VENV)/.stamp ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

test: setup check ## every check and every test
	$(BIN)/pytest -n 2

fast: $(VENV)/.stamp ## tests that need nothing but Python
	$(BIN)/pytest -n 2 -m "not reference" tests

test-models: $(MODELS)/.stamp ## models of frameworks, compiled and compared with them
	$(MODELS)/bin/pytest -n 2 tests/models tests/docs/test_onnx_page.py tests/operation_table/test_torch_table.py tests/docs/test_pytorch_page.py tests/docs/test_jax_page.py tests/docs/test_readme.py

test-runtime: $(VENV)/.stamp ## what runs programs, installed alone in a new environment: size, import time, a run
	rm -rf $(RUNTIME)
	$(PYTHON) -m venv $(RUNTIME)
	$(RUNTIME)/bin/python -m pip install --quiet .
	$(BIN)/python tests/packaging/runtime_environment.py $(RUNTIME)

clean: ## remove the environments
	rm -rf $(VENV) $(REFERENCE) $(BENCHMARK) $(MODELS) $(RUNTIME) build
