"""The model: a layer that can be trained, evaluated, used and saved."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from keras.core import tree
from keras.core.inspection import touch
from keras.core.naming import auto_name, to_snake_case
from keras.core.scope import backend_scope
from keras.core.tensor import KerasTensor
from keras.layers.call import call_context
from keras.layers.layer import Layer
from keras.models.graph_body import (
    GraphBody,
    is_functional_call,
    without_list_of_one,
)
from keras.training.engine import engine_of
from keras.training.trainer import Trainer


class Model(Trainer, Layer):
    """A group of layers that can be compiled, fitted, evaluated and saved.

    Made in one of three ways: from symbolic `inputs` and `outputs`, as a subclass that
    defines `call`, or as a `Sequential` list of layers.

    Args:
        inputs: a symbolic input, or a list, tuple or dict of them.
        outputs: the symbolic outputs, in any nested structure.
        name: the model's name; a functional model is called `model`.

    Example:
        >>> x = keras.Input((32,))
        >>> model = keras.Model(x, keras.layers.Dense(1)(x))
        >>> model.compile("adam", "mse")
    """

    _graph: GraphBody | None = None
    _saved_attributes = frozenset({"layers", "optimizer"})
    _not_parts = ("_graph", "_position", *Trainer._trainer_attributes)
    _not_copied = (*Layer._not_copied, *Trainer._not_copied_in_training)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if cls is Model and is_functional_call(args, kwargs):
            from keras.models.functional import Functional

            return super().__new__(Functional)  # type: ignore[return-value]
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if is_functional_call(args, kwargs):
            inputs, outputs, kwargs = _functional_arguments(args, kwargs)
            kwargs["name"] = kwargs.get("name") or auto_name(_default_name(type(self)))
            Layer.__init__(self, **kwargs)
            self._set_graph(GraphBody(inputs, outputs, self._label()))
        else:
            if args:
                raise TypeError(
                    f"{type(self).__name__}: positional arguments {args!r} are not the "
                    "symbolic inputs and outputs of a graph."
                )
            Layer.__init__(self, **kwargs)
        self._init_trainer()

    def _label(self) -> str:
        return f"{type(self).__name__} model {self.name!r}"

    def _set_graph(self, graph: GraphBody | None) -> None:
        self._graph = graph
        self._graph_layers = graph.layers if graph else []
        self.built = graph is not None
        if graph is not None:
            self._settled = True
        touch(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        # The layers first: one may copy its variables in its own way, and the optimizer
        # must find those copies.
        copy.deepcopy(self._graph, memo)
        return super().__deepcopy__(memo)

    def to_backend(self, backend: str) -> Self:
        """The same model on another backend, with weights, optimizer and settings.

        Args:
            backend: `"jax"`, `"torch"` or `"tensorflow"`.

        Returns:
            A new model; this one stays as it is. It predicts the same and goes on
            training along the same curve.

        Example:
            >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
            >>> other = model.to_backend("torch")
            >>> type(other.weights[0].value).__module__
            'torch.nn.parameter'
        """
        with backend_scope(backend):
            return copy.deepcopy(self)

    # Structure

    @property
    def layers(self) -> list[Layer]:
        """The layers directly in the model."""
        if self._graph is not None:
            others = [x for x in self._direct_layers() if x not in self._graph.layers]
            return [*self._graph.layers, *others]
        return self._direct_layers()

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(
            "`Model.layers` is what the model finds itself; keep your layers under "
            "another name."
        )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name, or at that index of `layers`."""
        if (name is None) == (index is None):
            raise ValueError(
                f"get_layer: give either `name` or `index`; received name={name!r}, "
                f"index={index!r}."
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"get_layer: index {index} is out of range; {self._label()} has "
                    f"{len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"{self._label()} has no layer {name!r}. It has {[x.name for x in layers]}."
        )

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs of a functional or sequential model."""
        return self._need_graph("inputs").inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs of a functional or sequential model."""
        return self._need_graph("outputs").outputs

    @property
    def input(self) -> Any:
        """The symbolic inputs as they were given."""
        return self._need_graph("input").inputs_struct

    @property
    def output(self) -> Any:
        """The symbolic outputs as they were given."""
        return self._need_graph("output").outputs_struct

    @property
    def input_shape(self) -> Any:
        """The shape of the input, or the nested structure of shapes."""
        ends = without_list_of_one(self.input)
        return tree.map_structure(lambda t: t.shape, ends)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, or the nested structure of shapes."""
        ends = self._need_graph("output").results_struct
        return tree.map_structure(lambda t: t.shape, ends)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return self._need_graph("input_names").input_names

    @property
    def output_names(self) -> list[str]:
        """A name for each output: its key in a dict, else its layer's name."""
        graph = self._need_graph("output_names")
        if isinstance(graph.outputs_struct, dict):
            return list(graph.outputs_struct)
        return [t._node.operation.name for t in graph.outputs if t._node]

    @property
    def operations(self) -> list[Any]:
        """The layers and ops of the graph, in the order they run."""
        return self._need_graph("operations").operations

    def _need_graph(self, what: str) -> GraphBody:
        if self._graph is None:
            raise AttributeError(
                f"{self._label()} has no symbolic `{what}`: it is not made of a graph"
                + (" yet: build it or call it." if type(self) is not Model else ".")
            )
        return self._graph

    # Calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and type(args[0]) is np.ndarray:
            training = kwargs.get("training")
            if not kwargs or (len(kwargs) == 1 and isinstance(training, bool)):
                found = engine_of(self).direct_call(args[0], training)
                if found is not None:
                    return found[0]
        return super().__call__(*args, **kwargs)

    if TYPE_CHECKING:

        def call(self, *args: Any, **kwargs: Any) -> Any:
            """Compute the outputs: a subclass takes what arguments it likes."""

    else:

        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            """Run the graph; a subclass without one defines its own."""
            if self._graph is None:
                raise NotImplementedError(
                    f"{self._label()} must define `call(self, inputs)`, or be made "
                    "from symbolic inputs and outputs."
                )
            return self._run_graph(inputs, training)

    def _run_graph(self, inputs: Any, training: Any) -> Any:
        engine = engine_of(self)
        if self.run_eagerly:
            return engine.run_graph(engine.prepared(inputs))
        return engine.call(inputs, training)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as symbolic tensors."""
        if self._graph is not None and len(args) == 1:
            return self._graph.symbolic(args[0], self._label())
        return super().compute_output_spec(*args, **kwargs)

    def _is_rematerialized(self, args: tuple, kwargs: dict[str, Any]) -> bool:
        # Were the whole computation run again, all of it would be kept at that time.
        context = call_context.get()
        is_outermost = context is None or context.with_losses is self._with_losses
        return not is_outermost and super()._is_rematerialized(args, kwargs)

    def _makes_masks(self) -> bool:
        # Inside a graph the masks are already where they belong.
        return self._graph is None and super()._makes_masks()

    def _warn_lost_mask(self) -> None:
        """A model passes masks on inside; nothing is lost unseen."""

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of a shape, by a symbolic call.

        Args:
            input_shape: a shape with the batch axis, or a nested structure of shapes.
        """
        if self._graph is not None or input_shape is None:
            return
        inputs = tree.map_shape_structure(
            lambda s: KerasTensor(s, self.compute_dtype), input_shape
        )
        with backend_scope(self._backend):
            Layer.compute_output_spec(self, inputs)

    build._is_default = True  # type: ignore[attr-defined]

    # State

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """The values of all variables, as a nested dict.

        Args:
            value_format: `"backend_tensor"` or `"numpy_array"`: what the leaves are.

        Returns:
            A dict with the keys "trainable_variables", "non_trainable_variables",
            "optimizer_variables" and "metrics_variables", and below each one level for
            each part of the path of a variable.

        Raises:
            ValueError: two variables have the same path, or there is no such format.

        Example:
            >>> layers = [keras.Input((3,)), keras.layers.Dense(2, name="head")]
            >>> model = keras.Sequential(layers, name="net")
            >>> tree = model.get_state_tree("numpy_array")
            >>> tree["trainable_variables"]["net"]["head"]["kernel"].shape
            (3, 2)
        """
        from keras.models.state_tree import get_state_tree

        return get_state_tree(self, value_format)

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Assign the values of a tree that `get_state_tree` gave, or of a part of one.

        Args:
            state_tree: nested as `get_state_tree` says; what is left out stays.

        Raises:
            ValueError: a path or a shape is not one of this model; nothing is changed.
        """
        from keras.models.state_tree import set_state_tree

        set_state_tree(self, state_tree)

    # Saving

    def save(
        self,
        filepath: Any,
        overwrite: bool = True,
        zipped: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Save the model: structure, weights, compile settings, optimizer state.

        Args:
            filepath: a path that ends in `.keras`.
            overwrite: whether an existing file is replaced; else this raises.
            zipped: whether one file is written (True) or a folder.

        Example:
            >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
            >>> model.save("model.keras")
            >>> again = keras.models.load_model("model.keras")
        """
        from keras.saving import save_model

        save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Save the weights and the optimizer's state to a `.weights.h5` file."""
        from keras.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(
        self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any
    ) -> None:
        """Load the weights from a file, by path; all or nothing.

        Args:
            filepath: a `.weights.h5` or `.keras` file.
            skip_mismatch: load what fits and warn of the rest.
        """
        from keras.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """The model's config as JSON; see `keras.models.model_from_json`."""
        from keras.core.config.serialization import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
        style: str = "plain",
    ) -> None:
        """Print a table of the layers.

        Args:
            line_length: the width of the table in characters.
            positions: where columns end, as fractions of the width.
            print_fn: called with the text, instead of printing.
            expand_nested: whether layers inside nested models are shown.
            show_trainable: whether a column says which layers train.
            layer_range: the names of the first and last layer to show.
            style: `"plain"`, or `"rich"` for a boxed table in colour.
        """
        from keras.utils.summary_utils import print_summary

        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
            style=style,
        )

    def get_config(self) -> dict[str, Any]:
        """What the model is made of."""
        if self._graph is not None and _takes_graph(type(self)):
            from keras.models.graph_config import graph_config

            return graph_config(self, self._graph)
        return super().get_config()

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """A model like the one `config` was taken from, with new weights."""
        from keras.core.config.registry import maybe_scope
        from keras.core.config.serialization import reading_config
        from keras.models.graph_config import graph_from_config, is_graph_config

        with maybe_scope(custom_objects), reading_config(config, cls):
            if is_graph_config(config) and _takes_graph(cls):
                return graph_from_config(cls, config)
            return super().from_config(config)


def _default_name(cls: type) -> str:
    """`model` for a plain functional one, and the name of the class for a subclass."""
    name = cls.__name__
    return "model" if name in ("Model", "Functional") else to_snake_case(name)


def _takes_graph(cls: type) -> bool:
    """Whether the class is made from inputs and outputs rather than own arguments."""
    import inspect

    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    named = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return open_ended or {"inputs", "outputs"} <= set(named)


def _functional_arguments(args: tuple, kwargs: dict) -> tuple[Any, Any, dict]:
    names = ("inputs", "outputs", "name")
    given = {**dict(zip(names, args)), **kwargs}
    rest = {k: v for k, v in given.items() if k not in ("inputs", "outputs")}
    return given["inputs"], given["outputs"], rest
