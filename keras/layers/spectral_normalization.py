"""Spectral normalization."""

from __future__ import annotations

from typing import Any

from keras import initializers, ops
from keras.core.errors import check_positive_int
from keras.core.reading import check_repeats
from keras.layers.layer import Layer
from keras.layers.wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """Divides a layer's kernel by its largest singular value while training.

    Miyato et al., 2018, arXiv:1802.05957. The singular value is estimated by power
    iteration, from the vector of the call before.

    Args:
        layer: a layer with a `kernel` or `embeddings`.
        power_iterations: how many iterations at each call.

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

    vector_u: Any
    kernel: Any

    def save_own_variables(self, store: Any) -> None:
        """Put the kernel and the vector in `store`, in the order of Keras's files."""
        if self.built:
            store["0"], store["1"] = self.kernel, self.vector_u

    def load_own_variables(self, store: Any) -> None:
        """Take the kernel and the vector from `store`."""
        self.kernel.assign(store["0"])
        self.vector_u.assign(store["1"])

    def call(self, inputs: Any, training: Any = False) -> Any:
        """Normalise the kernel, then call the layer."""
        if training:
            vector_u, kernel = self.normalized_weights()
            self.vector_u.assign(vector_u)
            self.kernel.assign(kernel)
        return self.layer(inputs)

    def normalized_weights(self) -> tuple[Any, Any]:
        """The next vector, and the kernel divided by its largest singular value."""
        kernel = self.kernel.value
        matrix = ops.reshape(kernel, (-1, self.kernel.shape[-1]))
        fixed = ops.stop_gradient(matrix)
        u = self.vector_u.value
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(fixed)), epsilon=1e-12)
            u = ops.normalize(ops.matmul(v, fixed), epsilon=1e-12)
        sigma = ops.matmul(ops.matmul(v, matrix), ops.transpose(u))
        return u, kernel / ops.reshape(sigma, ())
