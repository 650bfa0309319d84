"""Tensors without memory: a shape and a type, while shapes are found out.

A model is built for sizes that are large on purpose, so nothing may be computed then.
Inside `hollow_scope` every function of the table goes by its rule (`shapes.py`); what
Python's operators, indices and NumPy's own functions do with a `Hollow` is here.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from keras.backend.numpy.array import Array, quiet
from keras.core.op import OPS

_hollow: ContextVar[bool] = ContextVar("keras_numpy_hollow", default=False)
_ZERO = np.zeros(1, bool)
_SCALARS = (bool, int, float, complex, np.number, np.bool_)


def is_hollow() -> bool:
    """Whether shapes are being found out, so that nothing is computed."""
    return _hollow.get()


@contextlib.contextmanager
def hollow_scope(hollow: bool = True) -> Iterator[None]:
    """A context in which tensors are shapes and types, or again values."""
    token = _hollow.set(hollow)
    try:
        yield
    finally:
        _hollow.reset(token)


def form(shape: Any) -> np.ndarray:
    """An array of this shape that takes one byte: all its elements are the same one.

    Views of it (slices, reshaped or transposed) take no memory either, so NumPy itself
    says what shape they have, and whether they exist.
    """
    shape = tuple(shape)
    return np.ndarray(shape, bool, _ZERO, strides=(0,) * len(shape))


def _operator(symbol: str) -> Callable:
    """One of Python's operators: the shape by broadcasting, the type as `Array` has."""

    def operator(self: Hollow, other: Any) -> Any:
        if not isinstance(other, (Hollow, np.ndarray, *_SCALARS)):
            return NotImplemented
        kind: Any = getattr(other, "dtype", type(other))
        return Hollow(joint_shape(self, other), _type_of(symbol, self.dtype, kind))

    return operator


@functools.cache
def _type_of(symbol: str, dtype: np.dtype, other: Any) -> np.dtype:
    """The type of an operator's result, found with one element."""
    right = other(1) if isinstance(other, type) else tiny(other)
    return getattr(tiny(dtype), symbol)(right).dtype


def tiny(dtype: Any, rank: int = 1) -> Any:
    """An array of one element, to find out types with."""
    return np.ones((1,) * rank, dtype).view(Array)


def joint_shape(*tensors: Any) -> tuple[int, ...]:
    """The shape to which tensors and numbers broadcast."""
    shapes = {getattr(x, "shape", ()) for x in tensors}
    return shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)


