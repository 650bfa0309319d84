"""Estimators of scikit-learn around models, which pass its `check_estimator`.

Scikit-learn wants its own base classes, so it is imported with this module. Where it is
not installed the classes are there all the same, and say what to install when one of
them is made.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from keras.core.errors import optional_import
from keras.models import Model
from keras.random.streams import set_streams, streams
from keras.utils.session import set_random_seed

try:
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        ClassNamePrefixFeaturesOutMixin,
        RegressorMixin,
        TransformerMixin,
    )
except ImportError:

    class BaseEstimator:  # type: ignore[no-redef]
        """What says what to install."""

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            optional_import("sklearn", "sklearn", cls.__name__)

    class ClassifierMixin: ...  # type: ignore[no-redef]

    class RegressorMixin: ...  # type: ignore[no-redef]

    class TransformerMixin: ...  # type: ignore[no-redef]

    class ClassNamePrefixFeaturesOutMixin: ...  # type: ignore[no-redef]


class _Estimator(BaseEstimator):
    """What the estimators share: making the model, training it, asking it."""

    model_: Model
    classes_: np.ndarray
    history_: Any

    # What a pipeline may be asked to pass: `set_fit_request(sample_weight=True)`.
    __metadata_request__fit = {"sample_weight": None}

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
        random_state: Any = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs
        self.random_state = random_state

    @property
    def epoch_(self) -> int:
        """How many epochs `model_` was trained for, over all calls of `fit`."""
        return self._epochs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Self:
        """Train a new model, or with `warm_start` the one there is.

        Args:
            X: an array (samples, features).
            y: targets, an array (samples,).
            **kwargs: arguments of `Model.fit`, such as `sample_weight`. They come
                before those of `fit_kwargs`.
        """
        is_new = not (self.warm_start and hasattr(self, "model_"))
        X, y = self._checked(X, y, is_new)
        target = self._target(y, is_new)
        options = {**(self.fit_kwargs or {}), **kwargs}

        with self._seeded():
            if is_new:
                self.model_ = self._make_model(X, target)
                self._epochs = 0
            self.history_ = self.model_.fit(X, target, **options)
        self._epochs += len(self.history_.epoch)
        return self

    def _checked(self, X: Any, y: Any, is_new: bool) -> tuple[Any, Any]:
        """The data as scikit-learn checks them; a new model says how many features."""
        from sklearn.utils.validation import validate_data

        return validate_data(self, X, y, reset=is_new)

    def _target(self, y: Any, is_new: bool) -> np.ndarray:
        """The targets that the model is trained on."""
        raise NotImplementedError

    def _make_model(self, X: np.ndarray, y: np.ndarray) -> Model:
        """A model of its own: from the function given, or a copy of the model given."""
        who = type(self).__name__
        options = self.model_kwargs or {}
        if isinstance(self.model, Model):
            if options:
                raise ValueError(
                    f"{who}: `model_kwargs` are for a function that makes the model, "
                    f"and `model` is a model already; received {options!r}."
                )
            model = copy.deepcopy(self.model)
        elif callable(self.model):
            model = self.model(X, y, **options)
        else:
            model = self.model

        if not isinstance(model, Model):
            raise TypeError(
                f"{who}: `model` must be a model or a function (X, y, ...) that makes "
                f"one; received {self.model!r}, which gives {model!r}."
            )
        if not model.compiled or model.loss is None or model.optimizer is None:
            raise RuntimeError(
                f"{who}: the model must be compiled with a loss and an optimizer; "
                f"received {model!r}. Call its `compile` first."
            )
        return model

    @contextlib.contextmanager
    def _seeded(self) -> Iterator[None]:
        """All draws inside depend on `random_state`, and disturb none outside."""
        if self.random_state is None:
            yield
            return
        from sklearn.utils import check_random_state

        seed = check_random_state(self.random_state).randint(2**31 - 1)
        before = streams()
        set_random_seed(seed)
        try:
            yield
        finally:
            set_streams(before)

    def _outputs(self, X: Any) -> np.ndarray:
        """What the model returns."""
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False)
        return np.asarray(self.model_.predict(X, verbose=0))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = self.random_state is None
        return tags


class SKLearnClassifier(ClassifierMixin, _Estimator):
    """A model as a classifier of scikit-learn.

    The model is trained on one-hot targets, also for two classes: it has an output for
    each class, and a loss such as "categorical_crossentropy". It passes scikit-learn's
    `check_estimator`, can be cloned and pickled, and works in pipelines and searches.

    Args:
        model: a compiled model, of which each `fit` trains a copy; or a function
            `(X, y, **model_kwargs)` that makes one. Its `y` is the one-hot target.
        warm_start: whether `fit` goes on with the model of the last `fit`.
        model_kwargs: keyword arguments for the function.
        fit_kwargs: arguments for `Model.fit`, such as `{"epochs": 10, "verbose": 0}`.
        random_state: an integer or `numpy.random.RandomState` that determines the
            initial weights, shuffling and dropout of `fit`; None for
            `keras.utils.set_random_seed`'s generators.

    Attributes:
        model_: the trained model.
        history_: the `History` of the last `fit`.
        epoch_: how many epochs the model was trained for.
        classes_: the labels.

    Example:
        >>> def make(X, y, units=8):
        ...     model = keras.Sequential([
        ...         keras.layers.Dense(units, activation="relu"),
        ...         keras.layers.Dense(y.shape[1], activation="softmax"),
        ...     ])
        ...     model.compile(keras.optimizers.Adam(0.1), "categorical_crossentropy")
        ...     return model
        >>> classifier = keras.wrappers.SKLearnClassifier(
        ...     make, fit_kwargs={"epochs": 20, "verbose": 0}, random_state=0)
        >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> classifier.fit(X, ["low", "low", "high", "high"]).predict([[0.0], [3.0]])
        array(['low', 'high'], dtype='<U4')
    """

    def _target(self, y: Any, is_new: bool) -> np.ndarray:
        from sklearn.utils.multiclass import check_classification_targets
        from sklearn.utils.validation import column_or_1d

        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        if is_new:
            self.classes_ = np.unique(y)
        elif unknown := set(y.tolist()) - set(self.classes_.tolist()):
            raise ValueError(
                f"{type(self).__name__}: with `warm_start` the classes must be those "
                f"of the first fit, {self.classes_.tolist()}; received {unknown} too."
            )
        place = np.searchsorted(self.classes_, y)
        return np.eye(len(self.classes_), dtype="float32")[place]

    def decision_function(self, X: Any) -> np.ndarray:
        """What the model returns: the scores of the classes.

        Args:
            X: an array (samples, features).

        Returns:
            An array (samples, classes); for two classes, as usual in scikit-learn, an
            array (samples,): by how much the second class is ahead.
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def predict(self, X: Any) -> np.ndarray:
        """The label of the highest score for each sample.

        Args:
            X: an array (samples, features).
        """
        place = self._outputs(X).argmax(axis=1)
        return self.classes_[place]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # the model may be any
        return tags


