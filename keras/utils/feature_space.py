"""`FeatureSpace`: a table of raw values as one vector for each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from keras import layers, ops
from keras.core import dtypes, tree
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
    wire_name,
)
from keras.core.errors import check_choice, check_positive_int, near_matches
from keras.core.foreign import text_array
from keras.core.graph.graph import Graph
from keras.core.scope import backend_scope
from keras.core.tensor import KerasTensor
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.adapted import AdaptedLayer, batches_of
from keras.layers.preprocessing.base import DataLayer, call_here

_WIRE = "keras.src.layers.preprocessing.feature_space"
_OUTPUT_MODES = ("int", "one_hot", "float")


@wire_name(_WIRE, "Feature", "Feature")
class Feature:
    """One feature of a table: its type, how it is prepared, how it is returned.

    Args:
        dtype: the type of the raw values, such as `"float32"`, `"int32"`, `"string"`.
        preprocessor: a layer that makes numbers of them; or its config.
        output_mode: `"float"` to return what it makes, `"int"` for integers as they
            are, `"one_hot"` to turn integers into vectors.
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        check_choice(output_mode, _OUTPUT_MODES, "output_mode", "FeatureSpace.feature")
        if isinstance(preprocessor, dict):
            preprocessor = deserialize_keras_object(preprocessor)
        if not callable(preprocessor):
            raise TypeError(
                "FeatureSpace.feature: `preprocessor` must be a layer; received "
                f"{preprocessor!r}."
            )
        self.dtype = dtypes.standardize_dtype(dtype)
        self.preprocessor = preprocessor
        self.output_mode = output_mode

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            "dtype": self.dtype,
            "preprocessor": serialize_keras_object(self.preprocessor),
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Feature:
        """A feature like the one `config` was taken from."""
        return cls(**config)


@wire_name(_WIRE, "Cross", "Cross")
class Cross:
    """A combination of features.

    Args:
        feature_names: the names of the features.
        crossing_dim: the number of bins that combinations are hashed into.
        output_mode: `"int"` for the bin, `"one_hot"` for a vector.
    """

    def __init__(
        self, feature_names: Sequence[str], crossing_dim: int, output_mode: str
    ) -> None:
        check_choice(
            output_mode, ("int", "one_hot"), "output_mode", "FeatureSpace.cross"
        )
        self.feature_names = tuple(feature_names)
        self.crossing_dim = check_positive_int(
            crossing_dim, "crossing_dim", "FeatureSpace.cross"
        )
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The names of the features with `_X_` between."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            "feature_names": list(self.feature_names),
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Cross:
        """A cross like the one `config` was taken from."""
        return cls(**config)


@wire_name(_WIRE, "TFDIdentity", "TFDIdentity")
class TFDIdentity(DataLayer):
    """Returns floats as they are: the preprocessor of a plain `"float"` feature."""

    def call(self, inputs: Any) -> Any:
        return ops.cast(inputs, self.compute_dtype)


