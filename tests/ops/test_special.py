"""Special functions against SciPy, and the order of equal values."""

import numpy as np
import pytest
import scipy.special

import keras
from keras import ops
from keras.core.scope import current

SHAPES = np.geomspace(1e-2, 300, 23)[:, None]
LIMITS = np.geomspace(1e-3, 500, 29)[None, :]


@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_incomplete_gamma_functions(name, dtype, backend):
    a, x = (ops.cast(v, dtype) for v in (SHAPES, LIMITS))
    found = getattr(ops, name)(a, x)
    assert current().dtype_of(found) == dtype
    wide = (ops.convert_to_numpy(v).astype("float64") for v in (a, x))
    expected = getattr(scipy.special, name)(*wide)
    tolerance = 3e-4 if dtype == "float32" else 2e-2
    found = ops.convert_to_numpy(found).astype("float64")
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
def test_incomplete_gamma_functions_at_the_ends(name, backend):
    a, x = np.float32([1, 1, 2, -1, 1]), np.float32([0, np.inf, 1e30, 1, -1])
    expected = getattr(scipy.special, name)(a, x)
    np.testing.assert_allclose(getattr(ops, name)(a, x), expected, atol=1e-7)


@pytest.mark.gradients
@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
@pytest.mark.parametrize("argument", [0, 1])
def test_their_gradients(name, argument, backend):
    a, x = np.broadcast_arrays(SHAPES[8:18], LIMITS[:, 12:24])
    points = [a.astype("float32"), x.astype("float32")]
    found = ops.grad(
        lambda *args: ops.sum(getattr(ops, name)(*args)), argnums=argument
    )(*map(ops.convert_to_tensor, points))

    # Richardson's extrapolation of central differences.
    wide = [p.astype("float64") for p in points]

    def difference(h):
        ends = []
        for sign in (1, -1):
            moved = list(wide)
            moved[argument] = wide[argument] * (1 + sign * h)
            ends.append(getattr(scipy.special, name)(*moved))
        return (ends[0] - ends[1]) / (2 * h * wide[argument])

    expected = (4 * difference(5e-4) - difference(1e-3)) / 3
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-6)


def test_gammainc_symbolically(backend):
    out = ops.gammainc(keras.KerasTensor((None, 1)), keras.KerasTensor((3,)))
    assert out.shape == (None, 3)


def test_stable_top_k_takes_equal_values_in_their_order(backend):
    x = np.float32([[1, 3, 3, 2, 3, 0], [5, 5, 5, 5, 5, 5]])
    values, indices = ops.top_k(x, 4, is_stable=True)
    np.testing.assert_array_equal(values, [[3, 3, 3, 2], [5, 5, 5, 5]])
    np.testing.assert_array_equal(indices, [[1, 2, 4, 3], [0, 1, 2, 3]])
    assert current().dtype_of(indices) == "int32"
    many = np.random.default_rng(0).integers(0, 9, (4, 1000)).astype("float32")
    order = np.argsort(-many, axis=1, kind="stable")[:, :300]
    np.testing.assert_array_equal(ops.top_k(many, 300, is_stable=True)[1], order)


def test_integers_that_do_not_fit_are_not_wrapped_around(backend):
    if backend == "jax":
        with pytest.raises(OverflowError, match="3000000000"):
            ops.convert_to_tensor([1, 3_000_000_000])
        return
    x = ops.convert_to_tensor([1, 3_000_000_000])
    assert current().dtype_of(x) == "int64"
    assert ops.convert_to_numpy(x).tolist() == [1, 3_000_000_000]


@pytest.mark.gradients
def test_the_gradient_of_mod_by_the_divisor_of_a_number(backend):
    slope = ops.grad(lambda x: ops.sum(ops.mod(7.0, x)))(
        ops.convert_to_tensor([2.0, 3.0])
    )
    np.testing.assert_allclose(slope, [-3.0, -2.0])


def test_an_unknown_axis_is_tied_to_a_concrete_operand(backend):
    unknown = keras.KerasTensor((None, None))
    assert ops.matmul(unknown, np.ones((3, 2), "float32")).shape == (None, 2)
    assert ops.dot(unknown, np.ones((3, 2), "float32")).shape == (None, 2)
