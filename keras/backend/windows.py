"""What convolution and pooling check and compute alike: windows that slide."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras.core.errors import check_choice, standardize_tuple
from keras.core.settings import standardize_data_format

Pads = tuple[tuple[int, int], ...]


class Window(NamedTuple):
    """A checked window: sizes per spatial axis, padding by name, layout."""

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str
    channels_last: bool


def spatial(inputs: Any, channels_last: bool) -> tuple[int | None, ...]:
    """The sizes of the spatial axes."""
    dims = tuple(inputs.shape)
    return dims[1:-1] if channels_last else dims[2:]


def channels(inputs: Any, channels_last: bool) -> int | None:
    """The number of channels."""
    return inputs.shape[-1 if channels_last else 1]


def check_window(
    who: str,
    inputs: Any,
    size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation: Any = 1,
    paddings: tuple[str, ...] = ("valid", "same"),
) -> Window:
    """Check the arguments that describe a sliding window.

    Raises:
        ValueError: the rank, a size or the padding is wrong, or a window that may not
            be padded is larger than the input.
    """
    dims = tuple(inputs.shape)
    rank = len(dims) - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            f"{who}: the input needs 1, 2 or 3 spatial axes beside batch and channels; "
            f"received shape {dims}."
        )

    channels_last = standardize_data_format(data_format) == "channels_last"
    size = standardize_tuple(size, rank, "size of the window", who)
    strides = standardize_tuple(strides, rank, "strides", who)
    dilation = standardize_tuple(dilation, rank, "dilation_rate", who)
    padding = str(padding).lower()
    check_choice(padding, paddings, "padding", who)
    window = Window(size, strides, dilation, padding, channels_last)

    if padding == "valid":
        found, needed = spatial(inputs, channels_last), reach(window)
        if any(n is not None and n < k for n, k in zip(found, needed)):
            raise ValueError(
                f"{who}: the window reaches over {needed}, more than the input's "
                f"spatial size {found} (input shape {dims}, "
                f"{'channels_last' if channels_last else 'channels_first'}). "
                "Use a smaller window, a larger input, or padding='same'."
            )
    return window


def reach(window: Window) -> tuple[int, ...]:
    """How far a window reaches, dilation included."""
    return tuple((k - 1) * d + 1 for k, d in zip(window.size, window.dilation))


def same_pads(window: Window, dims: Any, maximum: Any = max) -> Pads:
    """Padding with which the output has ceil(size / stride) places.

    As in TensorFlow, what is odd goes to the end. The sizes may be tensors, with a
    `maximum` that takes them.
    """
    pads = []
    for n, s, k in zip(dims, window.strides, reach(window)):
        total = maximum((-(-n // s) - 1) * s + k - n, 0)
        pads.append((total // 2, total - total // 2))
    return tuple(pads)


def transposed_sizes(
    window: Window, dims: tuple[Any, ...], output_padding: tuple[int, ...] | None
) -> tuple[tuple[int, Any], ...]:
    """For each axis of a transposed convolution: (cut at the front, output size).

    The full result, (n - 1) * stride + reach long, is cut at the front and then cut or
    filled with zeros at the end. The sizes may be tensors.
    """
    out = []
    for i, (n, s, k) in enumerate(zip(dims, window.strides, reach(window))):
        same = window.padding == "same"
        if output_padding is None:
            size = n * s if same else n * s + max(k - s, 0)
            front = max(k - s, 0) // 2 if same else 0
        else:
            front = k // 2 if same else 0
            size = (n - 1) * s + k - 2 * front + output_padding[i]
            if same:
                # The front of a forward convolution from that size.
                front = max((n - 1) * s + k - size, 0) // 2
        out.append((front, size))
    return tuple(out)
