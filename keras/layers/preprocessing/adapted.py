"""`AdaptedLayer`: a data layer whose state is learned from data before training."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, Self

from keras.core.foreign import to_host
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.base import DataLayer


class AdaptedLayer(DataLayer):
    """Base of the layers with an `adapt`: it reads data once and keeps a summary.

    `adapt(data)` is `reset_state()`, `update_state(batch)` for each batch, and
    `finalize_state()`. What a batch adds up to is small, so data may be larger than
    memory. Parts may also be summed up apart, in several processes say, and joined:

        layer.merge_state(others)

    A subclass keeps what it sums up as one value, `self._summary`, None at first, with
    a method `merge(other)`.
    """

    _summary: Any = None
    # Whether an array in memory is one batch: for summaries that depend on the order.
    _adapts_at_once = False

    def adapt(
        self, data: Any, steps: int | None = None, verbose: int | str = "auto"
    ) -> None:
        """Learn the state from data; what was learned before is forgotten.

        Args:
            data: samples: an array, a list, a framework's tensor, a file's array
                (HDF5, memmap). Or batches of samples: a tf.data.Dataset, a torch
                DataLoader, a `PyDataset`, a generator. Of batches `(x, y)` only x
                counts.
            steps: the number of batches to read; by default all.
            verbose: 0 for silence, 1 for a progress bar; "auto" draws the bar on a
                terminal, when it takes longer than a second.

        Raises:
            ValueError: there are no data, or they do not fit the layer.
        """
        self._adapt(data, steps=steps, verbose=verbose)

    def _adapt(
        self,
        data: Any,
        steps: int | None,
        verbose: int | str,
        batch_size: int | None = None,
    ) -> None:
        if not self.adapts:
            raise ValueError(
                f"{layer_label(self)}: what `adapt` would learn was given to the "
                "constructor."
            )
        batches = batches_of(
            data,
            layer_label(self),
            batch_size=batch_size,
            steps=steps,
            verbose=verbose,
            at_once=self._adapts_at_once,
        )
        self.reset_state()
        for batch in batches:
            self.update_state(batch)
        self.finalize_state()

    @property
    def adapts(self) -> bool:
        """Whether there is something to learn: nothing was given to the constructor."""
        return True

    def update_state(self, data: Any) -> None:
        """Take one more batch into account; `finalize_state` makes use of it.

        Args:
            data: a batch, an array or tensor.
        """
        data = to_host(data)
        self._prepare(data)
        self._observe(data)

    def merge_state(self, layers: Iterable[Self]) -> None:
        """Take into account what other layers have seen, and finish.

        Each must have been made with the same arguments. `update_state` and `adapt` of
        the others may have run in other processes; a layer is sent by `pickle`.

        Args:
            layers: layers of the same class.

        Example:
            >>> first, second = (keras.layers.Normalization() for _ in range(2))
            >>> first.adapt(np.array([[0.0], [2.0]]))
            >>> second.adapt(np.array([[4.0], [6.0]]))
            >>> first.merge_state([second])
            >>> first.mean
            array([[3.]], dtype=float32)
        """
        for layer in layers:
            if type(layer) is not type(self):
                raise ValueError(
                    f"{layer_label(self)}: `merge_state` takes layers of the same "
                    f"class; received {layer!r}."
                )
            if layer._summary is None:
                continue
            if self._summary is None:
                self._match(layer)
                self._summary = copy.deepcopy(layer._summary)
            else:
                self._summary.merge(layer._summary)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget what was learned."""
        self._summary = None

    def finalize_state(self) -> None:
        """Turn what was summed up into what calls use."""
        raise NotImplementedError

    def _prepare(self, data: Any) -> None:
        """Get ready for a first batch: build, or check its shape."""

    def _match(self, layer: Self) -> None:
        """Get ready for the summary of another layer."""

    def _observe(self, data: Any) -> None:
        """Add a batch to the summary."""
        raise NotImplementedError


def batches_of(data: Any, who: str, **options: Any) -> Iterator[Any]:
    """The batches that an `adapt` reads; what `fit` reads, it reads in the same way.

    Args:
        data, who, options: as for `keras.training.data.adapting.batches_to_adapt`.
    """
    from keras.training.data.adapting import batches_to_adapt

    return batches_to_adapt(data, who, **options)
