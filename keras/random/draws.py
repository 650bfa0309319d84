"""Random numbers from distributions, each written once over a backend's generators.

By default the framework's own generators are used. With
`keras.config.set_portable_random(True)` the numbers are the same on every backend.
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
from keras.core.typing import DTypeLike, Seed
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
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Tensor:
    """Random numbers from a normal distribution.

    Args:
        shape: the shape of the result.
        mean: the mean, a number or a tensor that broadcasts to the shape.
        stddev: the standard deviation, at least 0; a number or such a tensor.
        dtype: a float type; by default `floatx()`.
        seed: an integer for the same numbers each time, a `SeedGenerator` for new ones
            each time, or None for the global generator.

    Raises:
        ValueError: `stddev` is negative, or `dtype` is not a float type.

    Example:
        >>> keras.random.normal((2, 3), seed=1).shape
        (2, 3)
    """
    dtype = _float_dtype(dtype, "normal")
    _check_at_least(stddev, 0, "stddev", "normal")
    drawn = _generator("normal")(_shape(shape, "normal"), dtype, draw_seed(seed))
    return _scale_and_shift(drawn, stddev, mean, dtype)


def truncated_normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Tensor:
    """Random numbers from a normal distribution truncated at two standard deviations.

    Args:
        shape: the shape of the result.
        mean, stddev: the mean and the standard deviation before truncation.
        dtype: a float type; by default `floatx()`.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Raises:
        ValueError: `stddev` is negative, or `dtype` is not a float type.

    Example:
        >>> x = keras.random.truncated_normal((2, 3), stddev=0.05, seed=1)
        >>> float(keras.ops.max(keras.ops.abs(x))) <= 0.1
        True
    """
    dtype = _float_dtype(dtype, "truncated_normal")
    _check_at_least(stddev, 0, "stddev", "truncated_normal")
    shape = _shape(shape, "truncated_normal")

    # By inversion: a uniform number in the range of the distribution function.
    u = _generator("uniform")(shape, _wide(dtype), draw_seed(seed))
    if settings.portable_random:
        places = _FIRST_PLACE + ops.cast(ops.floor(u * _PLACES), "int32")
        z = current().random.normal_at(places)
    else:
        z = ops.erfinv((2 * u - 1) * _TRUNCATED) * 2**0.5

    z = ops.cast(ops.clip(z, -2.0, 2.0), dtype)
    return _scale_and_shift(z, stddev, mean, dtype)


def uniform(
    shape: Sequence[int],
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Tensor:
    """Random numbers from a uniform distribution over `[minval, maxval)`.

    Args:
        shape: the shape of the result.
        minval, maxval: the bounds, numbers or tensors that broadcast to the shape.
        dtype: a float type; by default `floatx()`. For integers use `randint`.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Raises:
        ValueError: `maxval` is below `minval`, or `dtype` is not a float type.

    Example:
        >>> keras.random.uniform((2, 3), -1.0, 1.0, seed=1).shape
        (2, 3)
    """
    dtype = _float_dtype(dtype, "uniform")
    if _is_number(minval) and _is_number(maxval) and maxval < minval:
        raise ValueError(
            "keras.random.uniform: `maxval` must not be below `minval`; received "
            f"minval={minval}, maxval={maxval}."
        )
    drawn = _generator("uniform")(_shape(shape, "uniform"), dtype, draw_seed(seed))
    if _is_number(minval) and minval == 0 and _is_number(maxval) and maxval == 1:
        return drawn
    return _scale_and_shift(drawn, maxval - minval, minval, dtype)


def randint(
    shape: Sequence[int],
    minval: int,
    maxval: int,
    dtype: DTypeLike = "int32",
    seed: Seed = None,
) -> Tensor:
    """Random integers from `minval` to `maxval - 1`, all equally probable.

    Args:
        shape: the shape of the result.
        minval: the smallest value, an integer or a tensor that broadcasts to the shape.
        maxval: the bound, which is not included; an integer or such a tensor.
        dtype: an integer type.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Raises:
        ValueError: `maxval` is not above `minval`, `dtype` is not an integer type, or
            the bounds do not fit in 32 bits where portable numbers are asked for.

    Example:
        >>> keras.random.randint((3,), 1, 7, seed=1).shape
        (3,)
    """
    dtype = dtypes.standardize_dtype(dtype)
    if not dtypes.is_int_dtype(dtype):
        raise ValueError(
            "keras.random.randint: `dtype` must be an integer type; received "
            f"{dtype!r}."
        )

    low = _bound(minval, "minval")
    high = _bound(maxval, "maxval")
    if isinstance(low, int) and isinstance(high, int) and low >= high:
        raise ValueError(
            "keras.random.randint: `maxval` must be above `minval`; received "
            f"minval={minval}, maxval={maxval}."
        )
    if settings.portable_random:
        for bound in (low, high):
            if isinstance(bound, int) and not -(2**31) <= bound <= 2**31:
                raise ValueError(
                    "keras.random.randint: portable random integers have 32 bits; "
                    f"received minval={minval}, maxval={maxval}."
                )

    shape = _shape(shape, "randint")
    return _generator("randint")(shape, low, high, dtype, draw_seed(seed))


def _categorical_spec(
    logits: Any, num_samples: int, dtype: DTypeLike = "int32", seed: Seed = None
) -> KerasTensor:
    _check_logits(logits)
    shape = (logits.shape[0], num_samples)
    return KerasTensor(shape, dtypes.standardize_dtype(dtype))


@op(cast="float", infer=_categorical_spec)
def categorical(
    logits: Tensor, num_samples: int, dtype: DTypeLike = "int32", seed: Seed = None
) -> Tensor:
    """Random class numbers with probabilities `softmax(logits)`.

    It uses the Gumbel-max trick (Gumbel, 1954).

    Args:
        logits: `(batch, classes)`.
        num_samples: the number of samples for each row.
        dtype: an integer type.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Returns:
        Class numbers, `(batch, num_samples)`.

    Raises:
        ValueError: `logits` does not have rank 2.

    Example:
        >>> keras.random.categorical([[0.0, 1.0, 2.0]], 5, seed=1).shape
        (1, 5)
    """
    _check_logits(logits)
    batch, classes = ops.shape(logits)
    wide = _wide(current().dtype_of(logits))

    # The class with the largest logit plus Gumbel noise has the wanted distribution.
    u = _generator("uniform")((batch, num_samples, classes), wide, draw_seed(seed))
    gumbel = -ops.log(-ops.log(u))
    scores = ops.expand_dims(ops.cast(logits, wide), 1) + gumbel
    return ops.cast(ops.argmax(scores, axis=-1), dtypes.standardize_dtype(dtype))


def _check_logits(logits: Any) -> None:
    if len(logits.shape) != 2:
        raise ValueError(
            "keras.random.categorical: `logits` must have shape (batch, classes); "
            f"received shape {tuple(logits.shape)}."
        )


def _dropout_spec(
    inputs: Any, rate: float, noise_shape: Any = None, seed: Seed = None
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
    seed: Seed = None,
) -> Tensor:
    """Dropout: set elements to 0 at random and divide the others by `1 - rate`.

    Srivastava et al., 2014, "Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting".

    Args:
        inputs: a tensor.
        rate: the probability of 0, from 0 to 1.
        noise_shape: the shape of the random mask, which broadcasts to that of the
            inputs. An axis of size 1 is kept or dropped as a whole; None stands for the
            size of the inputs.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Raises:
        ValueError: `rate` is not from 0 to 1, or `noise_shape` does not fit.

    Example:
        >>> keras.random.dropout(keras.ops.ones((2, 3)), 0.5, seed=1).shape
        (2, 3)
    """
    check_fraction(rate, "rate", "keras.random.dropout")
    if noise_shape is not None:
        noise_shape = _noise_shape(noise_shape, ops.shape(inputs))
    if rate == 0:
        return inputs

    # With a rate of 1 nothing is random, but the stream advances as with any other.
    seed = draw_seed(seed)
    if rate == 1:
        return ops.zeros_like(inputs)

    if not settings.portable_random:
        return current().random.dropout(inputs, rate, noise_shape, seed)
    shape = ops.shape(inputs) if noise_shape is None else noise_shape
    is_kept = current().random.portable_uniform(shape, "float32", seed) >= rate
    return ops.where(is_kept, inputs / (1 - rate), ops.zeros_like(inputs))


def _noise_shape(noise_shape: Any, shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """The checked shape of the mask, with the sizes of the inputs for None."""
    noise = tuple(noise_shape)
    fits = len(noise) == len(shape) and all(
        n in (None, 1) or not isinstance(n, int) or not isinstance(d, int) or n == d
        for n, d in zip(noise, shape)
    )
    if not fits:
        raise ValueError(
            f"keras.random.dropout: `noise_shape` {noise} does not broadcast to the "
            f"shape {tuple(shape)} of the inputs; it must have a size, 1 or None for "
            "each axis."
        )
    return tuple(d if n is None else n for n, d in zip(noise, shape))


@op(infer=lambda x, axis=0, seed=None: KerasTensor(x.shape, x.dtype))
def shuffle(x: Tensor, axis: int = 0, seed: Seed = None) -> Tensor:
    """Shuffle: the slices of a tensor along an axis in random order.

    Args:
        x: a tensor.
        axis: the axis.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Example:
        >>> y = keras.random.shuffle(keras.ops.arange(5), seed=1)
        >>> keras.ops.sort(y).shape
        (5,)
    """
    size = ops.shape(x)[axis]
    bits = _generator("bits")((size,), draw_seed(seed))
    return ops.take(x, ops.argsort(bits), axis=axis)


def _shaped_spec(shape: Any, dtype: DTypeLike, **parameters: Any) -> KerasTensor:
    return KerasTensor(tuple(shape), dtypes.standardize_dtype(dtype))


@op(infer=_shaped_spec)
def gamma(
    shape: Sequence[int], alpha: Any, dtype: DTypeLike = None, seed: Seed = None
) -> Tensor:
    """Random numbers from a gamma distribution of scale 1.

    Args:
        shape: the shape of the result.
        alpha: the shape parameter of the distribution, above 0; a number or a tensor
            that broadcasts to the shape.
        dtype: a float type; by default `floatx()`.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Raises:
        ValueError: `alpha` is not above 0, or `dtype` is not a float type.

    Example:
        >>> keras.random.gamma((2, 3), 2.0, seed=1).shape
        (2, 3)
    """
    dtype = _float_dtype(dtype, "gamma")
    _check_positive(alpha, "alpha", "gamma")
    shape = _shape(shape, "gamma")
    wide = _wide(dtype)
    alpha = ops.cast(alpha, wide)
    return ops.cast(_gamma(shape, alpha, wide, draw_seed(seed)), dtype)


def _gamma(shape: tuple[int, ...], alpha: Any, dtype: str, seed: Seed) -> Any:
    if settings.portable_random:
        return distributions.gamma(shape, alpha, dtype, seed)
    return current().random.random_gamma(shape, alpha, dtype, seed)


@op(infer=_shaped_spec)
def beta(
    shape: Sequence[int],
    alpha: Any,
    beta: Any,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Tensor:
    """Random numbers from a beta distribution.

    Args:
        shape: the shape of the result.
        alpha, beta: the parameters of the distribution, above 0; numbers or tensors
            that broadcast to the shape.
        dtype: a float type; by default `floatx()`.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Raises:
        ValueError: a parameter is not above 0, or `dtype` is not a float type.

    Example:
        >>> keras.random.beta((2, 3), 2.0, 5.0, seed=1).shape
        (2, 3)
    """
    dtype = _float_dtype(dtype, "beta")
    _check_positive(alpha, "alpha", "beta")
    _check_positive(beta, "beta", "beta")
    shape = _shape(shape, "beta")
    wide = _wide(dtype)
    seeds = current().random.split(draw_seed(seed), 4)

    def log_gamma_value(a: Any, first: Any, second: Any) -> Any:
        # Gamma(a) = Gamma(a + 1) * U ** (1 / a); in logarithms nothing underflows.
        u = 1 - _generator("uniform")(shape, wide, second)
        return ops.log(_gamma(shape, a + 1, wide, first)) + ops.log(u) / a

    # X / (X + Y) for gamma values X and Y.
    x = log_gamma_value(ops.cast(alpha, wide), *seeds[:2])
    y = log_gamma_value(ops.cast(beta, wide), *seeds[2:])
    return ops.cast(ops.sigmoid(x - y), dtype)


@op(infer=_shaped_spec)
def binomial(
    shape: Sequence[int],
    counts: Any,
    probabilities: Any,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Tensor:
    """Random numbers from a binomial distribution: successes in independent trials.

    Args:
        shape: the shape of the result.
        counts: the number of trials, at least 0; a number or a tensor that broadcasts
            to the shape.
        probabilities: the probability of success in a trial, from 0 to 1; a number or
            such a tensor.
        dtype: a float type; by default `floatx()`.
        seed: an integer, a `SeedGenerator` or None; see `keras.random.normal`.

    Returns:
        Whole numbers, in a float type.

    Raises:
        ValueError: a parameter is out of range, or `dtype` is not a float type.

    Example:
        >>> keras.random.binomial((2, 3), 10, 0.5, seed=1).shape
        (2, 3)
    """
    dtype = _float_dtype(dtype, "binomial")
    _check_at_least(counts, 0, "counts", "binomial")
    if _is_number(probabilities):
        check_fraction(probabilities, "probabilities", "keras.random.binomial")

    shape = _shape(shape, "binomial")
    wide = _wide(dtype)
    counts = ops.cast(counts, wide)
    probabilities = ops.cast(probabilities, wide)
    draw = current().random.random_binomial
    if settings.portable_random:
        draw = distributions.binomial
    drawn = draw(shape, counts, probabilities, wide, draw_seed(seed))
    return ops.cast(drawn, dtype)


def _generator(kind: str) -> Any:
    """The current backend's generator of "uniform", "normal", ... numbers."""
    prefix = "portable_" if settings.portable_random else "random_"
    return getattr(current().random, prefix + kind)


def _float_dtype(dtype: DTypeLike, who: str) -> str:
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


def _check_at_least(value: Any, least: float, argument: str, who: str) -> None:
    """Raise if a number is too small; the values of tensors are not looked at."""
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


def _scale_and_shift(x: Any, factor: Any, shift: Any, dtype: str) -> Any:
    """`x * factor + shift`, leaving out what changes nothing."""
    if not (_is_number(factor) and factor == 1):
        x = ops.multiply(x, factor)
    if not (_is_number(shift) and shift == 0):
        x = ops.add(x, shift)
    return ops.cast(x, dtype)
