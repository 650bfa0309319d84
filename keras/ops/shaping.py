"""Shapes of tensors: reshaping, reordering, joining, splitting, padding, patterns."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from keras.core import dtypes
from keras.core.errors import check_choice
from keras.core.op import Tensor, Tensors, kernel, op, primitive
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.core.weight import Weight
from keras.ops.core import shape

PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
Sections = int | Sequence[int]

_pad = kernel("_pad")  # (x, width, mode, value)
_repeat = kernel("_repeat")  # (x, repeats, axis)
_split = kernel("_split")  # (x, sizes, axis)
_view = kernel("_view")  # (x, dtype)


def ndim(x: Tensor) -> int:
    """The number of axes, a Python int."""
    return len(_shape_of(x))


def size(x: Tensor) -> Any:
    """The number of elements: an int, or a scalar tensor when a size is not known."""
    dims = _shape_of(x)
    return _size(x) if None in dims else math.prod(dims)


@op
def _size(x: Tensor) -> Tensor:
    return current().convert_to_tensor(math.prod(shape(x)), "int32")


def _shape_of(x: Any) -> tuple[int | None, ...]:
    if not isinstance(x, (KerasTensor, Weight)):
        x = current().convert_to_tensor(x)
    return tuple(x.shape)


def _reshape_spec(x: Any, newshape: Any) -> KerasTensor:
    """What is left is unknown when an axis is; the sizes given hold in any case."""
    given = [newshape] if isinstance(newshape, int) else list(newshape)
    given = [-1 if n is None else n for n in given]
    rest = math.prod(n for n in given if n != -1)
    if given.count(-1) > 1:
        raise ValueError(f"reshape: only one size may be -1; received {newshape!r}.")
    if None not in x.shape:
        total = math.prod(x.shape)
        if (total % rest if rest else total) or (-1 not in given and total != rest):
            raise ValueError(
                f"reshape: a tensor of shape {x.shape} has {total} elements, which do "
                f"not fill the shape {newshape!r}."
            )
        left: int | None = total // rest if rest else 0
    else:
        left = None
    return KerasTensor(tuple(left if n == -1 else n for n in given), x.dtype)


@primitive(infer=_reshape_spec)
def reshape(x: Tensor, newshape: int | Sequence[int]) -> Tensor:
    """The same elements in another shape.

    One of its sizes may be -1 for what is left. None, as a shape that is not known
    gives it, means the same.

    Example:
        >>> keras.ops.reshape([1, 2, 3, 4], (2, -1))
        array([[1, 2], [3, 4]])
    """


@op
def ravel(x: Tensor) -> Tensor:
    """All elements in one row."""
    return current().TABLE["reshape"](x, (-1,))


@primitive
def transpose(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in another order: which old axis each is; by default the reverse."""


@primitive
def expand_dims(x: Tensor, axis: int | Sequence[int]) -> Tensor:
    """New axes of size 1; `axis`: where the new axis, or axes, stand in the result."""


