"""Write tests/saving/files with real Keras: models, inputs and what they predict.

Run with a Python that has Keras 3.15.1 and a backend:

    KERAS_BACKEND=jax python tests/oracle/make_files.py [NAME ...]

Each case of tests/saving/saving_cases.py becomes `NAME.keras`. `values.npz` has its
data and outputs as `NAME/in0`, ..., `NAME/out0`, ... in the order of
`keras.tree.flatten`; for compiled models the optimizer's variables (`slot0`, ...),
one more batch (`step_x`, `step_y`) and the weights after training on it (`after0`,
...).
"""

import json
import pathlib
import sys
import zipfile

import numpy as np

import keras

TESTS = pathlib.Path(__file__).parents[1]
FILES = TESTS / "saving" / "files"
sys.path.insert(0, str(TESTS / "saving"))

import saving_cases  # noqa: E402


def store(name, values):
    """Save a model, and what it makes of its data."""
    model, data = saving_cases.build(name)
    outputs = model(data, training=False)
    for kind, structure in (("in", data), ("out", outputs)):
        for i, array in enumerate(keras.tree.flatten(structure)):
            values[f"{name}/{kind}{i}"] = plain(array)
    model.save(FILES / f"{name}.keras")
    compress(FILES / f"{name}.keras")
    if getattr(model, "optimizer", None) is not None:
        for i, variable in enumerate(model.optimizer.variables):
            values[f"{name}/slot{i}"] = np.asarray(variable)
        if name == "lora":  # what a file holds is not all that training goes on from
            return
        x = saving_cases.floats(4, *model.input_shape[1:])
        y = np.zeros((4, 1), "int32")
        if name != "mlp":
            y = saving_cases.floats(4, *model.output_shape[1:])
        values[f"{name}/step_x"], values[f"{name}/step_y"] = x, y
        if name != "mlp":  # dropout draws differ
            model.train_on_batch(x, y)
            for i, weight in enumerate(model.get_weights()):
                values[f"{name}/after{i}"] = weight
    if name == "custom":
        model.save_weights(FILES / "custom.weights.h5")


def plain(array):
    """An array of a type that .npz files know."""
    array = np.asarray(array)
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def compress(path):
    """Deflate the members: repositories like small files."""
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members.items():
            out.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def main():
    """Write the cases named on the command line, by default all."""
    FILES.mkdir(parents=True, exist_ok=True)
    names = sys.argv[1:] or saving_cases.CASES
    values = dict(np.load(FILES / "values.npz")) if sys.argv[1:] else {}
    for name in names:
        store(name, values)
    np.savez_compressed(FILES / "values.npz", **values)
    print(json.dumps({p.name: p.stat().st_size for p in sorted(FILES.iterdir())}))


if __name__ == "__main__":
    main()
