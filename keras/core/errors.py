"""Shared checks: one sentence each, the same wording everywhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any


def near_matches(name: str, known: Iterable[str]) -> str:
    """`" Did you mean 'relu'?"`, or nothing when no known name is near."""
    if len(str(name)) > 200:  # comparing takes the square of the length
        return ""
    close = difflib.get_close_matches(str(name), list(known), n=3, cutoff=0.6)
    if not close:
        return ""
    return f" Did you mean {' or '.join(repr(c) for c in close)}?"


# Arguments of earlier versions, with their names now.
_FORMER = {"lr": "learning_rate", "decay": "weight_decay"}


def unknown_arguments(who: str, given: Iterable[str], known: Iterable[str]) -> str:
    """The sentence for constructor arguments that a class does not have.

    Args:
        who: the class.
        given: the unknown names.
        known: the names that it takes.
    """
    names, known = sorted(given), sorted(known)
    hints = [
        f" Did you mean {_FORMER[n]!r}?"
        if _FORMER.get(n) in known
        else near_matches(n, known)
        for n in names
    ]
    return f"{who}: unknown arguments {names}.{''.join(hints)} It takes {known}."


def check_choice(value: Any, choices: Sequence[Any], argument: str, who: str) -> Any:
    """`value` if it is one of `choices`, else a ValueError that names them."""
    if value not in choices:
        raise ValueError(
            f"{who}: `{argument}` must be one of {list(choices)}; received {value!r}."
            + (near_matches(value, map(str, choices)) if value else "")
        )
    return value


def check_positive_int(value: Any, argument: str, who: str) -> int:
    """`value` as a positive integer, else an error that says what was given."""
    try:
        number = int(value)
        exact = number == value
    except (TypeError, ValueError):
        raise TypeError(
            f"{who}: `{argument}` must be a positive integer; received {value!r} "
            f"({type(value).__name__})."
        ) from None
    if not exact or number <= 0 or isinstance(value, bool):
        raise ValueError(
            f"{who}: `{argument}` must be a positive integer; received {value!r}."
        )
    return number


def check_fraction(value: Any, argument: str, who: str) -> float:
    """`value` if it is a number from 0 to 1, else an error."""
    if not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(
            f"{who}: `{argument}` must be a number from 0 to 1; received {value!r}."
        )
    return value


def check_number(
    value: Any,
    argument: str,
    who: str,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
) -> Any:
    """`value` if it is a number within bounds, else an error."""
    bounds = {"at least": least, "above": above, "at most": most}
    try:
        fits = (
            (least is None or value >= least)
            and (above is None or value > above)
            and (most is None or value <= most)
        )
    except TypeError:
        fits = False
    if not fits:
        wanted = " and ".join(f"{k} {v}" for k, v in bounds.items() if v is not None)
        raise ValueError(f"{who}: `{argument}` must be {wanted}; received {value!r}.")
    return value


def standardize_tuple(
    value: Any, rank: int, argument: str, who: str, allow_zero: bool = False
) -> tuple[int, ...]:
    """An int or a sequence of `rank` ints as a tuple of `rank` ints."""
    least = 0 if allow_zero else 1
    wanted = f"an integer or {rank} integers of at least {least}"
    if isinstance(value, int) and not isinstance(value, bool):
        values: tuple[Any, ...] = (value,) * rank
    else:
        try:
            values = tuple(value)
        except TypeError:
            raise TypeError(
                f"{who}: `{argument}` must be {wanted}; received {value!r}."
            ) from None
    if len(values) != rank or any(int(v) != v or v < least for v in values):
        raise ValueError(f"{who}: `{argument}` must be {wanted}; received {value!r}.")
    return tuple(int(v) for v in values)


def shape_error(expected: str, *tensors: Any) -> ValueError:
    """The error for tensors whose shapes are not as `expected` says."""
    shapes = [str(tuple(x.shape)) for x in tensors]
    given = f"shape{'s' if len(shapes) > 1 else ''} {' and '.join(shapes)}"
    return ValueError(f"{expected}; received {given}.")


def no_flash_attention(backend: str, why: str) -> ValueError:
    """The error for a fused attention kernel that was demanded and does not exist."""
    return ValueError(
        f"dot_product_attention: `flash_attention=True` is not possible on the backend "
        f"{backend!r}: {why}. Pass None to use a fused kernel only where there is one."
    )


def shapes_fit(a: Sequence[int | None], b: Sequence[int | None]) -> bool:
    """Whether two shapes may be the same; None stands for any size."""
    return len(a) == len(b) and all(
        m == n or m is None or n is None for m, n in zip(a, b)
    )


def optional_import(module: str, extra: str, purpose: str) -> Any:
    """Import an optional package, or say which command installs it."""
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs the package {module!r}. "
            f'Install it with: pip install "keras[{extra}]"'
        ) from error
