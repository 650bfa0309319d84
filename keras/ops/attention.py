"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

from keras.core import settings
from keras.core.errors import no_flash_attention, shape_error, shapes_fit
from keras.core.op import Index, Mask, Tensor, op
from keras.core.scope import current
from keras.ops import numpy as knp
from keras.ops.activations import _softmax
from keras.ops.core import cast, dtype, shape

# The scores of masked positions, far below all others but with room for a sum.
_HIDDEN_32 = -0.7 * 3.4028235e38
_HIDDEN_64 = -1e300


@op(cast="float")
def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Index | None = None,
    mask: Mask | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Scaled dot-product attention: softmax(scale * query key^T + bias) value.

    Vaswani et al., 2017, "Attention Is All You Need", arXiv:1706.03762.

    Args:
        query: `(batch, T, N, H)`: T positions, N heads of size H.
        key, value: `(batch, S, K, H)`; K must divide N, and each key head serves
            `N / K` query heads.
        bias: added to the scores; broadcast to `(batch, N, T, S)`.
        mask: boolean, False where a query must not see a key; broadcast to
            `(batch, N, T, S)`.
        scale: the factor of the scores, by default 1 / sqrt(H).
        is_causal: whether a position sees no later one.
        flash_attention: whether to use a fused kernel that never holds all scores.
            True raises where there is none, None follows
            `keras.config.enable_flash_attention`.
        attn_logits_soft_cap: the scores become cap * tanh(score / cap).

    Returns:
        `(batch, T, N, H)`, in the type of `query`.

    Raises:
        ValueError: the ranks, heads or sizes do not fit, or `flash_attention=True` is
            not possible.
    """
    who = "dot_product_attention"
    _check_attention(who, query, key, value)
    for name, extra in (("bias", bias), ("mask", mask)):
        if extra is not None and len(extra.shape) != 4:
            raise shape_error(
                f"{who}: `{name}` must have rank 4 and broadcast to (batch, heads, T, "
                "S)",
                extra,
            )

    if flash_attention is None:
        flash_attention = settings.is_flash_attention_enabled()
    if scale is None:
        scale = 1 / math.sqrt(query.shape[3])
    if bias is not None:
        bias = cast(bias, dtype(query))
    return _attention(
        query,
        key,
        value,
        bias,
        mask,
        scale,
        is_causal,
        flash_attention,
        attn_logits_soft_cap,
    )


def _check_attention(who: str, query: Any, key: Any, value: Any) -> None:
    given = {"query": query, "key": key, "value": value}
    shapes = {name: tuple(x.shape) for name, x in given.items()}
    if any(len(dims) != 4 for dims in shapes.values()):
        raise ValueError(
            f"{who}: query, key and value must have rank 4, (batch, length, heads, "
            f"size); received shapes {shapes}."
        )

    heads = query.shape[2]
    key_heads = key.shape[2]
    if value.shape[2] != key_heads or not key_heads or heads % key_heads:
        raise ValueError(
            f"{who}: key and value must have the same number of heads, which must "
            f"divide the number of query heads; received shapes {shapes}."
        )

    same_length = shapes_fit(key.shape[1:2], value.shape[1:2])
    if query.shape[3] != key.shape[3] or not same_length:
        raise ValueError(
            f"{who}: query and key must have the same head size, key and value the "
            f"same length; received shapes {shapes}."
        )


@op
def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None = None,
    mask: Mask | None = None,
    scale: float = 1.0,
    is_causal: bool = False,
    flash: bool | None = None,
    soft_cap: float | None = None,
) -> Tensor:
    """Attention written out, with checked arguments."""
    if flash:
        why = "there is no fused kernel for these arguments"
        raise no_flash_attention(current().name, why)
    return attend(query, key, value, bias, mask, scale, is_causal, soft_cap)


def attend(
    query: Any,
    key: Any,
    value: Any,
    bias: Any,
    mask: Any,
    scale: float,
    is_causal: bool,
    soft_cap: float | None,
) -> Any:
    """The formula written in ops, for any backend; arguments as `_attention`'s."""
    kind = dtype(query)
    group_size = query.shape[2] // key.shape[2]
    if group_size > 1:
        key = knp.repeat(key, group_size, axis=2)
        value = knp.repeat(value, group_size, axis=2)

    # Sums of narrow floats overflow or lose what distinguishes the scores.
    scores = knp.einsum("btnh,bsnh->bnts", query, key)
    if kind in ("float16", "bfloat16"):
        scores = cast(scores, "float32")
    scores = scores * scale
    if bias is not None:
        scores = scores + cast(bias, dtype(scores))
    if soft_cap is not None:
        scores = soft_cap * knp.tanh(scores / soft_cap)

    if is_causal:
        rows, columns = shape(scores)[2:]
        is_seen = (knp.arange(rows)[:, None] >= knp.arange(columns))[None, None]
        mask = is_seen if mask is None else knp.logical_and(mask, is_seen)
    if mask is not None:
        # Not -inf: a row in which everything is masked would be nan.
        hidden = _HIDDEN_32 if dtype(scores) == "float32" else _HIDDEN_64
        scores = knp.where(mask, scores, hidden)

    weights = cast(_softmax(scores, -1), kind)
    # The values first: JAX swaps the two, and XLA on CPU is slow the other way round.
    return knp.einsum("bsnh,bnts->btnh", value, weights)
