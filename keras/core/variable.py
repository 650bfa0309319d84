"""State: a variable belongs to one backend and is read and written through scopes."""

from __future__ import annotations

import contextlib
import contextvars
import copy
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.core import backends, dtypes, scope
from keras.core.config import limits
from keras.core.errors import check_choice
from keras.core.fields import field
from keras.core.naming import auto_name, current_path
from keras.core.tensor import standardize_shape
from keras.core.weight import Weight

if TYPE_CHECKING:
    from keras.backend.contract import Backend

numbers = itertools.count()  # they order variables by when they were made
AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
SYNCHRONIZATIONS = (None, "none", "on_read", "on_write", "auto")


class Frame:
    """One level of how variables are read and written; frames nest."""

    def __init__(self, parent: Frame | None) -> None:
        self.parent = parent

    def read(self, variable: Variable) -> Any:
        """The variable's value as seen here."""
        if self.parent:
            return self.parent.read(variable)
        variable._lent = True
        return variable._value

    def write(self, variable: Variable, value: Any) -> None:
        """Take a new value for the variable."""
        if self.parent:
            self.parent.write(variable, value)
        else:
            variable._store(value)


class AutocastFrame(Frame):
    """Float variables are read in a layer's compute type; None leaves them alone.

    The innermost layer decides: what those around it compute in does not count.
    """

    def __init__(self, parent: Frame | None, dtype: str | None) -> None:
        while isinstance(parent, AutocastFrame):
            parent = parent.parent
        super().__init__(parent)
        self.dtype = dtype

    def read(self, variable: Variable) -> Any:
        value = super().read(variable)
        wanted = self.dtype or variable.dtype
        if variable.autocast and variable.is_float and variable.dtype != wanted:
            return variable.backend.cast(value, wanted)
        return value


class StatelessFrame(Frame):
    """Values are read from and written to a table; the variables stay as they are."""

    def __init__(self, parent: Frame | None, values: dict[int, Any]) -> None:
        super().__init__(parent)
        self.values = values
        self.written: dict[int, Variable] = {}

    def read(self, variable: Variable) -> Any:
        value = self.values.get(id(variable))
        return super().read(variable) if value is None else value

    def write(self, variable: Variable, value: Any) -> None:
        self.values[id(variable)] = value
        self.written[id(variable)] = variable


class MetaFrame(Frame):
    """Shapes are being found out: values are stood in for, and writes are dropped."""

    def __init__(self, parent: Frame | None, stand_in: Callable[[Any], Any]) -> None:
        super().__init__(parent)
        self.stand_in = stand_in

    def read(self, variable: Variable) -> Any:
        return self.stand_in(super().read(variable))

    def write(self, variable: Variable, value: Any) -> None:
        pass


_initializer_lookup: Callable[[str], Any] | None = None


def register_initializers(lookup: Callable[[str], Any]) -> None:
    """Find the initializer of `Variable("zeros", ...)` by this function."""
    global _initializer_lookup
    _initializer_lookup = lookup


def _find_initializer(name: str) -> Any:
    assert _initializer_lookup is not None, "keras.initializers is not imported"
    return _initializer_lookup(name)


_class_hooks: list[Callable[[type], None]] = []


def for_every_variable_class(hook: Callable[[type], None]) -> None:
    """Call `hook` with `Variable` and each subclass, also with those made later."""
    _class_hooks.append(hook)
    for cls in (Variable, *Variable.__subclasses__()):
        hook(cls)


_frame: ContextVar[Frame | None] = ContextVar("keras_variables", default=None)


@contextlib.contextmanager
def frame(make: Callable[..., Frame], *args: Any) -> Iterator[Any]:
    """Enter a new innermost frame, `make(current frame, *args)`."""
    made = make(_frame.get(), *args)
    token = _frame.set(made)
    try:
        yield made
    finally:
        _frame.reset(token)


