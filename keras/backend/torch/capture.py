"""Records what a function calls of PyTorch, and replays it without the Python around.

A model's step is some hundred calls of PyTorch amid ten times as much Python that comes
to the same calls each time. `Captured` records the calls once for each set of
shapes, as the source of a function, and runs that. Autograd sees no difference.

What cannot be recorded runs as plain Python: a step that reads a value (`if x > 0`),
or whose shapes depend on values.
"""

from __future__ import annotations

import functools
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from keras.backend.explain import counted
from keras.backend.torch.tensor import convert_to_tensor, get_device, is_tensor
from keras.core import tree
from keras.core.variable import Variable, current_frame

_recorder: ContextVar[Recorder | None] = ContextVar("keras_recorder", default=None)
# Questions about a tensor that its shape and type answer.
_QUESTIONS = frozenset(
    """
    __get__ dim ndimension size stride numel nelement __len__ __hash__ is_contiguous
    is_floating_point is_complex is_signed element_size get_device result_type
    promote_types can_cast is_grad_enabled broadcast_shapes is_tensor
    """.split()
)
# Functions whose results have a size that depends on values.
_DATA_SIZED = frozenset(
    """
    nonzero argwhere unique unique_consecutive _unique2 masked_select bincount
    repeat_interleave histogram histogramdd
    """.split()
)
# Functions that do nothing but compute a result: left out where nobody needs it.
_PURE = frozenset(
    """
    add sub mul div neg mean sum where eq __eq__ ne gt lt ge le sqrt square to detach
    reshape view t transpose permute unsqueeze squeeze clip clamp reciprocal rsub
    __rsub__ zeros_like ones_like expand cumsum flip minimum maximum select __getitem__
    """.split()
)
_INDEXING = frozenset("__getitem__ __setitem__ index index_put_".split())
# Functions that may give their first argument back as it is.
_VIEWS = frozenset(
    """
    reshape view permute movedim expand to contiguous long float squeeze broadcast_to
    """.split()
)
# Types of arrays whose memory tensors may have.
_SHARED = frozenset("float32 float64 int8 int16 int32 int64 uint8 bool".split())
# What `x.copy_(x + y)` and the like are in one call.
_IN_PLACE = {"add": "add_", "sub": "sub_", "mul": "mul_"}
# Functions that, without tensors among their arguments, give the same each time.
_FACTORIES = frozenset("tensor as_tensor zeros ones full arange eye linspace".split())


def is_recording() -> bool:
    """Whether calls are being recorded."""
    return _recorder.get() is not None


def opaque(fn: Callable) -> Callable:
    """`fn`, called again as a whole when recorded calls are replayed.

    For what reads numbers on the host. Its arguments are tensors, in lists or not, or
    the same each time.
    """

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        recorder = _recorder.get()
        if recorder is None:
            return fn(*args, **kwargs)
        return recorder.note(fn, args, kwargs)

    return call


class _Line(NamedTuple):
    """A statement of the source, and the local names in it."""

    text: str
    makes: list[str]
    uses: list[str]
    is_pure: bool = False
    call: tuple[str, ...] = ()  # the function's name and the arguments' source


