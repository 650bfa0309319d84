"""Blocks of an image as columns or channels: patches, unfold, fold, depth and space."""

from __future__ import annotations

import itertools
from typing import Any

from keras.backend.windows import Window, check_window, reach, same_pads
from keras.core.errors import check_positive_int, shape_error, standardize_tuple
from keras.core.op import Tensor, op
from keras.core.settings import standardize_data_format
from keras.core.typing import DataFormat, IntOrInts, Padding
from keras.ops import numpy as knp
from keras.ops.core import shape
from keras.ops.image_format import larger, pad_axes
from keras.ops.patterns import rearrange

FROM_BLOCKS_LAST = "n h w (b d c) -> n (h b) (w d) c"
FROM_BLOCKS_FIRST = "n (c b d) h w -> n c (h b) (w d)"


def _check_blocks(who: str, x: Any, block_size: int, data_format: str | None) -> bool:
    """Check the arguments of both ops; returns whether the channels are last."""
    if len(x.shape) != 4:
        raise shape_error(f"{who}: `x` must have rank 4 (a batch of images)", x)
    if check_positive_int(block_size, "block_size", who) < 2:
        raise ValueError(
            f"{who}: `block_size` must be at least 2; received {block_size}."
        )
    return standardize_data_format(data_format) == "channels_last"


@op
def depth_to_space(
    x: Tensor, block_size: int, data_format: DataFormat | None = "channels_last"
) -> Tensor:
    """Move channels into blocks of pixels (the pixel shuffle of arXiv:1609.05158).

    Args:
        x: `(batch, height, width, channels)`, or channels first.
        block_size: the side of a block; its square must divide the channels.
        data_format: "channels_last" or "channels_first".

    Returns:
        `(batch, height * block_size, width * block_size, channels / block_size^2)`, or
        channels first. In "channels_last" the channels of `x` are ordered by the row in
        the block, then the column, then the new channel; in "channels_first" by the new
        channel, then row and column.

    Raises:
        ValueError: the rank is not 4, or the channels do not divide.
    """
    last = _check_blocks("depth_to_space", x, block_size, data_format)
    depth = x.shape[-1 if last else 1]
    if depth is None or depth % block_size**2:
        raise ValueError(
            "depth_to_space: the number of channels must be divisible by "
            f"block_size^2 = {block_size**2}; received shape {tuple(x.shape)}."
        )

    pattern = FROM_BLOCKS_LAST if last else FROM_BLOCKS_FIRST
    return rearrange(x, pattern, b=block_size, d=block_size)


@op
def space_to_depth(
    x: Tensor, block_size: int, data_format: DataFormat | None = "channels_last"
) -> Tensor:
    """Move blocks of pixels into channels: the inverse of `depth_to_space`.

    Args:
        x: `(batch, height, width, channels)`, or channels first.
        block_size: the side of a block; it must divide height and width.
        data_format: "channels_last" or "channels_first".

    Returns:
        `(batch, height / block_size, width / block_size, channels * block_size^2)`, or
        channels first.

    Raises:
        ValueError: the rank is not 4, or height or width do not divide.
    """
    last = _check_blocks("space_to_depth", x, block_size, data_format)
    for size in x.shape[1:3] if last else x.shape[2:]:
        if size is not None and size % block_size:
            raise shape_error(
                "space_to_depth: height and width must be divisible by "
                f"block_size={block_size}",
                x,
            )

    pattern = FROM_BLOCKS_LAST if last else FROM_BLOCKS_FIRST
    blocks, pixels = pattern.split(" -> ")
    return rearrange(x, f"{pixels} -> {blocks}", b=block_size, d=block_size)


def _window(who: str, x: Any, rank: int, **sizes: IntOrInts) -> tuple[Window, Any]:
    """The window of the given sizes, and the padding."""
    if len(x.shape) != rank:
        raise shape_error(f"{who}: `x` must have rank {rank}", x)
    size, dilation, pads, stride = (
        standardize_tuple(value, 2, name, who, allow_zero=name == "padding")
        for name, value in sizes.items()
    )
    return Window(size, stride, dilation, "valid", False), pads


def _output_sizes(
    window: Window, pads: tuple[int, ...], dims: tuple
) -> tuple[Any, ...]:
    """The number of positions of the window along each axis."""
    return tuple(
        (n + 2 * p - k) // s + 1
        for n, p, k, s in zip(dims, pads, reach(window), window.strides)
    )


