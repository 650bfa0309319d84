"""What is behind each path of `tf.keras`."""

from __future__ import annotations

import types

import keras
from keras.core.alias_modules import Alias

ADVICE = "See keras.io for the names of Keras 3."

# Of Keras 2, and still in `tf.keras`, with the name in `keras.losses`.
_SHORT = {
    "KLD": "kl_divergence",
    "MAE": "mean_absolute_error",
    "MAPE": "mean_absolute_percentage_error",
    "MSE": "mean_squared_error",
    "MSLE": "mean_squared_logarithmic_error",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
}
_SHORT.update({name.lower(): full for name, full in _SHORT.items()})

_LEGACY = "keras._tf_keras.legacy"
_NAMES: dict[str, dict[str, str]] = {
    "losses": {name: f"keras.losses:{full}" for name, full in _SHORT.items()}
    | {"Reduction": f"{_LEGACY}.losses:Reduction"},
    "metrics": {name: f"keras.losses:{full}" for name, full in _SHORT.items()},
    "layers": {"ThresholdedReLU": f"{_LEGACY}.layers:ThresholdedReLU"},
}
# Modules with names of their own beside the public ones.
_MODULES = {
    "backend": f"{_LEGACY}.backend",
    "preprocessing.sequence": f"{_LEGACY}.sequence",
    "preprocessing.text": f"{_LEGACY}.text",
}


def resolve(path: str) -> Alias | None:
    """The public module of this path, and what Keras 2 had there besides."""
    public = _public_module(path)
    own = [_MODULES[path]] if path in _MODULES else []
    is_parent = any(place.startswith(path + ".") for place in _MODULES)
    if public is None and not own and not is_parent:
        return None
    modules = own + ([public] if public else [])
    return Alias(modules, _NAMES.get(path, {}))


def _public_module(path: str) -> str | None:
    """The name of the public module `keras.<path>`, or None."""
    found: types.ModuleType = keras
    for part in filter(None, path.split(".")):
        if part.startswith("_") or part not in getattr(found, "__all__", ()):
            return None
        below = getattr(found, part)
        if not isinstance(below, types.ModuleType):
            return None
        found = below
    return found.__name__
