"""Multi-head and grouped-query attention."""

from __future__ import annotations

import math
from typing import Any

from keras import ops
from keras.core.config.configurable import inherited
from keras.core.config.serialization import wire_name
from keras.core.errors import check_fraction, check_positive_int
from keras.core.fields import field
from keras.layers.activation import Softmax
from keras.layers.dense import EinsumDense
from keras.layers.layer import Layer
from keras.layers.regularization import Dropout
from keras.layers.weighted import describe_weights


class ManyHeads(Layer):
    """Base of attention layers with several heads: projections, masks, the formula.

    A subclass defines `sizes`: the number of heads and their size. Inputs of any rank
    are reshaped to `(batch, length, heads, size)`: the attention axes are folded into
    one, the remaining axes join the batch.
    """

    dropout: float = field("The dropout rate of the attention weights.")
    use_bias: bool = field("Whether the projections have a bias.")

    _unwritten: tuple[str, ...] = ("flash_attention",)
    attention_axes: tuple[int, ...] | None = None
    output_shape: tuple[int, ...] | None = None
    _query_dense: Any = None
    _key_dense: Any = None
    _gate_dense: Any = None
    _value_dense: Any = None
    _output_dense: Any = None

    def __init__(
        self,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        who = type(self).__name__
        self.dropout = check_fraction(dropout, "dropout", who)
        self.use_bias = bool(use_bias)
        if sliding_window is not None:
            sliding_window = check_positive_int(sliding_window, "sliding_window", who)
        self.sliding_window = sliding_window
        if flash_attention and dropout:
            raise ValueError(
                f"{who}: fused kernels do not support dropout, so "
                f"flash_attention=True needs dropout=0; received dropout={dropout}."
            )
        self.flash_attention = flash_attention
        describe_weights(self, locals(), "kernel", "bias")
        self.use_gate = bool(use_gate)
        self.seed = seed
        self.supports_masking = True

    def sizes(self) -> tuple[int, int, int, int]:
        """`(query heads, key and value heads, head size, head size of the value)`."""
        raise NotImplementedError(f"{type(self).__name__} must define `sizes`.")

    # Building

    def build(  # type: ignore[override]
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        self._check_shapes(tuple(query_shape), tuple(value_shape), tuple(key_shape))

        heads, shared, size, value_size = self.sizes()
        self._query_dense = self._projection("query", query_shape, heads, size)
        self._key_dense = self._projection("key", key_shape, shared, size)
        if self.use_gate:
            self._gate_dense = self._projection(
                "gate", query_shape, heads, value_size, "sigmoid"
            )
        self._value_dense = self._projection("value", value_shape, shared, value_size)

        self._softmax = Softmax(dtype=self.dtype_policy)
        self._dropout_layer = Dropout(
            self.dropout, seed=self.seed, dtype=self.dtype_policy
        )

        out = self.output_shape or (query_shape[-1],)
        letters = "abcdefg"[: len(out)]
        self._output_dense = self._dense(
            f"...hd,hd{letters}->...{letters}", out, letters, "attention_output"
        )
        self._output_dense.build((*query_shape[:-1], heads, value_size))

    def _projection(
        self, name: str, shape: Any, heads: int, size: int, activation: Any = None
    ) -> EinsumDense:
        dense = self._dense("...f,fhd->...hd", (heads, size), "hd", name, activation)
        dense.build(shape)
        return dense

    def _dense(
        self,
        equation: str,
        shape: tuple[int, ...],
        bias_axes: str,
        name: str,
        activation: Any = None,
    ) -> EinsumDense:
        dense = EinsumDense(
            equation,
            output_shape=shape,
            activation=activation,
            bias_axes=bias_axes if self.use_bias else None,
            kernel_initializer=self.kernel_initializer.clone(),
            bias_initializer=self.bias_initializer.clone(),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            activity_regularizer=self._regularizer_of_parts(),
            dtype=self.dtype_policy,
            name=name,
        )
        dense.supports_masking = True  # the mask does not end here: it is used
        return dense

    def _regularizer_of_parts(self) -> Any:
        return self.activity_regularizer

    def _check_shapes(self, query: tuple, value: tuple, key: tuple) -> None:
        shapes = f"query {query}, value {value}, key {key}"
        alone = [a for a in range(len(query) - 1) if a not in self._axes(len(query))]
        if not len(query) == len(value) == len(key) or len(query) < 3:
            raise self._misfit(
                "query, value and key need the same rank, at least 3: (batch, length, "
                f"features); received shapes {shapes}"
            )
        if not _agree(value[:-1], key[:-1]):
            raise self._misfit(
                "value and key need the same shape but for the last axis; received "
                f"shapes {shapes}"
            )
        if not _agree([query[a] for a in alone], [value[a] for a in alone]):
            raise self._misfit(
                f"query and value need the same sizes along the axes {alone}, which "
                f"are not attended along; received shapes {shapes}"
            )

    def _axes(self, rank: int) -> tuple[int, ...]:
        """The axes attended along, counted from the front."""
        return tuple(a % rank for a in self.attention_axes or range(1, rank - 1))

    # Calling

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Attend.

        Args:
            query: `(batch, T, features)`.
            value: `(batch, S, features)`.
            key: as `value`, which is taken where it is None.
            query_mask, value_mask, key_mask: `(batch, T)` or `(batch, S)`, False for
                padding; by default those that travel with the tensors.
            attention_mask: `(batch, T, S)`, False where a place of the query may not
                look; also `(batch, heads, T, S)`, or shapes that broadcast to these.
            return_attention_scores: whether to return the weights of the mean too,
                `(batch, heads, T, S)`.
            training: whether to drop out.
            use_causal_mask: whether no place sees a later one.
        """
        if return_attention_scores and self.flash_attention:
            raise self._misfit(
                "flash_attention=True does not compute the scores as a tensor, so they "
                "cannot be returned: pass flash_attention=None"
            )

        folded = _Folded(query, value, self._axes(len(query.shape)))
        q = folded.fold(self._query_dense(query))
        k = folded.fold(self._key_dense(value if key is None else key))
        v = folded.fold(self._value_dense(value))
        masks = [
            None if query_mask is None else folded.padding(query_mask, query, -1),
            None if value_mask is None else folded.padding(value_mask, value, -2),
            None if key_mask is None
            else folded.padding(key_mask, value if key is None else key, -2),
            None if attention_mask is None else folded.pairs(attention_mask),
            self._window(ops.shape(q)[1], ops.shape(k)[1]),
        ]  # fmt: skip

        scores = None
        if return_attention_scores or (training and self.dropout):
            if use_causal_mask:
                places, keys = ops.shape(q)[1], ops.shape(k)[1]
                masks.append(_places(places, 2) >= _places(keys, 3))
            out, scores = self._attend(q, k, v, _joined(masks), training)
        else:
            out = ops.dot_product_attention(
                q,
                k,
                v,
                mask=_joined(masks),
                is_causal=use_causal_mask,
                flash_attention=self.flash_attention,
            )

        out = folded.unfold(out)
        if self._gate_dense is not None:
            out = out * self._gate_dense(query)
        out = self._output_dense(out)
        return (out, folded.unfold_scores(scores)) if return_attention_scores else out

    def _attend(
        self, query: Any, key: Any, value: Any, mask: Any, training: Any
    ) -> tuple[Any, Any]:
        """The formula in single ops, for dropout or where the scores are returned."""
        groups = query.shape[2] // key.shape[2]
        if groups > 1:
            key, value = (ops.repeat(x, groups, axis=2) for x in (key, value))
        query = query * (1 / math.sqrt(query.shape[-1]))
        scores = ops.einsum("btnh,bsnh->bnts", query, key)
        scores = self._softmax(scores, mask)
        dropped = self._dropout_layer(scores, training=training)
        return ops.einsum("bnts,bsnh->btnh", dropped, value), scores

    def _window(self, length: Any, keys: Any) -> Any:
        """The mask of the sliding window, or None."""
        if self.sliding_window is None:
            return None
        distance = ops.abs(_places(length, 2) - _places(keys, 3))
        return distance < self.sliding_window


def _agree(one: Any, other: Any) -> bool:
    """Whether two shapes agree wherever both are known."""
    return all(a == b or None in (a, b) for a, b in zip(one, other))


def _places(n: Any, axis: int) -> Any:
    """The positions 0, 1, ... along one of the four axes of the scores."""
    return ops.reshape(ops.arange(n), [-1 if a == axis else 1 for a in range(4)])


def _joined(masks: list[Any]) -> Any:
    """The logical and of all masks that are not None; None if there are none."""
    joined = None
    for mask in masks:
        if mask is not None:
            joined = mask if joined is None else ops.logical_and(joined, mask)
    return joined


class _Folded:
    """Reshapes tensors of any rank to `(batch, length, heads, size)` and back.

    `alone` lists the axes that are not attention axes, the batch first. Tensors of rank
    3 have this form already.
    """

    def __init__(self, query: Any, value: Any, axes: tuple[int, ...]) -> None:
        rank = len(query.shape)
        self.axes = axes
        self.alone = [a for a in range(rank - 1) if a not in axes]
        self.plain = rank == 3
        if self.plain:
            return
        places, keys = ops.shape(query), ops.shape(value)
        self.alone_sizes = [places[a] for a in self.alone]
        self.places = [places[a] for a in axes]
        self.keys = [keys[a] for a in axes]

    def fold(self, x: Any) -> Any:
        """Fold a projection of shape `(..., heads, size)`."""
        if self.plain:
            return x
        sizes = ops.shape(x)
        rank = len(sizes)
        x = ops.transpose(x, (*self.alone, *self.axes, rank - 2, rank - 1))
        length = math.prod(sizes[a] for a in self.axes)
        return ops.reshape(x, (-1, length, *sizes[-2:]))

    def unfold(self, x: Any) -> Any:
        """Restore the axes of the query from `(batch, length, heads, size)`."""
        if self.plain:
            return x
        x = ops.reshape(x, (*self.alone_sizes, *self.places, *ops.shape(x)[-2:]))
        order = [*self.alone, *self.axes]
        back = [order.index(a) for a in range(len(order))]
        return ops.transpose(x, (*back, len(order), len(order) + 1))

    def unfold_scores(self, scores: Any) -> Any:
        """The scores as `(alone..., heads, places..., keys...)`."""
        if self.plain:
            return scores
        heads = scores.shape[1]
        return ops.reshape(scores, (*self.alone_sizes, heads, *self.places, *self.keys))

    def padding(self, mask: Any, x: Any, axis: int) -> Any:
        """A mask of the first axes of `x`, such as `(batch, length)`, for the scores.

        `axis` is what stays 1: the keys' (-1) for a mask of the query, else the
        places' (-2).
        """
        mask = ops.cast(mask, "bool")
        if not self.plain:
            sizes = ops.shape(x)[:-1]
            ones = (1,) * (len(sizes) - len(mask.shape))
            mask = ops.reshape(mask, (*ops.shape(mask), *ones))
            mask = ops.transpose(
                ops.broadcast_to(mask, sizes), (*self.alone, *self.axes)
            )
            length = math.prod(sizes[a] for a in self.axes)
            mask = ops.reshape(mask, (-1, length))
        return ops.expand_dims(mask, (1, 3) if axis == -1 else (1, 2))

    def pairs(self, mask: Any) -> Any:
        """A mask `(alone..., heads, places..., keys...)`, or without the first axes.

        Axes that are missing stand before the places, that of the heads last.
        """
        mask = ops.cast(mask, "bool")
        width = 2 * len(self.axes)
        full = len(self.alone) + 1 + width
        missing = full - len(mask.shape)
        if missing < 0 or len(mask.shape) < width:
            raise ValueError(
                f"`attention_mask` needs {width} to {full} axes, to broadcast to "
                f"(batch, heads, query places, key places); received shape "
                f"{tuple(mask.shape)}."
            )

        sizes = list(ops.shape(mask))
        lead = len(sizes) - width
        sizes[lead:lead] = [1] * missing
        mask = ops.reshape(mask, sizes)
        if self.plain:
            return mask

        heads = sizes[len(self.alone)]
        mask = ops.broadcast_to(
            mask, (*self.alone_sizes, heads, *self.places, *self.keys)
        )
        return ops.reshape(
            mask, (-1, heads, math.prod(self.places), math.prod(self.keys))
        )


class MultiHeadAttention(ManyHeads):
    """Multi-head attention (Vaswani et al., 2017, arXiv:1706.03762).

    Query, key and value are projected to heads; in each head the output is the mean of
    the values weighted by `softmax(query key^T / sqrt(key_dim))`. The concatenated
    heads are projected once more.

    Args:
        num_heads: number of attention heads.
        key_dim: size of query and key in each head.
        value_dim: size of the values in each head; by default `key_dim`.
        dropout: dropout rate of the attention weights.
        use_bias: whether the projections have a bias.
        output_shape: sizes of the output's last axes; by default the query's.
        attention_axes: axes over which attention is applied; by default all but the
            first and the last.
        sliding_window: each position attends to positions fewer steps away than this.
        flash_attention: True requires a fused kernel that never stores all scores.
        use_gate: whether outputs of the heads are gated by a sigmoid of the query.
        seed: seed of the dropout.
        kernel_initializer, ...: as in `Dense`, for each of the projections.

    Example:
        >>> layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
        >>> x = np.ones((1, 5, 8))
        >>> layer(x, x, use_causal_mask=True).shape
        (1, 5, 8)
    """

    num_heads: int = field("The number of heads.")
    key_dim: int = field("The size of query and key in each head.")
    value_dim: int = field("The size of the values in each head.")

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(MultiHeadAttention, locals()))
        who = "MultiHeadAttention"
        value_dim = key_dim if value_dim is None else value_dim
        self.num_heads = check_positive_int(num_heads, "num_heads", who)
        self.key_dim = check_positive_int(key_dim, "key_dim", who)
        self.value_dim = check_positive_int(value_dim, "value_dim", who)
        self.output_shape = _integers(output_shape, "output_shape", who)
        self.attention_axes = _integers(attention_axes, "attention_axes", who)
        # It penalizes the outputs of the projections, the output projection among them.
        self._part_regularizer = self.activity_regularizer
        self.activity_regularizer = None

    def _regularizer_of_parts(self) -> Any:
        return self._part_regularizer

    def config_value(self, name: str, value: Any) -> Any:
        if name == "activity_regularizer":
            value = self._part_regularizer
        return super().config_value(name, value)

    def sizes(self) -> tuple[int, int, int, int]:
        """Key and value have as many heads as the query."""
        return self.num_heads, self.num_heads, self.key_dim, self.value_dim

    def build(  # type: ignore[override]
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        axes, rank = self._axes(len(query_shape)), len(query_shape)
        if any(not 1 <= a <= rank - 2 for a in axes) or len(set(axes)) < len(axes):
            raise self._misfit(
                f"attention_axes={self.attention_axes} must name different axes "
                "between the first and the last of the query of shape "
                f"{tuple(query_shape)}"
            )
        self.attention_axes = axes
        super().build(query_shape, value_shape, key_shape)

    @property
    def query_dense(self) -> Any:
        """The projection of the query."""
        return self._query_dense

    @property
    def key_dense(self) -> Any:
        """The projection of the key."""
        return self._key_dense

    @property
    def value_dense(self) -> Any:
        """The projection of the value."""
        return self._value_dense

    @property
    def output_dense(self) -> Any:
        """The projection of the joined heads."""
        return self._output_dense


def _integers(value: Any, argument: str, who: str) -> tuple[int, ...] | None:
    """An integer or several, as a tuple."""
    if value is None:
        return None
    values = (value,) if isinstance(value, int) else tuple(value)
    if not values or any(not isinstance(v, int) for v in values):
        raise ValueError(
            f"{who}: `{argument}` must be an integer or several; received {value!r}."
        )
    return values


# Files call the class by its public name, and weights by the class's own.
@wire_name("keras.layers", "GroupQueryAttention")
class GroupedQueryAttention(ManyHeads):
    """Grouped-query attention: groups of query heads share a key and value head.

    Ainslie et al., 2023, "GQA", arXiv:2305.13245. With one key and value head it is
    multi-query attention, with one for each query head multi-head attention.

    Args:
        head_dim: size of each head.
        num_query_heads: number of query heads.
        num_key_value_heads: number of key and value heads; must divide
            `num_query_heads`.
        dropout, use_bias, sliding_window, flash_attention, kernel_initializer, ...,
            use_gate, seed: as in `MultiHeadAttention`.

    Called on query `(batch, T, features)`, value and key `(batch, S, features)`.

    Example:
        >>> layer = keras.layers.GroupQueryAttention(4, 6, num_key_value_heads=2)
        >>> layer(np.ones((1, 5, 8)), np.ones((1, 7, 8))).shape
        (1, 5, 8)
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(GroupedQueryAttention, locals()))
        who = "GroupQueryAttention"
        self.head_dim = check_positive_int(head_dim, "head_dim", who)
        self.num_query_heads = check_positive_int(
            num_query_heads, "num_query_heads", who
        )
        self.num_key_value_heads = check_positive_int(
            num_key_value_heads, "num_key_value_heads", who
        )
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                f"{who}: `num_key_value_heads` must divide `num_query_heads`; received "
                f"{num_key_value_heads} and {num_query_heads}."
            )

    def sizes(self) -> tuple[int, int, int, int]:
        """Key and value have fewer heads than the query."""
        heads, shared = self.num_query_heads, self.num_key_value_heads
        return heads, shared, self.head_dim, self.head_dim

    def build(  # type: ignore[override]
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        if len(query_shape) != 3:
            raise self._misfit(
                "the query must have rank 3, (batch, length, features); received shape "
                f"{tuple(query_shape)}"
            )
        super().build(query_shape, value_shape, key_shape)
