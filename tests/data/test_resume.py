"""A run on files with augmentation that is interrupted goes on bit for bit."""

import functools

import numpy as np
import pytest

import keras
from keras.callbacks import BackupAndRestore

STEPS = 5


class Interrupted(BaseException):
    """What ends a run in the middle."""


class Interrupt(keras.callbacks.Callback):
    def __init__(self, after):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise Interrupted


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of numbers, which are read as text."""
    root = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    for label in ("low", "high"):
        (root / label).mkdir()
        for number in range(9):
            values = rng.normal(size=4) + (label == "high")
            text = " ".join(f"{v:.6f}" for v in values)
            (root / label / f"{number}.txt").write_text(text)
    return root


def augmented(text, label, rng):
    values = np.array(text.split(), "float32")
    return values + rng.normal(size=4).astype("float32"), label


def data(folder, workers):
    """A new dataset, whose seeds are drawn anew."""
    dataset = keras.utils.text_dataset_from_directory(
        folder, batch_size=None, verbose=False
    )
    dataset = dataset.map(augmented).batch(4)
    return dataset.prefetch(workers=workers, use_multiprocessing=workers > 0)


def run(folder, backup, workers, after=None):
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    )
    model.compile("adam", "binary_crossentropy")
    keras.utils.set_random_seed(workers + (after or 0))  # the data's seeds are others
    dataset = data(folder, workers)
    callbacks = [BackupAndRestore(backup, 2, delete_checkpoint=False)]
    callbacks += [] if after is None else [Interrupt(after)]
    try:
        model.fit(dataset, epochs=3, verbose=0, callbacks=callbacks)
    except Interrupted:
        return None
    finally:
        dataset.close()
    return [
        np.array(v).tobytes() for v in (*model.variables, *model.optimizer.variables)
    ]


@pytest.mark.gradients
@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_resumed_bit_for_bit(folder, tmp_path, workers, backend):
    # The first part draws the seeds; the whole run starts from them too.
    part = functools.partial(run, folder)
    assert part(tmp_path / "parts", workers, after=3) is None
    import shutil

    shutil.copytree(tmp_path / "parts", tmp_path / "whole")
    whole = part(tmp_path / "whole", 0)

    for after in (4, 5):
        assert part(tmp_path / "parts", workers, after=after) is None
    assert part(tmp_path / "parts", workers) == whole
