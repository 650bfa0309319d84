"""Writing files while training goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class BackgroundWriter:
    """One thread that writes one file at a time; its errors come back.

    Example:
        >>> writer = BackgroundWriter()
        >>> writer.wait()  # the file before
        >>> writer.submit(write)  # returns at once
        >>> writer.wait()  # raises what `write` raised
    """

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._running: Future | None = None

    def submit(self, write: Callable[[], None]) -> None:
        """Have a file written; first waits for the one before, and raises its error."""
        self.wait()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(1, "keras-saving")
        self._running = self._threads.submit(write)

    def check(self) -> None:
        """Raise the error of a file that failed meanwhile; does not wait."""
        if self._running is not None and self._running.done():
            self.wait()

    def wait(self) -> None:
        """Wait until nothing is being written; raises what failed."""
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def close(self) -> None:
        """Wait, and let the thread end."""
        try:
            self.wait()
        finally:
            if self._threads is not None:
                self._threads.shutdown()
                self._threads = None

    def __deepcopy__(self, memo: dict) -> BackgroundWriter:
        return BackgroundWriter()

    def __reduce__(self) -> tuple:
        return BackgroundWriter, ()
