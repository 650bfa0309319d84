"""Vectors looked up by number."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.errors import check_positive_int
from keras.layers.lora import LoraLayer
from keras.layers.weighted import (
    add_described,
    describe_weights,
    refuse_quantization,
    rows_of,
)


class Embedding(LoraLayer):
    """A table of vectors, one for each integer; rows are looked up and trained.

    Args:
        input_dim: the number of rows; inputs are from 0 to `input_dim - 1`.
        output_dim: the length of the vectors.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: how the
            table starts, its penalty, its projection after each update.
        mask_zero: whether 0 stands for padding, which later layers then leave out.
        weights: a list with the table to start with, of shape (input_dim, output_dim).
        lora_rank, lora_alpha: those of `enable_lora`, which `build` then calls.
        quantization_config: not supported; anything but None raises.

    Input of integers of any shape, output with one axis more, of size `output_dim`.

    Example:
        >>> keras.layers.Embedding(1000, 16)(np.array([[4, 7, 0]])).shape
        (1, 3, 16)
    """

    _unwritten = ("autocast", "weights")
    _adapted = "embeddings"

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # of Keras 2, where Flatten needed it
        super().__init__(**kwargs)
        self.input_dim = check_positive_int(input_dim, "input_dim", "Embedding")
        self.output_dim = check_positive_int(output_dim, "output_dim", "Embedding")
        describe_weights(self, locals(), "embeddings")
        self.mask_zero = bool(mask_zero)
        self.supports_masking = self.mask_zero
        # In a narrow type an integer given as a float would be rounded, and the whole
        # table be cast at each call instead of the rows looked up.
        self.autocast = False
        self.quantization_config = refuse_quantization(quantization_config, "Embedding")
        self.keep_lora(lora_rank, lora_alpha)
        if weights is not None:
            self.build(None)
            self.set_weights(weights)

    def build(self, input_shape: Any = None) -> None:
        shape = (self.input_dim, self.output_dim)
        self.embeddings = add_described(self, "embeddings", shape)
        self.start_lora()

    def call(self, inputs: Any) -> Any:
        if ops.dtype(inputs) not in _INDICES:
            inputs = ops.cast(inputs, "int32")
        rows = rows_of(self.embeddings, inputs)
        if self.compute_dtype != self.variable_dtype:
            rows = ops.cast(rows, self.compute_dtype)
        return rows

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where the input is not 0, if 0 stands for padding."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None


_INDICES = frozenset(("int32", "int64"))
