"""LearningRateScheduler and ReduceLROnPlateau, against Keras 3.15.1."""

import types

import numpy as np
import pytest

from keras.callbacks import History, LearningRateScheduler, ReduceLROnPlateau
from keras.core.variable import Variable

PLATEAU = (3, 2, 2, 2, 2, 2, 2, 2, 2)
# arguments, validation losses; in Keras: the epochs of reductions, the last rate
CASES = [
    (dict(patience=2, factor=0.5), PLATEAU, [4, 6, 8], 0.0125),
    (dict(patience=1, factor=0.5, cooldown=2), PLATEAU, [3, 5, 7, 9], 0.00625),
    (dict(patience=1, factor=0.1, min_lr=0.02), PLATEAU, [3], 0.02),
    (dict(patience=0, factor=0.5), (3, 2, 2, 1), [3], 0.05),
]


@pytest.mark.parametrize("arguments, values, epochs, last", CASES)
def test_reduces_where_keras_does(
    model, train, losses, capsys, arguments, values, epochs, last
):
    train([ReduceLROnPlateau(verbose=1, **arguments)], losses(*values))
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split(":")[0].split()[1]) for line in lines] == epochs
    assert model.optimizer.learning_rate.numpy() == np.float32(last)


def test_reduces_when_accuracy_stays(model, train):
    rows = [{"acc": v} for v in (0.1, 0.2, 0.2, 0.2, 0.3, 0.3)]
    train([ReduceLROnPlateau("acc", patience=1, factor=0.5)], rows)
    assert model.optimizer.learning_rate.numpy() == np.float32(0.0125)


def test_reduction_is_said_in_the_words_of_keras(train, losses, capsys):
    train([ReduceLROnPlateau(verbose=1, patience=1, factor=0.5)], losses(1, 1))
    assert capsys.readouterr().out == (
        "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.05000000074505806.\n"
    )


def test_both_add_the_rate_to_the_logs(train, losses):
    for callback in (ReduceLROnPlateau(), LearningRateScheduler(lambda epoch: 0.1)):
        history = History()
        train([callback, history], losses(1))
        assert history.history["learning_rate"] == [float(np.float32(0.1))]


def test_missing_metric_warns_once(train):
    with pytest.warns(UserWarning, match="`val_loss`.*loss,learning_rate") as caught:
        train([ReduceLROnPlateau()], [{"loss": 1.0}] * 3)
    assert len(caught) == 1


@pytest.mark.parametrize("cut", [1, 3, 4, 6])
def test_a_resumed_run_reduces_as_the_whole_one(model, train, losses, cut):
    rows = losses(*PLATEAU)
    make = lambda: ReduceLROnPlateau(patience=2, factor=0.5, cooldown=1)  # noqa: E731
    train([make()], rows)
    expected = model.optimizer.learning_rate.numpy()
    model.optimizer.learning_rate.assign(0.1)
    killed = train([make()], rows[:cut], end=False)
    train([make()], rows, first=cut, memory=killed.memory())
    assert model.optimizer.learning_rate.numpy() == expected < 0.1


def test_factor_must_be_below_one():
    with pytest.raises(ValueError, match="factor >= 1.0. Received factor=1.0"):
        ReduceLROnPlateau(factor=1.0)


@pytest.mark.parametrize(
    "schedule, last",
    [
        (lambda epoch: 0.01 * (epoch + 1), 0.02),
        (lambda epoch, lr: lr * 0.5, 0.025),
        (lambda epoch: np.float32(0.3), 0.3),
        (lambda epoch: np.array(0.3), 0.3),
    ],
)
def test_schedules(model, train, losses, schedule, last):
    train([LearningRateScheduler(schedule)], losses(1, 1))
    assert model.optimizer.learning_rate.numpy() == np.float32(last)


def test_scheduler_tells(train, losses, capsys):
    train([LearningRateScheduler(lambda epoch: 0.01, verbose=1)], losses(1))
    assert capsys.readouterr().out == (
        "Epoch 1: LearningRateScheduler setting learning rate to 0.01.\n"
    )


def test_an_error_inside_the_schedule_is_not_hidden(train, losses):
    def schedule(epoch, lr):
        return lr + "x"

    with pytest.raises(TypeError, match="unsupported operand"):
        train([LearningRateScheduler(schedule)], losses(1))


@pytest.mark.parametrize("result", ["x", "0.1", None, [0.1, 0.2]])
def test_schedule_must_return_a_number(train, losses, result):
    with pytest.raises(ValueError, match="should be a float. Got"):
        train([LearningRateScheduler(lambda epoch: result)], losses(1))


def test_an_optimizer_with_a_schedule_is_refused(model, train, losses):
    model.optimizer = types.SimpleNamespace(learning_rate=np.float32(0.1))
    with pytest.raises(TypeError, match="created with a `LearningRateSchedule`"):
        train([LearningRateScheduler(lambda epoch: 0.1)], losses(1))


def test_a_model_without_an_optimizer_is_refused(model, train, losses):
    model.optimizer = None
    with pytest.raises(ValueError, match="Call `model.compile"):
        train([ReduceLROnPlateau()], losses(1))


def test_the_rate_of_every_backend_is_set(backend, model, train, losses):
    model.optimizer.learning_rate = Variable(0.1, dtype="float32")
    train([LearningRateScheduler(lambda epoch, lr: lr / 2)], losses(1, 1))
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.025)
