"""What an op does where an argument is sparse or ragged.

A dense call pays nothing for this. `Op.run` comes here only after the dense way has
failed, and then one table decides, for real and symbolic tensors alike:

    op.run(args)
      │  an argument is no dense tensor: SparseArgument
      ▼
    run(op, args)      types meet as for dense tensors, by the stored values
      ├── backend.sparse.TABLE[name]   the framework's own function
      ├── RULES[name]                  written once, in terms of indices and values
      └── the body of a composite, whose ops come here themselves
    none of them: an error that names the op

The rules are in `keras/ops/sparse.py`, what a framework must have in
`backend.contract.SparseBackend`. A symbolic tensor is sparse where the op gives a
sparse tensor when it is run abstractly, so no rule is written for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from keras.core.scope import current

if TYPE_CHECKING:
    from keras.core.op import Op

# `(op, *arguments)`, as `Op.convert` gives them, with sparse tensors among them. It may
# return NotImplemented where the op's body serves better.
Rule: TypeAlias = Callable[..., Any]

RULES: dict[str, Rule] = {}


class Coo(NamedTuple):
    """A sparse tensor in parts: `values[i]` is the element at `indices[i]`.

    The indices ascend, and none appears twice.
    """

    indices: Any  # (n, rank), integers
    values: Any  # (n,)
    shape: tuple[Any, ...]  # ints, and scalar tensors where a graph does not know one


class SparseArgument(Exception):  # noqa: N818 - a signal, not an error
    """An argument of an op is sparse or ragged, so the dense way is left."""


class NoSparseForm(TypeError):
    """An op cannot take a sparse or ragged tensor."""

    def __init__(self, op: Op, kind: str) -> None:
        self.kind = kind
        super().__init__(
            f"keras.ops.{op.name} does not take {kind} tensors on the backend "
            f"{current().name!r}. Make them dense first: "
            f"keras.ops.convert_to_tensor(x, {kind}=False)."
        )


def rule(names: str) -> Callable[[Rule], Rule]:
    """Use a function for the ops of these names where an argument is sparse."""

    def decorate(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names.split(), function))
        return function

    return decorate


def kinds_in(args: tuple, kwargs: dict[str, Any]) -> set[str]:
    """What tensors other than dense ones are among an op's arguments."""
    kind_of = current().sparse.kind_of
    found = {kind_of(value) for value in _flat([*args, *kwargs.values()])}
    return {kind for kind in found if kind is not None}


def _flat(values: Any) -> Iterator[Any]:
    """The items of lists in a list."""
    for value in values:
        if type(value) in (list, tuple):
            yield from _flat(value)
        else:
            yield value


def run(op: Op, args: tuple, kwargs: dict[str, Any], kinds: set[str]) -> Any:
    """The result of an op of whose arguments some are sparse or ragged."""
    kind = "ragged" if "ragged" in kinds else "sparse"
    backend = current().sparse
    arguments = _convert(op, args, kwargs)

    # The framework's own function, then ours.
    if kind == "ragged":
        out = backend.on_ragged(op, arguments)
    else:
        own = backend.TABLE.get(op.name)
        out = NotImplemented if own is None else own(*arguments)
        if out is NotImplemented and op.name in RULES:
            out = RULES[op.name](op, *arguments)
    if out is not NotImplemented:
        return out

    if op.primitive:
        raise NoSparseForm(op, kind)
    try:
        return op.body(*arguments)
    except NoSparseForm as error:
        raise NoSparseForm(op, error.kind) from None
    except Exception as error:  # of a function of the framework
        raise NoSparseForm(op, kind) from error


def _convert(op: Op, args: tuple, kwargs: dict[str, Any]) -> list[Any]:
    """The arguments by position, with types that meet.

    The stored values stand in for their sparse tensors while that is found out.
    """
    backend = current()
    values = op.by_position(args, kwargs)
    stored: dict[tuple[int, ...], Any] = {}  # the sparse tensors by their places

    def stand_in(value: Any, *place: int) -> Any:
        if type(value) in (list, tuple) and op.parameters[place[0]] in op.tensor_names:
            return [stand_in(item, *place, i) for i, item in enumerate(value)]
        if backend.sparse.kind_of(value) is None:
            return value
        stored[place] = value = backend.sparse.canonical(value)
        return backend.sparse.values_of(value)

    stand_ins = [stand_in(value, i) for i, value in enumerate(values)]
    converted = op.convert(backend, tuple(stand_ins), {})

    for (*outer, last), tensor in stored.items():
        container = converted
        for i in outer:
            container = container[i]
        container[last] = backend.sparse.with_values(tensor, container[last])
    return converted


def to_dense(x: Any) -> Any:
    """A sparse or ragged tensor as a dense one; anything else as it is."""
    backend = current().sparse
    return x if backend.kind_of(x) is None else backend.to_dense(x)


def densified(op: Op, *arguments: Any) -> Any:
    """The rule of ops whose results are not sparse: they are run on dense tensors."""
    dense = [
        [to_dense(item) for item in value]
        if type(value) in (list, tuple)
        else to_dense(value)
        for value in arguments
    ]
    return op.run(tuple(dense), {})
