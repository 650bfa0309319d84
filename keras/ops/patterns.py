"""`rearrange`: reshape and transpose by a pattern, in the notation of einops."""

from __future__ import annotations

import math
import re
from typing import Any

from keras.core.op import Tensor, op
from keras.ops.core import shape
from keras.ops.shaping import reshape, transpose


def rearrange(tensor: Tensor, pattern: str, **axes_lengths: int) -> Tensor:
    """Reshape and transpose by a pattern, in the notation of einops.

    Args:
        tensor: a tensor.
        pattern: the axes by name, as they are on the left of "->" and as they will be
            on the right. Brackets join axes into one, "..." stands for any further
            axes, 1 for an axis of size 1.
        **axes_lengths: sizes of axes that are split off.

    Raises:
        ValueError: the pattern is malformed or does not match the shape.

    Example:
        >>> x = keras.ops.zeros((2, 12, 3))
        >>> keras.ops.rearrange(x, "b (h w) c -> b c h w", h=4).shape
        (2, 3, 4, 3)
    """
    return _rearrange(tensor, pattern, axes_lengths)


@op(name="rearrange")
def _rearrange(tensor: Tensor, pattern: str, axes_lengths: dict[str, int]) -> Tensor:
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange: the pattern {pattern!r} must have a '->'.")
    before = _parse(left, pattern)
    after = _parse(right, pattern)

    # "..." becomes as many axes as the others leave.
    dims = shape(tensor)
    extra = len(dims) - len(before) + 1
    before = _expand_ellipsis(before, extra)
    after = _expand_ellipsis(after, extra)
    if len(before) != len(dims):
        raise ValueError(
            f"rearrange: the pattern {pattern!r} has {len(before)} axes on the left; "
            f"received a tensor of shape {tuple(tensor.shape)}."
        )

    sizes: dict[str, Any] = dict(axes_lengths)
    for group, dim in zip(before, dims):
        _solve_group(group, dim, sizes, pattern, tensor)

    old = [name for group in before for name in group if name != "1"]
    new = [name for group in after for name in group if name != "1"]
    if len(set(old)) != len(old) or sorted(old) != sorted(new):
        raise ValueError(
            f"rearrange: each axis must appear once on each side of {pattern!r}."
        )
    unknown = set(axes_lengths) - set(old)
    if unknown:
        raise ValueError(
            f"rearrange: there are no axes {sorted(unknown)} in the pattern "
            f"{pattern!r}."
        )

    # Split all groups, reorder, join again.
    out = reshape(tensor, tuple(sizes[name] for name in old))
    out = transpose(out, [old.index(name) for name in new])
    sizes["1"] = 1
    return reshape(out, [math.prod(sizes[name] for name in group) for group in after])


def _parse(side: str, pattern: str) -> list[list[str]]:
    """One side of a pattern as groups of axis names; "..." is a group of its own."""
    tokens = re.findall(r"\(|\)|\.\.\.|\w+", side)
    if "".join(tokens) != re.sub(r"\s", "", side):
        raise ValueError(
            f"rearrange: the pattern {pattern!r} is malformed at {side!r}."
        )

    groups: list[list[str]] = []
    is_inside = False
    for token in tokens:
        if token in "()":
            opens = token == "("
            if is_inside is opens:
                raise ValueError(f"rearrange: unbalanced brackets in {pattern!r}.")
            is_inside = opens
            if opens:
                groups.append([])
        elif is_inside:
            groups[-1].append(token)
        else:
            groups.append([token])

    if is_inside:
        raise ValueError(f"rearrange: unbalanced brackets in {pattern!r}.")
    return groups


def _expand_ellipsis(groups: list[list[str]], extra: int) -> list[list[str]]:
    """Names for the axes that "..." stands for: groups of their own, or in a group."""
    names = [f"...{i}" for i in range(extra)]
    out: list[list[str]] = []
    for group in groups:
        if group == ["..."]:
            out.extend([name] for name in names)
        else:
            expanded: list[str] = []
            for name in group:
                expanded.extend(names if name == "..." else [name])
            out.append(expanded)
    return out


def _solve_group(
    group: list[str], dim: Any, sizes: dict[str, Any], pattern: str, tensor: Any
) -> None:
    """Add the one size of a group that is not given to `sizes`."""
    missing = [name for name in group if name not in sizes and name != "1"]
    if len(missing) > 1:
        raise ValueError(
            f"rearrange: the sizes of all but one of the axes {missing} of {pattern!r} "
            "must be given."
        )

    known = math.prod(sizes.get(name, 1) for name in group)
    if isinstance(dim, int) and isinstance(known, int):
        fits = dim % known == 0 if missing else dim == known
        if not fits:
            raise ValueError(
                f"rearrange: an axis of size {dim} cannot be split as "
                f"({' '.join(group)}) with {sizes}; received the pattern {pattern!r} "
                f"and shape {tuple(tensor.shape)}."
            )
    if missing:
        sizes[missing[0]] = dim // known
