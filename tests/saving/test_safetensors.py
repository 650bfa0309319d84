"""Weights as safetensors: the reference library reads ours, and we read its files."""

import json
import os
import struct

import ml_dtypes
import numpy as np
import pytest
from saving_cases import addresses

import keras
from keras import layers
from keras.core.state_paths import layer_names, named_entries
from keras.saving.safetensors import open_safetensors, write_safetensors

GIB = 1024**3


def make(dtype=None):
    x = keras.Input((4,))
    y = layers.Dense(3)(x)
    y = layers.BatchNormalization(name="norm")(y)
    inner = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, dtype=dtype)], name="inner"
    )
    return keras.Model(x, inner(y))


def snapshot(model):
    return [np.array(w) for w in model.get_weights()]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_round_trip_on_any_backend(backend, tmp_path):
    model = make("bfloat16")
    model.save_weights(tmp_path / "w.safetensors")
    assert os.listdir(tmp_path) == ["w.safetensors"]
    want = [w.astype("float32") for w in snapshot(model)]
    for other in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(other):
            loaded = make("bfloat16")
            loaded.load_weights(tmp_path / "w.safetensors")
            assert same([w.astype("float32") for w in snapshot(loaded)], want)


def test_names(backend):
    names = ["dense.kernel", "dense.bias", "norm.gamma", "norm.beta"]
    names += ["norm.moving_mean", "norm.moving_variance"]
    assert list(addresses(named_entries(make()))) == [
        *names,
        "inner.dense.kernel",
        "inner.dense.bias",
    ]
    make()  # automatic names go on counting; the weights' names do not
    assert list(addresses(named_entries(make())))[:2] == names[:2]
    chosen = [layers.Dense(1, name=f"dense_{i}") for i in (0, 1, 3)]
    assert layer_names(chosen) == ["dense_0", "dense_1", "dense_3"]


def test_the_reference_library_reads_ours(backend, tmp_path):
    numpy = pytest.importorskip("safetensors.numpy", reason="the reference library")
    model = make()
    model.save_weights(tmp_path / "w.safetensors")
    found = numpy.load_file(tmp_path / "w.safetensors")
    want = {name: np.asarray(v) for name, v in addresses(named_entries(model)).items()}
    assert found.keys() == want.keys()
    for name, array in want.items():
        np.testing.assert_array_equal(found[name], array)


def test_we_read_what_the_reference_library_writes(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy", reason="the reference library")
    arrays = {
        "a.b": np.arange(6, dtype="float64").reshape(2, 3),
        "c": np.array(True),
        "d": np.zeros((0, 3), "int8"),
        "e": np.arange(3, dtype="uint16"),
    }
    numpy.save_file(arrays, tmp_path / "w.safetensors", {"format": "np"})
    with open_safetensors(tmp_path / "w.safetensors") as records:
        assert records.keys() == arrays.keys()
        for name, array in arrays.items():
            assert records[name].array.dtype == array.dtype
            np.testing.assert_array_equal(records[name].array, array)


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_narrow_floats(tmp_path, dtype):
    array = np.arange(5).astype(getattr(ml_dtypes, dtype))
    write_safetensors(tmp_path / "w.safetensors", {"a": array, "b": np.ones(3)})
    with open_safetensors(tmp_path / "w.safetensors") as records:
        assert records["a"].dtype == array.dtype
        np.testing.assert_array_equal(records["a"].array, array)


def test_loading_copies_nothing(tmp_path):
    """The arrays are views of the file, which is read when they are used."""
    write_safetensors(tmp_path / "w.safetensors", {"a": np.arange(1000.0)})
    with open_safetensors(tmp_path / "w.safetensors") as records:
        array = records["a"].array
    assert not array.flags.owndata and not array.flags.writeable
    os.remove(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(array, np.arange(1000.0))


def test_what_was_loaded_does_not_follow_the_file(backend, tmp_path):
    """A program that changes the file in place does not change the model."""
    path = tmp_path / "w.safetensors"
    model = keras.Sequential([keras.Input((64,)), layers.Dense(64)])
    model.save_weights(path)
    model.load_weights(path)
    before = snapshot(model)
    with open(path, "r+b") as file:
        file.seek(-16384, os.SEEK_END)
        file.write(bytes(16384))
    assert same(before, snapshot(model))


def test_shards(backend, tmp_path):
    model, loaded = make(), make()
    for _ in range(2):  # the second time over the first
        model.save_weights(tmp_path / "w.safetensors", max_shard_size=64 / GIB)
        index = json.loads((tmp_path / "w.safetensors.index.json").read_text())
        assert sorted(index["weight_map"]) == sorted(addresses(named_entries(model)))
        assert index["metadata"]["total_size"] == 4 * model.count_params()
        files = set(index["weight_map"].values()) | {"w.safetensors.index.json"}
        assert set(os.listdir(tmp_path)) == files and len(files) == 4
        loaded.load_weights(tmp_path / "w.safetensors.index.json")
        assert same(snapshot(model), snapshot(loaded))
        model.set_weights([w + 1 for w in model.get_weights()])
    assert any("-00002-of-00003.safetensors" in name for name in files)
    with pytest.raises(ValueError, match="max_shard_size"):
        model.save_weights(tmp_path / "w.safetensors", max_shard_size=8 / GIB)
    os.remove(tmp_path / next(n for n in files if "00002-of" in n))
    with pytest.raises(FileNotFoundError, match="which is not in the same directory"):
        loaded.load_weights(tmp_path / "w.safetensors.index.json")


@pytest.mark.parametrize("name", ["../w.safetensors", "/w.safetensors", "w.txt", 3])
def test_shards_stand_beside_their_index(tmp_path, name):
    path = tmp_path / "w.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(ValueError, match="not a shard|not an index"):
        with open_safetensors(path):
            pass


def test_one_message_lists_all_that_does_not_fit(backend, tmp_path):
    make().save_weights(tmp_path / "w.safetensors")
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(5), layers.BatchNormalization(name="norms")]
    )
    before = snapshot(model)
    with pytest.raises(ValueError, match="nothing was loaded") as caught:
        model.load_weights(tmp_path / "w.safetensors")
    message = str(caught.value)
    assert "(4, 5) float32 in the model, (4, 3) float32 in the file" in message
    assert (
        "norms.gamma (gamma of 'norms', shape (5,)) Did you mean 'norm.gamma" in message
    )
    assert "inner.dense.kernel (shape (3, 2))" in message
    assert same(before, snapshot(model))


