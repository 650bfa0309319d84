"""The pieces one by one, each a few lines: what the specification of Keras shows.

Runs on the backend in force; every section prints what it made.
"""

import os
import tempfile

import numpy as np

import keras
from keras import layers, losses, metrics, optimizers


def models() -> None:
    """A sequential model and a graph with two branches."""
    sequential = keras.Sequential(
        [
            layers.Input(shape=(784,)),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    sequential.summary()
    x = keras.Input(shape=(32,))
    a = layers.Dense(64, activation="relu")(x)
    b = layers.Dense(32, activation="relu")(x)
    merged = layers.concatenate([a, b])
    keras.Model(x, layers.Dense(1, activation="sigmoid")(merged)).summary()


def single_layers(rng: np.random.Generator) -> dict[str, tuple]:
    """What each kind of layer makes of an input."""
    cases = {
        "Dense": (layers.Dense(5, activation="relu"), (1, 10)),
        "Conv2D": (layers.Conv2D(32, (3, 3)), (1, 32, 32, 3)),
        "MaxPooling2D": (layers.MaxPooling2D((2, 2)), (1, 32, 32, 32)),
        "LSTM": (layers.LSTM(32), (1, 5, 10)),
    }
    shapes = {}
    for name, (layer, shape) in cases.items():
        model = keras.Sequential([keras.Input(shape[1:]), layer])
        shapes[name] = model.predict(rng.random(shape), verbose=0).shape
        print(f"{name}: {shape} -> {shapes[name]}")
    dropout = layers.Dropout(0.5)
    ones = np.ones((1, 10))
    print("dropout in training:", dropout(ones, training=True))
    print("dropout in inference:", dropout(ones, training=False))
    return shapes


def pieces() -> dict[str, float]:
    """An optimizer, a loss and a metric, standing alone."""
    sgd = optimizers.SGD(learning_rate=0.01, momentum=0.9)
    print(f"SGD: rate {sgd.learning_rate.numpy()}, momentum {sgd.momentum.numpy()}")
    loss = losses.SparseCategoricalCrossentropy()
    predicted = np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4]])
    value = loss(np.array([2, 0, 1]), predicted).numpy()
    print(f"loss: {value:.4f}")
    accuracy = metrics.Accuracy()
    accuracy.update_state(np.eye(3), np.eye(3))
    before = accuracy.result().numpy()
    accuracy.reset_state()
    print(f"accuracy: {before:.2f}, after a reset: {accuracy.result().numpy():.2f}")
    return {"loss": float(value), "accuracy": float(before)}


def training(rng: np.random.Generator, epochs: int = 8) -> float:
    """Compile, fit with callbacks, save, load, evaluate."""
    x = rng.random((1000, 10)).astype("float32")
    y = (x.sum(axis=1) > 5).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=optimizers.Adam(0.01),
        loss=losses.BinaryCrossentropy(),
        metrics=[metrics.Accuracy(), metrics.Precision()],
    )
    print("metrics:", [m.name for m in model.metrics])
    with tempfile.TemporaryDirectory() as folder:
        best = os.path.join(folder, "best.keras")
        history = model.fit(
            x,
            y,
            epochs=epochs,
            validation_split=0.2,
            verbose=0,
            callbacks=[
                keras.callbacks.EarlyStopping(patience=3, verbose=1),
                keras.callbacks.ModelCheckpoint(best, save_best_only=True),
            ],
        )
        print("epochs run:", len(history.history["loss"]))
        loss, accuracy, precision = keras.models.load_model(best).evaluate(
            x, y, verbose=0
        )
    print(f"loss {loss:.4f}, accuracy {accuracy:.4f}, precision {precision:.4f}")
    return accuracy


def main() -> None:
    """All sections."""
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(0)
    models()
    single_layers(rng)
    pieces()
    training(rng)


if __name__ == "__main__":
    main()
