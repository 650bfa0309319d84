"""The shape of one batch: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""

from __future__ import annotations

from typing import Any


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Split one batch into inputs, targets and sample weights.

    For a `train_step` of your own, whatever form the batch came in.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a list counts as a
            tuple, and anything else is `x` itself.

    Returns:
        The triple `(x, y, sample_weight)`, None for what is not there.

    Raises:
        ValueError: a tuple or list of another length.

    Example:
        >>> keras.utils.unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            "A batch must be `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; "
            f"received a {type(data).__name__} of {len(data)} items. Several inputs "
            "go into one nested `x`: `((x1, x2), y)`."
        )
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Join inputs, targets and sample weights into one batch.

    Args:
        x: Inputs: an array, or a nested structure of arrays.
        y: Targets, or None.
        sample_weight: Sample weights, or None.

    Returns:
        The shortest form that `unpack_x_y_sample_weight` reads back: `x`, `(x,)`
        where `x` is itself a list or tuple, `(x, y)` or `(x, y, sample_weight)`.

    Example:
        >>> keras.utils.pack_x_y_sample_weight(1, 2)
        (1, 2)
    """
    if sample_weight is not None:
        return (x, y, sample_weight)
    if y is not None:
        return (x, y)
    return (x,) if isinstance(x, (tuple, list)) else x
