"""The optional part of the contract: what a backend without more to offer imports.

Each name here is one of `contract.Backend` in a form that is right for a framework that
runs operations one by one and has nothing faster. A backend starts with all of them and
replaces those for which the framework has something better:

    from keras.backend.defaults import compile_loop, fused_update, no_gradients, ...
"""

from __future__ import annotations

import contextlib
import cProfile
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from keras.core.dtypes import standardize_dtype
from keras.core.variable import Variable

# Kernels for whole sequences: from "simple_rnn", "lstm" or "gru" to a function
# `(x, states, (kernel, recurrent_kernel, bias), mask, zero_output) -> (last output,
# outputs of all steps, states)`, with the weights in the order of the layer's own.
FUSED_RNN: dict[str, Callable] = {}
HAS_GRADIENTS = True
LOOPS_HAVE_A_SIZE = True
STORED_ONLY: frozenset[str] = frozenset()
text: Any = None
WEAK: frozenset[str] = frozenset()


def projects_sequences() -> bool:
    """One large product for all steps is faster than a small one in each."""
    return True


# Tensors whose dtypes and shapes are NumPy's or like them

_NAMES: dict[Any, str] = {}  # of dtypes; looked up at every op


def dtype_name(dtype: Any) -> str:
    """The name of a dtype, such as "float32"."""
    found = _NAMES.get(dtype)
    if found is None:
        found = _NAMES[dtype] = standardize_dtype(dtype)
    return found


def dtype_of(x: Any) -> str:
    """The name of a tensor's dtype."""
    return dtype_name(x.dtype)


def shape_of(x: Any) -> tuple[int, ...]:
    """A tensor's sizes, all of them known."""
    return tuple(x.shape)


# Variables


def set_trainable(kept: Any, trainable: bool) -> None:
    """The framework's arrays do not know whether gradients are wanted."""


def outside_trace() -> AbstractContextManager[Any]:
    """All values are concrete."""
    return contextlib.nullcontext()


# Evaluation


def runs_eagerly(x: Any) -> bool:
    """Nothing is traced."""
    return True


def block(x: Any) -> None:
    """Everything is computed when a function returns."""


def compile(fn: Callable) -> Callable:
    """The function is its own compiled form."""
    return fn


def compile_call(fn: Callable, variables: Callable[[], Sequence[Variable]]) -> Callable:
    """The function is its own compiled form."""
    return fn


def compile_step(
    step: Callable, train: bool, jit_compile: Any, variables: Callable | None = None
) -> Callable:
    """The step is its own compiled form."""
    return step


def compile_loop(compiled: Callable, jit_compile: Any, collect: bool) -> None:
    """Steps are dispatched one by one."""
    return None


def is_recording() -> bool:
    """No calls are recorded."""
    return False


def opaque(fn: Callable) -> Callable:
    """No calls are recorded, so none has to be run again."""
    return fn


# Gradients


def no_gradients() -> AbstractContextManager[Any]:
    """Nothing is kept for gradients that are not asked for."""
    return contextlib.nullcontext()


def without_gradients(fn: Callable) -> Callable:
    """Nothing is kept for gradients that are not asked for."""
    return fn


# Optimizers


def number(x: Any) -> Any:
    """A scalar stays where it is."""
    return x


def fused_update(name: str) -> None:
    """There are no kernels: an optimizer's `update` runs for each weight."""
    return None


# The framework's modules


def module_attribute(layer: Any, name: str) -> Any:
    """Layers have no attributes beside their own."""
    raise AttributeError(name)


def framework_module(layer: Any) -> None:
    """The framework has no modules."""
    return None


# Profiles


def profile_path(folder: str, kind: str) -> str:
    """Where TensorBoard's profile plugin looks for a new file of a kind."""
    moment = time.strftime("%Y_%m_%d_%H_%M_%S")
    path = os.path.join(folder, "plugins", "profile", moment)
    os.makedirs(path, exist_ok=True)
    return os.path.join(path, f"{socket.gethostname()}.{kind}")


@contextlib.contextmanager
def profile(folder: str) -> Iterator[None]:
    """Python's own profiler, which knows functions and no operations."""
    profiler = cProfile.Profile()
    with profiler:
        yield
    profiler.dump_stats(profile_path(folder, "pstats"))


# Random numbers: for the backend's module `random`


def next_on_host(kept: Any) -> None:
    """Seeds are counted by the framework's operations."""
    return None


def state_scope() -> AbstractContextManager[Any]:
    """States are kept where all other tensors are."""
    return contextlib.nullcontext()


def is_traced(x: Any) -> bool:
    """Variables may be assigned in any function."""
    return False


def seed_framework(seed: int) -> None:
    """The framework has no generator of its own."""


# For backends that make graphs


def is_data(leaf: Any) -> bool:
    """Whether an argument of a compiled function is data, or a constant for it."""
    has_both = hasattr(leaf, "dtype") and hasattr(leaf, "shape")
    return has_both and not isinstance(leaf, Variable)
