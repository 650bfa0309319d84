"""Portable draws: bit for bit the same on the three backends, and those of JAX."""

import numpy as np
import pytest

import keras
from keras import random

LOGITS = np.log(np.array([[0.1, 0.2, 0.7], [1, 1e-6, 1]], "float32"))
DRAWS = {
    "uniform": lambda s: random.uniform((999,), seed=s),
    "uniform within": lambda s: random.uniform((999,), -1.5, 2.5, seed=s),
    "uniform float16": lambda s: random.uniform((999,), dtype="float16", seed=s),
    "uniform bfloat16": lambda s: random.uniform((999,), dtype="bfloat16", seed=s),
    "normal": lambda s: random.normal((99, 99), seed=s),
    "normal placed": lambda s: random.normal((999,), 2.0, 3.0, seed=s),
    "normal float16": lambda s: random.normal((999,), dtype="float16", seed=s),
    "normal bfloat16": lambda s: random.normal((999,), dtype="bfloat16", seed=s),
    "truncated normal": lambda s: random.truncated_normal((999,), seed=s),
    "randint": lambda s: random.randint((999,), -5, 9, seed=s),
    "randint wide": lambda s: random.randint((999,), -(2**31), 2**31 - 1, seed=s),
    "randint uint8": lambda s: random.randint((999,), 0, 256, "uint8", seed=s),
    "categorical": lambda s: random.categorical(LOGITS, 500, seed=s),
    "dropout": lambda s: random.dropout(np.ones((50, 20), "float32"), 0.3, seed=s),
    "shuffle": lambda s: random.shuffle(np.arange(99), seed=s),
    "binomial": lambda s: random.binomial((999,), 10, 0.3, seed=s),
}
# Of logarithms and powers, whose last bits differ between frameworks.
CLOSE = {
    "gamma": lambda s: random.gamma((999,), 2.5, seed=s),
    "gamma small": lambda s: random.gamma((999,), 0.3, seed=s),
    "beta": lambda s: random.beta((999,), 2.0, 5.0, seed=s),
}


@pytest.fixture(autouse=True)
def portable():
    keras.config.set_portable_random(True)
    yield
    keras.config.set_portable_random(False)


def on_all(draw):
    found = []
    for name in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(name):
            x = keras.ops.convert_to_numpy(draw(5))
            generator = random.SeedGenerator(5)
            draw(generator)
            later = keras.ops.convert_to_numpy(draw(generator))
        found.append((x.astype("float64"), later.astype("float64")))
    return found


@pytest.mark.parametrize("name", sorted(DRAWS))
def test_bit_for_bit_the_same(name):
    jax, torch, tensorflow = on_all(DRAWS[name])
    for expected, a, b in zip(jax, torch, tensorflow):
        np.testing.assert_array_equal(a, expected)
        np.testing.assert_array_equal(b, expected)
    assert not np.array_equal(*jax)


@pytest.mark.parametrize("name", sorted(CLOSE))
def test_the_same_but_for_rounding(name):
    jax, torch, tensorflow = on_all(CLOSE[name])
    np.testing.assert_allclose(torch, jax, rtol=3e-5, atol=1e-6)
    np.testing.assert_allclose(tensorflow, jax, rtol=3e-5, atol=1e-6)


def test_the_same_compiled(backend):
    generator = random.SeedGenerator(5)
    draw = keras.jit(lambda: random.normal((999,), seed=generator))
    compiled = [keras.ops.convert_to_numpy(draw()) for _ in range(2)]
    again = random.SeedGenerator(5)
    eager = [random.normal((999,), seed=again) for _ in range(2)]
    for x, y in zip(compiled, eager):
        np.testing.assert_array_equal(x, keras.ops.convert_to_numpy(y))


def test_as_in_jax(backend):
    import jax

    key = jax.random.wrap_key_data(np.array([5, 0], "uint32"))
    expected = jax.random.bits(key, (3, 33), "uint32")
    rng = keras.core.scope.current().random
    bits = rng.portable_bits((3, 33), rng.seed_of(5))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(bits), expected)
    for dtype in ("float32", "float16", "bfloat16"):
        expected = np.asarray(jax.random.uniform(key, (99,), dtype))
        found = keras.ops.convert_to_numpy(random.uniform((99,), dtype=dtype, seed=5))
        np.testing.assert_array_equal(found, expected)
    expected = jax.random.randint(key, (99,), -3, 1000)
    found = random.randint((99,), -3, 1000, seed=5)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), expected)
    expected = jax.random.key_data(jax.random.split(key, 3))
    split = [np.asarray(_words(s)) for s in rng.split(rng.seed_of(5), 3)]
    np.testing.assert_array_equal(split, expected)


def _words(seed):
    return seed if isinstance(seed, tuple) else keras.ops.convert_to_numpy(seed)


def test_normal_is_the_inverse_of_the_distribution_function(backend):
    import jax
    from scipy.special import ndtri

    key = jax.random.wrap_key_data(np.array([5, 0], "uint32"))
    n = 50_000
    places = (np.asarray(jax.random.bits(key, (n,), "uint32")) >> 9) + 0.25
    found = keras.ops.convert_to_numpy(random.normal((n,), seed=5))
    np.testing.assert_allclose(found, ndtri(places / 2**23), rtol=0, atol=4e-7)
    # `jax.random.normal` is the same up to its own error, largest in the tails.
    expected = np.asarray(jax.random.normal(key, (n,)))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=3e-5)


def test_normal_at_the_ends(backend):
    place = np.array([1, 2**24 - 1, 2**24, 2**24 + 1, 2**25 - 1], "int32")
    rng = keras.core.scope.current().random
    found = keras.ops.convert_to_numpy(rng.normal_at(keras.ops.array(place)))
    from scipy.special import ndtri

    np.testing.assert_allclose(found, ndtri(place / 2**25), atol=4e-7)


def test_layers_draw_the_same():
    found = []
    for name in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(name):
            keras.utils.set_random_seed(3)
            found.append(keras.ops.convert_to_numpy(random.normal((5,))))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
