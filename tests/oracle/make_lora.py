"""Write tests/oracle/data/lora.npz with real Keras: training with LoRA.

Run with a Python that has Keras 3.15.1 and a backend:

    KERAS_BACKEND=jax python tests/oracle/make_lora.py

The model is the case `lora` of tests/saving/saving_cases.py. The file has its weights
(`before0`, ...), a batch (`x`, `y`), the loss of each step of training on it (`losses`)
and the weights after that (`after0`, ...).
"""

import pathlib
import sys

import numpy as np

TESTS = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "saving"))

import saving_cases  # noqa: E402


def main():
    """Train for five steps."""
    model, x = saving_cases.build("lora")
    y = saving_cases.floats(4, 3)
    model.compile(saving_cases.optimizers.Adam(0.01), "mse")
    values = {"x": x, "y": y}
    for i, weight in enumerate(model.get_weights()):
        values[f"before{i}"] = weight
    history = model.fit(x, y, epochs=5, batch_size=4, verbose=0)
    values["losses"] = np.array(history.history["loss"])
    for i, weight in enumerate(model.get_weights()):
        values[f"after{i}"] = weight
    np.savez_compressed(TESTS / "oracle" / "data" / "lora.npz", **values)


if __name__ == "__main__":
    main()
