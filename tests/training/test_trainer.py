"""compile, fit, evaluate and predict, on every backend."""

import warnings

import numpy as np
import pytest

import keras
from keras import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 4)).astype("float32")
Y = (X.sum(1) > 0).astype("int32")


def small(**kwargs):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(2, "softmax")]
    )
    kwargs = {"metrics": ["accuracy"], **kwargs}
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", **kwargs
    )
    return model


@pytest.mark.gradients
def test_fit_learns_and_reports(backend):
    history = small().fit(X, Y, epochs=8, validation_split=0.2, verbose=0).history
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history["loss"][-1] < history["loss"][0]
    assert all(isinstance(v, float) for v in history["loss"])


def test_evaluate_equals_the_metrics_by_hand(backend):
    model = small()
    loss, accuracy = model.evaluate(X, Y, batch_size=32, verbose=0)
    p = model.predict(X, verbose=0)
    assert loss == pytest.approx(-np.log(p[np.arange(70), Y]).mean(), rel=1e-5)
    assert accuracy == pytest.approx((p.argmax(1) == Y).mean(), abs=1e-6)


@pytest.mark.parametrize("loss", ["bce", "cce", "scce"])
def test_accuracy_means_what_the_outputs_ask_for(loss, backend):
    units = 1 if loss == "bce" else 3
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, "sigmoid")])
    labels = {"bce": Y, "cce": np.eye(3)[Y], "scce": Y}[loss]
    names = {
        "bce": "binary_crossentropy",
        "cce": "categorical_crossentropy",
        "scce": "sparse_categorical_crossentropy",
    }
    model.compile("sgd", names[loss], metrics=[keras.metrics.Accuracy()])
    assert [m.name for m in model.metrics] == ["accuracy"]
    found = model.evaluate(X, labels, verbose=0, return_dict=True)["accuracy"]
    p = model.predict(X, verbose=0)
    guess = (p[:, 0] > 0.5) if loss == "bce" else p.argmax(1)
    assert found == pytest.approx((guess == Y).mean(), abs=1e-6)