class FeatureSpace(DataLayer):
    """Turns tables of numbers, categories and text into vectors, column by column.

    Each feature is a column with raw values. How it is prepared is said by a name or by
    a class method:

    | kind | what it does |
    |---|---|
    | `"float"` | returns the number |
    | `"float_rescaled"` | multiplies and adds |
    | `"float_normalized"` | to mean 0 and variance 1 |
    | `"float_discretized"` | into bins of the same number of rows |
    | `"integer_categorical"`, `"string_categorical"` | by a vocabulary |
    | `"integer_hashed"`, `"string_hashed"` | into bins by the hash |
    | `FeatureSpace.feature(...)` | a layer of your own |

    `adapt` learns means, bins and vocabularies from data. Then the space is called on
    dicts of arrays, inside `dataset.map`, or becomes the first part of a model:

        model = keras.Model(space.get_inputs(), head(space.get_encoded_features()))

    Args:
        features: a dict from the name of each feature to its kind.
        output_mode: `"concat"` for one vector a row, in the alphabetical order of the
            features, crosses last; `"dict"` for a dict of them.
        crosses: combinations of features, as tuples of names or made by
            `FeatureSpace.cross`. They are hashed into `crossing_dim` bins.
        crossing_dim: the number of bins of a cross given as a tuple.
        hashing_dim: the number of bins of a hashed feature given by name.
        num_discretization_bins: the number of bins of a discretized one given by name.
        name: the name of the layer.

    Example:
        >>> space = keras.utils.FeatureSpace(
        ...     features={"age": "float_normalized", "city": "string_categorical"})
        >>> space.adapt({"age": np.array([20.0, 40.0]), "city": ["Rome", "Oslo"]})
        >>> space({"age": 30.0, "city": "Oslo"})
        array([0., 0., 0., 1.], dtype=float32)
    """

    features: dict[str, Feature]
    crosses: list[Cross]
    preprocessors: dict[str, Any]

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Sequence[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not features:
            raise ValueError("FeatureSpace: `features` must name at least one feature.")
        check_choice(output_mode, ("concat", "dict"), "output_mode", "FeatureSpace")
        self.crossing_dim = check_positive_int(
            crossing_dim, "crossing_dim", "FeatureSpace"
        )
        self.hashing_dim = check_positive_int(
            hashing_dim, "hashing_dim", "FeatureSpace"
        )
        self.num_discretization_bins = check_positive_int(
            num_discretization_bins, "num_discretization_bins", "FeatureSpace"
        )
        self.output_mode = output_mode
        self.features = {
            key: self._feature_of(key, value) for key, value in features.items()
        }
        self.crosses = [self._cross_of(cross) for cross in crosses or ()]
        self.crosses_by_name = {cross.name: cross for cross in self.crosses}

        self.preprocessors = {k: f.preprocessor for k, f in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self.one_hot_encoders: dict[str, Any] = {}
        self.concat: Any = None
        self.inputs = {
            key: layers.Input((1,), dtype=feature.dtype, name=key)
            for key, feature in self.features.items()
        }
        self.encoded_features: Any = None
        self._space: Graph | None = None

    def _feature_of(self, name: str, value: Any) -> Feature:
        if isinstance(value, dict):
            value = deserialize_keras_object(value)
        if isinstance(value, Feature):
            return value
        if isinstance(value, str) and value in _KINDS:
            sizes = {
                "float_discretized": {"num_bins": self.num_discretization_bins},
                "integer_hashed": {"num_bins": self.hashing_dim},
                "string_hashed": {"num_bins": self.hashing_dim},
            }
            return getattr(self, value)(name=name, **sizes.get(value, {}))
        near = near_matches(value, _KINDS) if isinstance(value, str) else ""
        raise ValueError(
            f"FeatureSpace: the feature {name!r} must be one of {list(_KINDS)} or made "
            f"by a class method such as `FeatureSpace.feature`; received {value!r}."
            f"{near}"
        )

    def _cross_of(self, cross: Any) -> Cross:
        if isinstance(cross, dict):
            cross = deserialize_keras_object(cross)
        if not isinstance(cross, Cross):
            cross = self.cross(tuple(cross), self.crossing_dim)
        unknown = [n for n in cross.feature_names if n not in self.features]
        if unknown or len(cross.feature_names) < 2:
            raise ValueError(
                "FeatureSpace: a cross combines two or more of the features "
                f"{sorted(self.features)}; received {cross.feature_names}."
            )
        return cross

    # Kinds of features

    @classmethod
    def cross(
        cls,
        feature_names: Sequence[str],
        crossing_dim: int,
        output_mode: str = "one_hot",
    ) -> Cross:
        """A combination of features, hashed into `crossing_dim` bins."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A feature that a layer prepares.

        Args:
            dtype: the type of the raw values, such as `"float32"` or `"string"`.
            preprocessor: the layer; `adapt` adapts it if it can be.
            output_mode: `"float"`, `"int"`, or `"one_hot"` for a layer that returns
                integers below a known number.
        """
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """A number that is returned as it is."""
        layer = TFDIdentity(name=_name(name, "float"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_rescaled(
        cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None
    ) -> Feature:
        """A number times `scale`, plus `offset`."""
        layer = layers.Rescaling(scale, offset, name=_name(name, "float_rescaled"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """A number brought to mean 0 and variance 1."""
        layer = layers.Normalization(axis=-1, name=_name(name, "float_normalized"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """A number as the bin it falls into.

        Args:
            num_bins: the number of bins.
            bin_boundaries: where they are divided; by default quantiles of the data.
            output_mode: `"one_hot"` or `"int"`.
            name: a name for the layer.
        """
        layer = layers.Discretization(
            num_bins=num_bins,
            bin_boundaries=bin_boundaries,
            name=_name(name, "float_discretized"),
        )
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """An integer that stands for a category, by its place in a vocabulary.

        Args:
            max_tokens: the most categories there may be.
            num_oov_indices: how many of them are for integers not seen by `adapt`.
            output_mode: `"one_hot"` or `"int"`.
            name: a name for the layer.
        """
        layer = layers.IntegerLookup(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            name=_name(name, "integer_categorical"),
        )
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Text that stands for a category; arguments as for `integer_categorical`."""
        layer = layers.StringLookup(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            name=_name(name, "string_categorical"),
        )
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Text that stands for a category, hashed into bins."""
        layer = layers.Hashing(num_bins, name=_name(name, "string_hashed"))
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """An integer that stands for a category, hashed into bins."""
        layer = layers.Hashing(num_bins, name=_name(name, "integer_hashed"))
        return Feature("int32", layer, output_mode)

    # Adapting

    def adapt(self, dataset: Any, verbose: int | str = "auto") -> None:
        """Learn means, bins and vocabularies from a table.

        Args:
            dataset: a dict of arrays, or a dataset of dicts of features, of single rows
                or of batches: a tf.data.Dataset, one of `keras.data`, a generator, ...
            verbose: 0 for silence, 1 for a progress bar; "auto" draws the bar on a
                terminal, when it takes longer than a second.

        Raises:
            ValueError: a feature is missing, or nothing but targets is given.
        """
        learning = {
            key: layer
            for key, layer in self.preprocessors.items()
            if isinstance(layer, AdaptedLayer) and layer.adapts
        }
        if isinstance(dataset, Mapping):
            table = self._columns(dataset)
            for key, layer in learning.items():
                layer.adapt(table[key], verbose=verbose)
        elif learning:
            for layer in learning.values():
                layer.reset_state()
            for rows in batches_of(dataset, layer_label(self), verbose=verbose):
                table = self._columns(rows)
                for key, layer in learning.items():
                    layer.update_state(table[key])
            for layer in learning.values():
                layer.finalize_state()
        self._encode()

    def _columns(self, rows: Any) -> dict[str, Any]:
        """The features of some rows, each of shape `(rows, 1)` or more."""
        if not isinstance(rows, Mapping):
            raise TypeError(
                f"{layer_label(self)}: a dict with a value or array for each of the "
                f"features {sorted(self.features)} is needed; received "
                f"{type(rows).__name__}."
            )
        missing = [key for key in self.features if key not in rows]
        extra = [key for key in rows if key not in self.features]
        if missing or extra:
            raise ValueError(
                f"{layer_label(self)} has the features {sorted(self.features)}; "
                f"missing are {missing}, and unknown {extra}."
            )
        return {key: self._column(key, rows[key]) for key in self.features}

    def _column(self, key: str, value: Any) -> Any:
        value = text_array(value)
        if isinstance(value, (bool, int, float, list, tuple)) or hasattr(value, "iloc"):
            value = np.asarray(value)
        if not hasattr(value, "shape"):
            raise TypeError(
                f"{layer_label(self)}: the feature {key!r} must be a number, a text or "
                f"an array; received {value!r} of type {type(value).__name__}."
            )
        rank = len(value.shape)
        if rank > 1:
            return value
        if isinstance(value, np.ndarray):
            return value.reshape(-1, 1)
        return ops.reshape(value, (-1, 1))

    # Encoding

    def get_inputs(self) -> dict[str, KerasTensor]:
        """The symbolic inputs, one for each feature, to build a model from."""
        self._check_adapted()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """The symbolic vectors that belong to `get_inputs`, to build a model from."""
        self._check_adapted()
        return self.encoded_features

    def _check_adapted(self) -> None:
        if self._space is not None:
            return
        needed = [
            key
            for key, layer in self.preprocessors.items()
            if isinstance(layer, AdaptedLayer) and layer.adapts
        ]
        if needed:
            raise ValueError(
                f"{layer_label(self)}: call `adapt` on data first; the features "
                f"{needed} have nothing learned yet."
            )
        self._encode()

    def _encode(self) -> None:
        """Build the graph from the raw values to the vectors."""
        with backend_scope(self._backend):
            numbers = {
                key: self.preprocessors[key](x) for key, x in self.inputs.items()
            }
            crossed = {
                cross.name: self.crossers[cross.name](
                    [numbers[name] for name in cross.feature_names]
                )
                for cross in self.crosses
            }

            parts = {
                key: self._vector(key, self.features[key], numbers[key])
                for key in sorted(numbers)
            }
            for key, x in crossed.items():
                parts[key] = self._vector(key, self.crosses_by_name[key], x)
            self.encoded_features = parts
            if self.output_mode == "concat":
                self.encoded_features = self._concatenated(parts)

        self._space = Graph(self.inputs, self.encoded_features, layer_label(self))
        self.built = True

    def _vector(
        self, key: str, feature: Feature | Cross, x: KerasTensor
    ) -> KerasTensor:
        """One feature in the form in which it is returned."""
        if feature.output_mode != "one_hot":
            return x
        if not dtypes.is_int_dtype(x.dtype):
            raise ValueError(
                f"{layer_label(self)}: the feature {key!r} has "
                "`output_mode='one_hot'`, so its preprocessor must return integers; "
                f"it returns {x.dtype}."
            )
        if key not in self.one_hot_encoders:
            layer = self.crossers.get(key) or self.preprocessors[key]
            self.one_hot_encoders[key] = layers.CategoryEncoding(
                _number_of_categories(layer, key), output_mode="multi_hot"
            )
        return self.one_hot_encoders[key](x)

    def _concatenated(self, parts: dict[str, KerasTensor]) -> KerasTensor:
        for key, x in parts.items():
            if not dtypes.is_float_dtype(x.dtype):
                raise ValueError(
                    f"{layer_label(self)}: the feature {key!r} is of type {x.dtype} "
                    "and cannot be part of a vector of floats. Give it "
                    "`output_mode='one_hot'`, or the space `output_mode='dict'`."
                )
        if self.concat is None:
            self.concat = layers.Concatenate(axis=-1)
        values = list(parts.values())
        return self.concat(values) if len(values) > 1 else values[0]

    # Calling

    def __call__(self, data: Any) -> Any:
        """The vectors of rows.

        Args:
            data: a dict of features: arrays of rows, `(rows,)` or `(rows, 1)`, or
                single values for one row.

        Returns:
            `(rows, size)`, for a single row `(size,)`; or a dict of these.
        """
        if any(isinstance(x, KerasTensor) for x in tree.flatten(data)):
            self._check_adapted()
            return super().__call__(data)
        self._check_adapted()
        with backend_scope(self._backend_for(data)):
            columns = self._columns(data)
            out = self.call(columns)

        given = [x for x in data.values() if hasattr(x, "shape") and len(x.shape)]
        is_single = not given and not any(
            isinstance(x, (list, tuple)) for x in data.values()
        )
        return tree.map_structure(lambda x: x[0], out) if is_single else out

    def call(self, data: Any) -> Any:
        """The vectors of columns."""
        assert self._space is not None
        space = self._space
        values = space.plan.run([data[key] for key in self.features], call_here)
        return tree.pack_sequence_as(space.outputs_struct, values)

    def compute_output_spec(self, data: Any) -> Any:
        """The symbolic vectors of symbolic columns."""
        assert self._space is not None
        return self._space.symbolic(data, layer_label(self))

    def symbolic_call(self, data: Any) -> Any:
        """Add the layers of the space to the graph that the columns belong to."""
        assert self._space is not None
        return self._space.run(data, layer_label(self))

    # Saving

    def get_config(self) -> dict[str, Any]:
        return {
            "features": {
                key: serialize_keras_object(f) for key, f in self.features.items()
            },
            "output_mode": self.output_mode,
            "crosses": [serialize_keras_object(cross) for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FeatureSpace:
        """A space like the one `config` was taken from."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any] | None:
        """How each preprocessor was built."""
        return {
            key: layer.get_build_config() or {}
            for key, layer in self.preprocessors.items()
        }

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build the preprocessors, and what stands on them."""
        for key, layer in self.preprocessors.items():
            if not layer.built:
                layer.build_from_config((config or {}).get(key))
        self._encode()

    def save(self, filepath: Any) -> None:
        """Save the space, with what it has learned, to a `.keras` file.

        `keras.models.load_model` loads it.

        Args:
            filepath: a path that ends in `.keras`.
        """
        from keras.saving import save_model

        save_model(self, filepath)

    def save_own_variables(self, store: Any) -> None:
        """Nothing: what was learned belongs to the preprocessors."""

    def load_own_variables(self, store: Any) -> None:
        """Nothing: what was learned belongs to the preprocessors."""


_KINDS = (
    "float",
    "float_rescaled",
    "float_normalized",
    "float_discretized",
    "integer_categorical",
    "string_categorical",
    "integer_hashed",
    "string_hashed",
)


def _name(name: str | None, kind: str) -> str:
    from keras.core.naming import auto_name

    return f"{name or auto_name(kind)}_preprocessor"


def _number_of_categories(layer: Any, key: str) -> int:
    """How many integers a preprocessor may return."""
    sizes: tuple[Callable[[], Any], ...] = (
        lambda: layer.vocabulary_size(),
        lambda: len(layer.bin_boundaries) + 1,
        lambda: layer.num_bins,
        lambda: layer.num_tokens,
    )
    names = ("vocabulary_size", "bin_boundaries", "num_bins", "num_tokens")
    for name, size in zip(names, sizes):
        if getattr(layer, name, None) is not None:
            return size()
    raise ValueError(
        f"FeatureSpace: the feature {key!r} has `output_mode='one_hot'`, but how many "
        f"categories {type(layer).__name__} gives is not known. Return vectors and use "
        "`output_mode='float'`."
    )
