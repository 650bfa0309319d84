"""`@op`: one function is the API, the documentation, the graph node and the body.

A decorated function converts what it is given to tensors of the current backend, in
the type its rule says, and calls the backend's own version where its TABLE has one,
else the body. On symbolic tensors it finds the output's shape instead and adds a node
to the graph.

Which parameters are tensors is read off the annotations: `Tensor` for one,
`Tensors` for a list of them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from keras.core import dtypes, masks
from keras.core.naming import auto_name
from keras.core.scope import current
from keras.core.tensor import KerasTensor, any_symbolic
from keras.core.variable import Variable

F = TypeVar("F", bound=Callable[..., Any])
Tensor = Any
Tensors = Any
OPS: dict[str, Op] = {}
_SCALARS = (bool, int, float, complex)


class Op:
    """What the decorator knows of an op; `call` is the body."""

    def __init__(
        self,
        body: Callable,
        cast: str | None,
        elementwise: bool,
        infer: Callable | None,
        primitive: bool,
    ) -> None:
        self.body = body
        self.name = body.__name__
        self.cast = cast
        self.elementwise = elementwise
        self.infer = infer
        self.primitive = primitive
        self.public: Callable = body
        self.signature = inspect.signature(body)
        self.parameters = list(self.signature.parameters)
        self.tensors: list[tuple[int, str, bool]] = []
        for i, p in enumerate(self.signature.parameters.values()):
            kind = str(p.annotation)
            if kind.startswith("Tensor"):
                self.tensors.append((i, p.name, kind.startswith("Tensors")))
        self.tensor_names = frozenset(name for _, name, _ in self.tensors)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def convert(self, backend: Any, args: tuple, kwargs: dict) -> tuple[list, dict]:
        """The arguments with every tensor parameter made a tensor, in one type."""
        out = list(args)
        # Frameworks name their first parameters differently: tensors go by position.
        while kwargs and len(out) < len(self.parameters):
            name = self.parameters[len(out)]
            if name not in kwargs or name not in self.tensor_names:
                break
            out.append(kwargs.pop(name))
        places: list[tuple[Any, Any]] = []  # (container, key)
        for i, name, is_list in self.tensors:
            if i < len(out):
                container: Any = out
                key: Any = i
            elif name in kwargs:
                container, key = kwargs, name
            else:
                continue
            if is_list:
                if not isinstance(container[key], (list, tuple)):
                    container[key] = [
                        x for x in _as_tensor(backend, container[key], self, name)
                    ]
                items = list(container[key])
                container[key] = items
                places.extend((items, j) for j in range(len(items)))
            elif container[key] is not None:
                places.append((container, key))
        if self.cast is None:
            for container, key in places:
                value = container[key]
                if type(value) not in backend.NATIVE:
                    container[key] = _as_tensor(backend, value, self, key)
            return out, kwargs
        self._promote(backend, places)
        return out, kwargs

    def _promote(self, backend: Any, places: list[tuple[Any, Any]]) -> None:
        native = backend.NATIVE
        first = None
        same = True
        kinds: list[Any] = []
        for container, key in places:
            value = container[key]
            if type(value) not in native and type(value) not in _SCALARS:
                value = container[key] = _as_tensor(backend, value, self, key)
            kind = type(value) if type(value) in _SCALARS else value.dtype
            kinds.append(kind)
            if first is None:
                first = kind
            elif kind is not first and kind != first:
                same = False
        if not kinds:
            return
        if same and type(first) is not type and not self._wants_float(backend, first):
            return
        names = [k if type(k) is type else backend.dtype_name(k) for k in kinds]
        wanted = dtypes.result_type(*names)
        if self.cast == "float" and wanted not in _INEXACT:
            wanted = dtypes.result_type(wanted, float)
        for (container, key), name in zip(places, names):
            if name != wanted:
                container[key] = backend.convert_to_tensor(container[key], wanted)

    def _wants_float(self, backend: Any, dtype: Any) -> bool:
        return self.cast == "float" and backend.dtype_name(dtype) not in _INEXACT

    def run(self, args: tuple, kwargs: dict) -> Any:
        """Compute on tensors of the current backend."""
        backend = current()
        args, kwargs = self.convert(backend, args, kwargs)
        out = (backend.TABLE.get(self.name) or self.body)(*args, **kwargs)
        if masks._any and self.elementwise:
            _propagate_mask(args, out)
        return out

    def split(self, args: tuple, kwargs: dict) -> tuple[dict, dict]:
        """The arguments by name: those that are tensors, and the static ones."""
        bound = self.signature.bind(*args, **kwargs).arguments
        tensors, static = {}, {}
        for name, value in bound.items():
            is_tensor = name in self.tensor_names or any_symbolic([value])
            (tensors if is_tensor else static)[name] = value
        return tensors, static


_INEXACT = frozenset(dtypes.FLOATS + dtypes.COMPLEX)


def _as_tensor(backend: Any, value: Any, op: Op, key: Any) -> Any:
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
        name = op.parameters[key] if isinstance(key, int) else key
        error.add_note(f"This was argument `{name}` of keras.ops.{op.name}.")
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


def op(
    fn: F | None = None,
    *,
    cast: str | None = None,
    elementwise: bool = False,
    infer: Callable | None = None,
    primitive: bool = False,
) -> F:
    """Make a function an op.

    Args:
        fn: the body, written in other ops; every backend without an override runs it.
        cast: how the tensor arguments' types meet: None leaves each as it is,
            "common" promotes them to one type, "float" to one float type.
        elementwise: whether a mask on an input holds for the output too.
        infer: `(*args, **kwargs) -> KerasTensor`, for the few ops whose output shape
            depends on values.
        primitive: there is no body; every backend's TABLE has the op.
    """
    if fn is None:
        return functools.partial(  # type: ignore[return-value]
            op, cast=cast, elementwise=elementwise, infer=infer, primitive=primitive
        )
    spec = Op(fn, cast, elementwise, infer, primitive)

    @functools.wraps(fn)
    def public(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args) or (kwargs and any_symbolic(kwargs.values())):
            return symbolic(spec, args, kwargs)
        return spec.run(args, kwargs)

    spec.public = public
    public.op = spec  # type: ignore[attr-defined]
    OPS[spec.name] = spec
    return public  # type: ignore[return-value]


def primitive(
    fn: F | None = None, *, cast: str | None = None, infer: Callable | None = None
) -> F:
    """An op that every backend supplies in its TABLE; the function is its face."""
    return op(fn, cast=cast, infer=infer, primitive=True) if fn else functools.partial(
        op, cast=cast, infer=infer, primitive=True
    )  # type: ignore[return-value]


def elementwise(fn: F | None = None, *, cast: str = "float", primitive: bool = True) -> F:
    """An op that works element by element, so that masks go through it."""
    make = functools.partial(op, cast=cast, elementwise=True, primitive=primitive)
    return make(fn) if fn else make  # type: ignore[return-value]


def symbolic(spec: Op, args: tuple, kwargs: dict) -> Any:
    """The symbolic result of an op, as a node of the graph."""
    from keras.core.graph import Node
    from keras.core.infer import infer_outputs

    if spec.infer is not None:
        outputs = spec.infer(*args, **kwargs)
    else:
        outputs = infer_outputs(spec.public, args, kwargs, key=spec.name)
    return Node(OpCall(spec), args, kwargs, outputs).outputs


class Operation:
    """What a node of a graph performs: an op with its arguments, or a layer.

    Args:
        name: the node's name; by default automatic, from the class's.
    """

    def __init__(self, name: str | None = None) -> None:
        from keras.core.naming import to_snake_case

        self.name = name or auto_name(to_snake_case(type(self).__name__))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args) or any_symbolic(kwargs.values()):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation, on tensors; a subclass supplies it."""
        raise NotImplementedError(f"{type(self).__name__} must define `call`.")

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Find the output's shape and add a node to the graph."""
        from keras.core.graph import Node

        outputs = self.compute_output_spec(*args, **kwargs)
        return Node(self, args, kwargs, outputs).outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as symbolic tensors, found by running `call` abstractly."""
        from keras.core.infer import infer_outputs

        return infer_outputs(self.call, args, kwargs)

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation with quantized weights, where a subclass has one."""
        raise NotImplementedError(f"{type(self).__name__} has no quantized form.")

    def rematerialized_call(self, fn: Callable, *args: Any, **kwargs: Any) -> Any:
        """Call `fn` so that the backward pass computes it again instead of keeping it."""
        return current().remat(fn)(*args, **kwargs)

    @property
    def input(self) -> Any:
        """The symbolic input of the one call made on it so far."""
        return self._only_node("input").inputs_as_given

    @property
    def output(self) -> Any:
        """The symbolic output of the one call made on it so far."""
        return self._only_node("output").outputs

    def _only_node(self, what: str) -> Any:
        from keras.core.graph import nodes_of

        nodes = nodes_of(self)
        if len(nodes) != 1:
            raise AttributeError(
                f"{type(self).__name__} {self.name!r} has {len(nodes)} symbolic calls, "
                f"so `{what}` is not one thing. It is defined after exactly one call."
            )
        return nodes[0]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """An operation like the one `config` was taken from."""
        return cls(**config)


class OpCall(Operation):
    """An op as it stands in a graph. Its static arguments are kept by the node."""

    def __init__(self, spec: Op, name: str | None = None) -> None:
        super().__init__(name or auto_name(spec.name))
        self.op = spec

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.op.public(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Run the op."""
        return self.op.public(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<OpCall {self.name}>"
