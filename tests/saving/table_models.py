"""Models and a FeatureSpace that start from raw values: both Kerases build them."""

from __future__ import annotations

from typing import Any

import numpy as np

import keras
from keras import layers

TEXTS = np.array(["The cat sat.", "a dog sat down", "The dog!", "naïve 東京 cat", ""])
TABLE = {
    "age": np.array([23.0, 47.0, 31.0, 65.0, 50.0, 18.0], "float32"),
    "income": np.array([1.5, 2.5, 0.0, 4.0, 3.0, 1.0], "float32"),
    "size": np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "float32"),
    "city": np.array(["Rome", "Oslo", "Rome", "東京", "", "Oslo"]),
    "visits": np.array([3, 1, 3, 7, 1, 3], "int64"),
    "street": np.array(["a", "b", "c", "d", "e", "f"]),
    "code": np.array([11, 22, 33, 44, 55, 66], "int64"),
}


def text_model() -> tuple[Any, Any]:
    """Text to one number."""
    words = layers.TextVectorization(max_tokens=8, output_sequence_length=5)
    words.adapt(TEXTS)
    x = keras.Input((1,), dtype="string")
    y = layers.Embedding(8, 3)(words(x))
    y = layers.GlobalAveragePooling1D()(y)
    return keras.Model(x, layers.Dense(1)(y)), TEXTS[:, None]


def tf_idf_model() -> tuple[Any, Any]:
    """Text as weighted counts."""
    words = layers.TextVectorization(output_mode="tf_idf", ngrams=2)
    words.adapt(TEXTS)
    x = keras.Input((1,), dtype="string")
    return keras.Model(x, layers.Dense(2)(words(x))), TEXTS[:, None]


def table_model() -> tuple[Any, Any]:
    """Numbers, categories and text, each through its layer."""
    inputs = {
        "age": keras.Input((1,), name="age"),
        "income": keras.Input((1,), name="income"),
        "city": keras.Input((1,), dtype="string", name="city"),
        "visits": keras.Input((1,), dtype="int64", name="visits"),
        "street": keras.Input((1,), dtype="string", name="street"),
    }
    data = {name: TABLE[name][:, None] for name in inputs}
    age = layers.Normalization()
    age.adapt(data["age"])
    income = layers.Discretization(num_bins=3, output_mode="one_hot")
    income.adapt(data["income"])
    city = layers.StringLookup(output_mode="one_hot", num_oov_indices=2)
    city.adapt(data["city"])
    visits = layers.IntegerLookup(output_mode="multi_hot")
    visits.adapt(data["visits"])
    street = layers.Hashing(4, output_mode="one_hot")
    given = layers.StringLookup(vocabulary=["Oslo", "Rome"])
    crossed = layers.HashedCrossing(6, output_mode="one_hot")
    parts = [
        age(inputs["age"]),
        income(inputs["income"]),
        city(inputs["city"]),
        visits(inputs["visits"]),
        street(inputs["street"]),
        layers.CategoryEncoding(3)(given(inputs["city"])),
        crossed((inputs["city"], inputs["visits"])),
    ]
    joined = layers.Concatenate()(parts)
    return keras.Model(inputs, layers.Dense(1)(joined)), data


def fixed_model() -> tuple[Any, Any]:
    """What is given in the config and not learned."""
    x = keras.Input((2,))
    y = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])(x)
    z = layers.Discretization([0.0, 1.0, 2.0], output_mode="count")(x)
    joined = layers.Concatenate()([y, z])
    data = np.array([[0.5, 3.0], [-1.0, 1.0]], "float32")
    return keras.Model(x, joined), data


def sound_model() -> tuple[Any, Any]:
    """Sound as spectrograms."""
    wave = np.sin(np.arange(600, dtype="float32") ** 1.3 / 40).reshape(2, 300)
    x = keras.Input((300,))
    mel = layers.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=8)(x)
    stft = layers.STFTSpectrogram(frame_length=32)(layers.Reshape((300, 1))(x))
    return keras.Model(x, [mel, stft]), wave


MODELS = {
    "text": text_model,
    "tf_idf": tf_idf_model,
    "table": table_model,
    "fixed": fixed_model,
    "sound": sound_model,
}


def make_space() -> Any:
    """A FeatureSpace of every kind of feature; it is not adapted yet."""
    space = keras.utils.FeatureSpace
    return space(
        features={
            "age": space.float_discretized(num_bins=3),
            "income": space.float_normalized(),
            "size": space.float_rescaled(scale=0.5, offset=1.0),
            "city": space.string_categorical(max_tokens=4),
            "visits": "integer_categorical",
            "street": space.string_hashed(num_bins=4),
            "code": space.integer_hashed(num_bins=5),
        },
        crosses=[("city", "visits"), space.cross(("street", "code"), crossing_dim=7)],
        crossing_dim=6,
        output_mode="concat",
    )
