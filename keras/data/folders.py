"""Datasets of folders of files: which files, in which order, with which labels."""

from __future__ import annotations

import collections
import dataclasses
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from keras.core.errors import check_choice
from keras.core.settings import floatx
from keras.data.dataset import Dataset
from keras.data.formats import FORMATS
from keras.data.stages import Files, UnreadableFile
from keras.random.host import draw_seed, generator_of

SHOWN = 5  # names of files in a message
LABEL_MODES = ("int", "binary", "categorical", None)
SUBSETS = ("training", "validation", "both", None)
ON_ERROR = ("raise", "skip")


@dataclasses.dataclass(frozen=True)
class FolderArguments:
    """The arguments that the functions for folders share.

    Args:
        who: the function, for messages.
        directory: the folder.
        labels: `"inferred"`, None, or a list of integers.
        label_mode: the form of the labels.
        class_names: the names of the subfolders in the order of their labels.
        shuffle: whether each epoch has a new random order.
        seed: determines it, and the split.
        validation_split: which part of the files is set aside.
        subset: which part is wanted.
        follow_links: whether to enter folders behind symbolic links.
        verbose: whether to print what was found.
        on_error: `"skip"` leaves out the files that can't be read, with a warning.
    """

    who: str
    directory: str | os.PathLike
    labels: Any
    label_mode: str | None
    class_names: Sequence[str] | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool
    on_error: str = "raise"

    def __post_init__(self) -> None:
        check_choice(self.label_mode, LABEL_MODES, "label_mode", self.who)
        check_choice(self.subset, SUBSETS, "subset", self.who)
        check_choice(self.on_error, ON_ERROR, "on_error", self.who)

        if (self.validation_split is None) != (self.subset is None):
            raise ValueError(
                f"{self.who}: `validation_split` and `subset` go together; received "
                f"validation_split={self.validation_split!r}, subset={self.subset!r}."
            )
        if self.validation_split is not None and not 0 < self.validation_split < 1:
            raise ValueError(
                f"{self.who}: `validation_split` must be between 0 and 1; received "
                f"{self.validation_split!r}."
            )

        splits_by_chance = self.shuffle and self.subset in ("training", "validation")
        if splits_by_chance and self.seed is None:
            raise ValueError(
                f"{self.who}: with `validation_split` and `shuffle=True` a `seed` is "
                "needed, the same for both subsets; else they would overlap. "
                '(`subset="both"` and `shuffle=False` need none.)'
            )
        self._check_labels()

    def _check_labels(self) -> None:
        labels, inferred = self.labels, isinstance(self.labels, str)
        if inferred and labels != "inferred":
            raise ValueError(
                f"{self.who}: `labels` must be 'inferred', None or a list of integers; "
                f"received {labels!r}."
            )
        if not inferred and self.class_names is not None:
            raise ValueError(
                f"{self.who}: `class_names` are those of the subfolders, so they need "
                '`labels="inferred"`.'
            )
        if labels is None and self.label_mode is not None:
            raise ValueError(
                f"{self.who}: without labels (`labels=None`), `label_mode` must be "
                f"None; received {self.label_mode!r}."
            )


@dataclasses.dataclass(frozen=True)
class Folder:
    """The files of a folder.

    Attributes:
        paths: the files, by class and then by name.
        labels: the number of the class of each, or None.
        class_names: the names of the classes.
    """

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None

    def pick(self, indices: np.ndarray) -> Folder:
        """Some of the files, in this order."""
        labels = None if self.labels is None else self.labels[indices]
        return dataclasses.replace(
            self, paths=[self.paths[i] for i in indices], labels=labels
        )


