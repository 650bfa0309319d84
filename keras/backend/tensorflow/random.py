"""Random draws on TensorFlow. A seed is a tensor of two words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras.backend import portable_random
from keras.backend.defaults import is_traced as is_traced
from keras.backend.defaults import next_on_host as next_on_host
from keras.backend.portable_random import Draws, threefry2x32
from keras.core import seeds

_STEP = (0, 1)


def seed_of(seed: int) -> tf.Tensor:
    """The seed of a draw from an integer."""
    return tf.constant([seed, 0], tf.uint32)


def advance(state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The seed of a draw, and the state after it."""
    value = tf.convert_to_tensor(state)
    return value, value + tf.constant(_STEP, tf.uint32)


def state_scope() -> Any:
    """Where states are kept: on the host, as all devices can read it."""
    return tf.device("cpu:0")


def seed_framework(seed: int) -> None:
    """Seed TensorFlow's global generator."""
    tf.random.set_seed(seed)


if seeds.value is not None:
    seed_framework(seeds.value)


def _seed(seed: tf.Tensor) -> tf.Tensor:
    return tf.bitcast(seed, tf.int32)


def random_bits(shape: Sequence[Any], seed: Any) -> tf.Tensor:
    """Words of 32 random bits, as integers from 0."""
    words = tf.random.stateless_uniform(
        shape, _seed(seed), minval=None, maxval=None, dtype=tf.uint32
    )
    return tf.cast(words, tf.int64)


def random_uniform(shape: Sequence[Any], dtype: str, seed: Any) -> tf.Tensor:
    """Uniform values in [0, 1)."""
    return tf.random.stateless_uniform(shape, _seed(seed), dtype=dtype)


def random_normal(shape: Sequence[Any], dtype: str, seed: Any) -> tf.Tensor:
    """Standard normal values."""
    return tf.random.stateless_normal(shape, _seed(seed), dtype=dtype)


def random_randint(
    shape: Sequence[Any], minval: Any, maxval: Any, dtype: str, seed: Any
) -> tf.Tensor:
    """Integers in [minval, maxval)."""
    if isinstance(minval, int) and isinstance(maxval, int):
        out = tf.random.stateless_uniform(shape, _seed(seed), minval, maxval, tf.int64)
        return tf.cast(out, dtype)
    return _draws.randint(shape, minval, maxval, dtype, seed, random_bits)


def random_gamma(shape: Sequence[Any], alpha: Any, dtype: str, seed: Any) -> tf.Tensor:
    """Gamma values of scale 1; `alpha` broadcasts to the shape."""
    alpha = tf.cast(alpha, dtype)
    return tf.random.stateless_gamma(shape, _seed(seed), alpha, dtype=dtype)


def random_binomial(
    shape: Sequence[Any], counts: Any, probabilities: Any, dtype: str, seed: Any
) -> tf.Tensor:
    """How many of `counts` trials succeed."""
    counts, probabilities = tf.cast(counts, dtype), tf.cast(probabilities, dtype)
    return tf.random.stateless_binomial(
        shape, _seed(seed), counts, probabilities, output_dtype=dtype
    )


def dropout(
    x: tf.Tensor, rate: float, shape: Sequence[Any] | None, seed: Any
) -> tf.Tensor:
    """`x` with a part `rate` of its elements 0 and the others scaled up."""
    return tf.nn.experimental.stateless_dropout(x, rate, _seed(seed), noise_shape=shape)


# The portable generator: words are uint32, and int64 afterwards.


def _rotate(x: tf.Tensor, distance: int) -> tf.Tensor:
    left = tf.bitwise.left_shift(x, _word(distance))
    right = tf.bitwise.right_shift(x, _word(32 - distance))
    return tf.bitwise.bitwise_or(left, right)


def _word(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint32)


def _threefry(shape: Sequence[Any], seed: tf.Tensor) -> list[tf.Tensor]:
    counters = tf.cast(tf.range(tf.reduce_prod(shape, keepdims=False)), tf.uint32)
    xor = tf.bitwise.bitwise_xor
    words = threefry2x32((seed[0], seed[1]), counters, xor, _rotate, _word)
    return [tf.reshape(w, shape) for w in words]


def _words(shape: Sequence[Any], seed: tf.Tensor) -> list[tf.Tensor]:
    return [tf.cast(w, tf.int64) for w in _threefry(shape, seed)]


def normal_at(place: tf.Tensor) -> tf.Tensor:
    """The normal value below which the mass is `place / 2**25`."""
    return portable_random.normal_at(
        place,
        tf.where,
        lambda x: tf.cast(x, tf.float32),
        lambda x: tf.bitcast(x, tf.int32),
        tf.gather,
    )


def split(seed: Any, number: int) -> list[Any]:
    """Independent seeds made of one."""
    return tf.unstack(tf.stack(_threefry((number,), seed), axis=1))


_draws = Draws(_words, split, tf.cast, normal_at)
portable_bits = _draws.bits
portable_uniform = _draws.uniform
portable_normal = _draws.normal
portable_randint = _draws.randint
