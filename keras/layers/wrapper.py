"""Wrappers: TimeDistributed, SpectralNormalization and their base."""

from __future__ import annotations

from typing import Any

from keras import initializers, ops
from keras.core import tree
from keras.core.config.limits import check_repeats
from keras.core.errors import check_positive_int
from keras.core.variable import AutocastFrame, frame
from keras.layers.input_spec import layer_label
from keras.layers.layer import Layer
from keras.layers.signature import call_signature


class Wrapper(Layer):
    """Base class of layers that wrap another layer, which it builds.

    Args:
        layer: the layer.

    Raises:
        ValueError: `layer` is not a layer.

    Example:
        >>> class Twice(keras.layers.Wrapper):
        ...     def call(self, x):
        ...         return self.layer(self.layer(x))
        >>> Twice(keras.layers.Dense(3))(np.ones((2, 3))).shape
        (2, 3)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__}: `layer` must be a layer; received {layer!r}."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True


class TimeDistributed(Wrapper):
    """Applies a layer to every time step, with the same weights.

    All steps are processed at once, as one large batch.

    Args:
        layer: the layer.

    Input `(batch, time, ...)`; output `(batch, time, ...)`. A mask `(batch, time)` is
    passed on. If the mask has more axes, the layer gets the part of each step, and
    steps that are fully masked are masked in the output.

    Raises:
        ValueError: the input has fewer than 3 axes.

    Example:
        >>> layer = keras.layers.TimeDistributed(keras.layers.Conv2D(8, 3))
        >>> layer(np.ones((2, 5, 28, 28, 1))).shape
        (2, 5, 26, 26, 8)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for one step."""
        self._check_shape(input_shape)
        super().build((input_shape[0], *input_shape[2:]))

    def _check_shape(self, shape: Any) -> None:
        if len(shape) < 3:
            raise ValueError(
                f"{layer_label(self)}: an input (batch, time, ...) with at least 3 "
                f"axes is needed; received shape {tuple(shape)}."
            )

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Apply the layer to all steps."""
        self._check_shape(inputs.shape)
        kwargs = {} if training is None else {"training": training}
        if (
            mask is not None
            and len(mask.shape) > 2
            and "mask" in call_signature(type(self.layer)).names
        ):
            kwargs["mask"] = _merge(mask)
        outputs = self.layer(_merge(inputs), **kwargs)
        steps = ops.shape(inputs)[1]
        return tree.map_structure(lambda y: _split(y, steps), outputs)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The layer's own mask of each step, else the previous mask."""
        if not self.layer.supports_masking and not self.layer._makes_masks():
            return previous_mask
        inner = None
        if previous_mask is not None and len(previous_mask.shape) > 2:
            inner = _merge(previous_mask)
        mask = tree.flatten(self.layer.compute_mask(_merge(inputs), inner))[0]
        if mask is not None:
            return _split(mask, ops.shape(inputs)[1])
        if inner is not None:
            return ops.any(
                previous_mask, axis=tuple(range(2, len(previous_mask.shape)))
            )
        return previous_mask


def _merge(x: Any) -> Any:
    """Batch and time as one axis."""
    return ops.reshape(x, (-1, *ops.shape(x)[2:]))


def _split(x: Any, steps: Any) -> Any:
    """Batch and time as two axes again."""
    return ops.reshape(x, (-1, steps, *ops.shape(x)[1:]))


class SpectralNormalization(Wrapper):
    """Spectral normalization: divides a kernel by its largest singular value.

    Miyato et al., 2018, arXiv:1802.05957. Each call in training estimates the singular
    value by power iteration, starting from the vector of the previous call.

    Args:
        layer: a layer with a `kernel` or `embeddings`.
        power_iterations: number of power iterations in each call.

    Raises:
        ValueError: the layer has neither `kernel` nor `embeddings`.

    Example:
        >>> layer = keras.layers.SpectralNormalization(keras.layers.Dense(4))
        >>> layer(np.ones((2, 3)), training=True).shape
        (2, 4)
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        check_repeats(power_iterations, "SpectralNormalization: `power_iterations`")
        self.power_iterations = check_positive_int(
            power_iterations, "power_iterations", "SpectralNormalization"
        )

    def build(self, input_shape: Any = None) -> None:
        """Build the layer and make the vector."""
        super().build(input_shape)
        for name in ("kernel", "embeddings"):
            self.kernel = getattr(self.layer, name, None)
            if self.kernel is not None:
                break
        else:
            raise ValueError(
                f"SpectralNormalization layer {self.name!r}: the layer {self.layer!r} "
                "has neither `kernel` nor `embeddings`."
            )

        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            autocast=False,
            name="vector_u",
        )
        self.input_spec = self.layer.input_spec

    kernel: Any

    def save_own_variables(self, store: Any) -> None:
        """Put the kernel and the vector in `store`, in the order of Keras's files."""
        if self.built:
            store["0"] = self.kernel
            store["1"] = self.vector_u

    def load_own_variables(self, store: Any) -> None:
        """Take the kernel and the vector from `store`."""
        self.kernel.assign(store["0"])
        self.vector_u.assign(store["1"])

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Normalize the kernel, then call the layer."""
        if training:
            vector_u, kernel = self.normalized_weights()
            self.vector_u.assign(vector_u)
            self.kernel.assign(kernel)
        return self.layer(inputs)

    def normalized_weights(self) -> tuple[Any, Any]:
        """The next vector, and the kernel divided by its largest singular value."""
        # In its own type: the kernel is assigned again, so it must lose no digits.
        with frame(AutocastFrame, None):
            kernel = self.kernel.value
        matrix = ops.reshape(kernel, (-1, self.kernel.shape[-1]))
        fixed = ops.stop_gradient(matrix)
        u = self.vector_u.value
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(fixed)), epsilon=1e-12)
            u = ops.normalize(ops.matmul(v, fixed), epsilon=1e-12)
        sigma = ops.matmul(ops.matmul(v, matrix), ops.transpose(u))
        return u, kernel / ops.reshape(sigma, ())
