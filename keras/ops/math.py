"""Mathematics beyond NumPy: special functions, top-k, distances."""

from __future__ import annotations

from keras.core.errors import check_positive_int, shape_error
from keras.core.op import Index, Tensor, elementwise, kernel, op, primitive
from keras.core.typing import Axis
from keras.ops import numpy as knp
from keras.ops.core import cast, view_as_complex

_top_k = kernel("_top_k")  # (x, k, sorted, is_stable)


@elementwise
def erf(x: Tensor) -> Tensor:
    """Error function: 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x."""


@elementwise
def erfc(x: Tensor) -> Tensor:
    """Complementary error function: 1 - erf(x), exact also where erf(x) is near 1."""


@elementwise
def erfinv(x: Tensor) -> Tensor:
    """Inverse error function, on (-1, 1)."""


@elementwise
def gammainc(a: Tensor, x: Tensor) -> Tensor:
    """Regularized lower incomplete gamma function: the part of Gamma(a) below x.

    The integral of t^(a - 1) exp(-t) from 0 to `x`, divided by that to infinity (DLMF
    8.2.4). It is the distribution function of the gamma distribution of shape `a`.

    Args:
        a: the shape, positive.
        x: the upper limit, at least 0.

    Returns:
        Values from 0 to 1; nan where `a` or `x` is negative.

    Example:
        >>> keras.ops.gammainc(1.0, [0.0, 1.0])  # 1 - exp(-x)
        array([0.        , 0.63212055], dtype=float32)
    """


@elementwise
def gammaincc(a: Tensor, x: Tensor) -> Tensor:
    """Regularized upper incomplete gamma function: 1 - gammainc(a, x), without loss.

    Args:
        a: the shape, positive.
        x: the lower limit, at least 0.

    Example:
        >>> keras.ops.gammaincc(1.0, [0.0, 1.0])  # exp(-x)
        array([1.        , 0.36787942], dtype=float32)
    """


@elementwise
def rsqrt(x: Tensor) -> Tensor:
    """Reciprocal square root: 1 / sqrt(x)."""


@primitive(cast="float")
def logsumexp(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) along an axis, several, or all (None), without overflow."""


@op
def top_k(
    x: Tensor, k: int, sorted: bool = True, is_stable: bool = False
) -> tuple[Tensor, Tensor]:
    """The `k` largest values along the last axis, and their indices.

    Args:
        x: `(..., n)`.
        k: the number of values, at most n.
        sorted: whether the largest comes first; False leaves the order to the
            framework.
        is_stable: whether, of equal values, those of the lower indices are taken, in
            ascending order; False leaves that to the framework.

    Returns:
        `(values, indices)`, both `(..., k)`; the indices are int32.

    Raises:
        ValueError: the last axis has fewer than `k` elements.

    Example:
        >>> keras.ops.top_k([1.0, 5.0, 3.0], 2)
        (array([5., 3.]), array([1, 2], dtype=int32))
    """
    check_positive_int(k, "k", "top_k")
    if not len(x.shape) or (x.shape[-1] is not None and k > x.shape[-1]):
        raise ValueError(
            "top_k: `k` must be at most the size of the last axis; received k="
            f"{k} and shape {tuple(x.shape)}."
        )
    return _top_k(x, k, sorted or is_stable, is_stable)


@op(cast="float")
def in_top_k(targets: Index, predictions: Tensor, k: int) -> Tensor:
    """Whether the true class is among the `k` highest predictions.

    Args:
        targets: class numbers, `(batch,)`.
        predictions: a score for each class, `(batch, classes)`.
        k: the number of predictions to look at; equal predictions all count.

    Returns:
        Booleans `(batch,)`. False for a class that does not exist or whose prediction
        is not finite.

    Raises:
        ValueError: the ranks do not fit.

    Example:
        >>> keras.ops.in_top_k([0, 1], [[0.7, 0.3], [0.7, 0.3]], k=1)
        array([True, False])
    """
    if len(predictions.shape) != len(targets.shape) + 1:
        raise shape_error(
            "in_top_k: `targets` must have shape (batch,) and `predictions` (batch, "
            "classes)",
            targets,
            predictions,
        )

    targets = cast(targets, "int32")
    classes = predictions.shape[-1]
    exists = knp.logical_and(targets >= 0, targets < classes)

    indices = knp.expand_dims(knp.clip(targets, 0, classes - 1), -1)
    chosen = knp.take_along_axis(predictions, indices, axis=-1)
    is_finite = knp.isfinite(knp.squeeze(chosen, -1))
    higher = knp.sum(cast(predictions > chosen, "int32"), axis=-1)
    return knp.logical_and(knp.logical_and(exists, is_finite), higher < k)


@op(cast="float")
def cdist(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances of every row of `x` to every row of `y`.

    Args:
        x: `(..., n, d)`.
        y: `(..., m, d)`.

    Returns:
        `(..., n, m)`.

    Raises:
        ValueError: a rank is below 2, or the last sizes differ.

    Example:
        >>> keras.ops.cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]])
        array([[5., 1.]])
    """
    if len(x.shape) < 2 or len(y.shape) < 2 or x.shape[-1] != y.shape[-1]:
        raise shape_error(
            "cdist: `x` and `y` must have shapes (..., n, d) and (..., m, d)", x, y
        )

    gaps = knp.expand_dims(x, -2) - knp.expand_dims(y, -3)
    squares = knp.sum(knp.square(gaps), axis=-1)

    # The root has no gradient at 0: there it is taken of 1 instead.
    zero = squares == 0
    return knp.where(zero, squares, knp.sqrt(knp.where(zero, 1.0, squares)))


@op(cast="float")
def polar(abs_: Tensor, angle: Tensor) -> Tensor:
    """Complex numbers from absolute value and angle (in radians)."""
    parts = [abs_ * knp.cos(angle), abs_ * knp.sin(angle)]
    return view_as_complex(knp.stack(parts, axis=-1))
