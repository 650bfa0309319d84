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
    """softmax(scale * query key^T + bias) value, for each head.

    Vaswani et al., 2017, "Attention Is All You Need", arXiv:1706.03762.

    Args:
        query: `(batch, T, N, H)`: T places, N heads of size H.
        key, value: `(batch, S, K, H)`, with K dividing N: heads may share a key.
        bias: added to the scores; broadcast to `(batch, N, T, S)`.
        mask: boolean, False where not to look; broadcast to `(batch, N, T, S)`.
        scale: by default 1 / sqrt(H).
        is_causal: no place sees a later one.
        flash_attention: True demands a fused kernel that never holds all scores.
        attn_logits_soft_cap: scores become cap * tanh(score / cap).

    Returns:
        `(batch, T, N, H)`, in the type of `query`.

    Raises:
        ValueError: ranks, heads or sizes do not fit.
    """
    who = "dot_product_attention"
    given = {"query": query, "key": key, "value": value}
    shapes = {name: tuple(x.shape) for name, x in given.items()}
    if any(len(s) != 4 for s in shapes.values()):
        raise ValueError(
            f"{who}: query, key and value need rank 4, (batch, length, heads, size); "
            f"received shapes {shapes}."
        )
    heads, shared = query.shape[2], key.shape[2]
    if value.shape[2] != shared or not shared or heads % shared:
        raise ValueError(
            f"{who}: key and value need the same number of heads, a divisor of the "
            f"query's; received shapes {shapes}."
        )
    if query.shape[3] != key.shape[3] or not shapes_fit(
        key.shape[1:2], value.shape[1:2]
    ):
        raise ValueError(
            f"{who}: query and key need the same head size, key and value the same "
            f"length; received shapes {shapes}."
        )
    for name, extra in (("bias", bias), ("mask", mask)):
        if extra is not None and len(extra.shape) != 4:
            raise shape_error(
                f"{who}: `{name}` needs rank 4, to broadcast to (batch, heads, T, S)",
                extra,
            )
    if flash_attention is None:
        flash_attention = settings.is_flash_attention_enabled()
    scale = 1 / math.sqrt(query.shape[3]) if scale is None else scale
    if bias is not None:
        bias = cast(bias, dtype(query))
    soft_cap = attn_logits_soft_cap
    return _attention(
        query, key, value, bias, mask, scale, is_causal, flash_attention, soft_cap
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
    """The formula, in the ops: what every backend can do."""
    kind = dtype(query)
    groups = query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = (knp.repeat(x, groups, axis=2) for x in (key, value))
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
        seen = (knp.arange(rows)[:, None] >= knp.arange(columns))[None, None]
        mask = seen if mask is None else knp.logical_and(mask, seen)
    if mask is not None:
        least = -0.7 * 3.4028235e38 if dtype(scores) == "float32" else -1e300
        scores = knp.where(mask, scores, least)
    weights = cast(_softmax(scores, -1), kind)
    # The values first: JAX swaps the two, and XLA on CPU is slow the other way round.
    return knp.einsum("bsnh,bnts->btnh", value, weights)
