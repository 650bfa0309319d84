# Two commands on a fresh clone: `make demo` and `make test`.
PYTHON ?= python3
DEMO_VENV ?= .venv-demo
TEST_VENV ?= .venv

.PHONY: demo test install-test lint types check clean

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
	$(TEST_VENV)/bin/python -m pytest -q -n 2 --dist loadfile

lint:
	$(TEST_VENV)/bin/python -m ruff check .
	$(TEST_VENV)/bin/python -m ruff format --check .

types:
	$(TEST_VENV)/bin/python -m mypy

clean:
	rm -rf $(DEMO_VENV) $(TEST_VENV) build demo_output
