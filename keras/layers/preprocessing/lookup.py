"""Values as their numbers in a vocabulary: the base of the two lookup layers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras import ops
from keras.core import backends, dtypes
from keras.core.config.limits import refuse_path
from keras.core.errors import check_choice, check_positive_int
from keras.core.inspection import touch
from keras.core.scope import backend_scope, current
from keras.core.settings import floatx
from keras.core.tensor import KerasTensor
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.adapted import AdaptedLayer
from keras.layers.preprocessing.counts import Counts
from keras.layers.preprocessing.encoding import (
    VECTORS,
    check_sparse,
    encode,
    encoded_shape,
)

FILE = "vocabulary.txt"
_IDF = "idf_weights"
# The number of the mask where it has none: behind the end of every vector.
_NOWHERE = 2**31 - 1


class Lookup(AdaptedLayer):
    """Base of the layers with a vocabulary.

    Numbers are given in this order: one for the mask, if there is a `mask_token` and
    the output is the number; `num_oov_indices` for values out of the vocabulary; then
    the vocabulary, the most frequent first.

    A subclass says how values are found (`_find`, `_tokens_at`), read from a
    user's vocabulary (`_as_tokens`) and counted (`_count`).
    """

    _summary: Counts | None
    vocabulary_dtype: str

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        sparse: bool,
        pad_to_max_tokens: bool,
        **kwargs: Any,
    ) -> None:
        # Files have it, so that the length of vectors is known before the vocabulary.
        self._stored_size: int | None = kwargs.pop("vocabulary_size", None)
        super().__init__(**kwargs)
        who = type(self).__name__
        check_choice(output_mode, ("int", *VECTORS, "tf_idf"), "output_mode", who)
        if max_tokens is not None:
            check_positive_int(max_tokens, "max_tokens", who)
        if not isinstance(num_oov_indices, int) or num_oov_indices < 0:
            raise ValueError(
                f"{who}: `num_oov_indices` must be an integer of at least 0; received "
                f"{num_oov_indices!r}."
            )
        if invert and output_mode != "int":
            raise ValueError(
                f"{who}: with `invert=True` the output is a value, so `output_mode` "
                f"must be 'int'; received {output_mode!r}."
            )
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(f"{who}: `pad_to_max_tokens=True` needs `max_tokens`.")
        if idf_weights is not None and output_mode != "tf_idf":
            raise ValueError(
                f"{who}: `idf_weights` is for `output_mode='tf_idf'`; received "
                f"{output_mode!r}."
            )

        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = bool(invert)
        self.output_mode = output_mode
        self.sparse = check_sparse(sparse, output_mode, who)
        self.pad_to_max_tokens = bool(pad_to_max_tokens)
        self.input_vocabulary = vocabulary
        self.input_idf_weights = idf_weights
        self._check_room()

        # An array of objects: a walk through the layer's state does not enter it.
        self._tokens = _objects(())
        self._idf: np.ndarray | None = None
        self._has_vocabulary = False
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _check_room(self) -> None:
        taken = len(self._special_tokens())
        if self.max_tokens is not None and self.max_tokens <= taken:
            raise ValueError(
                f"{type(self).__name__}: `max_tokens={self.max_tokens}` leaves no room "
                f"for a vocabulary: the mask and the values out of it take {taken}."
            )

    # The vocabulary

    @property
    def vocabulary(self) -> Any:
        """The `vocabulary` that the layer was made with."""
        return self.input_vocabulary

    @property
    def idf_weights(self) -> Any:
        """The `idf_weights` that the layer was made with."""
        return self.input_idf_weights

    @property
    def compute_dtype(self) -> str:
        """The type of the values that are looked up."""
        return self.vocabulary_dtype

    @property
    def variable_dtype(self) -> str:
        """The type of the values that are looked up."""
        return self.vocabulary_dtype

    @property
    def dtype(self) -> str:
        """The type of the values that are looked up."""
        return self.vocabulary_dtype

    def _special_tokens(self) -> list[Any]:
        """What stands before the vocabulary."""
        masks = [self.mask_token] if self._has_mask_index() else []
        return masks + [self.oov_token] * self.num_oov_indices

    def _has_mask_index(self) -> bool:
        return self.mask_token is not None and self.output_mode == "int"

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The values in the order of their numbers.

        Args:
            include_special_tokens: whether the list begins with the mask and the tokens
                that stand for values out of the vocabulary, so that a value's place in
                it is its number.
        """
        special = self._special_tokens() if include_special_tokens else []
        return special + self._tokens.tolist()

    def vocabulary_size(self) -> int:
        """The number of values, with the mask and those out of the vocabulary."""
        if not self._has_vocabulary and self._stored_size is not None:
            return self._stored_size
        return len(self._special_tokens()) + len(self._tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the vocabulary, instead of `adapt`.

        Args:
            vocabulary: the values, each once: a list or array, or the path of a text
                file with a value in each line. It may begin with the special tokens, as
                `get_vocabulary` gives it.
            idf_weights: for `output_mode="tf_idf"`: the inverse document frequency of
                each value.

        Raises:
            ValueError: a value is there twice or is a special token, there are more
                than fit, or the weights are missing or of another number.
        """
        tokens = self._as_tokens(self._read(vocabulary))
        special = self._special_tokens()
        whole = bool(special) and tokens[: len(special)] == special
        if whole:
            tokens = tokens[len(special) :]
        self._check_tokens(tokens)

        idf = None
        if self.output_mode == "tf_idf":
            idf = self._checked_idf(idf_weights, len(tokens), len(special) * whole)
        elif idf_weights is not None:
            raise ValueError(
                f"{layer_label(self)}: `idf_weights` is for `output_mode='tf_idf'`; "
                f"this layer has {self.output_mode!r}."
            )
        self._set_tokens(tokens, idf)

    def _read(self, vocabulary: Any) -> Any:
        if isinstance(vocabulary, (str, os.PathLike)):
            refuse_path(f"The vocabulary of {layer_label(self)}", vocabulary)
            if not Path(vocabulary).exists():
                raise ValueError(
                    f"{layer_label(self)}: there is no vocabulary file "
                    f"{str(vocabulary)!r}."
                )
            return _lines(Path(vocabulary))
        return vocabulary

    def _check_tokens(self, tokens: list[Any]) -> None:
        who = layer_label(self)
        if not tokens:
            raise ValueError(f"{who}: the vocabulary is empty.")

        distinct = set(tokens)
        if len(distinct) < len(tokens):
            seen: set[Any] = set()
            repeated = [t for t in tokens if t in seen or seen.add(t)]  # type: ignore[func-returns-value]
            raise ValueError(
                f"{who}: each value may be in the vocabulary once; {repeated[:10]} are "
                "repeated."
            )

        for name in ("mask_token", "oov_token"):
            token = getattr(self, name)
            if token is not None and token in distinct:
                raise ValueError(
                    f"{who}: the vocabulary has the `{name}` {token!r} at the place "
                    f"{tokens.index(token)}. Leave the special tokens out, or begin "
                    f"with all of them: {self._special_tokens()}."
                )

        size = len(tokens) + len(self._special_tokens())
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                f"{who}: the vocabulary has {size} values with the special tokens, "
                f"but `max_tokens={self.max_tokens}`."
            )

    def _checked_idf(self, weights: Any, count: int, extra: int) -> np.ndarray:
        who = layer_label(self)
        if weights is None:
            raise ValueError(
                f"{who}: `output_mode='tf_idf'` needs `idf_weights` with the "
                "vocabulary, one for each value."
            )
        found = np.asarray(weights, np.float32).ravel()
        if len(found) == count + extra:
            found = found[extra:]
        if len(found) != count:
            raise ValueError(
                f"{who}: `idf_weights` must have a weight for each value; received "
                f"{len(found)} weights and {count} values."
            )
        return found

    def _set_tokens(self, tokens: list[Any], idf: np.ndarray | None) -> None:
        self._tokens = _objects(tokens)
        self._idf = idf
        self._has_vocabulary = True
        self._prepare_table()
        touch(self)  # what was compiled has the old vocabulary in it

    # Adapting

    @property
    def adapts(self) -> bool:
        return self.input_vocabulary is None

    def reset_state(self) -> None:
        super().reset_state()
        if self.input_vocabulary is None:
            self._tokens = _objects(())
            self._idf = None
            self._has_vocabulary = False
            touch(self)

    def finalize_state(self) -> None:
        if self._summary is None:
            return
        self._finish_counting(self._summary)
        left_out = {self.mask_token, self.oov_token}
        tokens = [t for t in self._summary.ordered() if t not in left_out]
        if self.max_tokens is not None:
            tokens = tokens[: self.max_tokens - len(self._special_tokens())]
        idf = self._summary.idf(tokens) if self.output_mode == "tf_idf" else None
        self._set_tokens(tokens, idf)

    def _observe(self, data: Any) -> None:
        if self._summary is None:
            self._summary = Counts()
        self._count(data, self._summary)

    # Calling

    def call(self, inputs: Any) -> Any:
        self._check_ready()
        if self.invert:
            return self._tokens_at(inputs)
        return self._output(self._numbers(inputs))

    def _check_ready(self) -> None:
        if not self._has_vocabulary:
            raise RuntimeError(
                f"{layer_label(self)} has no vocabulary yet: call `adapt` on data, or "
                "`set_vocabulary`."
            )

    def _numbers(self, inputs: Any) -> Any:
        """The number of each value."""
        numbers = self._find(inputs)
        if self.num_oov_indices == 1:
            return numbers
        known = numbers >= 0
        if self.num_oov_indices == 0:
            self._refuse_unknown(inputs, known)
            return numbers
        first = len(self._special_tokens()) - self.num_oov_indices
        bins = ops.cast(self._oov_bins(inputs), ops.dtype(numbers)) + first
        return ops.where(known, numbers, bins)

    def _keys(self) -> tuple[list[Any], list[int]]:
        """The values that have a number of their own, and these numbers."""
        first = len(self._special_tokens())
        numbers = list(range(first, first + len(self._tokens)))
        if self.mask_token is None:
            return self._tokens.tolist(), numbers
        mask = 0 if self._has_mask_index() else _NOWHERE
        return [self.mask_token, *self._tokens.tolist()], [mask, *numbers]

    @property
    def _missing(self) -> int:
        """What `_find` gives for a value that has no number of its own."""
        return len(self._special_tokens()) - 1 if self.num_oov_indices == 1 else -1

    def _refuse_unknown(self, inputs: Any, known: Any) -> None:
        """On the host a mistake can be told; elsewhere it would stop the device."""
        if isinstance(known, np.ndarray) and not known.all():
            values = np.asarray(inputs, object)[~np.asarray(known)].ravel().tolist()
            raise ValueError(
                f"{layer_label(self)}: with `num_oov_indices=0` all values must be in "
                f"the vocabulary; {values[:10]} are not."
            )

    @property
    def _depth(self) -> int:
        return self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()  # type: ignore[return-value]

    def _output(self, numbers: Any) -> Any:
        if self.output_mode == "int":
            return ops.cast(numbers, self._number_dtype)
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        vectors = encode(
            numbers,
            mode,
            self._depth,
            self._vector_dtype,
            sparse_on=self._backend if self.sparse else None,
        )
        return self._weighted(vectors) if self.output_mode == "tf_idf" else vectors

    def _weighted(self, counts: Any) -> Any:
        """Counts times the inverse document frequencies."""
        if self.sparse and here_is_host():  # what `encode` made belongs to the backend
            with backend_scope(self._backend):
                return ops.multiply(counts, ops.convert_to_tensor(self._idf_row()))
        weights = self.convert_weight(self._idf_row())
        return ops.multiply(counts, ops.cast(weights, ops.dtype(counts)))

    def _idf_row(self) -> np.ndarray:
        """The weight of each number; what is out of the vocabulary has the mean."""
        assert self._idf is not None
        row = np.zeros(self._depth, np.float32)
        first = len(self._special_tokens())
        row[:first] = self._idf.mean() if len(self._idf) else 0
        row[first : first + len(self._idf)] = self._idf
        return row

    def compute_output_spec(self, inputs: Any) -> Any:
        """The shape of the input, or vectors along the last axis."""
        if self.invert:
            return KerasTensor(inputs.shape, self.vocabulary_dtype)
        if self.output_mode == "int":
            return KerasTensor(inputs.shape, self._number_dtype)
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        shape = encoded_shape(inputs.shape, mode, self._depth)
        return KerasTensor(shape, self._vector_dtype, sparse=self.sparse)

    @property
    def _number_dtype(self) -> str:
        name = self.dtype_policy.compute_dtype
        return name if dtypes.is_int_dtype(name) else "int64"

    @property
    def _vector_dtype(self) -> str:
        name = self.dtype_policy.compute_dtype
        return name if dtypes.is_float_dtype(name) else floatx()

    # To be written by a subclass

    def _as_tokens(self, values: Any) -> list[Any]:
        """A user's vocabulary as a list of plain values."""
        raise NotImplementedError

    def _prepare_table(self) -> None:
        """Get ready for looking values up."""

    def _find(self, inputs: Any) -> Any:
        """The number of each value in `_keys`, `_missing` for all others."""
        raise NotImplementedError

    def _oov_bins(self, inputs: Any) -> Any:
        """The bin of a value that is not in the vocabulary."""
        raise NotImplementedError

    def _tokens_at(self, numbers: Any) -> Any:
        """The values for numbers."""
        raise NotImplementedError

    def _count(self, data: Any, counts: Counts) -> None:
        """Count the values of a batch."""
        raise NotImplementedError

    def _finish_counting(self, counts: Counts) -> None:
        """Bring what was counted into the form that the vocabulary has."""

    # Saving

    def save_own_variables(self, store: Any) -> None:
        """Put the inverse document frequencies in `store`, if there are any."""
        if self.output_mode == "tf_idf":
            size = self.vocabulary_size()
            row = np.zeros(size) if self._idf is None else self._idf_row()[:size]
            store[_IDF] = row.astype(np.float32)

    def load_own_variables(self, store: Any) -> None:
        """Take the inverse document frequencies from `store`, if there are any."""
        if self.output_mode == "tf_idf" and _IDF in store:
            special = len(self._special_tokens())
            self._idf = np.asarray(store[_IDF], np.float32)[special:]
            touch(self)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary to a folder, one value in a line."""
        if self.input_vocabulary is not None or not self._has_vocabulary:
            return
        lines = [str(token) for token in self.get_vocabulary()]
        broken = next((line for line in lines if "\n" in line), None)
        if broken is not None:
            raise ValueError(
                f"{layer_label(self)}: the vocabulary is written to a file one value "
                f"in a line, and {broken!r} has a line break in it. Take it out of the "
                "data, or give the layer a `vocabulary` without it."
            )
        (Path(dir_path) / FILE).write_bytes("\n".join(lines).encode("utf-8"))

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary from a folder."""
        path = Path(dir_path) / FILE
        if self.input_vocabulary is None and path.exists():
            tokens = self._as_tokens(_lines(path))
            special = self._special_tokens()
            if tokens[: len(special)] == special:
                tokens = tokens[len(special) :]
            self._set_tokens(tokens, self._idf)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        size = self.vocabulary_size() if self._has_vocabulary else self._stored_size
        return {**config, "vocabulary_size": size}

    def config_value(self, name: str, value: Any) -> Any:
        if name in ("vocabulary", "idf_weights"):
            value = getattr(self, f"input_{name}")
            if value is None or isinstance(value, str):
                return value
            return np.asarray(value).tolist()
        return super().config_value(name, value)


def _lines(path: Path) -> list[str]:
    # As bytes: a file's text would take a carriage return for the end of a line.
    return path.read_bytes().decode("utf-8").split("\n")


def here_is_host() -> bool:
    """Whether what is computed now is computed on the host."""
    return current() is backends.load(backends.HOST)


def _objects(values: Sequence[Any]) -> np.ndarray:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def check_sequence(values: Any, who: str) -> Sequence[Any]:
    """A vocabulary as a sequence: an array of one axis, a list, a tensor."""
    if hasattr(values, "numpy"):
        values = values.numpy()
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(
            f"{who}: the vocabulary must be a list or an array with one axis; "
            f"received shape {array.shape}."
        )
    return array.tolist()
