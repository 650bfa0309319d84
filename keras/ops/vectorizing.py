"""`vectorize`: a function of single elements as a function of tensors."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

from keras.core import tree
from keras.core.op import Tensors, op
from keras.core.scope import current
from keras.ops.core import shape


def vectorize(
    pyfunc: Callable,
    *,
    excluded: Iterable[int | str] | None = None,
    signature: str | None = None,
) -> Callable:
    """Make a function of single elements a function of tensors, which broadcast.

    Args:
        pyfunc: the function; it gets tensors without the axes that are mapped.
        excluded: positions and names of arguments that are passed on as they are.
            Keyword arguments always are.
        signature: the axes that the function itself takes and returns, such as
            "(m,n),(n)->(m)"; by default none.

    Returns:
        A function of tensors.

    Raises:
        TypeError: `pyfunc` is not callable.
        ValueError: the signature is malformed, or does not match the arguments.

    Example:
        >>> keras.ops.vectorize(lambda a, b: a * b + 1)([[1], [2]], [3, 4])
        array([[4, 5], [7, 9]])
    """
    if not callable(pyfunc):
        raise TypeError(f"vectorize: `pyfunc` must be callable; received {pyfunc!r}.")
    unmapped = set(excluded or ())
    signature_ranks = None if signature is None else _ranks(signature)

    @functools.wraps(pyfunc)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        positions = [i for i in range(len(args)) if i not in unmapped]
        ranks = tuple(signature_ranks or (0,) * len(positions))
        if len(ranks) != len(positions):
            raise ValueError(
                f"vectorize: the signature {signature!r} has {len(ranks)} arguments; "
                f"received {len(positions)}."
            )

        def call_on_elements(elements: Any) -> Any:
            all_args = list(args)
            for i, element in zip(positions, elements):
                all_args[i] = element
            return pyfunc(*all_args, **kwargs)

        return _mapped([args[i] for i in positions], call_on_elements, ranks)

    return mapped


def _ranks(signature: str) -> list[int]:
    """The number of axes that the function takes of each argument."""
    group = r"\(\s*(?:\w+\s*(?:,\s*\w+\s*)*)?\)"
    text = signature.replace(" ", "")
    if not re.fullmatch(rf"{group}(,{group})*->{group}(,{group})*", text):
        raise ValueError(
            "vectorize: `signature` must be of the form '(m,n),(n)->(m)'; received "
            f"{signature!r}."
        )
    inputs = re.findall(r"\(([^)]*)\)", text.partition("->")[0])
    return [len(axes.split(",")) if axes else 0 for axes in inputs]


@op(name="vectorize")
def _mapped(arrays: Tensors, function: Callable, ranks: tuple[int, ...]) -> Any:
    """Map a function of tuples of elements over arrays.

    Args:
        arrays: tensors whose last axes belong to the function.
        function: takes a tuple with an element of each array.
        ranks: the number of axes of each array that belong to the function.
    """
    table = current().TABLE

    loop_shapes = []
    element_shapes = []
    for array, rank in zip(arrays, ranks):
        dims = shape(array)
        if len(dims) < rank:
            raise ValueError(
                f"vectorize: the signature takes {rank} axes of an argument; received "
                f"one of shape {dims}."
            )
        loop_shapes.append(dims[: len(dims) - rank])
        element_shapes.append(dims[len(dims) - rank :])

    # Merge the axes to loop over into one, and restore them afterwards.
    loop = _broadcast_shapes(loop_shapes)
    elements = []
    for array, dims in zip(arrays, element_shapes):
        array = table["broadcast_to"](array, (*loop, *dims))
        elements.append(table["reshape"](array, (-1, *dims)))
    out = current().vectorized_map(function, tuple(elements))
    return tree.map_structure(
        lambda t: table["reshape"](t, (*loop, *shape(t)[1:])), out
    )


def _broadcast_shapes(shapes: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The shape that all broadcast to; sizes may be scalar tensors."""
    rank = max(map(len, shapes), default=0)
    joint: list[Any] = [1] * rank
    for dims in shapes:
        for i, size in enumerate(dims, rank - len(dims)):
            if not isinstance(size, int) or joint[i] == 1:
                joint[i] = size
            elif isinstance(joint[i], int) and size not in (1, joint[i]):
                raise ValueError(
                    "vectorize: the axes to map over must broadcast; received shapes "
                    f"{shapes}."
                )
    return tuple(joint)
