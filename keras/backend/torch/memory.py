"""Memory of PyTorch's tensors on a CPU."""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names of glibc's mallopt
_KEPT = 128 << 20  # bytes at the end of the heap
_LARGEST = 32 << 20  # bytes of a block of the heap


def keep_freed_memory() -> None:
    """Have glibc keep what is freed for the tensors to come.

    It gives large blocks back to the system at once, and every page of the next tensor
    must be cleared first: a third of a step of a small convolutional network. Where the
    environment says something of it (`MALLOC_...`, `GLIBC_TUNABLES`), that holds.
    """
    said = any(n.startswith("MALLOC_") or n == "GLIBC_TUNABLES" for n in os.environ)
    if said or sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries: none
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, _LARGEST)
