"""Activations by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from keras import ops
from keras.activations.activations import exponential, gelu, linear, mish, relu
from keras.core.config.configurable import register_serializer
from keras.core.config.family import Family
from keras.core.typing import ActivationLike
from keras.ops import activations as nn

_OPS = (
    "celu",
    "elu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh_shrink",
    "threshold",
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


def get(identifier: ActivationLike) -> Callable[..., Any]:
    """The activation for a name, a config or a callable; `linear` for None.

    Args:
        identifier: "relu", a function of a tensor, a layer, a config, or None.

    Raises:
        ValueError: there is no activation of that name.

    Example:
        >>> keras.activations.get("relu") is keras.activations.relu
        True
    """
    return linear if identifier is None else _FAMILY.get(identifier)


def serialize(activation: Any) -> Any:
    """An activation as data: the name of a built-in one, else the config of an object.

    Example:
        >>> keras.activations.serialize(keras.activations.relu)
        'relu'
    """
    name = getattr(activation, "__name__", None)
    if inspect.isfunction(activation) and name in _ACTIVATIONS:
        if activation in (_ACTIVATIONS[name], getattr(nn, name, None)):
            return name
    return _FAMILY.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation for a name or what `serialize` returned.

    Args:
        config: a name, a config, or None for `linear`.
        custom_objects: further activations by name.

    Raises:
        ValueError: there is no activation of that name.
    """
    return linear if config is None else _FAMILY.deserialize(config, custom_objects)


register_serializer("activation", serialize)
