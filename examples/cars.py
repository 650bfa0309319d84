"""A table with numbers, categories, gaps and names: how far does a car go?

406 cars of the years 1970 to 1982 (from the PyPI package `vega_datasets`). A
`FeatureSpace` makes vectors of the raw values: it learns means, bins and vocabularies
from the cars for training. The model that is saved takes raw values, as they come from
a form or a database, and needs no other program to prepare them.

Gaps: a number that is missing becomes the median of the others, and a further feature
says that it was missing. A text that is missing is a category of its own.

    KERAS_BACKEND=torch python examples/cars.py
"""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile

import numpy as np
import vega_datasets

import keras
from keras import layers

FILE = pathlib.Path(vega_datasets.__file__).parent / "_data" / "cars.json"


def read_cars() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The columns of all cars whose consumption is known, and the miles a gallon."""
    rows = [r for r in json.loads(FILE.read_text()) if r["Miles_per_Gallon"]]
    columns = {
        "cylinders": np.array([r["Cylinders"] for r in rows]),
        "displacement": numbers(rows, "Displacement"),
        "horsepower": numbers(rows, "Horsepower"),
        "weight": numbers(rows, "Weight_in_lbs"),
        "acceleration": numbers(rows, "Acceleration"),
        "year": np.array([int(r["Year"][:4]) for r in rows]),
        "origin": np.array([r["Origin"] or "" for r in rows]),
        "maker": np.array([r["Name"].split()[0] for r in rows]),
    }
    return columns, np.array([r["Miles_per_Gallon"] for r in rows], "float32")


def numbers(rows: list[dict], name: str) -> np.ndarray:
    """A column of numbers, nan where one is missing."""
    return np.array([np.nan if r[name] is None else r[name] for r in rows], "float32")


def fill_gaps(
    columns: dict[str, np.ndarray], medians: dict[str, float]
) -> dict[str, np.ndarray]:
    """Numbers without gaps, and a column beside each that says where they were."""
    filled = dict(columns)
    for name, median in medians.items():
        missing = np.isnan(columns[name])
        filled[name] = np.where(missing, median, columns[name]).astype("float32")
        filled[f"{name}_known"] = (~missing).astype("int64")
    return filled


def make_space() -> keras.utils.FeatureSpace:
    """What each column is, and how it becomes numbers."""
    space = keras.utils.FeatureSpace
    return space(
        features={
            "cylinders": "integer_categorical",
            "displacement": "float_normalized",
            "horsepower": "float_normalized",
            "horsepower_known": "integer_categorical",
            "weight": "float_normalized",
            "acceleration": "float_normalized",
            "year": "integer_categorical",
            "origin": "string_categorical",
            "maker": space.string_categorical(num_oov_indices=2),
        },
        crosses=[("cylinders", "origin")],
        crossing_dim=16,
    )


def main(epochs: int = 150, path: str | None = None) -> float:
    """Train, save, load again; returns the mean error in miles a gallon."""
    keras.utils.set_random_seed(0)
    columns, target = read_cars()
    order = np.random.default_rng(0).permutation(len(target))
    test, train = order[:80], order[80:]

    known = columns["horsepower"][train]
    medians = {"horsepower": float(np.nanmedian(known))}
    table = fill_gaps(columns, medians)
    rows = {name: x[train] for name, x in table.items()}

    space = make_space()
    space.adapt(rows)
    x = layers.Dense(32, activation="relu")(space.get_encoded_features())
    x = layers.Dense(1)(x)
    # The mean and the spread of the target: the network need not learn them.
    mean, spread = float(target[train].mean()), float(target[train].std())
    model = keras.Model(space.get_inputs(), layers.Rescaling(spread, mean)(x))
    model.compile(keras.optimizers.Adam(3e-3), "mae")
    model.fit(rows, target[train], epochs=epochs, batch_size=64, verbose=0)

    with tempfile.TemporaryDirectory() as folder:
        path = path or f"{folder}/cars.keras"
        model.save(path)
        again = keras.saving.load_model(path)
    error = np.abs(
        again.predict({n: v[test] for n, v in table.items()}, verbose=0)[:, 0]
        - target[test]
    ).mean()
    always = np.abs(target[test] - np.median(target[train])).mean()
    print(f"mean error {error:.2f} miles a gallon (always the median: {always:.2f})")

    # One car, as it would come from a form: of a maker never seen before.
    car = {name: x[:1] for name, x in table.items()} | {"maker": np.array(["tesla"])}
    print(f"a car of an unknown maker: {again.predict(car, verbose=0)[0, 0]:.1f}")
    return float(error)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--path", help="where to save the model; by default nowhere")
    arguments = parser.parse_args()
    main(arguments.epochs, arguments.path)
