"""Names for the types that recur in signatures.

They say what an argument means. A checker sees the union behind the name, a reader the
name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from keras.core.tensor import KerasTensor

# The size of each axis; None where the size is not known.
Shape: TypeAlias = tuple[int | None, ...]
# What is accepted where a shape is needed.
ShapeLike: TypeAlias = Sequence[int | None]
# "float32", np.float32, torch.float32, tf.float32, float, ...; None means `floatx()`.
DTypeLike: TypeAlias = str | type | np.dtype[Any] | Any
# A tensor of a backend, a NumPy array, a number, or a nested list of numbers.
ArrayLike: TypeAlias = Any
# A structure of lists, tuples and dicts with tensors or arrays as leaves.
Nested: TypeAlias = Any
# A symbolic tensor, or a structure of them.
SymbolicInputs: TypeAlias = "KerasTensor | Sequence[Any] | Mapping[str, Any]"

Config: TypeAlias = dict[str, Any]
# The literals are what an editor offers; a variable that is any `str` is accepted too.
Padding: TypeAlias = Literal["valid", "same"] | str
CausalPadding: TypeAlias = Literal["valid", "same", "causal"] | str
DataFormat: TypeAlias = Literal["channels_last", "channels_first"] | str
# One integer for all spatial axes, or one for each.
IntOrInts: TypeAlias = int | Sequence[int]
Axis: TypeAlias = int | Sequence[int] | None
Seed: TypeAlias = int | Any | None

# A family's object by name, as a config, as a class or function, or itself.
InitializerLike: TypeAlias = str | Config | Callable[..., Any] | None
RegularizerLike: TypeAlias = str | Config | Callable[..., Any] | None
ConstraintLike: TypeAlias = str | Config | Callable[..., Any] | None
ActivationLike: TypeAlias = str | Config | Callable[..., Any] | None
LossLike: TypeAlias = str | Config | Callable[..., Any] | None
MetricLike: TypeAlias = str | Config | Callable[..., Any]
OptimizerLike: TypeAlias = str | Config | Any
PolicyLike: TypeAlias = str | Config | Any | None
