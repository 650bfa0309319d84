"""Initializers: the values, their statistics, and the same on every backend."""

import math

import ml_dtypes
import numpy as np
import pytest

import keras
from keras import initializers
from keras.core.dtypes import standardize_dtype

RANDOM = [
    initializers.GlorotNormal,
    initializers.GlorotUniform,
    initializers.HeNormal,
    initializers.HeUniform,
    initializers.LecunNormal,
    initializers.LecunUniform,
    initializers.Orthogonal,
    initializers.RandomNormal,
    initializers.RandomUniform,
    initializers.TruncatedNormal,
    initializers.VarianceScaling,
]


def values(initializer, shape=(3, 4), dtype=None):
    return keras.ops.convert_to_numpy(initializer(shape, dtype))


@pytest.mark.parametrize("cls", RANDOM)
def test_same_seed_gives_the_same_values_on_every_backend(cls):
    found = []
    for name in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(name):
            found.append(values(cls(seed=3), (5, 6)))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    assert not np.array_equal(found[0], values(cls(seed=4), (5, 6)))


@pytest.mark.parametrize("cls", RANDOM)
def test_calls_of_one_object_agree_and_clones_without_seed_do_not(cls):
    for initializer in (cls(seed=3), cls()):
        np.testing.assert_array_equal(values(initializer), values(initializer))
    assert not np.array_equal(values(initializer), values(initializer.clone()))
    np.testing.assert_array_equal(values(cls(seed=3)), values(cls(seed=3).clone()))


def test_seed_generator_gives_new_values_each_call(backend):
    initializer = initializers.RandomNormal(seed=keras.random.SeedGenerator(1))
    first = values(initializer)
    assert not np.array_equal(first, values(initializer))
    again = initializers.RandomNormal(seed=keras.random.SeedGenerator(1))
    np.testing.assert_array_equal(first, values(again))


def test_set_random_seed_determines_unseeded_values():
    found = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        found.append(values(initializers.HeNormal()))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dtype(backend, dtype):
    for name in ("zeros", "ones", "he_normal", "orthogonal", "identity"):
        x = initializers.get(name)((4, 4), dtype)
        assert standardize_dtype(x.dtype) == dtype
    drawn = initializers.HeNormal(seed=1).draw((4, 4), "bfloat16")
    assert drawn.dtype == ml_dtypes.bfloat16
    exact = initializers.HeNormal(seed=1).draw((4, 4), "float32")
    np.testing.assert_array_equal(drawn, exact.astype(ml_dtypes.bfloat16))


def test_integer_dtypes():
    assert values(initializers.Zeros(), dtype="int32").dtype == np.int32
    assert values(initializers.Ones(), dtype="bool").dtype == np.bool_
    with pytest.raises(ValueError, match="RandomNormal draws floats"):
        initializers.RandomNormal()((2,), "int32")


@pytest.mark.parametrize(
    ("cls", "variance"),
    [
        (initializers.GlorotNormal, 2 / (9 * 30 + 9 * 50)),
        (initializers.GlorotUniform, 2 / (9 * 30 + 9 * 50)),
        (initializers.HeNormal, 2 / (9 * 30)),
        (initializers.HeUniform, 2 / (9 * 30)),
        (initializers.LecunNormal, 1 / (9 * 30)),
        (initializers.LecunUniform, 1 / (9 * 30)),
    ],
)
def test_variance_of_scaled(cls, variance):
    x = values(cls(seed=1), (3, 3, 30, 50)).ravel()
    spread = 4 * variance * math.sqrt(2 / x.size)  # four deviations of the estimate
    assert abs(x.var() - variance) < spread
    assert abs(x.mean()) < 4 * math.sqrt(variance / x.size)
    if "Uniform" in cls.__name__:
        assert np.abs(x).max() <= math.sqrt(3 * variance) * 1.000001
    else:
        bound = 2 * math.sqrt(variance) / 0.87962566103423978
        assert 0.98 * bound < np.abs(x).max() <= bound * 1.000001


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((), (None, None), (1, 1)),
        ((7,), (None, None), (7, 7)),
        ((50, 20), (None, None), (50, 20)),
        ((3, 50, 20), (None, None), (150, 60)),
        ((2, 3, 3, 50, 20), (None, None), (900, 360)),
        ((30, 40, 50), ((0,), (1, 2)), (30, 2000)),
        ((30, 40, 50), (0, -1), (1200, 2000)),
    ],
)
def test_fans(shape, axes, expected):
    from keras.initializers.random_initializers import compute_fans

    assert compute_fans(shape, *axes) == expected


def test_normal_and_uniform_moments():
    x = values(initializers.RandomNormal(2.0, 0.5, seed=1), (100, 100))
    assert abs(x.mean() - 2) < 0.02 and abs(x.std() - 0.5) < 0.02
    x = values(initializers.RandomUniform(-1.0, 3.0, seed=1), (100, 100))
    assert -1 <= x.min() < -0.99 and 2.99 < x.max() <= 3
    x = values(initializers.TruncatedNormal(1.0, 0.5, seed=1), (100, 100))
    assert 0 <= x.min() < 0.05 and 1.95 < x.max() <= 2
    assert abs(x.std() - 0.5 * 0.87962566) < 0.01
    assert values(initializers.TruncatedNormal(seed=1), ()).shape == ()


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (2, 3, 4)])
def test_orthogonal(shape):
    x = values(initializers.Orthogonal(gain=2.0, seed=1), shape)
    flat = x.reshape(-1, shape[-1]).astype("float64")
    gram = flat @ flat.T if flat.shape[0] < flat.shape[1] else flat.T @ flat
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


