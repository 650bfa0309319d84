"""Limits that apply while loading a config from an untrusted source.

Every entry point (loading a model, `from_config`, `deserialize` of any family) opens a
`LoadLimits`. While it is open, weights are counted before they are created, calls
before they are run, and no file is opened because the config names it. A config cannot
widen its own limits: only the outermost entry point sets them.

The limits are stated in THREAT_MODEL.md.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 100
MAX_JSON_BYTES = 64 << 20
MAX_JSON_VALUES = 2_000_000
MAX_INTEGER = 1 << 63
MAX_NAME = 500
MAX_CALLS = 200_000
MAX_REPEATS = 10_000
# State that a file need not hold: metrics, seeds, the factors of low-rank adaption.
UNSAVED_BYTES = 64 << 20


@dataclass
class LoadLimits:
    """Whether the source is trusted, and how many bytes and calls it may still use."""

    trusted: bool
    bytes_left: float
    calls_left: float
    source: str


_reading: ContextVar[LoadLimits | None] = ContextVar("keras_reading", default=None)


@contextlib.contextmanager
def reading(
    source: str = "the config", weight_bytes: int | None = None, trusted: bool = False
) -> Iterator[LoadLimits]:
    """Read a config inside a `with` block; an inner one is part of the outer.

    `weight_bytes` is what the weights that belong to it take; without a file of weights
    half of the machine's memory is the limit. A `trusted` one may hold code and take
    what it likes: only the function that says so in its name passes True.
    """
    outer = _reading.get()
    if outer is not None:
        yield outer
        return
    room = memory() // 2 if weight_bytes is None else weight_bytes + UNSAVED_BYTES
    limit = math.inf if trusted else 1
    made = LoadLimits(trusted, room * limit, MAX_CALLS * limit, source)
    token = _reading.set(made)
    try:
        yield made
    finally:
        _reading.reset(token)


def is_open() -> bool:
    """Whether a config is being read."""
    return _reading.get() is not None


def untrusted() -> LoadLimits | None:
    """The reading that goes on, if its source is not trusted."""
    now = _reading.get()
    return None if now is None or now.trusted else now


def is_trusted() -> bool:
    """Whether a config is read whose source the caller said to trust."""
    now = _reading.get()
    return now is not None and now.trusted


def charge(shape: Iterable[int], itemsize: int, what: str) -> None:
    """Count an array that a config asks for, before it is made.

    It is a ValueError if the weights of the file, or the machine, do not reach.
    """
    now = untrusted()
    if now is None:
        return
    shape = tuple(shape)
    size = math.prod(shape) * itemsize
    if size > now.bytes_left:
        raise ValueError(
            f"{what}: {now.source} asks for an array of shape {_short(shape)}, "
            f"{_short(size)} bytes, which is more than there is for it "
            f"({int(now.bytes_left)} bytes are left of what its weights take, or of "
            "half of the machine's memory). It does not fit its weights, or was made "
            "to exhaust the memory."
        )
    now.bytes_left -= size


@contextlib.contextmanager
def as_large_as_weights() -> Iterator[None]:
    """What is made inside a `with` block has the sizes of weights that were counted."""
    now = untrusted()
    if now is None:
        yield
        return
    left = now.bytes_left
    now.bytes_left = math.inf
    try:
        yield
    finally:
        now.bytes_left = left


def count_call(what: Any) -> None:
    """Count a call that building a model takes; more than any needs: ValueError."""
    now = untrusted()
    if now is None:
        return
    now.calls_left -= 1
    if now.calls_left < 0:
        raise ValueError(
            f"{now.source} takes more than {MAX_CALLS} calls of layers and ops to "
            f"build (at {what}): it is not built."
        )


def check_repeats(number: Any, what: str) -> None:
    """Raise ValueError if a config has something written out very many times."""
    now = untrusted()
    if now is not None and isinstance(number, (int, float)) and number > MAX_REPEATS:
        raise ValueError(
            f"{what}: {now.source} asks for {_short(number)} of them; at most "
            f"{MAX_REPEATS} are made for a config."
        )


def refuse_path(what: str, path: Any) -> None:
    """Raise ValueError where a file or URL would be opened because a config names it.

    Whatever opens a path that a constructor was given calls this first.
    """
    now = untrusted()
    if now is not None:
        raise ValueError(
            f"{what}: {now.source} names the path {_short(path)!r}. No file or network "
            "address is opened because a config names it: the sender could read your "
            "files with it. Give the contents in the config, or make the object in "
            "your program and set them there."
        )


def parse_json(text: str | bytes, what: str) -> Any:
    """The value of a JSON text; `what` is where it comes from, for messages.

    It is a ValueError if it isn't JSON, is too large or too deep, names a key twice, or
    holds an integer of more than 64 bits.
    """
    if len(text) > MAX_JSON_BYTES:
        raise ValueError(
            f"{what} has {len(text)} bytes; at most {MAX_JSON_BYTES} are read."
        )

    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{what} cannot be read: {error}.") from error

    # Counted before it is read: each value takes far more memory than its text.
    values = sum(text.count(mark) for mark in ",[{")
    if values > MAX_JSON_VALUES:
        raise ValueError(
            f"{what} holds about {values} values; at most {MAX_JSON_VALUES} are read."
        )

    try:
        found = json.loads(text, object_pairs_hook=unique_keys, parse_int=_integer)
    except RecursionError:
        raise ValueError(f"{what} cannot be read: it is nested too deep.") from None
    except ValueError as error:
        raise ValueError(f"{what} cannot be read: {error}.") from error

    check_depth(found, what)
    return found


def check_depth(config: Any, what: str = "The config") -> None:
    """Raise ValueError for data nested deeper than `MAX_DEPTH`, or of very many values:
    reading it would exhaust the stack, or the memory.
    """
    level = [config]
    count = 0
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for x in level
            if isinstance(x, (dict, list, tuple))
            for inner in (x.values() if isinstance(x, dict) else x)
        ]
        count += len(level)
        if not level:
            return
        if count > 2 * MAX_JSON_VALUES:
            raise ValueError(
                f"{what} holds more than {2 * MAX_JSON_VALUES} values: it is not read."
            )
    raise ValueError(
        f"{what} is nested more than {MAX_DEPTH} levels deep: it is not read."
    )


def check_name(name: Any, what: str) -> str:
    """A name in a config: TypeError if it isn't a string, ValueError if too long."""
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a string; received {_short(repr(name))}.")
    if len(name) > MAX_NAME:
        raise ValueError(f"{what} has {len(name)} characters; a name has {MAX_NAME}.")
    return name


def enable_unsafe_deserialization() -> None:
    """Refused: in Keras it lets every file loaded afterwards run code.

    A switch for the whole process is also a switch for the next stranger's file. Files
    with code are loaded one by one, with `keras.saving.load_trusted_model`.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "keras.config.enable_unsafe_deserialization() would let every file that is "
        "loaded from now on run code. Load the one file that you trust with "
        "keras.saving.load_trusted_model(path)."
    )


def memory() -> int:
    """The machine's memory in bytes, or what the process may have of it."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        import resource
    except (AttributeError, ImportError, ValueError, OSError):  # not a Unix system
        return 16 << 30
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    return machine if allowed == resource.RLIM_INFINITY else min(machine, allowed)


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object of its pairs; ValueError if a key is there twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {_short(key)!r} is there twice")
        found[key] = value
    return found


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -MAX_INTEGER <= int(digits) < 2 * MAX_INTEGER:
        raise ValueError(f"the integer {_short(digits)} has more than 64 bits")
    return int(digits)


def _short(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= 1 << 200:
        return f"about 2**{value.bit_length()}"
    text = str(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
