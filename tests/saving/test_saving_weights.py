"""Weights go by path, all or none."""

import os

import h5py
import numpy as np
import pytest
from saving_cases import addresses

import keras
from keras import layers
from keras.core.state_paths import entries


def make(*sizes, features=3):
    made = [keras.Input((features,)), *(layers.Dense(size) for size in sizes)]
    return keras.Sequential(made)


def snapshot(model):
    return [np.array(w) for w in model.get_weights()]


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b))


def test_round_trip(backend, tmp_path):
    model, other = make(4, 2), make(4, 2)
    model.save_weights(tmp_path / "a.weights.h5")
    other.load_weights(tmp_path / "a.weights.h5")
    assert same(snapshot(model), snapshot(other))


def test_one_message_lists_all_that_does_not_fit(backend, tmp_path):
    path = tmp_path / "a.weights.h5"
    make(4, 2).save_weights(path)
    normal = layers.LayerNormalization()
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(5), normal, layers.Dense(2)]
    )
    before = snapshot(model)
    with pytest.raises(ValueError) as caught:
        model.load_weights(path)
    message = str(caught.value)
    assert "layers/dense/vars/0 (kernel of" in message
    assert "(3, 5) float32 in the model, (3, 4) float32 in the file" in message
    assert "Missing in the file (2)" in message
    assert "layers/layer_normalization/vars/0 (gamma" in message
    assert "skip_mismatch=True" in message
    assert same(before, snapshot(model))


def test_what_the_model_does_not_have_is_an_error(backend, tmp_path):
    path = tmp_path / "a.weights.h5"
    make(3, 3).save_weights(path)
    with pytest.raises(ValueError, match=r"not in the model \(2\).*\n.*dense_1/vars/0"):
        make(3).load_weights(path)


def test_near_matches_are_shown(backend, tmp_path):
    class First(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = layers.Dense(2)

        def call(self, x):
            return self.encoder(x)

    class Second(First):
        def __init__(self):
            super().__init__()
            self.encoders = self.__dict__.pop("encoder")

        def call(self, x):
            return self.encoders(x)

    first, second = First(), Second()
    for model in (first, second):
        model(np.zeros((1, 3), "float32"))
    first.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match="Did you mean 'encoder/vars/0'"):
        second.load_weights(tmp_path / "a.weights.h5")


def test_skip_mismatch_loads_the_layers_that_fit(backend, tmp_path):
    path = tmp_path / "a.weights.h5"
    saved = make(3, 3, 2)
    saved.save_weights(path)
    model = make(3, 3, 4)
    last = snapshot(model.layers[2])
    with pytest.warns(UserWarning, match="layers/dense_2/vars/0"):
        model.load_weights(path, skip_mismatch=True)
    for i in (0, 1):
        assert same(snapshot(model.layers[i]), snapshot(saved.layers[i]))
    assert same(snapshot(model.layers[2]), last)


def test_objects_to_skip(backend, tmp_path):
    path = tmp_path / "a.weights.h5"
    saved, model = make(3, 3), make(3, 4)
    saved.save_weights(path)
    last = snapshot(model.layers[1])
    model.load_weights(path, objects_to_skip=[model.layers[1]])
    assert same(snapshot(model.layers[0]), snapshot(saved.layers[0]))
    assert same(snapshot(model.layers[1]), last)


@pytest.mark.parametrize(
    ("saved", "wanted", "fits"),
    [
        ("float64", "float32", True),
        ("float16", "float32", True),
        ("int64", "int32", True),
        ("int32", "float32", True),
        ("float32", "int32", False),
        ("bool", "float32", True),
        ("float32", "bool", False),
        ("complex64", "float32", False),
    ],
)
def test_types_change_where_no_meaning_is_lost(backend, tmp_path, saved, wanted, fits):
    class One(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((2,), "zeros", dtype=wanted, name="w")

        def call(self, x):
            return x

    layer = One(trainable=False)
    layer.build((None, 1))
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        file["vars/0"] = np.ones(2, saved)
    if fits:
        keras.saving.load_weights(layer, tmp_path / "a.weights.h5")
        np.testing.assert_array_equal(np.asarray(layer.w), np.ones(2, wanted))
    else:
        with pytest.raises(ValueError, match=f"{wanted} in the model"):
            keras.saving.load_weights(layer, tmp_path / "a.weights.h5")


def test_shape_is_checked_before_bytes_are_read(backend, tmp_path, monkeypatch):
    from keras.saving.h5 import Record

    path = tmp_path / "a.weights.h5"
    make(4).save_weights(path)
    model = make(5)
    monkeypatch.setattr(Record, "read", lambda self: pytest.fail("bytes were read"))
    with pytest.raises(ValueError, match="does not fit"):
        model.load_weights(path)


def test_unbuilt_models_are_refused(backend, tmp_path):
    model = keras.Sequential([layers.Dense(2)])
    with pytest.raises(ValueError, match="not built"):
        model.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match="not built"):
        model.load_weights(tmp_path / "a.weights.h5")


