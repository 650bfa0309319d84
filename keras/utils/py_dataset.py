"""`PyDataset`: batches computed in Python, in parallel if wanted."""

from __future__ import annotations

import warnings
from typing import Any


class _Option:
    """An attribute of a dataset whose constructor may not have been called."""

    def __init__(self, default: Any, least: int | None = None) -> None:
        self.default = default
        self.least = least

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, dataset: Any, owner: type) -> Any:
        if dataset is None:
            return self
        if dataset._options is None:
            warnings.warn(
                f"{owner.__name__}.__init__ should call `super().__init__(**kwargs)`; "
                "until it does, `workers`, `use_multiprocessing` and `max_queue_size` "
                "keep their defaults.",
                stacklevel=2,
            )
            dataset._options = {}
        return dataset._options.get(self.name, self.default)

    def __set__(self, dataset: Any, value: Any) -> None:
        if self.least is None:
            value = bool(value)
        elif not isinstance(value, int) or value < self.least:
            raise ValueError(
                f"{type(dataset).__name__}: `{self.name}` must be an integer of at "
                f"least {self.least}; received {value!r}."
            )
        dataset._options = {**(dataset._options or {}), self.name: value}


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
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(Squares(workers=4), verbose=0)
    """

    _options: dict[str, Any] | None = None
    workers = _Option(1, least=0)
    use_multiprocessing = _Option(False)
    max_queue_size = _Option(10, least=1)

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
