"""Layers that merge several tensors into one."""

from __future__ import annotations

import functools
from typing import Any

from keras import ops
from keras.core import tree
from keras.core.op import Tensor
from keras.layers.layer import Layer


class Merge(Layer):
    """Base class of layers that merge a list of tensors.

    The mask of the output is the logical and of the masks of the inputs.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Check that the shapes fit."""
        if isinstance(input_shape, dict) or tree.is_shape(input_shape):
            raise self._wrong_shapes(input_shape, "it takes a list of tensors")
        shapes = [tuple(s) for s in input_shape]
        self.check_batches(shapes)
        self.check_shapes(shapes)

    def check_batches(self, shapes: list[tuple]) -> None:
        """Raise ValueError if the batch sizes differ."""
        if len({s[0] for s in shapes if s} - {None}) > 1:
            raise self._wrong_shapes(shapes, "the batch sizes differ")

    def check_shapes(self, shapes: list[tuple]) -> None:
        """Raise ValueError unless the inputs can be combined."""
        rank = max(len(s) for s in shapes)
        same_rank = [s[:1] + (1,) * (rank - len(s)) + s[1:] for s in shapes]
        for sizes in zip(*same_rank):
            if len({n for n in sizes if n not in (1, None)}) > 1:
                raise self._wrong_shapes(
                    shapes, "they cannot be broadcast to one shape"
                )

    def _wrong_shapes(self, shapes: Any, problem: str) -> ValueError:
        return ValueError(
            f"{type(self).__name__} layer {self.name!r}: {problem}; received inputs of "
            f"shapes {shapes}."
        )

    def call(self, inputs: Any) -> Any:
        """Combine."""
        rank = max(len(x.shape) for x in inputs)
        # An input of lower rank gets new axes after the batch axis.
        return self.merge(
            [
                x
                if len(x.shape) == rank
                else ops.expand_dims(x, tuple(range(1, 1 + rank - len(x.shape))))
                for x in inputs
            ]
        )

    def merge(self, inputs: list[Any]) -> Tensor:
        """Combine tensors of the same rank."""
        raise NotImplementedError(f"{type(self).__name__} must define `merge`.")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The logical and of the masks of the inputs."""
        found = [m for m in mask or () if m is not None]
        return functools.reduce(ops.logical_and, found) if found else None


class Add(Merge):
    """Adds tensors element-wise, with broadcasting.

    Example:
        >>> keras.layers.Add()([np.array([1.0]), np.array([2.0])])
        array([3.], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Tensor:
        return functools.reduce(ops.add, inputs)


class Subtract(Merge):
    """Subtracts the second of two tensors from the first.

    Example:
        >>> keras.layers.Subtract()([np.array([3.0]), np.array([2.0])])
        array([1.], dtype=float32)
    """

    def check_shapes(self, shapes: list[tuple]) -> None:
        """There must be two."""
        if len(shapes) != 2:
            raise self._wrong_shapes(shapes, "it takes exactly two tensors")
        super().check_shapes(shapes)

    def merge(self, inputs: list[Any]) -> Tensor:
        return ops.subtract(*inputs)


class Multiply(Merge):
    """Multiplies tensors element-wise, with broadcasting.

    Example:
        >>> keras.layers.Multiply()([np.array([3.0]), np.array([2.0])])
        array([6.], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Tensor:
        return functools.reduce(ops.multiply, inputs)


class Average(Merge):
    """Averages tensors element-wise, with broadcasting.

    Example:
        >>> keras.layers.Average()([np.array([1.0]), np.array([2.0])])
        array([1.5], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Tensor:
        return functools.reduce(ops.add, inputs) / len(inputs)


class Maximum(Merge):
    """Computes the element-wise maximum of tensors.

    Example:
        >>> keras.layers.Maximum()([np.array([1.0]), np.array([2.0])])
        array([2.], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Tensor:
        return functools.reduce(ops.maximum, inputs)


class Minimum(Merge):
    """Computes the element-wise minimum of tensors.

    Example:
        >>> keras.layers.Minimum()([np.array([1.0]), np.array([2.0])])
        array([1.], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Tensor:
        return functools.reduce(ops.minimum, inputs)


class Concatenate(Merge):
    """Concatenates tensors along an axis.

    Args:
        axis: the axis to concatenate along; other axes must have equal sizes. Along
            the time axis masks are concatenated too; an input without a mask counts as
            unmasked.

    Example:
        >>> keras.layers.Concatenate()([np.ones((2, 3)), np.ones((2, 4))]).shape
        (2, 7)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def check_batches(self, shapes: list[tuple]) -> None:
        """Batches may differ if they are what is concatenated."""
        if self.axis != 0:
            super().check_batches(shapes)

    def check_shapes(self, shapes: list[tuple]) -> None:
        """All but one axis must have the same sizes."""
        rank = len(shapes[0])
        if any(len(s) != rank for s in shapes):
            raise self._wrong_shapes(shapes, "the numbers of axes differ")
        if not -rank <= self.axis < rank:
            raise self._wrong_shapes(shapes, f"there is no axis {self.axis}")
        for axis, sizes in enumerate(zip(*shapes)):
            if axis != self.axis % rank and len(set(sizes) - {None}) > 1:
                raise self._wrong_shapes(
                    shapes, f"only axis {self.axis} may have different sizes"
                )

    def call(self, inputs: Any) -> Any:
        return ops.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The concatenated masks along the time axis, else their logical and."""
        found = [m for m in mask or () if m is not None]
        if not found:
            return None
        axis = self.axis % len(inputs[0].shape)
        if axis >= len(found[0].shape):
            return super().compute_mask(inputs, mask)
        lead = slice(None, len(found[0].shape))
        return ops.concatenate(
            [
                ops.ones(ops.shape(x)[lead], "bool") if m is None else m
                for x, m in zip(inputs, mask)
            ],
            axis=axis,
        )


class Dot(Merge):
    """Computes dot products of two tensors along an axis.

    Args:
        axes: the axis to contract in both tensors, or a pair of axes; not the batch
            axis.
        normalize: whether vectors are L2-normalized first, which gives the cosine
            similarity.

    Output of shape `(batch, *rest of the first, *rest of the second)`, or `(batch, 1)`
    where no rest is left.

    Raises:
        ValueError: the sizes of the two axes differ.

    Example:
        >>> x, y = np.ones((2, 3, 4)), np.ones((2, 5, 4))
        >>> keras.layers.Dot(axes=2)([x, y]).shape
        (2, 3, 5)
    """

    def __init__(
        self, axes: int | tuple[int, int], normalize: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(axes, int) and not (
            isinstance(axes, (list, tuple))
            and len(axes) == 2
            and all(isinstance(a, int) for a in axes)
        ):
            raise (ValueError if isinstance(axes, (list, tuple)) else TypeError)(
                "Dot: `axes` must be an integer or a pair of integers; received "
                f"{axes!r}."
            )
        self.axes = axes if isinstance(axes, int) else tuple(axes)
        self.normalize = bool(normalize)

    def _pair(self, ranks: list[int]) -> list[int]:
        axes = (self.axes,) * 2 if isinstance(self.axes, int) else self.axes
        return [a + rank if a < 0 else a for a, rank in zip(axes, ranks)]

    def check_shapes(self, shapes: list[tuple]) -> None:
        """There must be two tensors, of equal size along the contracted axes."""
        if len(shapes) != 2:
            raise self._wrong_shapes(shapes, "it takes exactly two tensors")
        axes = self._pair([len(s) for s in shapes])
        if any(not 1 <= a < len(s) for a, s in zip(axes, shapes)):
            raise self._wrong_shapes(
                shapes, f"axes={self.axes} must come after the batch axis in both"
            )
        sizes = [s[a] for a, s in zip(axes, shapes)]
        if None not in sizes and sizes[0] != sizes[1]:
            raise self._wrong_shapes(
                shapes,
                f"along axes={self.axes} their sizes are {sizes[0]} and {sizes[1]}",
            )

    def call(self, inputs: Any) -> Any:
        x, y = inputs
        axes = self._pair([len(x.shape), len(y.shape)])
        if self.normalize:
            x, y = (ops.normalize(v, axis=a) for v, a in zip((x, y), axes))

        # Letters of the axes: "a" the batch, "z" the one that is summed.
        letters = iter("bcdefghijklmnopqrstuvwxy")
        names = [
            "".join(
                "z" if i == a else "a" if i == 0 else next(letters)
                for i in range(len(v.shape))
            )
            for v, a in zip((x, y), axes)
        ]

        rest = [name[1:].replace("z", "") for name in names]
        out = ops.einsum(f"{names[0]},{names[1]}->a{''.join(rest)}", x, y)
        return out if any(rest) else ops.expand_dims(out, -1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: the axes of the output differ from those of the inputs."""


def add(inputs: Any, **kwargs: Any) -> Tensor:
    """The sum of the inputs: `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Tensor:
    """The difference of the inputs: `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Tensor:
    """The product of the inputs: `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Tensor:
    """The mean of the inputs: `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Tensor:
    """The largest values of the inputs: `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Tensor:
    """The smallest values of the inputs: `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Tensor:
    """`Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Any, axes: int | tuple[int, int] = -1, **kwargs: Any) -> Tensor:
    """`Dot(axes, **kwargs)(inputs)`."""
    return Dot(axes=axes, **kwargs)(inputs)
