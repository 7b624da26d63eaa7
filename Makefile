# `make serve` and `make test` do everything on a fresh machine, set-up included. An environment of your own works as
# well: see README.md for the plain pip lines.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
BENCH := .venv-bench

.PHONY: serve test faults lint format gallery bench soak chromium clean

serve: $(VENV)/.run
	$(BIN)/stream-adam serve --port 0

test: $(VENV)/.test chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup

# Every fault of tests/faults, of which `make test` tries a part: one after another, as some of them measure how long.
faults: $(VENV)/.test chromium
	STREAM_ADAM_FAULTS=all $(BIN)/python -m pytest tests/faults

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The pictures, pages and figures of docs/gallery, anew.
gallery: $(VENV)/.run
	$(BIN)/python docs/gallery/make.py

# Under ten minutes; the peers live in an environment of their own.
bench: $(BENCH)/.bench
	BIN=$(BENCH)/bin sh tests/browser/get_chromium.sh
	PYTHONPATH=tests $(BENCH)/bin/python -m bench

# An hour, unless MINUTES says otherwise.
MINUTES := 60
soak: $(BENCH)/.bench
	BIN=$(BENCH)/bin sh tests/browser/get_chromium.sh
	PYTHONPATH=tests $(BENCH)/bin/python -m bench.soak --minutes $(MINUTES)

chromium: $(VENV)/.test
	BIN=$(BIN) sh tests/browser/get_chromium.sh

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml
	$(PIP) install --editable .
	touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(PIP) install --editable ".[test]"
	touch $(VENV)/.run $@

# Torch only as its build for processors, where the package index has one; without it, the table says so.
$(BENCH)/.bench: BIN := $(BENCH)/bin
$(BENCH)/.bench: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	echo '*' > $(BENCH)/.gitignore
	$(PIP) install --editable ".[bench]"
	-$(PIP) install --editable ".[bench-torch]"
	touch $@

clean:
	rm -rf $(VENV) $(BENCH) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
