"""A few words kept in a saved file: which value it was saved for, and when."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras.saving.archive import METADATA, Archive
from keras.saving.h5 import read_root_attribute

# Its name in the metadata of a `.keras` file, and among a weights file's attributes.
NOTE = "checkpoint"


def note_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """A note in plain numbers and texts, as JSON takes them."""
    return {
        key: value if isinstance(value, (str, int, type(None))) else float(value)
        for key, value in values.items()
    }


def read_note(path: str | os.PathLike) -> dict[str, Any] | None:
    """The note in a `.keras` or `.weights.h5` file; None where there is none."""
    path = Path(path)
    try:
        if path.name.endswith(".weights.h5"):
            text = read_root_attribute(path, NOTE)
            note = None if text is None else json.loads(text)
        else:
            with Archive(path) as archive:
                note = archive.read_json(METADATA).get(NOTE)
    except (OSError, ValueError, AttributeError):
        return None
    return note if isinstance(note, dict) else None
