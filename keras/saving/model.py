"""Save a whole model to one file, and load it."""

from __future__ import annotations

import datetime
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras.core.config.limits import reading
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.core.state_paths import copied, entries, groups_of, saveables
from keras.saving.archive import (
    ASSETS,
    CONFIG,
    METADATA,
    WEIGHTS,
    Archive,
    write_checksums,
    write_json,
    write_zip,
)
from keras.saving.atomic import atomic_directory, atomic_file
from keras.saving.h5 import Record, open_records, write_groups
from keras.saving.keras2 import is_old, translate
from keras.saving.orbax import (
    assign_values,
    bytes_of,
    latest_checkpoint,
    read_checkpoint,
)
from keras.saving.weights import (
    LEGACY,
    NOTE,
    check_target,
    note_of,
    require_model,
    restore,
    warn_lost,
    write_entries,
)

if TYPE_CHECKING:
    from keras.models.model import Model

# The version of Keras whose files these are.
API_VERSION = "3.15.1"


def save_model(
    model: Any,
    filepath: str | os.PathLike,
    overwrite: bool = True,
    zipped: bool | None = None,
    **kwargs: Any,
) -> None:
    """Save a model: its configuration, weights, optimizer state and assets.

    The file is written atomically: after a failure an older file is unchanged. Keras
    3.15 reads it too.

    Args:
        model: the model.
        filepath: a path ending in `.keras`, or a directory's with `zipped=False`, or
            in `.h5` or `.hdf5` for the old format.
        overwrite: whether what exists there may be replaced.
        zipped: whether to write one file; by default yes.
        include_optimizer: whether to save the compile settings and the optimizer.
        save_format: deprecated; the ending of `filepath` says it.

    Raises:
        ValueError: another ending.
        FileExistsError: the file exists and `overwrite` is False.
        TypeError: the model holds something that cannot be saved as data.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> keras.saving.save_model(model, "model.keras")
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    save_format = kwargs.pop("save_format", None)
    if save_format is not None:
        _check_save_format(save_format, str(filepath))
    if kwargs:
        raise ValueError(f"save_model: unknown arguments {sorted(kwargs)}.")
    path = _check_model_target(filepath, overwrite, zipped)
    if path.name.endswith(LEGACY):
        from keras.saving.legacy_h5 import save_legacy_model

        save_legacy_model(model, path, include_optimizer, API_VERSION)
        return
    prepare_model(model, path, zipped is not False, include_optimizer)()


def prepare_model(
    model: Any,
    path: Path,
    zipped: bool = True,
    include_optimizer: bool = True,
    note: Mapping[str, Any] | None = None,
    copy: bool = False,
) -> Callable[[], None]:
    """Collect everything for a model's file; returns the function that writes it.

    The arguments are those of `save_model`. `note` is kept in the file's metadata; with
    `copy` the weights are copied, so that training may go on while it is written.
    """
    config = serialize_keras_object(model)
    if not include_optimizer:
        config.pop("compile_config", None)
    if not getattr(model, "built", True):
        warnings.warn(
            f"save_model: {type(model).__name__} {model.name!r} is not built yet, so "
            "the file holds no weights. Call it on data first to save them.",
            stacklevel=3,
        )
    optimizer = getattr(model, "optimizer", None)
    skip = [optimizer] if optimizer is not None and not include_optimizer else []
    found = warn_lost(model, entries(model, skip), "save_model")
    found = copied(found) if copy else found

    owners = [o for o in saveables(model) if hasattr(type(o[1]), "save_assets")]
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata: dict[str, Any] = {"keras_version": API_VERSION, "date_saved": saved}
    if note is not None:
        metadata[NOTE] = note_of(note)

    def write_files(folder: Path) -> None:
        write_json(folder / METADATA, metadata)
        write_json(folder / CONFIG, config)
        for owner_path, owner in owners:
            target = folder / ASSETS / owner_path
            target.mkdir(parents=True, exist_ok=True)
            owner.save_assets(str(target))

    def write() -> None:
        if not zipped:
            with atomic_directory(path) as folder:
                write_files(folder)
                write_entries(folder / WEIGHTS, found)
                write_checksums(folder, metadata)
            return
        with (
            atomic_file(path) as temporary,
            tempfile.TemporaryDirectory(".tmp", ".saving-", temporary.parent) as files,
        ):
            write_files(Path(files))
            write_zip(
                temporary,
                Path(files),
                lambda file, start: write_groups(file, groups_of(found), start),
            )

    return write


def load_model(
    filepath: str | os.PathLike,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Model:
    """Load a model saved by `save_model`, by this package or by Keras 3.

    The model belongs to the backend in force. Classes come from this package, from what
    is registered, and from `custom_objects`; nothing else a file names is looked up.

    Args:
        filepath: a `.keras` file, or a directory of its members; a directory of
            `OrbaxCheckpoint`, or of one of its steps; or an old `.h5` file of Keras 2
            or Keras 3.
        custom_objects: classes and functions by the names used in the file.
        compile: whether to compile the model as it was, with its optimizer's state.
        safe_mode: kept for compatibility; serialized code is refused either way. The
            one call that runs it is `load_trusted_model`.

    Returns:
        The model.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, not a saved model, or its weights do not fit.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> model.save("model.keras")
        >>> again = keras.saving.load_model("model.keras")
    """
    path = Path(filepath)
    _check_model_source(path)
    who = f"load_model from {str(filepath)!r}"
    if path.name.endswith(LEGACY) and not path.is_dir():
        from keras.saving.legacy_h5 import load_legacy_model

        return load_legacy_model(path, who, custom_objects, compile)
    if (step := latest_checkpoint(path)) is not None:
        return _load_checkpoint(step, who, custom_objects, compile)
    with Archive(path) as archive:
        config = archive.read_json(CONFIG)
        if not isinstance(config, dict):
            raise ValueError(f"{who}: its configuration is not a JSON object.")

        old = is_old(config)
        if old:
            config = translate(config)
        if not compile:
            config.pop("compile_config", None)
        with (
            archive.weights() as weights,
            open_records(weights) as records,
            reading(repr(path.name), sum(r.nbytes for r in records.values())),
        ):
            # The weights are looked at first: the config may not ask for more.
            model = require_model(deserialize_keras_object(config, custom_objects), who)
            for owner_path, owner in saveables(model):
                if hasattr(type(owner), "load_assets"):
                    with archive.assets(owner_path) as folder:
                        if folder is not None:
                            owner.load_assets(str(folder))
            if old:
                records = _without_training(records, who)
            _build_optimizer(model, records)
            restore(model, records, who)
    return model


def _load_checkpoint(step: Path, who: str, custom_objects: Any, compile: bool) -> Model:
    """The model of a checkpoint of Orbax, with its whole state."""
    config, tree = read_checkpoint(step, who)
    if not compile:
        config.pop("compile_config", None)
    with reading(repr(step.name), bytes_of(tree)):
        model = require_model(deserialize_keras_object(config, custom_objects), who)
        assign_values(model, tree, who)
    return model


def _without_training(records: Mapping[str, Record], who: str) -> dict[str, Record]:
    """The weights alone of a file of Keras 2, which numbers the optimizer's slots.

    Their order there is not that of Keras 3, so they cannot be told apart.
    """
    training = ("optimizer/", "metrics/")
    if any(path.startswith(training[0]) for path in records):
        warnings.warn(
            f"{who}: the file is Keras 2's; its optimizer's state is ignored, and "
            "training continues with initial moments.",
            stacklevel=3,
        )
    return {p: r for p, r in records.items() if not p.startswith(training)}


def load_trusted_model(
    filepath: str | os.PathLike,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
) -> Model:
    """Load a model whose file may run code: only for files that you made yourself.

    `load_model` refuses the Python code that Keras writes for a `Lambda` layer, and
    configs that name files; this function takes both, with a warning, and sets no
    limits. Opening a stranger's file with it gives the stranger your account.

    Args:
        filepath, custom_objects, compile: as for `load_model`.

    Returns:
        The model.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> model.save("mine.keras")
        >>> again = keras.saving.load_trusted_model("mine.keras")
    """
    warnings.warn(
        f"load_trusted_model: code in {str(filepath)!r} will be run with all your "
        "rights.",
        stacklevel=2,
    )
    with reading(repr(str(filepath)), trusted=True):
        return load_model(filepath, custom_objects, compile)


def _check_save_format(save_format: str, path: str) -> None:
    """Warn of the old argument; raise if it contradicts the path's ending."""
    endings = {"keras": (".keras",), "h5": LEGACY, "hdf5": LEGACY}
    if not path.endswith(endings.get(save_format, ())):
        raise ValueError(
            f"save_model: save_format={save_format!r} does not go with the path "
            f"{path!r}. The ending says the format: .keras, or .h5 for the old one."
        )
    warnings.warn(
        "save_model: `save_format` is deprecated and not needed: the path's ending "
        "says the format.",
        DeprecationWarning,
        stacklevel=4,
    )


