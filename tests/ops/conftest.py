"""Many small programs, each run once: compiling them is what takes time."""

import pytest


@pytest.fixture(scope="package", autouse=True)
def quick_compilation():
    """JAX compiles without optimizing."""
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
