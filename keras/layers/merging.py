"""Layers that make one tensor of several."""

from __future__ import annotations

import functools
from typing import Any

from keras import ops
from keras.core import tree
from keras.layers.layer import Layer


class Merge(Layer):
    """Combines a list of tensors.

    The mask of the output is that of all inputs that have one, joined by "and": a step
    counts where no input says that it is padding.
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
        # An input with fewer axes gets new ones behind that of the batch.
        return self.merge(
            [
                x
                if len(x.shape) == rank
                else ops.expand_dims(x, tuple(range(1, 1 + rank - len(x.shape))))
                for x in inputs
            ]
        )

    def merge(self, inputs: list[Any]) -> Any:
        """Combine tensors of the same rank."""
        raise NotImplementedError(f"{type(self).__name__} must define `merge`.")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks there are, joined by "and"."""
        found = [m for m in mask or () if m is not None]
        return functools.reduce(ops.logical_and, found) if found else None


class Add(Merge):
    """The sum of tensors of the same shape, or of shapes that can be broadcast.

    Example:
        >>> keras.layers.Add()([np.array([1.0]), np.array([2.0])])
        array([3.], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Any:
        return functools.reduce(ops.add, inputs)


class Subtract(Merge):
    """The first of two tensors less the second.

    Example:
        >>> keras.layers.Subtract()([np.array([3.0]), np.array([2.0])])
        array([1.], dtype=float32)
    """

    def check_shapes(self, shapes: list[tuple]) -> None:
        """There must be two."""
        if len(shapes) != 2:
            raise self._wrong_shapes(shapes, "it takes exactly two tensors")
        super().check_shapes(shapes)

    def merge(self, inputs: list[Any]) -> Any:
        return ops.subtract(*inputs)


class Multiply(Merge):
    """The product of tensors, element by element.

    Example:
        >>> keras.layers.Multiply()([np.array([3.0]), np.array([2.0])])
        array([6.], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Any:
        return functools.reduce(ops.multiply, inputs)


class Average(Merge):
    """The mean of tensors, element by element.

    Example:
        >>> keras.layers.Average()([np.array([1.0]), np.array([2.0])])
        array([1.5], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Any:
        return functools.reduce(ops.add, inputs) / len(inputs)


class Maximum(Merge):
    """The largest value at each place of several tensors.

    Example:
        >>> keras.layers.Maximum()([np.array([1.0]), np.array([2.0])])
        array([2.], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Any:
        return functools.reduce(ops.maximum, inputs)


class Minimum(Merge):
    """The smallest value at each place of several tensors.

    Example:
        >>> keras.layers.Minimum()([np.array([1.0]), np.array([2.0])])
        array([1.], dtype=float32)
    """

    def merge(self, inputs: list[Any]) -> Any:
        return functools.reduce(ops.minimum, inputs)


class Concatenate(Merge):
    """Tensors side by side along an axis.

    Args:
        axis: the axis along which their sizes may differ. Along time, masks are joined
            in the same way; an input without a mask counts as real throughout.

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
        """The masks side by side along time, else joined by "and"."""
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
    """The dot products of vectors along an axis of two tensors.

    Args:
        axes: the axis of both, or a pair of axes, not that of the batch.
        normalize: divide the vectors by their lengths before: cosine similarity.

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
        """There must be two, as long along their axes."""
        if len(shapes) != 2:
            raise self._wrong_shapes(shapes, "it takes exactly two tensors")
        axes = self._pair([len(s) for s in shapes])
        if any(not 1 <= a < len(s) for a, s in zip(axes, shapes)):
            raise self._wrong_shapes(
                shapes, f"axes={self.axes} must lie behind the batch axis in both"
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
        """None: the output has other axes."""


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of the inputs: `Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The difference of the inputs: `Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of the inputs: `Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of the inputs: `Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The largest values of the inputs: `Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smallest values of the inputs: `Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Any, axes: int | tuple[int, int] = -1, **kwargs: Any) -> Any:
    """`Dot(axes, **kwargs)(inputs)`."""
    return Dot(axes=axes, **kwargs)(inputs)
