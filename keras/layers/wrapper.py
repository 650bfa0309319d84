"""Layers around other layers."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core import tree
from keras.layers.call import call_signature
from keras.layers.input_spec import layer_label
from keras.layers.layer import Layer


class Wrapper(Layer):
    """The base of layers that wrap another one; it builds that layer.

    Args:
        layer: the layer.

    Raises:
        ValueError: it is no layer.

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

    All steps are handed over at once, as one large batch.

    Args:
        layer: the layer.

    Input `(batch, time, ...)`; output `(batch, time, ...)` with what the layer makes of
    the rest. A mask `(batch, time)` goes on. Of one with more axes the layer gets the
    part of each step, and steps of which all is masked are left out later.

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
        """The layer's own mask of each step, else the one given."""
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