def test_constants():
    np.testing.assert_array_equal(
        values(initializers.Constant([1.0, 2.0]), (2, 2)), [[1, 2], [1, 2]]
    )
    np.testing.assert_array_equal(
        values(initializers.Identity(2.0), (2, 3)), [[2, 0, 0], [0, 2, 0]]
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [  # rows of Keras 3.15.1's kernels of shape (6, 1, 4)
        ({"side": "imag"}, (1, [0, -0.21850803, -0.21850802, 0])),
        ({"window": None}, (1, [1, 0.5, -0.5, -1])),
        ({"scaling": "spectrum"}, (1, [0.1381966, 0.0690983, -0.0690983, -0.1381966])),
        ({"periodic": True}, (3, [0.6666667, -0.6666667, 0.6666667, -0.6666667])),
        (
            {"window": "hamming", "scaling": None},
            (2, [0.91214789, -0.456074, -0.456074, 0.91214789]),
        ),
    ],
)
def test_stft(arguments, expected):
    row, numbers = expected
    kernel = values(initializers.STFT(**arguments), (6, 1, 4))
    np.testing.assert_allclose(kernel[row, 0], numbers, atol=2e-7)


def test_variables_are_drawn_without_a_call(backend):
    class Loud(initializers.RandomNormal):
        def __call__(self, shape, dtype=None):
            return super().__call__(shape, dtype) + 100.0

    plain = keras.Variable(initializers.RandomNormal(seed=1), shape=(3,))
    loud = keras.Variable(Loud(seed=1), shape=(3,))
    np.testing.assert_allclose(loud.numpy(), plain.numpy() + 100, rtol=1e-6)


@pytest.mark.parametrize("name", ["Zeros", "zeros", "zero", "HeNormal", "he_normal"])
def test_get_by_name(name):
    assert type(initializers.get(name)).__name__.lower() in ("zeros", "henormal")
    assert type(initializers.get("stft")) is initializers.STFT
    assert initializers.get(None) is None


def test_get_of_others(backend):
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)

    def fn(shape, dtype=None):
        return 1

    assert initializers.get(fn) is fn
    array = initializers.get(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(values(array, (2,)), [1, 2])
    tensor = initializers.get(keras.ops.ones((2,)))
    np.testing.assert_array_equal(values(tensor, (2,)), [1, 1])
    legacy = initializers.get({"class_name": "Constant", "config": {"value": 3.0}})
    assert legacy.value == 3.0
    with pytest.raises(ValueError, match="Did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    with pytest.raises(ValueError, match="3.0"):
        initializers.get(3.0)


@pytest.mark.parametrize("name", sorted(n for n in initializers.__all__ if n[0] < "a"))
def test_round_trip(name):
    cls = getattr(initializers, name)
    if cls is initializers.Initializer:
        return
    initializer = cls(seed=3) if cls in RANDOM else cls()
    data = initializers.serialize(initializer)
    assert data["module"] == "keras.initializers"
    assert data["class_name"] == cls.__name__ and data["registered_name"] is None
    again = initializers.deserialize(data)
    assert type(again) is cls and again.get_config() == initializer.get_config()


def test_config_with_seed_generator():
    data = initializers.serialize(
        initializers.HeNormal(seed=keras.random.SeedGenerator(3, name="s"))
    )
    assert data["config"]["seed"] == {
        "module": "keras.random",
        "class_name": "SeedGenerator",
        "config": {"seed": 3, "name": "s"},
        "registered_name": None,
    }
    assert initializers.deserialize(data).seed.seed == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.VarianceScaling(scale=-1), "`scale` must be above 0"),
        (lambda: initializers.VarianceScaling(mode="fan"), "`mode` must be one of"),
        (lambda: initializers.VarianceScaling(distribution="x"), "`distribution`"),
        (lambda: initializers.VarianceScaling(input_axes=0), "given together"),
        (lambda: initializers.RandomNormal(stddev=-1), "`stddev` must be at least 0"),
        (lambda: initializers.RandomUniform(1, 0), "`maxval` must not be below"),
        (lambda: initializers.RandomNormal(seed="x"), "`seed` must be an integer"),
        (lambda: initializers.RandomNormal(seed=1.5), "`seed` must be an integer"),
        (lambda: initializers.RandomNormal(seed=-1), "must be at least 0"),
        (lambda: initializers.Identity()((3,)), "two axes"),
        (lambda: initializers.Orthogonal()((3,)), "at least two axes"),
        (lambda: initializers.Constant([1, 2])((3,)), "does not broadcast"),
        (lambda: initializers.STFT(side="x"), "`side` must be one of"),
        (lambda: initializers.STFT(window="nope"), "nope"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
