"""What XLA does slowly on CPUs, written otherwise.

Measured on two cores, a step of two convolutions and poolings on 64 images of 28x28:
the gradient of a maximum over windows is a scatter that takes most of the step. By
elementwise maxima it takes its due.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from keras.backend.windows import Window, spatial


def on_cpu() -> bool:
    """Whether what is traced now runs on a CPU."""
    return jax.default_backend() == "cpu"


def projects_sequences() -> bool:
    """On a CPU a recurrent layer's step multiplies its own input.

    XLA takes 60 % of the time then, forward and backward: measured for an LSTM of 32 to
    512 units on 32 to 128 sequences of 30 to 100 steps.
    """
    return not on_cpu()


def is_tiled(inputs: Any, window: Window) -> bool:
    """Whether it pays to pool by `tiles`.

    It does not where windows overlap, are cut at the rim, or are large.
    """
    dims = spatial(inputs, window.channels_last)
    whole = all(n % k == 0 for n, k in zip(dims, window.size))  # type: ignore
    fits = window.padding == "valid" or whole
    small = math.prod(window.size) <= 16
    return on_cpu() and window.size == window.strides and fits and small


def tiles(inputs: Any, window: Window) -> list[Any]:
    """The elements of each window by their place in it.

    Returns:
        Arrays of the shape of the pooled output, one for each place.
    """
    dims = spatial(inputs, window.channels_last)
    found = []
    for place in itertools.product(*map(range, window.size)):
        index = [
            slice(i, n // k * k, k)  # type: ignore[operator]
            for i, n, k in zip(place, dims, window.size)
        ]
        around = [slice(None)]
        key = around + index + around if window.channels_last else around * 2 + index
        found.append(inputs[tuple(key)])
    return found


def with_gradient_of(function: Callable, other: Callable) -> Callable:
    """`function`; where gradients are wanted, `other`, which computes the same."""
    run = jax.custom_jvp(function)
    run.defjvp(lambda primals, tangents: jax.jvp(other, primals, tangents))
    return run


def largest(parts: list[Any]) -> Any:
    """The elementwise maximum; the gradient goes to the first that attains it."""
    return functools.reduce(lambda a, b: jnp.where((b > a) | (b != b), b, a), parts)
