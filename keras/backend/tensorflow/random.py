"""Random draws on TensorFlow. A seed is a tensor of two words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from keras.backend import portable_random
from keras.backend.portable_random import MANTISSAS, randint_of_bits, threefry2x32
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


def is_traced(x: Any) -> bool:
    """Variables may be assigned in any function here."""
    return False


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
    return _randint(random_bits, shape, minval, maxval, dtype, seed)


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


# The portable generator: words are uint32.


def _rotate(x: tf.Tensor, distance: int) -> tf.Tensor:
    left = tf.bitwise.left_shift(x, _word(distance))
    return tf.bitwise.bitwise_or(left, _shift_right(x, 32 - distance))


def _shift_right(x: tf.Tensor, distance: int) -> tf.Tensor:
    return tf.bitwise.right_shift(x, tf.constant(distance, x.dtype))


def _word(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint32)


def _words(shape: Sequence[Any], seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    counters = tf.cast(tf.range(tf.reduce_prod(shape, keepdims=False)), tf.uint32)
    xor = tf.bitwise.bitwise_xor
    high, low = threefry2x32((seed[0], seed[1]), counters, xor, _rotate, _word)
    return tf.reshape(high, shape), tf.reshape(low, shape)


def portable_bits(shape: Sequence[Any], seed: Any) -> tf.Tensor:
    """Words of 32 random bits, as integers from 0."""
    return tf.cast(tf.bitwise.bitwise_xor(*_words(shape, seed)), tf.int64)


def portable_uniform(shape: Sequence[Any], dtype: str, seed: Any) -> tf.Tensor:
    """Uniform values in [0, 1)."""
    high, low = _words(shape, seed)
    if dtype == "float64":
        upper, lower = tf.cast(high, dtype), tf.cast(_shift_right(low, 12), dtype)
        return upper * 2**-32 + lower * 2**-52
    bits, mantissa = MANTISSAS[dtype]
    kept = _shift_right(tf.bitwise.bitwise_xor(high, low), bits - mantissa)
    kept = tf.bitwise.bitwise_and(kept, _word((1 << mantissa) - 1))
    return tf.cast(tf.cast(kept, tf.float32) * 2**-mantissa, dtype)


def portable_normal(shape: Sequence[Any], dtype: str, seed: Any) -> tf.Tensor:
    """Standard normal values."""
    words = _shift_right(tf.bitwise.bitwise_xor(*_words(shape, seed)), 9)
    return tf.cast(normal_at(tf.cast(words, tf.int32) * 4 + 1), dtype)


def normal_at(place: tf.Tensor) -> tf.Tensor:
    """The normal value below which the mass is `place / 2**25`."""
    return portable_random.normal_at(
        place,
        tf.where,
        lambda x: tf.cast(x, tf.float32),
        lambda x: tf.bitcast(x, tf.int32),
        tf.gather,
    )


def portable_randint(
    shape: Sequence[Any], minval: Any, maxval: Any, dtype: str, seed: Any
) -> tf.Tensor:
    """Integers in [minval, maxval)."""
    return _randint(portable_bits, shape, minval, maxval, dtype, seed)


def _randint(
    bits: Callable,
    shape: Sequence[Any],
    minval: Any,
    maxval: Any,
    dtype: str,
    seed: Any,
) -> tf.Tensor:
    minval, maxval = tf.cast(minval, tf.int64), tf.cast(maxval, tf.int64)
    high, low = (bits(shape, s) for s in split(seed, 2))
    return tf.cast(randint_of_bits(high, low, minval, maxval), dtype)


def split(seed: Any, number: int) -> list[Any]:
    """Independent seeds made of one."""
    return tf.unstack(tf.stack(_words((number,), seed), axis=1))
