"""Memory that two processes share, so that a batch needs no pipe.

A worker process makes a batch inside a `Segment`, and sends only where its arrays are.
The parent reads them in place. When the last of them is dropped there, the segment is
free, and the worker uses it for another batch.

On Linux a segment has no name: nothing stays behind, whatever is killed. Elsewhere it
is `multiprocessing.shared_memory`, whose name is deleted as soon as both sides have it.
"""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Callable
from multiprocessing import reduction, shared_memory
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

_ALIGNMENT = 64  # bytes: a cache line, and what the frameworks like arrays to begin at


class Segment:
    """A piece of shared memory.

    Attributes:
        size: its bytes.
        bytes: all of it, as an array of uint8.
    """

    def __init__(self, size: int, owner: Any, handle: int | None) -> None:
        self.size = size
        self._owner = owner  # what the memory lives as long as
        self._handle = handle
        buffer = owner if isinstance(owner, mmap.mmap) else owner.buf
        self._address = np.frombuffer(buffer, np.uint8).ctypes.data

    @classmethod
    def create(cls, size: int) -> Segment:
        """New memory of at least so many bytes."""
        size = max(-(-size // mmap.PAGESIZE) * mmap.PAGESIZE, mmap.PAGESIZE)
        if not hasattr(os, "memfd_create"):
            return cls(size, shared_memory.SharedMemory(create=True, size=size), None)
        handle = os.memfd_create("keras-data", os.MFD_CLOEXEC)
        os.ftruncate(handle, size)
        return cls(size, mmap.mmap(handle, size), handle)

    def send(self, connection: Connection, process_id: int) -> None:
        """Give it to the process at the other end, which must call `receive`."""
        if self._handle is None:
            connection.send(self._owner.name)
            return
        reduction.send_handle(connection, self._handle, process_id)
        os.close(self._handle)
        self._handle = None

    @classmethod
    def receive(cls, connection: Connection, size: int) -> Segment:
        """Take what the process at the other end sends."""
        if not hasattr(os, "memfd_create"):
            owner = shared_memory.SharedMemory(connection.recv())
            owner.unlink()
            return cls(size, owner, None)
        handle = reduction.recv_handle(connection)
        try:
            return cls(size, mmap.mmap(handle, size), None)
        finally:
            os.close(handle)

    def array(self, offset: int, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """A part of it as an array, which does not keep it from being reused."""
        return _array_at(self, self._address + offset, shape, np.dtype(dtype))

    def offset_of(self, array: np.ndarray) -> int | None:
        """Where in it a whole array is; None if it is elsewhere."""
        offset = array.ctypes.data - self._address
        inside = 0 <= offset <= self.size - array.nbytes
        return offset if inside and array.flags.c_contiguous else None


class Placed(NamedTuple):
    """Where in a segment an array is."""

    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype


class Lease:
    """The right to read a segment, until all arrays made from it are gone.

    Args:
        segment: the memory.
        on_end: what is called then, perhaps in another thread.
    """

    def __init__(self, segment: Segment, on_end: Callable[[Segment], None]) -> None:
        self._segment = segment
        self._on_end = on_end

    def array(self, placed: Placed) -> np.ndarray:
        """An array in the segment, which keeps the lease."""
        address = self._segment._address + placed.offset
        return _array_at(self, address, placed.shape, placed.dtype)

    def __del__(self) -> None:
        self._on_end(self._segment)


class _Memory:
    """What NumPy makes an array of that has its memory somewhere, and keeps `owner`."""

    def __init__(self, owner: Any, address: int, count: int) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3,
            "shape": (count,),
            "typestr": "|u1",
            "data": (address, False),
        }


def _array_at(owner: Any, address: int, shape: Any, dtype: np.dtype) -> np.ndarray:
    count = math.prod(shape) * dtype.itemsize
    if not count:
        return np.empty(shape, dtype)
    return np.asarray(_Memory(owner, address, count)).view(dtype).reshape(shape)


class Arena:
    """Hands out the room of a segment to the arrays of one batch.

    Attributes:
        segment: where they go; None as long as it is unknown how much is needed.
        needed: bytes asked for so far.
    """

    def __init__(self, segment: Segment | None) -> None:
        self.segment = segment
        self.needed = 0

    def reserve(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray | None:
        """Room for an array in the segment, or None if there isn't as much left."""
        dtype = np.dtype(dtype)
        offset = self.needed
        size = math.prod(shape) * dtype.itemsize
        self.needed += -(-size // _ALIGNMENT) * _ALIGNMENT
        if self.segment is None or self.needed > self.segment.size:
            return None
        return self.segment.array(offset, shape, dtype)

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array to be filled, in the segment if there is room."""
        hasobject = np.dtype(dtype).hasobject
        room = None if hasobject else self.reserve(shape, dtype)
        return np.empty(shape, dtype) if room is None else room

    def place(self, value: Any) -> Any:
        """A `Placed` for an array of numbers, which is copied if it is elsewhere.

        Anything else, and an array for which there is no room, is returned as it is.
        """
        array = _as_numpy(value)
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            return value
        offset = self.segment.offset_of(array) if self.segment else None
        if offset is None:
            room = self.reserve(array.shape, array.dtype)
            if room is None or self.segment is None:
                return array
            np.copyto(room, array)
            offset = self.segment.offset_of(room)
        return array if offset is None else Placed(offset, array.shape, array.dtype)


def _as_numpy(value: Any) -> Any:
    """A framework's tensor as an array; anything else as it is."""
    if isinstance(value, np.ndarray):
        return value
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        return value
    return np.asarray(value.detach() if hasattr(value, "detach") else value)
