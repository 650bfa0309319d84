"""What layers with weights share: how weights start, are penalised and projected."""

from __future__ import annotations

from typing import Any

from keras import activations, constraints, initializers, ops, regularizers
from keras.core.derived import Derived
from keras.core.fields import field
from keras.core.weight import Weight
from keras.layers.call import rematerialized_activation
from keras.layers.layer import Layer
from keras.ops.convolution import per_channel

UNBUILT = "it is made when the layer is built, by its first call or build(input_shape)"


def describe_weight(
    layer: Layer,
    name: str,
    initializer: Any,
    regularizer: Any = None,
    constraint: Any = None,
) -> None:
    """Keep on the layer how a weight is to be made, until `add_described` makes it."""
    setattr(layer, f"{name}_initializer", initializers.get(initializer))
    setattr(layer, f"{name}_regularizer", regularizers.get(regularizer))
    setattr(layer, f"{name}_constraint", constraints.get(constraint))


def describe_weights(layer: Layer, given: dict[str, Any], *names: str) -> None:
    """`describe_weight` of several, by a constructor's `locals()`."""
    for name in names:
        kinds = ("initializer", "regularizer", "constraint")
        describe_weight(layer, name, *(given[f"{name}_{kind}"] for kind in kinds))


def add_described(
    layer: Layer,
    description: str,
    shape: tuple[int, ...],
    name: str | None = None,
    **kwargs: Any,
) -> Any:
    """Make the weight that `describe_weight` described; by default under that name."""
    kwargs.setdefault("initializer", getattr(layer, f"{description}_initializer"))
    return layer.add_weight(
        shape,
        regularizer=getattr(layer, f"{description}_regularizer"),
        constraint=getattr(layer, f"{description}_constraint"),
        name=name or description,
        **kwargs,
    )


def size_of_axis(layer: Layer, input_shape: Any, axis: int = -1) -> int:
    """The size of an axis on which the shape of a weight depends; it must be known."""
    size = input_shape[axis]
    if size is None:
        raise ValueError(
            f"{type(layer).__name__} layer {layer.name!r} needs to know the size of "
            f"axis {axis} of its input, to make its weights; received shape "
            f"{tuple(input_shape)}. Give that size in `Input`, or call the layer on "
            "data."
        )
    return size


def rows_of(weight: Weight, indices: Any) -> Any:
    """The rows of a table at these indices."""
    if isinstance(weight, Derived):
        return weight.rows(indices)
    return ops.take(weight, indices, axis=0)


def refuse_quantization(config: Any, who: str) -> Any:
    """Raise for a `quantization_config`; None is what files without one hold."""
    if config is not None:
        raise ValueError(
            f"{who}: quantization is not supported, so `quantization_config` must be "
            f"None; received {config!r}."
        )
    return config


class BiasLayer(Layer):
    """A layer that ends with a bias, perhaps, and an activation.

    A subclass makes the bias with `add_bias` and ends `call` with `finish`.
    """

    bias: Any = None

    def __init__(
        self,
        activation: Any = None,
        use_bias: bool = True,
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        bias_constraint: Any = None,
        activity_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        describe_weights(self, locals(), "bias")

    def add_bias(self, shape: tuple[int, ...]) -> None:
        """Make the bias, if there is to be one."""
        if self.use_bias:
            self.bias = add_described(self, "bias", shape)

    def finish(self, x: Any, channel_axis: int = -1) -> Any:
        """Add the bias, which is along an axis (-1 or 1), and activate."""
        if self.bias is not None:
            x = x + per_channel(self.bias.value, len(x.shape) - 2, channel_axis == -1)
        return self.activate(x)

    def activate(self, x: Any) -> Any:
        """Apply the activation, if there is one."""
        if self.activation is activations.linear:
            return x
        return rematerialized_activation(self, self.activation)(x)


class KernelLayer(BiasLayer):
    """A layer with a kernel, perhaps a bias, and an activation."""

    kernel: Weight = field("The kernel, as it is read.", UNBUILT)

    def __init__(
        self,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        describe_weights(self, locals(), "kernel")

    def add_kernel(self, shape: tuple[int, ...]) -> Any:
        """Make the kernel."""
        return add_described(self, "kernel", shape)
