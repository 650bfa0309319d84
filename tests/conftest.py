"""Every backend in one process."""

import gc
import os
import pathlib
import shutil
import sys
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
from keras.core import backends  # noqa: E402

BACKENDS = tuple(info.name for info in backends.known())
WITH_GRADIENTS = tuple(backends.with_gradients())


# Files whose tests are marked slow: they start processes, train, or compile a lot.
SLOW = (
    "backend/test_contract_types.py",
    "backend/test_host.py",
    "backend/test_jax_cpu.py",
    "backend/test_jax_step.py",
    "backend/test_plug_ins.py",
    "backend/test_tensorflow_cpu.py",
    "backend/test_tensorflow_step.py",
    "backend/test_torch_start.py",
    "callbacks/test_backup_and_restore.py",
    "core/test_scopes.py",
    "examples",
    "layers/test_wrappers.py",
    "random/test_portable.py",
    "saving/test_fuzz.py",
    "saving/test_kill.py",
    "saving/test_legacy_h5.py",
    "saving/test_saving_model.py",
    "saving/test_seal.py",
    "saving/test_security.py",
    "test_same_seed.py",
    "test_types.py",
    "training/test_curves.py",
    "training/test_native_loops.py",
    "training/test_progress.py",
    "training/test_threads.py",
)


def pytest_addoption(parser):
    """`--backends jax,torch` leaves out every test that names another backend."""
    parser.addoption("--backends", default="", help="backends, with commas between")


def pytest_collection_modifyitems(config, items):
    """Mark the tests of slow files; leave out what cannot run or is not chosen."""
    here = pathlib.Path(__file__).parent
    for item in items:
        place = item.path.relative_to(here).as_posix()
        if place.startswith(SLOW):
            item.add_marker(pytest.mark.slow)

    chosen = set(filter(None, config.getoption("--backends").split(",")))
    if unknown := chosen - set(BACKENDS):
        raise pytest.UsageError(f"--backends {sorted(unknown)}: not in {BACKENDS}")
    others = set(BACKENDS) - chosen if chosen else set()
    without_gradients = set(BACKENDS) - set(WITH_GRADIENTS)

    def is_left_out(item):
        named = _backends_of(item)
        trains = item.get_closest_marker("gradients") is not None
        return named & others or (trains and named & without_gradients)

    kept, left_out = [], []
    for item in items:
        (left_out if is_left_out(item) else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def _backends_of(item):
    """The backends that a test's parameters name."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    words = (value for value in parameters.values() if isinstance(value, str))
    return set(words) & set(BACKENDS)


@pytest.fixture(scope="module", autouse=True)
def freed_programs():
    """Let go of a file's compiled programs, which take gigabytes together."""
    yield
    gc.collect()
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()


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
