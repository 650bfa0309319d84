"""Connectionist temporal classification."""

from __future__ import annotations

from keras import ops
from keras.core.op import Tensor
from keras.core.typing import ArrayLike
from keras.losses.loss import FunctionLoss
from keras.losses.shapes import as_float, as_tensor

_BLANK = 0


def ctc(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """CTC loss: the negative log probability of the labels over all alignments.

    Graves et al., "Connectionist Temporal Classification", 2006. Class 0 is the
    blank: it pads the labels and must not occur among them.

    Args:
        y_true: class indices, shape (batch_size, max_length), padded with 0.
        y_pred: logits, shape (batch_size, steps, num_classes).

    Returns values of shape (batch_size,).

    Raises:
        ValueError: `y_true` or `y_pred` has another rank.

    Example:
        >>> keras.losses.ctc([[1, 0]], [[[0.0, 0.0], [0.0, 0.0]]]).numpy().round(3)
        array([0.288], dtype=float32)
    """
    y_true, y_pred = as_tensor(y_true), as_float(y_pred)
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    if (len(shapes[0]), len(shapes[1])) != (2, 3):
        raise ValueError(
            "ctc: `y_true` has the shape (batch_size, max_length) and `y_pred` "
            "(batch_size, steps, num_classes); received "
            f"y_true.shape={shapes[0]} and y_pred.shape={shapes[1]}."
        )
    y_true = ops.cast(y_true, "int32")
    label_lengths = ops.sum(ops.cast(ops.not_equal(y_true, _BLANK), "int32"), axis=-1)
    steps = ops.ones_like(label_lengths) * ops.shape(y_pred)[1]
    return ops.ctc_loss(y_true, y_pred, label_lengths, steps, mask_index=_BLANK)


class CTC(FunctionLoss):
    """`keras.losses.ctc` as a loss, for speech and handwriting."""

    function = staticmethod(ctc)
