"""Updates of all weights at once, in place, by PyTorch's fused and foreach kernels.

Each does what an optimizer's `update` says; numbers come from the host, so that no
step waits for the device.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from keras.backend.torch.capture import is_recording, opaque

Tensors = list[torch.Tensor] | tuple[torch.Tensor, ...]


def number(x: torch.Tensor) -> Any:
    """A scalar as a number, remembered with the tensor until that is written to."""
    if torch.compiler.is_compiling():
        return x
    if is_recording():  # it will be another one the next time
        return x.item()
    known = getattr(x, "_keras_number", None)
    if known is None or known[0] != x._version:
        known = x._keras_number = x._version, x.item()  # type: ignore[attr-defined]
    return known[1]


@opaque
def count(x: torch.Tensor) -> None:
    """Add one; the host goes on knowing the number."""
    now = number(x)
    x.add_(1)
    x._keras_number = x._version, now + 1  # type: ignore[attr-defined]


def fused_update(name: str) -> Callable | None:
    """The kernel of that name; none while torch.compile makes its own."""
    return None if torch.compiler.is_compiling() else _KERNELS.get(name)


def _alike(weights: Tensors, grads: Tensors, slots: dict[str, Tensors]) -> Tensors:
    """Gradients in memory as their weights: the fused kernels ignore strides.

    Slots are moved once and for all.
    """
    for tensors in slots.values():
        for slot, weight in zip(tensors, weights):
            if slot.stride() != weight.stride():
                slot.data = torch.empty_like(weight).copy_(slot)
    return [
        g if g.stride() == w.stride() else torch.empty_like(w).copy_(g)
        for g, w in zip(grads, weights)
    ]


def _adam(
    weights: Tensors,
    grads: Tensors,
    slots: dict[str, Tensors],
    rate: float,
    step: int,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam, or AMSGrad where there is a slot for the largest second moment."""
    steps = [torch.full((), step, dtype=torch.float32, device=weights[0].device)]
    largest = slots.get("velocity_hat", [])

    torch._fused_adam_(
        weights,
        _alike(weights, grads, slots),
        slots["momentum"],
        slots["velocity"],
        largest,
        steps * len(weights),
        lr=rate,
        beta1=beta_1,
        beta2=beta_2,
        weight_decay=0.0,
        # PyTorch adds it after the correction of the second mean, Keras before.
        eps=epsilon / (1 - beta_2**step) ** 0.5,
        amsgrad=bool(largest),
        maximize=False,
    )


def _sgd(
    weights: Tensors,
    grads: Tensors,
    slots: dict[str, Tensors],
    rate: float,
    step: int,
    momentum: float,
) -> None:
    """SGD, with momentum where there is a slot for it."""
    if not slots:
        torch._foreach_add_(weights, grads, alpha=-rate)
        return
    if not momentum:  # PyTorch's kernel wants no buffer then
        _nesterov(weights, grads, slots, rate, step, momentum)
        return

    # Upwards, so that PyTorch's buffer is our momentum: m * v - rate * g.
    torch._fused_sgd_(
        weights,
        _alike(weights, grads, slots),
        slots["momentum"],
        weight_decay=0.0,
        momentum=momentum,
        lr=-1.0,
        dampening=1.0 - rate,
        nesterov=False,
        maximize=True,
        is_first_step=False,
    )


def _nesterov(
    weights: Tensors,
    grads: Tensors,
    slots: dict[str, Tensors],
    rate: float,
    step: int,
    momentum: float,
) -> None:
    """SGD with Nesterov's momentum."""
    velocity = slots["momentum"]
    torch._foreach_mul_(velocity, momentum)
    torch._foreach_add_(velocity, grads, alpha=-rate)
    torch._foreach_add_(weights, velocity, alpha=momentum)
    torch._foreach_add_(weights, grads, alpha=-rate)


def _rmsprop(
    weights: Tensors,
    grads: Tensors,
    slots: dict[str, Tensors],
    rate: float,
    step: int,
    rho: float,
    momentum: float,
    epsilon: float,
) -> None:
    """RMSprop, centered or with momentum where there are slots for that."""
    squares = slots["velocity"]
    torch._foreach_mul_(squares, rho)
    torch._foreach_addcmul_(squares, grads, grads, 1 - rho)

    spread = squares
    if "average_gradient" in slots:
        means = slots["average_gradient"]
        torch._foreach_lerp_(means, grads, 1 - rho)
        spread = torch._foreach_addcmul(squares, means, means, -1)

    root = torch._foreach_add(spread, epsilon)
    torch._foreach_sqrt_(root)

    if "momentum" in slots:
        steps = slots["momentum"]
        torch._foreach_mul_(steps, momentum)
        torch._foreach_addcdiv_(steps, grads, root, rate)
        torch._foreach_sub_(weights, steps)
    else:
        torch._foreach_addcdiv_(weights, grads, root, -rate)


def _decay(weights: Tensors, fraction: float) -> None:
    """Weight decay: shrink the weights by a fraction."""
    torch._foreach_mul_(weights, 1 - fraction)


def _average(averages: Tensors, weights: Tensors, momentum: float) -> None:
    """The moving average of the weights."""
    torch._foreach_lerp_(averages, weights, 1 - momentum)


def _clipnorm(grads: Tensors, limit: float) -> Tensors:
    """Each gradient, scaled down to a norm of at most `limit`."""
    norms = torch.stack(torch._foreach_norm(grads))
    return torch._foreach_mul(grads, (limit / norms.clamp(min=limit)).unbind())


def _global_clipnorm(grads: Tensors, limit: float) -> Tensors:
    """All gradients, scaled down together to a norm of at most `limit`."""
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
    return torch._foreach_mul(grads, limit / norm.clamp(min=limit))


def _clipvalue(grads: Tensors, limit: float) -> Tensors:
    """The gradients, each element limited to [-limit, limit]."""
    return torch._foreach_clamp_min(torch._foreach_clamp_max(grads, limit), -limit)


_KERNELS: dict[str, Callable] = {
    "adam": _adam,
    "amsgrad": _adam,
    "sgd": _sgd,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "decay": _decay,
    "average": _average,
    "clipnorm": _clipnorm,
    "global_clipnorm": _global_clipnorm,
    "clipvalue": _clipvalue,
    "count": count,
}
