"""A SavedModel of TensorFlow as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from keras.core import scope
from keras.core.config import limits
from keras.core.variable import Variable
from keras.layers.native.layer import NativeLayer, check_backend


class TFSMLayer(NativeLayer):
    """A TensorFlow SavedModel as a layer; it needs the TensorFlow backend.

    Args:
        filepath: the folder of the SavedModel. It is read when the layer is made, but
            never because a config of somebody else's names it.
        call_endpoint: which of its functions or signatures is called.
        call_training_endpoint: the same while training; by default `call_endpoint`.
        trainable: whether its variables are trained.

    Raises:
        ValueError: another backend, or no such endpoint; the message lists them.

    Example:
        >>> import tensorflow as tf
        >>> module = tf.Module()
        >>> module.serve = tf.function(lambda x: 2 * x, [tf.TensorSpec((None, 3))])
        >>> tf.saved_model.save(module, "exported")
        >>> layer = keras.layers.TFSMLayer("exported", call_endpoint="serving_default")
        >>> layer(np.ones((2, 3)))
        {'output_0': array([[2., 2., 2.], [2., 2., 2.]], dtype=float32)}
    """

    _framework = "tensorflow"

    _loaded: Any  # the SavedModel
    _weights: list[Variable]  # over its variables

    def __init__(
        self,
        filepath: Any,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        limits.refuse_path("TFSMLayer", filepath)
        import tensorflow as tf

        self.filepath = filepath
        self.call_endpoint = call_endpoint
        self.call_training_endpoint = call_training_endpoint

        with self._backend.outside_trace():
            self._loaded = tf.saved_model.load(str(filepath))
        self._endpoint = self._find(call_endpoint)
        self._training_endpoint = self._find(call_training_endpoint or call_endpoint)

        trained = {id(v) for v in getattr(self._loaded, "trainable_variables", ())}
        trained |= {id(v) for v in self._endpoint_variables() if v.trainable}
        self._weights = [
            self._adopt(v, id(v) in trained, v.name.partition(":")[0])
            for v in self._endpoint_variables()
        ]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        check_backend(type(self), scope.current().name)

        # A SavedModel cannot be copied: the copy reads the file again.
        names = inspect.signature(type(self)).parameters
        arguments = {name: getattr(self, name) for name in names}
        arguments["dtype"] = self.dtype_policy
        new = memo[id(self)] = type(self)(**arguments)
        for mine, other in zip(self._weights, new._weights):
            memo[id(mine)] = other
            other.assign(mine)
        return new

    def _find(self, name: str) -> Callable:
        found = getattr(self._loaded, name, None)
        signatures = getattr(self._loaded, "signatures", {})
        if found is None and name in signatures:
            found = signatures[name]

        if not callable(found):
            others = [
                n
                for n in vars(self._loaded)
                if not n.startswith("_") and callable(getattr(self._loaded, n))
            ]
            raise ValueError(
                f"TFSMLayer: the SavedModel {str(self.filepath)!r} has no endpoint "
                f"{name!r}. It has {sorted({*signatures, *others} - {'signatures'})}; "
                "name one as `call_endpoint`."
            )
        return found

    def _endpoint_variables(self) -> list[Any]:
        """The variables of the endpoints, each once."""
        found: dict[int, Any] = {}
        for endpoint in (self._endpoint, self._training_endpoint):
            concrete = getattr(endpoint, "concrete_functions", [endpoint])
            for function in concrete:
                found.update((id(v), v) for v in getattr(function, "variables", ()))
        for v in getattr(self._loaded, "variables", ()):
            found[id(v)] = v
        return list(found.values())

    def call(self, inputs: Any, training: Any = False, **kwargs: Any) -> Any:
        """Call the endpoint."""
        endpoint = self._training_endpoint if training else self._endpoint
        return endpoint(inputs, **kwargs)