def repeatable(fn: Callable, copied: Callable[[Any], Any]) -> Callable:
    """`fn` for a pass that runs it again: each run sees what the first did.

    It sees the variables as they were then, and the scopes that were open around it
    (the backend, the mode of the layers, the type they compute in): the backward pass
    comes when these are closed, and perhaps in another thread. What the first run
    writes counts, what the others write is dropped.
    """
    context = contextvars.copy_context()
    start: dict[int, Any] | None = None

    def run(*args: Any, **kwargs: Any) -> Any:
        if start is None:
            return once(*args, **kwargs)
        return context.copy().run(once, *args, **kwargs)

    def once(*args: Any, **kwargs: Any) -> Any:
        nonlocal start
        with frame(StatelessFrame, dict(start or {})) as inner:
            out = fn(*args, **kwargs)
        if start is None:
            written = list(inner.written.values())
            start = {id(v): copied(v.read_unscaled()) for v in written}
            for variable in written:
                variable.assign(inner.values[id(variable)])
        return out

    return run


def current_frame() -> Frame | None:
    """The innermost frame, or None when variables are plain."""
    return _frame.get()


class SymbolicScope(contextlib.AbstractContextManager):
    """Mark a `with` block as one that computes shapes and types only.

    The package marks what it runs itself to find the shape of an output. A program that
    runs layers for their shapes alone marks it in this way, for code that asks
    `in_symbolic_scope()`; nothing else changes.

    Example:
        >>> with keras.SymbolicScope():
        ...     y = keras.layers.Dense(2)(keras.KerasTensor((None, 3)))
        >>> y.shape
        (None, 2)
    """

    def __enter__(self) -> SymbolicScope:
        self._token = _symbolic.set(True)
        return self

    def __exit__(self, *exc: object) -> None:
        _symbolic.reset(self._token)


_symbolic: ContextVar[bool] = ContextVar("keras_symbolic", default=False)


def in_symbolic_scope() -> bool:
    """Whether only shapes and types are computed here."""
    return _symbolic.get() or finds_shapes()


def finds_shapes() -> bool:
    """Whether only the shapes of a computation are being found, without values."""
    found = _frame.get()
    while found is not None:
        if isinstance(found, MetaFrame):
            return True
        found = found.parent
    return False


