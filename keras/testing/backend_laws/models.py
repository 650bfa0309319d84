"""Laws of devices, and of whole models."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np

from keras import layers, ops
from keras.backend.contract import Backend
from keras.core.device import device
from keras.layers import Input
from keras.models import Sequential
from keras.saving import load_model, save_model
from keras.testing.backend_laws.common import (
    LAWS,
    X,
    need_gradients,
    require,
    require_close,
    to_host,
)

# Devices


@LAWS.add("devices")
def devices_have_names(backend: Backend) -> None:
    """list_devices gives names such as "cpu:0", of all or of a kind"""
    names = backend.list_devices()
    require(names, "list_devices() is empty.")
    kinds = {name.partition(":")[0] for name in names}
    for kind in kinds:
        found = backend.list_devices(kind)
        require(found and set(found) <= set(names), f"of kind {kind!r}: {found}.")


@LAWS.add("devices")
def tensors_are_made_on_a_device(backend: Backend) -> None:
    """Ops work inside device_scope of every device."""
    for name in backend.list_devices():
        with device(name):
            require_close(ops.add(X, X), 2 * X, f"on {name}")


# Models


def _model() -> Any:
    model = Sequential([Input((4,)), layers.Dense(8, "tanh"), layers.Dense(1)])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    return model


def _by_numpy(weights: list[np.ndarray]) -> np.ndarray:
    kernel, bias, last_kernel, last_bias = weights
    return np.tanh(X @ kernel + bias) @ last_kernel + last_bias


@LAWS.add("models")
def a_model_predicts(backend: Backend) -> None:
    """A small model predicts and evaluates what NumPy computes."""
    model = _model()
    expected = _by_numpy(model.get_weights())
    require_close(model.predict(X, verbose=0), expected)
    require_close(model(X), expected, "a call")

    model.compile(loss="mse")
    loss = model.evaluate(X, expected - 2, verbose=0)
    require_close(np.array(loss), np.array(4.0), "the loss", tolerance=1e-4)


@LAWS.add("models")
def a_recurrent_model_predicts(backend: Backend) -> None:
    """A layer with a loop and a mask runs, and equals its steps."""
    cell = layers.GRUCell(3)
    layer = layers.RNN(cell, return_sequences=True)
    sequence = ops.convert_to_tensor(np.stack([X, X[::-1]]))
    found = layer(sequence)

    state = ops.zeros((2, 3))
    for i in range(3):
        state, _ = cell(sequence[:, i], [state])
        require_close(found[:, i], to_host(state), f"step {i}")


@LAWS.add("models")
def a_model_trains(backend: Backend) -> None:
    """fit lowers the loss of a small model, in compiled steps and plain ones."""
    need_gradients(backend)
    target = X.sum(1, keepdims=True)
    for eagerly in (False, True):
        model = _model()
        model.compile("adam", "mse", run_eagerly=eagerly)
        history = model.fit(X, target, batch_size=3, epochs=20, verbose=0).history
        losses = history["loss"]
        require(losses[-1] < losses[0], f"the loss went {losses[0]} -> {losses[-1]}.")


@LAWS.add("models")
def a_model_moves_to_the_backend(backend: Backend) -> None:
    """A model is saved, loaded and copied with its numbers."""
    model = _model()
    expected = _by_numpy(model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        save_model(model, path)
        loaded = load_model(path)
    for other in (loaded, model.to_backend(backend.name)):
        require_close(other.predict(X, verbose=0), expected)
