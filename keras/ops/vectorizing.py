"""`vectorize`: a function of single elements becomes one of tensors."""

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
    """A function of single elements as one of tensors, which broadcast.

    Args:
        pyfunc: the function; it works on tensors without the axes that are mapped.
        excluded: places and names of arguments that it is given whole. Arguments given
            by name always are.
        signature: the axes that the function itself takes and gives, such as
            "(m,n),(n)->(m)"; by default none.

    Returns:
        The function of tensors.

    Raises:
        TypeError: `pyfunc` cannot be called.
        ValueError: the signature cannot be read, or does not fit the arguments.

    Example:
        >>> keras.ops.vectorize(lambda a, b: a * b + 1)([[1], [2]], [3, 4])
        array([[4, 5], [7, 9]])
    """
    if not callable(pyfunc):
        raise TypeError(f"vectorize: a function is needed; received {pyfunc!r}.")
    whole = set(excluded or ())
    ranks = None if signature is None else _ranks(signature)

    @functools.wraps(pyfunc)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        places = [i for i in range(len(args)) if i not in whole]
        own = tuple(ranks or (0,) * len(places))
        if len(own) != len(places):
            raise ValueError(
                f"vectorize: the signature {signature!r} has {len(own)} arguments; "
                f"received {len(places)}."
            )

        def one(elements: Any) -> Any:
            filled = list(args)
            for i, element in zip(places, elements):
                filled[i] = element
            return pyfunc(*filled, **kwargs)

        return _mapped([args[i] for i in places], one, own)

    return mapped


def _ranks(signature: str) -> list[int]:
    """How many axes the function takes of each argument."""
    group = r"\(\s*(?:\w+\s*(?:,\s*\w+\s*)*)?\)"
    text = signature.replace(" ", "")
    if not re.fullmatch(rf"{group}(,{group})*->{group}(,{group})*", text):
        raise ValueError(
            "vectorize: a signature looks like '(m,n),(n)->(m)'; received "
            f"{signature!r}."
        )
    inputs = re.findall(r"\(([^)]*)\)", text.partition("->")[0])
    return [len(axes.split(",")) if axes else 0 for axes in inputs]


@op(name="vectorize")
def _mapped(arrays: Tensors, function: Callable, ranks: tuple[int, ...]) -> Any:
    table = current().TABLE
    free, own = [], []
    for array, rank in zip(arrays, ranks):
        dims = shape(array)
        if len(dims) < rank:
            raise ValueError(
                f"vectorize: the function takes {rank} axes of an argument of shape "
                f"{dims}."
            )
        free.append(dims[: len(dims) - rank])
        own.append(dims[len(dims) - rank :])
    loop = _broadcast(free)
    rows = []
    for array, mine in zip(arrays, own):
        array = table["broadcast_to"](array, (*loop, *mine))
        rows.append(table["reshape"](array, (-1, *mine)))
    out = current().vectorized_map(function, tuple(rows))
    return tree.map_structure(
        lambda t: table["reshape"](t, (*loop, *shape(t)[1:])), out
    )


def _broadcast(shapes: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    rank = max(map(len, shapes), default=0)
    full: list[Any] = [1] * rank
    for dims in shapes:
        for i, size in enumerate(dims, rank - len(dims)):
            if not isinstance(size, int) or full[i] == 1:
                full[i] = size
            elif isinstance(full[i], int) and size not in (1, full[i]):
                raise ValueError(f"vectorize: the shapes {shapes} do not broadcast.")
    return tuple(full)