class Recorder(TorchFunctionMode):
    """Records every call of PyTorch made in its context.

    Args:
        inputs: the tensors that will be others when the calls are replayed.
    """

    def __init__(self, inputs: Sequence[torch.Tensor]) -> None:
        super().__init__()
        self.refused: str | None = None  # the call that cannot be recorded
        self.outside: list[torch.Tensor] = []  # what the calls use but do not make
        self._arguments = [f"x{i}" for i in range(len(inputs))]
        self._count = 0
        # By identity; another tensor may have it once the one that is named is gone.
        self._names: dict[int, tuple[str, weakref.ref]] = {}
        for name, tensor in zip(self._arguments, inputs):
            self._give_name(tensor, name)
        self._values: dict[str, Any] = {}  # what the source names from outside
        self._lines: list[_Line] = []
        self._grad = torch.is_grad_enabled()
        # The results of factories, by their memory: (line, name, tensor).
        self._fixed: dict[int, tuple[int, str, torch.Tensor]] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if _recorder.get() is self:  # not inside an opaque function
            self._see(func, args, kwargs or {}, result)
        return result

    def note(self, fn: Callable, args: tuple, kwargs: dict) -> Any:
        """Call an opaque function, and record the call."""
        token = _recorder.set(None)
        try:
            result = fn(*args, **kwargs)
            self._see(fn, args, kwargs, result, is_opaque=True)
        finally:
            _recorder.reset(token)
        return result

    def _see(
        self, func: Any, args: tuple, kwargs: dict, result: Any, is_opaque: bool = False
    ) -> None:
        """Record a call that has been made, or note why it cannot be."""
        name = getattr(func, "__name__", "")
        if self.refused:
            return
        if result is not None and next(_tensors(result), None) is None:
            if name not in _QUESTIONS and result is not NotImplemented:
                self.refused = name
            return

        # A replay could not know the size, or which elements a mask selects.
        if not is_opaque and (
            name in _DATA_SIZED
            or kwargs.get("generator") is not None
            or (name == "where" and len(args) == 1)
            or (name in _INDEXING and any(map(_is_mask, _tensors(args[1:]))))
        ):
            self.refused = name
            return

        # A view that is its argument needs no call: it has the argument's name.
        if name in _VIEWS and args and _is_same(args[0], result):
            if self._name_of(result) is None:
                self._give_name(result, self._spell(args[0], []))
            return

        self._write(func, args, kwargs, result)

        # Results of factories are made once, unless something writes to them.
        writes = name.endswith("_") or name == "__setitem__"
        if writes or is_opaque:
            for tensor in _tensors([args, list(kwargs.values())]):
                self._fixed.pop(_memory(tensor), None)
        elif name in _FACTORIES and next(_tensors(args), None) is None:
            line = len(self._lines) - 1
            self._fixed[_memory(result)] = line, self._spell(result, []), result

    def _write(self, func: Any, args: tuple, kwargs: dict, result: Any) -> None:
        """Add the source of a call, and names for its results."""
        uses: list[str] = []
        spelt = [self._spell(a, uses) for a in args]
        spelt += [f"{k}={self._spell(v, uses)}" for k, v in kwargs.items()]
        call = f"{self._outside(func)}({', '.join(spelt)})"
        function = getattr(func, "__name__", "")
        parts = () if kwargs else (function, *spelt)

        if isinstance(result, torch.Tensor) and self._name_of(result) is None:
            name = self._give_name(result)
            line = _Line(f"{name} = {call}", [name], uses, function in _PURE, parts)
            self._lines.append(line)
            return

        places = [(p, t) for p, t in _places(result) if self._name_of(t) is None]
        if not places:  # nothing is returned, or what was changed in place
            if function == "copy_" and not _are_alike(*args[:2]):
                parts = ()
            self._lines.append(_Line(call, [], uses, call=parts))
            return

        whole = f"r{len(self._lines)}"
        self._lines.append(_Line(f"{whole} = {call}", [whole], uses))
        for place, tensor in places:
            name = self._give_name(tensor)
            line = _Line(f"{name} = {whole}{place}", [name], [whole], is_pure=True)
            self._lines.append(line)

    def _name_of(self, tensor: torch.Tensor) -> str | None:
        """The name of a tensor in the source, if it has one."""
        name, named = self._names.get(id(tensor), (None, None))
        return name if named is not None and named() is tensor else None

    def _give_name(self, tensor: torch.Tensor, name: str | None = None) -> str:
        """Name a tensor in the source: its own number, or as given."""
        self._count += 1
        name = name or f"t{self._count}"
        self._names[id(tensor)] = name, weakref.ref(tensor)
        return name

    def _outside(self, value: Any) -> str:
        """The name of a value that the source takes from outside."""
        name = f"c{len(self._values)}"
        self._values[name] = value
        return name

    def _spell(self, value: Any, uses: list[str]) -> str:
        """The source text of an argument."""
        if isinstance(value, torch.Tensor):
            name = self._name_of(value)
            if name is None:
                name = self._give_name(value, self._outside(value))
                self.outside.append(value)
            uses.append(name)
            return name
        if type(value) in (list, tuple):
            inner = "".join(f"{self._spell(v, uses)}, " for v in value)
            return f"[{inner}]" if type(value) is list else f"({inner})"
        if type(value) in (type(None), bool, int, str):
            return repr(value)
        return self._outside(value)

    def functions(self, results: list[torch.Tensor]) -> tuple[Callable, Callable]:
        """`(*inputs) -> results`: the calls again; and the same without results."""
        returned: list[str] = []
        spelt = "".join(f"{self._spell(t, returned)}, " for t in results)
        for tensor in results:
            self._fixed.pop(_memory(tensor), None)
        constant = {line: (name, tensor) for line, name, tensor in self._fixed.values()}
        self._values.update(constant.values())
        stays = {*self._values, *self._arguments}
        lines = [x for i, x in enumerate(self._lines) if i not in constant]
        return (
            self._source(self._fewer(lines, returned), returned, spelt, stays),
            self._source(self._fewer(lines, []), [], "", stays),
        )

    def _fewer(self, lines: list[_Line], returned: list[str]) -> list[_Line]:
        """The same in fewer calls."""
        lines = _in_place(_needed(lines, returned), returned)
        return _without_repeated_modes(lines, self._grad)

    def _source(
        self, lines: list[_Line], returned: list[str], spelt: str, stays: set[str]
    ) -> Callable:
        """Compile lines to a function; each name is deleted after its last use."""
        last = {n: i for i, x in enumerate(lines) for n in (*x.uses, *x.makes)}
        body = []
        for i, line in enumerate(lines):
            body.append(line.text)
            names = {n for n in (*line.uses, *line.makes) if last[n] == i}
            dead = sorted(names - stays - set(returned))
            if dead:
                body.append(f"del {', '.join(dead)}")
        source = f"def replay({', '.join(self._arguments)}):\n "
        source += "\n ".join([*body, f"return ({spelt})"])
        exec(compile(source, "<captured>", "exec"), self._values)  # our own text
        return self._values.pop("replay")


