"""Write tests/saving/files/tables: models and a FeatureSpace saved by real Keras.

    KERAS_BACKEND=tensorflow python tests/oracle/make_table_files.py

with an interpreter that has Keras 3.15.1 and TensorFlow. `values.npz` has the inputs
and outputs of each.
"""

from __future__ import annotations

import pathlib
import sys
import zipfile
from typing import Any

import numpy as np
import tensorflow as tf

import keras

TESTS = pathlib.Path(__file__).parents[1]
FILES = TESTS / "saving" / "files" / "tables"
sys.path.insert(0, str(TESTS / "saving"))

import table_models  # noqa: E402


def compress(path: pathlib.Path) -> None:
    """Deflate the members: repositories like small files."""
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
            print("  ", name, len(data), data[:60] if name.endswith("txt") else "")


def main() -> None:
    """Write all files."""
    FILES.mkdir(parents=True, exist_ok=True)
    values: dict[str, Any] = {}
    for name, build in table_models.MODELS.items():
        keras.utils.clear_session()
        model, data = build()
        data = keras.tree.map_structure(tf.convert_to_tensor, data)
        for i, out in enumerate(keras.tree.flatten(model(data))):
            values[f"{name}/out{i}"] = np.asarray(out)
        print(name)
        model.save(FILES / f"{name}.keras")
        compress(FILES / f"{name}.keras")

    keras.utils.clear_session()
    space = table_models.make_space()
    table = tf.data.Dataset.from_tensor_slices(table_models.TABLE)
    space.adapt(table)
    values["space/out"] = np.asarray(space(table_models.TABLE))
    print("space")
    space.save(FILES / "space.keras")
    compress(FILES / "space.keras")
    np.savez_compressed(FILES / "values.npz", **values)


if __name__ == "__main__":
    main()
