"""Integers as vectors: one-hot, multi-hot, counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import ops
from keras.core import backends
from keras.core.errors import check_choice, check_positive_int
from keras.core.scope import backend_scope, current
from keras.core.tensor import KerasTensor
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.base import DataLayer

VECTORS = ("one_hot", "multi_hot", "count")


def encode(
    indices: Any,
    mode: str,
    depth: int,
    dtype: str,
    weights: Any = None,
    sparse_on: Any = None,
) -> Any:
    """Integers as vectors of length `depth`.

    Args:
        indices: integers. With "multi_hot" and "count" the last axis holds the integers
            of one sample; with "one_hot" each integer is encoded by itself, and a last
            axis of size 1 is dropped.
        mode: "one_hot", "multi_hot" or "count".
        depth: the length of the vectors.
        dtype: their type.
        weights: for "count": a number for each integer, added up in place of 1.
        sparse_on: the backend that makes a sparse tensor of what is on the host; None
            for a dense tensor.

    Returns:
        Vectors along a new last axis. Integers outside 0 ... depth - 1 give zeros.
    """
    if sparse_on is not None:
        here = current()
        if here is not backends.load(backends.HOST):
            return _encode_sparse(indices, mode, depth, dtype, weights)
        with backend_scope(sparse_on):
            x = ops.convert_to_tensor(np.asarray(indices))
            return _encode_sparse(x, mode, depth, dtype, weights)

    if len(indices.shape) == 0:
        indices = ops.reshape(indices, (1,))
    if mode == "one_hot":
        if indices.shape[-1] == 1 and len(indices.shape) > 1:
            indices = ops.squeeze(indices, -1)
        return ops.one_hot(indices, depth, dtype=dtype)

    counts = _count(indices, depth, weights)
    if mode == "multi_hot":
        counts = counts > 0
    return ops.cast(counts, dtype)


def _encode_sparse(x: Any, mode: str, depth: int, dtype: str, weights: Any) -> Any:
    """What `encode` returns as a sparse tensor."""
    if len(x.shape) == 0:
        x = ops.reshape(x, (1,))
    if mode == "one_hot":
        if x.shape[-1] == 1 and len(x.shape) > 1:
            x = ops.squeeze(x, -1)
        return ops.one_hot(x, depth, dtype=dtype, sparse=True)

    # What is outside is counted for 0, by a weight of 0.
    inside = (x >= 0) & (x < depth)
    if weights is None:
        weights = ops.ones_like(x, dtype="float32")
    kept = ops.where(inside, weights, ops.zeros_like(weights))
    places = ops.cast(ops.where(inside, x, 0), "int32")
    counts = ops.bincount(places, kept, minlength=depth, sparse=True)
    return ops.cast(ops.sign(counts) if mode == "multi_hot" else counts, dtype)


def _count(indices: Any, depth: int, weights: Any) -> Any:
    """How often each integer occurs along the last axis."""
    shape = ops.shape(indices)
    indices = ops.reshape(indices, (-1, shape[-1])) if len(shape) > 2 else indices
    rank = len(shape)
    inside = (indices >= 0) & (indices < depth)
    if weights is None:
        weights = ops.ones_like(indices, dtype="float32")
    else:
        weights = ops.reshape(ops.convert_to_tensor(weights), ops.shape(indices))

    # What is outside is counted for 0, by a weight of 0.
    places = ops.where(inside, indices, 0)
    kept = ops.where(inside, weights, ops.zeros_like(weights))
    found = ops.bincount(ops.cast(places, "int32"), kept, minlength=depth)
    found = found[..., :depth]
    return ops.reshape(found, (*shape[:-1], depth)) if rank > 2 else found


def encoded_shape(shape: Sequence[int | None], mode: str, depth: int | None) -> tuple:
    """The shape that `encode` returns for indices of a shape."""
    shape = tuple(shape) or (1,)
    if mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


class CategoryEncoding(DataLayer):
    """Integers, that stand for categories, as vectors: one-hot, multi-hot or counts.

    Args:
        num_tokens: the number of categories; integers are from 0 to `num_tokens - 1`.
        output_mode: `"one_hot"`: a vector for each integer, 1 at its place.
            `"multi_hot"`: one vector for the integers along the last axis, with 1 at
            the place of each that occurs. `"count"`: like it, with how often it occurs.
        sparse: whether vectors are returned as a sparse tensor, where the backend has
            them.

    Call arguments:
        inputs: integers, `(samples,)` or `(samples, n)`.
        count_weights: for `"count"`: a number for each integer, added up in place of 1.

    Raises:
        ValueError: `num_tokens` or `output_mode` is not valid, or on the host an
            integer is out of range.

    Example:
        >>> layer = keras.layers.CategoryEncoding(num_tokens=4, output_mode="count")
        >>> layer(np.array([[0, 1], [3, 3]]))
        array([[1., 1., 0., 0.],
               [0., 0., 0., 2.]], dtype=float32)
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if num_tokens is None:
            raise ValueError(
                "CategoryEncoding: `num_tokens`, the number of categories, must be "
                "given."
            )
        self.num_tokens = check_positive_int(
            num_tokens, "num_tokens", "CategoryEncoding"
        )
        self.output_mode = _mode(output_mode, VECTORS, "CategoryEncoding")
        self.sparse = bool(sparse)

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"{layer_label(self)}: `count_weights` is for `output_mode='count'`; "
                f"this layer has {self.output_mode!r}."
            )
        if ops.dtype(inputs) not in ("int32", "int64"):
            inputs = ops.cast(inputs, "int32")
        self._check_range(inputs)
        return encode(
            inputs,
            self.output_mode,
            self.num_tokens,
            self.compute_dtype,
            count_weights,
            sparse_on=self._backend if self.sparse else None,
        )

    def _check_range(self, inputs: Any) -> None:
        """On the host a mistake can be told; elsewhere it would stop the device."""
        if not isinstance(inputs, np.ndarray) or not inputs.size:
            return
        low, high = int(inputs.min()), int(inputs.max())
        if low < 0 or high >= self.num_tokens:
            raise ValueError(
                f"{layer_label(self)}: integers must be from 0 to "
                f"{self.num_tokens - 1}, as `num_tokens={self.num_tokens}`; the input "
                f"goes from {low} to {high}."
            )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if not self.sparse:  # as files of Keras have it
            del config["sparse"]
        return config

    def compute_output_spec(self, inputs: Any, count_weights: Any = None) -> Any:
        """Vectors along the last axis."""
        shape = encoded_shape(inputs.shape, self.output_mode, self.num_tokens)
        return KerasTensor(shape, self.compute_dtype, sparse=self.sparse)


def _mode(mode: str, choices: Sequence[str], who: str) -> str:
    return check_choice(mode, choices, "output_mode", who)


def check_sparse(sparse: bool, output_mode: str, who: str) -> bool:
    """Whether outputs are sparse tensors, which only vectors can be."""
    if sparse and output_mode == "int":
        raise ValueError(
            f"{who}: `sparse=True` is for outputs that are vectors; received "
            "`output_mode='int'`."
        )
    return bool(sparse)
