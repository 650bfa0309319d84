"""CallbackList: who is called, with what, and how many steps may run unseen."""

import sys
from collections.abc import MutableMapping

import numpy as np
import pytest

from keras import callbacks as all_callbacks
from keras.callbacks import (
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ProgbarLogger,
    TerminateOnNaN,
)


class Recorder(Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def on_epoch_end(self, epoch, logs):  # no defaults: called by position
        self.calls.append(("epoch", epoch, logs))

    def on_batch_end(self, batch, logs):
        self.calls.append(("batch", batch, logs))


class LazyLogs(MutableMapping):
    """Logs whose values are on a device: reading one waits."""

    def __init__(self, **values):
        self.values_, self.reads = values, 0

    def __getitem__(self, key):
        self.reads += key in self.values_
        return self.values_[key]

    def __setitem__(self, key, value):
        self.values_[key] = value

    def __delitem__(self, key):
        del self.values_[key]

    def __iter__(self):
        return iter(self.values_)

    def __len__(self):
        return len(self.values_)


def test_appends_history_and_bar_once(model):
    history, recorder = History(), Recorder()
    full = CallbackList([recorder, history], True, True, model=model, verbose=0)
    assert [type(c) for c in full.callbacks] == [Recorder, History, ProgbarLogger]
    assert model.history is history
    assert recorder.model is model
    assert recorder.params == {"verbose": 0}
    assert CallbackList(recorder).callbacks == [recorder]
    assert CallbackList().callbacks == []


def test_batch_end_has_two_names(model):
    recorder = Recorder()
    callbacks = CallbackList([recorder], model=model)
    callbacks.on_batch_end(0, {"loss": 1.0})
    callbacks.on_train_batch_end(1, {"loss": 2.0})
    assert recorder.calls == [
        ("batch", 0, {"loss": 1.0}),
        ("batch", 1, {"loss": 2.0}),
    ]


def test_logs_become_floats_and_missing_logs_an_empty_dict(model):
    recorder = Recorder()
    callbacks = CallbackList([recorder], model=model)
    array = np.ones(3)
    given = {"z": np.float32(1), "a": {"q": 2, "b": array}}
    callbacks.on_epoch_end(0, given)
    callbacks.on_epoch_end(1)
    (_, _, first), (_, _, second) = recorder.calls
    assert first == {"z": 1.0, "q": 2.0, "b": array}
    assert type(first["z"]) is type(first["q"]) is float
    assert second == {}
    assert "b" not in given


def test_all_callbacks_share_one_logs(model):
    add = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=7.0))
    history = History()
    CallbackList([add, history], model=model).on_epoch_end(0, {"loss": 1.0})
    assert history.history == {"loss": [1.0], "extra": [7.0]}


def test_lazy_logs_are_handed_on_unread(model):
    logs = LazyLogs(loss=1.0)
    recorder = Recorder()
    CallbackList([recorder], model=model).on_train_batch_end(0, logs)
    assert recorder.calls[0][2] is logs
    assert logs.reads == 0


def test_predict_outputs_stay_arrays(model):
    seen = []
    show = LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(logs))
    output = np.ones((1, 1))
    callbacks = CallbackList([show], model=model)
    callbacks.on_predict_batch_end(0, {"outputs": output})
    assert seen[0]["outputs"] is output


def test_batch_hooks_reach_only_who_overrides_them(model):
    class Loud(Callback):
        def __getattribute__(self, name):
            if name == "on_test_batch_end" and armed:
                raise AssertionError("looked up for a batch")
            return super().__getattribute__(name)

    armed = False
    callbacks = CallbackList([Loud()], model=model)
    armed = True
    callbacks.on_test_batch_end(0, {})


@pytest.mark.parametrize(
    "members, needs, steps",
    [
        ([], False, sys.maxsize),
        ([History(), EarlyStopping()], False, sys.maxsize),
        ([LambdaCallback(on_epoch_end=print)], False, sys.maxsize),
        ([LambdaCallback(on_train_batch_end=print)], True, 1),
        ([LambdaCallback(on_train_batch_begin=print)], True, 1),
        ([LambdaCallback(on_batch_begin=print)], True, 1),
        ([LambdaCallback(on_test_batch_end=print)], False, sys.maxsize),
        ([Recorder(), History()], True, 1),
        ([TerminateOnNaN()], True, 1),
        ([ModelCheckpoint("a.keras")], False, sys.maxsize),
        ([ModelCheckpoint("a.keras", save_freq=7)], False, 7),
        ([ModelCheckpoint("a.keras", save_freq=7), TerminateOnNaN()], True, 1),
    ],
)
def test_how_many_steps_may_run(model, members, needs, steps):
    callbacks = CallbackList(members, model=model)
    assert callbacks.asks_each_batch() is needs
    assert callbacks.steps_until_batch_end(0) == steps
    has_end_hook = needs and not _has_only_begin_hooks(members)
    assert callbacks.batch_end_due(0) is has_end_hook


