"""Probes: abstract evaluations of a function with sizes for its unknown axes.

A size in the output is known only if it is the same in every probe:

- large: many thousands, so that no window, stride or slice covers a whole axis. The
  axes get different sizes where the function allows it, because a quotient or a
  difference of two axes is hidden while their sizes are equal.
- small: 1, or the smallest size that the function accepts.
- middle: 60, 120 and 84, where no large size is accepted, and for functions that may
  make weights or run a user's code.

A probe that the function refuses says nothing. All sizes but the smallest have many
divisors, so that reshapes, splits and poolings of an unknown axis work.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from keras.core import tree
from keras.core.scope import current
from keras.core.sparse import NoSparseForm
from keras.core.typing import Shape
from keras.core.variable import MetaFrame, frame

Shapes = tuple[Shape, ...]
# The size of an unknown axis, by the index of the tensor and the index of the axis.
SizeOf = Callable[[int, int], int]

MIDDLE = (60, 120, 84)
LARGE = 20160
SMALL_TO_LARGE = (
    *(*range(1, 9), 10, 12, 16, 20, 24, 30, 40, 48, 60, 84, 120, 180, 240, 420, 840),
    *(1260, 2520, 5040, 10080, LARGE),
)
# Large sizes that differ are a unit times powers of two. The unit depends on the number
# of unknown axes in one tensor, whose elements are counted in 64 bits.
UNITS = (27720, 27720, 27720, 27720, 2520, 840, 120)
MAX_DIFFERENT = 6
# Larger integers among the arguments are taken for values.
MAX_SIZE_ARGUMENT = 1_000_000

# The same for axes behind the batch where a user's code runs: it may make an array of
# size * size in NumPy, or loop over the axis in Python.
USER_UNIT = 1260
LOOP_SIZE = 240

# Errors that have nothing to do with sizes: they are raised at once.
_CERTAIN = (
    AttributeError,
    ImportError,
    NameError,
    NoSparseForm,
    NotImplementedError,
)


class Spec:
    """A tensor in a result: shape, type, and "sparse" or "ragged" where it is that."""

    __slots__ = ("shape", "dtype", "kind")

    def __init__(self, shape: Shape, dtype: str, kind: str | None = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.kind = kind


class Outcome:
    """What a function returned for some sizes, with a `Spec` for each tensor."""

    __slots__ = ("output", "form")

    def __init__(self, output: Any) -> None:
        self.output = output
        leaves, treedef = tree.flatten_with_def(output)
        ranks = tuple(len(x.shape) if isinstance(x, Spec) else None for x in leaves)
        self.form = (treedef, ranks)


class _ReadCounter(MetaFrame):
    """Counts how often variables are read, which tells whether a function loops.

    The sizes of what is read are gathered in `sizes`.
    """

    def __init__(self, parent: Any, sizes: set[int]) -> None:
        super().__init__(parent, lambda value: value)
        self.reads = 0
        self._sizes = sizes

    def read(self, variable: Any) -> Any:
        self.reads += 1
        self._sizes.update(variable.shape)
        return super().read(variable)


class Probes:
    """Abstract evaluations of one function.

    Args:
        fn: the function.
        leaves, treedef: its arguments, flattened.
        where: the indices of the symbolic tensors among the leaves.
        shares_batch: whether the first axes of all tensors are one batch, so that
            different sizes for them need not be tried.
    """

    def __init__(
        self,
        fn: Callable,
        leaves: list[Any],
        where: list[int],
        treedef: Any,
        shares_batch: bool = False,
    ) -> None:
        self.fn = fn
        self.leaves = leaves
        self.where = where
        self.treedef = treedef
        self.shares_batch = shares_batch
        self.shapes: Shapes = tuple(leaves[i].shape for i in where)
        self.outcomes: dict[Shapes, Outcome | None] = {}
        self._refusal: Exception | None = None  # of the latest refused probe
        self.reads: dict[Shapes, int] = {}  # how often variables were read
        self.variable_sizes: set[int] = set()  # of the axes of those

    def run(self, shapes: Shapes) -> Outcome | None:
        """The outcome for shapes without None; None if the function refuses them."""
        if shapes not in self.outcomes:
            try:
                self.outcomes[shapes] = Outcome(self._evaluate(shapes))
            except _CERTAIN as error:
                error.add_note(self._describe(shapes))
                raise
            except Exception as error:
                self.outcomes[shapes] = None
                self._refusal = error
        return self.outcomes[shapes]

    def _evaluate(self, shapes: Shapes) -> Any:
        specs: list[tuple[Any, str]] = [
            (shape, self.leaves[i].dtype) for shape, i in zip(shapes, self.where)
        ]

        sparse = current().sparse
        kinds: list[str | None] = []  # of the leaves of the output

        def call(tensors: list[Any]) -> Any:
            filled = list(self.leaves)
            for i, tensor in zip(self.where, tensors):
                symbol = self.leaves[i]
                if symbol.kind is not None:
                    tensor = sparse.abstract(tensor, symbol.kind, symbol.shape)
                filled[i] = tensor
            args, kwargs = tree.unflatten(self.treedef, filled)
            with frame(_ReadCounter, self.variable_sizes) as counter:
                output = self.fn(*args, **kwargs)
            self.reads[shapes] = counter.reads
            kinds[:] = map(sparse.kind_of, tree.flatten(output))
            return output

        output = current().eval_shape(call, specs, Spec)
        for leaf, kind in zip(tree.flatten(output), kinds):
            if isinstance(leaf, Spec):
                leaf.kind = kind
        return output

    def first_accepted(self, candidates: Iterator[Shapes]) -> Outcome | None:
        """The outcome of the first candidate that the function accepts."""
        for shapes in candidates:
            outcome = self.run(shapes)
            if outcome is not None:
                return outcome
        return None

    def failure(self, size: int, reason: str) -> Exception:
        """The error of the function when all unknown axes have this size.

        Args:
            size: a size that the function refuses.
            reason: a sentence for the error's note, if there are unknown axes.
        """
        shapes = fill(self.shapes, size)
        self.outcomes.pop(shapes, None)
        self.run(shapes)
        assert self._refusal is not None, "the function refused this size before"

        text = self._describe(shapes)
        if not is_known(self.shapes):
            text += f" {reason}"
        self._refusal.add_note(text)
        return self._refusal

    def _describe(self, shapes: Shapes) -> str:
        """The symbolic shapes, and those that stood for them in an evaluation."""
        one = len(shapes) == 1
        noun = "input has the shape" if one else "inputs have the shapes"
        text = f"The symbolic {noun} {_list_shapes(self.shapes)}."
        if not is_known(self.shapes):
            noun = "an input of shape" if one else "inputs of the shapes"
            text += (
                " To find the shape of the output, the function was run without values "
                f"on {noun} {_list_shapes(shapes)}."
            )
        return text


def find_outcomes(probes: Probes, careful: bool) -> list[Outcome]:
    """Outcomes of which every size that they have in common is known.

    Args:
        probes: the function with its arguments.
        careful: whether the function may make weights when it is first run, or take
            long for large sizes.

    Raises:
        Exception: that of the function, if it accepts no sizes.
    """
    shapes = probes.shapes
    if is_known(shapes):
        outcome = probes.run(shapes)
        found = [] if outcome is None else [outcome]
    elif careful:
        found = _careful_outcomes(probes) or _tied_outcomes(probes)
    else:
        found = _outcomes_for(probes, shapes) or _tied_outcomes(probes)
    if not found:
        raise probes.failure(
            MIDDLE[0], "Other sizes in place of None were tried too; none was accepted."
        )
    return found


def _careful_outcomes(probes: Probes) -> list[Outcome]:
    """Outcomes for two middle sizes, then for others.

    The first evaluation may make weights. A weight whose shape depends on an unknown
    axis does not fit the second size; a size of 1 would be broadcast against it.
    """
    first, *others = (fill(probes.shapes, size) for size in MIDDLE)
    outcome = probes.run(first)
    if outcome is None:
        return _outcomes_for(probes, probes.shapes, careful=True)

    second = probes.first_accepted(iter(others))
    if second is None:
        raise probes.failure(
            MIDDLE[1],
            f"With {MIDDLE[0]} in place of None it succeeded. A weight whose shape "
            "depends on an axis of unknown size would cause this.",
        )
    return _outcomes_for(probes, probes.shapes, [outcome, second], careful=True)


def _outcomes_for(
    probes: Probes,
    shapes: Shapes,
    found: list[Outcome] | None = None,
    careful: bool = False,
) -> list[Outcome]:
    """Outcomes for large and small sizes in the place of None; [] if none is accepted.

    Args:
        probes: the function with its arguments.
        shapes: their shapes, of which some None may be filled already.
        found: outcomes to add to.
        careful: whether a user's code runs.
    """
    found = list(found or [])
    unit = _unit(shapes, probes.leaves)
    if careful:
        large = probes.first_accepted(_careful_large_shapes(probes, shapes, unit))
    else:
        large = probes.first_accepted(_large_shapes(probes, shapes, unit))
    if large is not None:
        found.append(large)
        uniform = fill(shapes, LARGE)
        if len(unknown_axes(shapes)) > 1 and uniform in probes.outcomes:
            found += _outcomes_near(probes, shapes, uniform, MIDDLE[:1])
    elif not found:
        middle = [probes.run(fill(shapes, size)) for size in MIDDLE]
        found = [outcome for outcome in middle if outcome is not None]
    if not found:
        return []

    small = _small_outcome(probes, shapes, found[0].form)
    if small is not None:
        found.append(small)
    elif len(found) == 1:
        # One probe is no evidence: another large one has to agree.
        larger = probes.first_accepted(_large_shapes(probes, shapes, 2 * unit))
        if larger is not None:
            found.append(larger)
    return found


def _large_shapes(
    probes: Probes, shapes: Shapes, unit: int, other_unit: int | None = None
) -> Iterator[Shapes]:
    """Shapes with large sizes: as different as possible first, equal ones last.

    Args:
        probes: the function with its arguments.
        shapes: the shapes to fill.
        unit: the least of the sizes.
        other_unit: the least of those behind the batch, if it is another.
    """
    levels: list[Callable[[int, int], Any]] = [
        lambda tensor, axis: (tensor, axis),
        lambda tensor, axis: (tensor, axis) if axis else 0,  # one batch for all
        lambda tensor, axis: axis,
    ]
    for level in levels[1:] if probes.shares_batch else levels:
        axes: dict[Any, int] = {}
        for tensor, axis in unknown_axes(shapes):
            axes.setdefault(level(tensor, axis), axis)
        if len(axes) <= MAX_DIFFERENT:
            first = max(len(axes) - 1, 2)
            sizes = {
                key: (other_unit if other_unit and axis else unit) << first >> i
                for i, (key, axis) in enumerate(axes.items())
            }
            yield fill(shapes, lambda *axis, s=sizes, of=level: s[of(*axis)])
    yield fill(shapes, 4 * other_unit if other_unit else LARGE)


def _careful_large_shapes(
    probes: Probes, shapes: Shapes, unit: int
) -> Iterator[Shapes]:
    """Shapes with sizes that a user's code can manage."""
    ones, middle = (fill(shapes, size) for size in (1, MIDDLE[0]))
    if probes.run(middle) is not None and probes.run(ones) is not None:
        if probes.reads[middle] > probes.reads[ones]:
            yield fill(shapes, LOOP_SIZE)
            return
    yield from _large_shapes(probes, shapes, unit, USER_UNIT)