def _needed(lines: list[_Line], returned: list[str]) -> list[_Line]:
    """The lines without those that only compute what nobody uses."""
    wanted = set(returned)
    kept = []
    for line in reversed(lines):
        if line.is_pure and not wanted.intersection(line.makes):
            continue
        wanted.update(line.uses)
        kept.append(line)
    return kept[::-1]


def _without_repeated_modes(lines: list[_Line], mode: bool) -> list[_Line]:
    """Gradients are switched on or off only where that changes something."""
    kept: list[_Line] = []
    now = str(mode)
    switch: _Line | None = None
    for line in [*lines, None]:
        if line is not None and _is_mode(line):
            switch = line
            continue
        if switch is not None and switch.call[1] != now:
            kept.append(switch)
            now = switch.call[1]
        switch = None
        if line is not None:
            kept.append(line)
    return kept


def _is_mode(line: _Line) -> bool:
    """Whether a line switches gradients on or off."""
    return line.call[:1] == ("_set_grad_enabled",)


def _in_place(lines: list[_Line], returned: list[str]) -> list[_Line]:
    """`x.copy_(x + y)` as `x.add_(y)`, where nobody else needs the sum."""
    uses = Counter(returned)
    for line in lines:
        uses.update(line.uses)

    kept: list[_Line] = []
    for line in lines:
        if line.call[:1] == ("copy_",):
            before = next((x for x in reversed(kept) if not _is_mode(x)), line)
            operation, *operands = before.call or ("",)
            if (
                operation in _IN_PLACE
                and line.call[1:] == (operands[0], *before.makes)
                and uses[before.makes[0]] == 1
            ):
                kept.remove(before)
                text = f"{operands[0]}.{_IN_PLACE[operation]}({operands[1]})"
                line = _Line(text, [], before.uses)
        kept.append(line)
    return kept


def _are_alike(x: Any, y: Any) -> bool:
    """Whether two tensors have the same shape and type."""
    tensors = isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor)
    return tensors and (x.shape, x.dtype) == (y.shape, y.dtype)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in lists and tuples."""
    return (tensor for _, tensor in _places(value))


def _places(value: Any, at: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors in lists and tuples, each with the text that picks it out."""
    if isinstance(value, torch.Tensor):
        yield at, value
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _places(item, f"{at}[{i}]")


def _is_same(x: Any, result: torch.Tensor) -> bool:
    """Whether a result is the same part of the same memory."""
    return result is x or (
        isinstance(x, torch.Tensor)
        and (x.shape, x.dtype) == (result.shape, result.dtype)
        and x.stride() == result.stride()
        and x.data_ptr() == result.data_ptr()
    )


def _is_mask(tensor: torch.Tensor) -> bool:
    """Whether an index selects by its values, which decide the size of the result."""
    return tensor.dtype in (torch.bool, torch.uint8)


def _memory(tensor: torch.Tensor) -> int:
    """Where the memory of a tensor begins."""
    return tensor.untyped_storage().data_ptr()


class Tape:
    """The calls that a function makes for arguments of certain shapes.

    Args:
        functions: `(*tensors) -> tensors`, with and without results.
        filled: the result, as a function of the tensors in it.
        held: the variables used, each with the tensor it had.
    """

    def __init__(
        self, functions: tuple[Callable, Callable], filled: Callable, held: list[tuple]
    ) -> None:
        self._function, self._silent = functions
        self._filled, self._held = filled, held

    def is_valid(self) -> bool:
        """Whether the variables still have the recorded tensors."""
        return all(variable._value is tensor for variable, tensor in self._held)

    def run(self, rows: Sequence[Sequence[torch.Tensor]], collect: bool) -> list[Any]:
        """Replay the calls for each row of arguments; all results, or the last one."""
        grad = torch.is_grad_enabled()
        function = self._function if collect else self._silent
        try:
            found = [function(*row) for row in rows[:-1]]
            found.append(self._function(*rows[-1]))
        except BaseException:
            torch.set_grad_enabled(grad)
            raise
        return [self._filled(x) for x in (found if collect else found[-1:])]


