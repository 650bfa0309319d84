"""`@op`: one function is the API, the documentation, the graph node and the body.

A decorated function converts what it is given to tensors of the current backend, in
the type its rule says, and calls the backend's own version where its TABLE has one,
else the body. On symbolic tensors it finds the output's shape instead and adds a node
to the graph.

Which parameters are tensors is read off the annotations: see `Tensor` and its kin. A
TABLE's function is given the arguments in the op's own order, without the defaults at
the end, and may be given Python scalars beside tensors where the backend's
`WEAK` names the op. Where it has nothing better than the body for what it is
given, it returns NotImplemented.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from keras.core import dtypes, masks
from keras.core.config.limits import count_call
from keras.core.scope import current
from keras.core.settings import floatx
from keras.core.tensor import any_symbolic
from keras.core.variable import Variable

F = TypeVar("F", bound=Callable[..., Any])
Cast = str | Callable[[str], str] | None
# What a parameter may be annotated with, alone or as `Tensor | None`:
Tensor = Any  # a tensor; all of an op's tensors meet in one type if it has a `cast`
Tensors = Any  # a list of such tensors
Mask = Any  # a tensor that is made boolean
Index = Any  # a tensor that keeps its own type
OPS: dict[str, Op] = {}
KERNELS: set[str] = set()
_KINDS = ("Tensor", "Tensors", "Mask", "Index")
_SCALARS = frozenset((bool, int, float, complex))
_WEAK = frozenset((int, float))
_EMPTY = inspect.Parameter.empty


class Op:
    """What the decorator knows of an op; `body` is the computation."""

    def __init__(
        self,
        body: Callable,
        name: str | None = None,
        cast: Cast = None,
        elementwise: bool = False,
        infer: Callable | None = None,
        primitive: bool = False,
    ) -> None:
        self.body = body
        self.name = name or body.__name__
        self.cast = cast
        self.elementwise = elementwise
        self.infer = infer
        self.primitive = primitive
        self.public: Callable = body
        self.signature = inspect.signature(body)
        parameters = list(self.signature.parameters.values())
        self.parameters = [p.name for p in parameters]
        self.defaults = [p.default for p in parameters]
        self.required = sum(d is _EMPTY for d in self.defaults)
        kinds = [str(p.annotation).partition(" ")[0] for p in parameters]
        self.tensors = [(i, kind) for i, kind in enumerate(kinds) if kind in _KINDS]
        self._optional = {
            i for i, p in enumerate(parameters) if str(p.annotation).endswith(" | None")
        }
        self._places = {name: i for i, name in enumerate(self.parameters)}
        self.tensor_names = frozenset(self.parameters[i] for i, _ in self.tensors)
        self._plain = all(kind == "Tensor" for _, kind in self.tensors)
        # The frameworks' dtypes that `cast` leaves as they are, as they are met.
        self._settled: set[Any] = set()
        self._plans: dict[Any, tuple[str, list[int]]] = {}

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def convert(self, backend: Any, args: tuple, kwargs: dict) -> list:
        """All arguments in the op's order, the tensors among them in their types."""
        out = list(args)
        if kwargs or not self.required <= len(out) <= len(self.parameters):
            self._order(out, args, kwargs)
        if self._plain and self._is_ready(backend, out):
            return out
        joint: list[tuple[list, int]] = []
        for i, kind in self.tensors:
            if i >= len(out):
                break
            value = out[i]
            if value is None and i in self._optional:
                continue
            if kind == "Tensor":
                joint.append((out, i))
            elif kind == "Tensors":
                if not isinstance(value, (list, tuple)):
                    value = _as_tensor(backend, value, self, i)
                items = out[i] = list(value)
                joint.extend((items, j) for j in range(len(items)))
            else:
                out[i] = _as_tensor(backend, value, self, i)
                if kind == "Mask" and backend.dtype_of(out[i]) != "bool":
                    out[i] = backend.cast(out[i], "bool")
        if joint:
            self._join(backend, joint)
        return out

    def _order(self, out: list, args: tuple, kwargs: dict) -> None:
        """Add keyword arguments at their places, defaults in the gaps before them."""
        places = self._places
        given = len(out)
        for name, value in kwargs.items():
            place = places.get(name, -1)
            if place < given:
                self._refuse(args, kwargs)
            if place >= len(out):
                out.extend(self.defaults[len(out) : place + 1])
            out[place] = value
        if not self.required <= len(out) <= len(places) or (
            len(out) > given + len(kwargs) and _EMPTY in map(_as_marker, out[given:])
        ):
            self._refuse(args, kwargs)

    def _refuse(self, args: tuple, kwargs: dict) -> None:
        """The arguments do not fit: say how, in Python's words."""
        try:
            self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(
                f"keras.ops.{self.name}{self.signature}: {error}."
            ) from None

    def _is_ready(self, backend: Any, out: list) -> bool:
        """Whether there is nothing to convert: the case worth being fast for."""
        native = backend.NATIVE
        cast = self.cast
        first = None
        for i, _ in self.tensors:
            if i >= len(out):
                break
            value = out[i]
            if type(value) not in native:
                return False
            if cast is not None:
                dtype = value.dtype
                if first is None:
                    if dtype not in self._settled:
                        return False
                    first = dtype
                elif dtype is not first and dtype != first:
                    return False
        return True

    def _join(self, backend: Any, joint: list[tuple[list, int]]) -> None:
        """Make tensors of the values and bring them to one type."""
        native = backend.NATIVE
        kinds: list[Any] = []  # the framework's dtype, or a Python scalar's type
        for container, i in joint:
            value = container[i]
            kind = type(value)
            if kind in native:
                kind = value.dtype
            elif kind not in _SCALARS or self.cast is None:
                value = container[i] = _as_tensor(backend, value, self, i)
                kind = value.dtype
            kinds.append(kind)
        if self.cast is None:
            return
        key = (backend.name, floatx(), *kinds)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(backend, kinds)
        wanted, which = plan
        for j in which:
            container, i = joint[j]
            container[i] = backend.convert_to_tensor(container[i], wanted)

    def _plan(self, backend: Any, kinds: list[Any]) -> tuple[str, list[int]]:
        """The type in which the given ones meet, and which of them need converting."""
        names = [k if k in _SCALARS else backend.dtype_name(k) for k in kinds]
        wanted = dtypes.result_type(*names)
        if callable(self.cast):
            wanted = self.cast(wanted)
        elif self.cast == "float":
            wanted = as_float(wanted)
        arrays = {k for k in kinds if k not in _SCALARS}
        if len(arrays) == 1 and backend.dtype_name(*arrays) == wanted:
            self._settled.update(arrays)
        keep = _WEAK if arrays and self.name in backend.WEAK else ()
        return wanted, [
            j for j, name in enumerate(names) if name != wanted and name not in keep
        ]

    def run(self, args: tuple, kwargs: dict) -> Any:
        """Compute on tensors of the current backend."""
        backend = current()
        values = self.convert(backend, args, kwargs)
        out = (backend.TABLE.get(self.name) or self.body)(*values)
        if out is NotImplemented:
            out = self.body(*values)
        if masks._any and self.elementwise:
            _propagate_mask(values, out)
        return out

    def split(self, args: tuple, kwargs: dict) -> tuple[dict, dict]:
        """The arguments by name: those that are tensors, and the static ones."""
        bound = self.signature.bind(*args, **kwargs).arguments
        tensors: dict[str, Any] = {}
        static: dict[str, Any] = {}
        for name, value in bound.items():
            is_tensor = name in self.tensor_names or any_symbolic([value])
            (tensors if is_tensor else static)[name] = value
        return tensors, static


