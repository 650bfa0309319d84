"""Every backend in one process."""

import os
import shutil
import tempfile

# The tests read no settings of the machine, and leave none behind, nor other files:
# what they, their processes and TensorFlow put among temporary files lies in one folder
# (pytest's own, which it keeps for a look at what failed, beside it).
_ROOM = tempfile.mkdtemp(prefix="keras_tests")
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
os.environ["TMPDIR"] = tempfile.tempdir = _ROOM
os.environ["KERAS_HOME"] = os.path.join(_ROOM, "home")
os.environ.pop("KERAS_BACKEND", None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Several frameworks in one process: their thread pools would fight for the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Most of the time on JAX goes into compiling: its older emitters take two thirds of it.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")

import pytest  # noqa: E402

import keras  # noqa: E402

BACKENDS = ("jax", "torch", "tensorflow")


def pytest_addoption(parser):
    """`--backends jax,torch` runs the tests of these, and those of none."""
    parser.addoption("--backends", default="", help="backends, with commas between")


def pytest_collection_modifyitems(config, items):
    """Leave out the tests of other backends than `--backends`."""
    chosen = set(filter(None, config.getoption("--backends").split(",")))
    if not chosen:
        return
    if unknown := chosen - set(BACKENDS):
        raise pytest.UsageError(f"--backends {sorted(unknown)}: not in {BACKENDS}")

    kept, left_out = [], []
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        backend = parameters.get("backend")
        fits = backend in chosen or backend not in BACKENDS
        (kept if fits else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def pytest_unconfigure():
    """Delete what the tests left."""
    shutil.rmtree(_ROOM, ignore_errors=True)


@pytest.fixture(scope="module")
def quick_compilation():
    """JAX compiles without optimizing: for many small programs, each run once."""
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(params=BACKENDS)
def backend(request):
    """The name of the backend in force during the test."""
    with keras.config.backend_scope(request.param):
        yield request.param
