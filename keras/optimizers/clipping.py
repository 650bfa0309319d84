"""Gradient clipping, by value or by norm (Pascanu et al., 2013)."""

from __future__ import annotations

from typing import Any

from keras import ops


def _norm(grads: list[Any]) -> Any:
    total = ops.sum(ops.square(grads[0]))
    for g in grads[1:]:
        total = total + ops.cast(ops.sum(ops.square(g)), total.dtype)
    return ops.sqrt(total)


def _scaled_down(gradient: Any, limit: float, norm: Any) -> Any:
    scale = limit / ops.maximum(norm, limit)
    return gradient * ops.cast(scale, gradient.dtype)


def _clip_norms(grads: list[Any], limit: float) -> list[Any]:
    return [_scaled_down(g, limit, _norm([g])) for g in grads]


def _clip_norm(grads: list[Any], limit: float) -> list[Any]:
    norm = _norm(grads)
    return [_scaled_down(g, limit, norm) for g in grads]


def _clip_values(grads: list[Any], limit: float) -> list[Any]:
    return [ops.clip(g, -limit, limit) for g in grads]


CLIPS = {
    "clipnorm": _clip_norms,
    "global_clipnorm": _clip_norm,
    "clipvalue": _clip_values,
}
