"""Seed generators: their state, how it advances, is scoped, copied and seeded."""

import copy
import pickle
import random as python_random

import numpy as np
import pytest

import keras
from keras import random


def test_state_and_next(backend):
    generator = random.SeedGenerator(7, name="abc")
    assert generator.state.path == "abc/seed_generator_state"
    # PyTorch computes with 32 bits without a sign as int64.
    wanted = "int64" if backend == "torch" else "uint32"
    assert generator.state.dtype == wanted and not generator.state.trainable
    for counter in range(3):
        seed = keras.ops.convert_to_numpy(generator.next())
        np.testing.assert_array_equal(seed, [7, counter])
    np.testing.assert_array_equal(generator.state.numpy(), [7, 3])


def test_assigned_state_is_used(backend):
    a, b = random.SeedGenerator(1), random.SeedGenerator(2)
    random.normal((2,), seed=a)
    b.state.assign(a.state)
    np.testing.assert_array_equal(
        *[keras.ops.convert_to_numpy(random.normal((3,), seed=g)) for g in (a, b)]
    )


def test_without_a_seed_two_differ_and_set_random_seed_determines_them(backend):
    states = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        states.append([random.SeedGenerator().state.numpy() for _ in range(2)])
    np.testing.assert_array_equal(*states)
    assert states[0][0][0] != states[0][1][0]


def test_stateless_scope(backend):
    generator = random.SeedGenerator(1)
    with keras.StatelessScope([(generator.state, np.array([9, 3], "uint32"))]) as scope:
        inside = keras.ops.convert_to_numpy(random.uniform((3,), seed=generator))
    np.testing.assert_array_equal(generator.state.numpy(), [1, 0])
    after = keras.ops.convert_to_numpy(scope.get_current_value(generator.state))
    np.testing.assert_array_equal(after, [9, 4])
    generator.state.assign(np.array([9, 3], "uint32"))
    plain = keras.ops.convert_to_numpy(random.uniform((3,), seed=generator))
    np.testing.assert_array_equal(inside, plain)


def test_compiled_functions_advance_the_state(backend):
    generator = random.SeedGenerator(1)
    draw = keras.jit(lambda: random.normal((3,), seed=generator))
    first, second = (keras.ops.convert_to_numpy(draw()) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(generator.state.numpy(), [1, 2])


def pickled(generator):
    return pickle.loads(pickle.dumps(generator))


@pytest.mark.parametrize("again", [copy.deepcopy, pickled])
def test_copies_go_their_own_way(backend, again):
    generator = random.SeedGenerator(1)
    random.normal((2,), seed=generator)
    other = again(generator)
    a, b = (random.normal((3,), seed=g) for g in (generator, other))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b)
    )
    random.normal((3,), seed=other)
    np.testing.assert_array_equal(generator.state.numpy(), [1, 2])
    np.testing.assert_array_equal(other.state.numpy(), [1, 3])


def test_a_deep_copy_moves_to_the_backend_in_force(backend):
    seed = 2**32 - 5
    for other in sorted({"jax", "torch", "tensorflow"} - {backend}):
        generator = random.SeedGenerator(seed)
        random.normal((2,), seed=generator)
        with keras.config.backend_scope(other):
            with pytest.raises(ValueError, match=f"belongs to the backend '{backend}'"):
                random.normal((2,), seed=generator)
            moved = copy.deepcopy(generator)
            random.normal((2,), seed=moved)
            np.testing.assert_array_equal(moved.state.numpy(), [seed, 2])
        back = copy.deepcopy(moved)
        assert back.state.dtype == generator.state.dtype
        random.normal((2,), seed=generator)
        a, b = (random.normal((3,), seed=g) for g in (generator, back))
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b)
        )


def test_jax_jit_does_not_lose_the_state():
    import jax

    with keras.config.backend_scope("jax"):
        with pytest.raises(ValueError, match="keras.jit"):
            jax.jit(lambda: random.normal((2,)))()
        assert jax.jit(lambda: random.normal((2,), seed=1))().shape == (2,)
        random.normal((2,))  # the global state is still whole


def test_config():
    generator = random.SeedGenerator(5, name="s")
    assert generator.get_config() == {"seed": 5, "name": "s"}
    assert random.SeedGenerator.from_config({"seed": 5, "name": "s"}).seed == 5
    assert random.SeedGenerator().get_config()["seed"] is None


@pytest.mark.parametrize("seed", [1.5, "a", True, -1, 2**32])
def test_wrong_seeds(seed):
    with pytest.raises(ValueError, match="SeedGenerator: `seed` must be"):
        random.SeedGenerator(seed)
    with pytest.raises(ValueError, match="set_random_seed"):
        keras.utils.set_random_seed(seed)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="unknown arguments"):
        random.SeedGenerator(1, sed=2)


def test_set_random_seed_seeds_everything(backend):
    import tensorflow as tf
    import torch

    found = []
    for _ in range(2):
        keras.utils.set_random_seed(11)
        found.append(
            [
                python_random.random(),
                np.random.rand(),
                torch.rand(1).item(),
                float(tf.random.uniform(())),
                float(random.normal(())),
                keras.random.host.draw_seed(),
            ]
        )
    assert found[0] == found[1]


def test_a_backend_loaded_later_is_seeded_too():
    import subprocess
    import sys

    program = (
        "import keras\n"
        "keras.utils.set_random_seed(11)\n"
        "import sys; assert 'torch' not in sys.modules\n"
        "keras.config.set_backend('torch')\n"
        "import torch; a = torch.rand(3)\n"
        "torch.manual_seed(11); assert (torch.rand(3) == a).all()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
