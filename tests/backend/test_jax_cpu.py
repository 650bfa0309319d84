"""What JAX runs otherwise on CPUs equals XLA's own, gradients in both modes too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keras
from keras import ops
from keras.backend.jax import cpu


@pytest.fixture(autouse=True)
def in_jax():
    with keras.config.backend_scope("jax"):
        yield


def by_xla(monkeypatch, compute):
    with monkeypatch.context() as patch:
        patch.setattr(cpu, "on_cpu", lambda: False)
        return compute()


def draw(*shape):
    # Whole numbers: windows with several largest elements are common.
    return np.random.default_rng(0).integers(-3, 4, shape).astype("float32")


@pytest.mark.parametrize("pool", [ops.max_pool, ops.average_pool])
@pytest.mark.parametrize(
    "rank, size, padding, layout",
    [
        (1, 3, "valid", "channels_last"),
        (2, 2, "valid", "channels_first"),
        (2, 2, "same", "channels_last"),
        (3, 2, "valid", "channels_last"),
    ],
)
def test_pooling(monkeypatch, pool, rank, size, padding, layout):
    x = draw(2, *(8, 7, 6)[:rank], 3)
    if layout == "channels_first":
        x = np.moveaxis(x, -1, 1)

    def derive():
        f = lambda x: jnp.sum(jnp.sin(pool(x, size, None, padding, layout)))  # noqa: E731
        return jax.value_and_grad(f)(x)

    for mine, xla in zip(derive(), by_xla(monkeypatch, derive)):
        np.testing.assert_allclose(mine, xla, rtol=1e-6, atol=1e-6)


def test_the_largest_is_nan_where_one_is():
    x = np.array([[[1.0], [np.nan], [np.nan], [2.0]]], "float32")
    assert np.isnan(ops.max_pool(x, 2)).all()
