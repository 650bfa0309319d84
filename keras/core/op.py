"""`@op`: one function is the API, the documentation, the graph node and the body.

    @op(cast="float")
    def logaddexp(x1: Tensor, x2: Tensor) -> Tensor:
        ...

A call of the decorated function does this, in order:

1. If an argument is symbolic, it finds the output's shape, adds a node to the graph and
   returns symbolic tensors (`symbolic`). Nothing is computed.
2. It brings the arguments into the order of the signature, makes tensors of the current
   backend of those that are annotated as tensors, and brings these to one type, as the
   op's `cast` says (`Op.convert`).
3. It calls the function of that name in the backend's TABLE, or else the body.
4. If the op works element by element, it hands on the masks of its arguments.

Where this fails and an argument is sparse or ragged, `core/sparse.py` takes over.

A TABLE's function takes the arguments by position, in the op's own order; defaults at
the end are left out if the caller left them out. It may be given Python scalars beside
tensors where the backend's `WEAK` names the op. If it has nothing better than the
body for these arguments, it returns NotImplemented, and the body runs.

Which parameters are tensors is read from the annotations; see
`keras.core.tensor_arguments`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar, overload

from keras.core import dtypes, masks, sparse
from keras.core.config.limits import count_call
from keras.core.scope import current
from keras.core.settings import floatx
from keras.core.tensor import any_symbolic
from keras.core.tensor_arguments import (
    Index,
    Mask,
    Tensor,
    Tensors,
    tensor_arguments,
)
from keras.core.weight import Weight

__all__ = [
    "Index",
    "KERNELS",
    "Mask",
    "OPS",
    "Op",
    "Tensor",
    "Tensors",
    "as_float",
    "elementwise",
    "kernel",
    "op",
    "primitive",
]

F = TypeVar("F", bound=Callable[..., Any])
Cast: TypeAlias = str | Callable[[str], str] | None

OPS: dict[str, Op] = {}
KERNELS: set[str] = set()

_MISSING = inspect.Parameter.empty
_SCALARS = frozenset((bool, int, float, complex))
# Scalars that a framework's function itself brings to the type of the tensor beside
# them. A bool would not stay one, and not every framework takes a complex number.
_WEAK_SCALARS = frozenset((int, float))
_INEXACT = frozenset(dtypes.FLOATS + dtypes.COMPLEX)


class _CastPlan(NamedTuple):
    """How arguments of certain types meet: found once for each set of types."""

    dtype: str
    places: list[int]  # of the arguments that are not of that type yet


class Op:
    """An operation: the body, and what the decorator read from its signature.

    Args:
        body: the computation in other ops, and the public signature and docstring.
        name: the name in the backends' tables and in files, by default the body's.
        cast, elementwise, infer, primitive: as for `op`.
    """

    body: Callable
    public: Callable  # what the user calls: the decorated function
    name: str
    signature: inspect.Signature
    parameters: list[str]
    defaults: list[Any]
    required: int  # how many parameters have no default
    tensor_names: frozenset[str]

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
        self.public = body
        self.name = name or body.__name__
        self.cast = cast
        self.elementwise = elementwise
        self.infer = infer
        self.primitive = primitive

        self.signature = inspect.signature(body)
        parameters = list(self.signature.parameters.values())
        self.parameters = [p.name for p in parameters]
        self.defaults = [p.default for p in parameters]
        self.required = sum(default is _MISSING for default in self.defaults)
        self._places = {name: place for place, name in enumerate(self.parameters)}

        self._tensors = tensor_arguments(body, self.signature, self.name)
        self.tensor_names = frozenset(self.parameters[i] for i, _ in self._tensors)
        # Only plain tensors can be passed on untouched; see `_is_ready`.
        self._tensor_places = [place for place, _ in self._tensors]
        self._is_plain = all(arg.kind == "tensor" for _, arg in self._tensors)

        # Types of the frameworks that `cast` leaves as they are, added as they are met.
        self._settled: set[Any] = set()
        self._cast_plans: dict[Any, _CastPlan] = {}

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def run(self, args: tuple, kwargs: dict) -> Any:
        """Compute on tensors of the current backend."""
        backend = current()
        try:
            values = self.convert(backend, args, kwargs)

            out = (backend.TABLE.get(self.name) or self.body)(*values)
            if out is NotImplemented:
                out = self.body(*values)

            if masks._any and self.elementwise:
                _propagate_mask(values, out)
            return out
        except Exception:
            # Sparse tensors are looked for only now, so that others pay nothing.
            kinds = sparse.kinds_in(args, kwargs)
            if not kinds:
                raise
        return sparse.run(self, args, kwargs, kinds)

    def by_position(self, args: tuple, kwargs: dict) -> list:
        """The arguments in the order of the signature, as they were given."""
        values = list(args)
        if kwargs or not self.required <= len(values) <= len(self.parameters):
            self._add_keywords(values, args, kwargs)
        return values

    def convert(self, backend: Any, args: tuple, kwargs: dict) -> list:
        """The arguments by position, with the tensors among them converted.

        Most calls are given tensors of one type already, by position. They must cost
        next to nothing, so this case is looked for first, and only the others take
        their arguments apart.
        """
        values = list(args)
        if kwargs or not self.required <= len(values) <= len(self.parameters):
            self._add_keywords(values, args, kwargs)
        if self._is_plain and self._is_ready(backend, values):
            return values

        # The tensors that are to meet in one type, as places in a list: in `values`
        # itself, or in the list that is one of the values.
        joint: list[tuple[list, int]] = []
        for place, argument in self._tensors:
            if place >= len(values):
                break
            value = values[place]
            if value is None and argument.optional:
                continue

            if argument.kind == "tensor":
                joint.append((values, place))
            elif argument.kind == "tensors":
                if not isinstance(value, (list, tuple)):
                    value = _as_tensor(backend, value, self, place)  # its slices
                items = values[place] = list(value)
                joint.extend((items, i) for i in range(len(items)))
            else:
                value = values[place] = _as_tensor(backend, value, self, place)
                if argument.kind == "mask" and backend.dtype_of(value) != "bool":
                    values[place] = backend.cast(value, "bool")

        if joint:
            self._join(backend, joint)
        return values

    def _add_keywords(self, values: list, args: tuple, kwargs: dict) -> None:
        """Add keyword arguments at their places, and defaults in the gaps before them.

        `inspect.Signature.bind` does the same, a hundred times slower.
        """
        given = len(values)
        for name, value in kwargs.items():
            place = self._places.get(name, -1)
            if place < given:  # unknown, or given by position too
                self._refuse_arguments(args, kwargs)
            if place >= len(values):
                values.extend(self.defaults[len(values) : place + 1])
            values[place] = value

        is_complete = self.required <= len(values) <= len(self.parameters)
        has_gaps = len(values) > given + len(kwargs)
        if not is_complete or (
            # By identity: `==` on tensors compares their elements.
            has_gaps and any(value is _MISSING for value in values[given:])
        ):
            self._refuse_arguments(args, kwargs)

    def _refuse_arguments(self, args: tuple, kwargs: dict) -> None:
        """Raise the error that Python itself gives for such a call."""
        try:
            self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(
                f"keras.ops.{self.name}{self.signature}: {error}."
            ) from None

    def _is_ready(self, backend: Any, values: list) -> bool:
        """Whether every tensor is the backend's own, and all are of a settled type."""
        native = backend.NATIVE
        cast = self.cast
        first = None
        for place in self._tensor_places:
            if place >= len(values):
                break
            value = values[place]
            if type(value) not in native:
                return False
            if cast is None:
                continue

            dtype = value.dtype
            if first is None:
                if dtype not in self._settled:
                    return False
                first = dtype
            elif dtype is not first and dtype != first:
                return False
        return True

    def _join(self, backend: Any, joint: list[tuple[list, int]]) -> None:
        """Make tensors of the values at these places and bring them to one type.

        Python scalars stay scalars until the common type is known: 2 beside a float16
        tensor is a float16, and not an int32 that would have to be converted again.
        """
        native = backend.NATIVE
        kinds: list[Any] = []  # the framework's dtype, or the type of a Python scalar
        for container, place in joint:
            value = container[place]
            kind = type(value)
            if kind in native:
                kind = value.dtype
            elif kind not in _SCALARS or self.cast is None:
                value = container[place] = _as_tensor(backend, value, self, place)
                kind = value.dtype
            kinds.append(kind)
        if self.cast is None:
            return

        key = (backend.name, floatx(), *kinds)
        plan = self._cast_plans.get(key)
        if plan is None:
            plan = self._cast_plans[key] = self._plan_cast(backend, kinds)
        for i in plan.places:
            container, place = joint[i]
            container[place] = backend.convert_to_tensor(container[place], plan.dtype)

    def _plan_cast(self, backend: Any, kinds: list[Any]) -> _CastPlan:
        """The type in which values of these kinds meet, and which need converting."""
        names = [k if k in _SCALARS else backend.dtype_name(k) for k in kinds]
        dtype = dtypes.result_type(*names)
        if callable(self.cast):
            dtype = self.cast(dtype)
        elif self.cast == "float":
            dtype = as_float(dtype)

        # Tensors that are all of the resulting type need no plan the next time.
        tensor_dtypes = {k for k in kinds if k not in _SCALARS}
        if len(tensor_dtypes) == 1 and backend.dtype_name(*tensor_dtypes) == dtype:
            self._settled.update(tensor_dtypes)

        takes_scalars = tensor_dtypes and self.name in backend.WEAK
        kept = _WEAK_SCALARS if takes_scalars else frozenset()
        places = [
            i for i, name in enumerate(names) if name != dtype and name not in kept
        ]
        return _CastPlan(dtype, places)

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


