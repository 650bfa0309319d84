"""Layer, group, RMS and unit normalization."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.errors import check_positive_int
from keras.layers.input_spec import InputSpec
from keras.layers.layer import Layer
from keras.layers.weighted import add_described, describe_weight, size_of_axis

NARROW = frozenset(("float16", "bfloat16"))


def check_axes(axis: Any, who: str) -> int | list[int]:
    """An axis, or a list of axes."""
    if (
        isinstance(axis, (list, tuple))
        and axis
        and all(isinstance(a, int) for a in axis)
    ):
        return list(axis)
    if isinstance(axis, int) and not isinstance(axis, bool):
        return axis
    raise TypeError(
        f"{who}: `axis` must be an integer or a list of integers; received {axis!r}."
    )


class ScaleAndShift(Layer):
    """Base of normalization layers with a learned scale (gamma) and offset (beta).

    It computes in at least float32 and returns its own compute type.
    """

    _unwritten: tuple[str, ...] = ("autocast",)
    gamma: Any = None
    beta: Any = None

    def __init__(
        self,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.center = bool(center)
        self.scale = bool(scale)
        describe_weight(
            self, "beta", beta_initializer, beta_regularizer, beta_constraint
        )
        describe_weight(
            self, "gamma", gamma_initializer, gamma_regularizer, gamma_constraint
        )
        self.supports_masking = True
        self.autocast = False

    def add_scale_and_shift(self, shape: tuple[int, ...]) -> None:
        """Make gamma and beta, as far as they are used."""
        if self.scale:
            self.gamma = add_described(self, "gamma", shape)
        if self.center:
            self.beta = add_described(self, "beta", shape)

    def widened(self, x: Any) -> Any:
        """The input in float32, or in float64 if the layer computes in that."""
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        return x if ops.dtype(x) == wide else ops.cast(x, wide)

    def own_type(self, x: Any) -> Any:
        """The result in the layer's compute type."""
        return (
            x if ops.dtype(x) == self.compute_dtype else ops.cast(x, self.compute_dtype)
        )


class LayerNormalization(ScaleAndShift):
    """Layer normalization (Ba et al., 2016, arXiv:1607.06450).

    Normalizes each sample to mean 0 and variance 1, then scales and shifts it.

    Args:
        axis: the axis, or axes, to normalize over.
        epsilon: added to the variance.
        center: whether a learned offset (beta) is added.
        scale: whether a learned factor (gamma) is applied.
        beta_initializer, gamma_initializer: initializers of the weights.
        beta_regularizer, gamma_regularizer: regularizers of the weights.
        beta_constraint, gamma_constraint: constraints on the weights.
        rms_scaling: divide by the standard deviation only, without mean and offset;
            used by old files. For RMS normalization see `RMSNormalization`.

    Example:
        >>> keras.layers.LayerNormalization()(np.array([[1.0, 3.0]])).shape
        (1, 2)
    """

    def __init__(
        self,
        axis: int | list[int] | tuple[int, ...] = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        rms_scaling: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            **kwargs,
        )
        self.axis = check_axes(axis, "LayerNormalization")
        self.epsilon = epsilon
        self.rms_scaling = bool(rms_scaling)

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta, of the shape along the axes."""
        shape = shape_along(self, input_shape, self.axis)
        if self.rms_scaling:
            self.gamma = add_described(self, "gamma", shape)
        else:
            self.add_scale_and_shift(shape)

    def call(self, inputs: Any) -> Any:
        """Normalize."""
        if not self.rms_scaling:
            return self.own_type(
                ops.layer_normalization(
                    inputs, self.gamma, self.beta, self.axis, self.epsilon
                )
            )
        x = self.widened(inputs)
        axes = self.axis if isinstance(self.axis, int) else tuple(self.axis)
        factor = ops.rsqrt(ops.var(x, axis=axes, keepdims=True) + self.epsilon)
        return self.own_type(x * factor * self.gamma.value)


def shape_along(
    layer: Layer, input_shape: Any, axis: int | list[int]
) -> tuple[int, ...]:
    """The sizes of the input along the axes, in the input's order."""
    rank = len(input_shape)
    given = [axis] if isinstance(axis, int) else axis
    if any(not -rank <= a < rank for a in given):
        raise ValueError(
            f"{type(layer).__name__} layer {layer.name!r}: axis={axis} is out of range "
            f"for an input of shape {tuple(input_shape)}."
        )
    return tuple(
        size_of_axis(layer, input_shape, a) for a in sorted(a % rank for a in given)
    )


