"""The random functions: each once, over the draws that a backend gives.

By default these are the framework's own; under `keras.config.set_portable_random(True)`
they are the same on every backend.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.core import dtypes
from keras.core.errors import check_fraction, check_number
from keras.core.op import Tensor, op
from keras.core.scope import current
from keras.core.settings import settings
from keras.core.tensor import KerasTensor
from keras.random import distributions
from keras.random.seed_generator import draw_seed

_TRUNCATED = 0.9544997361036416  # erf(sqrt(2)): the mass within two deviations
# The same as places in `backend.portable_random.normal_at`.
_FIRST_PLACE = math.ceil(2**25 * (1 - _TRUNCATED) / 2)
_PLACES = float(2**25 - 2 * _FIRST_PLACE)


def normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = None,
    seed: Any = None,
) -> Any:
    """Values from a normal distribution.

    Args:
        shape: the shape of the result.
        mean: the mean; a number, or a tensor that broadcasts to the shape.
        stddev: the standard deviation, not negative; likewise.
        dtype: a float type; `floatx()` by default.
        seed: an integer for the same values each time, a `SeedGenerator` for new ones
            each time, or None for the global one.

    Raises:
        ValueError: a negative `stddev`, or a type that is not a float's.

    Example:
        >>> x = keras.random.normal((2, 3), seed=1)
    """
    dtype = _float_dtype(dtype, "normal")
    _check(stddev, 0, "stddev", "normal")
    drawn = _draw("normal")(_shape(shape, "normal"), dtype, draw_seed(seed))
    return _placed(drawn, mean, stddev, dtype)


def truncated_normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = None,
    seed: Any = None,
) -> Any:
    """Values from a normal distribution, within two standard deviations of its mean.

    Args (`shape`, `dtype` and `seed` as for `normal`):
        mean, stddev: those of the distribution before the cut.

    Example:
        >>> x = keras.random.truncated_normal((2, 3), stddev=0.05, seed=1)
    """
    dtype = _float_dtype(dtype, "truncated_normal")
    _check(stddev, 0, "stddev", "truncated_normal")
    shape = _shape(shape, "truncated_normal")
    u = _draw("uniform")(shape, _wide(dtype), draw_seed(seed))
    if settings.portable_random:
        places = _FIRST_PLACE + ops.cast(ops.floor(u * _PLACES), "int32")
        z = current().random.normal_at(places)
    else:
        z = ops.erfinv((2 * u - 1) * _TRUNCATED) * 2**0.5
    z = ops.cast(ops.clip(z, -2.0, 2.0), dtype)
    return _placed(z, mean, stddev, dtype)


def uniform(
    shape: Sequence[int],
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: Any = None,
    seed: Any = None,
) -> Any:
    """Values from a uniform distribution over `[minval, maxval)`.

    Args (`shape`, `dtype` and `seed` as for `normal`):
        minval, maxval: the bounds; numbers, or tensors that broadcast to the shape.
        dtype: a float type; `floatx()` by default. For integers see `randint`.

    Example:
        >>> x = keras.random.uniform((2, 3), -1.0, 1.0, seed=1)
    """
    dtype = _float_dtype(dtype, "uniform")
    if _is_number(minval) and _is_number(maxval) and maxval < minval:
        raise ValueError(
            "keras.random.uniform: `maxval` must not be below `minval`; received "
            f"minval={minval}, maxval={maxval}."
        )
    drawn = _draw("uniform")(_shape(shape, "uniform"), dtype, draw_seed(seed))
    if _is_number(minval) and minval == 0 and _is_number(maxval) and maxval == 1:
        return drawn
    return _placed(drawn, minval, maxval - minval, dtype)


def randint(
    shape: Sequence[int],
    minval: int,
    maxval: int,
    dtype: Any = "int32",
    seed: Any = None,
) -> Any:
    """Integers from `minval` to `maxval - 1`, all with the same probability.

    Args (`shape` and `seed` as for `normal`):
        minval: the least value; an integer, or a tensor that broadcasts to the shape.
        maxval: one more than the greatest value; likewise.
        dtype: an integer type.

    Raises:
        ValueError: `maxval` is not above `minval`, the type is not an integer's or
            does not hold the bounds.

    Example:
        >>> dice = keras.random.randint((3,), 1, 7, seed=1)
    """
    dtype = dtypes.standardize_dtype(dtype)
    if not dtypes.is_int_dtype(dtype):
        raise ValueError(
            "keras.random.randint: `dtype` must be an integer type; received "
            f"{dtype!r}."
        )
    low, high = _bound(minval, "minval"), _bound(maxval, "maxval")
    if isinstance(low, int) and isinstance(high, int) and low >= high:
        raise ValueError(
            "keras.random.randint: `maxval` must be above `minval`; received "
            f"minval={minval}, maxval={maxval}."
        )
    if settings.portable_random:
        for bound in (low, high):
            if isinstance(bound, int) and not -(2**31) <= bound <= 2**31:
                raise ValueError(
                    "keras.random.randint: portable draws are of 32 bits; received "
                    f"minval={minval}, maxval={maxval}."
                )
    shape = _shape(shape, "randint")
    return _draw("randint")(shape, low, high, dtype, draw_seed(seed))


def _categorical_spec(
    logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None
) -> KerasTensor:
    _check_logits(logits)
    shape = (logits.shape[0], num_samples)
    return KerasTensor(shape, dtypes.standardize_dtype(dtype))


@op(cast="float", infer=_categorical_spec)
def categorical(
    logits: Tensor, num_samples: int, dtype: Any = "int32", seed: Any = None
) -> Tensor:
    """Classes drawn with probabilities `softmax(logits)`.

    By the Gumbel-max trick (Gumbel, 1954).

    Args (`seed` as for `normal`):
        logits: shape `(batch, classes)`.
        num_samples: how many to draw for each row.
        dtype: the type of the result, an integer's.

    Returns:
        Class numbers of shape `(batch, num_samples)`.

    Raises:
        ValueError: `logits` has not two axes.

    Example:
        >>> classes = keras.random.categorical([[0.0, 1.0, 2.0]], 5, seed=1)
    """
    _check_logits(logits)
    batch, classes = ops.shape(logits)
    wide = _wide(current().dtype_of(logits))
    u = _draw("uniform")((batch, num_samples, classes), wide, draw_seed(seed))
    gumbel = -ops.log(-ops.log(u))
    scores = ops.expand_dims(ops.cast(logits, wide), 1) + gumbel
    return ops.cast(ops.argmax(scores, axis=-1), dtypes.standardize_dtype(dtype))


def _check_logits(logits: Any) -> None:
    if len(logits.shape) != 2:
        raise ValueError(
            "keras.random.categorical: `logits` must have the shape (batch, classes); "
            f"received shape {tuple(logits.shape)}."
        )


def _dropout_spec(
    inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None
) -> KerasTensor:
    if noise_shape is not None:
        _noise_shape(noise_shape, inputs.shape)
    check_fraction(rate, "rate", "keras.random.dropout")
    return KerasTensor(inputs.shape, dtypes.result_type(inputs.dtype, float))


@op(cast="float", elementwise=True, infer=_dropout_spec)
def dropout(
    inputs: Tensor,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: Any = None,
) -> Tensor:
    """Elements set to 0 at random, the others scaled up so that the mean stays.

    (Srivastava et al., 2014.)

    Args (`seed` as for `normal`):
        inputs: a tensor.
        rate: the probability of 0, from 0 to 1.
        noise_shape: the shape of the decisions, which broadcasts to that of the
            inputs: where it has a 1, an axis is kept or dropped as a whole; None there
            means the inputs' size.

    Raises:
        ValueError: `rate` is not from 0 to 1, or `noise_shape` does not fit.

    Example:
        >>> y = keras.random.dropout(keras.ops.ones((2, 3)), 0.5, seed=1)
    """
    check_fraction(rate, "rate", "keras.random.dropout")
    if noise_shape is not None:
        noise_shape = _noise_shape(noise_shape, ops.shape(inputs))
    if rate == 0:
        return inputs
    seed = draw_seed(seed)
    if rate == 1:
        return ops.zeros_like(inputs)
    if not settings.portable_random:
        return current().random.dropout(inputs, rate, noise_shape, seed)
    shape = ops.shape(inputs) if noise_shape is None else noise_shape
    kept = current().random.portable_uniform(shape, "float32", seed) >= rate
    return ops.where(kept, inputs / (1 - rate), ops.zeros_like(inputs))


def _noise_shape(noise_shape: Any, shape: tuple[Any, ...]) -> tuple[Any, ...]:
    noise = tuple(noise_shape)
    fits = len(noise) == len(shape) and all(
        n in (None, 1) or not isinstance(n, int) or not isinstance(d, int) or n == d
        for n, d in zip(noise, shape)
    )
    if not fits:
        raise ValueError(
            f"keras.random.dropout: `noise_shape` {noise} does not broadcast to the "
            f"inputs' shape {tuple(shape)}; give a size, 1 or None for each axis."
        )
    return tuple(d if n is None else n for n, d in zip(noise, shape))


@op(infer=lambda x, axis=0, seed=None: KerasTensor(x.shape, x.dtype))
def shuffle(x: Tensor, axis: int = 0, seed: Any = None) -> Tensor:
    """The slices of a tensor along an axis in random order.

    Args (`seed` as for `normal`):
        x: a tensor.
        axis: the axis.

    Example:
        >>> y = keras.random.shuffle(keras.ops.arange(5), seed=1)
    """
    size = ops.shape(x)[axis]
    bits = _draw("bits")((size,), draw_seed(seed))
    return ops.take(x, ops.argsort(bits), axis=axis)


def _shaped_spec(shape: Any, dtype: Any, **parameters: Any) -> KerasTensor:
    return KerasTensor(tuple(shape), dtypes.standardize_dtype(dtype))


@op(infer=_shaped_spec)
def gamma(shape: Sequence[int], alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Values from a gamma distribution with scale 1.

    Args (`shape`, `dtype` and `seed` as for `normal`):
        alpha: the distribution's shape parameter, positive; broadcasts to the shape.

    Example:
        >>> x = keras.random.gamma((2, 3), 2.0, seed=1)
    """
    dtype = _float_dtype(dtype, "gamma")
    _check_positive(alpha, "alpha", "gamma")
    shape, wide = _shape(shape, "gamma"), _wide(dtype)
    alpha = ops.cast(alpha, wide)
    return ops.cast(_gamma(shape, alpha, wide, draw_seed(seed)), dtype)


