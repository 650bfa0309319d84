"""Ask real Keras for the loss curves of two text models.

    KERAS_BACKEND=jax python tests/oracle/make_curves.py

Writes data/curves.npz: the batches (characters of scikit-learn's own texts) and the
loss of each of the first 200 steps.
"""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import curve_models as models

import keras

assert keras.__version__ == "3.15.1", keras.__version__
batches = models.make_batches(models.read_text())
curves = {name: models.train(keras, name, batches) for name in models.MODELS}
path = pathlib.Path(__file__).parent / "data" / "curves.npz"
np.savez_compressed(path, batches=batches, **curves)
for name, curve in curves.items():
    print(name, curve[[0, 10, 50, 100, 199]])