def _unit(shapes: Shapes, leaves: list[Any]) -> int:
    """The least of the large sizes: above every size that is an argument."""
    count = max(shape.count(None) for shape in shapes)
    unit = UNITS[min(count, len(UNITS) - 1)]
    largest = max((abs(n) for n in _integers(leaves)), default=0)
    while unit <= 2 * largest:
        unit *= 2
    return unit


def _integers(leaves: list[Any]) -> Iterator[int]:
    for leaf in leaves:
        parts = (leaf.start, leaf.stop, leaf.step) if type(leaf) is slice else (leaf,)
        for part in parts:
            if type(part) is int and abs(part) <= MAX_SIZE_ARGUMENT:
                yield part


def _small_outcome(probes: Probes, shapes: Shapes, form: Any) -> Outcome | None:
    """The outcome for the smallest sizes that the function accepts.

    Results of another form are left out: a squeezed axis of size 1, for example.
    """

    def run(size: int, size_of: Callable[[int], SizeOf]) -> Outcome | None:
        outcome = probes.run(fill(shapes, size_of(size)))
        return outcome if outcome is not None and outcome.form == form else None

    def all_axes(size: int) -> SizeOf:
        return lambda tensor, axis: size

    def all_but_batch(size: int) -> SizeOf:
        return lambda tensor, axis: size if axis else 1

    outcome = run(1, all_axes)
    if outcome is not None:
        return outcome

    # A window is what usually refuses a size of 1, and the batch may still be 1.
    size_of = all_axes
    if any(axis for _, axis in unknown_axes(shapes)) and run(MIDDLE[0], all_but_batch):
        size_of = all_but_batch

    refused = 1
    for size in SMALL_TO_LARGE[1:]:
        outcome = run(size, size_of)
        if outcome is not None:
            break
        refused = size
    else:
        return None

    # The smallest accepted size is between the last two.
    while size - refused > 1:
        between = (size + refused) // 2
        smaller = run(between, size_of)
        if smaller is None:
            refused = between
        else:
            size = between
            outcome = smaller
    return outcome


