"""The random functions: distributions, shapes, seeds, errors; both ways to draw."""

import numpy as np
import pytest

import keras
from keras import random
from keras.core.dtypes import standardize_dtype

N = 20_000


@pytest.fixture(params=[False, True], ids=["native", "portable"])
def portable(request):
    keras.config.set_portable_random(request.param)
    yield request.param
    keras.config.set_portable_random(False)


def values(x):
    return np.asarray(keras.ops.convert_to_numpy(x)).astype("float64")


def check_moments(x, mean, variance):
    """Within five deviations of the estimates of a sample of this size."""
    if variance == 0:
        assert (x == mean).all()
        return
    assert abs(x.mean() - mean) < 5 * np.sqrt(variance / x.size)
    fourth = np.mean((x - x.mean()) ** 4)
    assert abs(x.var() - variance) < 5 * np.sqrt((fourth - variance**2) / x.size)


def test_normal(backend, portable):
    x = values(random.normal((N,), 2.0, 3.0, seed=1))
    check_moments(x, 2, 9)
    # Kolmogorov and Smirnov's distance to the distribution function
    from scipy.special import ndtr

    places = (np.arange(N) + 0.5) / N
    assert np.abs(ndtr(np.sort(x / 3 - 2 / 3)) - places).max() < 1.95 / np.sqrt(N)


def test_truncated_normal(backend, portable):
    x = values(random.truncated_normal((N,), 1.0, 0.5, seed=1))
    assert 0 <= x.min() < 0.02 and 1.98 < x.max() <= 2
    check_moments(x, 1, (0.5 * 0.87962566) ** 2)


def test_uniform(backend, portable):
    x = values(random.uniform((N,), seed=1))
    assert 0 <= x.min() < 0.001 and 0.999 < x.max() < 1
    check_moments(x, 0.5, 1 / 12)
    low = np.array([0.0, 10.0], "float32")
    x = values(random.uniform((N, 2), low, low + 2, seed=1))
    check_moments(x[:, 1], 11, 4 / 12)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "int16"])
def test_randint(backend, portable, dtype):
    x = random.randint((N,), 3, 9, dtype=dtype, seed=1)
    assert standardize_dtype(x.dtype) == dtype
    counts = np.bincount(values(x).astype(int))
    assert len(counts) == 9 and not counts[:3].any()
    check = (counts[3:] - N / 6) ** 2 / (N / 6)
    assert check.sum() < 25.7  # the 99.99 % point of chi squared with 5 degrees


def test_randint_between_tensors(backend, portable):
    low = np.array([0, 100], "int32")
    x = values(random.randint((1000, 2), low, low + 5, seed=1))
    assert set(x[:, 0]) == {0, 1, 2, 3, 4} and set(x[:, 1]) == {*range(100, 105)}
    x = values(random.randint((1000,), -(2**31), 2**31 - 1, seed=1))
    assert x.min() < -(2**30) and x.max() > 2**30


def test_categorical(backend, portable):
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.0, 0.5]])
    with np.errstate(divide="ignore"):
        logits = np.log(p).astype("float32")
    x = values(random.categorical(logits, N, seed=1)).astype(int)
    assert x.shape == (2, N)
    for row, expected in zip(x, p):
        counts = np.bincount(row, minlength=3)
        deviations = np.sqrt(N * expected * (1 - expected))
        assert (np.abs(counts - N * expected) <= 5 * deviations).all()
    x = random.categorical(logits, 2, dtype="int16", seed=1)
    assert x.shape == (2, 2) and standardize_dtype(x.dtype) == "int16"


@pytest.mark.parametrize("alpha", [0.3, 1.0, 7.5])
def test_gamma(backend, portable, alpha):
    check_moments(values(random.gamma((N,), alpha, seed=1)), alpha, alpha)


@pytest.mark.parametrize(("a", "b"), [(2.0, 5.0), (0.5, 0.5), (0.01, 0.02)])
def test_beta(backend, portable, a, b):
    x = values(random.beta((N,), a, b, seed=1))
    assert x.min() >= 0 and x.max() <= 1
    check_moments(x, a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1)))


