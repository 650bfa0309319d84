"""A saved file tells when a byte of it changed; one without a checksum loads."""

import json
import random
import shutil
import zipfile
import zlib

import h5py
import numpy as np
import pytest

import keras
from keras.saving import h5, seal

INDEX = "a.safetensors.index.json"


def make_model(units=3):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
    model.compile("sgd", "mse")
    return model


def test_checksums_combine_to_that_of_the_whole(tmp_path):
    rng = np.random.default_rng(0)
    data = rng.bytes(300_000)
    path = tmp_path / "a"
    path.write_bytes(data)
    for cuts in ([0, 1, 7, 70_000, 300_000], [0, 150_000, 150_001, 300_000]):
        spans = [
            seal.Span(a, b - a, zlib.crc32(data[a:b])) for a, b in zip(cuts, cuts[1:])
        ]
        for known in ([], spans, spans[1:3], spans[::2]):
            assert seal.checksum(path, 0, len(data), known) == zlib.crc32(data)
    assert seal.checksum(path, 9, 1000) == zlib.crc32(data[9:1000])


def test_large_arrays_are_written_in_place_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(seal, "_PIECE", 1000)
    monkeypatch.setattr(seal, "_CHUNK", 300)
    monkeypatch.setattr(h5, "LARGE", 1000)
    rng = np.random.default_rng(0)
    arrays = {
        "plain": rng.normal(size=(30, 50)).astype("float32"),
        "reversed": rng.normal(size=(50, 40))[::-1, ::2],
        "truth": rng.normal(size=2000) > 0,
        "swapped": rng.normal(size=500).astype(">f8"),
        "complex": rng.normal(size=500).astype("complex64"),
        "small": np.ones(3),
    }
    path = tmp_path / "a.h5"
    spans = h5.write_groups(path, [("vars", None, arrays)])
    assert len(spans) > 6
    crc = seal.seal(path, spans)
    assert crc == zlib.crc32(path.read_bytes()[: -seal.SEAL_SIZE])
    with h5py.File(path) as file:  # HDF5 itself finds them where it put them
        for key, array in arrays.items():
            np.testing.assert_array_equal(file[f"vars/{key}"][()], array)
    with h5.open_records(path) as records:
        h5.verify(records.values(), records.values())
        for key, array in arrays.items():
            np.testing.assert_array_equal(records[f"vars/{key}"].read(), array)


def flips(path, count):
    """Copies of a file with one byte changed, at both ends and between."""
    data = path.read_bytes()
    places = {*range(48), *range(len(data) - 120, len(data))}
    places |= set(random.Random(0).sample(range(len(data)), count))
    for place in sorted(places):
        path.write_bytes(
            data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        )
        yield place
    path.write_bytes(data)


@pytest.mark.parametrize("large", [8, 1 << 20])
def test_a_changed_byte_in_a_weights_file(tmp_path, monkeypatch, large):
    monkeypatch.setattr(h5, "LARGE", large)
    model, path = make_model(), tmp_path / "a.weights.h5"
    model.save_weights(path)
    before = [w.copy() for w in model.get_weights()]
    for place in flips(path, 150):
        with pytest.raises(ValueError, match="damaged"):
            model.load_weights(path)
        for a, b in zip(before, model.get_weights()):
            np.testing.assert_array_equal(a, b, err_msg=str(place))
    model.load_weights(path)


def test_a_changed_byte_in_a_model_file(tmp_path):
    path = tmp_path / "a.keras"
    make_model().save(path)
    for _ in flips(path, 100):
        with pytest.raises(ValueError):
            keras.saving.load_model(path)
    keras.saving.load_model(path)


def test_a_changed_byte_in_a_directory(tmp_path):
    folder = tmp_path / "model"
    make_model().save(folder, zipped=False)
    for name in ("metadata.json", "config.json", "model.weights.h5"):
        for _ in flips(folder / name, 20):
            with pytest.raises(ValueError):
                keras.saving.load_model(folder)
    keras.saving.load_model(folder)


def test_a_changed_byte_in_shards(tmp_path):
    model, path = make_model(), tmp_path / "a.weights.json"
    model.save_weights(path, max_shard_size=6e-8)
    shards = sorted(tmp_path.glob("*.weights.h5"))
    assert len(shards) > 1
    for file in [path, *shards]:
        for _ in flips(file, 20):
            with pytest.raises((ValueError, FileNotFoundError)):
                model.load_weights(path)
    old = shards[-1].read_bytes()
    model.set_weights([w + 1 for w in model.get_weights()])
    (tmp_path / "b").mkdir()
    model.save_weights(tmp_path / "b/a.weights.json", max_shard_size=6e-8)
    shutil.copy(tmp_path / "b" / shards[0].name, shards[0])
    with pytest.raises(ValueError, match="not the shard"):
        model.load_weights(path)
    assert shards[-1].read_bytes() == old


@pytest.mark.parametrize(
    "name",
    [
        "a.weights.h5",
        "a.keras",
        "a.h5",
        "a.safetensors",
        "a.weights.json",
        "a_00000.weights.h5",
        "a.safetensors.index.json",
        "a-00001-of-00001.safetensors",
    ],
)
def test_a_cut_file(tmp_path, name):
    """By any number of bytes; but a file of HDF5 without its seal is as Keras's."""
    model = make_model()
    path = opened = tmp_path / name
    if name.endswith(("json", "0.weights.h5", "1.safetensors")):
        opened = tmp_path / ("a.weights.json" if "weights" in name else INDEX)
        model.save_weights(opened, max_shard_size=6e-8)
    elif "weights" in name or "safetensors" in name:
        model.save_weights(path)
    else:
        model.save(path)
    load = keras.saving.load_model if path.suffix == ".keras" else model.load_weights
    load(opened)
    before = [w.copy() for w in model.get_weights()]
    data = path.read_bytes()
    for size in [*range(len(data) - 80, len(data)), 0, 1, 100, len(data) // 2]:
        path.write_bytes(data[:size])
        if size == len(data) - seal.SEAL_SIZE and name in ("a.weights.h5", "a.h5"):
            load(opened)
            continue
        with pytest.raises(ValueError):
            load(opened)
        for a, b in zip(before, model.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_files_without_a_checksum_load(tmp_path):
    """As Keras writes them, or a tool that changed one of ours."""
    model, path = make_model(), tmp_path / "a.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        file["layers/dense/vars/1"][...] = 7
    model.load_weights(path)
    np.testing.assert_array_equal(model.get_weights()[1], np.full(3, 7, "float32"))
    model.save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(tmp_path / "b.keras", "w") as out:
        for name, content in members.items():
            out.writestr(name, content)
    loaded = keras.saving.load_model(tmp_path / "b.keras")
    np.testing.assert_array_equal(loaded.get_weights()[1], np.full(3, 7, "float32"))


def test_the_metadata_has_nothing_strange(tmp_path):
    make_model().save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        assert archive.testzip() is None
        metadata = json.loads(archive.read("metadata.json"))
    assert set(metadata) == {"keras_version", "date_saved"}
