"""Layers of Keras 2 that have another name now."""

from __future__ import annotations

from keras import ops
from keras.core.config.registry import register_keras_serializable
from keras.core.op import Tensor
from keras.layers import Layer


@register_keras_serializable(package="Legacy")
class ThresholdedReLU(Layer):
    """`x` where it is above `theta`, else 0.

    Args:
        theta: the threshold, at least 0.
    """

    theta: float

    def __init__(self, theta: float = 1.0, **kwargs) -> None:
        super().__init__(**kwargs)
        if theta is None or theta < 0:
            raise ValueError(
                f"ThresholdedReLU: `theta` must be at least 0; received {theta!r}."
            )
        self.theta = float(theta)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return inputs * ops.cast(ops.greater(inputs, self.theta), inputs.dtype)