@pytest.mark.parametrize(
    ("n", "p"), [(10, 0.3), (1000, 0.001), (1000, 0.4), (50, 0.95), (7, 1.0), (0, 0.5)]
)
def test_binomial(backend, portable, n, p):
    x = values(random.binomial((N,), n, p, seed=1))
    assert x.min() >= 0 and x.max() <= n and (x == np.round(x)).all()
    check_moments(x, n * p, n * p * (1 - p))


def test_parameters_broadcast(backend, portable):
    alpha = np.array([1.0, 100.0], "float32")
    assert (values(random.gamma((50, 2), alpha, seed=1)).mean(0) > [0.5, 90]).all()
    counts = np.array([10, 1000], "int32")
    x = values(random.binomial((50, 2), counts, 0.5, seed=1)).mean(0)
    assert 3 < x[0] < 7 and 470 < x[1] < 530


def test_shuffle(backend, portable):
    x = np.arange(40).reshape(20, 2)
    y = values(random.shuffle(x, seed=1))
    assert not np.array_equal(x, y)
    np.testing.assert_array_equal(y[np.argsort(y[:, 0])], x)
    y = values(random.shuffle(x.T, axis=1, seed=1))
    assert not np.array_equal(x.T, y)
    np.testing.assert_array_equal(y[:, np.argsort(y[0])], x.T)


def test_dropout(backend, portable):
    x = np.full((100, 200), 3.0, "float32")
    y = values(random.dropout(x, 0.3, seed=1))
    kept = y != 0
    np.testing.assert_allclose(y[kept], 3 / 0.7, rtol=1e-6)
    assert abs(kept.mean() - 0.7) < 5 * np.sqrt(0.21 / kept.size)
    for shape in ((100, 1), (None, 1)):
        y = values(random.dropout(x, 0.5, noise_shape=shape, seed=1))
        assert (y == y[:, :1]).all() and len(np.unique(y)) == 2
    np.testing.assert_array_equal(values(random.dropout(x, 0)), x)
    np.testing.assert_array_equal(values(random.dropout(x, 1.0)), 0 * x)
    assert standardize_dtype(random.dropout(x.astype("int32"), 0.5).dtype) == "float32"


def test_dropout_keeps_the_type(backend, portable):
    x = keras.ops.ones((50, 50), "bfloat16")
    y = random.dropout(x, 0.001, seed=1)
    assert standardize_dtype(y.dtype) == "bfloat16"
    # The decisions are finer than the type's own steps.
    assert 0 < (values(y) == 0).mean() < 0.01


@pytest.mark.gradients
def test_dropout_has_a_gradient(backend, portable):
    def loss(x):
        return keras.ops.sum(random.dropout(x, 0.5, seed=1) * 3.0)

    value, gradient = keras.ops.value_and_grad(loss)(keras.ops.ones((40,)))
    assert set(values(gradient)) == {0.0, 6.0}
    assert float(value) == values(gradient).sum()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dtypes(backend, portable, dtype):
    for draw in (random.normal, random.uniform, random.truncated_normal):
        assert standardize_dtype(draw((2, 3), dtype=dtype, seed=1).dtype) == dtype
    # Shapes met in the other tests: JAX compiles each op once for each.
    assert standardize_dtype(random.gamma((N,), 1.0, dtype, 1).dtype) == dtype
    assert standardize_dtype(random.binomial((N,), 5, 0.5, dtype, 1).dtype) == dtype


