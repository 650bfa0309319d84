"""Bounding boxes as four numbers: the way from each layout to the corners, and back.

It serves `keras.utils.bounding_boxes` and the layers that move boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Four: TypeAlias = tuple[Any, Any, Any, Any]


def _same(a: Any, b: Any, c: Any, d: Any) -> Four:
    return a, b, c, d


def _swapped(a: Any, b: Any, c: Any, d: Any) -> Four:
    return b, a, d, c


def _from_size(left: Any, top: Any, width: Any, height: Any) -> Four:
    return left, top, left + width, top + height


def _to_size(left: Any, top: Any, right: Any, bottom: Any) -> Four:
    return left, top, right - left, bottom - top


def _from_center(x: Any, y: Any, width: Any, height: Any) -> Four:
    x_half, y_half = width / 2, height / 2
    return x - x_half, y - y_half, x + x_half, y + y_half


def _to_center(left: Any, top: Any, right: Any, bottom: Any) -> Four:
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _from_center_swapped(y: Any, x: Any, height: Any, width: Any) -> Four:
    return _from_center(x, y, width, height)


def _to_center_swapped(left: Any, top: Any, right: Any, bottom: Any) -> Four:
    return _swapped(*_to_center(left, top, right, bottom))


# From the four numbers of a format to the corners, and back.
LAYOUTS: dict[str, tuple[Callable[..., Four], Callable[..., Four]]] = {
    "xyxy": (_same, _same),
    "yxyx": (_swapped, _swapped),
    "xywh": (_from_size, _to_size),
    "center_xywh": (_from_center, _to_center),
    "center_yxhw": (_from_center_swapped, _to_center_swapped),
}