def as_float(dtype: str) -> str:
    """The type in which real mathematics on values of that type is done."""
    return dtype if dtype in _INEXACT else dtypes.result_type(dtype, float)


def _as_marker(value: Any) -> Any:
    """The marker of a missing argument as itself, all else as None."""
    return _EMPTY if value is _EMPTY else None


_INEXACT = frozenset(dtypes.FLOATS + dtypes.COMPLEX)


def _as_tensor(backend: Any, value: Any, op: Op, place: int) -> Any:
    if type(value) in backend.NATIVE:
        return value
    if value is None:
        raise TypeError(f"keras.ops.{op.name}{op.signature}: a tensor is None.")
    if isinstance(value, Variable):
        if value.backend is not backend:
            raise ValueError(
                f"keras.ops.{op.name}: the variable {value.path!r} belongs to the "
                f"backend {value.backend.name!r}, but {backend.name!r} is in force. "
                "Call the model or layer it belongs to, or enter its backend with "
                f"keras.config.backend_scope({value.backend.name!r})."
            )
        return value.value
    try:
        return backend.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        parameter = op.parameters[min(place, len(op.parameters) - 1)]
        error.add_note(f"This was argument `{parameter}` of keras.ops.{op.name}.")
        raise


def _propagate_mask(args: list, out: Any) -> None:
    mask = None
    for arg in args:
        found = masks.get_mask(arg)
        if found is not None and mask is None:
            mask = found
        elif found is not None and found is not mask:
            mask = current().TABLE["logical_and"](mask, found)
    if mask is not None and out.shape[: len(mask.shape)] == mask.shape:
        masks.set_mask(out, mask)


