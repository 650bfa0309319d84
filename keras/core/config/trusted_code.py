"""Python code from a file: only reached from `keras.saving.load_trusted_model`."""

from __future__ import annotations

import base64
import marshal
import types
from typing import Any

from keras.core.config import limits


def function_from(config: dict[str, Any]) -> types.FunctionType:
    """The function that Keras wrote as bytecode.

    Args:
        config: `code` (marshalled, in base64), `defaults` and `closure`.

    Raises:
        ValueError: the bytecode is of another version of Python.
    """
    if not limits.is_trusted():
        raise PermissionError("Code is read only within `load_trusted_model`.")
    from keras.core.config.serialization import revive

    try:
        code = marshal.loads(base64.b64decode(config["code"]))
    except (ValueError, EOFError, TypeError) as error:
        raise ValueError(
            "The bytecode of a lambda in the file is of another version of Python, or "
            f"damaged: {error}. Load it with the version that saved it."
        ) from error
    defaults = config.get("defaults")
    closure = tuple(types.CellType(revive(x)) for x in config.get("closure") or ())
    names = {"__builtins__": __builtins__, **_modules()}
    return types.FunctionType(
        code, names, argdefs=tuple(revive(defaults or ())), closure=closure
    )


def _modules() -> dict[str, Any]:
    import numpy as np

    import keras

    return {"keras": keras, "ops": keras.ops, "np": np, "numpy": np}
