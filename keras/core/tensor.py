"""The symbolic tensor: a shape and a type, and where in a graph it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from keras.core.dtypes import standardize_dtype
from keras.core.fields import field
from keras.core.naming import auto_name
from keras.core.operators import Operators, registered_ops
from keras.core.scope import current
from keras.core.typing import Shape

if TYPE_CHECKING:
    from keras.core.graph.node import Node


class KerasHistory(NamedTuple):
    """Where a symbolic tensor came from."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor(Operators):
    """A tensor without values: what `keras.Input` returns and layers pass on.

    Args:
        shape: axes; None where the size is not known.
        dtype: the type of the elements.
        sparse: whether it stands for sparse tensors.
        ragged: whether it stands for ragged tensors, which TensorFlow has.
        record_history: kept for compatibility.
        name: a name, by default automatic.

    Raises:
        ValueError: it cannot be both, or the backend has no ragged tensors.

    Example:
        >>> x = keras.KerasTensor((None, 3))
        >>> keras.ops.exp(x).shape
        (None, 3)
    """

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise TypeError(f"KerasTensor: unknown arguments {sorted(kwargs)}.")
        if ragged:
            check_ragged("KerasTensor", sparse)
        self.shape = standardize_shape(shape)
        self.dtype = standardize_dtype(dtype)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.record_history = record_history
        self._name = name
        self._node: Node | None = None
        self._index = 0

    shape: Shape = field("The sizes of the axes, None where one is not known.")
    dtype: str = field("The type of the elements.")
    sparse: bool = field("Whether it stands for sparse tensors.")
    ragged: bool = field("Whether it stands for ragged tensors.")
    ragged_rank = None
    row_splits_dtype = None

    @property
    def kind(self) -> str | None:
        """ "sparse" or "ragged" if it is that, None if it is dense."""
        return "sparse" if self.sparse else "ragged" if self.ragged else None

    def without_node(self) -> KerasTensor:
        """A symbolic tensor like this one that belongs to no graph yet."""
        return KerasTensor(self.shape, self.dtype, self.sparse, self.ragged)

    @property
    def name(self) -> str:
        """The tensor's name, made on first use when none was given."""
        if self._name is None:
            self._name = auto_name("keras_tensor")
        return self._name

    @property
    def _keras_history(self) -> KerasHistory:
        if self._node is None:
            raise AttributeError("This symbolic tensor is not part of a graph.")
        return KerasHistory(self._node.operation, self._node.number, self._index)

    def reshape(self, newshape: Any) -> Any:
        """`keras.ops.reshape(self, newshape)`."""
        return registered_ops().reshape(self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """`keras.ops.squeeze(self, axis)`."""
        return registered_ops().squeeze(self, axis)

    def __repr__(self) -> str:
        kind = "" if self.kind is None else f", {self.kind}=True"
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}{kind}>"

    def _concrete(self, what: str) -> TypeError:
        return TypeError(
            f"A symbolic tensor (shape {self.shape}, dtype {self.dtype}) has no "
            f"values, so it cannot be {what}. It stands for data that a model will "
            "get later: use layers and `keras.ops` on it, or call a model on data."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise self._concrete("turned into a NumPy array")

    def __bool__(self) -> bool:
        raise self._concrete("used as a condition (use keras.ops.cond or where)")

    def __iter__(self) -> Any:
        raise self._concrete("iterated over")

    def __float__(self) -> float:
        raise self._concrete("turned into a number")

    __int__ = __float__  # type: ignore[assignment]
    __index__ = __float__  # type: ignore[assignment]


def standardize_shape(shape: Any) -> tuple[int | None, ...]:
    """A shape as a tuple of ints and None; anything else is an error."""
    if isinstance(shape, int) and not isinstance(shape, bool):
        raise ValueError(
            f"A shape is a tuple of integers; received the integer {shape}. "
            f"For one axis write ({shape},)."
        )

    try:
        dims = list(shape)
    except TypeError:
        raise ValueError(
            f"A shape is a tuple of integers; received {shape!r}."
        ) from None

    for i, dim in enumerate(dims):
        if dim is None:
            continue
        try:
            dims[i] = int(dim)
        except TypeError:
            dims[i] = -1
        if dims[i] < 0 or dims[i] != dim:
            raise ValueError(
                f"A shape holds integers of at least 0, or None; received {dim!r} "
                f"in {tuple(shape)!r}."
            )

    return tuple(dims)


def check_ragged(who: str, sparse: Any) -> None:
    """Raise if a ragged tensor is to be sparse too, or the backend has none."""
    if sparse:
        raise ValueError(f"{who}: a tensor cannot be both sparse and ragged.")
    backend = current()
    if not backend.sparse.HAS_RAGGED:
        raise ValueError(
            f"{who}: the backend {backend.name!r} has no ragged tensors; received "
            "ragged=True. TensorFlow has them; elsewhere pad rows to one length with "
            "keras.utils.pad_sequences and use masks."
        )


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbolic tensor."""
    return isinstance(x, KerasTensor)


def any_symbolic(args: Any) -> bool:
    """Whether a symbolic tensor stands in `args` or one list below it."""
    for arg in args:
        if isinstance(arg, KerasTensor):
            return True
        if isinstance(arg, (list, tuple)) and any_symbolic(arg):
            return True
        if isinstance(arg, dict) and any_symbolic(arg.values()):
            return True
    return False
