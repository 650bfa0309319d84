"""Probabilistic and hinge metrics: means of the losses of the same names."""

from __future__ import annotations

from keras import losses
from keras.core.config.configurable import arguments
from keras.core.typing import DTypeLike
from keras.metrics.mean import FunctionMean, MeanMetricWrapper


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of `keras.losses.binary_crossentropy`.

    The arguments are those of the function.
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: DTypeLike = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(losses.binary_crossentropy, **arguments(locals()))


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of `keras.losses.categorical_crossentropy`.

    The arguments are those of the function.
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: DTypeLike = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(losses.categorical_crossentropy, **arguments(locals()))


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of `keras.losses.sparse_categorical_crossentropy`.

    The arguments are those of the function.
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: DTypeLike = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(losses.sparse_categorical_crossentropy, **arguments(locals()))


class KLDivergence(FunctionMean):
    """The mean of `keras.losses.kl_divergence`, between distributions."""

    function = staticmethod(losses.kl_divergence)


class Poisson(FunctionMean):
    """The mean of `keras.losses.poisson`, for counts."""

    function = staticmethod(losses.poisson)


class Hinge(FunctionMean):
    """The mean of `keras.losses.hinge`, for labels -1 and 1 (or 0 and 1)."""

    function = staticmethod(losses.hinge)


class SquaredHinge(FunctionMean):
    """The mean of `keras.losses.squared_hinge`, for labels -1 and 1 (or 0 and 1)."""

    function = staticmethod(losses.squared_hinge)


class CategoricalHinge(FunctionMean):
    """The mean of `keras.losses.categorical_hinge`, for one-hot labels."""

    function = staticmethod(losses.categorical_hinge)
