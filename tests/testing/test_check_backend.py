"""Every backend keeps the laws for plug-ins, and a law that is broken is found."""

import statistics
import types

import numpy as np
import pytest

import keras
from keras.core import backends
from keras.core.op import KERNELS, OPS
from keras.core.scope import current
from keras.testing import check_backend
from keras.testing.backend_laws import threefry


def test_the_backend_keeps_the_laws(backend):
    report = check_backend(backend)

    assert not report.failures
    skipped = {finding.detail for finding in report.skipped}
    if current().HAS_GRADIENTS:
        assert not skipped
    else:
        assert "the backend has no gradients" in skipped
    assert str(report).startswith(f"The backend {backend!r}\n  members")


def test_the_laws_reach_every_function_that_a_table_must_have(monkeypatch):
    needed = {name for name, op in OPS.items() if op.primitive} | KERNELS
    reached = set()

    class NothingMore(dict):
        """A table without versions of composites of its own."""

        def __getitem__(self, name):
            reached.add(name)
            return super().__getitem__(name)

        def get(self, name, default=None):
            return self[name] if name in needed else default

    with keras.config.backend_scope("torch"):
        monkeypatch.setattr(current(), "TABLE", NothingMore(current().TABLE))
    check_backend("torch", ["ops", "gradients"])

    assert sorted(needed - reached) == []


@pytest.fixture
def spoiled(request):
    """A backend like PyTorch's, registered as "spoiled", to replace parts of."""
    torch = backends.load("torch")
    module = types.ModuleType("spoiled")
    module.__dict__.update({**vars(torch), "name": "spoiled", "__name__": "spoiled"})
    info = backends.BackendInfo("spoiled", "spoiled", "torch", "pip install torch")
    backends.register(info)
    backends._loaded["spoiled"] = module
    yield module
    del backends._known["spoiled"], backends._loaded["spoiled"]


@pytest.mark.parametrize(
    "group, name, replacement, words",
    [
        ("members", "scan", None, "not callable"),
        ("tensors", "cast", lambda x, dtype: x, "expected 'int32', found 'float32'"),
        ("variables", "assign", lambda kept, value: kept, "expected"),
        ("control", "cond", lambda pred, true, false: true(), "one branch|expected"),
        ("gradients", "stop_gradient", lambda x: x, "with stop_gradient"),
        ("steps", "compile_step", lambda step, *_: step, None),
        ("devices", "list_devices", lambda kind=None: [], "is empty"),
    ],
)
def test_a_law_that_is_broken_is_reported(spoiled, group, name, replacement, words):
    setattr(spoiled, name, replacement)
    if words is None:  # a step that is not compiled is a step too
        assert not check_backend("spoiled", [group]).failures
        return
    with pytest.raises(AssertionError, match=words) as caught:
        check_backend("spoiled", [group])
    assert f"{group}" in str(caught.value)
    assert "FAIL" in str(caught.value)


def test_a_function_of_the_table_that_is_wrong_is_reported(spoiled):
    spoiled.TABLE = {**spoiled.TABLE, "tanh": spoiled.TABLE["sinh"]}
    with pytest.raises(AssertionError, match=r"tanh\(float32\[3, 4\]\)") as caught:
        check_backend("spoiled", ["ops", "shapes"])
    assert str(caught.value).count("FAIL") == 1  # shapes are right


def test_groups_have_names():
    with pytest.raises(ValueError, match="no groups.*'optics'.*'tensors'"):
        check_backend("torch", ["optics"])
    with pytest.raises(ValueError, match="one of.*'torhc'.*Did you mean 'torch'"):
        check_backend("torhc")


def test_the_reference_is_threefry():
    # From the test vectors of Random123.
    high, low = threefry.threefry2x32((0, 0), np.array([0], "uint64"))
    assert (int(high[0]), int(low[0])) == (0x6B200159, 0x99BA4EFE)

    numbers = threefry.uniform((0x13198A2E, 0x03707344), (10000,))
    assert abs(statistics.fmean(numbers.tolist()) - 0.5) < 0.02