def _check_model_target(
    filepath: str | os.PathLike, overwrite: bool, zipped: bool | None
) -> Path:
    name = str(filepath)
    problem = None
    if name.endswith(".weights.h5"):
        problem = (
            "a path ending in `.weights.h5` is for weights alone: call "
            "`model.save_weights`, or save to `.keras`"
        )
    elif zipped is False and name.endswith((".keras", *LEGACY)):
        problem = (
            "with `zipped=False` a directory is written; what ends in `.keras`, "
            "`.h5` or `.hdf5` is one file"
        )
    elif zipped is not False and not name.endswith((".keras", *LEGACY)):
        problem = (
            "the filename must end in `.keras` (`model.export` writes other formats)"
        )
    if problem:
        raise ValueError(f"save_model: {problem}; received {name!r}.")
    return check_target(filepath, (), overwrite, "save_model")


def _check_model_source(path: Path) -> None:
    if path.is_dir():
        return
    if not path.exists():
        raise FileNotFoundError(f"load_model: there is no file {str(path)!r}.")
    if path.name.endswith(".weights.h5"):
        raise ValueError(
            f"load_model: {str(path)!r} holds only weights. Build the model and call "
            "`model.load_weights` on it."
        )
    if path.suffix not in (".keras", *LEGACY):
        raise ValueError(
            "load_model: a file ending in `.keras` (or `.h5`, `.hdf5` for the old "
            f"format) is needed; received {str(path)!r}."
        )


def _build_optimizer(model: Any, records: Mapping[str, Record]) -> None:
    """Make the optimizer's slots if the file has them."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or optimizer.built:
        return
    saved = sum(path.startswith("optimizer/vars/") for path in records)
    if saved > len(optimizer.variables):
        optimizer.build(model.trainable_variables)
