"""Updates by TensorFlow's kernels: one operation for a weight and all its slots."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

Kept = list[tf.Variable]
Slots = dict[str, Kept]


def number(x: Any) -> tf.Tensor:
    """A scalar variable's value: it stays on the device."""
    return tf.convert_to_tensor(x)


def fused_update(name: str) -> Callable | None:
    """The kernel of that name."""
    return _KERNELS.get(name)


def _apply(
    operation: Callable, weights: Kept, grads: list, slots: Slots, **scalars: Any
) -> None:
    """Run a kernel of TensorFlow on each weight; `slots` by the kernel's names."""
    scalars = {k: tf.cast(v, weights[0].dtype) for k, v in scalars.items()}
    for i, (weight, gradient) in enumerate(zip(weights, grads)):
        handles = {name: column[i].handle for name, column in slots.items()}
        operation(var=weight.handle, grad=gradient, **handles, **scalars)


def _adam(
    weights: Kept,
    grads: list,
    slots: Slots,
    rate: Any,
    step: Any,
    beta_1: Any,
    beta_2: Any,
    epsilon: Any,
) -> None:
    done = tf.cast(step, beta_1.dtype)
    _apply(
        tf.raw_ops.ResourceApplyAdam,
        weights,
        grads,
        {"m": slots["momentum"], "v": slots["velocity"]},
        beta1_power=beta_1**done,
        beta2_power=beta_2**done,
        lr=rate,
        beta1=beta_1,
        beta2=beta_2,
        epsilon=epsilon,
    )


def _sgd(
    weights: Kept,
    grads: list,
    slots: Slots,
    rate: Any,
    step: Any,
    momentum: Any,
    nesterov: bool = False,
) -> None:
    if not slots:
        rate = tf.cast(rate, weights[0].dtype)
        for weight, gradient in zip(weights, grads):
            tf.raw_ops.ResourceApplyGradientDescent(
                var=weight.handle, alpha=rate, delta=gradient
            )
        return

    def operation(**arguments: Any) -> Any:
        return tf.raw_ops.ResourceApplyKerasMomentum(use_nesterov=nesterov, **arguments)

    named = {"accum": slots["momentum"]}
    _apply(operation, weights, grads, named, lr=rate, momentum=momentum)


_KERNELS: dict[str, Callable] = {
    "adam": _adam,
    "sgd": _sgd,
    "nesterov": functools.partial(_sgd, nesterov=True),
}