class Decorator(Protocol):
    """What `op` and its kin are: they may be given a function, or arguments first."""

    @overload
    def __call__(self, fn: F) -> F: ...

    @overload
    def __call__(
        self,
        *,
        name: str | None = ...,
        cast: Cast = ...,
        elementwise: bool = ...,
        infer: Callable | None = ...,
        primitive: bool = ...,
    ) -> Callable[[F], F]: ...


def _decorate(fn: Any = None, **options: Any) -> Any:
    """Make a function an op.

    Args:
        fn: the body, written in other ops; every backend without an override runs it.
        name: the op's name where it is not the function's.
        cast: how the tensor arguments' types meet: None leaves each as it is,
            "common" promotes them to one type, "float" to one float type; a function
            gives the type to use from the common one.
        elementwise: whether a mask on an input holds for the output too.
        infer: `(*args, **kwargs) -> KerasTensor`, for the few ops whose output shape
            depends on values.
        primitive: there is no body; every backend's TABLE has the op.
    """
    if fn is None:
        return functools.partial(_decorate, **options)
    spec = Op(fn, **options)

    @functools.wraps(fn)
    def public(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args) or (kwargs and any_symbolic(kwargs.values())):
            return symbolic(spec, args, kwargs)
        return spec.run(args, kwargs)

    spec.public = public
    public.op = spec  # type: ignore[attr-defined]
    OPS[spec.name] = spec
    return public


op: Decorator = _decorate
# An op that every backend supplies in its TABLE; the function is its face.
primitive: Decorator = functools.partial(_decorate, primitive=True)
# One that works element by element, so that masks go through it.
elementwise: Decorator = functools.partial(
    _decorate, cast="float", elementwise=True, primitive=True
)


def kernel(name: str) -> Callable:
    """The function of that name in every backend's TABLE, for the bodies of ops.

    It is given checked tensors of one type: nothing is converted, no node is made.
    """
    KERNELS.add(name)
    return lambda *args: current().TABLE[name](*args)


def symbolic(spec: Op, args: tuple, kwargs: dict) -> Any:
    """The symbolic result of an op, as a node of the graph."""
    from keras.core.graph.infer import infer_outputs
    from keras.core.graph.node import Node
    from keras.core.graph.operation import OpCall

    count_call(spec.name)
    if spec.infer is not None:
        bound = spec.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        outputs = spec.infer(**bound.arguments)
    else:
        outputs = infer_outputs(spec.public, args, kwargs, key=(spec.name, floatx()))
    return Node(OpCall(spec), args, kwargs, outputs).outputs