class Variable(Weight):
    """A value that layers, optimizers and metrics keep and change.

    It belongs to the backend that was in force when it was made.

    Args:
        initializer: a value, or a callable `(shape, dtype) -> value` (with `shape`).
        shape: the shape, needed with a callable.
        dtype: the type; by default that of the value, `floatx()` for a callable.
        trainable: whether gradients are wanted for it.
        autocast: whether a layer in mixed precision reads it in its compute type.
        aggregation, synchronization: how replicas combine, kept as given.
        name: the last part of its path.
        layout: how it is spread over devices.

    Example:
        >>> v = keras.Variable([1.0, 2.0], name="w")
        >>> v.assign_add([1.0, 1.0])
        >>> v.numpy()
        array([2., 3.], dtype=float32)
    """

    # A pickled variable names its class: unpickling one in a new process imports
    # `keras.Variable`, and with it the ops behind the operators.
    __module__ = "keras"

    aggregation: str | None = field("How the values of replicas combine.")
    synchronization: str | None = field("When the values of replicas are combined.")
    overwrite_with_gradient: bool = field(
        "Whether an optimizer puts the gradient in the place of the value."
    )

    _lent = True  # somebody else may hold the value: it must not be overwritten
    _stamp = 0  # moves when anything but the value is set; see core/inspection.py

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for hook in _class_hooks:
            hook(cls)

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise TypeError(f"Variable: unknown arguments {sorted(kwargs)}.")
        check_choice(aggregation, AGGREGATIONS, "aggregation", "Variable")
        check_choice(synchronization, SYNCHRONIZATIONS, "synchronization", "Variable")

        name = name or auto_name("variable")
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"Variable: a name without '/' is needed; received {name!r}."
            )

        self.backend: Backend = scope.current()
        self.name = name
        parent = current_path()
        self.path = f"{parent}/{name}" if parent else name

        self.autocast = bool(autocast)
        self.aggregation = aggregation
        self.synchronization = synchronization
        self.layout = layout

        self._regularizer: Any = None
        self._constraint: Any = None
        self.overwrite_with_gradient = False
        self._trainable = self.made_trainable = bool(trainable)

        self.number = next(numbers)
        self._init_value(initializer, shape, dtype)

    def _init_value(self, initializer: Any, shape: Any, dtype: Any) -> None:
        if isinstance(initializer, str):
            initializer = _find_initializer(initializer)

        if callable(initializer) and not self.backend.is_tensor(initializer):
            if shape is None:
                raise ValueError(
                    f"Variable {self.path!r}: `shape` is needed with the initializer "
                    f"{initializer!r}."
                )
            shape = standardize_shape(shape)
            if None in shape:
                raise ValueError(
                    f"Variable {self.path!r}: every axis needs a size; received "
                    f"shape {shape}. An axis of the input that is not known (None) "
                    "cannot size a weight: give it in the input's shape."
                )

            # Charged before it is drawn: a file may ask for more than the memory.
            dtype = dtypes.standardize_dtype(dtype)
            itemsize = dtypes.numpy_dtype(dtype).itemsize
            limits.charge(shape, itemsize, f"Variable {self.path!r}")
            draw = getattr(initializer, "draw", None)

            with self.backend.outside_trace():
                if draw is not None:  # on the host: no compilation for each shape
                    value = draw(shape, dtype)
                else:
                    value = initializer(shape, dtype=dtype)
        else:
            value = (
                initializer.value if isinstance(initializer, Variable) else initializer
            )
        with self.backend.outside_trace():
            value = self.backend.convert_to_tensor(value, dtype)
        self.shape = tuple(value.shape)
        self.dtype = self.backend.dtype_of(value)
        if shape is not None and standardize_shape(shape) != self.shape:
            raise ValueError(
                f"Variable {self.path!r}: the value has shape {self.shape}, but "
                f"shape {tuple(shape)} was asked for."
            )

        self.is_float = dtypes.is_float_dtype(self.dtype)
        self._value = self.backend.make_variable(value, self._trainable, self.name)

    @property
    def value(self) -> Any:
        """The value as a tensor of the variable's backend."""
        frame = _frame.get()
        if frame is None:
            self._lent = True
            return self._value
        return frame.read(self)

    def assign(self, value: Any) -> Any:
        """Replace the value.

        Args:
            value: anything that converts to a tensor of this shape.

        Returns:
            The new value as a tensor.

        Raises:
            ValueError: the shape is another one.
        """
        if isinstance(value, Variable):
            value = value.value
        value = self.backend.convert_to_tensor(value, self.dtype)
        if tuple(value.shape) != self.shape:
            raise ValueError(
                f"Variable {self.path!r} has shape {self.shape}; it cannot be assigned "
                f"a value of shape {tuple(value.shape)}."
            )
        frame = _frame.get()
        if frame is None:
            self._store(value)
        else:
            frame.write(self, value)
        return value

    def _store(self, value: Any) -> None:
        self._lent = True
        self._value = self.backend.assign(self._value, value)

    def assign_add(self, value: Any) -> Any:
        """Add to the value in place; returns the new value."""
        return self.assign(self.read_unscaled() + self._operand(value))

    def assign_sub(self, value: Any) -> Any:
        """Subtract from the value in place; returns the new value."""
        return self.assign(self.read_unscaled() - self._operand(value))

    def _operand(self, value: Any) -> Any:
        if isinstance(value, Variable):
            value = value.value
        return self.backend.convert_to_tensor(value, self.dtype)

    def read_unscaled(self) -> Any:
        """The value in the variable's own type, whatever type a layer computes in."""
        value = self.value
        if self.backend.dtype_of(value) != self.dtype:
            frame = _frame.get()
            while isinstance(frame, AutocastFrame):
                frame = frame.parent
            value = frame.read(self) if frame else self._value
        return value

    @property
    def trainable(self) -> bool:
        """Whether gradients are wanted for the variable."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        self._stamp += 1
        self.backend.set_trainable(self._value, self._trainable)

    @property
    def regularizer(self) -> Any:
        """The penalty on the value that is added to the loss."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Any) -> None:
        self._regularizer = self._checked_callable(value, "regularizer")
        self._stamp += 1

    @property
    def constraint(self) -> Any:
        """The projection that is applied after each update."""
        return self._constraint

    @constraint.setter
    def constraint(self, value: Any) -> None:
        self._constraint = self._checked_callable(value, "constraint")
        self._stamp += 1

    def _checked_callable(self, value: Any, name: str) -> Any:
        if value is None or callable(value):
            return value
        raise ValueError(
            f"Variable {self.path!r}: `{name}` must be a function of the value, or "
            f"None; received {value!r}."
        )

    @property
    def handle(self) -> Any:
        """The resource behind a `tf.Variable`; other backends' variables have none.

        `tape.gradient(loss, model.trainable_variables)` asks for it.
        """
        return self._value.handle

    _should_act_as_resource_variable = handle

    def __repr__(self) -> str:
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"backend={self.backend.name}>"
        )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state["backend"] = self.backend.name
        state["_value"] = np.asarray(self.backend.convert_to_numpy(self._value))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._move(backends.load(state["backend"]), state["_value"])

    def _move(self, backend: Backend, value: Any) -> None:
        self.backend = backend
        tensor = backend.convert_to_tensor(value, self.dtype)
        self._value = backend.make_variable(tensor, self._trainable, self.name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        """A copy in the current backend: how a model moves to another one."""
        new = object.__new__(type(self))
        memo[id(self)] = new
        for key, value in self.__dict__.items():
            if key not in ("backend", "_value"):
                new.__dict__[key] = copy.deepcopy(value, memo)
        # A copy: PyTorch's array shows its own memory, and JAX would go on using that.
        value = np.array(self.backend.convert_to_numpy(self._value))
        new._move(scope.current(), value)
        return new


class StatelessScope(contextlib.AbstractContextManager):
    """Read and write variables in a table instead of in place.

    Args:
        state_mapping: pairs `(variable, value)` to read instead of their own values.
        collect_losses: gather what layers give to `add_loss` in `scope.losses`.
        initialize_variables: kept for compatibility; variables are never deferred.

    Example:
        >>> v = keras.Variable(1.0)
        >>> with keras.StatelessScope([(v, keras.ops.array(5.0))]) as scope:
        ...     v.assign_add(1.0)
        >>> float(v), float(scope.get_current_value(v))
        (1.0, 6.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self._held: list[Variable] = []
        self._values: dict[int, Any] = {}

        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "StatelessScope: `state_mapping` holds pairs (Variable, value); "
                    f"received {variable!r}."
                )
            value = variable.backend.convert_to_tensor(value, variable.dtype)
            if tuple(value.shape) != variable.shape:
                raise ValueError(
                    f"StatelessScope: {variable.path!r} has shape {variable.shape}, "
                    f"the value given {tuple(value.shape)}."
                )
            self._held.append(variable)
            self._values[id(variable)] = value

    def add_loss(self, loss: Any) -> None:
        """Gather a loss."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Take a new value: a pair (variable, value)."""
        variable, value = update
        self._held.append(variable)
        self._values[id(variable)] = value

    def get_current_value(self, variable: Variable) -> Any:
        """The value as it stands in this scope, or None when it has none."""
        return self._values.get(id(variable))

    def __enter__(self) -> StatelessScope:
        self._frame = StatelessFrame(_frame.get(), self._values)
        self._token = _frame.set(self._frame)
        self._scope_token = _stateless.set(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _frame.reset(self._token)
        _stateless.reset(self._scope_token)
        self._held.extend(self._frame.written.values())


_stateless: ContextVar[StatelessScope | None] = ContextVar(
    "keras_stateless", default=None
)


def collecting_scope() -> StatelessScope | None:
    """The innermost StatelessScope that gathers losses, or None."""
    found = _stateless.get()
    return found if found is not None and found.collect_losses else None
