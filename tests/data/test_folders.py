"""Datasets of folders: splits, hostile folders, wrong arguments. Nothing is lost."""

import os
import time
import wave

import numpy as np
import pytest

import keras
from keras.data.folders import FolderArguments, find_files

text_dataset = keras.utils.text_dataset_from_directory
audio_dataset = keras.utils.audio_dataset_from_directory


def write(root, *names, text=None):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name if text is None else text, encoding="utf-8")
    return root


def names_of(dataset, root):
    return [os.path.relpath(p, root).replace(os.sep, "/") for p in dataset.file_paths]


@pytest.fixture
def reviews(tmp_path):
    return write(tmp_path, *(f"{c}/{n}.txt" for c in ("bad", "good") for n in range(9)))


def test_a_folder_of_texts(reviews, capsys):
    dataset = text_dataset(reviews, batch_size=5, shuffle=False)

    texts, labels = zip(*dataset)

    assert np.concatenate(texts).tolist() == names_of(dataset, reviews)
    assert np.concatenate(labels).tolist() == [0] * 9 + [1] * 9
    assert "18 files of 2 classes" in capsys.readouterr().out


def test_shuffled_by_epoch_and_seed(reviews):
    def order(epoch, seed):
        data = text_dataset(reviews, batch_size=None, seed=seed, verbose=False)
        found = [(text, int(label)) for text, label in data.epoch(epoch)]
        assert all(text.startswith(("bad", "good")[label]) for text, label in found)
        return [text for text, _ in found]

    assert sorted(order(0, 1)) == sorted(order(5, 2))
    assert order(0, 1) == order(0, 1) != order(1, 1)
    assert order(0, 1) != order(0, 2)


@pytest.mark.parametrize("shuffle", [False, True])
def test_subsets_are_a_partition(reviews, shuffle):
    def made(subset):
        return text_dataset(
            reviews, shuffle=shuffle, seed=3, validation_split=0.3, subset=subset,
            batch_size=None, verbose=False,
        )  # fmt: skip

    train, validation = made("training"), made("validation")
    assert (len(train), len(validation)) == (13, 5)
    both = made("both")
    for one, other in zip((train, validation), both):
        assert one.file_paths == other.file_paths
    together = train.file_paths + validation.file_paths
    assert len(set(together)) == 18
    assert (together == sorted(together)) is not shuffle
    # Validation data keep their order, and every text goes with its label.
    for text, label in validation:
        assert text.startswith(("bad", "good")[int(label)])
    assert [t for t, _ in validation.epoch(0)] == [t for t, _ in validation.epoch(1)]


def test_class_names_follow_the_dataset(reviews):
    dataset = text_dataset(reviews, verbose=False)
    assert dataset.map(lambda x, y: x).take(1).class_names == ["bad", "good"]


@pytest.mark.parametrize("form", ["tf", "torch", "grain"])
def test_formats(reviews, form):
    dataset = text_dataset(reviews, batch_size=4, format=form, verbose=False)
    assert dataset.class_names == ["bad", "good"] and len(dataset.file_paths) == 18
    assert sum(len(labels) for _, labels in dataset) == 18


def test_fit_from_a_folder_in_processes(reviews):
    dataset = text_dataset(reviews, batch_size=4, seed=1, verbose=False)
    expected = [texts.tolist() for texts, _ in dataset.epoch(0)]
    processes = dataset.prefetch(workers=2, use_multiprocessing=True)
    assert [texts.tolist() for texts, _ in processes.epoch(0)] == expected
    processes.close()


# Hostile folders


def test_an_empty_class_is_told_and_keeps_its_number(tmp_path):
    write(tmp_path, "a/1.txt", "c/2.txt")
    (tmp_path / "b").mkdir()
    with pytest.warns(UserWarning, match="class 'b' has no files"):
        dataset = text_dataset(tmp_path, shuffle=False, verbose=False)
    assert dataset.class_names == ["a", "b", "c"]
    assert dataset[0][1].tolist() == [0, 2]


def test_other_suffixes_are_told(tmp_path):
    write(tmp_path, "a/1.txt", "a/2.TXT", "a/3.text", "a/4", "a/.DS_Store", "top.txt")
    with pytest.warns(UserWarning, match=r"2 files are ignored.*3\.text.*'.*4'"):
        dataset = text_dataset(tmp_path, shuffle=False, verbose=False)
    assert names_of(dataset, tmp_path) == ["a/1.txt", "a/2.TXT"]