def _gamma(shape: tuple[int, ...], alpha: Any, dtype: str, seed: Any) -> Any:
    if settings.portable_random:
        return distributions.gamma(shape, alpha, dtype, seed)
    return current().random.random_gamma(shape, alpha, dtype, seed)


@op(infer=_shaped_spec)
def beta(
    shape: Sequence[int], alpha: Any, beta: Any, dtype: Any = None, seed: Any = None
) -> Any:
    """Values from a beta distribution.

    Args (`shape`, `dtype` and `seed` as for `normal`):
        alpha, beta: the distribution's parameters, positive; they broadcast to the
            shape.

    Example:
        >>> x = keras.random.beta((2, 3), 2.0, 5.0, seed=1)
    """
    dtype = _float_dtype(dtype, "beta")
    _check_positive(alpha, "alpha", "beta")
    _check_positive(beta, "beta", "beta")
    shape, wide = _shape(shape, "beta"), _wide(dtype)
    seeds = current().random.split(draw_seed(seed), 4)

    def log_gamma_value(a: Any, first: Any, second: Any) -> Any:
        # Gamma(a) = Gamma(a + 1) * U ** (1 / a); in logarithms nothing underflows.
        u = 1 - _draw("uniform")(shape, wide, second)
        return ops.log(_gamma(shape, a + 1, wide, first)) + ops.log(u) / a

    x = log_gamma_value(ops.cast(alpha, wide), *seeds[:2])
    y = log_gamma_value(ops.cast(beta, wide), *seeds[2:])
    return ops.cast(ops.sigmoid(x - y), dtype)