@pytest.mark.gradients
def test_weights_of_samples_and_classes(backend):
    model = small(metrics=None, weighted_metrics=["accuracy"])
    weight = RNG.uniform(size=70).astype("float32")
    logs = model.evaluate(X, Y, sample_weight=weight, verbose=0, return_dict=True)
    p = model.predict(X, verbose=0)
    right = p.argmax(1) == Y
    assert logs["accuracy"] == pytest.approx(
        (right * weight).sum() / weight.sum(), 1e-4
    )
    start = model.get_weights()
    model.fit(X, Y, class_weight={0: 0.0, 1: 2.0}, shuffle=False, verbose=0)
    by_class = model.get_weights()
    model = small()
    model.set_weights(start)
    model.fit(X, Y, sample_weight=2.0 * (Y == 1), shuffle=False, verbose=0)
    for a, b in zip(by_class, model.get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.gradients
def test_an_own_train_step_is_one_text_for_all_backends(backend):
    class Model(keras.Model):
        def train_step(self, data):
            x, y = data

            def loss():
                return ops.mean((self(x, training=True) - y) ** 2)

            value, grads = ops.value_and_grad(loss, self.trainable_variables)()
            self.optimizer.apply(grads, self.trainable_variables)
            return {"mine": value}

    x = keras.Input((4,))
    model = Model(x, layers.Dense(2)(x))
    model.compile("sgd")

    def error():
        return np.mean((model.predict(X, verbose=0) - X[:, :2]) ** 2)

    before = error()
    history = model.fit(X, X[:, :2], epochs=5, verbose=0).history
    assert list(history) == ["mine"] and error() < before


@pytest.mark.gradients
def test_freezing_after_compile_is_not_ignored(backend):
    model = small()
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    before = [w.copy() for w in model.get_weights()]
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert abs(before[2] - after[2]).max() > 0
    model.layers[0].trainable = True
    model.fit(X, Y, verbose=0)
    assert abs(before[0] - model.get_weights()[0]).max() > 0


@pytest.mark.gradients
def test_a_hyperparameter_takes_effect_at_once(backend):
    model = small()
    model.fit(X, Y, verbose=0)
    before = model.get_weights()
    model.optimizer.learning_rate = 0.0
    model.fit(X, Y, verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.gradients
def test_callbacks_see_and_edit_live_weights(backend):
    class Zero(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.weights[0].assign(np.zeros((4, 8)))

    model = small()
    model.fit(X, Y, verbose=0, callbacks=[Zero()])
    assert abs(model.get_weights()[0]).max() == 0


@pytest.mark.gradients
def test_run_eagerly_computes_the_same(backend):
    results = []
    for eager in (False, True):
        model = small(run_eagerly=eager)
        results.append(model.fit(X, Y, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(*results, rtol=1e-5)


@pytest.mark.gradients
def test_generators_dicts_and_steps(backend):
    def batches():
        while True:
            yield X[:16], Y[:16]

    model = small()
    history = model.fit(batches(), steps_per_epoch=3, epochs=2, verbose=0).history
    assert len(history["loss"]) == 2
    assert int(model.optimizer.iterations) == 6
    model.fit(X, Y, epochs=4, initial_epoch=3, verbose=0, batch_size=35)
    assert int(model.optimizer.iterations) == 8


@pytest.mark.gradients
def test_single_batches(backend):
    model = small()
    first = model.train_on_batch(X, Y, return_dict=True)
    assert set(first) == {"loss", "accuracy"}
    assert model.predict_on_batch(X[:3]).shape == (3, 2)
    assert len(model.test_on_batch(X, Y)) == 2


def test_add_loss_and_regularizers_count_once(backend):
    class Penalty(keras.layers.Layer):
        def call(self, x):
            self.add_loss(0.5 * ops.sum(x**2))
            return x

    model = keras.Sequential(
        [keras.Input((4,)), Penalty(), layers.Dense(1, kernel_regularizer="l2")]
    )
    model.compile("sgd", "mse")
    y = X[:, :1]
    loss = model.evaluate(X, y, batch_size=70, verbose=0)
    w = model.get_weights()[0]
    mse = np.mean((model.predict(X, verbose=0) - y) ** 2)
    assert loss == pytest.approx(mse + 0.5 * (X**2).sum() + 0.01 * (w**2).sum(), 1e-4)
    assert len(model.losses) == 1  # the regularizer alone: nothing is left over


@pytest.mark.gradients
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_mixed_precision_trains(policy, backend):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, "relu", dtype=policy),
            layers.Dense(1, dtype=policy),
        ]
    )
    model.dtype_policy = keras.DTypePolicy(policy)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer) == (
        policy == "mixed_float16"
    )
    history = model.fit(X, X.sum(1), epochs=6, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]
    wanted = "bfloat16" if policy == "bfloat16" else "float32"
    assert {w.dtype for w in model.weights} == {wanted}


@pytest.mark.gradients
def test_the_loss_joins_the_metrics_when_training_begins(backend):
    model = small()
    assert [m.name for m in model.metrics] == ["accuracy"]
    model.train_on_batch(X, Y)
    assert [m.name for m in model.metrics] == ["loss", "accuracy"]


def test_predict_keeps_the_models_structure(backend):
    x = keras.Input((4,))
    model = keras.Model(x, [layers.Dense(1)(x), {"b": layers.Dense(2)(x)}])
    first, second = model.predict(X, batch_size=32, verbose=0)
    assert first.shape == (70, 1) and second["b"].shape == (70, 2)


@pytest.mark.gradients
def test_the_cap_on_steps_holds_in_fit_evaluate_and_predict(backend):
    class Counter(keras.callbacks.Callback):
        trained = tested = 0

        def on_train_batch_end(self, batch, logs=None):
            self.trained += 1

        def on_test_batch_end(self, batch, logs=None):
            self.tested += 1

    counter, model = Counter(), small()
    keras.config.set_max_steps_per_epoch(2)
    try:
        model.fit(X, Y, batch_size=10, epochs=3, callbacks=[counter], verbose=0)
        model.evaluate(X, Y, batch_size=10, callbacks=[counter], verbose=0)
        rows = len(model.predict(X, batch_size=10, verbose=0))
    finally:
        keras.config.set_max_steps_per_epoch(None)
    assert (counter.trained, counter.tested, rows) == (6, 2, 20)


@pytest.mark.gradients
def test_class_weight_is_compared_with_the_classes(backend):
    """A class without a weight warns; a weight without a class raises."""
    model = small()
    with pytest.warns(UserWarning, match=r"no weight for these classes in `y`: 1\."):
        model.fit(X, Y, class_weight={0: 2.0}, verbose=0)
    with pytest.raises(ValueError, match=r"classes \[2, 7\].*2 classes, from 0 to 1"):
        model.fit(X, Y, class_weight={0: 1.0, 1: 2.0, 2: 1.0, 7: 1.0}, verbose=0)

    one_hot = np.eye(2)[Y]
    model.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ValueError, match=r"classes \[2\]"):
        model.fit(X, one_hot, class_weight={0: 1.0, 1: 2.0, 2: 1.0}, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, one_hot, class_weight={0: 1.0, 1: 2.0}, verbose=0)


@pytest.mark.gradients
def test_fit_ends_with_the_moving_averages(backend):
    """As in Keras: the weights are the averages before `on_train_end`."""
    seen = []
    model = small()
    model.compile(
        keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5),
        "sparse_categorical_crossentropy",
    )
    look = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()[0]),
        on_train_end=lambda logs: seen.append(model.get_weights()[0]),
    )

    model.fit(X, Y, batch_size=70, epochs=2, callbacks=[look], verbose=0)

    first, second, last = seen
    np.testing.assert_allclose(last, (first + second) / 2, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(model.get_weights()[0], last)