def test_nothing_there(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match=r"no files.*\.txt.*subfolders"):
        with pytest.warns(UserWarning):
            text_dataset(tmp_path, verbose=False)
    with pytest.raises(NotADirectoryError, match="nowhere' is not a folder"):
        text_dataset(tmp_path / "nowhere")
    write(tmp_path, "a/1.txt")
    with pytest.raises(ValueError, match="no file is left for validation: 1 file"):
        text_dataset(tmp_path, validation_split=0.2, subset="both", verbose=False)


@pytest.mark.parametrize("follow_links", [False, True])
def test_links(tmp_path, follow_links):
    write(tmp_path, "data/a/1.txt", "elsewhere/2.txt")
    (tmp_path / "data/a/loop").symlink_to(tmp_path / "data/a")
    (tmp_path / "data/a/up").symlink_to(tmp_path / "data")
    (tmp_path / "data/a/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data/a/same.txt").symlink_to(tmp_path / "elsewhere/2.txt")
    (tmp_path / "data/a/dead.txt").symlink_to(tmp_path / "nowhere.txt")

    if not follow_links:
        found = text_dataset(tmp_path / "data", verbose=False)
        expected = ["a/1.txt", "a/dead.txt", "a/same.txt"]
    else:
        with pytest.warns(UserWarning, match="loop' is a link to a folder that it is"):
            found = text_dataset(tmp_path / "data", verbose=False, follow_links=True)
        expected = ["a/1.txt", "a/dead.txt", "a/same.txt", "a/linked/2.txt"]
    found = [n for n in names_of(found, tmp_path / "data") if not n.startswith("a/up")]
    assert sorted(found) == sorted(expected)


def test_a_file_that_cannot_be_read(tmp_path):
    write(tmp_path, "a/1.txt", "a/2.txt", "b/3.txt", "b/4.txt")
    (tmp_path / "a/2.txt").write_bytes(b"caf\xe9 au lait")
    (tmp_path / "b/3.txt").unlink()
    (tmp_path / "b/3.txt").symlink_to(tmp_path / "gone")

    def made(**options):
        return text_dataset(tmp_path, shuffle=False, verbose=False, **options)

    with pytest.raises(ValueError, match=r"2\.txt.*utf-8"):
        made()[0]
    dataset = made(on_error="skip", batch_size=2)
    with pytest.warns(UserWarning) as told:
        batches = [(t.tolist(), y.tolist()) for t, y in dataset]
    assert batches == [(["a/1.txt"], [0]), (["b/4.txt"], [1])]
    messages = " ".join(str(w.message) for w in told)
    assert "2.txt" in messages and "3.txt" in messages


def test_names_in_chinese(tmp_path):
    write(tmp_path, "猫/图片 一.txt", "狗/ä.txt")
    dataset = text_dataset(tmp_path, shuffle=False, verbose=False)
    assert dataset.class_names == ["狗", "猫"]
    assert dataset[0][0].tolist() == ["狗/ä.txt", "猫/图片 一.txt"]


def test_many_files(tmp_path):
    """20,000 names take well under a second: nothing is opened."""
    for label in range(4):
        (tmp_path / str(label)).mkdir()
        for number in range(5000):
            os.close(os.open(tmp_path / f"{label}/{number}.txt", os.O_CREAT, 0o644))
    started = time.process_time()
    dataset = text_dataset(tmp_path, verbose=False)
    assert time.process_time() - started < 2
    assert len(set(dataset.file_paths)) == 20_000
    assert len(dataset) == 625


# Arguments


@pytest.mark.parametrize(
    "options, message",
    [
        ({"labels": "guess"}, "'inferred', None or a list.*'guess'"),
        ({"label_mode": "onehot"}, "label_mode"),
        ({"label_mode": "binary", "class_names": ["a"]}, "Not there: .*not named"),
        ({"labels": None}, "`label_mode` must be None; received 'int'"),
        ({"labels": [1, 2], "class_names": ["a", "b"]}, '`labels="inferred"`'),
        ({"labels": [1, 2]}, "2 `labels` and 18 files"),
        ({"labels": [1.5] * 18}, "list of integers"),
        ({"validation_split": 0.2}, "go together"),
        ({"validation_split": 2, "subset": "both"}, "between 0 and 1; received 2"),
        ({"validation_split": 0.2, "subset": "test"}, "subset.*'test'"),
        ({"validation_split": 0.2, "subset": "training"}, "`seed` is needed"),
        ({"max_length": 0}, "max_length"),
        ({"format": "csv"}, "format"),
        ({"on_error": "ignore"}, "on_error.*'ignore'"),
    ],
)
def test_wrong_arguments(reviews, options, message):
    with pytest.raises(ValueError, match=message):
        text_dataset(reviews, verbose=False, **options)


