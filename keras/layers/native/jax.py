"""Functions of JAX and modules of Flax as layers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from keras.core import tree
from keras.core.dtypes import standardize_dtype
from keras.core.variable import Variable
from keras.layers.input_spec import layer_label
from keras.layers.native.layer import NativeLayer
from keras.random.seed_generator import SeedGenerator


class JaxLayer(NativeLayer):
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
        >>> import jax
        >>> def init(rng, inputs):
        ...     return {"w": jax.random.normal(rng, (inputs.shape[-1], 3))}
        >>> def call(params, inputs):
        ...     return inputs @ params["w"]
        >>> keras.layers.JaxLayer(call, init)(np.ones((2, 4))).shape
        (2, 3)
    """

    _framework = "jax"
    _unwritten: tuple[str, ...] = ("params", "state", "seed")

    _forms: dict[str, Any]  # the pytrees of "params" and "state", once they are known
    _kept: dict[str, list[Variable]]  # their leaves, in the order of the pytrees
    _missing: list[str]  # those that `init_fn` has still to make
    _like: Any  # the dtypes of the inputs met last

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
        self.call_fn = call_fn
        self.init_fn = init_fn
        self.seed = seed
        self.native_serialization_platforms = native_serialization_platforms
        self._set_functions(call_fn, init_fn)

        values = {"params": params, "state": state}
        needed = [n for n in values if n in self._call_takes and values[n] is None]
        if needed and init_fn is None:
            raise ValueError(
                f"{layer_label(self)}: `call_fn` takes {needed}: give "
                f"{' and '.join(needed)}, or `init_fn` to make what is needed."
            )

        uses_rng = "rng" in self._call_takes or init_fn is not None
        self.seed_generator = SeedGenerator(seed) if uses_rng else None

        self._forms = {}
        self._kept = {"params": [], "state": []}
        self._like = None
        self._missing = needed
        self._keep({k: v for k, v in values.items() if v is not None})

    def _set_functions(self, call: Callable, init: Callable | None) -> None:
        self._call = call
        self._init = init
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

    def _keep(self, values: dict[str, Any]) -> None:
        """Make variables of the leaves of `params` and `state`."""
        import jax

        for kind, nest in values.items():
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

    @property
    def params(self) -> Any:
        """The parameters: a pytree of variables, or None before there are any."""
        return self._pytree("params", self._kept["params"])

    @property
    def state(self) -> Any:
        """The state: a pytree of variables, or None where there is none."""
        return self._pytree("state", self._kept["state"])

    def _pytree(self, kind: str, leaves: list[Any]) -> Any:
        form = self._forms.get(kind)
        return None if form is None else form.unflatten(leaves)

    def _values(self, kind: str) -> Any:
        return self._pytree(kind, [v.value for v in self._kept[kind]])

    def _maybe_build(self, args: tuple, kwargs: dict) -> None:
        # `build` is given shapes only, and `init_fn` should see the inputs' dtypes.
        self._like = None
        if args:
            self._like = tree.map_structure(
                lambda x: standardize_dtype(x.dtype), args[0]
            )
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
                zeros = tree.map_structure(
                    lambda z, dtype: z.astype(dtype), zeros, self._like
                )
            rng = self.seed_generator.next()  # type: ignore[union-attr]
            values = {"rng": rng, "inputs": zeros, "training": True}
            made = self._init(*[values[name] for name in self._init_takes])

        if "state" in self._missing:
            self._keep({"params": made[0], "state": made[1]})
        else:
            self._keep({"params": made})
        self._missing = []

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Call the function with the values of the parameters and the state."""
        import jax

        values = {
            "params": self._values("params"),
            "state": self._values("state"),
            "inputs": inputs,
            "training": training,
            "rng": None,
        }
        if training and "rng" in self._call_takes:
            values["rng"] = self.seed_generator.next()  # type: ignore[union-attr]
        out = self._call(*[values[name] for name in self._call_takes])
        if "state" not in self._call_takes:
            return out

        out, state = out
        self._forms["state"].flatten_up_to(state)  # raises if it has another form
        for variable, value in zip(self._kept["state"], jax.tree.leaves(state)):
            variable.assign(value)
        return out


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
        >>> import flax
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
        self.module = module
        self.method = method

        function = method or module.__call__
        if isinstance(method, str):
            function = getattr(type(module), method, None)
        if function is None:
            raise ValueError(f"FlaxLayer: {module!r} has no method {method!r}.")
        self._takes_training = "training" in inspect.signature(function).parameters

        def init(rng: Any, inputs: Any) -> Any:
            return _split(module.init(rng, inputs, **self._options(True)))

        def call(params: Any, state: Any, rng: Any, inputs: Any, training: Any) -> Any:
            collections = dict(state)
            if params is not None:
                collections["params"] = params
            out = module.apply(
                collections,
                inputs,
                rngs=rng,
                mutable=list(state) if training else False,
                **self._options(training),
            )
            return out if training else (out, state)

        params, state = (None, None) if variables is None else _split(variables)
        super().__init__(call, init, params=params, state=state, **kwargs)

    def _options(self, training: Any) -> dict[str, Any]:
        """Keyword arguments for `module.init` and `module.apply`."""
        options = {"method": self.method}
        if self._takes_training:
            options["training"] = bool(training)
        return options


def _split(variables: Any) -> tuple[Any, Any]:
    """Flax's variables as parameters, and the other collections."""
    rest = {key: value for key, value in variables.items() if key != "params"}
    return variables.get("params", {}), rest