@primitive
def squeeze(x: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """Axes of size 1 taken out; `axis`: which; by default all."""


@primitive
def swapaxes(x: Tensor, axis1: int, axis2: int) -> Tensor:
    """Two axes change places."""


@primitive
def moveaxis(
    x: Tensor, source: int | Sequence[int], destination: int | Sequence[int]
) -> Tensor:
    """The axes at `source` moved to `destination`; the others keep their order.

    Example:
        >>> keras.ops.moveaxis(keras.ops.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """


@primitive
def broadcast_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """`x` repeated along axes of size 1, and along new ones in front, to fill a shape.

    Example:
        >>> keras.ops.broadcast_to([1, 2], (2, 2))
        array([[1, 2], [1, 2]])
    """


@primitive(cast="common")
def concatenate(xs: Tensors, axis: int = 0) -> Tensor:
    """Tensors joined along an axis that they have; the other axes agree."""


@primitive(cast="common")
def stack(x: Tensors, axis: int = 0) -> Tensor:
    """Tensors of one shape (or slices of a tensor) put together along a new axis."""


@op(cast="common")
def hstack(xs: Tensors) -> Tensor:
    """Tensors joined along their second axis, rows of numbers along their first."""
    xs = [_with_axes(x, 1) for x in xs]
    return current().TABLE["concatenate"](xs, 0 if len(xs[0].shape) == 1 else 1)


@op(cast="common")
def vstack(xs: Tensors) -> Tensor:
    """Tensors joined along their first axis, rows of numbers as rows of a matrix."""
    return current().TABLE["concatenate"]([_with_axes(x, 2) for x in xs], 0)


@op(cast="common")
def dstack(xs: Tensors) -> Tensor:
    """Tensors joined along their third axis.

    Example:
        >>> keras.ops.dstack([[1, 2], [3, 4]])
        array([[[1, 3], [2, 4]]])
    """
    return current().TABLE["concatenate"]([_with_axes(x, 3) for x in xs], 2)


def _with_axes(x: Any, rank: int) -> Any:
    """`x` with at least so many axes: in front up to two, the third at the end."""
    expand = current().TABLE["expand_dims"]
    while len(x.shape) < rank:
        x = expand(x, -1 if len(x.shape) == 2 else 0)
    return x


@op(cast="common")
def append(x1: Tensor, x2: Tensor, axis: int | None = None) -> Tensor:
    """`x2` after `x1`, along an axis; without one, all their elements in one row."""
    both = (x1, x2) if axis is not None else (ravel(x1), ravel(x2))
    return current().TABLE["concatenate"](list(both), axis or 0)


@op
def split(x: Tensor, indices_or_sections: Sections, axis: int = 0) -> list[Tensor]:
    """A tensor cut along an axis: into so many equal pieces, or at the given places.

    Raises:
        ValueError: the axis does not divide into so many pieces.

    Example:
        >>> [p.shape for p in keras.ops.split(keras.ops.ones((2, 6)), [1, 4], axis=1)]
        [(2, 1), (2, 3), (2, 2)]
    """
    whole = x.shape[axis]
    sections = _sections(indices_or_sections)
    if isinstance(sections, int) and whole is not None and whole % sections:
        raise ValueError(
            f"split: axis {axis} of shape {tuple(x.shape)} does not divide "
            f"{sections} equal pieces. Use keras.ops.array_split for unequal ones."
        )
    return _pieces(x, sections, axis)


@op
def array_split(
    x: Tensor, indices_or_sections: Sections, axis: int = 0
) -> list[Tensor]:
    """`keras.ops.split`, but pieces need not be equal: the first ones are longer.

    Example:
        >>> [p.shape for p in keras.ops.array_split(keras.ops.ones((5,)), 3)]
        [(2,), (2,), (1,)]
    """
    return _pieces(x, _sections(indices_or_sections), axis)


def hsplit(x: Tensor, indices_or_sections: Sections) -> list[Tensor]:
    """`keras.ops.split` along the second axis; the first for a row of numbers."""
    return split(x, indices_or_sections, 0 if ndim(x) == 1 else 1)


def vsplit(x: Tensor, indices_or_sections: Sections) -> list[Tensor]:
    """`keras.ops.split` along the first axis."""
    return split(x, indices_or_sections, 0)


def dsplit(x: Tensor, indices_or_sections: Sections) -> list[Tensor]:
    """`keras.ops.split` along the third axis."""
    return split(x, indices_or_sections, 2)


def _sections(given: Any) -> int | list[int]:
    """A number of pieces, or the places to cut at, as Python ints."""
    if not isinstance(given, int):
        given = current().convert_to_numpy(given)
        if given.ndim:
            return [int(place) for place in given]
        given = int(given)
    if given < 1:
        raise ValueError(
            f"split: the number of pieces is at least 1; received {given}."
        )
    return given


def _pieces(x: Any, sections: int | list[int], axis: int) -> list[Any]:
    whole = shape(x)[axis]
    if isinstance(sections, int):  # the first pieces take what is left over
        sizes = [(whole + sections - 1 - i) // sections for i in range(sections)]
        return list(_split(x, sizes, axis))
    if isinstance(whole, int):
        sections = [min(p if p >= 0 else max(whole + p, 0), whole) for p in sections]
        if sections != sorted(sections):
            raise ValueError(
                f"split: the places to cut at must ascend; received {sections} for an "
                f"axis of size {whole}."
            )
    sizes = [b - a for a, b in zip([0, *sections], [*sections, whole])]
    return list(_split(x, sizes, axis))


@primitive
def tile(x: Tensor, repeats: int | Sequence[int]) -> Tensor:
    """The whole tensor repeated so often along its axes, counted from the last."""


@op
def repeat(x: Tensor, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element repeated: so often, or a number for each place along the axis.

    Example:
        >>> keras.ops.repeat([1, 2], 2)
        array([1, 1, 2, 2])
    """
    if not isinstance(repeats, int):
        with current().outside_trace():
            counts = current().convert_to_numpy(repeats).reshape(-1)
        repeats = int(counts[0]) if len(counts) == 1 else [int(c) for c in counts]
    return _repeat(x, repeats, axis)


@op
def pad(
    x: Tensor, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Tensor:
    """More elements at the ends of the axes.

    Args:
        pad_width: how many: `((before, after), ...)` for every axis, `(before, after)`
            or an int for all of them.
        mode: "constant"; "edge" repeats the last element, "reflect" mirrors about it,
            "symmetric" mirrors with it, "wrap" goes on from the other end.
        constant_values: the value of the new elements, 0 by default; for "constant".

    Example:
        >>> keras.ops.pad([1, 2], (1, 2))
        array([0, 1, 2, 0, 0])
    """
    check_choice(mode, PAD_MODES, "mode", "pad")
    if mode != "constant" and constant_values is not None:
        raise ValueError(
            f"pad: `constant_values` goes with mode='constant'; received {mode=} and "
            f"constant_values={constant_values!r}."
        )
    width = _pad_width(pad_width, len(x.shape))
    if not any(map(any, width)):
        return x
    if mode in ("constant", "reflect", "symmetric"):
        return _pad(x, width, mode, 0 if constant_values is None else constant_values)
    for axis, (before, after) in enumerate(width):
        if before or after:
            x = _extend(x, axis, before, after, mode)
    return x


def _pad_width(given: Any, rank: int) -> tuple[tuple[int, int], ...]:
    if isinstance(given, int):
        given = ((given, given),)
    elif isinstance(given[0], int):
        given = (tuple(given) * (2 // len(given)),)
    width = tuple((int(p[0]), int(p[-1])) for p in given)
    if len(width) == 1:
        width = width * rank
    if len(width) != rank:
        raise ValueError(
            f"pad: `pad_width` needs one pair for each of {rank} axes; received "
            f"{given!r}."
        )
    return width


def _extend(x: Any, axis: int, before: int, after: int, mode: str) -> Any:
    """Elements taken from the axis itself: its ends, or its other side."""
    table = current().TABLE
    n = shape(x)[axis]
    places = table["arange"](-before, n + after, 1, "int32")
    if mode == "wrap":
        places = table["mod"](places, places * 0 + n)
    else:
        places = table["clip"](places, 0, n - 1)
    return table["take"](x, places, axis)


@primitive
def flip(x: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """The elements in reverse order; `axis`: along which axes; by default all."""


def fliplr(x: Tensor) -> Tensor:
    """The elements in reverse order along the second axis: left becomes right."""
    return flip(x, 1)


def flipud(x: Tensor) -> Tensor:
    """The elements in reverse order along the first axis: up becomes down."""
    return flip(x, 0)


@primitive
def roll(
    x: Tensor, shift: int | Sequence[int], axis: int | Sequence[int] | None = None
) -> Tensor:
    """The elements moved along; those that leave at the end come in at the front.

    There is a `shift` for each axis. `axis=None` moves all elements in one row.
    """


@op
def rot90(array: Tensor, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """`k` quarter turns in the plane of two axes, from the first towards the second.

    Example:
        >>> keras.ops.rot90([[1, 2], [3, 4]])
        array([[2, 4], [1, 3]])
    """
    rank = len(array.shape)
    if len(axes) != 2 or rank < 2 or axes[0] % rank == axes[1] % rank:
        raise ValueError(
            "rot90: `axes` names two different axes of a tensor of two axes at least; "
            f"received axes={axes!r} and shape {tuple(array.shape)}."
        )
    first, second = axes
    if k % 4 == 2:
        return flip(array, axes)
    if k % 4 == 1:
        return swapaxes(flip(array, second), first, second)
    return flip(swapaxes(array, first, second), second) if k % 4 == 3 else array


@op
def view(x: Tensor, dtype: Any = None) -> Tensor:
    """The same bytes read as another type; with another width the last axis changes.

    Example:
        >>> keras.ops.view(keras.ops.array([1.0]), "int32")
        array([1065353216])
    """
    if dtype is None:
        return x
    wanted = dtypes.standardize_dtype(dtype)
    have = dtypes.numpy_dtype(current().dtype_of(x)).itemsize
    need = dtypes.numpy_dtype(wanted).itemsize
    last = x.shape[-1] if len(x.shape) else None
    if need > have and (not len(x.shape) or (last is not None and last * have % need)):
        raise ValueError(
            f"view: a last axis of {last} elements of {have} bytes does not divide "
            f"into elements of {wanted}; received shape {tuple(x.shape)}."
        )
    return _view(x, wanted)


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
