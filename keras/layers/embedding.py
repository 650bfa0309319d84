"""Vectors looked up by number."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.config.configurable import inherited
from keras.core.errors import check_positive_int
from keras.core.fields import field
from keras.core.weight import Weight
from keras.layers.lora import LoraLayer
from keras.layers.weighted import (
    UNBUILT,
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

    embeddings: Weight = field("The table, as it is read.", UNBUILT)

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


class ReversibleEmbedding(Embedding):
    """An embedding that also maps vectors back to scores of the integers.

    Language models end as they begin: `layer(tokens)` looks up vectors, and
    `layer(vectors, reverse=True)` gives a logit for each integer, the product with the
    transposed table (Press and Wolf, 2017, arXiv:1608.05859).

    Args:
        input_dim, output_dim, embeddings_initializer, embeddings_regularizer,
            embeddings_constraint, mask_zero: as in `Embedding`.
        tie_weights: whether the way back uses the same table; else it has its own,
            `reverse_embeddings`, of shape (output_dim, input_dim).
            That is neither regularized nor constrained.
        reverse_dtype: the type in which the logits are computed, by default that in
            which the vectors and the layer's compute type meet. A narrow type loses
            digits that a softmax over many classes needs.
        logit_soft_cap: if it is given, logits become `cap * tanh(logits / cap)`, which
            keeps them between -cap and cap.

    Input of integers of any shape, output with one axis more, of size `output_dim`; in
    reverse, input `(..., output_dim)` and output `(..., input_dim)`.

    Example:
        >>> layer = keras.layers.ReversibleEmbedding(1000, 16)
        >>> vectors = layer(np.array([[4, 7, 0]]))
        >>> layer(vectors, reverse=True).shape
        (1, 3, 1000)
    """

    reverse_embeddings: Weight = field("The table of the way back.", UNBUILT)

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.tie_weights = bool(tie_weights)
        super().__init__(**inherited(ReversibleEmbedding, locals()))
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            shape = (self.output_dim, self.input_dim)
            self.reverse_embeddings = self.add_weight(
                shape, self.embeddings_initializer, name="reverse_embeddings"
            )

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            return super().call(inputs)

        table = (
            ops.transpose(self.embeddings)
            if self.tie_weights
            else self.reverse_embeddings
        )
        table = ops.cast(table, self.reverse_dtype or self.compute_dtype)
        if self.reverse_dtype is not None:
            inputs = ops.cast(inputs, self.reverse_dtype)
        logits = ops.matmul(inputs, table)

        if not self.logit_soft_cap:
            return logits
        return self.logit_soft_cap * ops.tanh(logits / self.logit_soft_cap)
