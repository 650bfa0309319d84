"""Numbers brought to a mean of 0 and a variance of 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras import ops
from keras.core.settings import epsilon
from keras.core.typing import Axis
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.adapted import AdaptedLayer
from keras.layers.preprocessing.moments import Moments


class Normalization(AdaptedLayer):
    """Shifts and scales numbers to mean 0 and variance 1, each feature by itself.

    `(x - mean) / sqrt(variance)`. Mean and variance are given, or learned by `adapt`;
    they do not change in training.

    Args:
        axis: the axis (or axes) with a mean and variance for each index; the others are
            averaged over. By default the last, that of the features. None: one mean
            and variance for all numbers.
        mean, variance: the mean and variance, numbers or arrays that broadcast to
            those of `axis`; by default learned by `adapt`.
        invert: whether to compute the way back, from normalized numbers to the
            original ones.

    Input and output have the same shape; integers become floats.

    Raises:
        ValueError: only one of `mean` and `variance` is given, or an axis does not
            exist or has no known size.

    Example:
        >>> layer = keras.layers.Normalization()
        >>> layer.adapt(np.array([[0.0, 10.0], [2.0, 30.0]]))
        >>> layer(np.array([[1.0, 40.0]]))
        array([[0., 2.]], dtype=float32)
    """

    axis: tuple[int, ...]
    _summary: Moments | None

    def __init__(
        self,
        axis: Axis = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if axis is None:
            self.axis = ()
        else:
            self.axis = (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None):
            raise ValueError(
                "Normalization: give both `mean` and `variance`, or neither and call "
                f"`adapt`; received mean={mean!r}, variance={variance!r}."
            )
        self.input_mean = mean
        self.input_variance = variance
        self.invert = bool(invert)
        self.supports_masking = True
        self.adapt_mean: Any = None
        self.adapt_variance: Any = None
        self.count: Any = None
        self._broadcast_shape: tuple[int, ...] | None = None

    # Building

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        axes = sorted(self._position(axis, rank, input_shape) for axis in self.axis)
        sizes = tuple(input_shape[axis] for axis in axes)
        if None in sizes:
            unknown = [axis for axis in axes if input_shape[axis] is None]
            raise ValueError(
                f"{layer_label(self)}: the size of axis {unknown} must be known, as "
                "there is a mean for each index of it; received shape "
                f"{tuple(input_shape)}. Give it a size in `Input`, or leave it out of "
                "`axis`."
            )
        self._axes = axes
        self._broadcast_shape = tuple(
            input_shape[axis] if axis in axes else 1 for axis in range(rank)
        )
        if self.input_mean is not None:
            for name in ("input_mean", "input_variance"):
                self._check_fits(name.removeprefix("input_"), getattr(self, name))
            return

        self.adapt_mean = self.add_weight(
            sizes, "zeros", name="mean", trainable=False, autocast=False
        )
        self.adapt_variance = self.add_weight(
            sizes, "ones", name="variance", trainable=False, autocast=False
        )
        self.count = self.add_weight(
            (), "zeros", dtype="int32", name="count", trainable=False
        )

    def _position(self, axis: int, rank: int, shape: Any) -> int:
        if not -rank <= axis < rank:
            raise ValueError(
                f"{layer_label(self)}: `axis` {self.axis} does not fit an input of "
                f"shape {tuple(shape)}: it has {rank} axes."
            )
        return axis % rank

    def _check_fits(self, name: str, value: Any) -> None:
        try:
            np.broadcast_to(np.asarray(value), self._broadcast_shape or ())
        except ValueError:
            raise ValueError(
                f"{layer_label(self)}: `{name}` of shape {np.shape(value)} does not "
                f"broadcast to {self._broadcast_shape}, which is the shape for "
                f"`axis={self.axis}`."
            ) from None

    # Mean and variance

    @property
    def mean(self) -> Any:
        """The mean, in a shape that broadcasts to the input; None before `build`."""
        return self._statistic("mean")

    @property
    def variance(self) -> Any:
        """The variance, in a shape that broadcasts to the input."""
        return self._statistic("variance")

    def _statistic(self, name: str) -> Any:
        """A statistic as a tensor of the backend that the layer is running on."""
        given = getattr(self, f"input_{name}")
        learned = getattr(self, f"adapt_{name}")
        if self._broadcast_shape is None:
            return None
        if given is None:
            value = self.convert_weight(learned)
        else:
            value = self.convert_weight(np.asarray(given, "float32"))
            value = ops.broadcast_to(value, self._broadcast_shape)
        value = ops.reshape(value, self._broadcast_shape)
        return ops.cast(value, self.compute_dtype)

    # Adapting

    @property
    def adapts(self) -> bool:
        return self.input_mean is None

    def _prepare(self, data: np.ndarray) -> None:
        shape = (None, *data.shape[1:]) if data.ndim else ()
        if not self.built:
            self.build(shape if 0 not in self._kept(data.ndim) else data.shape)
        expected = self._broadcast_shape or ()
        sizes = [(data.shape[a], expected[a]) for a in self._axes if a < data.ndim]
        if data.ndim != len(expected) or any(a != b for a, b in sizes):
            raise ValueError(
                f"{layer_label(self)}: `adapt` received data of shape {data.shape}; "
                f"the layer was built for batches with sizes {expected} along the "
                f"axes {self._axes}."
            )

    def _kept(self, rank: int) -> list[int]:
        return [axis % rank for axis in self.axis] if rank else []

    def _match(self, layer: Any) -> None:
        if not self.built and layer.built:
            self.build_from_config(layer.get_build_config())

    def _observe(self, data: np.ndarray) -> None:
        if data.dtype.kind not in "biuf" and data.dtype.name != "bfloat16":
            raise ValueError(
                f"{layer_label(self)}: `adapt` needs numbers; received an array of "
                f"{data.dtype}."
            )
        columns = math.prod(self._broadcast_shape or ())
        others = [axis for axis in range(data.ndim) if axis not in self._axes]
        ordered = data.transpose(*others, *self._axes)
        found = Moments(ordered.reshape(-1, columns))
        if self._summary is None:
            self._summary = found
        else:
            self._summary.merge(found)

    def reset_state(self) -> None:
        super().reset_state()
        if self.adapt_mean is not None:
            self.adapt_mean.assign(np.zeros(self.adapt_mean.shape))
            self.adapt_variance.assign(np.ones(self.adapt_variance.shape))
            self.count.assign(0)

    def finalize_state(self) -> None:
        summary = self._summary
        if summary is None or self.adapt_mean is None:
            return
        self.adapt_mean.assign(summary.mean.reshape(self.adapt_mean.shape))
        self.adapt_variance.assign(summary.variance.reshape(self.adapt_mean.shape))
        self.count.assign(min(int(summary.count), 2**31 - 1))

    # Calling

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.compute_dtype)
        mean, variance = self._statistic("mean"), self._statistic("variance")
        scale = ops.maximum(ops.sqrt(variance), epsilon())
        return mean + x * scale if self.invert else (x - mean) / scale

    def config_value(self, name: str, value: Any) -> Any:
        if name == "axis":
            return list(self.axis)
        if name in ("mean", "variance"):
            value = getattr(self, f"input_{name}")
            return value if value is None else np.asarray(value).tolist()
        return super().config_value(name, value)
