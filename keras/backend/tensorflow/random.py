"""Random draws on TensorFlow. A seed is a tensor of two words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras.core import seeds

_STEP = (0, 1)


def seed_of(seed: int) -> tf.Tensor:
    """The seed of a draw from an integer."""
    return tf.constant([seed, 0], tf.uint32)


def advance(state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The seed of a draw, and the state after it."""
    value = tf.convert_to_tensor(state)
    return value, value + tf.constant(_STEP, tf.uint32)


def seed_framework(seed: int) -> None:
    """Seed TensorFlow's global generator."""
    tf.random.set_seed(seed)


if seeds.value is not None:
    seed_framework(seeds.value)


def _seed(seed: tf.Tensor) -> tf.Tensor:
    return tf.bitcast(seed, tf.int32)


def random_uniform(shape: Sequence[int], dtype: str, seed: Any) -> tf.Tensor:
    """Uniform values in [0, 1)."""
    return tf.random.stateless_uniform(shape, _seed(seed), dtype=dtype)


def random_normal(shape: Sequence[int], dtype: str, seed: Any) -> tf.Tensor:
    """Standard normal values."""
    return tf.random.stateless_normal(shape, _seed(seed), dtype=dtype)
