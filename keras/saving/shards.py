"""Weights in several files, and an index that says which of them holds what."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from keras.core.config.limits import MAX_JSON_BYTES, parse_json
from keras.saving.atomic import atomic_file


def split(
    items: Iterable[tuple[str, int, Any]], max_shard_size: float
) -> list[list[Any]]:
    """Items in groups of at most `max_shard_size` gibibytes, in order.

    For each item its name, its size in bytes, and itself are given; one that is larger
    than the limit is a ValueError.
    """
    limit = max_shard_size * 1024**3
    shards: list[list[Any]] = [[]]
    used = 0
    for name, size, item in items:
        if size > limit:
            raise ValueError(
                f"save_weights: {name!r} has {size} bytes; `max_shard_size`="
                f"{max_shard_size} (GiB) allows {int(limit)}. Choose a larger limit."
            )
        if shards[-1] and used + size > limit:
            shards.append([])
            used = 0
        shards[-1].append(item)
        used += size
    return shards


def save_shards(
    index: Path,
    shards: list[Any],
    name: Callable[[str, int], str],
    write: Callable[[Path, Any], Any],
    content: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """Write shards under new names, then the index; those it had before go last.

    `name` makes the name of a shard of a tag of this save and the shard's number,
    `write` writes one to a path, and `content` is the index, from what `write` returned
    by the shards' names.
    """
    try:
        old = read_index(index, present=False)[0] if index.exists() else []
    except ValueError:  # what cannot be read may still be replaced
        old = []

    # The old index must keep its shards until it is replaced.
    tag = secrets.token_hex(4) if index.exists() else ""
    written: dict[str, Any] = {}
    try:
        for number, shard in enumerate(shards):
            path = index.with_name(name(tag, number))
            with atomic_file(path) as file:
                written[path.name] = write(file, shard)
        with atomic_file(index) as file:
            file.write_text(json.dumps(content(written), indent=4), encoding="utf-8")
    except BaseException:  # shards without an index
        for shard_name in written:
            index.with_name(shard_name).unlink(missing_ok=True)
        raise

    for path in old:
        path.unlink(missing_ok=True)


def read_index(index: Path, present: bool = True) -> tuple[list[Path], dict[str, Any]]:
    """The files that an index names, in the same directory, and its whole content.

    It is a ValueError if it is damaged, or names something else than shards; if they
    have to be `present`, a missing one is a FileNotFoundError.
    """
    ending = ".weights.h5" if index.name.endswith(".weights.json") else ".safetensors"
    if index.stat().st_size > MAX_JSON_BYTES:
        raise ValueError(f"{index.name!r} is larger than an index of shards can be.")
    try:
        content = parse_json(index.read_bytes(), "its text")
        lists = [
            [x] if isinstance(x, str) else x for x in content["weight_map"].values()
        ]
        names = dict.fromkeys(name for held in lists for name in held)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{index.name!r} is not an index of shards, or is damaged or cut short: "
            f"{str(error).rstrip('.')}."
        ) from error

    for name in names:
        plain = isinstance(name, str) and re.fullmatch(r"[^/\\:\0]+", name)
        if not plain or not name.endswith(ending):
            raise ValueError(f"{index.name!r} names {name!r}, which is not a shard.")
        if present and not index.with_name(name).exists():
            raise FileNotFoundError(
                f"{index.name!r} names the shard {name!r}, which is not in the same "
                "directory."
            )
    return [index.with_name(name) for name in names], content