def _tied_outcomes(probes: Probes) -> list[Outcome]:
    """Outcomes where an unknown axis must have a size that is known elsewhere."""
    for base in _tied_shapes(probes):
        outcome = probes.run(base)
        if outcome is not None:
            return [outcome, *_outcomes_near(probes, probes.shapes, base)]
    return []


def _tied_shapes(probes: Probes) -> Iterator[Shapes]:
    """Shapes in which unknown axes have sizes that occur among the arguments."""
    shapes = probes.shapes
    beside = [leaf.shape for leaf in probes.leaves if hasattr(leaf, "shape")]
    for step in (-1, 1):
        yield fill(_aligned(shapes, beside, step), MIDDLE[0])

    known = {dim for shape in (*shapes, *beside) for dim in shape if dim is not None}
    known |= {n for n in _integers(probes.leaves) if 0 < n <= LARGE}
    known |= probes.variable_sizes
    for size in sorted(known - {0, 1}):
        yield fill(shapes, size)
    yield fill(shapes, 1)


def _outcomes_near(
    probes: Probes, shapes: Shapes, base: Shapes, sizes: tuple[int, ...] = ()
) -> list[Outcome]:
    """Outcomes that show which of the unknown axes may have other sizes.

    Args:
        probes: the function with its arguments.
        shapes: shapes with unknown axes.
        base: sizes for them that the function accepts.
        sizes: what one or two of the axes, or those at the same position, get instead.
    """
    axes = unknown_axes(shapes)
    groups: list[tuple] = [*itertools.combinations(axes, 1)]
    groups += itertools.combinations(axes[:MAX_DIFFERENT], 2)
    for position in sorted({axis for _, axis in axes}):
        groups.append(tuple(a for a in axes if a[1] == position))

    accepted = probes.run(base)
    assert accepted is not None
    found = []
    for group in dict.fromkeys(groups):
        tensor, axis = group[0]
        size = base[tensor][axis] or 1
        others = sizes or (1, 2, 3, 2 * size, 1000 * size, *MIDDLE, LARGE)
        for other in others:
            outcome = probes.run(_replace_sizes(base, group, other))
            if outcome is not None and outcome.form == accepted.form:
                found.append(outcome)
    return found


