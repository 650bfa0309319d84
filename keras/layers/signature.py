"""The signatures of a layer class's `call` and `build`, looked up once for each class.

They tell which arguments are tensors, which parameter takes the mask of which argument,
and which shapes `build` wants.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from keras.core import tree
from keras.core.tensor import KerasTensor


class CallSignature:
    """The parameters of a layer class's `call`.

    Attributes:
        names: all parameters but `self` and `**kwargs`.
        positional: those that may be given by position.
        has_training: whether `training` is one of `names`.
        training_index: its position among them, or -1.
        training_default: its default value, or None.
        masks: for each argument whose mask `call` takes, the argument's position, its
            name, and the parameter for the mask.
    """

    names: list[str]
    positional: list[str]
    has_training: bool
    training_index: int
    training_default: Any
    masks: list[tuple[int, str, str]]

    def __init__(self, call: Any) -> None:
        self.signature = inspect.signature(call)
        parameters = list(self.signature.parameters.values())[1:]
        by_position = (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        )
        names = [p.name for p in parameters if p.kind is not p.VAR_KEYWORD]
        self.names = names
        self.positional = [p.name for p in parameters if p.kind in by_position]

        self.has_training = "training" in names
        self.training_index = names.index("training") if self.has_training else -1
        training = self.signature.parameters.get("training")
        self.training_default = None
        if training is not None and training.default is not training.empty:
            self.training_default = training.default

        self.masks = []
        if self.positional and "mask" in names and self.positional[0] != "mask":
            self.masks.append((0, self.positional[0], "mask"))
        for i, name in enumerate(self.positional):
            if f"{name}_mask" in names:
                self.masks.append((i, name, f"{name}_mask"))

    def tensor_arguments(self, args: tuple, kwargs: dict) -> dict[str, Any]:
        """The arguments by name that are tensors or nests of them, in order."""
        found = {}
        values = dict(zip(self.positional, args))
        if len(args) > len(self.positional):  # *args
            values = {f"arg{i}": arg for i, arg in enumerate(args)}
        for name, value in {**values, **kwargs}.items():
            if name == "training" or name == "mask" or name.endswith("_mask"):
                continue
            leaves = tree.flatten(value)
            if leaves and any(is_tensor_like(leaf) for leaf in leaves):
                found[name] = value
        return found


def is_tensor_like(x: Any) -> bool:
    """Whether `x` has the shape and type of a tensor, symbolic or not."""
    return isinstance(x, KerasTensor) or (hasattr(x, "shape") and hasattr(x, "dtype"))


# A class counts as Hashable only where the checker cannot see the class.
call_signature: Callable[[Any], CallSignature] = functools.cache(
    lambda cls: CallSignature(cls.call)
)


@functools.cache
def build_parameters(cls: Any) -> tuple[list[str], bool] | None:
    """The names of `cls.build`'s parameters and whether it takes any more.

    None when the class leaves `build` as the base class has it.
    """
    build = inspect.unwrap(cls.build)
    if getattr(build, "_is_default", False):
        return None
    parameters = list(inspect.signature(build).parameters.values())[1:]
    names = [
        p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    return names, any(p.kind is p.VAR_KEYWORD for p in parameters)


@functools.cache
def shape_parameters(cls: Any) -> frozenset[str]:
    """The names of the parameters of `cls.compute_output_shape`."""
    return frozenset(inspect.signature(cls.compute_output_shape).parameters)


def shape_of(value: Any) -> Any:
    """The shape of a tensor, or the shapes of a nested structure of tensors."""
    if value is None:
        return None
    if is_tensor_like(value):
        return tuple(value.shape)
    return tree.map_structure(
        lambda t: tuple(t.shape) if is_tensor_like(t) else None, value
    )