@op(infer=_shaped_spec)
def binomial(
    shape: Sequence[int],
    counts: Any,
    probabilities: Any,
    dtype: Any = None,
    seed: Any = None,
) -> Any:
    """How many of `counts` independent trials succeed.

    Args (`shape`, `dtype` and `seed` as for `normal`):
        counts: how many trials, not negative; broadcasts to the shape.
        probabilities: of success in one trial, from 0 to 1; likewise.

    Returns:
        Whole numbers, in a float type.

    Example:
        >>> x = keras.random.binomial((2, 3), 10, 0.5, seed=1)
    """
    dtype = _float_dtype(dtype, "binomial")
    _check(counts, 0, "counts", "binomial")
    if _is_number(probabilities):
        check_fraction(probabilities, "probabilities", "keras.random.binomial")
    shape, wide = _shape(shape, "binomial"), _wide(dtype)
    counts, probabilities = ops.cast(counts, wide), ops.cast(probabilities, wide)
    draw = current().random.random_binomial
    if settings.portable_random:
        draw = distributions.binomial
    drawn = draw(shape, counts, probabilities, wide, draw_seed(seed))
    return ops.cast(drawn, dtype)


def _draw(kind: str) -> Any:
    prefix = "portable_" if settings.portable_random else "random_"
    return getattr(current().random, prefix + kind)


