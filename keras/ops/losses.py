"""Cross-entropies, and the signal-to-noise ratio."""

from __future__ import annotations

from typing import Any

from keras.core.errors import shape_error, shapes_fit
from keras.core.op import Index, Tensor, kernel, op
from keras.core.settings import epsilon
from keras.ops import numpy as knp
from keras.ops.activations import _log_softmax
from keras.ops.core import cast, check_axis, dtype

_pick = kernel("_pick")  # (values, classes, axis): the value of each class


def _check_same(
    who: str, a: Any, b: Any, names: tuple[str, str] = ("target", "output")
) -> None:
    if not shapes_fit(a.shape, b.shape):
        first, second = names
        raise shape_error(
            f"{who}: `{first}` and `{second}` must have the same shape", a, b
        )


@op(cast="float")
def binary_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False
) -> Tensor:
    """Binary cross-entropy, element by element: -t log(p) - (1 - t) log(1 - p).

    Args:
        target: the true probabilities t, from 0 to 1.
        output: the predicted probabilities p, of the shape of `target`.
        from_logits: whether `output` holds logits, of which the sigmoid is taken. It is
            the more exact form.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> keras.ops.binary_crossentropy([1.0, 0.0], [0.5, 0.5])
        array([0.6931472, 0.6931472])
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
    """Categorical cross-entropy: -sum(t log(p)) along the axis of the classes.

    Args:
        target: the true probabilities t, such as one-hot vectors.
        output: the predicted probabilities p, of the shape of `target`; they are scaled
            to sum to 1.
        from_logits: whether `output` holds logits, of which the softmax is taken. It is
            the more exact form.
        axis: the axis of the classes.

    Returns:
        A tensor of the shape of `output` without that axis.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> keras.ops.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
        array([0.6931472])
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
    """Categorical cross-entropy of class numbers: -log(p) of the true class.

    Args:
        target: class numbers, of the shape of `output` without the axis of the classes
            (or with size 1 there). A number that is not a class is an error on PyTorch
            and TensorFlow; on JAX, which cannot raise there, its loss is 0.
        output, from_logits, axis: as in `categorical_crossentropy`.

    Raises:
        ValueError: the shapes do not fit.

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

    expected = tuple(output.shape[:axis]) + tuple(output.shape[axis + 1 :])
    if not shapes_fit(target.shape, expected):
        raise ValueError(
            f"{who}: `target` must have one class number for each output, that is, "
            f"shape {expected} for an output of shape {tuple(output.shape)} with "
            f"classes along axis {axis}; received shape {tuple(target.shape)}. For "
            "one-hot targets use categorical_crossentropy."
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
    """Peak signal-to-noise ratio: 20 log10(max) - 10 log10(mean((x1 - x2)^2)).

    Args:
        x1, x2: signals of the same shape.
        max_val: the largest value that a signal can take.

    Returns:
        A scalar, in decibels.

    Raises:
        ValueError: the shapes differ.
    """
    _check_same("psnr", x1, x2, ("x1", "x2"))
    error = knp.mean(knp.square(x1 - x2))
    return 20 * knp.log10(cast(max_val, dtype(error))) - 10 * knp.log10(error)