class SKLearnRegressor(RegressorMixin, _Estimator):
    """A model as a regressor of scikit-learn, with one number for each sample.

    It passes scikit-learn's `check_estimator`, can be cloned and pickled, and works in
    pipelines and searches.

    Args:
        model: a compiled model, of which each `fit` trains a copy; or a function
            `(X, y, **model_kwargs)` that makes one.
        warm_start: whether `fit` goes on with the model of the last `fit`.
        model_kwargs: keyword arguments for the function.
        fit_kwargs: arguments for `Model.fit`, such as `{"epochs": 10, "verbose": 0}`.
        random_state: an integer or `numpy.random.RandomState` that determines the
            initial weights, shuffling and dropout of `fit`; None for
            `keras.utils.set_random_seed`'s generators.

    Attributes:
        model_: the trained model.
        history_: the `History` of the last `fit`.
        epoch_: how many epochs the model was trained for.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.Adam(0.1), "mse")
        >>> regressor = keras.wrappers.SKLearnRegressor(
        ...     model, fit_kwargs={"epochs": 500, "verbose": 0}, random_state=0)
        >>> X = np.array([[0.0], [1.0], [2.0]])
        >>> regressor.fit(X, [1.0, 3.0, 5.0]).predict([[4.0]]).round(1)
        array([9.], dtype=float32)
    """

    def _checked(self, X: Any, y: Any, is_new: bool) -> tuple[Any, Any]:
        from sklearn.utils.validation import validate_data

        return validate_data(self, X, y, reset=is_new, y_numeric=True)

    def _target(self, y: Any, is_new: bool) -> np.ndarray:
        from sklearn.utils.validation import column_or_1d

        return column_or_1d(y, warn=True)

    def predict(self, X: Any) -> np.ndarray:
        """What the model returns, one number for each sample.

        Args:
            X: an array (samples, features).
        """
        return self._outputs(X).reshape(-1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # the model may be any
        return tags


class SKLearnTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, _Estimator):
    """A model as a transformer of scikit-learn: its outputs are new features.

    It passes scikit-learn's `check_estimator`, can be cloned and pickled, and works in
    pipelines, with `set_output` too.

    Args:
        model: a compiled model, of which each `fit` trains a copy; or a function
            `(X, y, **model_kwargs)` that makes one.
        warm_start: whether `fit` goes on with the model of the last `fit`.
        model_kwargs: keyword arguments for the function.
        fit_kwargs: arguments for `Model.fit`, such as `{"epochs": 10, "verbose": 0}`.
        random_state: an integer or `numpy.random.RandomState` that determines the
            initial weights, shuffling and dropout of `fit`; None for
            `keras.utils.set_random_seed`'s generators.

    Attributes:
        model_: the trained model.
        history_: the `History` of the last `fit`.
        epoch_: how many epochs the model was trained for.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(2)])
        >>> model.compile("sgd", "mse")
        >>> transformer = keras.wrappers.SKLearnTransformer(
        ...     model, fit_kwargs={"verbose": 0})
        >>> X = np.ones((4, 3), "float32")
        >>> transformer.fit(X, np.ones((4, 2))).transform(X).shape
        (4, 2)
    """

    def fit(self, X: Any, y: Any = None, **kwargs: Any) -> Self:
        """Train a new model, or with `warm_start` the one there is.

        Args:
            X: an array (samples, features).
            y: targets, an array (samples,) or (samples, outputs); by default `X`
                itself, as for an autoencoder.
            **kwargs: arguments of `Model.fit`, such as `sample_weight`. They come
                before those of `fit_kwargs`.
        """
        return super().fit(X, y, **kwargs)

    def _checked(self, X: Any, y: Any, is_new: bool) -> tuple[Any, Any]:
        from sklearn.utils.validation import validate_data

        if y is None:
            X = validate_data(self, X, reset=is_new)
            return X, X
        options = {"y_numeric": True, "multi_output": True}
        return validate_data(self, X, y, reset=is_new, **options)

    def _target(self, y: Any, is_new: bool) -> np.ndarray:
        return y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # the model has a dtype of its own
        return tags

    def transform(self, X: Any) -> np.ndarray:
        """What the model returns, as an array (samples, features).

        Args:
            X: an array (samples, features).
        """
        outputs = self._outputs(X)
        return outputs.reshape(len(outputs), -1)

    def predict(self, X: Any) -> np.ndarray:
        """The same as `transform`."""
        return np.asarray(self.transform(X))

    @property
    def _n_features_out(self) -> int:
        return int(np.prod(self.model_.output_shape[1:]))