def test_seeds(backend, portable):
    a, b = (values(random.normal((3,), seed=1)) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    generator = random.SeedGenerator(1)
    a, b = (values(random.normal((3,), seed=generator)) for _ in range(2))
    assert not np.array_equal(a, b)
    a, b = (values(random.normal((3,))) for _ in range(2))
    assert not np.array_equal(a, b)


def test_consecutive_draws_are_independent(backend):
    generator = random.SeedGenerator(1)
    rows = np.stack([values(random.normal((200,), seed=generator)) for _ in range(50)])
    correlation = np.corrcoef(rows) - np.eye(50)
    assert np.abs(correlation).max() < 6 / np.sqrt(200)


def test_symbolic(backend):
    x = keras.KerasTensor((None, 3))
    assert random.dropout(x, 0.5, noise_shape=(None, 1)).shape == (None, 3)
    assert random.categorical(x, 4).shape == (None, 4)
    assert random.shuffle(x).shape == (None, 3)
    vector = keras.KerasTensor((3,))
    assert random.gamma((2, 3), vector).shape == (2, 3)
    assert random.binomial((2, 3), vector, 0.5, "float16").dtype == "float16"
    assert random.normal((2, 3), mean=vector).shape == (2, 3)


def test_symbolic_graph_draws(backend):
    x = keras.KerasTensor((None, 3))
    function = keras.Function(x, random.dropout(x, 0.5, seed=random.SeedGenerator(1)))
    ones = keras.ops.ones((50, 3))
    first, second = values(function(ones)), values(function(ones))
    assert set(first.ravel()) == {0.0, 2.0} and not np.array_equal(first, second)


def test_shape_inference_draws_nothing(backend, portable):
    from keras.core.graph.infer import infer_outputs

    generator = random.SeedGenerator(1)

    def call(x):
        return [
            random.dropout(x, 0.5, seed=generator),
            random.normal((3,), seed=generator),
            random.randint((3,), np.array([1, 2, 3]), 5, seed=generator),
            random.beta((3,), 1.0, 2.0, seed=generator),
            random.binomial((3,), 5, 0.5, seed=generator),
            random.shuffle(x, seed=generator),
        ]

    found = infer_outputs(call, (keras.KerasTensor((None, 2)),), {})
    assert [t.shape for t in found] == [(None, 2), *[(3,)] * 4, (None, 2)]
    np.testing.assert_array_equal(generator.state.numpy(), [1, 0])


def test_unknown_batch_size_in_a_tensorflow_graph(portable):
    with keras.config.backend_scope("tensorflow"):
        import tensorflow as tf

        @tf.function(input_signature=[tf.TensorSpec((None, 3))])
        def draw(x):
            return random.dropout(x, 0.5, (None, 1), 1), random.shuffle(x, seed=1)

        for size in (4, 6):
            dropped, shuffled = draw(tf.ones((size, 3)))
            assert dropped.shape == shuffled.shape == (size, 3)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: random.normal((2,), stddev=-1), "`stddev` must be at least 0"),
        (lambda: random.truncated_normal((2,), stddev=-1), "`stddev` must be at"),
        (lambda: random.normal((2,), dtype="int32"), "`dtype` must be a float type"),
        (lambda: random.normal((-1,)), "must not be negative"),
        (lambda: random.normal((None, 3)), "must be whole numbers"),
        (lambda: random.normal((2,), seed="a"), "or a keras.random.SeedGenerator"),
        (lambda: random.normal((2,), seed=-1), "from 0 to"),
        (lambda: random.uniform((2,), 3, 1), "must not be below `minval`"),
        (lambda: random.randint((2,), 5, 5), "must be above `minval`"),
        (lambda: random.randint((2,), 0.5, 3), "must be a whole number"),
        (lambda: random.randint((2,), 0, 3, "float32"), "must be an integer type"),
        (lambda: random.categorical(np.ones(3), 2), r"\(batch, classes\)"),
        (lambda: random.dropout(np.ones(3), 1.5), "`rate` must be a number from"),
        (lambda: random.dropout(np.ones((2, 3)), 0.5, (2, 2)), "does not broadcast"),
        (lambda: random.gamma((2,), -1.0), "`alpha` must be above 0"),
        (lambda: random.beta((2,), 1.0, 0.0), "`beta` must be above 0"),
        (lambda: random.binomial((2,), -1, 0.5), "`counts` must be at least 0"),
        (lambda: random.binomial((2,), 5, 1.5), "`probabilities` must be"),
    ],
)
def test_errors(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_portable_integers_are_of_32_bits():
    keras.config.set_portable_random(True)
    try:
        with pytest.raises(ValueError, match="32 bits"):
            random.randint((2,), 0, 2**40, dtype="int64")
    finally:
        keras.config.set_portable_random(False)
