"""Ask real Keras (on JAX) for outputs and gradients of the layers of `layers_cases`.

Run with an interpreter that has Keras 3.15.1: `python tests/oracle/make_layers.py`.
Answers to unchanged cases are kept; remove data/layers.* to ask for all again.
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

import keras
from keras import ops
from oracle.layers_cases import CASES, Sub, cotangents, layer_digest, weight_values
from oracle.spec import DATA, Expected, Store, draw_all, leaves, map_arrays


def build(value: Any) -> Any:
    """A config with the layers in it made."""
    if isinstance(value, Sub):
        return getattr(keras.layers, value.cls)(**build(value.config))
    if isinstance(value, dict):
        return {k: build(v) for k, v in value.items()}
    return [build(v) for v in value] if isinstance(value, list) else value


def symbols(tree: Any, batch: bool) -> Any:
    """Symbolic tensors in place of arrays; with `batch`, of unknown batch size."""

    def symbol(a: Any) -> Any:
        shape = (None, *a.shape[1:]) if batch and a.shape else a.shape
        return keras.KerasTensor(shape, a.dtype)

    return map_arrays(symbol, tree)


def is_float(x: Any) -> bool:
    """Whether a tensor has a gradient."""
    return "float" in keras.backend.standardize_dtype(x.dtype)


def shapes_of(out: Any) -> list:
    """Shapes of all tensors in a result."""
    return [None if x is None else list(x.shape) for x in leaves(out)]


def ask(key: str, case: Any, store: Store) -> dict:
    """Everything about one case."""

    def convert(x: Any, spec: Any) -> Any:
        return ops.convert_to_tensor(x, dtype=spec.dtype)

    def put(x: Any) -> Any:
        if x is None:
            return None
        x = ops.cast(x, "float32") if is_float(x) else x
        return store.put(ops.convert_to_numpy(x))

    layer = build(Sub(case.cls, case.config))
    entry: dict[str, Any] = {"spec": layer_digest(case)}
    entry["config"] = keras.layers.serialize(layer)
    args, kwargs = symbols((case.args, case.kwargs), False)
    layer(*args, **kwargs)
    shapes = [list(w.shape) for w in layer.weights]
    values = weight_values(key, shapes, [w.name for w in layer.weights])
    layer.set_weights(values)
    entry["weights"] = [[w.name, list(w.shape)] for w in layer.weights]
    entry["trainable"] = len(layer.trainable_weights)
    entry["out"] = []
    for n in range(case.calls):
        args, kwargs = draw_all((case.args, case.kwargs), f"{key}/{n}", convert)
        out = layer(*args, **kwargs)
        entry["out"].append([put(x) for x in leaves(out)])
    entry["dtypes"] = [
        None if x is None else keras.backend.standardize_dtype(x.dtype)
        for x in leaves(out)
    ]
    entry["after"] = [put(w.value) for w in layer.non_trainable_weights]
    entry["losses"] = [put(x) for x in layer.losses]
    previous = kwargs.get("mask")
    new_mask = layer.compute_mask(args[0] if len(args) == 1 else list(args), previous)
    if not isinstance(new_mask, (list, tuple)):
        entry["mask"] = put(new_mask)
    if case.calls == 1:
        args, kwargs = symbols((case.args, case.kwargs), True)
        try:
            entry["symbolic"] = shapes_of(layer(*args, **kwargs))
        except Exception as e:
            print("NOT SYMBOLIC", key, type(e).__name__, str(e)[:150])
    if case.calls > 1 or not any(x is not None and is_float(x) for x in leaves(out)):
        return entry
    layer.set_weights(values)
    args, kwargs = draw_all((case.args, case.kwargs), f"{key}/0", convert)
    flat, treedef = jax.tree_util.tree_flatten((args, kwargs))
    where = [i for i, x in enumerate(flat) if hasattr(x, "dtype") and is_float(x)]
    seeds = [x for x in leaves(out) if x is not None and is_float(x)]
    seeds = cotangents(key, [x.shape for x in seeds])

    def total(inputs: list, trainable: list) -> Any:
        filled = list(flat)
        for i, x in zip(where, inputs):
            filled[i] = x
        a, k = jax.tree_util.tree_unflatten(treedef, filled)
        frozen = [v.value for v in layer.non_trainable_variables]
        result, _ = layer.stateless_call(trainable, frozen, *a, **k)
        found = [x for x in leaves(result) if x is not None and is_float(x)]
        return sum((x.astype("float32") * c).sum() for x, c in zip(found, seeds))

    inputs = [flat[i] for i in where]
    trainable = [v.value for v in layer.trainable_variables]
    grads = jax.grad(total, argnums=(0, 1))(inputs, trainable)
    entry["input_grads"] = [put(g) for g in grads[0]]
    entry["weight_grads"] = [put(g) for g in grads[1]]
    return entry


def moved(entry: Any, known: Expected, store: Store) -> Any:
    """Stored results whose arrays are put into the new store."""
    if entry and isinstance(entry[0], str):
        return store.put(known.get(entry))
    return [e and moved(e, known, store) for e in entry]


def main() -> None:
    """Write data/layers.*."""
    store, index = Store(), {}
    known = Expected("layers") if (DATA / "layers.json").exists() else None
    arrays = ("out", "after", "losses", "mask", "input_grads", "weight_grads")
    for key, case in CASES.items():
        old = known.index.get(key, {}) if known else {}
        if old.get("spec") == layer_digest(case):
            index[key] = {
                k: moved(v, known, store) if k in arrays and v else v
                for k, v in old.items()
            }
            continue
        try:
            index[key] = ask(key, case, store)
        except Exception as e:
            print("RAISES", key, case, type(e).__name__, str(e)[-600:])
            continue
    store.save("layers", index)
    print(len(index), "cases")


if __name__ == "__main__":
    main()
