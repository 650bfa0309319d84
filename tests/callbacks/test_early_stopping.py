"""EarlyStopping, against what Keras 3.15.1 did with the same losses."""

import json
import math
import re

import numpy as np
import pytest

from keras.callbacks import EarlyStopping
from keras.callbacks.monitor import direction_of

NAN = math.nan
# arguments, validation losses; in Keras: epochs run, best, wait, stopped_epoch
CASES = [
    (dict(patience=2), (3, 2, 2.5, 1.5, 1.6, 1.7, 1.8), (6, 1.5, 2, 5)),
    (dict(patience=20), (3, 2, 2.5, 1.5, 1.6), (5, 1.5, 1, 0)),
    (dict(patience=0), (3, 3, 2), (2, 3, 1, 1)),
    (dict(patience=1, start_from_epoch=3), (1, 5, 5, 4, 3.5, 3.6, 3.7), (6, 3.5, 1, 5)),
    (dict(patience=1, start_from_epoch=9), (1, 5, 5, 4), (4, None, 0, 0)),
    (dict(patience=2, baseline=1.0), (3, 2, 1.5, 0.5, 0.6, 0.7, 0.8), (6, 0.5, 2, 5)),
    (
        dict(patience=5, baseline=1.0),
        (3, 2, 1.5, 0.5, 0.6, 1.2, 0.9, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1),
        (13, 0.4, 5, 12),
    ),
    (dict(patience=2, min_delta=0.1), (3, 2.95, 2.9, 2.89, 2.85), (3, 3, 2, 2)),
    (dict(patience=2), (3, NAN, 2, NAN, NAN), (5, 2, 2, 4)),
]


@pytest.mark.parametrize("arguments, values, expected", CASES)
def test_stops_where_keras_stops(model, train, losses, arguments, values, expected):
    stop = EarlyStopping(**arguments)
    train([stop], losses(*values))
    assert (model.weight, stop.best, stop.wait, stop.stopped_epoch) == expected


def test_tells_of_improvements_and_the_stop(train, losses, capsys):
    stop = EarlyStopping(patience=2, verbose=1, restore_best_weights=True)
    train([stop], losses(0.64103, 0.6, 0.7, 0.8))
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "Epoch 1: val_loss improved from inf to 0.64103",
        "Epoch 2: val_loss improved from 0.64103 to 0.60000",
        "Epoch 4: early stopping",
        "Restoring model weights from the end of the best epoch: 2.",
    ]
    assert re.search(r"^Epoch 1: .*val_loss.*\binf\b.*\d\.\d+", out, re.M)


def test_is_silent_by_default(train, losses, capsys):
    train([EarlyStopping()], losses(1, 2))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments, values, best",
    [
        # The fake model trains in place, so a best that is not a copy would follow.
        (dict(patience=2), (3, 1, 2, 2, 2), 2),
        (dict(patience=9), (3, 1, 2, 2, 2), 2),  # training ends by itself
        (dict(patience=1, start_from_epoch=2), (0, 1, 5, 4, 6, 7), 4),
        (dict(patience=9, start_from_epoch=2), (0, 1, 5, 4, 6, 7), 4),
        (dict(patience=9, start_from_epoch=9), (0, 1, 5), 3),  # nothing to restore
        (dict(patience=3, baseline=0.5), (3, 1, 2, 2, 2), 2),  # never that good
        (dict(patience=1), (NAN, NAN, NAN), 1),
    ],
)
def test_restores_the_best_weights(model, train, losses, arguments, values, best):
    train([EarlyStopping(restore_best_weights=True, **arguments)], losses(*values))
    assert model.weight == best


def test_keeps_the_last_weights_if_not_asked_to_restore(model, train, losses):
    train([EarlyStopping(patience=1)], losses(1, 2, 3))
    assert model.weight == 2


def test_starts_anew_in_a_second_fit(model, train, losses):
    stop = EarlyStopping(patience=1, restore_best_weights=True)
    train([stop], losses(1, 2))
    model.weight[...] = 10
    train([stop], losses(8, 7, 9))
    assert stop.best == 7
    assert model.weight == 12


def test_missing_metric_warns_once_and_names_what_there_is(train):
    rows = [{"accuracy": 0.5, "loss": 1.0}] * 3
    with pytest.warns(UserWarning, match="`val_loss`.*accuracy,loss") as caught:
        train([EarlyStopping()], rows)
    assert len(caught) == 1


def test_auto_mode_goes_up_for_accuracy(model, train):
    rows = [{"val_accuracy": v} for v in (0.1, 0.2, 0.15, 0.3)]
    stop = EarlyStopping("val_accuracy", patience=1)
    train([stop], rows)
    assert (stop.best, model.weight) == (0.2, 3)


@pytest.mark.parametrize("mode, best", [("min", 0.1), ("max", 0.3)])
def test_a_given_mode_wins_over_the_name(train, mode, best):
    stop = EarlyStopping("accuracy", mode=mode, patience=9)
    train([stop], [{"accuracy": v} for v in (0.2, 0.1, 0.3)])
    assert stop.best == best


UP = """acc val_accuracy sparse_top_k_categorical_accuracy auc val_auc_1 precision
recall precision_at_recall f1_score fbeta_score mean_io_u binary_iou r2_score
cosine_similarity pearson_correlation concordance_correlation loss_head_accuracy
sensitivity_at_specificity true_positives"""
DOWN = """loss val_loss head_accuracy_loss mse root_mean_squared_error error_1 hinge
kl_divergence poisson logcosh binary_crossentropy perplexity false_negatives"""


@pytest.mark.parametrize("name", UP.split())
def test_names_that_go_up(name):
    assert direction_of(name) == "up"


@pytest.mark.parametrize("name", DOWN.split())
def test_names_that_go_down(name):
    assert direction_of(name) == "down"


def test_a_metric_that_declares_its_direction_decides(model, train):
    class Metric:
        name = "oddness"
        _direction = "down"

    model.metrics = [Metric()]
    stop = EarlyStopping("val_out_oddness", patience=9)
    train([stop], [{"val_out_oddness": v} for v in (2, 1, 3)])
    assert stop.best == 1


def test_unknown_direction_asks_for_a_mode(train):
    with pytest.raises(ValueError, match="monitor=oddness.*Pass `mode='max'`"):
        train([EarlyStopping("oddness")], [{"oddness": 1.0}])


def test_unknown_mode_warns():
    with pytest.warns(UserWarning, match="mode 'most' is unknown, fallback to auto"):
        assert EarlyStopping(mode="most").mode == "auto"


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_resumed_run_ends_as_the_whole_one(model, train, losses, cut):
    rows = losses(3, 1, 2, 2, 2, 0, 5, 5, 5, 5)
    whole = EarlyStopping(patience=4, restore_best_weights=True)
    train([whole], rows)
    expected = model.weight.copy()

    model.weight[...] = 0
    arguments = dict(patience=4, restore_best_weights=True)
    killed = train([EarlyStopping(**arguments)], rows[:cut], end=False)
    memory = killed.memory()
    arrays = memory["EarlyStopping"].pop("best_weights")
    assert all(isinstance(a, np.ndarray) for a in arrays)
    memory = json.loads(json.dumps(memory))
    memory["EarlyStopping"]["best_weights"] = arrays
    resumed = EarlyStopping(**arguments)
    train([resumed], rows, first=cut, memory=memory)
    assert model.weight == expected == 6
    assert resumed.stopped_epoch == whole.stopped_epoch == 9


def test_state_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="entries \\['other'\\], expected \\['best'"):
        EarlyStopping().set_state({"other": 1})
