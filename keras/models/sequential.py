"""A model that is a list of layers, each fed by the one before."""

from __future__ import annotations

from typing import Any, Self

from keras.core import tree
from keras.core.inspection import touch
from keras.core.naming import path_scope
from keras.core.scope import backend_scope
from keras.core.tensor import KerasTensor
from keras.layers.input_layer import Input, InputLayer
from keras.layers.layer import Layer
from keras.models.graph_body import GraphBody
from keras.models.model import Model


class Sequential(Model):
    """A list of layers, each with one input and one output.

    With an `Input` first (or after `build`) its weights exist; without one they are
    made on the first call.

    Args:
        layers: the layers.
        trainable: whether the weights are trained.
        name: the model's name; by default automatic.

    Example:
        >>> model = keras.Sequential([
        ...     keras.Input((784,)),
        ...     keras.layers.Dense(128, activation="relu"),
        ...     keras.layers.Dense(10),
        ... ])
    """

    _saved_attributes = Model._saved_attributes

    def __init__(
        self, layers: Any = None, trainable: bool = True, name: str | None = None
    ) -> None:
        super().__init__(trainable=trainable, name=name)
        self._layers: list[Layer] = []
        for layer in layers or []:
            self.add(layer, rebuild=False)
        self._rebuild()
        if not trainable:
            self.trainable = False

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer at the end.

        Args:
            layer: a layer, or what `keras.Input` returns.
            rebuild: whether to make its weights now, if the input is known.
        """
        if isinstance(layer, KerasTensor) and layer._node is not None:
            operation = layer._node.operation
            if isinstance(operation, InputLayer):
                layer = operation

        if not isinstance(layer, Layer):
            raise TypeError(
                f"{self._label()}: only layers can be added; received {layer!r} "
                f"({type(layer).__name__})."
            )
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(
                f"{self._label()}: an Input can only be the first; there are already "
                f"{[x.name for x in self._layers]}."
            )
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(
                f"{self._label()}: layer names must be unique; there is already a "
                f"layer {layer.name!r}. Names: {[x.name for x in self._layers]}."
            )

        if not self._layers and layer._input_shape_arg is not None:
            first = InputLayer(
                batch_shape=layer._input_shape_arg, dtype=layer.compute_dtype
            )
            self._layers.append(first)
        self._layers.append(layer)
        touch(self)

        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off and return it."""
        if not self._layers:
            raise ValueError(f"{self._label()} has no layers to pop.")
        layer = self._layers.pop()
        touch(self)
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        self._set_graph(None)
        if len(self._layers) < 2:
            return
        first = self._layers[0]
        if isinstance(first, InputLayer):
            self.build(first.batch_shape)
        elif isinstance(first, Model) and first._graph is not None:
            self.build(first.input_shape)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of a shape, with the batch axis."""
        if not self._layers:
            raise ValueError(f"{self._label()} has no layers to build.")
        first = self._layers[0]
        if not isinstance(first, InputLayer):
            if input_shape is None:
                raise ValueError(
                    f"{self._label()}: its input's shape is not known. Call "
                    "build(input_shape), or put keras.Input first."
                )
            if not tree.is_shape(input_shape):
                raise ValueError(
                    f"{self._label()}: one input shape is needed; "
                    f"received {input_shape!r}."
                )

        with backend_scope(self._backend), path_scope(self._settle_path()):
            if isinstance(first, InputLayer):
                inputs = first.output
            else:
                inputs = Input(batch_shape=input_shape, dtype=self._first_dtype())
            x = inputs
            for layer in self.layers:
                x = self._feed(layer, x)
        self._set_graph(GraphBody(inputs, x, self._label()))

    def _first_dtype(self) -> str:
        first = self._layers[0]
        if isinstance(first, Model) and first._graph is not None:
            return first.inputs[0].dtype
        return first.compute_dtype

    def _feed(self, layer: Layer, x: Any) -> Any:
        out = layer(x)
        if tree.is_nested(out):
            raise ValueError(
                f"{self._label()}: each layer must have one output; {layer.name!r} has "
                f"{len(tree.flatten(out))}. Use the functional API for such models."
            )
        return out

    def _maybe_build(self, args: tuple, kwargs: dict) -> None:
        shape = getattr(args[0], "shape", None) if args else None
        if shape is not None and self._layers:
            try:
                self.build((None, *tuple(shape)[1:]))
                return
            except NotImplementedError:
                pass  # a layer that only works on real values
        self.built = True

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Feed the layers one after another."""
        if self._graph is not None:
            return self._run_graph(inputs, training)
        x = inputs
        for layer in self._layers:
            if not isinstance(layer, InputLayer):
                x = layer(x)
        return x

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input."""
        return [x for x in self._layers if not isinstance(x, InputLayer)]

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(
            "Use Sequential.add and Sequential.pop to change the layers."
        )

    @property
    def input_dtype(self) -> str:
        """The type of the input."""
        return self.inputs[0].dtype if self._graph else super().input_dtype

    def get_config(self) -> dict[str, Any]:
        """The layers and the shape the model was built with."""
        from keras.core.config.serialization import serialize_keras_object
        from keras.layers.layer import _serialize_policy

        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": _serialize_policy(self.dtype_policy),
            "layers": [],
        }
        if self._graph is not None and not isinstance(self._layers[0], InputLayer):
            # A file starts with the input, as in Keras.
            source = self._graph.inputs[0]._node.operation  # type: ignore[union-attr]
            config["layers"].append(serialize_keras_object(source))
        config["layers"] += [serialize_keras_object(layer) for layer in self._layers]
        if self._graph is not None:
            config["build_input_shape"] = self.inputs[0].shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """A model like the one `config` was taken from, with new weights."""
        from keras.core.config.registry import maybe_scope
        from keras.core.config.serialization import (
            deserialize_keras_object,
            reading_config,
        )

        with maybe_scope(custom_objects), reading_config(config, cls):
            layers = [deserialize_keras_object(c) for c in config.get("layers", [])]
            model = cls(layers, name=config.get("name"))
            if "dtype" in config:
                from keras import dtype_policies

                model.dtype_policy = dtype_policies.get(config["dtype"])
            if not config.get("trainable", True):
                model._trainable = False
            shape = config.get("build_input_shape")
            if not model.built and shape and tree.is_shape(tuple(shape)):
                model.build(tuple(shape))
            return model