def _float_dtype(dtype: Any, who: str) -> str:
    dtype = dtypes.standardize_dtype(dtype)
    if not dtypes.is_float_dtype(dtype):
        raise ValueError(
            f"keras.random.{who}: `dtype` must be a float type; received {dtype!r}."
        )
    return dtype


def _wide(dtype: str) -> str:
    """The type in which a distribution is computed."""
    return "float64" if dtype == "float64" else "float32"


def _shape(shape: Any, who: str) -> tuple[Any, ...]:
    """A shape of known sizes; in a TensorFlow graph a size may be a tensor."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    out = []
    for size in sizes:
        try:
            size = operator.index(size)
        except TypeError:
            if not current().is_tensor(size):
                raise ValueError(
                    f"keras.random.{who}: `shape` must be whole numbers; received "
                    f"{sizes!r}."
                ) from None
        out.append(size)
    if any(isinstance(size, int) and size < 0 for size in out):
        raise ValueError(
            f"keras.random.{who}: `shape` must not be negative; received {sizes!r}."
        )
    return tuple(out)


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float))


def _check(value: Any, least: float, argument: str, who: str) -> None:
    if _is_number(value):
        check_number(value, argument, f"keras.random.{who}", least=least)


def _check_positive(value: Any, argument: str, who: str) -> None:
    if _is_number(value):
        check_number(value, argument, f"keras.random.{who}", above=0)


def _bound(value: Any, argument: str) -> Any:
    """An integer bound as an int; a tensor as it is."""
    if isinstance(value, float) and value != int(value):
        raise ValueError(
            f"keras.random.randint: `{argument}` must be a whole number; received "
            f"{value!r}."
        )
    return int(value) if _is_number(value) else ops.convert_to_tensor(value)


def _placed(x: Any, shift: Any, factor: Any, dtype: str) -> Any:
    """`x * factor + shift`."""
    if not (_is_number(factor) and factor == 1):
        x = ops.multiply(x, factor)
    if not (_is_number(shift) and shift == 0):
        x = ops.add(x, shift)
    return ops.cast(x, dtype)
