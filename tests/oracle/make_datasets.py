"""Ask real Keras (on TensorFlow) for the datasets of `datasets_cases`.

Run with an interpreter that has Keras 3.15.1: `python tests/oracle/make_datasets.py`.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import tempfile
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import numpy as np
import tensorflow as tf

import keras
from oracle.datasets_cases import (
    FOLDER_CASES,
    SERIES_CASES,
    SPLIT_CASES,
    WRITERS,
    function_of,
)

HERE = pathlib.Path(__file__).parent / "data"


class Store:
    """Arrays by number; text goes to the index itself."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def put(self, element: Any) -> Any:
        """An element as JSON, with numbers for arrays."""
        if isinstance(element, dict):
            return {key: self.put(item) for key, item in element.items()}
        if isinstance(element, (list, tuple)):
            kind = "tuple" if isinstance(element, tuple) else "list"
            return {kind: [self.put(item) for item in element]}
        array = np.asarray(element)
        if array.dtype.kind == "O" or array.dtype.kind == "S":
            texts = [t.decode("utf-8", "replace") for t in array.reshape(-1).tolist()]
            return {"text": texts, "shape": list(array.shape)}
        key = str(len(self.arrays))
        self.arrays[key] = array
        return {"array": key}


def main() -> None:
    """Write data/datasets.*."""
    store, index = Store(), {}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for kind, write in WRITERS.items():
            write(root / kind)
        for name, (kind, kwargs) in FOLDER_CASES.items():
            function = function_of(keras, kind)
            made = function(str(root / kind), **kwargs)
            parts = made if isinstance(made, (list, tuple)) else [made]
            index[name] = [
                {
                    "class_names": getattr(part, "class_names", None),
                    "file_paths": [
                        pathlib.Path(p).relative_to(root / kind).as_posix()
                        for p in getattr(part, "file_paths", ())
                    ],
                    "elements": [store.put(e) for e in part.as_numpy_iterator()],
                }
                for part in parts
            ]
    for name, kwargs in SERIES_CASES.items():
        made = keras.utils.timeseries_dataset_from_array(**kwargs)
        index[f"series {name}"] = [store.put(e) for e in made.as_numpy_iterator()]
    for name, (data, kwargs) in SPLIT_CASES.items():
        parts = keras.utils.split_dataset(data, **kwargs)
        assert all(isinstance(part, tf.data.Dataset) for part in parts)
        index[f"split {name}"] = [
            [store.put(e) for e in part.as_numpy_iterator()] for part in parts
        ]
    np.savez_compressed(HERE / "datasets.npz", **store.arrays)
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    (HERE / "datasets.json").write_text(text + "\n")
    print(f"{len(index)} cases, {len(store.arrays)} arrays")


if __name__ == "__main__":
    main()
