"""The sparse part of the contract for a backend that has dense tensors only.

No tensor is sparse there, so that most of it is never asked. SciPy's sparse matrices
are made dense where they become tensors, batch by batch in `fit`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from keras.core import scope

HAS_SPARSE = False
HAS_RAGGED = False
TAKES_DATA = False
TABLE: dict[str, Callable] = {}


def kind_of(x: Any) -> None:
    """Every tensor is dense."""
    return None


def abstract(x: Any, kind: str, shape: Any) -> Any:
    """What stands for sparse data is dense, as the data will be."""
    return x


def put_together(*args: Any) -> NoReturn:
    """Say that there are no sparse tensors."""
    raise ValueError(
        f"The backend {scope.current().name!r} has no sparse tensors: leave `sparse` "
        "False, or choose the backend jax, torch or tensorflow."
    )


take_apart = sum_duplicates = values_at = on_ragged = put_together


def to_dense(x: Any) -> Any:
    """A tensor as it is."""
    return x


canonical = values_of = to_dense


def update_rows(gradient: Any, kept: Any, update: Callable) -> bool:
    """Gradients have all rows."""
    return False


def with_values(x: Any, values: Any) -> Any:
    """The values are the tensor."""
    return values
