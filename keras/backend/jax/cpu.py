"""What XLA does slowly on CPUs, written otherwise.

Measured on two cores, a step of two convolutions and poolings on 64 images of 28x28:
the gradient of a maximum over windows is a scatter that takes most of the step, and the
gradient of a convolution's kernel is ten times slower inside a loop than outside. As
elementwise maxima and as matrix products both take their due.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from keras.backend.windows import Window, reach, same_pads, spatial


def on_cpu() -> bool:
    """Whether what is traced now runs on a CPU."""
    return jax.default_backend() == "cpu"


def kernel_gradient_by_products(conv: Callable, window: Window) -> Callable:
    """A convolution whose gradient for the kernel is a sum of matrix products.

    Args:
        conv: `(inputs, kernel) -> outputs`, channels last, in one group.
        window: its window.
    """

    @jax.custom_jvp
    def run(inputs: Any, kernel: Any) -> Any:
        return conv(inputs, kernel)

    @run.defjvp
    def derive(primals: Any, tangents: Any) -> Any:
        inputs, kernel = primals
        outputs = run(inputs, kernel)
        by_inputs = conv(tangents[0], kernel)
        # Linear in the kernel's tangent: only its transpose runs in a backward pass.
        return outputs, by_inputs + _by_products(inputs, tangents[1], window, outputs)

    return run


def _by_products(inputs: Any, kernel: Any, window: Window, like: Any) -> Any:
    """The convolution as one matrix product for each place in the kernel."""
    if window.padding == "same":
        pads = [(0, 0), *same_pads(window, spatial(inputs, True)), (0, 0)]  # type: ignore
        inputs = jnp.pad(inputs, pads)
    sizes = like.shape[1:-1]
    flat = kernel.reshape(-1, *kernel.shape[-2:])
    total: Any = 0
    for number, place in enumerate(itertools.product(*map(range, window.size))):
        starts = [i * d for i, d in zip(place, window.dilation)]
        stops = [a + (n - 1) * s + 1 for a, n, s in zip(starts, sizes, window.strides)]
        seen = lax.slice(
            inputs,
            (0, *starts, 0),
            (inputs.shape[0], *stops, inputs.shape[-1]),
            (1, *window.strides, 1),
        )
        total = total + seen.reshape(-1, seen.shape[-1]) @ flat[number]
    return total.reshape(like.shape)


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


def pays(inputs: Any, kernel: Any, window: Window, groups: int) -> bool:
    """Whether a convolution's kernel gradient is to be made of matrix products."""
    return (
        groups == 1
        and window.channels_last
        and math.prod(window.size) <= 64
        and all(n >= k for n, k in zip(inputs.shape[1:-1], reach(window)))
        and on_cpu()
    )
