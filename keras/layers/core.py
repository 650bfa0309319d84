"""Identity, Masking and Lambda."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from keras import ops
from keras.core import tree
from keras.core.tensor import KerasTensor
from keras.layers.layer import Layer


class Identity(Layer):
    """Returns its input unchanged, whatever its structure.

    Example:
        >>> keras.layers.Identity()(np.array([1.0]))
        array([1.], dtype=float32)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs


class Masking(Layer):
    """Masks the time steps at which all features have a given value.

    Args:
        mask_value: the value that marks padding; it is replaced by 0.

    Input of shape `(batch, time, features)`; later layers ignore masked steps.

    Example:
        >>> x = np.array([[[1.0, 2.0], [-1.0, -1.0]]])
        >>> keras.layers.Masking(mask_value=-1.0)(x)
        array([[[1., 2.],
                [0., 0.]]], dtype=float32)
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs, 0 where they are masked."""
        real = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * ops.cast(real, ops.dtype(inputs))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True at steps where some feature differs from `mask_value`."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)


class Lambda(Layer):
    """Wraps a function as a layer.

    A lambda cannot be saved, because code is never stored in a file: to save the
    layer, pass a named function decorated with
    `@keras.saving.register_keras_serializable()`.

    Args:
        function: called as `function(inputs, **arguments)`, and with `mask` and
            `training` if it has parameters of these names.
        output_shape: the output's shape without the batch axis, or a function of the
            input's shape; only needed where shape inference fails.
        mask: the mask of the output, or a function `(inputs, mask)` that returns it; by
            default the mask of the input.
        arguments: keyword arguments for the function.

    Example:
        >>> keras.layers.Lambda(lambda x: x**2)(np.array([3.0]))
        array([9.], dtype=float32)
    """

    _calls_user_code = True

    def __init__(
        self,
        function: Callable,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(
                f"Lambda: `function` must be a function; received {function!r}."
            )
        self.function = function
        self.output_shape = output_shape
        self.mask = mask
        self.arguments = dict(arguments or {})
        self.supports_masking = True
        self._takes = _parameters(function) & {"mask", "training"}

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        given = {"mask": mask, "training": training}
        more = {name: given[name] for name in self._takes}
        return self.function(inputs, **{**more, **self.arguments})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What `mask` says, else the mask of the input."""
        if callable(self.mask):
            return self.mask(inputs, mask)
        return mask if self.mask is None else self.mask

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as symbolic tensors, of the shape given if there is one."""
        if self.output_shape is None:
            return super().compute_output_spec(*args, **kwargs)
        shapes = tree.map_structure(lambda x: tuple(x.shape), args[0])
        first = tree.flatten(args[0])[0]
        if callable(self.output_shape):
            shape = self.output_shape(shapes)
        else:
            shape = (first.shape[0], *self.output_shape)
        return tree.map_shape_structure(lambda s: KerasTensor(s, first.dtype), shape)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for name in ("output_shape", "mask"):
            if config[name] is None:
                del config[name]
        return config


def _parameters(function: Callable) -> set[str]:
    try:
        return set(inspect.signature(function).parameters)
    except ValueError:  # of a built-in function
        return set()
