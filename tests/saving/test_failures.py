"""A save that fails at any byte leaves the file before it as it was, and says why."""

import json
import os
import pathlib
import resource
from functools import partial

import numpy as np
import pytest

import keras
from keras.saving import h5
from keras.saving.state import load_state, prepare_state


def make_model(value, units=40):
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(2)]
    )
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    model.set_weights([np.full_like(w, value) for w in model.get_weights()])
    return model


SAVES = {
    "keras": lambda model, path: model.save(path / "m.keras"),
    "weights": lambda model, path: model.save_weights(path / "m.weights.h5"),
    "state": lambda model, path: prepare_state(model, path / "m.h5", {"a": [1]})(),
    "folder": lambda model, path: model.save(path / "model", zipped=False),
    "shards": lambda model, path: model.save_weights(
        path / "m.weights.json", max_shard_size=2.3e-6
    ),
}
LOADS = {
    "keras": lambda model, path: keras.saving.load_model(path / "m.keras"),
    "weights": lambda model, path: model.load_weights(path / "m.weights.h5"),
    "state": lambda model, path: load_state(model, path / "m.h5"),
    "folder": lambda model, path: keras.saving.load_model(path / "model"),
    "shards": lambda model, path: model.load_weights(path / "m.weights.json"),
}


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def with_limit(size, write):
    """Run it while no file may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("large", [64, 1 << 20])
@pytest.mark.parametrize("kind", SAVES)
def test_a_full_disk_at_many_bytes(tmp_path, monkeypatch, kind, large):
    monkeypatch.setattr(h5, "LARGE", large)
    old, new = make_model(1.0), make_model(2.0)
    SAVES[kind](old, tmp_path)
    before = contents(tmp_path)
    size = max(len(data) for data in before.values())
    failed = 0
    limits = [*range(0, size, size // 23), size - 1]
    for limit in limits:
        with pytest.raises(OSError, match="Could not save.*File too large"):
            with_limit(limit, lambda: SAVES[kind](new, tmp_path))
        failed += 1
        assert contents(tmp_path) == before
    assert failed == len(limits)
    LOADS[kind](old, tmp_path)
    SAVES[kind](new, tmp_path)  # and with room again it goes through
    LOADS[kind](old, tmp_path)


def test_no_permission(tmp_path, monkeypatch):
    model = make_model(1.0)
    SAVES["weights"](model, tmp_path)
    before = contents(tmp_path)

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    # The tests may run as root, whom nothing is forbidden.
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match="Could not save.*Permission denied"):
        SAVES["weights"](model, tmp_path)
    monkeypatch.undo()
    assert contents(tmp_path) == before


def test_a_failed_flush_or_rename(tmp_path, monkeypatch):
    model = make_model(1.0)
    SAVES["keras"](model, tmp_path)
    before = contents(tmp_path)

    def fail(*args, **kwargs):
        raise OSError(5, "Input/output error")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            with pytest.raises(OSError, match="Input/output error"):
                SAVES["keras"](model, tmp_path)
        assert contents(tmp_path) == before


def test_rows_of_a_csv_log(tmp_path):
    path = tmp_path / "log.csv"
    log = keras.callbacks.CSVLogger(path)
    log.on_train_begin()
    log.on_epoch_end(0, {"loss": 1.0})
    before = path.read_bytes()
    for limit in range(len(before), len(before) + 5):
        with pytest.raises(OSError, match="log.csv.*unchanged"):
            with_limit(limit, lambda: log.on_epoch_end(1, {"loss": 2.0}))
        assert path.read_bytes() == before
    for limit in range(0, len(before), 7):
        with pytest.raises(OSError):
            with_limit(limit, lambda: log.on_epoch_end(1, {"loss": 2.0, "new": 3.0}))
        assert path.read_bytes() == before


def test_a_backup_that_fails_leaves_the_one_before(tmp_path):
    """And `fit` raises it, from the background too."""
    x, y = np.ones((16, 4), "float32"), np.ones((16, 2), "float32")
    for asynchronous in (False, True):
        folder = tmp_path / str(asynchronous)
        model = make_model(1.0)
        fit = {"x": x, "y": y, "batch_size": 4, "verbose": 0}
        backup = keras.callbacks.BackupAndRestore(
            folder, save_freq=2, delete_checkpoint=False, asynchronous=asynchronous
        )
        model.fit(**fit, epochs=1, callbacks=[backup])
        before = contents(folder)
        size = sum(map(len, before.values()))
        with pytest.raises(OSError, match="Could not save.*unchanged"):
            with_limit(
                size // 2, partial(model.fit, **fit, epochs=2, callbacks=[backup])
            )
        assert contents(folder) == before


def test_json_is_data(tmp_path):
    """The values beside a state are read as they were, types included."""
    values = {
        "none": None,
        "numbers": [1, 2.5, True, float("inf"), 2**70],
        "nested": {"a": ("b", b"c\x00"), 3: {"__array__": "x"}},
        "array": np.arange(6, dtype="int16").reshape(2, 3),
        "scalar": np.float32(0.1),
        "empty": np.zeros((0, 2)),
    }
    model = make_model(1.0)
    prepare_state(model, tmp_path / "s.h5", values)()
    found = load_state(model, tmp_path / "s.h5")
    assert found["none"] is None
    assert found["numbers"] == values["numbers"]
    assert [type(n) for n in found["numbers"]] == [int, float, bool, float, int]
    assert found["nested"] == values["nested"]
    for key in ("array", "empty"):
        np.testing.assert_array_equal(found[key], values[key])
        assert found[key].dtype == values[key].dtype
    assert found["scalar"] == values["scalar"]
    assert type(found["scalar"]) is np.float32
    with pytest.raises(TypeError, match=r"state\['a'\]\[1\] is of type.*PosixPath"):
        prepare_state(model, tmp_path / "s.h5", {"a": [0, pathlib.PosixPath("/")]})
    assert json.loads(json.dumps(found["numbers"][:3])) == [1, 2.5, True]
