"""Reshaping by a pattern such as "b (h w) c -> b h w c"."""

from __future__ import annotations

import math
import re
from typing import Any

from keras.core.op import Tensor, op
from keras.ops.core import shape
from keras.ops.shaping import reshape, transpose


def _parse(side: str, pattern: str) -> list[list[str]]:
    """Groups of axis names; "..." is a group of its own."""
    tokens = re.findall(r"\(|\)|\.\.\.|\w+", side)
    if "".join(tokens) != re.sub(r"\s", "", side):
        raise ValueError(f"rearrange: cannot read {side!r} in the pattern {pattern!r}.")
    groups: list[list[str]] = []
    inside = False
    for token in tokens:
        if token in "()":
            if inside is (token == "("):
                raise ValueError(f"rearrange: unbalanced brackets in {pattern!r}.")
            inside = token == "("
            if inside:
                groups.append([])
        elif inside:
            groups[-1].append(token)
        else:
            groups.append([token])
    if inside:
        raise ValueError(f"rearrange: unbalanced brackets in {pattern!r}.")
    return groups


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Reshape and transpose by a pattern, in the notation of einops.

    Args:
        tensor: a tensor.
        pattern: axes by name, left as they are and right as they shall be; brackets
            join axes into one, "..." stands for any further axes, 1 for an axis of
            size 1.
        **axes_lengths: sizes of axes that are split off.

    Raises:
        ValueError: the pattern cannot be read, or does not fit the shape.

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
        raise ValueError(f"rearrange: the pattern {pattern!r} has no '->'.")
    before, after = _parse(left, pattern), _parse(right, pattern)
    extra = len(tensor.shape) - len(before) + 1
    before, after = (_expand(groups, extra) for groups in (before, after))
    dims = shape(tensor)
    if len(before) != len(dims):
        raise ValueError(
            f"rearrange: the pattern {pattern!r} has {len(before)} axes on the left; "
            f"the tensor has shape {tuple(tensor.shape)}."
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
            f"rearrange: no axes {sorted(unknown)} in the pattern {pattern!r}."
        )
    out = reshape(tensor, tuple(sizes[name] for name in old))
    out = transpose(out, [old.index(name) for name in new])
    sizes["1"] = 1
    return reshape(out, [math.prod(sizes[name] for name in group) for group in after])


def _expand(groups: list[list[str]], extra: int) -> list[list[str]]:
    """Names for the axes that "..." stands for."""
    names = [f"...{i}" for i in range(extra)]
    out: list[list[str]] = []
    for group in groups:
        if group == ["..."]:
            out.extend([name] for name in names)
        else:
            out.append([n for g in group for n in (names if g == "..." else [g])])
    return out


def _solve_group(
    group: list[str], dim: Any, sizes: dict[str, Any], pattern: str, tensor: Any
) -> None:
    """Find the one size that is not given."""
    missing = [name for name in group if name not in sizes and name != "1"]
    known = math.prod(sizes.get(name, 1) for name in group)
    exact = isinstance(dim, int) and isinstance(known, int)
    if len(missing) > 1:
        raise ValueError(
            f"rearrange: give the sizes of all but one of the axes {missing} of "
            f"{pattern!r}."
        )
    if exact and (dim % known if missing else dim != known):
        raise ValueError(
            f"rearrange: an axis of size {dim} cannot be split as ({' '.join(group)}) "
            f"with {sizes}; pattern {pattern!r}, shape {tuple(tensor.shape)}."
        )
    if missing:
        sizes[missing[0]] = dim // known
