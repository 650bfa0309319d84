"""`PyDataset`: batches computed in Python, in parallel if wanted."""

from __future__ import annotations

import warnings
from typing import Any


class PyDataset:
    """A dataset whose batches are computed in Python, one index at a time.

    Subclass it, and write `__getitem__(index)`, which returns one batch as a tuple
    `(x, y)` or `(x, y, sample_weight)`, and `__len__()`, the number of batches.
    `on_epoch_begin` and `on_epoch_end` may be overridden too. Each index is asked
    for exactly once an epoch, also by several workers, and batches arrive in order.

    Args:
        workers: How many threads or processes compute batches ahead of time. With 1
            (and no processes) or 0 they are computed in the main thread.
        use_multiprocessing: Use processes in place of threads. The dataset goes to
            each of them, so it must hold nothing that can't be pickled.
        max_queue_size: How many batches may wait, computed, to be used.

    Example:
        >>> class Squares(keras.utils.PyDataset):
        ...     def __len__(self):
        ...         return 10
        ...     def __getitem__(self, index):
        ...         x = np.random.rand(32, 1)
        ...         return x, x**2
        >>> model.fit(Squares(workers=4))
    """

    _options: dict[str, Any] | None = None

    def __init__(
        self,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ) -> None:
        self._options = {}
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def _option(self, name: str, default: Any) -> Any:
        if self._options is None:
            warnings.warn(
                f"{type(self).__name__}.__init__ should call "
                "`super().__init__(**kwargs)`; until it does, `workers`, "
                "`use_multiprocessing` and `max_queue_size` keep their defaults."
            )
            self._options = {}
        return self._options.get(name, default)

    def _set_option(self, name: str, value: Any) -> None:
        if self._options is None:
            self._options = {}
        self._options[name] = value

    @property
    def workers(self) -> int:
        """How many threads or processes compute batches ahead of time."""
        return self._option("workers", 1)

    @workers.setter
    def workers(self, value: int) -> None:
        self._set_option("workers", self._check("workers", value, 0))

    @property
    def use_multiprocessing(self) -> bool:
        """Whether the workers are processes."""
        return self._option("use_multiprocessing", False)

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._set_option("use_multiprocessing", bool(value))

    @property
    def max_queue_size(self) -> int:
        """How many batches may wait, computed, to be used."""
        return self._option("max_queue_size", 10)

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._set_option("max_queue_size", self._check("max_queue_size", value, 1))

    def _check(self, name: str, value: int, least: int) -> int:
        if not isinstance(value, int) or value < least:
            raise ValueError(
                f"{type(self).__name__}: `{name}` must be an integer of at least "
                f"{least}; received {value!r}."
            )
        return value

    def __getitem__(self, index: int) -> Any:
        """The batch at position `index`: a tuple `(x, y)` or longer."""
        raise NotImplementedError(
            f"{type(self).__name__} must define `__getitem__(self, index)`, which "
            "returns one batch."
        )

    @property
    def num_batches(self) -> int | None:
        """The number of batches in an epoch; None means without end."""
        if not hasattr(self, "__len__"):
            raise NotImplementedError(
                f"{type(self).__name__} must define `__len__(self)`, the number of "
                "batches, or a property `num_batches` (None: without end)."
            )
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch, when all its batches have been computed."""


Sequence = PyDataset
