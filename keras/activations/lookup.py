"""Activations by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from keras import ops
from keras.activations.activations import exponential, gelu, linear, mish, relu
from keras.core.config.configurable import register_serializer
from keras.core.config.family import Family
from keras.ops import activations as nn

_OPS = (
    *("celu", "elu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh"),
    *("leaky_relu", "log_sigmoid", "log_softmax", "relu6", "selu", "sigmoid", "silu"),
    *("soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparsemax"),
    *("sparse_sigmoid", "squareplus", "tanh_shrink", "threshold"),
)
_ACTIVATIONS = {
    **{name: getattr(nn, name) for name in _OPS},
    "tanh": ops.tanh,
    **{fn.__name__: fn for fn in (exponential, gelu, linear, mish, relu)},
}
_FAMILY = Family(
    "activation function",
    {**_ACTIVATIONS, "swish": nn.silu, "hard_swish": nn.hard_silu},
    instantiate=False,
)


def get(identifier: Any) -> Any:
    """The activation meant by a name, a config or a callable; `linear` by None.

    Args:
        identifier: "relu", a function of a tensor, a layer, a config, or None.

    Raises:
        ValueError: no activation has that name.

    Example:
        >>> keras.activations.get("relu") is keras.activations.relu
        True
    """
    return linear if identifier is None else _FAMILY.get(identifier)


def serialize(activation: Any) -> Any:
    """An activation as data: the plain name of one of these, else as any object."""
    name = getattr(activation, "__name__", None)
    if inspect.isfunction(activation) and name in _ACTIVATIONS:
        if activation in (_ACTIVATIONS[name], getattr(nn, name, None)):
            return name
    return _FAMILY.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """An activation from a name or `serialize`'s data; `custom_objects` adds names."""
    return linear if config is None else _FAMILY.deserialize(config, custom_objects)


register_serializer("activation", serialize)
