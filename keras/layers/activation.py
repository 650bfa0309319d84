"""Activation layers."""

from __future__ import annotations

from typing import Any

from keras import activations, ops
from keras.core.errors import check_number
from keras.layers.call import rematerialized_activation
from keras.layers.input_spec import InputSpec
from keras.layers.layer import Layer
from keras.layers.weighted import add_described, describe_weights, size_of_axis


class Activation(Layer):
    """Applies an activation function element-wise.

    Args:
        activation: a name such as "relu", or a function.

    Example:
        >>> keras.layers.Activation("relu")(np.array([-1.0, 2.0]))
        array([0., 2.], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return rematerialized_activation(self, self.activation)(inputs)


class ReLU(Layer):
    """Rectified linear unit, `max(x, 0)`, or a piecewise linear variant.

    Args:
        max_value: upper bound of the output, or None.
        negative_slope: the slope below the threshold.
        threshold: the value above which the function is the identity.

    Example:
        >>> keras.layers.ReLU(max_value=1)(np.array([-1.0, 0.5, 2.0]))
        array([0. , 0.5, 1. ], dtype=float32)
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if max_value is not None:
            check_number(max_value, "max_value", "ReLU", least=0)
        self.max_value = max_value
        self.negative_slope = check_number(
            negative_slope, "negative_slope", "ReLU", least=0
        )
        self.threshold = check_number(threshold, "threshold", "ReLU", least=0)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return activations.relu(
            inputs, self.negative_slope, self.max_value, self.threshold
        )


class LeakyReLU(Layer):
    """Leaky ReLU: `x` where positive, else `negative_slope * x` (Maas et al., 2013).

    Args:
        negative_slope: the slope below 0.

    Example:
        >>> keras.layers.LeakyReLU(0.5)(np.array([-1.0, 2.0]))
        array([-0.5,  2. ], dtype=float32)
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # its name in Keras 2
        super().__init__(**kwargs)
        self.negative_slope = check_number(
            negative_slope, "negative_slope", "LeakyReLU", least=0
        )
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return ops.leaky_relu(inputs, self.negative_slope)


class ELU(Layer):
    """Exponential linear unit: `x` where positive, else `alpha * (exp(x) - 1)`.

    Clevert et al., 2015, arXiv:1511.07289.

    Args:
        alpha: the output approaches `-alpha` for large negative inputs.

    Example:
        >>> keras.layers.ELU()(np.array([-1.0, 2.0]))
        array([-0.63212055,  2.        ], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return ops.elu(inputs, self.alpha)


class PReLU(Layer):
    """Parametric ReLU: `x` where positive, else `alpha * x` with a learned `alpha`.

    He et al., 2015, arXiv:1502.01852.

    Args:
        alpha_initializer: initializer of the slopes.
        alpha_regularizer: regularizer of the slopes.
        alpha_constraint: constraint on the slopes.
        shared_axes: axes along which the slope is shared, such as `[1, 2]` for one
            slope per channel of an image; by default each position has its own.

    Example:
        >>> keras.layers.PReLU(shared_axes=[1, 2])(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | list[int] | tuple[int, ...] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        describe_weights(self, locals(), "alpha")
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        shared = [a + rank if a < 0 else a for a in self.shared_axes or ()]
        if any(not 1 <= a < rank for a in shared):
            raise ValueError(
                f"PReLU layer {self.name!r}: `shared_axes` must be from 1 to "
                f"{rank - 1} for an input of shape {tuple(input_shape)}; received "
                f"{self.shared_axes}."
            )
        axes = range(1, rank)
        shape = [1 if a in shared else size_of_axis(self, input_shape, a) for a in axes]
        self.alpha = add_described(self, "alpha", tuple(shape))
        self.input_spec = InputSpec(
            ndim=rank, axes={a: input_shape[a] for a in axes if a not in shared}
        )

    def call(self, inputs: Any) -> Any:
        return ops.where(inputs > 0, inputs, inputs * self.alpha.value)


class Softmax(Layer):
    """Softmax, `exp(x) / sum(exp(x))`, along an axis; masked positions get 0.

    Args:
        axis: the axis, or axes, to normalize over.

    Input of any shape; a mask, if given, has the shape of the input, one that can be
    broadcast to it, or that of its first axes.

    Example:
        >>> keras.layers.Softmax()(np.array([[1.0, 1.0]]))
        array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(
        self, axis: int | list[int] | tuple[int, ...] = -1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        axis = self.axis if isinstance(self.axis, int) else tuple(self.axis)
        if mask is None:
            return ops.softmax(inputs, axis=axis)
        inputs = ops.convert_to_tensor(inputs, self.compute_dtype)
        mask = ops.cast(_aligned(mask, inputs), "bool")
        low = ops.where(mask, inputs, -3e4 if self.compute_dtype == "float16" else -1e9)
        # Where all is masked, the softmax of equal values is not yet zero.
        return ops.where(mask, ops.softmax(low, axis=axis), 0.0)


def _aligned(mask: Any, inputs: Any) -> Any:
    """A mask of the first axes, such as (batch, time), with axes for the others."""
    lead, shape = tuple(mask.shape), tuple(inputs.shape)
    if len(lead) < len(shape) and lead == shape[: len(lead)]:
        return ops.reshape(mask, (*ops.shape(mask), *(1,) * (len(shape) - len(lead))))
    if all(m in (1, n) for m, n in zip(reversed(lead), reversed(shape))):
        return mask
    raise ValueError(
        f"Softmax: a mask of shape {lead} does not fit an input of shape {shape}; it "
        "must broadcast to it, or have the shape of its first axes."
    )
