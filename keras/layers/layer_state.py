"""What a layer keeps: weights, and layers, metrics and seeds below it."""

from __future__ import annotations

import contextlib
import math
from typing import Any

from keras.core import dtypes
from keras.core.derived import Derived
from keras.core.errors import check_choice
from keras.core.inspection import touch
from keras.core.naming import current_path, path_scope
from keras.core.scope import backend_scope
from keras.core.state import Stateful, parts, unique
from keras.core.tensor import KerasTensor
from keras.core.variable import Variable, finds_shapes
from keras.core.weight import Weight
from keras.layers.input_spec import layer_label

_LATER = "It is part of Keras 3.15, but not of this package yet."
# Members of Keras's layers and models, and what to say to a program that uses them.
_MISSING = {
    "export": _LATER,
    "quantize": _LATER,
    "quantized_build": _LATER,
    "quantized_call": _LATER,
}


class LayerState(Stateful):
    """The weights of a layer and of those below it: a part of `Layer`."""

    _not_parts: tuple[str, ...] = ()  # attributes that do not belong to the layer
    # Attributes of the class itself that hold state to be saved. A walk over a user's
    # layer looks at what the user added, and at these.
    _saved_attributes: frozenset[str] = frozenset()

    name: str
    built: bool
    dtype_policy: Any
    variable_dtype: Any
    _building: bool
    _trainable: bool
    _path: str | None
    _own_variables: list[Variable]
    _added_metrics: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        """What the framework's modules have and a layer lacks, as `parameters`."""
        if name in _MISSING:
            raise AttributeError(
                f"{type(self).__name__!r} has no attribute {name!r}. {_MISSING[name]}"
            )
        backend = self.__dict__.get("_backend")
        if backend is not None and name[:1] != "_":
            with contextlib.suppress(AttributeError):
                return backend.module_attribute(self, name)
        return object.__getattribute__(self, name)  # the error that there was

    @property
    def path(self) -> str:
        """The layer's place: names from the outermost model down."""
        return self._path or self.name

    def _misfit(self, problem: str) -> ValueError:
        """The error for inputs that do not fit the layer."""
        return ValueError(f"{layer_label(self)}: {problem}.")

    def _settle_path(self) -> str:
        if self._path is None:
            around = current_path()
            self._path = f"{around}/{self.name}" if around else self.name
            # A map of policies knows that of this layer by its path.
            policy = self.dtype_policy.at(self._path)
            if policy is not self.dtype_policy:
                self.dtype_policy = policy
        return self._path

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a weight of the layer.

        Args:
            shape: the shape; `()` by default.
            initializer: a name, an `Initializer` or a callable `(shape, dtype)`; by
                default Glorot uniform for floats and zeros for the rest.
            dtype: the type; by default the layer's variable type.
            trainable: whether gradients are wanted.
            autocast: whether it is read in the layer's compute type.
            regularizer: a penalty on it, added to the loss.
            constraint: a projection applied after each update.
            aggregation: how replicas combine.
            overwrite_with_gradient: whether the optimizer puts the gradient in place.
            name: the last part of its path.
        """
        self._check_initialized()  # type: ignore[attr-defined]
        from keras import constraints, initializers, regularizers

        shape = () if shape is None else shape
        dtype = dtypes.standardize_dtype(dtype or self.variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float_dtype(dtype) else "zeros"
        path = current_path() if self._building or not self._path else self._path
        with backend_scope(self._backend), path_scope(path or self._settle_path()):
            variable = Variable(
                initializers.get(initializer),
                shape=(shape,) if isinstance(shape, int) else shape,
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        if not self._trainable:
            variable.trainable = False
        self._own_variables.append(variable)
        touch(self)
        return variable

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a weight of the layer, as `add_weight` does.

        Args:
            shape, initializer, dtype, trainable, autocast, regularizer, constraint,
                name: as for `add_weight`.
        """
        return self.add_weight(
            shape=shape,
            initializer=initializer,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            regularizer=regularizer,
            constraint=constraint,
            name=name,
        )

    def add_metric(
        self, value: Any, name: str | None = None, aggregation: str | None = "mean"
    ) -> None:
        """Report a value that `call` computes, beside the loss.

        Args:
            value: a tensor, whose mean over all calls since the metrics were reset is
                shown; or a `Metric`, which the layer then keeps.
            name: what the value is called; not needed for a `Metric`, which has one.
            aggregation: "mean", or None for a `Metric`.

        Raises:
            ValueError: a tensor has no name.

        Example:
            >>> class Sparse(keras.layers.Layer):
            ...     def call(self, x):
            ...         x = keras.ops.relu(x)
            ...         self.add_metric(keras.ops.mean(x == 0), name="zeros")
            ...         return x
            >>> layer = Sparse()
            >>> outputs = layer(np.array([[-1.0, 1.0]]))
            >>> float(layer.metrics[0].result())
            0.5
        """
        from keras import ops
        from keras.metrics import Mean, Metric

        check_choice(aggregation, ("mean", None), "aggregation", "add_metric")
        if isinstance(value, Metric):
            self._added_metrics[value.name] = value
            return
        if name is None or isinstance(value, KerasTensor):
            problem = "the value needs a `name`, under which it is shown"
            if name is not None:
                problem = "a symbolic tensor has no value; call it inside `call`"
            raise ValueError(f"add_metric on {layer_label(self)}: {problem}.")

        metric = self._added_metrics.get(name)
        if metric is None:
            with backend_scope(self._backend):
                metric = self._added_metrics[name] = Mean(name=name)
            touch(self)
        if not finds_shapes():
            metric.update_state(ops.stop_gradient(ops.convert_to_tensor(value)))

    def _direct_parts(self) -> list[Any]:
        """The variables and stateful objects this layer itself keeps."""
        skipped = ("_with_losses", *self._not_parts)  # who gave losses, in that order
        return [part for _, part in parts(self, skipped)]

    def _own_weights(self) -> list[Variable]:
        """The variables this layer itself keeps: those made to be trained first.

        Each kind in the order they were made; freezing a layer does not change it.
        """
        own: list[Variable] = []
        for part in self._direct_parts():
            if isinstance(part, Variable):
                own.append(part)
            elif isinstance(part, Derived):
                own.extend(part.variables)
        return sorted(unique(own), key=lambda v: (not v.made_trainable, v.number))

    def _derived_weights(self) -> list[Derived]:
        return [part for part in self._direct_parts() if isinstance(part, Derived)]

    def _saved_weights(self) -> list[Weight]:
        """What a file holds: the own weights, with derived ones in their places."""
        whole = [part for part in self._derived_weights() if part.is_saved_whole]
        stands_for = {id(v): part for part in whole for v in part.variables}
        return unique(stands_for.get(id(v), v) for v in self._own_weights())

    def _direct_layers(self) -> list[Any]:
        return [part for part in self._direct_parts() if isinstance(part, LayerState)]

    def _flatten_layers(
        self, include_self: bool = True, recursive: bool = True
    ) -> list[Any]:
        """This layer and those below it, each once."""
        found: list[Any] = [self] if include_self else []
        stack = list(reversed(self._direct_layers()))
        seen = {id(self)}
        while stack:
            layer = stack.pop()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            found.append(layer)
            if recursive:
                stack.extend(reversed(layer._direct_layers()))
        return found

    @property
    def weights(self) -> list[Variable]:
        """All weights: own trainable, own others, then those of the parts."""
        layers = self._flatten_layers()
        return unique(v for layer in layers for v in layer._own_weights())

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights gradients are wanted for."""
        frozen = {
            id(v)
            for layer in self._flatten_layers()
            if not layer._trainable
            for v in layer.weights
        }
        return [v for v in self.weights if v.trainable and id(v) not in frozen]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights."""
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in trainable]

    @property
    def variables(self) -> list[Variable]:
        """The weights and the state of seed generators, layer by layer.

        That of metrics is in `metrics_variables`.
        """
        from keras.metrics import Metric

        found: list[Variable] = []
        for layer in self._flatten_layers():
            found.extend(layer._own_weights())
            for part in layer._direct_parts():
                if not isinstance(part, (Variable, LayerState, Metric)):
                    found.extend(part.variables)
        return unique(found)

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables gradients are wanted for."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """All other variables, with the state of seed generators."""
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.variables if id(v) not in trainable]

    @property
    def metrics(self) -> list[Any]:
        """The metrics kept by this layer and those below it."""
        from keras.metrics import Metric

        return unique(
            part
            for layer in self._flatten_layers()
            for part in layer._direct_parts()
            if isinstance(part, Metric)
        )

    @property
    def metrics_variables(self) -> list[Variable]:
        """The state of the layer's metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether the layer's weights are trained. Setting it goes down the tree."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = bool(value)
        for layer in self._flatten_layers():
            layer._trainable = value
            derived = layer._derived_weights()
            frozen = {id(v) for part in derived for v in part.frozen}
            for variable in layer._own_weights():
                if variable.made_trainable:
                    variable.trainable = value and id(variable) not in frozen

    def get_weights(self) -> list[Any]:
        """The weights as NumPy arrays, in the order of `weights`."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Set all weights from arrays in the order of `weights`.

        Raises:
            ValueError: another number of arrays, or a wrong shape; nothing is changed.
        """
        mine = self.weights
        given = [tuple(getattr(w, "shape", ())) for w in weights]
        wanted = [v.shape for v in mine]
        if len(given) != len(mine):
            raise ValueError(
                f"set_weights on {layer_label(self)}: {len(mine)} arrays of shapes "
                f"{wanted} are needed; received {len(given)} of shapes {given}."
                + ("" if self.built else " The layer is not built yet.")
            )
        for variable, shape in zip(mine, given):
            if variable.shape != shape:
                raise ValueError(
                    f"set_weights on {layer_label(self)}: {variable.path!r} has shape "
                    f"{variable.shape}; received an array of shape {shape}. All: "
                    f"{wanted} are needed, {given} were given."
                )
        for variable, value in zip(mine, weights):
            variable.assign(value)

    def count_params(self) -> int:
        """The number of elements of all weights."""
        if not self.built and not self.weights:
            raise ValueError(
                f"{layer_label(self)} is not built yet, so its weights do not exist. "
                "Call it on data, or call build(input_shape)."
            )
        return sum(math.prod(variable.shape) for variable in self.weights)

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own weights in `store`, by number."""
        for i, weight in enumerate(self._saved_weights()):
            store[str(i)] = weight

    def load_own_variables(self, store: Any) -> None:
        """Take the layer's own weights from `store`."""
        own = self._saved_weights()
        if len(store.keys()) != len(own):
            raise ValueError(
                f"{layer_label(self)} has {len(own)} weights of its own, the file "
                f"{len(store.keys())}."
                + ("" if self.built else " The layer is not built yet.")
            )
        for i, weight in enumerate(own):
            weight.assign(store[str(i)])
