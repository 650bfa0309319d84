"""What the output shapes of a layer depend on, as a key to remember them by.

Finding shapes by evaluation takes a framework about a millisecond a layer, and deep
networks repeat the same few layers on the same few shapes. A built-in layer whose
attributes are all settings, functions of this package and weights gives the same shapes
as another one with equal attributes, so the shapes found for one serve both.
"""

from __future__ import annotations

from collections.abc import Hashable
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

from keras.core.inspection import is_builtin
from keras.core.variable import Variable
from keras.dtype_policies.policy import DTypePolicy
from keras.random import SeedGenerator

if TYPE_CHECKING:
    from keras.layers.layer import Layer

_PLAIN = (type(None), bool, int, float, str)
# Attributes that no computation reads: names, and the layer's own bookkeeping.
_ASIDE = frozenset(
    (
        *("name", "built", "input_spec", "_backend"),
        *("_path", "_stamp", "_build_shapes", "_input_shape_arg", "_settled"),
        *("_building", "_compiled", "_own_variables", "_losses", "_with_losses"),
    )
)
# Read while weights are made, which they are already, or for the loss.
_ENDINGS = ("_initializer", "_regularizer", "_constraint")
_UNKNOWN = object()


def shape_key(layer: Layer) -> Hashable | None:
    """A key that is equal for layers with equal output shapes; None if unknown.

    Args:
        layer: a layer with its weights, that runs only code of this package.
    """
    parts: list[Any] = [type(layer)]
    for name, value in vars(layer).items():
        if name in _ASIDE or name.endswith(_ENDINGS):
            continue
        part = _part(value)
        if part is _UNKNOWN:
            return None
        parts.append((name, part))
    return tuple(parts)


def _part(value: Any) -> Any:
    """What of an attribute's value may change a shape."""
    kind = type(value)
    if kind in _PLAIN:
        return kind, value
    if kind is tuple:
        return repr(value) if _is_plain(value) else _UNKNOWN
    if isinstance(value, Variable):
        return value.shape, value.dtype, value.autocast
    if kind is DTypePolicy:
        return value.name
    if kind is SeedGenerator:
        return kind
    if kind in (FunctionType, BuiltinFunctionType):
        # Not one made by a call: it would be kept alive, and never be met again.
        lasting = is_builtin(value) and "<locals>" not in value.__qualname__
        return value if lasting else _UNKNOWN
    return _UNKNOWN


def _is_plain(value: Any) -> bool:
    if type(value) is tuple:
        return all(map(_is_plain, value))
    return type(value) in _PLAIN