def _replace_sizes(shapes: Shapes, axes: tuple, size: int) -> Shapes:
    """The shapes with another size at some axes, given as (tensor, axis)."""
    return tuple(
        tuple(size if (tensor, i) in axes else dim for i, dim in enumerate(shape))
        for tensor, shape in enumerate(shapes)
    )


def _aligned(shapes: Shapes, beside: list[Any], step: int) -> Shapes:
    """Unknown axes take the size at the same position, counted from one end."""
    known: dict[int, int] = {}
    for shape in beside:
        for i, dim in enumerate(shape[::step]):
            if dim is not None and dim != 1:
                known.setdefault(i, dim)
    return tuple(
        tuple(
            known.get(i) if dim is None else dim for i, dim in enumerate(shape[::step])
        )[::step]
        for shape in shapes
    )


def _list_shapes(shapes: Shapes) -> str:
    return ", ".join(map(str, shapes))


def is_known(shapes: Shapes) -> bool:
    """Whether all sizes are known."""
    return not any(None in shape for shape in shapes)


def unknown_axes(shapes: Shapes) -> list[tuple[int, int]]:
    """The indices of the tensor and the axis of each None."""
    return [
        (tensor, axis)
        for tensor, shape in enumerate(shapes)
        for axis, dim in enumerate(shape)
        if dim is None
    ]


def fill(shapes: Shapes, size: int | SizeOf) -> Shapes:
    """The shapes with a size in the place of each None."""
    size_of = size if callable(size) else lambda tensor, axis: size
    return tuple(
        tuple(
            size_of(tensor, axis) if dim is None else dim
            for axis, dim in enumerate(shape)
        )
        for tensor, shape in enumerate(shapes)
    )
