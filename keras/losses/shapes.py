"""Shapes of labels, predictions and weights: conversion and checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras import ops
from keras.core import dtypes, masks, tree
from keras.core.op import Tensor
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.core.typing import ArrayLike


def dtype_of(x: Any) -> str:
    """The name of a tensor's dtype, symbolic or not."""
    return x.dtype if isinstance(x, KerasTensor) else current().dtype_of(x)


def as_tensor(x: Any, dtype: str | None = None) -> Tensor:
    """`x` as a tensor, in `dtype` if given; a symbolic tensor stays symbolic."""
    if isinstance(x, KerasTensor):
        return x if dtype is None or x.dtype == dtype else ops.cast(x, dtype)
    return current().convert_to_tensor(x, dtype)


def as_float(x: Any) -> Tensor:
    """`x` as a tensor of a float type: its own, or `floatx()`."""
    x = as_tensor(x)
    return x if dtypes.is_float_dtype(dtype_of(x)) else as_tensor(x, dtypes.floatx())


def map_tensors(fn: Callable, x: Any) -> Any:
    """`fn` of a tensor or of a list of numbers; of each tensor in a structure."""
    if not isinstance(x, (list, tuple, dict)):
        return fn(x)
    if not isinstance(x, dict) and all(np.isscalar(v) for v in tree.flatten(x)):
        return fn(x)
    return tree.map_structure(fn, x)


def same_rank(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Squeeze or expand a last axis of one element, where that makes ranks equal."""
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if rank1 == rank2 + 1 and x1.shape[-1] == 1:
        if rank2 == 1:
            return x1, ops.expand_dims(x2, -1)
        return ops.squeeze(x1, -1), x2
    if rank2 == rank1 + 1 and x2.shape[-1] == 1:
        if rank1 == 1:
            return ops.expand_dims(x1, -1), x2
        return x1, ops.squeeze(x2, -1)
    return x1, x2


def prepare(y_true: ArrayLike, y_pred: ArrayLike, who: str) -> tuple[Any, Any]:
    """Both as tensors of the float dtype of `y_pred`, with compatible shapes.

    Raises:
        ValueError: the shapes do not broadcast; the message names both.
    """
    y_pred = as_float(y_pred)
    y_true = as_tensor(y_true, dtype_of(y_pred))
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    y_true, y_pred = same_rank(y_true, y_pred)
    if not _broadcast(tuple(y_true.shape), tuple(y_pred.shape)):
        hint = ""
        if len(shapes[0]) == len(shapes[1]) - 1:
            hint = (
                " Integer class indices need a sparse loss or metric, such as "
                "`sparse_categorical_crossentropy`, or `keras.ops.one_hot` first."
            )
        raise ValueError(
            f"{who}: `y_true` and `y_pred` must have the same shape; received "
            f"y_true.shape={shapes[0]} and y_pred.shape={shapes[1]}.{hint}"
        )
    return y_true, y_pred


def _broadcast(shape1: tuple, shape2: tuple) -> bool:
    return all(
        a == b or a in (1, None) or b in (1, None)
        for a, b in zip(reversed(shape1), reversed(shape2))
    )


def weights_for(weights: Any, values: Any) -> tuple[Any, Any]:
    """`values` and `weights` with matching ranks; weights apply to the first axes."""
    values, weights = same_rank(values, weights)
    shape, wanted = tuple(weights.shape), tuple(values.shape)
    if 0 < len(shape) < len(wanted) and all(
        w == v or w in (1, None) or v is None for w, v in zip(shape, wanted)
    ):
        weights = ops.expand_dims(weights, tuple(range(len(shape), len(wanted))))
    too_many = len(shape) > len(wanted) > 0
    if too_many or not _broadcast(tuple(weights.shape), wanted):
        raise ValueError(
            f"`sample_weight` (or a mask) of shape {shape} does not match values of "
            f"shape {wanted}: it must have that shape, or that of the first axes, "
            "such as (batch_size,)."
        )
    return values, weights


def apply_mask(
    sample_weight: ArrayLike, mask: Any, dtype: str, reduction: str | None
) -> Tensor:
    """The product of `sample_weight` and `mask`.

    For a mean, the mask is scaled so that only unmasked values count.
    """
    if mask is None:
        return sample_weight
    mask = as_tensor(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        mask = ops.divide_no_nan(mask, ops.mean(mask))
    if sample_weight is None:
        return mask
    if len(sample_weight.shape) < len(mask.shape):
        mask, sample_weight = weights_for(sample_weight, mask)
    else:
        sample_weight, mask = weights_for(mask, sample_weight)
    return sample_weight * mask


def sparse_labels(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    who: str,
    axis: int = -1,
    ignore_class: int | None = None,
) -> Tensor:
    """Class indices as an integer tensor of the shape of `y_pred` without `axis`.

    Raises:
        ValueError: the shapes do not match, or a label is not a class index (checked
            only where the labels are on the host). Labels of masked predictions are
            ignored.
    """
    shape = tuple(y_pred.shape)
    wanted = shape[:axis] + shape[axis:][1:]
    mask = masks.get_mask(y_pred)
    values = host_values(y_true) if mask is None else None
    y_true = as_tensor(y_true)

    given = tuple(y_true.shape)
    if len(given) == len(shape) and given[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if len(y_true.shape) != len(wanted) or not all(
        a == b or None in (a, b) for a, b in zip(tuple(y_true.shape), wanted)
    ):
        hint = (
            " One-hot labels need `categorical_crossentropy`." if given == shape else ""
        )
        raise ValueError(
            f"{who}: `y_true` holds class indices, one per prediction, so for "
            f"y_pred.shape={shape} its shape must be {wanted}; received "
            f"y_true.shape={given}.{hint}"
        )

    if values is not None:
        check_labels(values, shape[axis], who, ignore_class)
    if mask is not None and len(mask.shape) == len(wanted):
        y_true = ops.where(mask, y_true, 0)
    return (
        y_true if dtypes.is_int_dtype(dtype_of(y_true)) else ops.cast(y_true, "int32")
    )


def check_labels(
    labels: np.ndarray,
    num_classes: int | None,
    who: str,
    ignore_class: int | None = None,
) -> None:
    """Raise ValueError for labels that are not indices from 0 to num_classes - 1."""
    if labels.size == 0 or num_classes is None:
        return
    if labels.dtype.kind == "f" and not (labels == np.floor(labels)).all():
        raise ValueError(
            f"{who}: `y_true` must hold integer class indices; received values such as "
            f"{labels[labels != np.floor(labels)].flat[0]}. Probabilities need "
            "`categorical_crossentropy` or `binary_crossentropy`."
        )

    if labels.min() >= 0 and labels.max() < num_classes:
        return
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if ignore_class is not None:
        wrong = wrong[wrong != ignore_class]
    if wrong.size:
        raise ValueError(
            f"{who}: `y_true` has the label {wrong.flat[0]}, but `y_pred` has "
            f"{num_classes} classes, so labels go from 0 to {num_classes - 1}. Give "
            "the last layer more units, number the classes from 0, or pass a label "
            "that is not a class as `ignore_class`."
        )


def host_values(x: Any) -> np.ndarray | None:
    """The values of a tensor in host memory, else None.

    Reading from an accelerator would block, and a traced tensor has no values.
    """
    if isinstance(x, (np.ndarray, list, tuple, int, float)):
        return np.asarray(x)
    try:
        if isinstance(x, KerasTensor) or "cpu" not in str(x.device).lower():
            return None
        if current().is_recording():
            return None
        return np.asarray(current().convert_to_numpy(x))
    except Exception:  # each framework has its own way of saying "being traced"
        return None