class Captured:
    """`fn`, whose calls of PyTorch are recorded for each set of shapes.

    The first call with shapes not met before runs `fn` as it is, for what it makes only
    once; the second is recorded, later ones replay it.

    Args:
        fn: a function of nests of tensors and arrays.
        variables: gives the variables that it may use.
    """

    def __init__(self, fn: Callable, variables: Callable[[], list[Variable]]) -> None:
        self._fn, self._variables = fn, variables
        # For each kind of call the tape, or why there is none, or None after the first.
        self._tapes: dict[Any, Tape | str | None] = {}
        self._meets_sparse = False

    def __call__(self, *args: Any) -> Any:
        tensors, filled, form = _taken_apart(args)
        if any(tensor.layout is not torch.strided for tensor in tensors):
            self._meets_sparse = True
            return self._fn(*filled(tensors))
        return self._run(_key(form, tensors), tensors, filled)

    def loop(self, stack: Any, count: int, collect: bool) -> Any:
        """Call on each of the first `count` items of stacked arguments, in turn.

        Returns the last results; all of them, stacked, if they are to be collected.
        """
        stacks, filled, form = _taken_apart((stack,), _lent)
        rows = list(zip(*(tensor.unbind(0) for tensor in stacks)))[:count]
        key = _key(form, rows[0])
        results: list[Any] = []
        while rows:
            tape = self._tape(key)
            if tape is not None:  # and it stays so
                results += tape.run(rows, collect)
                break
            results.append(self._run(key, rows.pop(0), filled))
        if collect:
            return tree.map_structure(lambda *parts: torch.stack(parts), *results)
        return results[-1]

    def explain(self) -> str:
        """How it runs, in words."""
        kinds = list(self._tapes.values())
        recorded = sum(isinstance(kind, Tape) for kind in kinds)
        if self._meets_sparse and not kinds:
            return "runs step by step, because its data are sparse"
        said = [f"recorded and repeated{counted(recorded)}"]
        if None in kinds:
            said.append("recorded at the next call for others")
        refused = sorted({kind for kind in kinds if isinstance(kind, str)})
        if refused:
            names = ", ".join(f"`{name}`" for name in refused)
            text = f"step by step where {names} reads values or makes a result whose "
            said.append(f"{text}size depends on values")
            if not recorded:
                said = [f"runs {said[-1]}"]
        return "; ".join(said)

    def _tape(self, key: Any) -> Tape | None:
        """The recorded calls, if they can be replayed now."""
        tape = self._tapes.get(key)
        usable = isinstance(tape, Tape) and tape.is_valid() and not _is_inside()
        return tape if usable else None  # type: ignore[return-value]

    def _run(self, key: Any, tensors: Sequence, filled: Callable) -> Any:
        """Call with arguments taken apart, by the tape where there is one."""
        tape = self._tape(key)
        if tape is not None:
            return tape.run([tensors], collect=False)[0]

        if isinstance(self._tapes.get(key), str) or _is_inside():
            return self._fn(*filled(tensors))
        if key not in self._tapes:
            result = self._fn(*filled(tensors))
            self._tapes[key] = None
            return result

        recorder = Recorder(tensors)
        token = _recorder.set(recorder)
        try:
            with recorder:
                result = self._fn(*filled(tensors))
        finally:
            _recorder.reset(token)

        self._tapes[key] = recorder.refused or self._written(recorder, result)
        return result

    def _written(self, recorder: Recorder, result: Any) -> Tape:
        """The tape of a call's recorded calls and result."""
        tensors, filled, _ = tree.partition(result, is_tensor)
        kept = {id(v._value): v for v in self._variables()}
        held = [(kept[id(t)], t) for t in recorder.outside if id(t) in kept]
        return Tape(recorder.functions(tensors), filled, held)


def _is_inside() -> bool:
    """Whether the calls are part of something that is recorded or traced itself."""
    return (
        is_recording() or current_frame() is not None or torch.compiler.is_compiling()
    )


def _taken_apart(
    args: tuple, convert: Callable = convert_to_tensor
) -> tuple[list[torch.Tensor], Callable, tuple]:
    """What `tree.partition` gives, the data made tensors."""
    data, filled, form = tree.partition(args, lambda leaf: hasattr(leaf, "shape"))
    return [convert(x) for x in data], filled, form


def _lent(x: Any) -> torch.Tensor:
    """A tensor that is only read, in an array's own memory where that may be."""
    if isinstance(x, np.ndarray) and x.flags.writeable and x.dtype.name in _SHARED:
        tensor = torch.from_numpy(x)
        return tensor if get_device() == "cpu" else tensor.to(get_device())
    return convert_to_tensor(x)


def _key(form: tuple, tensors: Sequence[torch.Tensor]) -> Any:
    """What calls must have in common to be the same calls."""
    shapes = tuple((t.shape, t.stride(), t.dtype) for t in tensors)
    return (form, shapes, torch.is_grad_enabled(), get_device())
