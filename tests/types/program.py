"""A user's typical program. Type checkers read it; a test runs it too."""

from pathlib import Path
from typing import Any, assert_type

import numpy as np

import keras
from keras import layers, ops


class Scale(layers.Layer):
    """A layer with a weight of its own."""

    def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        start = keras.initializers.Constant(self.start)
        self.factor = self.add_weight((input_shape[-1],), start, name="factor")

    def call(self, inputs: Any) -> Any:
        return ops.multiply(inputs, self.factor)


class Regression(keras.Model):
    """A model with a training step of its own."""

    def __init__(self, units: int = 8) -> None:
        super().__init__()
        self.hidden = layers.Dense(units, activation="relu")
        self.scale = Scale(2.0)
        self.head = layers.Dense(1)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.head(self.scale(self.hidden(inputs), training=training))

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data

        def loss() -> Any:
            return ops.mean(ops.square(self(x, training=True) - y))

        value, gradients = ops.value_and_grad(loss, self.trainable_variables)()
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": value}


class Loud(keras.callbacks.Callback):
    """A callback that keeps the losses."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.losses.append(float((logs or {})["loss"]))


def sequential(x: np.ndarray, y: np.ndarray, folder: Path) -> None:
    """Build, train, save and load a stack of layers."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            layers.Dropout(0.5, seed=1),
            layers.Dense(1),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss=keras.losses.MeanSquaredError(),
        metrics=["mae", keras.metrics.RootMeanSquaredError()],
    )
    loud = Loud()
    history = model.fit(
        x,
        y,
        batch_size=4,
        epochs=2,
        validation_split=0.25,
        callbacks=[
            loud,
            keras.callbacks.EarlyStopping(patience=3),
            keras.callbacks.ModelCheckpoint(folder / "best.keras"),
        ],
        verbose=0,
    )
    assert_type(history, keras.callbacks.History)
    print(history.history["loss"][-1], loud.losses)

    model.evaluate(x, y, verbose=0, return_dict=True)
    predictions = model.predict(x, verbose=0)
    print(predictions.shape)

    model.save(folder / "model.keras")
    again = keras.models.load_model(folder / "model.keras")
    assert_type(again, keras.Model)
    again.summary()
    model.save_weights(folder / "model.weights.h5")
    model.load_weights(folder / "model.weights.h5")


def functional() -> keras.Model:
    """A graph with two branches."""
    inputs = keras.Input(shape=(8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.BatchNormalization()(x)
    branch = layers.Conv2D(4, 1)(x)
    x = layers.Add()([x, branch])
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    model = keras.Model(inputs=inputs, outputs=outputs, name="two_branches")

    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)
    model.compile(keras.optimizers.SGD(schedule, momentum=0.9), "mse")
    for layer in model.layers:
        print(layer.name, [w.shape for w in layer.weights])
    return model


def subclass(x: np.ndarray, y: np.ndarray) -> None:
    """A model with its own step, on another backend too."""
    model = Regression()
    model.compile(optimizer="adam")
    history = model.fit(x, y, epochs=1, verbose=0)
    print(history.history["loss"])
    assert_type(model.to_backend("jax"), Regression)
    print(model.count_params(), [v.path for v in model.trainable_variables])


def tensors() -> None:
    """Ops, variables, metrics and random numbers."""
    x = ops.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])
    y = ops.softmax(ops.matmul(x, ops.transpose(x)), axis=-1)
    print(ops.convert_to_numpy(y).sum(), ops.shape(y), y.shape, x + 1, -x @ y)

    variable = keras.Variable(np.zeros((2,)), name="v")
    variable.assign_add([1.0, 2.0])
    print(variable.numpy(), variable.shape, variable.dtype)

    accuracy = keras.metrics.CategoricalAccuracy()
    accuracy.update_state([[0.0, 1.0]], [[0.2, 0.8]])
    print(float(accuracy.result()))

    seeds = keras.random.SeedGenerator(1)
    print(keras.random.normal((2, 3), seed=seeds))
    keras.utils.set_random_seed(1)


def main(folder: Path) -> None:
    """Run all of it."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 4)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    sequential(x, y, folder)
    assert functional().count_params() > 0
    subclass(x, y)
    tensors()
