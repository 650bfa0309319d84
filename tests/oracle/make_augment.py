"""Ask real Keras (on JAX) what the layers of `augment_cases` draw and make of it.

Run with an interpreter that has Keras 3.15.1: `python tests/oracle/make_augment.py`.
Answers to unchanged cases are kept; remove data/augment.* to ask for all again.
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"
# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import keras
from oracle.augment_cases import CASES, augment_digest, data_of
from oracle.spec import DATA, Expected, Store, seed_of

METHODS = {
    "images": "transform_images",
    "labels": "transform_labels",
    "bounding_boxes": "transform_bounding_boxes",
    "segmentation_masks": "transform_segmentation_masks",
}


def packed(value: Any, store: Store) -> Any:
    """A nested structure as JSON, with the arrays in the store."""
    if isinstance(value, dict):
        return {"dict": {k: packed(v, store) for k, v in value.items()}}
    if isinstance(value, (list, tuple)):
        return {"list": [packed(v, store) for v in value]}
    if hasattr(value, "dtype"):
        return {"array": store.put(keras.ops.convert_to_numpy(value))}
    return {"plain": value if isinstance(value, (int, float, str)) else None}


def unpacked(entry: Any, known: Expected) -> Any:
    """The way back."""
    ((kind, value),) = entry.items()
    if kind == "dict":
        return {k: unpacked(v, known) for k, v in value.items()}
    if kind == "list":
        return [unpacked(v, known) for v in value]
    return known.get(value) if kind == "array" else value


def ask(key: str, spec: Any, store: Store) -> dict:
    """The draw, and what is made of it."""
    config = dict(spec.config)
    if "bounding_boxes" in spec.parts:
        config.setdefault("bounding_box_format", "xyxy")
    layer = getattr(keras.layers, spec.cls)(**config)
    data = data_of(key, spec)
    given = {name: data[name] for name in ("images", *spec.parts)}
    given = keras.tree.map_structure(keras.ops.convert_to_tensor, given)

    seeds = keras.random.SeedGenerator(seed_of(key) % 2**31)
    if spec.cls == "RandAugment":
        drawn = layer.get_random_transformation(given["images"], training=True)
    else:
        drawn = layer.get_random_transformation(
            given["images"] if spec.cls == "RandomGrayscale" else given,
            training=True,
            seed=seeds,
        )
    entry: dict[str, Any] = {"spec": augment_digest(spec)}
    entry["config"] = keras.layers.serialize(layer)
    entry["drawn"] = packed(drawn, store)
    entry["out"] = {}
    for name, value in given.items():
        transform = getattr(layer, METHODS[name])
        try:
            out = transform(value, transformation=drawn, training=True)
        except Exception as e:
            print("RAISES", key, name, type(e).__name__, str(e)[:200])
            continue
        entry["out"][name] = packed(out, store)
    return entry


def main() -> None:
    """Write data/augment.*."""
    store, index = Store(), {}
    known = Expected("augment") if (DATA / "augment.json").exists() else None
    for key, spec in CASES.items():
        old = known.index.get(key, {}) if known else {}
        if known and old.get("spec") == augment_digest(spec):
            new = dict(old)
            new["drawn"] = packed(unpacked(old["drawn"], known), store)
            new["out"] = {
                k: packed(unpacked(v, known), store) for k, v in old["out"].items()
            }
            index[key] = new
            continue
        try:
            index[key] = ask(key, spec, store)
        except Exception as e:
            print("RAISES", key, spec, type(e).__name__, str(e)[-300:])
    store.save("augment", index)
    print(len(index), "cases")


if __name__ == "__main__":
    main()
