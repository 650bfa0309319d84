"""`text_dataset_from_directory`: a folder of text files as batches of strings."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Any

from keras.core.errors import check_positive_int
from keras.data.folders import FolderArguments, batches_of, folder_datasets

SUFFIXES = (".txt",)


def text_dataset_from_directory(
    directory: str | os.PathLike,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str | None = None,
    verbose: bool = True,
    on_error: str = "raise",
) -> Any:
    """Make a dataset of the text files (`.txt`) in a folder.

    With one subfolder for each class:

    ```
    reviews/
        bad/   1.txt 2.txt …
        good/  1.txt 2.txt …
    ```

    Args:
        directory: the folder.
        labels: `"inferred"` from the subfolders, None for no labels, or a list with an
            integer for each file, in the order of the sorted paths.
        label_mode: `"int"` (int32), `"binary"` (floats of shape `(batch, 1)`),
            `"categorical"` (one-hot rows), or None for no labels.
        class_names: the subfolders in the order of their labels; sorted by default.
        batch_size: files in a batch; None for single files.
        max_length: bytes of UTF-8 that are kept of each file; None for all of them.
        shuffle: whether each epoch has a new random order. Else files come by class and
            then by name.
        seed: determines the order, and the split; by default as
            `keras.utils.set_random_seed` does.
        validation_split: which part of the files to set aside, from 0 to 1.
        subset: `"training"`, `"validation"` or `"both"` (a pair), if
            `validation_split` is given.
        follow_links: whether to enter folders behind symbolic links.
        format: None for a `keras.data.Dataset`, or `"tf"`, `"torch"`, `"grain"`.
        verbose: whether to print how many files there are.
        on_error: `"raise"`, or `"skip"` to leave out files that can't be read, with a
            warning that names each.

    Returns:
        A dataset of `(texts, labels)`; texts are arrays of strings, of type object. It
        has the attributes `class_names` and `file_paths`.

    Raises:
        NotADirectoryError: there is no such folder.
        ValueError: there are no such files, or arguments do not match.

    Example:
        >>> import pathlib
        >>> for name, text in (("bad/1", "Dull."), ("good/1", "A joy.")):
        ...     file = pathlib.Path("reviews", name + ".txt")
        ...     file.parent.mkdir(parents=True)
        ...     _ = file.write_text(text)
        >>> reviews = keras.utils.text_dataset_from_directory(
        ...     "reviews", shuffle=False, verbose=False
        ... )
        >>> texts, labels = reviews[0]
        >>> texts.tolist(), labels.tolist(), reviews.class_names
        (['Dull.', 'A joy.'], [0, 1], ['bad', 'good'])
    """
    who = "text_dataset_from_directory"
    if max_length is not None:
        max_length = check_positive_int(max_length, "max_length", who)
    arguments = FolderArguments(
        who, directory, labels, label_mode, class_names, shuffle, seed,
        validation_split, subset, follow_links, verbose, on_error,
    )  # fmt: skip
    read = functools.partial(_read_text, max_length=max_length)
    return folder_datasets(arguments, SUFFIXES, read, batches_of(batch_size), format)


def _read_text(path: str, max_length: int | None) -> str:
    with open(path, "rb") as file:
        data = file.read(-1 if max_length is None else max_length)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # `max_length` may have cut through the last character.
        if max_length is not None and error.end == len(data) and error.start > 0:
            return data[: error.start].decode("utf-8")
        raise
