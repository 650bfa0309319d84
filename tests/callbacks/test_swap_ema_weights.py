"""SwapEMAWeights: where the weights are the moving averages, and where they are not."""

import warnings

import numpy as np
import pytest

import keras
from keras.callbacks import BackupAndRestore, Callback, ModelCheckpoint, SwapEMAWeights

pytestmark = pytest.mark.gradients
X = np.random.RandomState(0).randn(8, 3).astype("float32")
Y = X.sum(1, keepdims=True)


def small(wrap=lambda optimizer: optimizer, **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1, **options)
    model.compile(wrap(optimizer), "mse", auto_scale_loss=False)
    return model


def averaging(wrap=lambda optimizer: optimizer):
    return small(wrap, use_ema=True, ema_momentum=0.5)


class Look(Callback):
    """Notes the first weight in each hook."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __getattribute__(self, name):
        if name in ("on_epoch_begin", "on_epoch_end", "on_train_batch_end"):
            return lambda index, logs=None: self.look(name)
        if name in ("on_test_begin", "on_test_end", "on_train_end", "on_predict_begin"):
            return lambda logs=None: self.look(name)
        return super().__getattribute__(name)

    def look(self, name):
        weight = float(self.model.get_weights()[0].ravel()[0])
        self.seen.append((name.removeprefix("on_"), weight))


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_where_fit_sees_the_averages(backend, swap_on_epoch):
    model, look = averaging(), Look()
    model.layers[0].kernel.assign([[0.0]] * 3)
    model.fit(
        X,
        Y,
        epochs=2,
        validation_data=(X, Y),
        callbacks=[SwapEMAWeights(swap_on_epoch), look],
        verbose=0,
    )

    names = [name for name, _ in look.seen]
    epoch = ["epoch_begin", "train_batch_end", "test_begin", "test_end", "epoch_end"]
    assert names == [*epoch, *epoch, "train_end"]
    _, raw_1, mean_1, back_1, _, raw_1b, raw_2, mean_2, back_2, end_2, last = [
        weight for _, weight in look.seen
    ]
    assert raw_1 == mean_1 == back_1 == raw_1b  # the first average is the weight
    assert raw_2 == back_2 and mean_2 == last
    assert mean_2 == pytest.approx((raw_1 + raw_2) / 2, rel=1e-5)
    assert end_2 == (mean_2 if swap_on_epoch else raw_2)


def test_evaluate_and_predict(backend):
    model, look = averaging(), Look()
    model.optimizer.build(model.trainable_variables)
    for _ in range(2):
        model.train_on_batch(X, Y)
    before = model.get_weights()[0]
    means = [v.numpy() for v in model.optimizer._averages]
    losses = {}
    for callbacks in ([], [SwapEMAWeights(), look]):
        options = {"callbacks": callbacks, "verbose": 0}
        losses[bool(callbacks)] = model.evaluate(X, Y, **options)
        predicted = model.predict(X, **options)

    kernel, bias = means
    np.testing.assert_allclose(predicted, X @ kernel + bias, rtol=1e-5, atol=1e-6)
    error = np.mean((X @ kernel + bias - Y) ** 2)
    assert losses[True] == pytest.approx(error, rel=1e-5)
    assert losses[False] != pytest.approx(error, rel=1e-3)
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_a_checkpoint_of_the_averages(backend, tmp_path):
    model = averaging()
    save = ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True)
    model.fit(X, Y, epochs=3, callbacks=[SwapEMAWeights(True), save], verbose=0)

    again = averaging()
    again.load_weights(tmp_path / "3.weights.h5")

    for v, w in zip(model.weights, again.weights):
        np.testing.assert_array_equal(v.numpy(), w.numpy())


@pytest.mark.parametrize("kind", ["loss_scale", "multi"])
def test_wrapped_optimizers(backend, kind):
    optimizers = keras.optimizers

    def wrap(optimizer):
        if kind == "loss_scale":
            return optimizers.LossScaleOptimizer(optimizer)
        return optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizer))

    found = []
    for model in (averaging(), averaging(wrap)):
        look = Look()
        callbacks = [SwapEMAWeights(swap_on_epoch=True), look]
        model.fit(X, Y, epochs=3, callbacks=callbacks, verbose=0)
        found.append([weight for _, weight in look.seen])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)


def test_without_averages_it_says_so(backend):
    model = small()
    with pytest.warns(UserWarning, match="use_ema=True"):
        model.fit(X, Y, validation_data=(X, Y), callbacks=[SwapEMAWeights()], verbose=0)


class Stop(BaseException):
    """Ends a run in the middle."""


def test_a_run_that_was_killed_goes_on_exactly(backend, tmp_path):
    def run(stop_after=None):
        def begin(epoch, logs):
            if epoch == stop_after:
                raise Stop

        model = averaging()
        callbacks = [
            keras.callbacks.LambdaCallback(on_epoch_begin=begin),
            SwapEMAWeights(swap_on_epoch=True),
        ]
        if stop_after is not None or (tmp_path / "b").exists():
            callbacks.append(BackupAndRestore(tmp_path / "b"))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(X, Y, batch_size=3, epochs=4, callbacks=callbacks, verbose=0)
        return model

    whole = run()
    with pytest.raises(Stop):
        run(stop_after=2)
    resumed = run()

    for v, w in zip(
        [*whole.weights, *whole.optimizer.variables],
        [*resumed.weights, *resumed.optimizer.variables],
    ):
        np.testing.assert_array_equal(v.numpy(), w.numpy(), err_msg=v.path)
