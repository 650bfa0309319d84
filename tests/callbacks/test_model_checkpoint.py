"""ModelCheckpoint, against what Keras 3.15.1 saved and said."""

import pathlib

import pytest

from keras.callbacks import ModelCheckpoint


def paths(model):
    return [path for _, path, _ in model.saved]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_saves_every_epoch_under_formatted_names(model, train, losses):
    train([ModelCheckpoint("a{epoch:02d}-{val_loss:.2f}.keras")], losses(3, 2, 2.5))
    assert paths(model) == ["a01-3.00.keras", "a02-2.00.keras", "a03-2.50.keras"]
    assert {(kind, over) for kind, _, over in model.saved} == {("model", True)}


def test_saves_only_the_best_and_says_so(model, train, losses, capsys):
    save = ModelCheckpoint("b.keras", verbose=1, save_best_only=True)
    train([save], losses(3, 2, 2.5, 1))
    assert len(model.saved) == 3
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1: val_loss improved from inf to 3.00000, saving model to b.keras",
        "Epoch 1: finished saving model to b.keras",
        "Epoch 2: val_loss improved from 3.00000 to 2.00000, saving model to b.keras",
        "Epoch 2: finished saving model to b.keras",
        "Epoch 3: val_loss did not improve from 2.00000",
        "Epoch 4: val_loss improved from 2.00000 to 1.00000, saving model to b.keras",
        "Epoch 4: finished saving model to b.keras",
    ]


def test_the_first_save_has_to_beat_the_initial_threshold(model, train, losses):
    save = ModelCheckpoint(
        "{epoch}.keras", save_best_only=True, initial_value_threshold=2.6
    )
    train([save], losses(3, 2, 2.5, 1))
    assert paths(model) == ["2.keras", "4.keras"]


def test_best_by_accuracy_goes_up(model, train):
    save = ModelCheckpoint("{epoch}.keras", "val_accuracy", save_best_only=True)
    train([save], [{"val_accuracy": v} for v in (0.5, 0.4, 0.6)])
    assert paths(model) == ["1.keras", "3.keras"]


def test_saves_weights(model, train, losses):
    train([ModelCheckpoint("{epoch}.weights.h5", save_weights_only=True)], losses(1, 2))
    assert model.saved == [
        ("weights", "1.weights.h5", True),
        ("weights", "2.weights.h5", True),
    ]


def test_saves_every_third_batch_across_epochs(model, train, losses):
    save = ModelCheckpoint("{epoch}-{batch}-{loss:.1f}.keras", save_freq=3)
    train([save], losses(3, 2, 1), batches=4)
    assert paths(model) == ["1-3-3.0.keras", "2-2-2.0.keras", "3-1-1.0.keras"] + [
        "3-4-1.0.keras"
    ]


def test_says_how_many_steps_may_run_before_a_save(model):
    save = ModelCheckpoint("{epoch}-{batch}.keras", save_freq=5)
    save.set_model(model)
    save.on_epoch_begin(0)
    assert save.steps_until_batch_end(0) == 5
    assert not save.batch_end_due(2)  # three steps at once
    assert save.steps_until_batch_end(3) == 2
    assert not save.batch_end_due(3)  # the epoch ends here
    save.on_epoch_begin(1)
    assert save.steps_until_batch_end(0) == 1
    assert save.batch_end_due(0)
    save.on_train_batch_end(0)
    assert paths(model) == ["2-1.keras"]
    assert save.steps_until_batch_end(1) == 5


@pytest.mark.parametrize("cut", [1, 2])
def test_a_resumed_run_saves_what_the_whole_one_does(model, train, losses, cut):
    rows = losses(3, 2, 1, 2)
    make = lambda: ModelCheckpoint(  # noqa: E731
        "{epoch}-{batch}.keras", "loss", save_best_only=True, save_freq=3
    )
    train([make()], rows, batches=4)
    whole, model.saved = model.saved, []
    killed = train([make()], rows[:cut], batches=4, end=False)
    train([make()], rows, batches=4, first=cut, memory=killed.memory())
    assert model.saved == whole != []


def test_missing_metric_warns_once_and_saves_every_model(model, train):
    save = ModelCheckpoint("{epoch}.keras", save_best_only=True)
    with pytest.warns(UserWarning, match="`val_loss`.*metrics are: loss") as caught:
        train([save], [{"loss": 1.0}] * 3)
    assert len(caught) == 1
    assert paths(model) == ["1.keras", "2.keras", "3.keras"]


def test_a_failed_save_raises_and_does_not_count(model, train, losses):
    def fail(path, overwrite):
        raise OSError("disk full")

    model.save = fail
    save = ModelCheckpoint("a.keras", save_best_only=True)
    with pytest.raises(OSError, match="disk full"):
        train([save], losses(1))
    assert save.best is None


def test_makes_the_folder_and_takes_a_path(folder, model, train, losses):
    train([ModelCheckpoint(pathlib.Path("x/y{epoch}/m.keras"))], losses(1))
    assert (folder / "x" / "y1").is_dir()
    assert paths(model) == ["x/y1/m.keras"]


def test_name_without_a_value_says_what_there_is(train, losses):
    with pytest.raises(KeyError, match="acc.* is not among loss, val_loss, epoch"):
        train([ModelCheckpoint("{acc}.keras")], losses(1))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(filepath="x"), "must end in `.keras`"),
        (dict(filepath="x.keras", save_weights_only=True), "`.weights.h5`"),
        (dict(filepath="x.keras", save_freq="batch"), "save_freq: batch"),
        (dict(filepath="x.keras", save_freq=0), "save_freq: 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ModelCheckpoint(**arguments)
