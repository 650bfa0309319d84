"""Circle loss, for metric learning."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core import masks
from keras.core.config.configurable import arguments
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.losses.loss import LossFunctionWrapper
from keras.losses.shapes import as_float, as_tensor, dtype_of

_NONE = -1e9  # stands for log(0), for a row without pairs


def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Tensor:
    """Circle loss: contrasts pairs within a class with pairs of different classes.

    Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization",
    2020, on cosine distances.

    Args:
        y_true: class indices, shape (batch_size,) or (batch_size, 1).
        y_pred: embeddings of length 1, shape (batch_size, embedding_dim).
        ref_labels, ref_embeddings: labels and embeddings to compare with; by default
            those of the batch.
        remove_diagonal: whether pairs of the i-th embedding with the i-th reference are
            excluded.
        gamma: the scale factor.
        margin: the relaxation factor of the margin.

    Returns values of shape (batch_size,).

    Example:
        >>> keras.losses.circle([0, 0], [[1.0, 0.0], [1.0, 0.0]]).numpy()
        array([0., 0.], dtype=float32)
    """
    y_pred = as_float(y_pred)
    labels = ops.reshape(as_tensor(y_true), (-1, 1))
    if ref_embeddings is None:
        ref_embeddings = y_pred
    else:
        ref_embeddings = as_tensor(ref_embeddings, dtype_of(y_pred))
    if ref_labels is None:
        ref_labels = labels
    else:
        ref_labels = as_tensor(ref_labels, dtype_of(labels))

    if len(y_pred.shape) != 2 or len(ref_embeddings.shape) != 2:
        raise ValueError(
            "circle: embeddings have the shape (batch_size, embedding_dim); received "
            f"y_pred.shape={tuple(y_pred.shape)} and reference embeddings of shape "
            f"{tuple(ref_embeddings.shape)}."
        )

    same = ops.equal(labels, ops.reshape(ref_labels, (1, -1)))
    other = ops.logical_not(same)
    if remove_diagonal:
        same = ops.logical_and(same, ops.logical_not(_diagonal(same)))
    similarity = ops.matmul(y_pred, ops.transpose(ref_embeddings))

    distance = ops.maximum(1.0 - similarity, 0.0)
    near = gamma * (margin + distance) * (distance - margin)
    gap = ops.maximum(1.0 + margin - distance, 0.0)
    far = -gamma * gap * (distance - (1.0 - margin))

    near = ops.logsumexp(ops.where(same, near, _NONE), axis=1)
    far = ops.logsumexp(ops.where(other, far, _NONE), axis=1)
    values = ops.softplus(near + far)
    masks.set_mask(values, values > 0)
    return values


def _diagonal(x: Any) -> Any:
    rows = ops.cumsum(ops.ones_like(x, dtype="int32"), axis=0)
    columns = ops.cumsum(ops.ones_like(x, dtype="int32"), axis=1)
    return ops.equal(rows, columns)


class Circle(LossFunctionWrapper):
    """`keras.losses.circle` as a loss, among the embeddings of a batch.

    Rows whose loss is 0 are left out of the mean.

    The arguments are those of the function.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(circle, **arguments(locals()))
