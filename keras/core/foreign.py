"""Tensors of another framework than the one in force."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.core import backends

_TENSOR_NAMES = ("Tensor", "Array", "Parameter", "Variable", "Tracer", "BCOO")


def framework_of(x: Any) -> str | None:
    """Which backend a framework's tensor belongs to; None for anything else."""
    return framework_of_class(type(x))


def framework_of_class(cls: type) -> str | None:
    """Which backend the tensors of a class belong to; None if they are no tensors."""
    owner = backends.owner_of_package(cls.__module__)
    if owner is not None and any(part in cls.__name__ for part in _TENSOR_NAMES):
        return owner
    return None


def refuse_foreign(x: Any, backend: str) -> None:
    """Raise if `x` is a tensor of another framework than `backend`'s."""
    owner = framework_of(x)
    # A tensor of the NumPy backend is an `np.ndarray`, which every backend takes.
    if owner not in (None, backend) and not isinstance(x, np.ndarray):
        raise TypeError(
            f"A tensor of {owner} (shape {tuple(x.shape)}) reached an operation of the "
            f"backend {backend!r}. Tensors of two frameworks do not mix inside one "
            "operation: convert it with keras.ops.convert_to_numpy(x), or enter its "
            f"backend with keras.config.backend_scope({owner!r})."
        )


def is_text(x: Any) -> bool:
    """Whether `x` is text, or an array of it, maybe in objects."""
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    if kind == "O":
        return x.size > 0 and isinstance(x.flat[0], (str, bytes))
    return (kind != "" and kind in "SUT") or isinstance(x, (str, bytes))


def text_array(values: Any) -> Any:
    """Text, and (nested) lists of text, as arrays of objects; all else as it is.

    An array of objects takes no more memory than the texts need.
    """
    first = values
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    return np.array(values, object) if isinstance(first, (str, bytes)) else values


def check_text(values: list[Any]) -> None:
    """Raise TypeError unless all values are text."""
    if all(issubclass(kind, (str, bytes)) for kind in set(map(type, values))):
        return
    where = next(i for i, v in enumerate(values) if not isinstance(v, (str, bytes)))
    raise TypeError(
        f"Text is needed; element {where} of {len(values)} is {values[where]!r}, of "
        f"type {type(values[where]).__name__}. Fill gaps with a text of your own "
        "first, such as ''."
    )


def refuse_text(x: Any, backend: str) -> None:
    """Raise if `x` is text or objects, which this backend's tensors cannot hold."""
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    if kind in "OSU" and kind or isinstance(x, (str, bytes)):
        what = f"an array of {x.dtype} (shape {x.shape})" if kind else repr(x)
        raise ValueError(
            f"The backend {backend!r} has no tensors of text or objects; received "
            f"{what}. Turn text into numbers first, and ragged lists into an array "
            "with keras.utils.pad_sequences."
        )


def to_host(x: Any) -> Any:
    """A framework's tensor as a NumPy array, whatever backend is in force."""
    owner = framework_of(x)
    return backends.load(owner).convert_to_numpy(x) if owner else x
