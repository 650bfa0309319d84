"""Blocks of an image laid out as columns or channels, and back."""

from __future__ import annotations

from typing import Any

from keras.backend.windows import Window, reach
from keras.core.errors import check_positive_int, shape_error, standardize_tuple
from keras.core.op import Tensor, op
from keras.core.settings import standardize_data_format
from keras.ops import numpy as knp
from keras.ops.core import shape
from keras.ops.shaping import rearrange

Pair = int | tuple[int, int]
FROM_BLOCKS_LAST = "n h w (b d c) -> n (h b) (w d) c"
FROM_BLOCKS_FIRST = "n (c b d) h w -> n c (h b) (w d)"


def _blocks(who: str, x: Any, block_size: int, data_format: str | None) -> bool:
    """Check; tells whether channels are last."""
    if len(x.shape) != 4:
        raise shape_error(f"{who}: the input needs rank 4 (a batch of images)", x)
    if check_positive_int(block_size, "block_size", who) < 2:
        raise ValueError(
            f"{who}: `block_size` must be at least 2; received {block_size}."
        )
    return standardize_data_format(data_format) == "channels_last"


@op
def depth_to_space(
    x: Tensor, block_size: int, data_format: str | None = "channels_last"
) -> Tensor:
    """Channels laid out as blocks of places (the pixel shuffle of arXiv:1609.05158).

    Args:
        x: `(batch, height, width, channels)`, or channels first.
        block_size: the blocks' side; its square divides the channels.
        data_format: "channels_last" or "channels_first".

    Returns:
        `(batch, height * block, width * block, channels / block^2)`, or channels first.
        The channels of a block are its rows, then columns, then the channel; with
        channels first, the channel and then rows and columns.
    """
    b = block_size
    last = _blocks("depth_to_space", x, b, data_format)
    depth = x.shape[-1 if last else 1]
    if depth is None or depth % b**2:
        raise ValueError(
            f"depth_to_space: the number of channels must be divisible by {b}^2 = "
            f"{b * b}; received shape {tuple(x.shape)}."
        )
    pattern = FROM_BLOCKS_LAST if last else FROM_BLOCKS_FIRST
    return rearrange(x, pattern, b=b, d=b)


@op
def space_to_depth(
    x: Tensor, block_size: int, data_format: str | None = "channels_last"
) -> Tensor:
    """Blocks of places laid out as channels: undoes `depth_to_space`.

    `block_size` divides height and width.
    """
    b = block_size
    last = _blocks("space_to_depth", x, b, data_format)
    for size in x.shape[1:3] if last else x.shape[2:]:
        if size is not None and size % b:
            raise shape_error(
                f"space_to_depth: height and width must be divisible by {b}", x
            )
    pattern = (FROM_BLOCKS_LAST if last else FROM_BLOCKS_FIRST).split(" -> ")
    return rearrange(x, " -> ".join(reversed(pattern)), b=b, d=b)


def _window(who: str, x: Any, rank: int, **sizes: Pair) -> tuple[Window, Any]:
    """The window of the given sizes, and the padding."""
    if len(x.shape) != rank:
        raise shape_error(f"{who}: the input needs rank {rank}", x)
    size, dilation, pads, stride = (
        standardize_tuple(value, 2, name, who, allow_zero=name == "padding")
        for name, value in sizes.items()
    )
    return Window(size, stride, dilation, "valid", False), pads


def _places(window: Window, pads: tuple[int, ...], dims: tuple) -> tuple[Any, ...]:
    """How many places the window takes along each axis."""
    return tuple(
        (n + 2 * p - k) // s + 1
        for n, p, k, s in zip(dims, pads, reach(window), window.strides)
    )


