"""Single-head attention without projections."""

from __future__ import annotations

from typing import Any

from keras import ops, random
from keras.core import tree
from keras.core.errors import check_choice, check_fraction
from keras.layers.layer import Layer
from keras.layers.weighted import size_of_axis


class Attention(Layer):
    """Dot-product attention (Luong et al., 2015, arXiv:1508.04025).

    For each position of the query, the output is the mean of the values weighted by the
    softmax of its scores with the keys: their dot product, or with
    `score_mode="concat"` `sum(tanh(query + key))`.

    Args:
        use_scale: whether the scores are multiplied by a learned scalar.
        score_mode: "dot" or "concat".
        dropout: dropout rate of the attention weights.
        seed: seed of the dropout.

    Called on `[query, value]` or `[query, value, key]`, of shapes
    `(batch, T, features)` and `(batch, S, features)`; the output is `(batch, T,
    features of value)`.

    Example:
        >>> x = np.ones((1, 5, 8))
        >>> keras.layers.Attention()([x, x]).shape
        (1, 5, 8)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        who = type(self).__name__
        self.use_scale = bool(use_scale)
        self.score_mode = check_choice(score_mode, ("dot", "concat"), "score_mode", who)
        self.dropout = check_fraction(dropout, "dropout", who)
        self.seed = seed
        if self.dropout:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.scale: Any = None
        self.concat_score_weight: Any = None

    def build(self, input_shape: Any) -> None:
        """Check the shapes and make the scale."""
        self._check_shapes(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                (), "ones", name="concat_score_weight"
            )

    def _check_shapes(self, shapes: Any) -> None:
        listed = not tree.is_shape(shapes) and len(shapes) in (2, 3)
        if not listed or any(len(s) != 3 for s in shapes):
            raise self._misfit(
                "it takes [query, value] or [query, value, key], each of rank 3: "
                f"(batch, length, features); received inputs of shapes {shapes}"
            )
        query, value, key = shapes[0], shapes[1], shapes[-1]
        if None not in (query[-1], key[-1]) and query[-1] != key[-1]:
            raise self._misfit(
                "query and key need the same number of features; received inputs of "
                f"shapes {shapes}"
            )
        if None not in (value[1], key[1]) and value[1] != key[1]:
            raise self._misfit(
                "value and key need the same length; received inputs of shapes "
                f"{shapes}"
            )

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Attend.

        Args:
            inputs: `[query, value]` or `[query, value, key]`.
            mask: `[query_mask, value_mask]`, each `(batch, length)` or None; False
                for padding. By default the masks attached to the tensors.
            training: whether to apply dropout.
            return_attention_scores: whether to return the attention weights too.
            use_causal_mask: whether each position only sees earlier ones and itself.
        """
        query, value, key = inputs[0], inputs[1], inputs[-1]
        query_mask, value_mask = self._check_mask(mask, inputs)
        if value_mask is not None:
            value_mask = ops.expand_dims(ops.cast(value_mask, "bool"), 1)

        drops = bool(training and self.dropout)
        weights = None
        if drops or return_attention_scores or not self._is_product():
            scores = self._calculate_scores(query, key)
            if use_causal_mask:
                places, keys = (ops.arange(n) for n in ops.shape(scores)[1:])
                seen = ops.expand_dims(places, 1) >= keys
                value_mask = (
                    seen if value_mask is None else ops.logical_and(value_mask, seen)
                )
            if value_mask is not None:
                low = -65504.0 if ops.dtype(scores) == "float16" else -1e9
                scores = ops.where(value_mask, scores, low)
            weights = ops.softmax(scores, axis=-1)
            if drops:
                weights = random.dropout(
                    weights, self.dropout, seed=self.seed_generator
                )
            out = ops.matmul(weights, value)
        else:
            if self.scale is not None:
                query = query * self.scale
            out = ops.dot_product_attention(
                ops.expand_dims(query, 2),
                ops.expand_dims(key, 2),
                ops.expand_dims(value, 2),
                mask=None if value_mask is None else ops.expand_dims(value_mask, 1),
                scale=1.0,
                is_causal=use_causal_mask,
            )[:, :, 0]

        if query_mask is not None:
            out = out * ops.cast(ops.expand_dims(query_mask, -1), ops.dtype(out))
        return (out, weights) if return_attention_scores else out

    def _is_product(self) -> bool:
        """Whether the scores are dot products, which fused kernels compute."""
        return self.score_mode == "dot"

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        """The scores, `(batch, T, S)`."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
            return scores if self.scale is None else scores * self.scale
        joined = ops.expand_dims(query, 2) + ops.expand_dims(key, 1)
        if self.scale is not None:
            joined = joined * self.scale
        return self.concat_score_weight * ops.sum(ops.tanh(joined), axis=-1)

    def _check_mask(self, mask: Any, inputs: Any) -> tuple[Any, Any]:
        if mask is None:
            return None, None
        if not isinstance(mask, (list, tuple)) or not 2 <= len(mask) <= len(inputs):
            given = (
                f"{len(mask)} of them"
                if isinstance(mask, (list, tuple))
                else f"one of shape {tuple(mask.shape)}"
            )
            raise self._misfit(
                "`mask` must be a list of the masks of query and value (and key), or "
                f"None for either; received {given} for {len(inputs)} inputs"
            )
        return mask[0], mask[1]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the query."""
        self._check_mask(mask, inputs)
        if mask is None or mask[0] is None:
            return None
        return ops.convert_to_tensor(mask[0])


class AdditiveAttention(Attention):
    """Additive attention (Bahdanau et al., 2014, arXiv:1409.0473).

    The score of query and key is `sum(scale * tanh(query + key))`.

    Args:
        use_scale: whether there is a learned scale, one number for each feature.
        dropout: dropout rate of the attention weights.

    Called as `Attention` is; it takes `seed` too.

    Example:
        >>> x = np.ones((1, 5, 8))
        >>> keras.layers.AdditiveAttention()([x, x]).shape
        (1, 5, 8)
    """

    _unwritten = ("score_mode",)

    def __init__(
        self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        self._check_shapes(input_shape)
        if self.use_scale:
            features = size_of_axis(self, input_shape[0])
            self.scale = self.add_weight((features,), "glorot_uniform", name="scale")

    def _is_product(self) -> bool:
        return False

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        joined = ops.tanh(ops.expand_dims(query, 2) + ops.expand_dims(key, 1))
        if self.scale is not None:
            joined = joined * self.scale
        return ops.sum(joined, axis=-1)
