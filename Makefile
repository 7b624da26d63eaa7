# `make serve` and `make test` do everything on a fresh machine, set-up included. An environment of your own works as
# well: see README.md for the plain pip lines.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST = $(BIN)/python -m pytest
BENCH := .venv-bench
SMOKE := tests/test_same_bits.py tests/test_oracles.py tests/test_readme.py tests/test_figures.py \
    tests/test_command_line.py \
    tests/browser/test_page.py::test_first_look tests/browser/test_page.py::test_pause_step_back_and_reset \
    tests/browser/test_landscape.py::test_a_click_on_the_map_starts_there tests/browser/test_figure_file.py

.PHONY: serve test suite test-all smoke extras faults lint format gallery bench soak chromium clean

serve: $(VENV)/.run
	$(BIN)/stream-adam serve --port 0

# The core and the page, on the Python that is there.
test: lint suite

# Two workers take whole files, in their order: the browser's tests are the longest part, and come first.
suite: $(VENV)/.test chromium
	$(BIN)/python tests/compile_all.py
	$(PYTEST) --numprocesses auto --dist loadgroup --no-loadscope-reorder --most-memory 1000

# All that `make test` does, on the oldest and the newest Python of this machine, or on those that PYTHONS names; before
# that, what needs other libraries or other versions of them. Nothing is skipped: what can't be had is an error.
test-all:
	@set -e; found=$${PYTHONS:-$$($(PYTHON) tests/versions.py pythons)}; set -- $$found; \
	$(MAKE) --no-print-directory lint PYTHON=$$1 VENV=.venv-$${1##*/}; \
	$(MAKE) --no-print-directory smoke PYTHON=$$1 VENV=.venv-lowest CONSTRAINTS=.venv-lowest/lowest.txt; \
	$(MAKE) --no-print-directory extras PYTHON=$$1 VENV=.venv-extras; \
	for python in $$found; do $(MAKE) --no-print-directory suite PYTHON=$$python VENV=.venv-$${python##*/}; done

# Core, page and command line, briefly: for the lowest versions of all libraries.
smoke: $(VENV)/.test chromium
	$(PYTEST) -W ignore::DeprecationWarning $(SMOKE)  # an old library may use what a newer one deprecates

# What needs libraries that no user does: those that the strategies are held against say what tests/oracles has stored of
# them, and the examples of pandas, polars, aiostream and FastAPI.
extras: $(VENV)/.test
	$(PIP) install --editable ".[oracles,others]"
	$(BIN)/python -c "import torch, optax, pytorch_optimizer"
	$(PYTEST) tests/test_oracles.py tests/beside_others.py

# Every fault of tests/faults, of which `make test` tries a part: one after another, as some of them measure how long.
faults: $(VENV)/.test chromium
	STREAM_ADAM_FAULTS=all $(PYTEST) tests/faults

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The pictures, pages and figures of docs/gallery, anew.
gallery: $(VENV)/.run
	$(BIN)/python docs/gallery/make.py

# Some ten minutes, or theme by theme with `python -m bench THEME…`; the peers live in an environment of their own.
bench: $(BENCH)/.bench
	BIN=$(BENCH)/bin sh tests/browser/get_chromium.sh
	PYTHONPATH=tests $(BENCH)/bin/python -m bench

# An hour of streaming, unless MINUTES says otherwise, and 500 tabs; PARTS=tabs is those alone, in some minutes.
MINUTES := 60
PARTS :=
soak: $(BENCH)/.bench
	BIN=$(BENCH)/bin sh tests/browser/get_chromium.sh
	PYTHONPATH=tests $(BENCH)/bin/python -m bench.soak $(PARTS) --minutes $(MINUTES)

chromium: $(VENV)/.test
	BIN=$(BIN) sh tests/browser/get_chromium.sh

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Python compiles what it imports: the rest of the libraries, most of them, needs no compiling.
$(VENV)/.run: $(VENV)/bin/python pyproject.toml
	$(PIP) install --no-compile --editable .
	touch $@

# CONSTRAINTS, where it is given, is a file with the lowest versions that pyproject.toml admits.
$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(if $(CONSTRAINTS),$(PYTHON) tests/versions.py lowest > $(CONSTRAINTS))
	$(PIP) install --no-compile $(CONSTRAINTS:%=--constraint %) --editable ".[test]"
	touch $(VENV)/.run $@

# Torch only as its build for processors, where the package index has one; without it, the table says so.
$(BENCH)/.bench: BIN := $(BENCH)/bin
$(BENCH)/.bench: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(PIP) install --editable ".[bench]"
	-$(PIP) install --editable ".[bench-torch]"
	touch $@

clean:
	rm -rf .venv* dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
