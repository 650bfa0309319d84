"""What layers with a kernel and a bias share."""

from __future__ import annotations

from typing import Any

from keras import activations, constraints, initializers, regularizers
from keras.layers.layer import Layer


class KernelLayer(Layer):
    """A layer with a kernel, perhaps a bias, and an activation.

    It reads the arguments that such layers have in common; a subclass makes its
    weights with `add_kernel` and `add_bias` and ends `call` with `finish`.
    """

    def __init__(
        self,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Any = None

    def add_kernel(self, shape: tuple[int, ...], name: str = "kernel") -> Any:
        """Make the kernel."""
        return self.add_weight(
            shape,
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name=name,
        )

    def add_bias(self, shape: tuple[int, ...]) -> None:
        """Make the bias, if there is to be one."""
        if self.use_bias:
            self.bias = self.add_weight(
                shape,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def finish(self, x: Any) -> Any:
        """Add the bias, where it lies along the last axis, and activate."""
        if self.bias is not None:
            x = x + self.bias.value
        return x if self.activation is activations.linear else self.activation(x)
