"""Ask real Keras about its image classifiers: layers and outputs.

Run with an interpreter that has Keras 3.15.1, the second time for those that it does
not have on PyTorch:

    python tests/oracle/make_applications.py
    KERAS_BACKEND=jax python tests/oracle/make_applications.py
"""

from __future__ import annotations

import json
import lzma
import os
import pathlib
import sys
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")
# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import keras
from oracle.applications_cases import (
    NAMES,
    cases,
    describe,
    output_kwargs,
    picture,
    set_drawn,
)
from oracle.spec import DATA

PATH = DATA / "applications.json.xz"

# What weights begin with is not looked at, and drawing 350 million numbers takes long.
for name in ("GlorotUniform", "HeNormal", "VarianceScaling"):
    initializer = getattr(keras.initializers, name)
    initializer.__call__ = lambda self, shape, dtype=None: keras.ops.zeros(shape, dtype)


def model_of(name: str, kwargs: dict[str, Any]) -> Any:
    """The model of a case, with names counted from the beginning."""
    keras.utils.clear_session()
    return getattr(keras.applications, name)(**{"weights": None, **kwargs})


def rows(model: Any) -> list[str]:
    """A line about each operation of a model, in order."""
    out = []
    for operation in model.operations:
        nodes = operation._inbound_nodes
        inbound = [
            tensor._keras_history.operation.name
            for node in nodes
            for tensor in node.input_tensors
        ]
        is_layer = isinstance(operation, keras.layers.Layer)
        config = operation.get_config() if is_layer else None
        out.append(describe(operation, config, inbound))
    return out


def structure(name: str, kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """The layers of a case, or the error of Keras; None for another backend."""
    try:
        model = model_of(name, kwargs)
    except ValueError as error:
        text = str(error)[:60].split("\n")[0]
        return None if "torch backend" in text else {"raises": text}
    return {"name": model.name, "rows": rows(model)}


def outputs(name: str) -> list | None:
    """The scores for a drawn picture, with drawn weights."""
    if name.startswith("NASNet") and keras.config.backend() == "torch":
        return None
    model = model_of(name, output_kwargs(name))
    set_drawn(model)
    return keras.ops.convert_to_numpy(model(picture(name), training=False)).tolist()


def main() -> None:
    """Write data/applications.json.xz; what is there already is kept."""
    found: dict[str, Any] = {"cases": {}, "outputs": {}}
    if PATH.exists():
        found = json.loads(lzma.decompress(PATH.read_bytes()))
    wanted = cases()
    found["cases"] = {k: v for k, v in found["cases"].items() if k in wanted}

    for key, (name, kwargs) in wanted.items():
        if not found["cases"].get(key):
            found["cases"][key] = structure(name, kwargs)
            print(key, (found["cases"][key] or {}).get("raises", ""), flush=True)
            write(found)
    for name in NAMES:
        if not found["outputs"].get(name):
            found["outputs"][name] = outputs(name)
            print(name, found["outputs"][name], flush=True)
            write(found)


def write(found: dict[str, Any]) -> None:
    """Store what was found so far."""
    PATH.write_bytes(lzma.compress(json.dumps(found).encode()))


if __name__ == "__main__":
    main()
