"""Layers around what is written in a framework: each works on its own backend alone."""

from __future__ import annotations

import base64
import copy
import inspect
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.core import scope, tree
from keras.core.config import limits
from keras.core.config.configurable import written
from keras.core.dtypes import standardize_dtype
from keras.core.tensor import KerasTensor
from keras.core.variable import Variable
from keras.layers.input_spec import layer_label
from keras.layers.layer import Layer
from keras.random.seed_generator import SeedGenerator


class _Native(Layer):
    """The base of layers that belong to one framework."""

    _framework = ""

    def __init__(self, **kwargs: Any) -> None:
        _check_backend(type(self), self._backend.name)
        super().__init__(**kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        _check_backend(type(self), scope.current().name)
        return super().__deepcopy__(memo)

    def config_value(self, name: str, value: Any) -> Any:
        """The framework's own object stays as it is, unless its class says how."""
        if name == "module":
            try:
                return written(value)
            except TypeError:  # it serves `from_config` here; saving it says so
                return value
        return super().config_value(name, value)

    def _adopt(self, kept: Any, trainable: bool, name: str) -> Variable:
        """A variable of ours over the framework's own, not a copy."""
        dtype = self._backend.dtype_of(kept)
        made = self.add_weight(
            tuple(kept.shape),
            lambda shape, dtype: np.zeros(shape),
            dtype,
            trainable,
            name=name.replace("/", "_"),
        )
        made._value = kept
        return made


def _check_backend(cls: type[_Native], backend: str) -> None:
    wanted = cls._framework
    if backend != wanted:
        raise ValueError(
            f"{cls.__name__} runs what is written in {wanted}, and this is the backend "
            f"{backend!r}. Make the layer, and the model around it, inside `with "
            f"keras.config.backend_scope({wanted!r}):`, or set KERAS_BACKEND={wanted}."
        )


class TorchModuleWrapper(_Native):
    """A `torch.nn.Module` as a layer; it needs the PyTorch backend.

    Its parameters are the layer's weights. Its buffers are saved with them. While the
    model trains it is in training mode, else in evaluation mode.

    Args:
        module: the module; lazy ones must have seen data.
        output_shape: the output's shape with the batch axis, where it cannot be found
            by trying.

    To save a model with it, register a subclass that makes the module from plain
    arguments, or give the module's class a `get_config`. A pickled module, as Keras
    writes it, is only read by `keras.saving.load_trusted_model`.

    Raises:
        ValueError: another backend, or a module without its parameters.
        TypeError: `module` is no module.

    Example:
        >>> layer = keras.layers.TorchModuleWrapper(torch.nn.Linear(4, 3))
        >>> layer(np.ones((2, 4))).shape
        torch.Size([2, 3])
    """

    _framework = "torch"

    def __init__(
        self,
        module: Any,
        name: str | None = None,
        output_shape: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        import torch

        from keras.backend.torch.tensor import get_device

        if isinstance(module, str):
            module = _unpickled(module)
        if not isinstance(module, torch.nn.Module):
            raise TypeError(
                f"TorchModuleWrapper: `module` must be a torch.nn.Module; received "
                f"{module!r}."
            )
        for kept in (*module.parameters(), *module.buffers()):
            if torch.nn.parameter.is_lazy(kept):
                raise ValueError(
                    f"TorchModuleWrapper: {module!r} is lazy and has no parameters "
                    "yet. Call it on data first."
                )
        self.module = module.to(get_device())
        self.output_shape = output_shape
        self._weights = [
            self._adopt(p, p.requires_grad, path.replace(".", "_"))
            for path, p in module.named_parameters()
        ]

    def call(self, *args: Any, training: Any = None, **kwargs: Any) -> Any:
        """Call the module in the mode asked for."""
        import torch

        if training is not None and self.module.training != training:
            self.module.train(bool(training))
        kept = zip(self.module.named_parameters(), self._weights)
        values = {path: v.value for (path, p), v in kept if v.value is not p}
        if not values:
            return self.module(*args, **kwargs)
        if any(v.is_meta for v in values.values()):  # shapes are being found out
            values |= {k: v.to("meta") for k, v in self.module.named_buffers()}
        return torch.func.functional_call(self.module, values, args, kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as symbolic tensors, of the shape given if there is one."""
        if self.output_shape is None:
            return super().compute_output_spec(*args, **kwargs)
        return tree.map_shape_structure(
            lambda s: KerasTensor(s, self.compute_dtype), self.output_shape
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        new = super().__deepcopy__(memo)
        for variable, kept in zip(new._weights, new.module.parameters()):
            variable._value = kept
        return new

    def parameters(self, recurse: bool = True) -> Any:
        """The module's parameters."""
        return self.module.parameters(recurse)

    def save_own_variables(self, store: Any) -> None:
        """Put the module's parameters and buffers in `store`, by their names."""
        for path, value in self.module.state_dict().items():
            store[path] = self._backend.convert_to_numpy(value)

    def load_own_variables(self, store: Any) -> None:
        """Take the module's parameters and buffers from `store`."""
        import torch

        given = {key: torch.as_tensor(np.array(store[key])) for key in store.keys()}
        self.module.load_state_dict(given)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer with a copy of the module in the config."""
        module = config.get("module")
        if hasattr(module, "state_dict"):
            config = {**config, "module": copy.deepcopy(module)}
        return super().from_config(config)


def _unpickled(text: str) -> Any:
    """The module that Keras pickled into a config, if its source is trusted."""
    if not limits.is_trusted():
        raise ValueError(
            "TorchModuleWrapper: the module is given as a pickle, which runs code when "
            "it is read. If the file is your own, load it with "
            "keras.saving.load_trusted_model(path); it warns, and means what it says."
        )
    import torch

    data = io.BytesIO(base64.b64decode(text))
    return torch.load(data, weights_only=False)


class JaxLayer(_Native):
    """A function of JAX as a layer; it needs the JAX backend.

    Args:
        call_fn: the computation. It takes `inputs`, and any of `params`, `state`, `rng`
            and `training`, by these names; with `state` it returns
            `(outputs, new state)`. `rng` is a key, and None outside training.
        init_fn: makes `params`, or `(params, state)`; takes `rng`, `inputs` (zeros of
            the inputs' shape) and perhaps `training`.
        params: the parameters, a pytree, instead of `init_fn`; they are trained.
        state: the state, a pytree; it is not trained.
        seed: an integer that determines `rng`.
        native_serialization_platforms: kept for compatibility: where TensorFlow would
            run it.

    Raises:
        ValueError: another backend, or arguments that do not fit.

    Example:
        >>> def init(rng, inputs):
        ...     return {"w": jax.random.normal(rng, (inputs.shape[-1], 3))}
        >>> def call(params, inputs):
        ...     return inputs @ params["w"]
        >>> keras.layers.JaxLayer(call, init)(np.ones((2, 4))).shape
        (2, 3)
    """

    _framework = "jax"
    _unwritten: tuple[str, ...] = ("params", "state", "seed")

    def __init__(
        self,
        call_fn: Callable,
        init_fn: Callable | None = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.call_fn, self.init_fn = call_fn, init_fn
        self.seed = seed
        self.native_serialization_platforms = native_serialization_platforms
        self._set_functions(call_fn, init_fn)
        given = {"params": params, "state": state}
        needed = [n for n in given if n in self._call_takes and given[n] is None]
        if needed and init_fn is None:
            raise ValueError(
                f"{layer_label(self)}: `call_fn` takes {needed}: give "
                f"{' and '.join(needed)}, or `init_fn` to make what is needed."
            )
        self._forms: dict[str, Any] = {}
        self._kept: dict[str, list[Variable]] = {"params": [], "state": []}
        self._like: Any = None
        uses_rng = "rng" in self._call_takes or init_fn is not None
        self.seed_generator = SeedGenerator(seed) if uses_rng else None
        self._missing = needed
        self._keep({k: v for k, v in given.items() if v is not None})

    def _set_functions(self, call: Callable, init: Callable | None) -> None:
        self._call, self._init = call, init
        allowed = ("params", "state", "rng", "inputs", "training")
        self._call_takes = self._named(call, "call_fn", allowed)
        if init is not None:
            self._init_takes = self._named(init, "init_fn", allowed[2:])

    def _named(self, fn: Callable, what: str, allowed: tuple[str, ...]) -> list[str]:
        found = list(inspect.signature(fn).parameters)
        unknown = [name for name in found if name not in allowed]
        if unknown or "inputs" not in found:
            raise ValueError(
                f"{layer_label(self)}: `{what}` must take `inputs`, and may take "
                f"{[n for n in allowed if n != 'inputs']}, by these names; it takes "
                f"{found}."
            )
        return found

    def _keep(self, given: dict[str, Any]) -> None:
        """Make variables of the leaves of `params` and `state`."""
        import jax

        for kind, nest in given.items():
            leaves, self._forms[kind] = jax.tree_util.tree_flatten_with_path(nest)
            for path, leaf in leaves:
                keys = [str(getattr(k, "key", getattr(k, "idx", k))) for k in path]
                value = jax.numpy.asarray(leaf)
                variable = self.add_weight(
                    value.shape,
                    lambda shape, dtype, value=value: value,
                    self._backend.dtype_of(value),
                    kind == "params",
                    name="_".join(keys).replace("/", "_") or kind,
                )
                self._kept[kind].append(variable)

    params = property(lambda self: self._nest("params", list))
    state = property(lambda self: self._nest("state", list))

    def _nest(self, kind: str, of: Callable) -> Any:
        if kind not in self._forms:
            return None
        return self._forms[kind].unflatten(of(self._kept[kind]))

    def _maybe_build(self, args: tuple, kwargs: dict) -> None:
        kind = lambda x: standardize_dtype(x.dtype)  # noqa: E731
        self._like = tree.map_structure(kind, args[0]) if args else None
        super()._maybe_build(args, kwargs)

    def build(self, input_shape: Any) -> None:
        """Call `init_fn`, if there are parameters or state to make."""
        if not self._missing or self._init is None:
            return
        import jax

        with self._backend.outside_trace():
            zeros = tree.map_shape_structure(
                lambda s: jax.numpy.zeros([n or 1 for n in s], self.compute_dtype),
                input_shape,
            )
            if self._like is not None:
                cast = lambda z, dtype: z.astype(dtype)  # noqa: E731
                zeros = tree.map_structure(cast, zeros, self._like)
            rng = self.seed_generator.next()  # type: ignore[union-attr]
            given = {"rng": rng, "inputs": zeros, "training": True}
            made = self._init(*[given[name] for name in self._init_takes])
        if "state" in self._missing:
            self._keep({"params": made[0], "state": made[1]})
        else:
            self._keep({"params": made})
        self._missing = []

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Call the function with the values of the parameters and the state."""
        values = lambda kept: [v.value for v in kept]  # noqa: E731
        given = {
            "params": self._nest("params", values),
            "state": self._nest("state", values),
            "inputs": inputs,
            "training": training,
            "rng": None,
        }
        if training and "rng" in self._call_takes:
            given["rng"] = self.seed_generator.next()  # type: ignore[union-attr]
        out = self._call(*[given[name] for name in self._call_takes])
        if "state" not in self._call_takes:
            return out
        out, state = out
        self._forms["state"].flatten_up_to(state)  # it has the same form
        for variable, value in zip(self._kept["state"], _leaves(state)):
            variable.assign(value)
        return out


def _leaves(nest: Any) -> list[Any]:
    import jax

    return jax.tree.leaves(nest)


class FlaxLayer(JaxLayer):
    """A `flax.linen.Module` as a layer; it needs the JAX backend.

    Its parameters are the layer's trainable weights; its other collections (batch
    statistics) are not trained and change while training.

    Args:
        module: the module.
        method: its method to call, or a function `(module, inputs)` or
            `(module, inputs, training)`; by default `__call__`.
        variables: what `module.init` returned, instead of making new ones.

    The method is told of `training` if it has an argument of that name. To save a model
    with it, the module's class needs a `get_config` and must be registered.

    Example:
        >>> layer = keras.layers.FlaxLayer(flax.linen.Dense(3))
        >>> layer(np.ones((2, 4))).shape
        (2, 3)
    """

    _unwritten = ("call_fn", "init_fn", "params", "state", "seed", "variables")

    def __init__(
        self, module: Any, method: Any = None, variables: Any = None, **kwargs: Any
    ) -> None:
        if isinstance(module, type) or not hasattr(module, "apply"):
            raise TypeError(
                "FlaxLayer: `module` must be an instance of flax.linen.Module; "
                f"received {module!r}."
            )
        self.module, self.method = module, method
        named = isinstance(method, str)
        fn = getattr(type(module), method, None) if named else method or module.__call__
        if fn is None:
            raise ValueError(f"FlaxLayer: {module!r} has no method {method!r}.")
        self._modes = "training" in inspect.signature(fn).parameters

        def init(rng: Any, inputs: Any) -> Any:
            return _parted(module.init(rng, inputs, **self._mode(True)))

        def call(params: Any, state: Any, rng: Any, inputs: Any, training: Any) -> Any:
            held = {**state} if params is None else {"params": params, **state}
            out = module.apply(
                held,
                inputs,
                rngs=rng,
                mutable=list(state) if training else False,
                **self._mode(training),
            )
            return out if training else (out, state)

        params, state = (None, None) if variables is None else _parted(variables)
        super().__init__(call, init, params=params, state=state, **kwargs)

    def _mode(self, training: Any) -> dict[str, Any]:
        more = {"training": bool(training)} if self._modes else {}
        return {"method": self.method, **more}


def _parted(variables: Any) -> tuple[Any, Any]:
    """Parameters, and the other collections."""
    rest = {key: value for key, value in variables.items() if key != "params"}
    return variables.get("params", {}), rest


class TFSMLayer(_Native):
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
        >>> layer = keras.layers.TFSMLayer("exported", call_endpoint="serving_default")
    """

    _framework = "tensorflow"

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
        _check_backend(type(self), scope.current().name)
        names = inspect.signature(type(self)).parameters
        given = {name: getattr(self, name) for name in names}
        new = memo[id(self)] = type(self)(**{**given, "dtype": self.dtype_policy})
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
