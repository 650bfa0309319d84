"""Numbers as the number of the bin that they fall into."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import ops
from keras.core import dtypes
from keras.core.config import limits
from keras.core.errors import check_choice, check_number, check_positive_int
from keras.core.settings import floatx
from keras.core.tensor import KerasTensor
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.adapted import AdaptedLayer
from keras.layers.preprocessing.encoding import (
    VECTORS,
    check_sparse,
    encode,
    encoded_shape,
)


class Quantiles:
    """A summary of many numbers from which quantiles are read.

    A few values in ascending order, each with a weight: how many numbers it stands for.
    An array is summed up by picking its sorted values at equal steps. Where there would
    be more than `1 / epsilon` values, they are interpolated at equal steps of the
    cumulated weight.

    Args:
        values: numbers of any shape.
        epsilon: the error of the quantiles, as a fraction; 0.01 keeps 100 values.
    """

    def __init__(self, values: np.ndarray, epsilon: float) -> None:
        ordered = np.sort(values, axis=None)
        step = max(len(ordered) * epsilon, 1.0)
        self.epsilon = epsilon
        self.values = ordered[int(step) - 1 :: int(step)].astype(np.float64)
        self.weights = np.full(len(self.values), step)
        self._shorten()

    def merge(self, other: Quantiles) -> None:
        """Add what another one has seen."""
        values = np.concatenate([self.values, other.values])
        weights = np.concatenate([self.weights, other.weights])
        order = np.argsort(values, kind="stable")
        self.values, self.weights = values[order], weights[order]
        self._shorten()

    def _shorten(self) -> None:
        if len(self.values) * self.epsilon >= 1:
            self.values, self.weights = self._at_steps(self.epsilon)

    def boundaries(self, bins: int) -> np.ndarray:
        """The values that divide all numbers into bins of the same weight."""
        if len(self.values) < bins:
            return self.values[:-1]
        return self._at_steps(1.0 / bins)[0][:-1]

    def _at_steps(self, step: float) -> tuple[np.ndarray, np.ndarray]:
        """Values at equal steps of the cumulated weight, and the weights between."""
        fractions = step + np.arange(0.0, 1.0, step)
        cumulated = self.weights.cumsum()
        share = cumulated / cumulated[-1]
        values = np.interp(fractions, share, self.values)
        weights = np.diff(np.interp(fractions, share, cumulated), prepend=0.0)
        return values, weights


class Discretization(AdaptedLayer):
    """Puts numbers into bins: each becomes the number of its bin.

    Args:
        bin_boundaries: where one bin ends and the next begins, in ascending order; n
            boundaries make n + 1 bins. A number equal to a boundary is in the bin above
            it.
        num_bins: the number of bins whose boundaries `adapt` finds: quantiles, so that
            each bin has about the same number of samples.
        epsilon: the error of the quantiles, as a fraction. Less takes more memory.
        output_mode: `"int"` for the bin's number, or `"one_hot"`, `"multi_hot"` or
            `"count"` for vectors, as `CategoryEncoding` makes them.
        sparse: whether vectors are returned as a sparse tensor, where the backend has
            them.

    Input of numbers of any shape.

    Raises:
        ValueError: neither `bin_boundaries` nor `num_bins` is given, or an argument is
            not valid.

    Example:
        >>> layer = keras.layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])
        >>> layer(np.array([[-1.5, 1.0], [3.4, 0.5]])).tolist()
        [[0, 2], [3, 1]]
    """

    _summary: Quantiles | None
    _unwritten = ("trainable", "autocast")
    _adapts_at_once = True  # the quantiles of a whole array are exact

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        who = "Discretization"
        check_choice(output_mode, ("int", *VECTORS), "output_mode", who)
        super().__init__(name=name, dtype=dtype, **kwargs)
        if bin_boundaries is None and num_bins is None:
            raise ValueError(
                f"{who}: give `bin_boundaries`, or `num_bins` and call `adapt`; both "
                "are None."
            )
        if bin_boundaries is not None and num_bins is not None:
            # A file has both of an adapted layer, maybe of less data than bins.
            bins = len(bin_boundaries) + 1
            if bins != num_bins and not limits.is_open():
                raise ValueError(
                    f"{who}: {bins - 1} boundaries make {bins} bins; received "
                    f"num_bins={num_bins}. Give only one of the two."
                )
        if num_bins is not None:
            check_positive_int(num_bins, "num_bins", who)
        check_number(epsilon, "epsilon", who, above=0.0, most=1.0)

        self.input_bin_boundaries = bin_boundaries
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        self.sparse = check_sparse(sparse, output_mode, who)
        self.autocast = False
        self.bin_boundaries: list[float] | None = None
        if bin_boundaries is not None:
            self.bin_boundaries = self._checked(bin_boundaries)

    def _checked(self, boundaries: Any) -> list[float]:
        found = np.asarray(boundaries, np.float64)
        if found.ndim != 1 or (np.diff(found) < 0).any() or np.isnan(found).any():
            raise ValueError(
                "Discretization: `bin_boundaries` must be a list of numbers in "
                f"ascending order; received {boundaries!r}."
            )
        return found.tolist()

    @property
    def input_dtype(self) -> str:
        """The type numbers are compared in."""
        return floatx()

    @property
    def output_dtype(self) -> str:
        """The type of the output."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    # Adapting

    @property
    def adapts(self) -> bool:
        return self.input_bin_boundaries is None

    def _observe(self, data: Any) -> None:
        data = np.asarray(data)
        if data.dtype.kind not in "biuf":
            raise ValueError(
                f"{layer_label(self)}: `adapt` needs numbers; received an array of "
                f"{data.dtype}."
            )
        found = Quantiles(data.astype("float32", copy=False), self.epsilon)
        if self._summary is None:
            self._summary = found
        else:
            self._summary.merge(found)

    def reset_state(self) -> None:
        super().reset_state()
        if self.input_bin_boundaries is None:
            self.bin_boundaries = None

    def finalize_state(self) -> None:
        if self._summary is not None and self.num_bins is not None:
            self.bin_boundaries = self._summary.boundaries(self.num_bins).tolist()

    # Calling

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise RuntimeError(
                f"{layer_label(self)} has no boundaries yet: call `adapt` on data, or "
                "make it with `bin_boundaries`."
            )

        if not dtypes.is_float_dtype(ops.dtype(inputs)):
            inputs = ops.cast(inputs, floatx())
        edges = np.asarray(self.bin_boundaries, "float32")
        bins = ops.digitize(
            inputs, ops.cast(self.convert_weight(edges), ops.dtype(inputs))
        )

        if self.output_mode == "int":
            return bins
        return encode(
            bins,
            self.output_mode,
            len(edges) + 1,
            self.compute_dtype,
            sparse_on=self._backend if self.sparse else None,
        )

    def compute_output_spec(self, inputs: Any) -> Any:
        """The shape of the input, or vectors along the last axis."""
        shape = inputs.shape
        if self.output_mode != "int":
            if self.bin_boundaries is None:
                depth = self.num_bins
            else:
                depth = len(self.bin_boundaries) + 1
            shape = encoded_shape(shape, self.output_mode, depth)
        return KerasTensor(tuple(shape), self.output_dtype, sparse=self.sparse)

    def load_own_variables(self, store: Any) -> None:
        """Nothing is stored: the boundaries are in the config."""
        if len(store.keys()) != 1:  # old files have a summary
            super().load_own_variables(store)

    def config_value(self, name: str, value: Any) -> Any:
        if name == "dtype":
            return self.dtype_policy.name
        if name == "bin_boundaries" and value is not None:
            return [float(v) for v in value]
        return super().config_value(name, value)
