"""A class for each op, as Keras has one: `Add()(x, y)` is `keras.ops.add(x, y)`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from keras import ops
from keras.core.graph.operation import OpCall
from keras.core.naming import to_snake_case
from keras.core.op import OPS, Op
from keras.ops.wire_names import find_op, wire_class


class _OpClass(type):
    """A class of calls of one op; the nodes of a graph that call it are instances."""

    op: Op

    def __instancecheck__(cls, instance: Any) -> bool:
        return getattr(instance, "op", None) is cls.op


class OpClasses(Mapping[str, Any]):
    """The classes by name, each made when it is asked for."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name[:1].isupper() and _op(name) is not None

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return lambda: _class_of(name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({wire_class(op) for op in OPS.values()}))

    def __len__(self) -> int:
        return len(set(self))


_classes: dict[str, type] = {}


def _op(name: str) -> Op | None:
    alias = getattr(ops, to_snake_case(name), None)  # Abs is that of `absolute`
    op = find_op(name) or getattr(alias, "op", None)
    return op if op is not None and not op.name.startswith("_") else None


def _class_of(name: str) -> type:
    """The class of an op: its constructor takes the arguments that are no tensors."""
    if name in _classes:
        return _classes[name]
    op = _op(name)
    assert op is not None  # `OpClasses` has asked

    static = [p for p in op.parameters if p not in op.tensor_names]

    def __init__(self: Any, *args: Any, name: str | None = None, **kwargs: Any) -> None:
        OpCall.__init__(self, op, name)
        self.arguments = dict(zip(static, args)) | kwargs
        if unknown := set(self.arguments) - set(static):
            raise TypeError(
                f"{op.name} has no argument {sorted(unknown)}; it has {static}."
            )

    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        return op.public(*args, **{**self.arguments, **kwargs})

    members = {
        "__init__": __init__,
        "__call__": __call__,
        "call": __call__,
        "__doc__": inspect.getdoc(op.public),
        "op": op,
    }
    _classes[name] = cls = _OpClass(name, (OpCall,), members)
    return cls
