"""Operations on images in JAX: their bodies, each as one compiled program."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

from keras.core.op import OPS

# Ops of many steps over whole batches. Run one by one, each step would write a batch
# to memory for the next one to read.
_NAMES = (
    *("_project", "_resize", "_sample", "gaussian_blur", "hsv_to_rgb"),
    *("rgb_to_grayscale", "rgb_to_hsv", "scale_and_translate", "sobel_edges", "ssim"),
)


def _as_one_program(name: str) -> Callable:
    """The body of an op, compiled for each set of shapes and static arguments."""

    @functools.cache
    def compiled(count: int) -> Callable:
        op = OPS[name]
        given = op.parameters[:count]
        static = [i for i, p in enumerate(given) if p not in op.tensor_names]
        return jax.jit(op.body, static_argnums=static)

    def run(*args: Any) -> Any:
        try:
            return compiled(len(args))(*args)
        except ValueError as error:
            # A static argument may be an array, such as a drawn `sigma`.
            if "Non-hashable static arguments" not in str(error):
                raise
            return NotImplemented

    return run


TABLE: dict[str, Callable] = {name: _as_one_program(name) for name in _NAMES}
