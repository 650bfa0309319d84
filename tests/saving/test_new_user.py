"""What somebody meets who changed the model, or the file, since saving."""

import pathlib

import numpy as np
import pytest

import keras
from keras import layers

FORMATS = ("m.weights.h5", "m.safetensors", "m.h5", "m.keras")


def make(first=4, names=("hidden", "between", "out"), skip=()):
    sizes = dict(zip(names, (first, 3, 2)))
    made = [layers.Dense(n, name=k) for k, n in sizes.items() if k not in skip]
    return keras.Sequential([keras.Input((3,)), *made])


def save(model, path):
    whole = path.name in ("m.keras", "m.h5")
    model.save(path) if whole else model.save_weights(path)
    return path


def refused(model, path):
    """The message, after checking that nothing changed."""
    before = [np.array(w) for w in model.get_weights()]
    with pytest.raises(ValueError) as caught:
        model.load_weights(path)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    message = str(caught.value)
    assert path.name in message
    return message


@pytest.mark.parametrize("name", FORMATS)
def test_a_layer_deleted(backend, tmp_path, name):
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, name="hidden"), layers.Dense(2, name="out")]
    )
    message = refused(model, save(make(), tmp_path / name))
    assert "In the file, but not in the model (2)" in message
    # `.weights.h5` counts layers by class; the others know them by name.
    counted = name in ("m.weights.h5", "m.keras")
    assert ("dense_2/vars/0" if counted else "between") in message
    assert ("(of 'out', shape (2,))" if counted else "(3,)") in message
    assert "skip_mismatch=True" in message


@pytest.mark.parametrize("name", ("m.safetensors", "m.h5"))
def test_a_layer_renamed(backend, tmp_path, name):
    model = make(names=("hiddens", "between", "out"))
    message = refused(model, save(make(), tmp_path / name))
    assert "Missing in the file (2)" in message and "hiddens" in message
    assert "Did you mean 'hidden" in message


@pytest.mark.parametrize("name", ("m.weights.h5", "m.keras"))
def test_a_renamed_layer_keeps_its_path_where_classes_are_counted(
    backend, tmp_path, name
):
    saved, model = make(), make(names=("hiddens", "between", "out"))
    model.load_weights(save(saved, tmp_path / name))
    for a, b in zip(saved.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", FORMATS)
def test_another_shape(backend, tmp_path, name):
    message = refused(make(first=5), save(make(), tmp_path / name))
    assert "Different (3)" in message
    assert "(3, 5) float32 in the model, (3, 4) float32 in the file" in message
    assert "(5, 3) float32 in the model, (4, 3) float32 in the file" in message


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_short(backend, tmp_path, name):
    path = save(make(), tmp_path / name)
    path.write_bytes(path.read_bytes()[:-300])
    message = refused(make(), path)
    assert "is damaged: it is cut short" in message or "not a whole" in message
    if name in ("m.keras", "m.h5"):
        with pytest.raises(ValueError, match=name):
            keras.saving.load_model(path)


@pytest.mark.parametrize("name", ["my model.weights.json", "my model.safetensors"])
def test_shards_that_are_lost_or_cut(tmp_path, name):
    model, path = make(), tmp_path / name
    model.save_weights(path, max_shard_size=7e-8)
    if name.endswith("safetensors"):
        path = path.with_name(f"{path.name}.index.json")
    model.load_weights(path)
    refused(make(first=5), path)
    index = path.read_bytes()
    path.write_bytes(index[:-20])
    assert "is damaged or cut short" in refused(model, path)
    path.write_bytes(index)
    shard = sorted(p for p in tmp_path.iterdir() if p != path)[-1]
    shard.rename(tmp_path / "elsewhere")
    with pytest.raises(
        FileNotFoundError, match="names the shard.*is not in the same directory"
    ):
        model.load_weights(path)


@pytest.mark.parametrize("name", ["m.weights.json", "m.safetensors"])
def test_a_failed_save_of_shards_leaves_the_old_ones(tmp_path, name, monkeypatch):
    model, path = make(), tmp_path / name
    model.save_weights(path, max_shard_size=7e-8)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_text", full)  # as the index is written
    with pytest.raises(OSError, match="No space left"):
        model.save_weights(path, max_shard_size=7e-8)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", FORMATS)
def test_another_backend(backend, tmp_path, name):
    model, x = make(), np.ones((2, 3), "float32")
    want = keras.ops.convert_to_numpy(model(x))
    path = save(model, tmp_path / name)
    for other in {"jax", "torch", "tensorflow"} - {backend}:
        with keras.config.backend_scope(other):
            loaded = make()
            loaded.load_weights(path)
            got = keras.ops.convert_to_numpy(loaded(x))
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_a_wrong_ending(backend, tmp_path):
    (tmp_path / "m.pt").touch()
    with pytest.raises(ValueError, match=r"\.safetensors.*is needed"):
        make().load_weights(tmp_path / "m.pt")
    with pytest.raises(ValueError, match=r"\.weights\.h5 or \.safetensors"):
        make().save_weights(tmp_path / "m.pt")
