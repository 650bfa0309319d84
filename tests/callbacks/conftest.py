"""A model as callbacks see it, in NumPy, and a training loop that calls them."""

import numpy as np
import pytest

import keras.callbacks


class Rate:
    def __init__(self, value):
        self.value = np.float32(value)

    def numpy(self):
        return self.value

    def assign(self, value):
        self.value = np.float32(value)


class Optimizer:
    def __init__(self):
        self.learning_rate = Rate(0.1)


class Model:
    """Its one weight is the number of epochs trained, changed in place."""

    def __init__(self):
        self.stop_training = False
        self.optimizer = Optimizer()
        self.metrics = []
        self.weight = np.zeros(())
        self.saved = []

    def get_weights(self):
        return [self.weight]

    def set_weights(self, weights):
        self.weight[...] = weights[0]

    def save(self, path, overwrite=False):
        self.saved.append(("model", path, overwrite))

    def save_weights(self, path, overwrite=False):
        self.saved.append(("weights", path, overwrite))


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def train(model):
    """Calls callbacks as `fit` does, with these logs for the epochs."""

    def train(callbacks, rows, batches=0, first=0, memory=None, end=True, **params):
        callbacks = keras.callbacks.CallbackList(
            callbacks, model=model, epochs=len(rows), steps=batches or None, **params
        )
        model.stop_training = False
        callbacks.on_train_begin()
        if memory:
            callbacks.load_memory(memory)
        for epoch in range(first, len(rows)):
            callbacks.on_epoch_begin(epoch)
            for batch in range(batches):
                callbacks.on_train_batch_begin(batch)
                if callbacks.batch_end_due(batch):
                    callbacks.on_train_batch_end(batch, {"loss": rows[epoch]["loss"]})
                if model.stop_training:
                    break
            model.weight += 1
            callbacks.on_epoch_end(epoch, dict(rows[epoch]))
            if model.stop_training:
                break
        if end:
            callbacks.on_train_end()
        return callbacks

    return train


@pytest.fixture
def losses():
    """Logs of epochs with these validation losses."""
    return lambda *values: [{"loss": float(v), "val_loss": float(v)} for v in values]
