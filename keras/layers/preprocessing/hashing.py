"""Categories as numbers without a vocabulary: hashes, and hashes of combinations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.core.errors import check_choice, check_positive_int
from keras.core.scope import current
from keras.core.settings import floatx
from keras.core.tensor import KerasTensor
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.encoding import (
    VECTORS,
    check_sparse,
    encode,
    encoded_shape,
)
from keras.layers.preprocessing.text_layer import TextLayer, TextTable


class _HashLayer(TextLayer):
    """What the two layers share: bins, and how they are returned."""

    num_bins: int
    output_mode: str

    def _keep_output(self, num_bins: int, output_mode: str, sparse: bool) -> None:
        who = type(self).__name__
        self.num_bins = check_positive_int(num_bins, "num_bins", who)
        self.output_mode = check_choice(
            output_mode, ("int", *self._vectors), "output_mode", who
        )
        self.sparse = check_sparse(sparse, output_mode, who)

    _vectors: tuple[str, ...] = VECTORS

    def _output(self, bins: Any) -> Any:
        if self.output_mode == "int":
            return ops.cast(bins, self.compute_dtype)
        return encode(
            bins,
            self.output_mode,
            self.num_bins,
            self.compute_dtype,
            sparse_on=self._backend if self.sparse else None,
        )

    def _spec(self, shape: Sequence[int | None]) -> KerasTensor:
        if self.output_mode != "int":
            shape = encoded_shape(shape, self.output_mode, self.num_bins)
        return KerasTensor(tuple(shape), self.compute_dtype, sparse=self.sparse)


class Hashing(_HashLayer):
    """Puts text or integers into a fixed number of bins, by their hash.

    Nothing is learned and nothing is stored: the same value falls into the same bin
    everywhere, different values may share one.

    Args:
        num_bins: the number of bins, the one for `mask_value` included.
        mask_value: a value that goes into bin 0 alone; the others are hashed into the
            bins after it.
        salt: None for FarmHash's `Fingerprint64`. An integer, or two, for SipHash-2-4
            with that key: other collisions, which nobody can foresee who does not know
            it.
        output_mode: `"int"` for the bin, or `"one_hot"`, `"multi_hot"` or `"count"` for
            vectors, as `CategoryEncoding` makes them.
        sparse: whether vectors are returned as a sparse tensor, where the backend has
            them.

    Input of text or integers of any shape. An integer is hashed as its decimal digits.

    Raises:
        ValueError: an argument is not valid.

    Example:
        >>> layer = keras.layers.Hashing(num_bins=3)
        >>> layer(np.array([["A"], ["B"], ["C"], ["D"], ["E"]])).tolist()
        [[1], [0], [1], [1], [2]]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: int | Sequence[int] | None = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs["dtype"] = _output_dtype(kwargs.get("dtype"), output_mode)
        super().__init__(**kwargs)
        self._keep_output(num_bins, output_mode, sparse)
        self.mask_value = mask_value
        self.salt = _key(salt)
        self._masked: TextTable | None = None

    def call(self, inputs: Any) -> Any:
        text: Any = current().text
        if "float" in ops.dtype(inputs):
            raise ValueError(
                f"{layer_label(self)}: the input must be text or integers; received "
                f"{ops.dtype(inputs)} of shape {tuple(inputs.shape)}. Put numbers into "
                "bins with `Discretization`."
            )
        # The first bin is kept free for the mask.
        first = 1 if self.mask_value is not None and self.num_bins > 1 else 0
        bins = text.hash_bins(inputs, self.num_bins - first, self.salt)
        if self.mask_value is not None:
            masked = self._is_masked(inputs)
            bins = ops.where(masked, ops.zeros_like(bins), bins + first)
        return self._output(bins)

    def _is_masked(self, inputs: Any) -> Any:
        if ops.dtype(inputs) != "string":
            return inputs == self.mask_value
        if self._masked is None:
            self._masked = TextTable([str(self.mask_value)])
        return self._masked.find(inputs) == 0

    def compute_output_spec(self, inputs: Any) -> Any:
        """The shape of the input, or vectors along the last axis."""
        return self._spec(inputs.shape)


class HashedCrossing(_HashLayer):
    """Puts combinations of several features into a fixed number of bins, by their hash.

    Args:
        num_bins: the number of bins.
        output_mode: `"int"` for the bin, or `"one_hot"` for vectors.
        sparse: whether vectors are returned as a sparse tensor, where the backend has
            them.

    Call argument:
        inputs: a list or tuple of features, text or integers, each of the same shape
            `()`, `(samples,)` or `(samples, 1)`.

    Raises:
        ValueError: there are fewer than two features, or their shapes do not fit.

    Example:
        >>> layer = keras.layers.HashedCrossing(num_bins=5)
        >>> feature = np.array(["A", "B", "A", "B", "A"])
        >>> other = np.array([101, 101, 101, 102, 102])
        >>> layer((feature, other)).tolist()
        [1, 4, 1, 1, 3]
    """

    _vectors = ("one_hot",)
    _unwritten = ("trainable", "autocast")

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        dtype = _output_dtype(dtype, output_mode)
        super().__init__(name=name, dtype=dtype, **kwargs)
        self._keep_output(num_bins, output_mode, sparse)

    def call(self, inputs: Any) -> Any:
        self._check(inputs)
        text: Any = current().text
        return self._output(text.cross_bins(list(inputs), self.num_bins))

    def _check(self, inputs: Any) -> None:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(
                f"{layer_label(self)}: a list or tuple of at least two features is "
                f"needed; received {inputs!r}."
            )
        shapes = [tuple(x.shape) for x in inputs]
        ranks = {len(shape) for shape in shapes}
        wide = any(len(shape) == 2 and shape[1] not in (1, None) for shape in shapes)
        if len(ranks) > 1 or max(ranks) > 2 or wide:
            raise ValueError(
                f"{layer_label(self)}: all features must have the same shape, "
                f"(samples,) or (samples, 1); received shapes {shapes}."
            )
        kinds = [ops.dtype(x) for x in inputs]
        if any("float" in kind for kind in kinds):
            raise ValueError(
                f"{layer_label(self)}: features must be text or integers; received "
                f"types {kinds}. Put numbers into bins with `Discretization` first."
            )

    def config_value(self, name: str, value: Any) -> Any:
        if name == "dtype":
            return self.dtype_policy.name
        return super().config_value(name, value)

    def compute_output_spec(self, inputs: Any) -> Any:
        """The shape of a feature, or vectors along the last axis."""
        self._check(inputs)
        return self._spec(inputs[0].shape)


def _output_dtype(dtype: Any, output_mode: str) -> Any:
    """The type of bins is int64, and that of vectors `floatx()`."""
    if dtype is not None:
        return dtype
    return "int64" if output_mode == "int" else floatx()


def _key(salt: Any) -> tuple[int, int] | None:
    """The key of a hash: an integer twice, or two of them."""
    if salt is None:
        return None
    values = (salt, salt) if isinstance(salt, int) else tuple(salt)
    if len(values) != 2 or not all(isinstance(v, int) for v in values):
        raise ValueError(
            f"Hashing: `salt` must be an integer or two integers; received {salt!r}."
        )
    return values
