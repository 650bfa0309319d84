"""Colors spread by their distribution: AutoContrast, Equalization, CLAHE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.core.errors import check_number, check_positive_int, standardize_tuple
from keras.core.typing import DataFormat, IntOrInts
from keras.layers.preprocessing.color import ColorLayer


class AutoContrast(ColorLayer):
    """Stretches each channel of an image to all of the value range, also at inference.

    A channel of one color stays.

    Args:
        value_range: the least and the greatest color.

    Example:
        >>> keras.layers.AutoContrast()(np.array([[[[100], [150], [200]]]]))[0, 0, :, 0]
        array([  0. , 127.5, 255. ], dtype=float32)
    """

    always_applies = True

    def recolor(self, images: Any, drawn: Any) -> Any:
        axes = (self.height_axis, self.width_axis)
        least = ops.min(images, axis=axes, keepdims=True)
        span = ops.max(images, axis=axes, keepdims=True) - least
        low, high = self.value_range
        stretched = (images - least) * ((high - low) / ops.where(span > 0, span, 1))
        return ops.where(span > 0, stretched + low, images)


class Equalization(ColorLayer):
    """Equalizes the histogram of each channel, in training.

    Each color becomes the part of the colors that are not greater. As in Keras, the
    histogram is that of a channel of the whole batch.

    Args:
        value_range: the least and the greatest color.
        bins: the number of bins.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.Equalization()
        >>> layer(np.array([[[[9], [9], [10], [11]]]]))[0, 0, :, 0]
        array([  0.,   0., 128., 255.], dtype=float32)
    """

    def __init__(
        self, value_range: Sequence[float] = (0, 255), bins: int = 256, **kwargs: Any
    ) -> None:
        super().__init__(value_range=value_range, **kwargs)
        self.bins = check_positive_int(bins, "bins", "Equalization")

    def recolor(self, images: Any, drawn: Any) -> Any:
        axis = len(images.shape) + self.channel_axis
        colors = ops.moveaxis(self.rescale(images), axis, 0)
        index = ops.cast(colors * (self.bins - 1), "int32")
        index = ops.clip(index, 0, self.bins - 1)

        rows = ops.reshape(index, (ops.shape(index)[0], -1))
        table = _equalized(_counts(rows, self.bins))
        table = ops.floor(table * 255 + 0.5) / 255
        equal = ops.take_along_axis(table, rows, axis=1)
        equal = ops.moveaxis(ops.reshape(equal, ops.shape(index)), 0, axis)
        return self.rescale_back(ops.cast(equal, ops.dtype(images)))


class ContrastLimitedAdaptiveHistogramEqualization(ColorLayer):
    """CLAHE: equalizes the histograms of tiles of an image, also at inference.

    Zuiderveld, 1994, "Contrast Limited Adaptive Histogram Equalization". Bins above a
    limit are cut, what is cut is spread over all bins, and the results of neighboring
    tiles are interpolated. The result has the type of the images.

    Args:
        value_range: the least and the greatest color.
        clip_limit: the limit, as a multiple of the mean of all bins.
        tile_grid_size: the number of tiles, one number or (rows, columns).
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.ContrastLimitedAdaptiveHistogramEqualization(
        ...     tile_grid_size=(2, 2)
        ... )
        >>> layer(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    always_applies = True

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: IntOrInts = (8, 8),
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range=value_range, data_format=data_format, **kwargs)
        who = "ContrastLimitedAdaptiveHistogramEqualization"
        self.clip_limit = check_number(clip_limit, "clip_limit", who, above=0)
        self.tile_grid_size = standardize_tuple(
            tile_grid_size, 2, "tile_grid_size", who
        )

    def output_dtype(self, images: Any) -> str:
        return ops.dtype(images)

    def recolor(self, images: Any, drawn: Any) -> Any:
        axis = len(images.shape) + self.channel_axis
        images = ops.moveaxis(self.rescale(images, (0, 255)), axis, -1)
        batch, height, width, channels = ops.shape(images)
        rows, columns = self.tile_grid_size

        # Tiles of the same size, for which the images are continued at the end.
        tile_height, tile_width = -(-height // rows), -(-width // columns)
        missing = tile_height * rows - height, tile_width * columns - width
        levels = ops.clip(ops.cast(images, "int32"), 0, _LEVELS - 1)
        padded = _reflected(_reflected(levels, 1, missing[0]), 2, missing[1])
        shape = (-1, rows, tile_height, columns, tile_width, channels)
        tiles = ops.transpose(ops.reshape(padded, shape), (0, 1, 3, 5, 2, 4))

        table = self._table(ops.reshape(tiles, (-1, tile_height * tile_width)))
        table = ops.reshape(table, (-1,))  # by image, tile, channel and level

        def look_up(row: Any, column: Any) -> Any:
            """The new colors by the tables of the tiles of each pixel."""
            image = ops.reshape(ops.arange(batch), (-1, 1, 1, 1))
            tile = (image * rows + row[:, None, None]) * columns + column[:, None]
            index = (tile * channels + ops.arange(channels)) * _LEVELS + levels
            return ops.take(table, index)

        top, bottom, down = _neighbors(height, tile_height, rows)
        left, right, along = _neighbors(width, tile_width, columns)
        along, down = along[:, None], down[:, None, None]
        above = look_up(top, left) * (1 - along) + look_up(top, right) * along
        below = look_up(bottom, left) * (1 - along) + look_up(bottom, right) * along
        colors = ops.cast(above * (1 - down) + below * down, ops.dtype(images))
        return ops.moveaxis(self.rescale_back(colors, (0, 255)), -1, axis)

    def _table(self, tiles: Any) -> Any:
        """From levels to new colors, for each tile of each channel."""
        counts = _counts(tiles, _LEVELS)
        mean = ops.sum(counts, axis=1, keepdims=True) / _LEVELS
        cut = ops.minimum(counts, mean * self.clip_limit)
        counts = cut + mean - ops.mean(cut, axis=1, keepdims=True)
        return _equalized(counts) * (_LEVELS - 1)


_LEVELS = 256


def _reflected(x: Any, axis: int, count: Any) -> Any:
    """A tensor continued at the end of an axis by its reflection."""
    if isinstance(count, int) and count == 0:
        return x
    size = ops.shape(x)[axis]
    places = ops.arange(size + count)
    last = size - 1
    return ops.take(x, last - ops.abs(last - places), axis=axis)


def _neighbors(size: Any, tile_size: Any, count: int) -> tuple[Any, Any, Any]:
    """For each pixel along an axis the two nearest tiles, and the weight of the second.

    As in Keras, a tile counts as centered half a pixel further.
    """
    place = ops.arange(size, dtype="float32") / ops.cast(tile_size, "float32") - 0.5
    first = ops.floor(place)
    index = ops.cast(first, "int32")
    last = count - 1
    return ops.clip(index, 0, last), ops.clip(index + 1, 0, last), place - first


def _counts(rows: Any, bins: int) -> Any:
    """The histogram of each row of bin numbers, `(rows, bins)`, in float32."""
    count = ops.shape(rows)[0]
    flat = ops.reshape(rows + ops.arange(count)[:, None] * bins, (-1,))
    empty = ops.zeros((count * bins,), "float32")
    ones = ops.ones_like(flat, dtype="float32")
    found = ops.scatter_update(empty, flat[:, None], ones, reduction="add")
    return ops.reshape(found, (-1, bins))


def _equalized(counts: Any) -> Any:
    """From 0 to 1, what part of the values is not greater: for each bin of each row.

    The least value that occurs becomes 0.
    """
    below = ops.cumsum(counts, axis=1)
    total = below[:, -1:]
    least = ops.min(ops.where(below > 0, below, total), axis=1, keepdims=True)
    span = ops.where(total > least, total - least, 1)
    return ops.clip((below - least) / span, 0.0, 1.0)