def _has_only_begin_hooks(members):
    return any("begin" in name for name in vars(members[0]))


def test_due_only_for_the_mode_that_has_hooks(model):
    show = LambdaCallback(on_test_batch_end=print)
    callbacks = CallbackList([show], model=model)
    assert not callbacks.batch_end_due(0, "train")
    assert callbacks.batch_end_due(0, "test")
    assert callbacks.steps_until_batch_end(0, "test") == 1
    assert not callbacks.batch_end_due(0, "predict")


@pytest.mark.parametrize(
    "bad, message",
    [
        ([EarlyStopping], r"Did you mean `EarlyStopping\(...\)`"),
        ([print], "LambdaCallback"),
        ("x", "should be a Callback or a list of them. Received: 'x'"),
    ],
)
def test_what_is_no_callback_is_refused(bad, message):
    with pytest.raises(TypeError, match=message):
        CallbackList(bad)


def test_callback_without_super_init_works(model):
    class Careless(Callback):
        def __init__(self):
            self.seen = []

        def on_train_begin(self, logs=None):
            self.seen.append((self.model, self.params))

    careless = Careless()
    assert careless.model is None
    CallbackList([careless], model=model, epochs=1).on_train_begin()
    assert careless.seen == [(model, {"epochs": 1})]


class Counter(Callback):
    def __init__(self):
        super().__init__()
        self.count = 0

    def get_state(self):
        return {"count": self.count}

    def set_state(self, state):
        self.count = state["count"]


def test_memory_goes_by_class_and_order(model):
    one, two = Counter(), Counter()
    one.count, two.count = 1, 2
    memory = CallbackList([one, TerminateOnNaN(), two], model=model).memory()
    assert memory == {"Counter": {"count": 1}, "Counter_2": {"count": 2}}
    new = [Counter(), History(), Counter()]
    CallbackList(new, model=model).load_memory(memory)
    assert [new[0].count, new[2].count] == [1, 2]


def test_memory_without_its_callback_warns(model):
    with pytest.warns(
        UserWarning, match="used callback Counter, which is missing here"
    ):
        CallbackList([History()], model=model).load_memory({"Counter": {"count": 1}})


def test_memory_does_not_change_as_training_goes_on(train):
    history = History()
    callbacks = train([history], [{"loss": 1.0}])
    memory = callbacks.memory()
    callbacks.on_epoch_end(1, {"loss": 2.0})
    assert memory["History"]["history"] == {"loss": [1.0]}
    train([history], [{"loss": 1.0}, {"loss": 3.0}], first=1, memory=memory)
    assert memory["History"]["history"] == {"loss": [1.0]}
    assert history.history == {"loss": [1.0, 3.0]}
    assert history.epoch == [0, 1]


def test_nan_stops_at_its_batch(model, train, capsys):
    train([TerminateOnNaN()], [{"loss": 1.0}, {"loss": float("nan")}], batches=3)
    assert model.stop_training
    out = capsys.readouterr().out
    assert out == "Batch 0: Invalid loss, terminating training\n"


def test_infinity_raises_if_asked(train):
    stop = TerminateOnNaN(raise_error=True)
    with pytest.raises(RuntimeError, match="at batch 0. Loss value: inf"):
        train([stop], [{"loss": float("inf")}], batches=1)


def test_lambda_hooks_are_checked():
    with pytest.raises(TypeError, match="no hook on_epoch_ends. Hooks: on_batch_begin"):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match="on_epoch_end should be a function"):
        LambdaCallback(on_epoch_end=3)


def test_public_names_are_listed():
    assert all_callbacks.__all__ == sorted(all_callbacks.__all__)
    for name in all_callbacks.__all__:
        assert issubclass(getattr(all_callbacks, name), Callback)
