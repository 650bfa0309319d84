"""Models made in the three ways, on every backend."""

import gc
import pickle
import weakref

import numpy as np
import pytest

import keras
from keras import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")


def two_in_two_out():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(5, activation="tanh", name="shared")
    u, v = shared(a), shared(b)
    first = layers.Dense(1, name="first")(u * 2 + v)
    second = layers.Dense(3, activation="softmax", name="second")(
        ops.concatenate([u, v[:, :2]], axis=-1)
    )
    return keras.Model({"b": b, "a": a}, {"zz": first, "aa": second})


@pytest.mark.gradients
def test_several_inputs_and_outputs_are_matched_by_key(backend):
    model = two_in_two_out()
    assert len(model.weights) == 6  # the shared layer counts once
    model.compile(
        "adam",
        loss={"aa": "sparse_categorical_crossentropy", "zz": "mse"},
        metrics={"aa": ["accuracy"]},
        loss_weights={"zz": 0.5},
    )
    x = {"a": X, "b": 2 * X}
    y = {"zz": RNG.normal(size=(40, 1)), "aa": RNG.integers(0, 3, 40)}
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    assert set(logs) == {"loss", "zz_loss", "aa_loss", "aa_accuracy"}
    assert logs["loss"] == pytest.approx(
        0.5 * logs["zz_loss"] + logs["aa_loss"], rel=1e-5
    )
    out = model.predict(x, verbose=0)
    assert list(out) == ["zz", "aa"] and out["aa"].shape == (40, 3)
    by_hand = np.mean((out["zz"] - y["zz"]) ** 2)
    assert logs["zz_loss"] == pytest.approx(by_hand, rel=1e-5)
    assert model.fit(x, y, verbose=0).history["loss"][0] > 0


def test_a_functional_model_comes_back_from_its_config(backend):
    model = two_in_two_out()
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    x = {"a": X, "b": 2 * X}
    for key, value in model.predict(x, verbose=0).items():
        np.testing.assert_array_equal(value, again.predict(x, verbose=0)[key])


def test_inner_tensors_and_nested_models(backend):
    x = keras.Input((4,))
    h = layers.Dense(6, activation="relu", name="hidden")(x)
    model = keras.Model(x, layers.Dense(2)(h))
    features = keras.Model(x, model.get_layer("hidden").output)
    assert features.predict(X, verbose=0).shape == (40, 6)
    tail = keras.Model(h, model.output)
    np.testing.assert_allclose(
        tail.predict(features.predict(X, verbose=0), verbose=0),
        model.predict(X, verbose=0),
        atol=1e-6,
    )
    z = keras.Input((4,))
    outer = keras.Model(z, layers.Dense(1)(model(z) + features(z)[:, :2]))
    assert outer.predict(X, verbose=0).shape == (40, 1)
    assert len(outer.weights) == 6  # the hidden layer is in both
    outer = keras.Model(z, layers.Dense(1)(model(z) * 2.0 + model(-z)))
    again = keras.Model.from_config(outer.get_config())
    assert [w.shape for w in again.weights] == [w.shape for w in outer.weights]


class Blocks(keras.Model):
    """Layers in the user's own list and dict, which stay lists and dicts."""

    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(4, activation="relu"), {"x": layers.Dense(2)}]
        self.scale = keras.Variable(1.0, name="scale")

    def call(self, x):
        return self.blocks[1]["x"](self.blocks[0](x)) * self.scale


@pytest.mark.gradients
def test_a_subclass_keeps_its_own_containers(backend):
    model = Blocks()
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    assert type(model.blocks) is list and type(model.blocks[1]) is dict
    assert len(model.weights) == 5 and len(model.layers) == 2
    assert {w.path for w in model.weights} >= {
        "scale",
        f"{model.name}/dense/kernel",
    } or any("dense" in w.path for w in model.weights)


def test_sequential_is_built_late_or_early(backend):
    late = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    assert not late.built and late.weights == []
    assert late(X).shape == (40, 2)
    assert late.built and len(late.weights) == 4
    early = keras.Sequential([layers.Dense(3, input_shape=(4,))])
    assert early.built and early.output_shape == (None, 3)
    early.add(layers.Dense(7))
    assert early.output_shape == (None, 7)
    early.pop()
    assert early.output_shape == (None, 3)


@pytest.mark.gradients
def test_a_model_moves_with_all_it_knows(backend):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    y = X.sum(1, keepdims=True)
    model.fit(X, y, epochs=2, verbose=0)
    for name in ("jax", "torch", "tensorflow"):
        moved = model.to_backend(name)
        np.testing.assert_allclose(
            moved.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-5
        )
        again = model.to_backend(backend)
        for _ in range(3):
            a = moved.train_on_batch(X, y, return_dict=True)
            b = again.train_on_batch(X, y, return_dict=True)
            assert a["loss"] == pytest.approx(b["loss"], rel=1e-4)
        assert int(moved.optimizer.iterations) == 7


def test_a_deep_model_moves_and_pickles():
    x = keras.Input((4,))
    h = x
    for _ in range(200):
        h = layers.Dense(4)(h) + h
    model = keras.Model(x, h)
    other = model.to_backend("torch")
    np.testing.assert_allclose(
        other.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-3
    )


def test_pickle(backend):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        again.predict(X, verbose=0), model.predict(X, verbose=0)
    )


@pytest.mark.gradients
def test_a_model_works_whatever_backend_is_current(backend):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    for name in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(name):
            foreign = ops.convert_to_tensor(X)
            model.fit(X, X[:, :2], verbose=0)
            assert model.predict(X, verbose=0).shape == (40, 2)
            out = model(foreign)  # a tensor of another framework at the door
        assert model.weights[0].backend.name == backend
        assert (
            type(out)
            .__module__.split(".")[0]
            .startswith(
                {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}[backend]
            )
        )


@pytest.mark.gradients
def test_a_dropped_model_is_freed(backend):
    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(2)(x))
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    ref = weakref.ref(model)
    del model, x
    gc.collect()
    assert ref() is None


def test_masks_survive_arithmetic_and_merging(backend):
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 1, 1, 1]])
    x = keras.Input((4,), dtype="int32")
    e = layers.Embedding(5, 6, mask_zero=True)(x)
    plain = layers.Embedding(5, 6)(x)
    out = layers.LSTM(3)(layers.add([e * 2.0 + 1.0, plain]))
    model = keras.Model(x, out)
    longer = np.concatenate([ids, np.zeros((3, 2), ids.dtype)], axis=1)
    x2 = keras.Input((6,), dtype="int32")
    embed, embed2, lstm = (layer for layer in model.layers if layer.weights)
    merged = layers.add([embed(x2) * 2.0 + 1.0, embed2(x2)])
    model2 = keras.Model(x2, lstm(merged))
    np.testing.assert_allclose(
        model.predict(ids, verbose=0), model2.predict(longer, verbose=0), atol=1e-6
    )


def test_summary_counts_and_connects(backend, capsys):
    two_in_two_out().summary()
    text = capsys.readouterr().out
    assert 'Model: "model' in text and "shared (Dense)" in text
    assert "['a[0][0]'," in text and "Total params" in text
    keras.Sequential([keras.Input((4,)), layers.Dense(2)]).summary(style="rich")
    assert "Trainable params: 10" in capsys.readouterr().out


def test_a_layer_may_have_the_name_of_what_fit_sets(backend):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.history = layers.Dense(3)

        def call(self, x):
            return self.history(x)

    model = Model()
    model(np.ones((2, 4)))
    assert [tuple(w.shape) for w in model.weights] == [(4, 3), (3,)]