def _as_tensor(backend: Any, value: Any, op: Op, place: int) -> Any:
    """The argument as a tensor of the backend, or an error that names it."""
    if type(value) in backend.NATIVE:
        return value
    if value is None:
        raise TypeError(f"keras.ops.{op.name}{op.signature}: a tensor is None.")

    if isinstance(value, Weight):
        if value.backend is not backend:
            raise ValueError(
                f"keras.ops.{op.name}: the weight {value.path!r} belongs to the "
                f"backend {value.backend.name!r}, but the current backend is "
                f"{backend.name!r}. Call the model or layer it belongs to, or enter "
                f"its backend with keras.config.backend_scope({value.backend.name!r})."
            )
        return value.value

    try:
        tensor = backend.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        parameter = op.parameters[min(place, len(op.parameters) - 1)]
        error.add_note(f"This was argument `{parameter}` of keras.ops.{op.name}.")
        raise
    if type(tensor) not in backend.NATIVE and backend.sparse.kind_of(tensor):
        raise sparse.SparseArgument
    return tensor


def _propagate_mask(args: list, out: Any) -> None:
    """Give the output the masks of the arguments: a step counts if it does in all."""
    joined = None
    for arg in args:
        mask = masks.get_mask(arg)
        if mask is None or mask is joined:
            continue
        if joined is not None:
            mask = current().TABLE["logical_and"](joined, mask)
        joined = mask

    # An output that was broadcast to more steps than the mask has none.
    if joined is not None and out.shape[: len(joined.shape)] == joined.shape:
        masks.set_mask(out, joined)


class Decorator(Protocol):
    """What `op` and the like are: called with the function, or with options first."""

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

    Raises:
        TypeError: a parameter looks like a tensor, but is not annotated as one.
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


def symbolic(spec: Op, args: tuple, kwargs: dict, operation: Any = None) -> Any:
    """The symbolic result of an op, as a node of the graph.

    `operation` is the `OpCall` that the node belongs to; by default a new one.
    """
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
    return Node(operation or OpCall(spec), args, kwargs, outputs).outputs
