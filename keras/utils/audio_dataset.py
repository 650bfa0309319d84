"""`audio_dataset_from_directory`: a folder of WAV files as batches of waves."""

from __future__ import annotations

import functools
import math
import os
import wave
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.core.errors import check_positive_int, optional_import
from keras.data.dataset import Dataset
from keras.data.folders import FolderArguments, folder_datasets

SUFFIXES = (".wav",)


def audio_dataset_from_directory(
    directory: str | os.PathLike,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
    format: str | None = None,
    on_error: str = "raise",
) -> Any:
    """Make a dataset of the sound files (`.wav`) in a folder.

    Files of integers of 8, 16, 24 or 32 bits are read without another package. Those of
    floats, and a new sampling rate, need SciPy.

    Args:
        directory: the folder, with one subfolder for each class.
        labels: `"inferred"` from the subfolders, None for no labels, or a list with an
            integer for each file, in the order of the sorted paths.
        label_mode: `"int"` (int32), `"binary"` (floats of shape `(batch, 1)`),
            `"categorical"` (one-hot rows), or None for no labels.
        class_names: the subfolders in the order of their labels; sorted by default.
        batch_size: files in a batch; None for single files.
        sampling_rate: samples a second that all files are brought to; None to take them
            as they are.
        output_sequence_length: samples that all files are cut or padded to; None to pad
            to the longest of the batch.
        ragged: whether files keep their own lengths: a batch is then an array of type
            object that holds an array for each file.
        shuffle: whether each epoch has a new random order. Else files come by class and
            then by name.
        seed: determines the order, and the split; by default as
            `keras.utils.set_random_seed` does.
        validation_split: which part of the files to set aside, from 0 to 1.
        subset: `"training"`, `"validation"` or `"both"` (a pair), if
            `validation_split` is given.
        follow_links: whether to enter folders behind symbolic links.
        verbose: whether to print how many files there are.
        format: None for a `keras.data.Dataset`, or `"tf"`, `"torch"`, `"grain"`.
        on_error: `"raise"`, or `"skip"` to leave out files that can't be read, with a
            warning that names each.

    Returns:
        A dataset of `(waves, labels)`; waves are floats from -1 to 1 of shape
        `(batch, samples, channels)`. It has the attributes `class_names` and
        `file_paths`.

    Raises:
        NotADirectoryError: there is no such folder.
        ValueError: there are no such files, or arguments do not match.
    """
    who = "audio_dataset_from_directory"
    for name, value in (
        ("sampling_rate", sampling_rate),
        ("output_sequence_length", output_sequence_length),
    ):
        if value is not None:
            check_positive_int(value, name, who)
    if ragged and output_sequence_length is not None:
        raise ValueError(
            f"{who}: with `ragged=True` files keep their lengths, and "
            f"`output_sequence_length={output_sequence_length}` gives them one. Give "
            "one of the two."
        )
    if sampling_rate is not None:
        optional_import("scipy.signal", "audio", f"{who}: `sampling_rate`")

    arguments = FolderArguments(
        who, directory, labels, label_mode, class_names, shuffle, seed,
        validation_split, subset, follow_links, verbose, on_error,
    )  # fmt: skip
    read = functools.partial(
        read_wave, sampling_rate=sampling_rate, length=output_sequence_length
    )

    def finish(dataset: Dataset) -> Dataset:
        if batch_size is None:
            return dataset
        if ragged:
            return dataset.map(_boxed).batch(batch_size)
        return dataset.padded_batch(batch_size)

    return folder_datasets(arguments, SUFFIXES, read, finish, format)


def read_wave(
    path: str, sampling_rate: int | None = None, length: int | None = None
) -> np.ndarray:
    """The samples of a WAV file, as floats from -1 to 1.

    Args:
        path: the file.
        sampling_rate: samples a second to bring it to; None for the file's own.
        length: samples to cut or pad it to; None for all there are.

    Returns:
        A float32 array of shape `(samples, channels)`.

    Raises:
        ValueError: it is not a WAV file; the message names it.
    """
    rate, samples = _decode(path)
    if sampling_rate is not None and sampling_rate != rate:
        signal = optional_import("scipy.signal", "audio", "A new sampling rate")
        common = math.gcd(sampling_rate, rate)
        samples = signal.resample_poly(
            samples, sampling_rate // common, rate // common, axis=0
        ).astype("float32")
    if length is None:
        return samples
    missing = max(length - len(samples), 0)
    return np.pad(samples[:length], [(0, missing), (0, 0)])


def _decode(path: str) -> tuple[int, np.ndarray]:
    """The sampling rate of a file, and its samples."""
    try:
        with wave.open(path, "rb") as file:
            rate, channels = file.getframerate(), file.getnchannels()
            width, count = file.getsampwidth(), file.getnframes()
            data = file.readframes(count)
    except wave.Error as error:
        if "unknown format" not in str(error):
            raise ValueError(f"{path!r} is not a sound file: {error}.") from error
        return _decode_by_scipy(path)

    if len(data) < count * channels * width:
        raise ValueError(
            f"{path!r} is cut off: its header promises {count} samples, and "
            f"{len(data) // (channels * width)} are there."
        )
    return rate, _as_floats(data, width).reshape(-1, channels)


def _decode_by_scipy(path: str) -> tuple[int, np.ndarray]:
    """A file that does not hold integers."""
    files = optional_import("scipy.io.wavfile", "audio", f"{path!r}, not of integers,")
    rate, samples = files.read(path)
    if samples.dtype.kind == "f":
        samples = samples.astype("float32")
    elif samples.dtype == np.uint8:
        samples = (samples.astype("float32") - 128) / 128
    else:
        samples = samples.astype("float32") / -float(np.iinfo(samples.dtype).min)
    return rate, samples.reshape(len(samples), -1)


def _as_floats(data: bytes, width: int) -> np.ndarray:
    """Little-endian integers of some bytes each, as floats from -1 to 1."""
    if width == 1:  # the only unsigned ones
        return (np.frombuffer(data, np.uint8).astype("float32") - 128) / 128
    if width == 3:
        parts = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(parts), 4), np.uint8)
        wide[:, 1:] = parts
        data, width = wide.tobytes(), 4
    integers = np.frombuffer(data, f"<i{width}")
    return integers.astype("float32") / float(2 ** (8 * width - 1))


def _boxed(samples: np.ndarray, *label: Any) -> Any:
    """An array as one object, so that batches keep its length."""
    box = np.empty((), object)
    box[()] = samples
    return (box, *label) if label else box
