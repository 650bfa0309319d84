"""The workloads in the Keras API: run by this package and by Keras 3.15.1 alike."""

import contextlib

import numpy as np
from data import VOCABULARY

import keras
from keras import layers


def _mlp_small():
    x = keras.Input((10,))
    h = layers.Dense(32, activation="relu")(x)
    return keras.Model(x, layers.Dense(1, activation="sigmoid")(h))


def _mlp():
    x = h = keras.Input((784,))
    for _ in range(2):
        h = layers.Dropout(0.2)(layers.Dense(512, activation="relu")(h))
    return keras.Model(x, layers.Dense(10)(h))


def _cnn():
    x = h = keras.Input((28, 28, 1))
    for filters in (32, 64):
        h = layers.MaxPooling2D()(layers.Conv2D(filters, 3, activation="relu")(h))
    return keras.Model(x, layers.Dense(10)(layers.Flatten()(h)))


def _lstm():
    x = keras.Input((64,), dtype="int32")
    h = layers.LSTM(64)(layers.Embedding(VOCABULARY, 64)(x))
    return keras.Model(x, layers.Dense(1, activation="sigmoid")(h))


def _transformer():
    x = keras.Input((64,), dtype="int32")
    h = layers.Embedding(VOCABULARY, 64)(x)
    for _ in range(2):
        n = layers.LayerNormalization()(h)
        h = layers.Add()([h, layers.MultiHeadAttention(4, 16)(n, n)])
        n = layers.Dense(128, activation="relu")(layers.LayerNormalization()(h))
        h = layers.Add()([h, layers.Dense(64)(n)])
    h = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(h))
    return keras.Model(x, layers.Dense(2)(h))


def _resnet():
    def conv(h, filters, size=3, strides=1):
        h = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(h)
        return layers.BatchNormalization()(h)

    x = keras.Input((32, 32, 3))
    h = layers.ReLU()(conv(x, 16))
    for filters in (16, 32, 64):
        for block in range(3):
            strides = 2 if filters > 16 and block == 0 else 1
            short = conv(h, filters, 1, strides) if strides > 1 else h
            inner = conv(layers.ReLU()(conv(h, filters, 3, strides)), filters)
            h = layers.ReLU()(layers.Add()([inner, short]))
    return keras.Model(x, layers.Dense(10)(layers.GlobalAveragePooling2D()(h)))


class Contender:
    """What `worker.py` times."""

    def __init__(self, name):
        self.model = globals()[f"_{name}"]()
        if name in ("mlp_small", "lstm"):
            loss = "binary_crossentropy"
        else:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile("adam", loss, metrics=["accuracy"])

    def epoch(self, x, y, batch):
        history = self.model.fit(x, y, batch, epochs=1, verbose=0)
        return history.history["loss"][0]

    def evaluate(self, x, y, batch):
        return self.model.evaluate(x, y, batch, verbose=0)

    def predict(self, x, batch):
        return self.model.predict(x, batch, verbose=0)

    def predict_one(self, x):
        return self.model.predict(x, verbose=0)

    def call_one(self, x):
        with _without_gradients():
            return np.asarray(keras.ops.convert_to_numpy(self.model(x)))


def _without_gradients():
    """As one calls a model by hand on PyTorch, to use it."""
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()
