"""Models as estimators: scikit-learn's own checks, and what they mean for models."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import keras
from keras.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

pytestmark = pytest.mark.gradients
RNG = np.random.RandomState(0)
X = RNG.randn(60, 4)
LABELS = np.array(["b", "a", "c"])[(X[:, 0] > 0) + (X[:, 1] > 0).astype(int)]
NUMBERS = X @ [1.0, -2.0, 0.5, 0.0]


def dense(X, y, loss="mse", units=10, rate=0.05):
    """A small model for data of any size."""
    layers = [keras.Input((X.shape[1],)), keras.layers.Dense(units, "relu")]
    outputs = y.shape[1] if y.ndim > 1 else 1
    activation = "softmax" if loss == "categorical_crossentropy" else None
    layers.append(keras.layers.Dense(outputs, activation))
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(rate), loss)
    return model


def classifier(**options):
    fit_kwargs = {"epochs": 40, "verbose": 0, "batch_size": 64}
    options = {"random_state": 0, "fit_kwargs": fit_kwargs, **options}
    model_kwargs = {"loss": "categorical_crossentropy", "units": 16}
    return SKLearnClassifier(dense, model_kwargs=model_kwargs, **options)


def regressor(**options):
    fit_kwargs = {"epochs": 60, "verbose": 0, "batch_size": 64}
    options = {"random_state": 0, "fit_kwargs": fit_kwargs, **options}
    return SKLearnRegressor(dense, **options)


def transformer(**options):
    options = {"random_state": 0, "fit_kwargs": {"verbose": 0}, **options}
    return SKLearnTransformer(dense, **options)


class GoodClassifier(SKLearnClassifier):
    """Claims to classify well, so that its accuracy is checked too."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = False
        return tags


class GoodRegressor(SKLearnRegressor):
    """Claims to predict well, so that its score is checked too."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = False
        return tags


def good_classifier():
    return GoodClassifier(**classifier().get_params(deep=False))


def good_regressor():
    return GoodRegressor(**regressor().get_params(deep=False))


@pytest.mark.long
@pytest.mark.parametrize(
    "make", [good_classifier, good_regressor, transformer], ids=lambda f: f.__name__
)
def test_check_estimator(backend, make):
    """All of scikit-learn's checks; left out is what needs an environment variable."""
    results = check_estimator(make(), on_fail=None, on_skip=None)
    others = {
        r["check_name"]: r["exception"] for r in results if r["status"] != "passed"
    }
    assert set(others) <= {"check_array_api_input"}, others
    assert len(results) > 40


def test_classifier(backend):
    estimator = classifier().fit(X, LABELS)
    assert estimator.classes_.tolist() == ["a", "b", "c"]
    assert estimator.score(X, LABELS) > 0.8
    scores = estimator.decision_function(X)
    np.testing.assert_allclose(scores.sum(1), 1, rtol=1e-5)
    labels = estimator.classes_[scores.argmax(1)]
    np.testing.assert_array_equal(estimator.predict(X), labels)
    assert estimator.n_features_in_ == 4
    assert estimator.epoch_ == len(estimator.history_.history["loss"]) == 40


def test_two_classes_have_one_score(backend):
    y = X[:, 0] > 0
    estimator = classifier().fit(X, y)
    scores = estimator.decision_function(X)
    assert scores.shape == (60,)
    np.testing.assert_array_equal(estimator.predict(X), scores > 0)


def test_regressor(backend):
    estimator = regressor().fit(X, NUMBERS)
    assert estimator.predict(X).shape == (60,)
    assert estimator.score(X, NUMBERS) > 0.7


def test_transformer(backend):
    """In a pipeline, with names for its features; by itself it learns its inputs."""
    y = np.c_[NUMBERS, -NUMBERS]
    estimator = transformer().set_output(transform="pandas")
    found = make_pipeline(StandardScaler(), estimator).fit_transform(X, y)
    assert list(found.columns) == ["sklearntransformer0", "sklearntransformer1"]
    assert transformer().fit(X).transform(X).shape == X.shape
    assert transformer().fit_transform(X, NUMBERS).shape == (60, 1)


def test_random_state(backend):
    """The same number gives the same model, and draws nothing from the generators."""
    keras.utils.set_random_seed(3)
    expected = keras.random.SeedGenerator().seed
    keras.utils.set_random_seed(3)

    first, second = (regressor().fit(X, NUMBERS).predict(X) for _ in range(2))
    other = regressor(random_state=1).fit(X, NUMBERS).predict(X)

    assert keras.random.SeedGenerator().seed == expected
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 1e-3


