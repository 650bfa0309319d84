"""`DataLayer`: a layer that computes with the framework of what it is called on.

A layer of a model belongs to the backend of the model. A data layer prepares data in
many places, and runs where its argument is:

    NumPy arrays, lists, text     the NumPy backend, on the host: in workers and threads
    tensors in `dataset.map`      TensorFlow, as a part of the tf.data graph
    a framework's tensors         that framework
    inside a model                the model's backend, in its compiled step

A subclass has nothing to do for this: it computes with `keras.ops`, reads its weights
through `convert_weight`, and draws with `seed=self.seeds()`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from keras.core import backends
from keras.core.foreign import framework_of
from keras.core.scope import backend_scope, current, is_calling_layer
from keras.core.tensor import any_symbolic
from keras.core.weight import Weight
from keras.layers.call import call_layer
from keras.layers.layer import Layer
from keras.random import SeedGenerator
from keras.random.host import draw_seed as draw_host_seed

_PLAIN = (str, bytes, bool, int, float)


class DataLayer(Layer):
    """Base of the layers that prepare data, which run where their argument is.

    What is computed on the host is returned as arrays of the NumPy backend, which are
    `np.ndarray`s. To send a layer to a process that should import no framework, copy it
    on the NumPy backend first: `with backend_scope("numpy"): copy.deepcopy(layer)`.

    Example:
        >>> class Halve(DataLayer):
        ...     def call(self, inputs):
        ...         return inputs / 2
        >>> isinstance(Halve()(np.ones(3)), np.ndarray)
        True
    """

    _not_parts: tuple[str, ...] = ("_other_seeds",)
    _not_copied = (*Layer._not_copied, "_other_seeds")
    _other_seeds: dict[str, SeedGenerator] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args) or any_symbolic(kwargs.values()):
            return super().__call__(*args, **kwargs)

        backend = self._backend_for((args, kwargs))
        if backend is self._backend:
            return super().__call__(*args, **kwargs)
        with backend_scope(backend):
            return call_layer(self, args, kwargs)

    def _backend_for(self, values: Any) -> Any:
        """The backend that owns the first tensor in the values; the host's if none.

        Inside the call of another layer, arrays and numbers are constants beside its
        tensors, and become tensors of its backend.
        """
        found = _owner(values)
        if found is not None:
            return found
        return current() if is_calling_layer() else backends.load(backends.HOST)

    def convert_weight(self, weight: Any) -> Any:
        """A weight as a tensor of the backend that the layer is running on.

        Args:
            weight: a variable of the layer, or an array.
        """
        here = current()
        if isinstance(weight, Weight) and weight.backend is not here:
            with weight.backend.outside_trace():
                weight = weight.backend.convert_to_numpy(weight.value)
        return here.convert_to_tensor(weight)

    # Random numbers

    def keep_seed(self, seed: int | None) -> None:
        """Store the constructor's `seed`, and make the stream that draws come from."""
        self.seed = seed
        self._first_seed = draw_host_seed() if seed is None else seed
        self.seed_generator = SeedGenerator(self._first_seed)

    def seeds(self) -> SeedGenerator:
        """The stream of seeds on the backend that the layer is running on.

        That of the layer's own backend is among its variables. The others start with
        the same seed. Inside a `seed_scope` the scope's stream is used instead.
        """
        here = current()
        scoped = _scoped_seeds.get()
        if scoped is None and here is self._backend:
            return self.seed_generator

        streams: dict[str, SeedGenerator]
        if scoped is not None:
            first_seed, streams = scoped
        else:
            if self._other_seeds is None:
                self._other_seeds = {}
            first_seed, streams = self._first_seed, self._other_seeds

        if here.name not in streams:
            with here.outside_trace():
                streams[here.name] = SeedGenerator(first_seed)
        return streams[here.name]


# The first seed of a `seed_scope`, and its streams by the name of the backend.
_scoped_seeds: ContextVar[tuple[int, dict[str, SeedGenerator]] | None] = ContextVar(
    "keras_data_seeds", default=None
)


@contextlib.contextmanager
def seed_scope(seed: int) -> Iterator[None]:
    """Let all data layers called inside draw from one stream that starts at `seed`.

    What a sample looks like then depends on the seed alone, and not on what was drawn
    before or in which thread or process: a data pipeline makes the seed of the epoch
    and of the sample's position.

    Args:
        seed: an integer from 0 to 2**32 - 1.

    Example:
        >>> flip = keras.layers.RandomFlip()
        >>> with seed_scope(7):
        ...     first = flip(np.ones((8, 8, 3)))
    """
    token = _scoped_seeds.set((seed, {}))
    try:
        yield
    finally:
        _scoped_seeds.reset(token)


def _owner(value: Any) -> Any:
    """The backend of the first tensor in a nested structure; None if there is none."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], _PLAIN):
            value = ()  # numbers or text, maybe very many
        return next(filter(None, map(_owner, value)), None)

    here = current()
    if type(value) in here.NATIVE:
        return here
    if isinstance(value, Weight):
        return value.backend
    name = framework_of(value)
    return None if name is None else backends.load(name)


def call_here(operation: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Call a layer or op with the backend in force, whatever backend it belongs to.

    A data layer looks for itself; a layer with weights runs where they are.
    """
    if isinstance(operation, Layer) and not isinstance(operation, DataLayer):
        if operation._backend is not current() and not operation.variables:
            return call_layer(operation, args, dict(kwargs))
    return operation(*args, **kwargs)
