# On a fresh clone: `make demo` and `make test`. While you work: `make quick`, `make fix`.
PYTHON ?= python3
DEMO_VENV ?= .venv-demo
TEST_VENV ?= .venv

# The backend of `make quick`.
BACKEND ?= torch
PYTEST = $(TEST_VENV)/bin/python -m pytest -q

.PHONY: demo test quick slow long fix install-test lint types check clean

# An environment with the default backend (JAX), and the main job on real data.
demo: $(DEMO_VENV)/ready
	KERAS_BACKEND=jax $(DEMO_VENV)/bin/python examples/digits.py

$(DEMO_VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/python -m pip install --quiet --upgrade pip
	$(DEMO_VENV)/bin/python -m pip install --quiet --editable ".[examples]"
	touch $@

# Everything: all three backends, tests, lint, types, import rule.
test: install-test check

install-test: $(TEST_VENV)/ready

$(TEST_VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(TEST_VENV)
	$(TEST_VENV)/bin/python -m pip install --quiet --upgrade pip
	$(TEST_VENV)/bin/python -m pip install --quiet --editable . --group test
	touch $@

check: lint types
	$(PYTEST) -n 2 --dist loadfile -m "not long"

# One backend, without the tests marked slow: for the time between two thoughts.
quick: install-test
	$(PYTEST) -n 2 --dist worksteal -m "not slow and not long" --backends $(BACKEND)

# Only what `quick` leaves out for its time, on all backends.
slow: install-test
	$(PYTEST) -n 2 --dist loadfile -m "slow and not long"

# What takes minutes: kills at any moment, estimators' checks, large architectures.
long: install-test
	$(PYTEST) -n 2 --dist worksteal -m long

# Mend what can be mended by itself: order of imports, format.
fix: install-test
	$(TEST_VENV)/bin/python -m ruff check --fix .
	$(TEST_VENV)/bin/python -m ruff format .

lint:
	$(TEST_VENV)/bin/python -m ruff check .
	$(TEST_VENV)/bin/python -m ruff format --check .

types:
	$(TEST_VENV)/bin/python -m mypy

clean:
	rm -rf $(DEMO_VENV) $(TEST_VENV) build demo_output