def folder_datasets(
    arguments: FolderArguments,
    suffixes: tuple[str, ...],
    read: Callable[[str], Any],
    finish: Callable[[Dataset], Dataset],
    format: str | None,
) -> Any:
    """The dataset of a folder, or a pair of them for `subset="both"`.

    Args:
        arguments: as given to the public function.
        suffixes: of the files that count.
        read: makes an element of a file's path.
        finish: makes the batches.
        format: as for `Dataset.to`; None for a `Dataset`.
    """
    if format is not None:
        check_choice(format, FORMATS, "format", arguments.who)
    folder = find_files(arguments, suffixes)
    seed = draw_seed() if arguments.seed is None else int(arguments.seed)
    parts = _split(arguments, folder, seed)
    made = []
    for name, part in parts:
        if not part.paths:
            raise ValueError(
                f"{arguments.who}: no file is left for {name}: {len(folder.paths)} "
                f"files were found and `validation_split={arguments.validation_split}`."
            )
        if arguments.verbose and arguments.subset is not None:
            print(f"Using {len(part.paths)} files for {name}.")

        targets = _targets(arguments, folder, part)
        dataset = Dataset(Files(part.paths, read, targets))
        if arguments.shuffle and name != "validation":
            dataset = dataset.shuffle(seed=seed)
        if arguments.on_error == "skip":
            dataset = dataset.skip_errors(UnreadableFile)
        dataset = finish(dataset.prefetch())
        dataset.class_names = folder.class_names
        dataset.file_paths = part.paths
        made.append(dataset if format is None else dataset.to(format))
    return made[0] if len(made) == 1 else tuple(made)


def batches_of(batch_size: int | None) -> Callable[[Dataset], Dataset]:
    """What makes batches of a dataset; with None, what leaves it as it is."""
    return lambda data: data if batch_size is None else data.batch(batch_size)


def find_files(arguments: FolderArguments, suffixes: tuple[str, ...]) -> Folder:
    """The files of a folder with one of the suffixes, and their labels."""
    who, root = arguments.who, os.fspath(arguments.directory)
    if not os.path.isdir(root):
        raise NotADirectoryError(f"{who}: {root!r} is not a folder.")
    walk = _Walk(who, suffixes, arguments.follow_links)
    inferred = isinstance(arguments.labels, str)
    if inferred:
        class_names = _class_names(arguments, root)
        paths, labels = [], []
        for label, name in enumerate(class_names):
            found = walk.files(os.path.join(root, name))
            if not found:
                warnings.warn(f"{who}: the folder of the class {name!r} has no files.")
            paths += found
            labels += [label] * len(found)
        folder = Folder(paths, np.array(labels, "int32"), class_names)
    else:
        paths = walk.files(root)
        folder = _with_given_labels(arguments, paths)

    walk.tell()
    if not folder.paths:
        raise ValueError(
            f"{who}: there are no files with one of the suffixes {suffixes} in "
            f"{root!r}" + (", in subfolders named by class." if inferred else ".")
        )
    if arguments.label_mode == "binary" and len(folder.class_names or ()) != 2:
        raise ValueError(
            f'{who}: `label_mode="binary"` needs two classes; there are '
            f"{len(folder.class_names or ())}: {folder.class_names}."
        )
    if arguments.verbose:
        classes = folder.class_names
        of = f" of {len(classes)} classes" if classes is not None else ""
        print(f"Found {len(folder.paths)} files{of}.")
    if arguments.label_mode is None:
        return dataclasses.replace(folder, labels=None, class_names=None)
    return folder


def _class_names(arguments: FolderArguments, root: str) -> list[str]:
    """The subfolders, sorted, or as `class_names` orders them."""
    with os.scandir(root) as entries:
        there = sorted(entry.name for entry in entries if entry.is_dir())
    wanted = arguments.class_names
    if wanted is None:
        return there
    if sorted(wanted) != there:
        missing, more = sorted({*wanted} - {*there}), sorted({*there} - {*wanted})
        raise ValueError(
            f"{arguments.who}: `class_names` must be the names of the subfolders of "
            f"{root!r}, each once. Not there: {missing}; not named: {more}."
        )
    return list(wanted)