def test_paths_and_arguments(backend, tmp_path):
    model = make(2)
    with pytest.raises(ValueError, match=r"must end in \.weights\.h5"):
        model.save_weights(tmp_path / "a.h5")
    with pytest.raises(FileNotFoundError, match="no file"):
        model.load_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match="by_name"):
        model.load_weights(tmp_path / "a.weights.h5", by_name=True)
    model.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(FileExistsError, match="overwrite"):
        model.save_weights(tmp_path / "a.weights.h5", overwrite=False)


def test_weights_of_a_whole_model_file(backend, tmp_path):
    model, other = make(2), make(2)
    model.save(tmp_path / "a.keras")
    other.load_weights(tmp_path / "a.keras")
    assert same(snapshot(model), snapshot(other))


def test_shards(backend, tmp_path):
    path = tmp_path / "a.weights.json"
    model, other = make(4, 4, 2), make(4, 4, 2)
    for _ in range(2):  # the second time over the first
        model.save_weights(path, max_shard_size=100 / 1024**3)
        assert len(list(tmp_path.iterdir())) == 4
        other.load_weights(path)
        assert same(snapshot(model), snapshot(other))
        model.set_weights([w + 1 for w in model.get_weights()])
    with pytest.raises(ValueError, match="max_shard_size"):
        model.save_weights(path, max_shard_size=10 / 1024**3)


@pytest.mark.parametrize("name", ["../a.weights.h5", "/a.weights.h5", "a.txt", 3])
def test_shards_stand_beside_their_index(backend, tmp_path, name):
    import json

    path = tmp_path / "a.weights.json"
    path.write_text(json.dumps({"weight_map": {"/vars": [name]}}))
    with pytest.raises(ValueError, match="not a shard"):
        make(2).load_weights(path)


def test_failed_save_leaves_the_old_file(backend, tmp_path, monkeypatch):
    import keras.saving.weights as module

    path = tmp_path / "a.weights.h5"
    model = make(2)
    model.save_weights(path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_entries", fail)
    with pytest.raises(OSError, match="No space left.*unchanged"):
        model.save_weights(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.weights.h5"]


class Own(layers.Layer):
    """A layer that saves one array beside its weight, in its own way."""

    def build(self, input_shape):
        self.w = self.add_weight((2,), "ones", name="w")
        self.extra = np.zeros(3)

    def call(self, x):
        return x

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["extra"] = self.extra

    def load_own_variables(self, store):
        self.w.assign(store["0"])
        if store["extra"][0] < 0:
            raise ValueError("negative")
        self.extra = store["extra"]
        assert sorted(store.keys()) == ["0", "extra"]


def test_layers_that_save_in_their_own_way(backend, tmp_path):
    model = keras.Sequential([keras.Input((2,)), Own(), layers.Dense(1)])
    own = model.layers[0]
    own.extra = np.array([1.0, 2.0, 3.0])
    own.w.assign([5.0, 6.0])
    model.save_weights(tmp_path / "a.weights.h5")
    own.extra = np.zeros(3)
    own.w.assign([0.0, 0.0])
    model.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(own.extra, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(np.asarray(own.w), [5.0, 6.0])


def test_a_layer_that_fails_to_load_changes_nothing(backend, tmp_path):
    model = keras.Sequential([keras.Input((2,)), Own(), layers.Dense(1)])
    model.layers[0].extra = -np.ones(3)
    model.save_weights(tmp_path / "a.weights.h5")
    model.set_weights([w + 1 for w in model.get_weights()])
    before = snapshot(model)
    with pytest.raises(ValueError, match="negative.*unchanged"):
        model.load_weights(tmp_path / "a.weights.h5")
    assert same(before, snapshot(model))


def test_weights_in_a_set_are_not_lost_silently(backend, tmp_path):
    class Holder(layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = {layers.Dense(2)}

        def build(self, input_shape):
            for part in self.parts:
                part.build(input_shape)

        def call(self, x):
            return x

    model = keras.Sequential([keras.Input((2,)), Holder()])
    with pytest.warns(UserWarning, match="kept in a set"):
        model.save_weights(tmp_path / "a.weights.h5")


def test_paths(backend):
    model = make(2, 2)
    paths = list(addresses(entries(model)))
    assert paths == [f"layers/dense{n}/vars/{i}" for n in ("", "_1") for i in (0, 1)]
