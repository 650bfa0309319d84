"""Load every `.keras` file of a directory with real Keras and run it on its data.

    KERAS_BACKEND=jax python tests/oracle/read_files.py DIRECTORY

`NAME.npz` holds the data; the outputs and the optimizer's variables go to
`NAME.out.npz`. The last line printed says for each file "ok" or what went wrong.
"""

import json
import pathlib
import sys
import warnings

import numpy as np

import keras

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "saving"))

import saving_cases  # noqa: E402,F401 - registers the classes of the user's

folder = pathlib.Path(sys.argv[1])
report = {}
for path in sorted(folder.glob("*.keras")):
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Skipping variable loading")
            model = keras.saving.load_model(path)
        data = list(np.load(path.with_suffix(".npz")).values())
        if path.stem == "structures":
            data = dict(zip(("b", "a"), data))
        elif len(data) == 1:
            data = data[0]
        outputs = keras.tree.flatten(model(data, training=False))
        arrays = [np.asarray(out).astype("float64") for out in outputs]
        if getattr(model, "optimizer", None) is not None:
            arrays += [np.asarray(v) for v in model.optimizer.variables]
        np.savez(path.with_suffix(".out.npz"), *arrays)
        report[path.stem] = "ok"
    except Exception as error:
        report[path.stem] = f"{type(error).__name__}: {error}"[-1500:]
print(json.dumps(report))
