"""Memory of PyTorch's tensors on a CPU: freed blocks are kept for the next tensors."""

from __future__ import annotations

import ctypes
import functools
import os
import sys

import torch

from keras.core.settings import keep_freed_memory

# Names of glibc's options, see `man 3 mallopt`.
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3

_KEPT = 128 << 20  # bytes that may stay free at the end of the heap
_LARGEST = 32 << 20  # bytes of the largest block that comes from the heap


def before_training() -> None:
    """Ask glibc to keep freed memory, unless the program or its user says otherwise.

    glibc gives large blocks back to the system as soon as they are freed, and the
    system clears every page of the next one: a third of a step of a small convolutional
    network. See `keras.config.set_keep_freed_memory`.
    """
    if keep_freed_memory() and not torch.cuda.is_available():
        _ask_glibc()


@functools.cache  # the setting stays, so once is enough
def _ask_glibc() -> None:
    is_set = any(n.startswith("MALLOC_") or n == "GLIBC_TUNABLES" for n in os.environ)
    if is_set or sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MMAP_THRESHOLD, _LARGEST)