class GroupNormalization(ScaleAndShift):
    """Group normalization (Wu and He, 2018, arXiv:1803.08494).

    Normalizes groups of channels of each sample to mean 0 and variance 1. One group is
    layer normalization; as many groups as channels is instance normalization.

    Args:
        groups: number of groups; -1 for one per channel.
        axis: the channel axis.
        epsilon: added to the variance.
        center, scale, beta_initializer, gamma_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint: as in
            `LayerNormalization`.

    Raises:
        ValueError: `groups` must divide the number of channels.

    Example:
        >>> keras.layers.GroupNormalization(2)(np.ones((1, 8, 8, 4))).shape
        (1, 8, 8, 4)
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            **kwargs,
        )
        if groups != -1:
            groups = check_positive_int(groups, "groups", "GroupNormalization")
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta, one for each channel."""
        (channels,) = shape_along(self, input_shape, self.axis)
        if self.groups == -1:
            self.groups = channels
        if channels % self.groups:
            raise ValueError(
                f"GroupNormalization layer {self.name!r}: groups={self.groups} must "
                f"divide the {channels} channels (axis {self.axis}) of an input of "
                f"shape {tuple(input_shape)}."
            )
        self.add_scale_and_shift((channels,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any) -> Any:
        """Normalize."""
        x = self.widened(inputs)
        shape = list(ops.shape(x))
        rank = len(shape)
        axis = self.axis % rank

        grouped = [*shape[:axis], self.groups, shape[axis] // self.groups]
        x = ops.reshape(x, (*grouped, *shape[axis + 1 :]))
        axes = [a for a in range(1, rank + 1) if a != axis]
        mean, variance = ops.moments(x, axes, keepdims=True)
        x = ops.reshape((x - mean) * ops.rsqrt(variance + self.epsilon), shape)

        along = [1] * rank  # gamma and beta broadcast along the channel axis
        along[axis] = shape[axis]
        if self.gamma is not None:
            x = x * ops.reshape(self.gamma, along)
        if self.beta is not None:
            x = x + ops.reshape(self.beta, along)
        return self.own_type(x)


class RMSNormalization(Layer):
    """RMS normalization: `x / sqrt(mean(x**2) + epsilon) * scale`.

    Zhang and Sennrich, 2019, arXiv:1910.07467.

    Args:
        axis: the axis, or axes, to normalize over.
        epsilon: added to the mean square.

    Example:
        >>> keras.layers.RMSNormalization()(np.array([[1.0, 3.0]])).shape
        (1, 2)
    """

    def __init__(
        self,
        axis: int | list[int] | tuple[int, ...] = -1,
        epsilon: float = 1e-6,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = check_axes(axis, "RMSNormalization")
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make the scale, of the shape along the axes."""
        shape = shape_along(self, input_shape, self.axis)
        self.scale = self.add_weight(shape, "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        """Normalize."""
        return ops.rms_normalization(inputs, self.scale, self.axis, self.epsilon)


class UnitNormalization(Layer):
    """Unit normalization: scales vectors to L2 norm 1.

    Args:
        axis: the axis, or axes, to normalize over.

    Example:
        >>> keras.layers.UnitNormalization()(np.array([[3.0, 4.0]]))
        array([[0.6, 0.8]], dtype=float32)
    """

    def __init__(
        self, axis: int | list[int] | tuple[int, ...] = -1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = check_axes(axis, "UnitNormalization")
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Normalize."""
        if self.compute_dtype not in NARROW:
            return ops.normalize(inputs, self.axis, 2, 1e-12)
        # A sum of squares soon exceeds the range of float16.
        wide = ops.normalize(ops.cast(inputs, "float32"), self.axis, 2, 1e-12)
        return ops.cast(wide, self.compute_dtype)
