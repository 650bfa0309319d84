"""A backend from another distribution, and what is said of one that is not there."""

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

import keras
from keras.core import backends, scope

DESCRIPTION = """
from keras.backend import BackendInfo

thing = BackendInfo(
    name="thing",
    module="thing_backend.backend",
    package="thing_backend",
    install="pip install thing-backend",
    has_gradients=False,
)
"""
BACKEND = """
from keras.backend.numpy import *

name = "thing"
"""
ENTRY_POINTS = """
[keras.backends]
thing = thing_backend:thing
"""
SHOW = "import keras; print(keras.config.backend(), keras.ops.add(1.0, 2.0).numpy())"


@pytest.fixture
def site(tmp_path):
    """A folder with an installed distribution, as pip leaves it."""
    package = tmp_path / "thing_backend"
    package.mkdir()
    (package / "__init__.py").write_text(DESCRIPTION)
    (package / "backend.py").write_text(BACKEND)
    record = tmp_path / "thing_backend-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Name: thing-backend\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(ENTRY_POINTS)
    return tmp_path


def run(code, site=None, **environment):
    """Run code in a fresh process; its output, or the last line of its error."""
    root = pathlib.Path(keras.__file__).parent.parent
    paths = [str(root)] + ([str(site)] if site else [])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=env,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return done.stdout.strip()


def test_the_environment_chooses_a_plug_in(site):
    assert run(SHOW, site, KERAS_BACKEND="thing") == "thing 3.0"


def test_the_file_chooses_a_plug_in(site, tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "thing"}')
    assert run(SHOW, site, KERAS_HOME=str(tmp_path)) == "thing 3.0"


def test_a_program_chooses_a_plug_in(site):
    code = """
    import sys
    from importlib import metadata
    import keras

    entry_points, metadata.entry_points = metadata.entry_points, None
    assert keras.config.backend() == "jax"  # for which nothing is looked up
    metadata.entry_points = entry_points
    keras.config.set_backend("thing")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    print(model._backend.__name__, model(keras.ops.ones((1, 3))).shape)
    print(sorted({"jax", "torch", "tensorflow"} & set(sys.modules)))
    """
    assert run(code, site) == "thing_backend.backend (1, 2)\n[]"


def test_a_plug_in_keeps_the_laws(site):
    code = """
    import keras
    report = keras.testing.check_backend("thing", ["members", "tensors", "devices"])
    print(report)
    """
    assert run(code, site).startswith("The backend 'thing'\n  members  2 hold")


def test_names_of_plug_ins_are_listed(site):
    message = run(SHOW, site, KERAS_BACKEND="thang")
    assert "'numpy', 'thing']; received 'thang'" in message
    assert "chosen by the environment variable KERAS_BACKEND" in message
    assert "Did you mean 'thing'?" in message


def test_an_entry_point_must_lead_to_a_description(site):
    (site / "thing_backend" / "__init__.py").write_text("thing = 3")
    message = run(SHOW, site, KERAS_BACKEND="thing")
    assert "must lead to a keras.backend.BackendInfo" in message
    assert "leads to 3" in message


# Registered in a program


@pytest.fixture
def registry(monkeypatch):
    """The registry, which is afterwards as it was."""
    for name in ("_known", "_loaded", "_owners"):
        monkeypatch.setattr(backends, name, dict(getattr(backends, name)))
    return backends


def test_a_backend_is_registered(registry):
    torch = backends.find("torch")
    keras.backend.register(keras.backend.BackendInfo("mine", torch.module, "torch", ""))

    assert "mine" in registry.names()
    with keras.config.backend_scope("mine") as backend:
        assert backend is scope.load("torch")


def test_a_builtin_backend_is_not_replaced(registry):
    with pytest.raises(ValueError, match="'jax' is built in"):
        keras.backend.register(keras.backend.BackendInfo("jax", "x", "x", ""))


# What is not installed


@pytest.fixture
def no_jax(monkeypatch):
    """JAX is not installed."""
    found = backends.BackendInfo.is_installed.fget
    monkeypatch.setattr(
        backends.BackendInfo,
        "is_installed",
        property(lambda info: info.name != "jax" and found(info)),
    )
    monkeypatch.setattr(backends, "_loaded", {})


def test_the_default_is_not_installed(no_jax):
    words = "No backend was chosen.*'jax'.*pip install jax.*'torch'.*KERAS_BACKEND"
    with pytest.raises(ImportError, match=words):
        backends.load("jax", backends.BY_DEFAULT)


def test_the_chosen_one_is_not_installed(no_jax):
    words = "'jax', chosen by the file /home/me/keras.json, needs.*pip install jax"
    with pytest.raises(ImportError, match=words):
        backends.load("jax", "the file /home/me/keras.json")
    with pytest.raises(ImportError, match="chosen by set_backend, needs"):
        keras.config.set_backend("jax")


def test_tensors_are_told_without_importing():
    assert backends.owner_of_package("jaxlib") == "jax"
    assert backends.owner_of_package("torch") == "torch"
    assert backends.owner_of_package("numpy") is None