def test_binary_needs_two_classes(tmp_path):
    write(tmp_path, "a/1.txt", "b/1.txt", "c/1.txt")
    with pytest.raises(ValueError, match="needs two classes; there are 3"):
        text_dataset(tmp_path, label_mode="binary", verbose=False)


def test_labels_none_takes_files_at_the_top(tmp_path):
    write(tmp_path, "2.txt", "1.txt", "a/0.txt")
    dataset = text_dataset(tmp_path, None, None, shuffle=False, verbose=False)
    assert dataset[0].tolist() == ["1.txt", "2.txt", "a/0.txt"]
    assert dataset.class_names is None


# Sound


def write_wave(path, data, width, rate=8000):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if data.ndim == 1 else data.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data.tobytes())


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_integers_of_any_width(tmp_path, width):
    scipy_io = pytest.importorskip("scipy.io.wavfile")
    if width == 3:
        raw = np.random.default_rng(0).integers(0, 256, (20, 6)).astype("uint8")
        write_wave(tmp_path / "a/1.wav", raw.reshape(20, 2, 3)[:, :, 0], 1)
        with wave.open(str(tmp_path / "a/1.wav"), "wb") as file:
            file.setparams((2, 3, 8000, 20, "NONE", ""))
            file.writeframes(raw.tobytes())
    else:
        info = np.iinfo("uint8" if width == 1 else f"int{8 * width}")
        data = np.random.default_rng(0).integers(info.min, info.max, (20, 2))
        write_wave(tmp_path / "a/1.wav", data.astype(info.dtype), width)

    waves = audio_dataset(tmp_path, None, None, verbose=False)[0]

    _, want = scipy_io.read(tmp_path / "a/1.wav")
    want = want.astype("float64")
    want = (want - 128) / 128 if width == 1 else want / 2.0 ** (8 * max(width, 2) - 1)
    if width == 3:  # SciPy has them in the upper bytes of 32 bits
        want = want * 2.0 ** (23 - 31)
    np.testing.assert_allclose(waves[0], want, atol=1e-7)
    assert waves.dtype == "float32" and np.abs(waves).max() <= 1


def test_sounds_of_floats_and_another_rate(tmp_path):
    from scipy.io import wavfile
    from scipy.signal import resample_poly

    data = np.sin(np.arange(400) / 7).astype("float32")
    (tmp_path / "a").mkdir()
    wavfile.write(tmp_path / "a/1.wav", 8000, data)
    dataset = audio_dataset(tmp_path, sampling_rate=6000, verbose=False)
    waves, _ = dataset[0]
    assert waves.shape == (1, 300, 1)
    np.testing.assert_allclose(waves[0, :, 0], resample_poly(data, 3, 4), atol=1e-6)


def test_ragged_sounds_keep_their_lengths(tmp_path):
    for number, length in enumerate((5, 9)):
        write_wave(tmp_path / f"a/{number}.wav", np.zeros(length, "int16"), 2)
    dataset = audio_dataset(tmp_path, ragged=True, shuffle=False, verbose=False)
    waves, labels = dataset[0]
    assert [w.shape for w in waves] == [(5, 1), (9, 1)]
    with pytest.raises(ValueError, match="ragged"):
        audio_dataset(tmp_path, ragged=True, output_sequence_length=3)


def test_broken_sounds(tmp_path):
    write_wave(tmp_path / "a/1.wav", np.zeros(500, "int16"), 2)
    whole = (tmp_path / "a/1.wav").read_bytes()
    (tmp_path / "a/1.wav").write_bytes(whole[:300])
    with pytest.raises(ValueError, match=r"1\.wav' is cut off.*500.*128"):
        audio_dataset(tmp_path, verbose=False)[0]
    (tmp_path / "a/1.wav").write_bytes(b"no sound at all")
    with pytest.raises(ValueError, match=r"1\.wav' is not a sound file"):
        audio_dataset(tmp_path, verbose=False)[0]


# Series and splits


