"""Cross-entropies and the like, one value per sample."""

from __future__ import annotations

from typing import Any

from keras.core.errors import shape_error, shapes_fit
from keras.core.op import Index, Tensor, kernel, op
from keras.core.settings import epsilon
from keras.ops import numpy as knp
from keras.ops.activations import _log_softmax
from keras.ops.core import cast, check_axis, dtype

_pick = kernel("_pick")  # (values, classes, axis): the value of each class


def _check_same(who: str, target: Any, output: Any) -> None:
    if not shapes_fit(target.shape, output.shape):
        raise shape_error(
            f"{who}: `target` and `output` must have the same shape", target, output
        )


@op(cast="float")
def binary_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False
) -> Tensor:
    """-t log(p) - (1 - t) log(1 - p), element by element.

    With `from_logits`, `output` is what a sigmoid would make probabilities of: the more
    exact form.
    """
    _check_same("binary_crossentropy", target, output)
    if from_logits:
        return _sigmoid_crossentropy(target, output)
    return _binary_crossentropy(target, knp.clip(output, epsilon(), 1 - epsilon()))


@op
def _binary_crossentropy(target: Tensor, output: Tensor) -> Tensor:
    """-t log(p) - (1 - t) log(1 - p)."""
    return -(target * knp.log(output) + (1 - target) * knp.log(1 - output))


@op
def _sigmoid_crossentropy(target: Tensor, logits: Tensor) -> Tensor:
    """max(x, 0) - x t + log(1 + exp(-|x|))."""
    rest = knp.log1p(knp.exp(-knp.absolute(logits)))
    return knp.maximum(logits, 0) - logits * target + rest


@op(cast="float")
def categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """-sum(t log(p)) along the axis of the classes.

    `output` holds probabilities (scaled to sum to 1), or with `from_logits` what a
    softmax would be taken of: the more exact form.
    """
    who = "categorical_crossentropy"
    _check_same(who, target, output)
    axis = check_axis(axis, len(output.shape), who)
    if from_logits:
        return _softmax_crossentropy(target, output, axis)
    return -knp.sum(target * _log_clipped(output, axis), axis=axis)


@op
def _softmax_crossentropy(target: Tensor, logits: Tensor, axis: int) -> Tensor:
    """-sum(t log_softmax(x))."""
    return -knp.sum(target * _log_softmax(logits, axis), axis=axis)


def _log_clipped(output: Any, axis: int) -> Any:
    """log of probabilities, scaled to sum to 1 and kept off 0 and 1."""
    output = output / knp.sum(output, axis=axis, keepdims=True)
    return knp.log(knp.clip(output, epsilon(), 1 - epsilon()))


@op(cast="float")
def sparse_categorical_crossentropy(
    target: Index, output: Tensor, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """-log(p) of the true class.

    Args:
        target: class numbers, of the shape of `output` without the axis of the classes
            (or with size 1 there). A number that is no class is an error on PyTorch and
            TensorFlow; JAX, which cannot raise there, counts it 0.
        output, from_logits: as in `categorical_crossentropy`.

    Example:
        >>> keras.ops.sparse_categorical_crossentropy([1], [[0.5, 0.5]])
        array([0.6931472])
    """
    who = "sparse_categorical_crossentropy"
    rank = len(output.shape)
    axis = check_axis(axis, rank, who)
    if dtype(target) not in ("int32", "int64"):
        target = cast(target, "int32")
    if len(target.shape) == rank and target.shape[axis] == 1:
        target = knp.squeeze(target, axis)
    wanted = tuple(output.shape[:axis]) + tuple(output.shape[axis + 1 :])
    if not shapes_fit(target.shape, wanted):
        raise ValueError(
            f"{who}: `target` holds one class number for each output: shape {wanted} "
            f"for an output of shape {tuple(output.shape)} with classes along axis "
            f"{axis}; received {tuple(target.shape)}. One-hot targets go to "
            "categorical_crossentropy."
        )
    if from_logits:
        return _sparse_softmax_crossentropy(target, output, axis)
    return -_pick(_log_clipped(output, axis), target, axis)


@op
def _sparse_softmax_crossentropy(target: Index, logits: Tensor, axis: int) -> Tensor:
    """-log_softmax(x) at the true class."""
    return -_pick(_log_softmax(logits, axis), target, axis)


@op(cast="float")
def psnr(x1: Tensor, x2: Tensor, max_val: float) -> Tensor:
    """The peak signal-to-noise ratio 20 log10(max) - 10 log10(mean((x1 - x2)^2)).

    A scalar in decibels; `max_val` is the largest value a signal can take.
    """
    _check_same("psnr", x1, x2)
    error = knp.mean(knp.square(x1 - x2))
    return 20 * knp.log10(cast(max_val, dtype(error))) - 10 * knp.log10(error)
