"""Probes: abstract evaluations of a function with sizes for its unknown axes.

A size in the output is known only if it is the same in every probe:

- large: many thousands, so that no window, stride or slice covers a whole axis. The axes
  get different sizes where the function allows it, because a quotient or a difference of
  two axes is hidden while their sizes are equal.
- small: 1, or the smallest size that the function accepts.
- middle: 60, 84 and 120, where no large size is accepted, and in the first call of a
  layer, which may make weights.

A probe that the function refuses says nothing. All these sizes but the smallest have many
divisors, so that reshapes, splits and poolings of an unknown axis work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keras.core import tree
from keras.core.scope import current
from keras.core.typing import Shape

Shapes = tuple[Shape, ...]
# The size of an unknown axis, by the index of the tensor and the index of the axis.
SizeOf = Callable[[int, int], int]

SMALL = (*range(1, 9), 10, 12, 16, 20, 24, 30, 40, 48, 60, 84, 120)
MIDDLE = (60, 84, 120)
LARGE = 20160
SMALL_TO_LARGE = (*SMALL, 240, 420, 840, 1260, 2520, 5040, 10080, LARGE)
# Large sizes that differ are a unit times powers of two. The unit depends on the number
# of unknown axes in one tensor, whose elements are counted in 64 bits.
UNITS = (27720, 27720, 27720, 27720, 2520, 840, 120)
MAX_DIFFERENT = 6
# Larger integers among the arguments are taken for values.
MAX_SIZE_ARGUMENT = 1_000_000

# Errors that have nothing to do with sizes: they are raised at once.
_CERTAIN = (AttributeError, ImportError, NameError, NotImplementedError)


class Spec:
    """A tensor in a result: shape and type."""

    __slots__ = ("shape", "dtype")

    def __init__(self, shape: Shape, dtype: str) -> None:
        self.shape = shape
        self.dtype = dtype


class Outcome:
    """What a function returned for some sizes, with a `Spec` for each tensor."""

    __slots__ = ("output", "form")

    def __init__(self, output: Any) -> None:
        self.output = output
        leaves, treedef = tree.flatten_with_def(output)
        ranks = tuple(len(x.shape) if isinstance(x, Spec) else None for x in leaves)
        self.form = (treedef, ranks)


class Probes:
    """Abstract evaluations of one function.

    Args:
        fn: the function.
        leaves, treedef: its arguments, flattened.
        where: the indices of the symbolic tensors among the leaves.
    """

    def __init__(
        self, fn: Callable, leaves: list[Any], where: list[int], treedef: Any
    ) -> None:
        self.fn = fn
        self.leaves = leaves
        self.where = where
        self.treedef = treedef
        self.shapes: Shapes = tuple(leaves[i].shape for i in where)
        self._outcomes: dict[Shapes, Outcome | None] = {}
        self._refusal: Exception | None = None  # of the latest refused probe

    def run(self, shapes: Shapes) -> Outcome | None:
        """The outcome for shapes without None; None if the function refuses them."""
        if shapes not in self._outcomes:
            try:
                self._outcomes[shapes] = Outcome(self._evaluate(shapes))
            except _CERTAIN as error:
                error.add_note(self._describe(shapes))
                raise
            except Exception as error:
                self._outcomes[shapes] = None
                self._refusal = error
        return self._outcomes[shapes]

    def _evaluate(self, shapes: Shapes) -> Any:
        specs = [(shape, self.leaves[i].dtype) for shape, i in zip(shapes, self.where)]

        def call(tensors: list[Any]) -> Any:
            filled = list(self.leaves)
            for i, tensor in zip(self.where, tensors):
                filled[i] = tensor
            args, kwargs = tree.unflatten(self.treedef, filled)
            return self.fn(*args, **kwargs)

        return current().eval_shape(call, specs, Spec)

    def first_accepted(self, candidates: Iterator[Shapes]) -> Outcome | None:
        """The outcome of the first candidate that the function accepts."""
        for shapes in candidates:
            outcome = self.run(shapes)
            if outcome is not None:
                return outcome
        return None

    def failure(self, size: int) -> Exception:
        """The error of the function when all unknown axes have this size."""
        shapes = fill(self.shapes, size)
        self._outcomes.pop(shapes, None)
        self.run(shapes)
        assert self._refusal is not None, "the function refused this size before"

        text = self._describe(shapes)
        if not is_known(self.shapes):
            text += " Other sizes in place of None were tried too, and each was refused."
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


def find_outcomes(probes: Probes, makes_weights: bool) -> list[Outcome]:
    """Outcomes of which every size that they have in common is known.

    Args:
        probes: the function with its arguments.
        makes_weights: whether the function may make weights when it is first run.

    Raises:
        Exception: that of the function, if it accepts no sizes.
    """
    shapes = probes.shapes
    if is_known(shapes):
        outcome = probes.run(shapes)
        found = [] if outcome is None else [outcome]
    else:
        built = _built_outcomes(probes) if makes_weights else []
        found = _outcomes_for(probes, shapes, built) or _tied_outcomes(probes)
    if not found:
        raise probes.failure(MIDDLE[0])
    return found


def _built_outcomes(probes: Probes) -> list[Outcome]:
    """Outcomes for two middle sizes, the first of which may make weights.

    A weight whose shape depends on an unknown axis is found by a second size, which does
    not fit it. A size of 1 would be broadcast against it.
    """
    first, *others = (fill(probes.shapes, size) for size in MIDDLE)
    outcome = probes.run(first)
    if outcome is None:
        return []

    second = probes.first_accepted(iter(others))
    if second is None:
        raise probes.failure(MIDDLE[1])
    return [outcome, second]


def _outcomes_for(
    probes: Probes, shapes: Shapes, found: list[Outcome] | None = None
) -> list[Outcome]:
    """Outcomes for large and small sizes in the place of None; [] if none is accepted."""
    found = list(found or [])
    unit = _unit(shapes, probes.leaves)
    large = probes.first_accepted(_large_shapes(shapes, unit))
    if large is not None:
        found.append(large)
    elif not found:
        middle = [probes.run(fill(shapes, size)) for size in MIDDLE]
        found = [outcome for outcome in middle if outcome is not None]
    if not found:
        return []

    small = _small_outcome(probes, shapes, found[0].form)
    if small is not None:
        found.append(small)
    elif large is not None:
        # One probe is no evidence: another large one has to agree.
        larger = probes.first_accepted(_large_shapes(shapes, 2 * unit))
        if larger is not None:
            found.append(larger)
    return found


def _large_shapes(shapes: Shapes, unit: int) -> Iterator[Shapes]:
    """Shapes with large sizes: as different as possible first, equal ones last."""
    levels: list[Callable[[int, int], Any]] = [
        lambda tensor, axis: (tensor, axis),
        lambda tensor, axis: (tensor, axis) if axis else 0,  # one batch for all
        lambda tensor, axis: axis,
    ]
    for level in levels:
        keys = dict.fromkeys(level(*axis) for axis in unknown_axes(shapes))
        if len(keys) <= MAX_DIFFERENT:
            largest = unit << max(len(keys) - 1, 2)
            sizes = {key: largest >> i for i, key in enumerate(keys)}
            yield fill(shapes, lambda *axis: sizes[level(*axis)])
    yield fill(shapes, LARGE)


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
    shapes = probes.shapes
    ones = probes.run(fill(shapes, 1))

    # A known axis at the same position, counted from the right or from the left.
    beside = [leaf.shape for leaf in probes.leaves if hasattr(leaf, "shape")]
    for aligned in (_aligned(shapes, beside, -1), _aligned(shapes, beside, 1)):
        if aligned == shapes:
            continue
        if is_known(aligned):
            outcome = probes.run(aligned)
            found = [] if outcome is None else [outcome]
        else:
            found = _outcomes_for(probes, aligned)
        if found:
            if ones is not None and ones.form == found[0].form:
                found.append(ones)  # broadcast
            return found

    # A size that occurs elsewhere, in another tensor or as an argument, or multiples.
    known = {dim for shape in shapes for dim in shape if dim is not None}
    known |= {n for n in _integers(probes.leaves) if 0 < n <= LARGE}
    for size in sorted(known - {1}):
        outcomes = [probes.run(fill(shapes, size * times)) for times in (1, 2, 1000)]
        found = [outcome for outcome in outcomes if outcome is not None]
        if found:
            return found

    return [] if ones is None else [ones]


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
