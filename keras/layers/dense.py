"""Fully connected layers."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.errors import check_positive_int
from keras.layers.input_spec import InputSpec
from keras.layers.weighted import KernelLayer


class Dense(KernelLayer):
    """A fully connected layer: `activation(inputs @ kernel + bias)`.

    Args:
        units: the size of the last axis of the output.
        activation: a name or a function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: projections after each update.

    Input of shape `(..., features)`, output `(..., units)`.

    Example:
        >>> keras.layers.Dense(8, activation="relu")(np.ones((2, 3))).shape
        (2, 8)
    """

    def __init__(
        self,
        units: int,
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
        super().__init__(
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.units = check_positive_int(units, "units", "Dense")
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the kernel and the bias."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"Dense layer {self.name!r} needs the size of the last axis of its "
                f"input; received shape {input_shape}."
            )
        self.kernel = self.add_kernel((features, self.units))
        self.add_bias((self.units,))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Multiply by the kernel."""
        return self.finish(ops.matmul(inputs, self.kernel))