def test_without_a_state_the_global_seed_counts(backend):
    found = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        estimator = regressor(random_state=None).fit(X, NUMBERS)
        found.append([estimator.predict(X), estimator.fit(X, NUMBERS).predict(X)])
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0][0] - found[0][1]).max() > 1e-3
    assert estimator.__sklearn_tags__().non_deterministic
    assert not regressor().__sklearn_tags__().non_deterministic


def test_warm_start(backend):
    estimator = classifier(warm_start=True, fit_kwargs={"epochs": 2, "verbose": 0})
    model = estimator.fit(X, LABELS).model_
    assert estimator.fit(X[:10], LABELS[:10]).model_ is model
    assert estimator.epoch_ == 4
    with pytest.raises(ValueError, match="`warm_start`.*'z'"):
        estimator.fit(X, np.where(LABELS == "a", "z", LABELS))
    assert classifier().fit(X, LABELS).fit(X, LABELS).epoch_ == 40


def test_a_model_is_copied(backend):
    model = dense(X, NUMBERS)
    before = model.get_weights()
    estimator = SKLearnRegressor(model, fit_kwargs={"verbose": 0}).fit(X, NUMBERS)
    assert estimator.model_ is not model and estimator.model is model
    for found, expected in zip(model.get_weights(), before):
        np.testing.assert_array_equal(found, expected)
    assert np.abs(estimator.model_.get_weights()[0] - before[0]).max() > 0


def test_sample_weights(backend):
    """Samples that weigh nothing change nothing; pipelines pass the weights on."""
    import sklearn

    weights = np.r_[np.ones(30), np.zeros(30)]
    wrong = np.r_[NUMBERS[:30], 100 * np.ones(30)]
    found = regressor().fit(X, wrong, sample_weight=weights).predict(X[:30])
    assert np.abs(found - NUMBERS[:30]).mean() < 1

    with sklearn.config_context(enable_metadata_routing=True):
        inner = regressor().set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, inner)
        pipeline.fit(X, wrong, sample_weight=weights)
    assert np.abs(pipeline.predict(X[:30]) - NUMBERS[:30]).mean() < 1


def test_copies(backend):
    estimator = classifier().fit(X, LABELS)
    expected = estimator.decision_function(X)
    for other in (pickle.loads(pickle.dumps(estimator)), copy.deepcopy(estimator)):
        np.testing.assert_allclose(other.decision_function(X), expected, rtol=1e-6)
    other = clone(estimator)
    assert repr(other) == repr(estimator) and not hasattr(other, "model_")


def test_search_and_frames(backend):
    frame = pd.DataFrame(X, columns=list("abcd"))
    search = GridSearchCV(
        regressor(), {"model_kwargs": [{"units": 2}, {"units": 16}]}, cv=2
    )
    search.fit(frame, NUMBERS)
    assert search.best_params_["model_kwargs"]["units"] == 16
    assert search.best_estimator_.feature_names_in_.tolist() == list("abcd")


@pytest.mark.parametrize(
    ("estimator", "error", "words"),
    [
        (SKLearnRegressor(3), TypeError, "SKLearnRegressor.*received 3"),
        (SKLearnRegressor(lambda X, y: 3), TypeError, "gives 3"),
        (
            SKLearnRegressor(lambda X, y: keras.Sequential()),
            RuntimeError,
            "must be compiled",
        ),
        (SKLearnRegressor(dense, model_kwargs={"unit": 1}), TypeError, "unit"),
    ],
)
def test_mistakes(estimator, error, words):
    with pytest.raises(error, match=words):
        estimator.fit(X, NUMBERS)


def test_more_mistakes(backend):
    model = dense(X, NUMBERS)
    with pytest.raises(ValueError, match="`model_kwargs`"):
        SKLearnRegressor(model, model_kwargs={"units": 1}).fit(X, NUMBERS)
    with pytest.raises(NotFittedError):
        regressor().predict(X)
    with pytest.raises(ValueError, match="2d|1d"):
        classifier().fit(X, X)
    with pytest.raises(ValueError, match="features"):
        regressor().fit(X, NUMBERS).predict(X[:, :2])