@op
def unfold(
    x: Tensor,
    kernel_size: Pair,
    dilation: Pair = 1,
    padding: Pair = 0,
    stride: Pair = 1,
) -> Tensor:
    """The content of a sliding window, as columns (im2col).

    Args:
        x: `(batch, channels, height, width)`.
        kernel_size, dilation, padding, stride: of the window; an integer, or one for
            height and one for width. `padding` puts zeros on both sides.

    Returns:
        `(batch, channels * window size, places)`.

    Raises:
        ValueError: the rank is not 4, or the window is larger than the input.
    """
    sizes = {"kernel_size": kernel_size, "dilation": dilation}
    window, pads = _window("unfold", x, 4, **sizes, padding=padding, stride=stride)
    n, c, h, w = shape(x)
    rows, columns = _places(window, pads, (h, w))
    if isinstance(rows, int) and isinstance(columns, int) and min(rows, columns) < 1:
        raise ValueError(
            f"unfold: the window reaches over {reach(window)}, more than the input of "
            f"shape {tuple(x.shape)} with padding {pads}."
        )
    x = knp.pad(x, ((0, 0), (0, 0), (pads[0],) * 2, (pads[1],) * 2))
    cells = [
        x[:, :, i : i + (rows - 1) * s0 + 1 : s0, j : j + (columns - 1) * s1 + 1 : s1]
        for (s0, s1) in (window.strides,)
        for i in range(0, reach(window)[0], window.dilation[0])
        for j in range(0, reach(window)[1], window.dilation[1])
    ]
    return knp.reshape(knp.stack(cells, axis=2), (n, c * len(cells), rows * columns))


@op
def fold(
    x: Tensor,
    output_size: Pair,
    kernel_size: Pair,
    dilation: Pair = 1,
    padding: Pair = 0,
    stride: Pair = 1,
) -> Tensor:
    """Columns put back at their windows' places and summed (col2im).

    From `(batch, channels * window size, places)`, as `unfold` gives it with the same
    arguments, to `(batch, channels, *output_size)`.
    """
    sizes = {"kernel_size": kernel_size, "dilation": dilation}
    window, pads = _window("fold", x, 3, **sizes, padding=padding, stride=stride)
    height, width = standardize_tuple(output_size, 2, "output_size", "fold")
    k0, k1 = window.size
    rows, columns = _places(window, pads, (height, width))
    n, depth, places = shape(x)
    if depth % (k0 * k1) or (isinstance(places, int) and places != rows * columns):
        raise shape_error(
            f"fold: an output of {(height, width)} under a window of {window.size} "
            f"needs shape (batch, channels * {k0 * k1}, {rows * columns})",
            x,
        )
    c = depth // (k0 * k1)
    cells = knp.reshape(x, (n, c, k0, k1, rows, columns))
    # Axis by axis, each offset of the window adds its cells into a canvas.
    cells = _overlap(cells, 4, window, 0, height + 2 * pads[0])
    cells = _overlap(cells, 3, window, 1, width + 2 * pads[1])
    return cells[:, :, pads[0] : pads[0] + height, pads[1] : pads[1] + width]


def _overlap(cells: Any, places: int, window: Window, which: int, size: int) -> Any:
    """Sum cells `(.., .., offset, ..., place, ...)` into one axis, which comes last."""
    frames = knp.moveaxis(cells, (places, 2), (-2, -1))
    dims, dilation = shape(frames), window.dilation[which]
    # Zeros between the offsets of a dilated window.
    frames = knp.pad(frames[..., None], [(0, 0)] * len(dims) + [(0, dilation - 1)])
    frames = knp.reshape(frames, (*dims[:-1], dims[-1] * dilation))
    line = overlap_add(frames, window.strides[which])
    rest = max(size - line.shape[-1], 0)
    return knp.pad(line, [(0, 0)] * (len(dims) - 2) + [(0, rest)])[..., :size]


def overlap_add(frames: Any, stride: int) -> Any:
    """Frames `(..., count, length)` summed at their places `stride` apart."""
    *lead, count, length = shape(frames)
    rows = -(-length // stride)
    fill = [(0, 0)] * (len(lead) + 1) + [(0, rows * stride - length)]
    cells = knp.reshape(knp.pad(frames, fill), (*lead, count, rows, stride))
    # Row r of frame f lands on row f + r: shear the rows by one place per frame.
    cells = knp.pad(cells, [(0, 0)] * len(lead) + [(0, rows), (0, 0), (0, 0)])
    cells = knp.swapaxes(cells, -3, -2)  # (..., rows, count + rows, stride)
    flat = knp.reshape(cells, (*lead, rows * (count + rows), stride))
    flat = flat[..., : rows * (count + rows - 1), :]
    sheared = knp.reshape(flat, (*lead, rows, count + rows - 1, stride))
    out = knp.reshape(knp.sum(sheared, axis=-3), (*lead, (count + rows - 1) * stride))
    return out[..., : (count - 1) * stride + length]