class Hollow:
    """A tensor of the NumPy backend without values, while shapes are found out."""

    def __init__(self, shape: Any, dtype: Any) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype if isinstance(dtype, np.dtype) else np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def real(self) -> Hollow:
        """The real part."""
        return Hollow(self.shape, tiny(self.dtype).real.dtype)

    @property
    def T(self) -> Hollow:
        """The axes in reverse order."""
        return Hollow(self.shape[::-1], self.dtype)

    def astype(self, dtype: Any, **options: Any) -> Hollow:
        """The same shape in another type."""
        return Hollow(self.shape, dtype)

    def __repr__(self) -> str:
        return f"<Hollow shape={self.shape}, dtype={self.dtype}>"

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Hollow]:
        return (Hollow(self.shape[1:], self.dtype) for _ in range(self.shape[0]))

    def __getitem__(self, key: Any) -> Hollow:
        return Hollow(indexed_shape(self.shape, key), self.dtype)

    __hash__ = object.__hash__
    __add__, __radd__ = _operator("__add__"), _operator("__radd__")
    __sub__, __rsub__ = _operator("__sub__"), _operator("__rsub__")
    __mul__, __rmul__ = _operator("__mul__"), _operator("__rmul__")
    __truediv__, __rtruediv__ = _operator("__truediv__"), _operator("__rtruediv__")
    __floordiv__, __rfloordiv__ = _operator("__floordiv__"), _operator("__rfloordiv__")
    __mod__, __rmod__ = _operator("__mod__"), _operator("__rmod__")
    __pow__, __rpow__ = _operator("__pow__"), _operator("__rpow__")
    __and__, __rand__ = _operator("__and__"), _operator("__rand__")
    __or__, __ror__ = _operator("__or__"), _operator("__ror__")
    __xor__, __rxor__ = _operator("__xor__"), _operator("__rxor__")
    __lshift__, __rshift__ = _operator("__lshift__"), _operator("__rshift__")
    __lt__, __le__ = _operator("__lt__"), _operator("__le__")
    __gt__, __ge__ = _operator("__gt__"), _operator("__ge__")
    __eq__, __ne__ = _operator("__eq__"), _operator("__ne__")  # type: ignore

    def __matmul__(self, other: Any) -> Any:
        return OPS["matmul"].public(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return OPS["matmul"].public(other, self)

    def __neg__(self) -> Hollow:
        return self

    __pos__ = __abs__ = __invert__ = __neg__

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        if method != "__call__" or ufunc.signature or options:
            return self.__array_function__(ufunc, (), inputs, options)
        ones = [tiny(x.dtype) if hasattr(x, "dtype") else x for x in inputs]
        found = quiet(ufunc)(*ones)
        shape = joint_shape(*inputs)
        if isinstance(found, tuple):
            return tuple(Hollow(shape, part.dtype) for part in found)
        return Hollow(shape, found.dtype)

    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> Any:
        """NumPy's functions by the op of the same name, which has a rule."""
        name = function.__name__
        if name not in OPS:
            raise TypeError(
                f"numpy's {name} cannot be run while shapes are found out, as tensors "
                "have no values then. Use a function of keras.ops instead."
            )
        return OPS[name].public(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name not in OPS:
            raise AttributeError(
                f"A tensor has no attribute {name!r} while shapes are found out."
            )
        return functools.partial(OPS[name].public, self)

    def reshape(self, *shape: Any) -> Any:
        """`keras.ops.reshape`; the sizes may be given one by one."""
        return OPS["reshape"].public(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        """`keras.ops.transpose`; the axes may be given one by one."""
        order: Any = axes[0] if len(axes) == 1 else axes or None
        return OPS["transpose"].public(self, order)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"A tensor of shape {self.shape} has no values while shapes are found out. "
            "What depends on values belongs in keras.ops.cond, where or while_loop."
        )

    __bool__ = __int__ = __float__ = __index__ = numpy = __array__  # type: ignore


def hollow_like(x: Any) -> Any:
    """A tensor's shape and type, without its values; all else as it is."""
    return Hollow(x.shape, x.dtype) if isinstance(x, Array) else x


def indexed_shape(shape: tuple[int, ...], key: Any) -> tuple[int, ...]:
    """The shape of `x[key]`, as NumPy has it, for an `x` of this shape."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if all(_is_basic(k) for k in keys):
        return form(shape)[tuple(keys)].shape

    keys = _written_out(keys, len(shape))
    sizes: list[int] = []  # of the axes that slices and None give
    arrays: list[tuple[int, ...]] = []
    places: list[int] = []  # where among the keys the arrays are
    at: list[int] = []  # how many sizes there were before them
    axis = 0
    for place, k in enumerate(keys):
        if k is None:
            sizes.append(1)
        elif isinstance(k, slice):
            sizes.append(len(range(*k.indices(shape[axis]))))
            axis += 1
        else:
            dims, axes = _array_key(k)
            arrays.append(dims)
            places.append(place)
            at.append(len(sizes))
            axis += axes

    # Arrays side by side leave their axes there, others put them in front.
    together = places[-1] - places[0] == len(places) - 1
    start = at[0] if together else 0
    return (*sizes[:start], *np.broadcast_shapes(*arrays), *sizes[start:])


def _is_basic(k: Any) -> bool:
    return k is None or k is Ellipsis or isinstance(k, (int, np.integer, slice))


def _written_out(keys: list, rank: int) -> list:
    """The keys with a slice for each axis that none of them names."""
    named = sum(_array_key(k)[1] for k in keys if k is not None and k is not Ellipsis)
    rest = [slice(None)] * (rank - named)
    for i, k in enumerate(keys):
        if k is Ellipsis:
            return keys[:i] + rest + keys[i + 1 :]
    return keys + rest


def _array_key(k: Any) -> tuple[tuple[int, ...], int]:
    """The shape of one index of integers or booleans, and how many axes it names."""
    if isinstance(k, (int, np.integer, slice)):
        return (), 1
    k = k if hasattr(k, "dtype") else np.asarray(k)
    if k.dtype != bool:
        return tuple(k.shape), 1
    if isinstance(k, Hollow):
        raise TypeError(
            f"x[mask] with a mask of shape {k.shape}: how many elements it leaves "
            "depends on values, which are not there while shapes are found out. Use "
            "keras.ops.where."
        )
    return (int(np.count_nonzero(k)),), k.ndim
