"""Ask real Keras for files of weights of a small image classifier.

Run with an interpreter that has Keras 3.15.1:

    python tests/oracle/make_application_files.py

It writes tests/applications/files: the weights in Keras 3's format and in the old one,
compressed, and the scores of a drawn picture.
"""

from __future__ import annotations

import gzip
import os
import pathlib
import sys
import tempfile

os.environ["KERAS_BACKEND"] = "jax"
# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import numpy as np

import keras
from oracle.applications_cases import picture, set_drawn

OUT = pathlib.Path(__file__).parents[1] / "applications" / "files"
KWARGS = {"alpha": 0.05, "classes": 3, "input_shape": (32, 32, 3), "weights": None}


def main() -> None:
    """Write the files."""
    OUT.mkdir(exist_ok=True)
    model = keras.applications.MobileNet(**KWARGS)
    set_drawn(model)
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        model.save_weights(place / "mobilenet.weights.h5")
        model.save(place / "mobilenet.h5", include_optimizer=False)
        for path in place.iterdir():
            with gzip.GzipFile(OUT / f"{path.name}.gz", "w", mtime=0) as file:
                file.write(path.read_bytes())
    scores = keras.ops.convert_to_numpy(model(picture("MobileNet"), training=False))
    np.savez_compressed(OUT / "mobilenet.npz", scores=scores)
    for path in OUT.iterdir():
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
