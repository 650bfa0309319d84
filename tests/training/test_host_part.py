"""Models that start from text: one part runs on the host, the rest is compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import keras
from keras import layers

TEXTS = np.array(["the cat sat", "a dog", "the dog sat down", "cat", "", "dog dog"])
LABELS = np.array([0.0, 1, 1, 0, 0, 1])


def vectorizer(**config: Any) -> Any:
    layer = layers.TextVectorization(**{"output_sequence_length": 4, **config})
    layer.adapt(TEXTS)
    return layer


def functional() -> Any:
    x = keras.Input((1,), dtype="string")
    y = layers.Embedding(10, 4)(vectorizer()(x))
    return keras.Model(x, layers.Dense(1)(layers.Flatten()(y)))


def sequential() -> Any:
    parts = [vectorizer(), layers.Embedding(10, 4), layers.Flatten(), layers.Dense(1)]
    return keras.Sequential(parts)


def nested() -> Any:
    """A model with text inside of another one, used twice."""
    x = keras.Input((1,), dtype="string")
    inner = keras.Model(x, layers.Dense(3)(vectorizer(**COUNTS)(x)))
    a, b = (keras.Input((1,), dtype="string") for _ in range(2))
    joined = layers.Concatenate()([inner(a), inner(b)])
    return keras.Model([a, b], layers.Dense(1)(joined))


COUNTS = {"output_mode": "count", "output_sequence_length": None}


def numpy(x: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(x)


@pytest.mark.gradients
@pytest.mark.parametrize("build", [functional, sequential])
def test_text_in_every_method(backend: str, build: Any) -> None:
    model = build()
    model.compile("sgd", "mse", metrics=["mae"])
    x = TEXTS[:, None]
    history = model.fit(x, LABELS, batch_size=4, epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]

    outputs = model.predict(x, verbose=0)
    np.testing.assert_allclose(numpy(model(x)), outputs, 1e-5, 1e-6)
    np.testing.assert_allclose(model.predict_on_batch(x), outputs, 1e-5, 1e-6)
    for _ in range(10):  # also when calls are compiled
        np.testing.assert_allclose(numpy(model(x)), outputs, 1e-5, 1e-6)
    loss = np.mean((outputs[:, 0] - LABELS) ** 2)
    assert np.isclose(model.evaluate(x, LABELS, verbose=0)[0], loss, 1e-4)
    assert np.isclose(model.test_on_batch(x, LABELS)[0], loss, 1e-4)
    model.train_on_batch(x, LABELS)


@pytest.mark.gradients
@pytest.mark.parametrize("eagerly", [False, True])
def test_lists_objects_and_bytes(backend: str, eagerly: bool) -> None:
    model = functional()
    model.compile("sgd", "mse", run_eagerly=eagerly)
    want = model.predict(TEXTS[:, None], verbose=0)
    for x in (
        [[t] for t in TEXTS.tolist()],
        TEXTS.astype(object),
        np.array([[t.encode()] for t in TEXTS.tolist()], object),
        TEXTS.astype("S"),
    ):
        np.testing.assert_allclose(model.predict(x, verbose=0), want, 1e-5, 1e-6)
        model.fit(x, LABELS, verbose=0)
        want = model.predict(x, verbose=0)


@pytest.mark.gradients
def test_datasets_and_generators(backend: str) -> None:
    model = functional()
    model.compile("sgd", "mse")

    def batches() -> Any:
        for _ in range(2):
            yield TEXTS[:, None], LABELS

    model.fit(batches(), steps_per_epoch=1, epochs=2, verbose=0)
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(4)
    model.fit(data, verbose=0)
    want = model.predict(TEXTS, verbose=0)
    np.testing.assert_allclose(model.predict(data, verbose=0), want, 1e-5, 1e-6)


@pytest.mark.gradients
def test_a_model_inside_a_model(backend: str) -> None:
    model = nested()
    inner = next(x for x in model.layers if isinstance(x, keras.Model))
    before = inner.layers[-1].output.shape
    x = [TEXTS[:, None], TEXTS[::-1, None]]
    model.compile("sgd", "mse")
    model.fit(x, LABELS, verbose=0)
    outputs = model.predict(x, verbose=0)
    parts = [numpy(inner(part)) for part in x]
    kernel, bias = model.layers[-1].get_weights()
    want = np.concatenate(parts, -1) @ kernel + bias
    np.testing.assert_allclose(outputs, want, 1e-4, 1e-5)
    # The calls that the package makes for itself are not seen on the layers.
    assert inner.layers[-1].output.shape == before


def test_numbers_that_need_the_host(backend: str) -> None:
    """Hashes need 64 bits, and look-ups too: JAX would cut them off."""
    big = np.array([[2**40 + 5], [5], [7]], "int64")
    x = keras.Input((1,), dtype="int64")
    hashed = layers.Hashing(1000)(x)
    found = layers.IntegerLookup(vocabulary=[5, 2**40 + 5])(x)
    model = keras.Model(x, [hashed, found])
    bins, numbers = model.predict(big, verbose=0)
    assert bins.tolist() == layers.Hashing(1000)(big).tolist()
    assert numbers.tolist() == [[2], [1], [0]]


def test_what_the_host_cannot_have(backend: str) -> None:
    x = keras.Input((1,), dtype="int32")
    y = layers.Hashing(5)(layers.Embedding(9, 2)(x))
    with pytest.raises(ValueError, match="embedding.* has weights|text or integers"):
        keras.Model(x, y)(np.array([[1]]))


def test_another_vocabulary_takes_effect(backend: str) -> None:
    layer = vectorizer(**COUNTS)
    x = keras.Input((1,), dtype="string")
    model = keras.Model(x, layers.Rescaling(1.0)(layer(x)))
    first = model.predict(TEXTS, verbose=0)
    layer.set_vocabulary(["sat", "down", "cat", "dog", "the", "a"])
    second = model.predict(TEXTS, verbose=0)
    assert first.shape == second.shape and (first != second).any()


def test_copies_on_other_backends(backend: str) -> None:
    model = functional()
    want = model.predict(TEXTS, verbose=0)
    for name in ("torch", "numpy"):
        other = model.to_backend(name)
        np.testing.assert_allclose(other.predict(TEXTS, verbose=0), want, 1e-5, 1e-6)


@pytest.mark.gradients
def test_text_in_a_class_of_ones_own(backend: str) -> None:
    """It runs where it is called; `fit` needs a graph to part, or TensorFlow."""

    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.words = vectorizer()
            self.table = layers.Embedding(10, 2)

        def call(self, x: Any) -> Any:
            return keras.ops.mean(self.table(self.words(x)), axis=(1, 2))

    outputs = numpy(Mine()(TEXTS[:, None]))
    assert outputs.shape == (6,)
