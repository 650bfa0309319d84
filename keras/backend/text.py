"""What the text functions of all backends have in common: rows of different lengths."""

from __future__ import annotations

from typing import Any, NamedTuple


class Rows(NamedTuple):
    """Rows of different lengths: the values of all, one row after the other.

    Attributes:
        values: the values, along one axis.
        lengths: the number of values of each row, as int64.
    """

    values: Any
    lengths: Any