def test_skip_mismatch(backend, tmp_path):
    saved = make()
    saved.save_weights(tmp_path / "w.safetensors")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(7)])
    with pytest.warns(UserWarning, match="dense_1.kernel"):
        model.load_weights(tmp_path / "w.safetensors", skip_mismatch=True)
    assert same(snapshot(model)[:2], snapshot(saved)[:2])


def test_arguments(backend, tmp_path):
    model = make()
    with pytest.raises(ValueError, match="max_shard_size"):
        model.save_weights(tmp_path / "w.safetensors.index.json")
    model.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(FileExistsError, match="overwrite"):
        model.save_weights(tmp_path / "w.safetensors", overwrite=False)
    with pytest.raises(TypeError, match="complex128"):
        write_safetensors(tmp_path / "x.safetensors", {"a": np.ones(2, "complex128")})


def header(path, change):
    """Write the file again with its header changed."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    content = json.loads(data[8 : 8 + length])
    text = json.dumps(change(content) or content).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


SPOILS = {
    "beyond the file": lambda h: h["a"].update(data_offsets=[0, 800]),
    "another shape": lambda h: h["a"].update(shape=[11]),
    "huge shape": lambda h: h["a"].update(shape=[1 << 40, 1 << 40]),
    "negative": lambda h: h["a"].update(shape=[-10]),
    "a hole": lambda h: h["a"].update(data_offsets=[8, 88]),
    "not numbers": lambda h: h["a"].update(shape="ten"),
    "unknown type": lambda h: h["a"].update(dtype="O"),
    "not a dict": lambda h: ["a"],
    "two at one place": lambda h: h.update(b=h["a"]),
}


@pytest.mark.parametrize("spoil", list(SPOILS))
def test_damaged_headers(tmp_path, spoil):
    path = tmp_path / "w.safetensors"
    write_safetensors(path, {"a": np.arange(10.0)})
    header(path, SPOILS[spoil])
    with pytest.raises(ValueError, match="w.safetensors"):
        with open_safetensors(path):
            pass


def test_truncated_and_changed_files(tmp_path):
    path = tmp_path / "w.safetensors"
    write_safetensors(path, {"a": np.arange(10.0)})
    whole = path.read_bytes()
    for spoiled in (whole[:-8], whole[:4], b"", whole + b"x", b"\xff" * 100):
        path.write_bytes(spoiled)
        with pytest.raises(ValueError, match="w.safetensors"):
            with open_safetensors(path):
                pass
    path.write_bytes(whole[:-1] + b"\x01")
    with pytest.raises(ValueError, match="not those that were saved"):
        with open_safetensors(path):
            pass


def test_a_failed_save_leaves_the_old_file(backend, tmp_path, monkeypatch):
    import keras.saving.safetensors as module

    model = make()
    model.save_weights(tmp_path / "w.safetensors")
    before = (tmp_path / "w.safetensors").read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "crc32", fail)
    with pytest.raises(OSError, match="No space left.*unchanged"):
        model.save_weights(tmp_path / "w.safetensors")
    assert (tmp_path / "w.safetensors").read_bytes() == before
    assert os.listdir(tmp_path) == ["w.safetensors"]
