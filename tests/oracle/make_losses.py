"""Ask real Keras (on JAX) for the losses of `losses_cases`, with gradients.

Run with an interpreter that has Keras 3.15.1: `python tests/oracle/make_losses.py`.
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"
# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import jax
import numpy as np

import keras
from keras import ops
from oracle.losses_cases import CASES, FUNCTION_CASES, loss_digest
from oracle.spec import Store, seed_of


def tensor(spec: Any, seed: str) -> Any:
    """The described array as a tensor."""
    return ops.convert_to_tensor(spec.draw(seed_of(seed)), dtype=spec.dtype)


class Masked(keras.layers.Layer):
    """Puts a mask on what passes through: the public way to do so."""

    def __init__(self, mask: Any) -> None:
        super().__init__()
        self.mask = mask

    def call(self, x: Any) -> Any:
        """The input."""
        return x + 0

    def compute_mask(self, x: Any, previous_mask: Any) -> Any:
        """The mask."""
        return self.mask


def main() -> None:
    """Write data/losses.*."""
    store, index = Store(), {}
    for key, case in CASES.items():
        loss = getattr(keras.losses, case.cls)(**case.config)
        y_true = tensor(case.y_true, f"{key}/y_true")
        y_pred = tensor(case.y_pred, f"{key}/y_pred")
        weight = case.weight and tensor(case.weight, f"{key}/weight")
        mask = case.mask and tensor(case.mask, f"{key}/mask")

        def value(p: Any, loss=loss, t=y_true, w=weight, m=mask) -> Any:
            p = p if m is None else Masked(m)(p)
            return loss(t, p, sample_weight=w)

        out = value(y_pred)
        cotangent = np.random.RandomState(seed_of(key)).uniform(0.5, 2, out.shape)

        cotangent = cotangent.astype("float32")

        def total(p: Any, value=value, c=cotangent) -> Any:
            return ops.sum(ops.cast(value(p), "float32") * c)

        grad = jax.grad(total)(y_pred)
        index[key] = {
            "spec": loss_digest(case),
            "value": store.put(out),
            "dtype": keras.backend.standardize_dtype(out.dtype),
            "grad": store.put(grad),
        }
    for key, case in FUNCTION_CASES.items():
        y_true = tensor(case.y_true, f"{key}/y_true")
        y_pred = tensor(case.y_pred, f"{key}/y_pred")
        out = getattr(keras.losses, case.name)(y_true, y_pred, **case.kwargs)
        index[f"fn:{key}"] = {"spec": loss_digest(case), "value": store.put(out)}
    store.save("losses", index)
    print(len(index), "cases")


if __name__ == "__main__":
    main()
