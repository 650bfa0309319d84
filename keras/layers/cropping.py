"""Cropping and zero padding."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.layers.layer import Layer
from keras.layers.ranks import Spatial, defaults

Sides = tuple[tuple[int, int], ...]


def standardize_sides(value: Any, rank: int, argument: str, who: str) -> Sides:
    """The amounts at the start and the end of each spatial axis.

    One integer applies to all axes; an integer for an axis applies to both its sides.
    With a single axis, a pair means its two sides.
    """
    given = (value,) * rank if isinstance(value, int) else value
    if rank == 1 and isinstance(given, (tuple, list)) and len(given) == 2:
        given = (given,)
    if isinstance(given, (tuple, list)) and len(given) == rank:
        sides = tuple((v, v) if isinstance(v, int) else v for v in given)
        if all(
            isinstance(pair, (tuple, list))
            and len(pair) == 2
            and all(isinstance(n, int) and n >= 0 for n in pair)
            for pair in sides
        ):
            return tuple((pair[0], pair[1]) for pair in sides)
    raise ValueError(
        f"{who}: `{argument}` must be an integer of at least 0, or for each of the "
        f"{rank} axes one or a pair (start, end); received {value!r}."
    )


class Cropping(Spatial, Layer):
    """Base of the cropping layers; see `Cropping2D` for the arguments."""

    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._sides = standardize_sides(
            cropping, self.rank, "cropping", type(self).__name__
        )
        self.cropping: Any = self._sides[0] if self.rank == 1 else self._sides
        self.keep_layout(data_format)

    def call(self, inputs: Any) -> Any:
        index = [slice(None)] * (self.rank + 2)
        for axis, (start, end) in zip(self.spatial_axes, self._sides):
            size = inputs.shape[axis]
            if size is not None and start + end >= size:
                raise ValueError(
                    f"{type(self).__name__} layer {self.name!r}: nothing is left of "
                    f"axis {axis} of an input of shape {tuple(inputs.shape)} when "
                    f"cropping={self.cropping} is cut off."
                )
            index[axis] = slice(start, -end if end else None)
        return inputs[tuple(index)]


class Cropping1D(Cropping):
    """Crops the start and the end of sequences.

    Args:
        cropping: number of steps at both ends, or a pair (start, end).

    Input of shape `(batch, time, features)`.

    Example:
        >>> keras.layers.Cropping1D((1, 2))(np.ones((2, 10, 4))).shape
        (2, 7, 4)
    """

    rank = 1
    _unwritten = ("data_format",)

    def __init__(self, cropping: int | tuple[int, int] = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)


@defaults(cropping=((0, 0), (0, 0)))
class Cropping2D(Cropping):
    """Crops the borders of images.

    Args:
        cropping: number of pixels on every side; or for height and width a number, or
            a pair (start, end), each.
        data_format: "channels_last" or "channels_first".

    Input of shape `(batch, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.Cropping2D(((1, 2), (0, 0)))(np.ones((1, 9, 9, 3))).shape
        (1, 6, 9, 3)
    """

    rank = 2


@defaults(cropping=((1, 1), (1, 1), (1, 1)))
class Cropping3D(Cropping):
    """Crops the borders of volumes.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `Cropping2D`, for three axes.

    Example:
        >>> keras.layers.Cropping3D(1)(np.ones((1, 9, 9, 9, 3))).shape
        (1, 7, 7, 7, 3)
    """

    rank = 3


class ZeroPadding(Spatial, Layer):
    """Base of the padding layers; see `ZeroPadding2D` for the arguments."""

    def __init__(self, padding: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._sides = standardize_sides(
            padding, self.rank, "padding", type(self).__name__
        )
        self.padding: Any = self._sides[0] if self.rank == 1 else self._sides
        self.keep_layout(data_format)

    def call(self, inputs: Any) -> Any:
        pads = [(0, 0)] * (self.rank + 2)
        for axis, sides in zip(self.spatial_axes, self._sides):
            pads[axis] = sides
        return ops.pad(inputs, pads)


@defaults(padding=1)
class ZeroPadding1D(ZeroPadding):
    """Pads sequences with zeros.

    Args:
        padding: number of steps at both ends, or a pair (start, end).
        data_format: "channels_last" or "channels_first".

    Input of shape `(batch, time, channels)`, or channels first.

    Example:
        >>> keras.layers.ZeroPadding1D((2, 0))(np.ones((2, 10, 4))).shape
        (2, 12, 4)
    """

    rank = 1


@defaults(padding=(1, 1))
class ZeroPadding2D(ZeroPadding):
    """Pads images with zeros.

    Args:
        padding: number of pixels on every side; or for height and width a number, or a
            pair (start, end), each.
        data_format: "channels_last" or "channels_first".

    Input of shape `(batch, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.ZeroPadding2D(((1, 2), (0, 0)))(np.ones((1, 9, 9, 3))).shape
        (1, 12, 9, 3)
    """

    rank = 2


@defaults(padding=((1, 1), (1, 1), (1, 1)))
class ZeroPadding3D(ZeroPadding):
    """Pads volumes with zeros.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `ZeroPadding2D`, for three axes.

    Example:
        >>> keras.layers.ZeroPadding3D(1)(np.ones((1, 9, 9, 9, 3))).shape
        (1, 11, 11, 11, 3)
    """

    rank = 3
