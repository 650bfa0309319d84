"""What is to be saved, as it stands at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from keras.saving.walk import Entry


def copied(found: Iterable[Entry]) -> list[Entry]:
    """The state of objects in arrays of its own.

    PyTorch and TensorFlow change variables in place, and JAX gives an array's memory
    to the next step: a view taken now would show later values.
    """
    return [
        replace(entry, values={k: np.array(v) for k, v in entry.values.items()})
        for entry in found
    ]


def snapshot(found: Iterable[Entry], copy: bool) -> list[Entry]:
    """The state to write: as it is, or as a copy to be written later."""
    return copied(found) if copy else list(found)
