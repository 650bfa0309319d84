"""Resampling of images in PyTorch, where it has a kernel for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

_WIDE = (torch.float32, torch.float64)
# The padding of `grid_sample`, and whether its edges are the centers of pixels.
_PADDING = {
    "constant": ("zeros", False),
    "nearest": ("border", False),
    "reflect": ("reflection", False),
    "mirror": ("reflection", True),
}


def _resize(images: Any, size: tuple[int, int], method: str, antialias: bool) -> Any:
    # Without antialiasing PyTorch's bicubic kernel is another one (a = -0.75).
    has_kernel = method == "bilinear" or (method == "bicubic" and antialias)
    if not has_kernel or images.dtype not in _WIDE:
        return NotImplemented
    out = F.interpolate(
        images.movedim(-1, 1),
        size,
        mode=method,
        align_corners=False,
        antialias=antialias,
    )
    return out.movedim(1, -1)


def _sample(
    images: Any, coordinates: Any, order: int, fill_mode: str, fill_value: float
) -> Any:
    is_plane = len(coordinates) == 2 and all(c.dim() == 3 for c in coordinates)
    if not is_plane or not order or fill_mode not in _PADDING:
        return NotImplemented
    if images.dtype not in _WIDE or min(images.shape) < 2:
        return NotImplemented

    padding, centers = _PADDING[fill_mode]
    parts = []
    for c, n in zip(coordinates, images.shape[1:3]):
        parts.append(c * (2 / (n - 1)) - 1 if centers else (2 * c + 1) / n - 1)
    rows, columns = torch.broadcast_tensors(*parts)
    grid = torch.stack([columns, rows], -1).to(images.dtype)
    grid = grid.expand(len(images), -1, -1, -1)

    x = images.movedim(-1, 1)
    if fill_mode == "constant" and fill_value:
        x = x - fill_value
    out = F.grid_sample(x, grid, "bilinear", padding, centers).movedim(1, -1)
    return out + fill_value if fill_mode == "constant" and fill_value else out


TABLE: dict[str, Callable] = {"_resize": _resize, "_sample": _sample}
