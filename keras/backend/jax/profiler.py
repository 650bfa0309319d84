"""Profiles of what JAX runs, for TensorBoard."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import jax


def profile(folder: str) -> AbstractContextManager[Any]:
    """A context that XLA's profiler records."""
    return jax.profiler.trace(folder)