@op
def unfold(
    x: Tensor,
    kernel_size: IntOrInts,
    dilation: IntOrInts = 1,
    padding: IntOrInts = 0,
    stride: IntOrInts = 1,
) -> Tensor:
    """Extract the content of a sliding window as columns (im2col).

    Args:
        x: `(batch, channels, height, width)`.
        kernel_size, dilation, padding, stride: of the window; an integer, or one for
            height and one for width. `padding` zeros are added on both sides.

    Returns:
        `(batch, channels * kernel_size[0] * kernel_size[1], positions)`.

    Raises:
        ValueError: the rank is not 4, or the window is larger than the input.
    """
    window, pads = _window(
        "unfold",
        x,
        4,
        kernel_size=kernel_size,
        dilation=dilation,
        padding=padding,
        stride=stride,
    )
    batch, channels, height, width = shape(x)
    rows, columns = _output_sizes(window, pads, (height, width))
    if isinstance(rows, int) and isinstance(columns, int) and min(rows, columns) < 1:
        raise ValueError(
            f"unfold: the window must fit in the padded input; received a window over "
            f"{reach(window)} pixels, an input of shape {tuple(x.shape)} and padding "
            f"{pads}."
        )

    # One strided slice for each cell of the window, over all positions at once.
    x = knp.pad(x, ((0, 0), (0, 0), (pads[0], pads[0]), (pads[1], pads[1])))
    row_stride, column_stride = window.strides
    cells = []
    for top in range(0, reach(window)[0], window.dilation[0]):
        row_slice = slice(top, top + (rows - 1) * row_stride + 1, row_stride)
        for left in range(0, reach(window)[1], window.dilation[1]):
            end = left + (columns - 1) * column_stride + 1
            cells.append(x[:, :, row_slice, slice(left, end, column_stride)])

    columns_shape = (batch, channels * len(cells), rows * columns)
    return knp.reshape(knp.stack(cells, axis=2), columns_shape)


@op
def fold(
    x: Tensor,
    output_size: IntOrInts,
    kernel_size: IntOrInts,
    dilation: IntOrInts = 1,
    padding: IntOrInts = 0,
    stride: IntOrInts = 1,
) -> Tensor:
    """Sum columns into the positions they were extracted from (col2im).

    Args:
        x: `(batch, channels * kernel_size[0] * kernel_size[1], positions)`, as `unfold`
            returns it with the same arguments.
        output_size: height and width of the result.
        kernel_size, dilation, padding, stride: as in `unfold`.

    Returns:
        `(batch, channels, *output_size)`; where windows overlap, their values add up.

    Raises:
        ValueError: the shape does not fit the window and the output size.
    """
    window, pads = _window(
        "fold",
        x,
        3,
        kernel_size=kernel_size,
        dilation=dilation,
        padding=padding,
        stride=stride,
    )
    height, width = standardize_tuple(output_size, 2, "output_size", "fold")
    k0, k1 = window.size
    rows, columns = _output_sizes(window, pads, (height, width))
    batch, depth, positions = shape(x)
    fits = not isinstance(positions, int) or positions == rows * columns
    if depth % (k0 * k1) or not fits:
        raise shape_error(
            f"fold: for an output of size {(height, width)} and a window of size "
            f"{window.size}, `x` must have shape (batch, channels * {k0 * k1}, "
            f"{rows * columns})",
            x,
        )

    channels = depth // (k0 * k1)
    cells = knp.reshape(x, (batch, channels, k0, k1, rows, columns))
    # Axis by axis, each offset of the window adds its cells into a canvas.
    cells = _overlap(cells, 4, window, 0, height + 2 * pads[0])
    cells = _overlap(cells, 3, window, 1, width + 2 * pads[1])
    return cells[:, :, pads[0] : pads[0] + height, pads[1] : pads[1] + width]


def _overlap(cells: Any, axis: int, window: Window, which: int, size: int) -> Any:
    """Sum the cells of one spatial axis into a line of the given size.

    Args:
        cells: the offsets in the window along axis 2, the positions along `axis`.
        axis: the axis of the positions.
        window: the window.
        which: 0 for its rows, 1 for its columns.
        size: the size of the line, which becomes the last axis.
    """
    frames = knp.moveaxis(cells, (axis, 2), (-2, -1))
    dims = shape(frames)
    dilation = window.dilation[which]

    # Put zeros between the offsets of a dilated window.
    frames = knp.pad(frames[..., None], [(0, 0)] * len(dims) + [(0, dilation - 1)])
    frames = knp.reshape(frames, (*dims[:-1], dims[-1] * dilation))

    line = overlap_add(frames, window.strides[which])
    rest = max(size - line.shape[-1], 0)
    return knp.pad(line, [(0, 0)] * (len(dims) - 2) + [(0, rest)])[..., :size]


