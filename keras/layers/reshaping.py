"""Layers that change the shape but not the values."""

from __future__ import annotations

import math
from typing import Any

from keras import ops
from keras.core.dtypes import is_float_dtype
from keras.core.errors import check_positive_int
from keras.core.settings import standardize_data_format
from keras.core.tensor import KerasTensor
from keras.layers.input_spec import InputSpec
from keras.layers.layer import Layer


class Flatten(Layer):
    """Flattens all axes but the batch axis into one.

    Args:
        data_format: with "channels_first" the channels are moved last first; by default
            `keras.config.image_data_format()`.

    Example:
        >>> keras.layers.Flatten()(np.ones((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        rank = len(inputs.shape)
        if self.data_format == "channels_first" and rank > 2:
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        sizes = inputs.shape[1:]
        flat = -1 if None in sizes else math.prod(sizes)
        return ops.reshape(inputs, (_batch(inputs, flat), flat))


def _batch(inputs: Any, rest: int) -> Any:
    """The batch size in a new shape: -1 where possible, else its size."""
    if inputs.shape[0] is not None:
        return inputs.shape[0]
    return ops.shape(inputs)[0] if rest == -1 else -1


class Reshape(Layer):
    """Reshapes each sample to a target shape.

    Args:
        target_shape: the new shape without the batch axis; one size may be -1.

    Raises:
        ValueError: the number of elements is not the same.

    Example:
        >>> keras.layers.Reshape((2, -1))(np.ones((5, 6))).shape
        (5, 2, 3)
    """

    def __init__(self, target_shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(target_shape, int):
            target_shape = (target_shape,)
        self.target_shape = tuple(target_shape)
        open_axes = [n for n in self.target_shape if n == -1]
        if len(open_axes) > 1 or any(n < -1 for n in self.target_shape):
            raise ValueError(
                "Reshape: `target_shape` must be sizes, of which one may be -1; "
                f"received {self.target_shape}."
            )

    def call(self, inputs: Any) -> Any:
        sizes = tuple(inputs.shape[1:])
        target = self.target_shape
        if None not in sizes:
            total = math.prod(sizes)
            known = math.prod(n for n in target if n != -1)
            fits = known == total if -1 not in target else known and total % known == 0
            if not fits:
                raise ValueError(
                    f"Reshape layer {self.name!r}: an input of shape {sizes} beside "
                    f"the batch has {total} elements, which target_shape={target} "
                    "cannot hold."
                )
            target = tuple(total // known if n == -1 else n for n in target)
        batch = _batch(inputs, -1 if -1 in target else 0)
        return ops.reshape(inputs, (batch, *target))

    def compute_output_spec(self, inputs: Any) -> Any:
        """The target shape, if unknown input sizes prevent a check."""
        if None not in inputs.shape[1:] or -1 in self.target_shape:
            return super().compute_output_spec(inputs)
        dtype = self.compute_dtype if is_float_dtype(inputs.dtype) else inputs.dtype
        return KerasTensor((inputs.shape[0], *self.target_shape), dtype)


class Permute(Layer):
    """Permutes the axes of each sample.

    Args:
        dims: permutation of the axes, counted from 1 without the batch axis.

    Example:
        >>> keras.layers.Permute((2, 1))(np.ones((5, 3, 4))).shape
        (5, 4, 3)
    """

    def __init__(self, dims: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Permute: `dims` must be the numbers from 1 to {len(self.dims)} in "
                f"some order; received {self.dims}."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """Repeats a vector `n` times along a new time axis.

    Args:
        n: the number of steps.

    Input of shape `(batch, features)`, output `(batch, n, features)`.

    Example:
        >>> keras.layers.RepeatVector(3)(np.ones((2, 4))).shape
        (2, 3, 4)
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(n, int):
            raise TypeError(f"RepeatVector: `n` must be an integer; received {n!r}.")
        self.n = check_positive_int(n, "n", "RepeatVector")
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)
