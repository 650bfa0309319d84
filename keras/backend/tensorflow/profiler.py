"""Profiles of what TensorFlow runs, for TensorBoard."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf


def profile(folder: str) -> AbstractContextManager[Any]:
    """A context that TensorFlow's profiler records."""
    return tf.profiler.experimental.Profile(folder)