def test_a_stored_series_is_read_in_windows(tmp_path):
    series = np.random.default_rng(0).normal(size=(50, 2))
    np.save(tmp_path / "x.npy", series)
    import h5py

    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = series
        made = [
            keras.utils.timeseries_dataset_from_array(
                data, None, 5, 2, 3, batch_size=4, shuffle=True, seed=1
            )
            for data in (series, np.load(tmp_path / "x.npy", mmap_mode="r"), file["x"])
        ]
        for batches in zip(*made, strict=True):
            for other in batches[1:]:
                np.testing.assert_allclose(other, batches[0], rtol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"sequence_length": 0}, "sequence_length"),
        ({"sequence_length": 11}, "takes 11 steps.*there are 10"),
        ({"sequence_length": 3, "sampling_rate": 5}, "takes 11 steps"),
        ({"sequence_length": 2, "start_index": 8, "end_index": 4}, "must be smaller"),
        ({"sequence_length": 2, "end_index": 40}, "from 0 to 10.*received 40"),
        ({"sequence_length": 2, "sequence_stride": -1}, "sequence_stride"),
    ],
)
def test_wrong_series(options, message):
    with pytest.raises(ValueError, match=message):
        keras.utils.timeseries_dataset_from_array(np.arange(10), None, **options)


def test_split_dataset_takes_every_kind():
    import tensorflow as tf
    import torch.utils.data

    x, y = np.arange(20.0).reshape(10, 2).astype("float32"), np.arange(10)

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return x[3 * index : 3 * index + 3], y[3 * index : 3 * index + 3]

    tensors = torch.utils.data.TensorDataset(torch.tensor(x), torch.tensor(y))
    kinds = [
        (x, y),
        keras.data.Dataset.from_arrays((x, y)),
        keras.data.Dataset.from_arrays((x, y)).batch(3).map(lambda x, y: (x, y)),
        tf.data.Dataset.from_tensor_slices((x, y)),
        tf.data.Dataset.from_tensor_slices((x, y)).batch(4).prefetch(1),
        tensors,
        torch.utils.data.DataLoader(tensors, batch_size=4),
        Batches(),
        zip(x, y),
    ]
    for data in kinds:
        left, right = keras.utils.split_dataset(data, left_size=0.7)
        assert (len(left), len(right)) == (7, 3)
        for part, rows in ((left, slice(0, 7)), (right, slice(7, None))):
            found_x, found_y = part.batch(10)[0]
            np.testing.assert_array_equal(found_x, x[rows])
            np.testing.assert_array_equal(found_y, y[rows])


def test_split_at_random_is_a_partition():
    def made(seed):
        parts = keras.utils.split_dataset(np.arange(30), 0.6, shuffle=True, seed=seed)
        return [[int(n) for n in part] for part in parts]

    left, right = made(1)
    assert sorted(left + right) == list(range(30)) and left != sorted(left)
    assert made(1) == [left, right] != made(2)


def test_split_for_a_framework():
    for name, kind in (("tensorflow", "Dataset"), ("torch", "DataLoader")):
        left, _ = keras.utils.split_dataset(
            np.arange(4), left_size=3, preferred_backend=name
        )
        assert kind in type(left).__mro__[-2].__name__ + type(left).__name__
        assert [int(n) for n in left] == [0, 1, 2]


@pytest.mark.parametrize(
    "options, message",
    [
        ({}, "give `left_size`, `right_size` or both"),
        ({"left_size": 0.8, "right_size": 0.5}, "8 and 5 samples, more than the 10"),
        ({"left_size": 11}, "from 1 to 9.*received 11"),
        ({"left_size": 1.5}, "received 1.5"),
        ({"left_size": 0.01}, "is empty"),
        ({"left_size": 5, "preferred_backend": "mxnet"}, "'mxnet'"),
    ],
)
def test_wrong_splits(options, message):
    with pytest.raises(ValueError, match=message):
        keras.utils.split_dataset(np.arange(10), **options)
    with pytest.raises(TypeError, match="received a builtins.int"):
        keras.utils.split_dataset(3, left_size=1)


def test_arguments_are_checked_before_the_folder_is_read():
    arguments = FolderArguments(
        "me", "/nowhere", "inferred", "int", None, True, 1, None, None, False, False
    )
    with pytest.raises(NotADirectoryError, match="me: '/nowhere'"):
        find_files(arguments, (".txt",))
