"""Markers that say which parameters of an op are tensors, and how they are read.

An op's parameter is a tensor if its annotation is one of four markers, or one of them
`| None`; every other parameter is static:

- `Tensor`: a tensor. All of an op's tensors meet in one type if the op has a `cast`.
- `Tensors`: a list of such tensors.
- `Mask`: a tensor that is made boolean.
- `Index`: a tensor that keeps its own type.

A marker is an ordinary type to a reader and to a type checker, and carries a
`TensorArgument` for the decorator. What counts is the type that the annotation *means*:
`Optional[Tensor]`, a string, and an alias of any name are understood alike. An
annotation that has a marker somewhere else in it, or that has no meaning where the op
is defined, is an error there. A parameter that silently stopped being a tensor would be
found much later.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["tensor", "tensors", "mask", "index"]


class TensorArgument(NamedTuple):
    """What an op does with an argument that is a tensor."""

    kind: Kind
    optional: bool = False  # whether None is passed on as it is


if TYPE_CHECKING:

    class AnyTensor(Any):
        """What tensors of all frameworks have in common, for type checkers.

        As its base is `Any`, it may be used where the framework's own class is asked
        for, and has whatever else that class has.
        """

        @property
        def shape(self) -> tuple[Any, ...]: ...
        @property
        def dtype(self) -> Any: ...
        @property
        def ndim(self) -> int: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __len__(self) -> int: ...
        def __float__(self) -> float: ...
        def __int__(self) -> int: ...
        def __bool__(self) -> bool: ...
        def numpy(self) -> Any: ...

else:
    AnyTensor = Any

# `| Any`: an op takes arrays, numbers and nested lists for a tensor, and a checker that
# knows no more than "a tensor" must not refuse a method of the framework's class.
Tensor: TypeAlias = Annotated[AnyTensor | Any, TensorArgument("tensor")]
Tensors: TypeAlias = Annotated[Sequence[Any] | Any, TensorArgument("tensors")]
Mask: TypeAlias = Annotated[AnyTensor | Any, TensorArgument("mask")]
Index: TypeAlias = Annotated[AnyTensor | Any, TensorArgument("index")]

_MARKERS = frozenset(("Tensor", "Tensors", "Mask", "Index"))
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_Read: TypeAlias = "TensorArgument | None"


def tensor_arguments(
    body: Callable, signature: inspect.Signature, name: str
) -> list[tuple[int, TensorArgument]]:
    """The places of an op's tensors in its signature, and what is done with each.

    Args:
        body: the function; its annotations mean what they mean in its module.
        signature: its signature.
        name: the op's name, for messages.

    Raises:
        TypeError: an annotation has no meaning, or contains a marker other than alone
            or with None.
    """
    found = []
    for place, parameter in enumerate(signature.parameters.values()):
        annotation = parameter.annotation
        if annotation is inspect.Parameter.empty:
            continue

        try:
            argument = _read(annotation, body)
            if argument is not None and parameter.kind in _VARIADIC:
                raise TypeError("an op takes a list of tensors, `Tensors`, instead")
        except TypeError as error:
            raise TypeError(
                f"Op {name!r}: the annotation {annotation!r} of parameter "
                f"`{parameter.name}` cannot be read: {error}."
            ) from None

        if argument is not None:
            found.append((place, argument))
    return found


# What annotations given as text mean. Modules repeat the same few on many ops, so that
# a package of several hundred ops evaluates each only once.
_texts: dict[tuple[str, str], _Read] = {}


def _read(annotation: Any, body: Callable) -> _Read:
    """What an annotation says of its parameter; None if it is static."""
    if isinstance(annotation, str):
        return _read_text(annotation, body)
    if isinstance(annotation, typing.ForwardRef):
        return _read_text(annotation.__forward_arg__, body)
    if hasattr(annotation, "__value__"):  # `type Name = ...`
        return _read(annotation.__value__, body)

    for extra in getattr(annotation, "__metadata__", ()):
        if isinstance(extra, TensorArgument):
            return extra

    origin = typing.get_origin(annotation)
    if origin is Callable:
        return None  # a function of tensors is not a tensor
    parts = [_read(part, body) for part in _parts(annotation)]
    marked = [part for part in parts if part is not None]
    if marked and _is_optional(origin, annotation, parts):
        return marked[0]._replace(optional=True)

    if marked or getattr(annotation, "__name__", "") in _MARKERS:
        raise TypeError(
            "a tensor is annotated `Tensor`, `Tensors`, `Mask` or `Index` of "
            "keras.core.op, alone or with `| None`"
        )
    return None


def _read_text(text: str, body: Callable) -> _Read:
    """Evaluate an annotation in the module of the op, and read it."""
    key = (body.__module__, text)
    if key in _texts:
        return _texts[key]

    namespace = body.__globals__  # type: ignore[attr-defined]
    try:
        found = _texts[key] = _read(eval(text, namespace), body)
    except NameError:
        # A name of an enclosing function holds for this op only.
        found = _read(_evaluate_in_closure(text, namespace, body), body)
    return found


def _evaluate_in_closure(text: str, namespace: dict[str, Any], body: Callable) -> Any:
    local = inspect.getclosurevars(body).nonlocals
    try:
        return eval(text, namespace, dict(local))
    except NameError as error:
        raise TypeError(
            f"{error}, so that it could be a tensor; import or define it before the op"
        ) from None


def _parts(annotation: Any) -> Sequence[Any]:
    """The types inside `Name[...]`; values, as those in a `Literal`, are not types."""
    if typing.get_origin(annotation) is Literal:
        return ()
    return [
        part
        for part in typing.get_args(annotation)
        if part is not Ellipsis and part is not type(None)
    ]


def _is_optional(origin: Any, annotation: Any, parts: Sequence[_Read]) -> bool:
    """Whether it is one type or None."""
    is_union = origin is typing.Union or origin is types.UnionType
    return is_union and len(parts) == 1