def _with_given_labels(arguments: FolderArguments, paths: list[str]) -> Folder:
    if arguments.labels is None:
        return Folder(paths, None, None)
    labels = np.asarray(arguments.labels)
    if labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise ValueError(
            f"{arguments.who}: `labels` must be a list of integers, one for each file; "
            f"received an array of {labels.dtype} of shape {labels.shape}."
        )
    if len(labels) != len(paths):
        raise ValueError(
            f"{arguments.who}: there are {len(labels)} `labels` and {len(paths)} files "
            f"in {os.fspath(arguments.directory)!r}; each file needs one, in the order "
            "of their sorted paths."
        )
    names = [str(label) for label in sorted(set(labels.tolist()))]
    return Folder(paths, labels.astype("int32"), names)


class _Walk:
    """Finds files below folders; remembers what it left out, to tell at the end."""

    def __init__(self, who: str, suffixes: tuple[str, ...], follow_links: bool) -> None:
        self._who = who
        self._suffixes = suffixes
        self._follow_links = follow_links
        self._others: list[str] = []

    def files(self, root: str) -> list[str]:
        """The files below a folder, by folder and then by name."""
        found = []
        for folder, names in sorted(self._folders(root)):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if name.lower().endswith(self._suffixes):
                    found.append(path)
                elif not name.startswith("."):  # .DS_Store and the like
                    self._others.append(path)
        return found

    def _folders(self, root: str) -> Iterator[tuple[str, list[str]]]:
        seen: dict[str, set] = collections.defaultdict(set)
        for folder, inside, names in os.walk(root, followlinks=self._follow_links):
            yield folder, names
            if not self._follow_links:
                continue

            # A link to a folder above would be entered again and again.
            above = seen[folder] | {_identity(folder)}
            for name in [*inside]:
                path = os.path.join(folder, name)
                if _identity(path) in above:
                    inside.remove(name)
                    warnings.warn(
                        f"{self._who}: {path!r} is a link to a folder that it is in; "
                        "it is not entered again."
                    )
                seen[path] = above

    def tell(self) -> None:
        """Warn of the files that were left out."""
        if not self._others:
            return
        shown = ", ".join(repr(path) for path in self._others[:SHOWN])
        more = len(self._others) - SHOWN
        warnings.warn(
            f"{self._who}: {len(self._others)} files are ignored, since their names "
            f"end on none of {self._suffixes}: {shown}"
            + (f" and {more} more." if more > 0 else ".")
        )


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _split(
    arguments: FolderArguments, folder: Folder, seed: int
) -> list[tuple[str, Folder]]:
    """The wanted parts of the files, with the name of each."""
    if arguments.validation_split is None:
        return [("training", folder)]
    count = len(folder.paths)
    order = np.arange(count)
    if arguments.shuffle:
        order = generator_of(seed).permutation(count)
    middle = count - int(arguments.validation_split * count)
    parts = {
        "training": folder.pick(order[:middle]),
        "validation": folder.pick(order[middle:]),
    }
    wanted = parts if arguments.subset == "both" else [arguments.subset or ""]
    return [(name, parts[name]) for name in wanted]


@dataclasses.dataclass(frozen=True)
class OneHot:
    """Labels as rows of zeros with a one, each made when it is asked for."""

    labels: np.ndarray
    count: int

    def __getitem__(self, index: int) -> np.ndarray:
        row = np.zeros(self.count, floatx())
        row[self.labels[index]] = 1
        return row


def _targets(
    arguments: FolderArguments, folder: Folder, part: Folder
) -> np.ndarray | OneHot | None:
    """The labels of a part in the form that `label_mode` asks for."""
    labels = part.labels
    if labels is None or arguments.label_mode == "int":
        return labels
    if arguments.label_mode == "binary":
        return labels.astype(floatx())[:, None]
    count = len(folder.class_names or ())
    if labels.min() < 0 or labels.max() >= count:
        raise ValueError(
            f'{arguments.who}: `label_mode="categorical"` needs labels from 0 to '
            f"{count - 1}, as there are {count} classes; received {labels.min()} to "
            f"{labels.max()}."
        )
    return OneHot(labels, count)