def overlap_add(frames: Any, stride: int) -> Any:
    """Sum frames `(..., count, length)` that begin `stride` apart.

    It uses reshapes and one sum instead of a scatter, which is slow on some backends
    and not deterministic on others.
    """
    *lead, count, length = shape(frames)

    # Cut each frame into rows of `stride` elements: row r of frame f is added to row
    # f + r of the result.
    rows = -(-length // stride)
    fill = [(0, 0)] * (len(lead) + 1) + [(0, rows * stride - length)]
    cells = knp.reshape(knp.pad(frames, fill), (*lead, count, rows, stride))

    # So shear the rows by one place per frame: pad every line by `rows`, and read the
    # lines as if they were one shorter.
    cells = knp.pad(cells, [(0, 0)] * len(lead) + [(0, rows), (0, 0), (0, 0)])
    cells = knp.swapaxes(cells, -3, -2)  # (..., rows, count + rows, stride)
    flat = knp.reshape(cells, (*lead, rows * (count + rows), stride))
    flat = flat[..., : rows * (count + rows - 1), :]
    sheared = knp.reshape(flat, (*lead, rows, count + rows - 1, stride))

    out = knp.reshape(knp.sum(sheared, axis=-3), (*lead, (count + rows - 1) * stride))
    return out[..., : (count - 1) * stride + length]


@op
def extract_patches(
    images: Tensor,
    size: IntOrInts,
    strides: IntOrInts | None = None,
    dilation_rate: IntOrInts = 1,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Tensor:
    """Extract the content of a sliding window as channels.

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        size: height and width of the window.
        strides: the steps of the window; by default its size, so that patches touch.
        dilation_rate: the distance between the pixels of the window.
        padding: "valid", or "same": zeros around, for ceil(size / stride) places.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        `(batch, rows, columns, size[0] * size[1] * channels)` or without a batch, or
        channels first. A patch is ordered by row, column and channel.

    Raises:
        ValueError: the rank is not 3 or 4, or the window is larger than the image.

    Example:
        >>> x = keras.ops.ones((2, 20, 20, 3))
        >>> keras.ops.image.extract_patches(x, (5, 5)).shape
        (2, 4, 4, 75)
    """
    return _extract(
        "extract_patches", images, size, strides, dilation_rate, padding, data_format, 2
    )


@op
def extract_patches_3d(
    volumes: Tensor,
    size: IntOrInts,
    strides: IntOrInts | None = None,
    dilation_rate: IntOrInts = 1,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Tensor:
    """Extract the content of a sliding window over volumes as channels.

    Args:
        volumes: `(batch, depth, height, width, channels)` or one volume, or channels
            first.
        size: depth, height and width of the window.
        strides, dilation_rate, padding, data_format: as in `extract_patches`.

    Returns:
        `(batch, *places, size[0] * size[1] * size[2] * channels)` or without a batch,
        or channels first. A patch is ordered by depth, row, column and channel.

    Raises:
        ValueError: the rank is not 4 or 5, or the window is larger than the volume.

    Example:
        >>> x = keras.ops.ones((2, 8, 8, 8, 3))
        >>> keras.ops.image.extract_patches_3d(x, 4).shape
        (2, 2, 2, 2, 192)
    """
    return _extract(
        "extract_patches_3d",
        volumes,
        size,
        strides,
        dilation_rate,
        padding,
        data_format,
        3,
    )


def _extract(
    who: str,
    x: Any,
    size: IntOrInts,
    strides: IntOrInts | None,
    dilation_rate: IntOrInts,
    padding: str,
    data_format: str | None,
    rank: int,
) -> Any:
    """The patches of images (`rank` 2) or volumes (3)."""
    if len(x.shape) not in (rank + 1, rank + 2):
        raise shape_error(
            f"{who}: the input must have rank {rank + 1}, or {rank + 2} for a batch", x
        )
    is_one = len(x.shape) == rank + 1
    x = x[None] if is_one else x
    strides = size if strides is None else strides
    window = check_window(
        who, x, size, strides, padding, data_format, dilation=dilation_rate
    )

    x = x if window.channels_last else knp.moveaxis(x, 1, -1)
    out = _patches(x, window)
    out = out if window.channels_last else knp.moveaxis(out, -1, 1)
    return out[0] if is_one else out


def _patches(x: Any, window: Window) -> Any:
    """The content of a window, `(batch, *places, window * channels)`."""
    if window.padding == "same":
        pads = same_pads(window, shape(x)[1:-1], larger)
        x = pad_axes(x, dict(enumerate(pads, 1)))
    counts = [
        (n - k) // s + 1
        for n, k, s in zip(shape(x)[1:-1], reach(window), window.strides)
    ]

    # One strided slice for each cell of the window, over all places at once.
    cells = []
    for cell in itertools.product(*map(range, window.size)):
        index = [slice(None)]
        for i, n, s, d in zip(cell, counts, window.strides, window.dilation):
            index.append(slice(i * d, i * d + (n - 1) * s + 1, s))
        cells.append(x[tuple(index)])
    return knp.concatenate(cells, axis=-1)
