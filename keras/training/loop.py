"""The loop over the batches of an epoch: as many steps in a dispatch as are allowed.

Between two looks of the callbacks (and of the progress bar) nobody needs the host.
Where the backend compiles loops, the batches of that stretch go to the device together
and run there by themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from keras.training.data.source import ArraySource, BatchSource
from keras.training.engine import engine_of
from keras.training.logs import LazyLogs

# What one dispatch may carry: enough to hide its cost, little enough to stay in cache.
MAX_GROUP = 256
MAX_GROUP_BYTES = 4 << 20
MAX_LENT_BYTES = 32 << 20  # of slices that are read where they lie


def run_batches(
    model: Any,
    mode: str,
    source: BatchSource,
    callbacks: Any,
    steps: int | None = None,
    index: int = 0,
    start: int = 0,
) -> dict[str, Any]:
    """Run the train or test step of a model on the batches of an epoch.

    Args:
        model: the model.
        mode: "train" or "test".
        source: the batches.
        callbacks: the `CallbackList` to ask and to tell.
        steps: where to stop; by default at the end of the epoch.
        index: which epoch of the source.
        start: batches of it that are left out, having been run before.

    Returns:
        The results after the last step, as floats; empty if there was no batch.
    """
    engine = engine_of(model)
    begin = getattr(callbacks, f"on_{mode}_batch_begin")
    end = getattr(callbacks, f"on_{mode}_batch_end")
    every = model.steps_per_execution
    logs: LazyLogs | None = None
    done = start
    told = start  # the callbacks know of the steps before this one

    with engine.running():
        step = engine.step(mode)
        for batch, count in dispatches(
            model, mode, source, callbacks, steps, index, start
        ):
            if done == told:
                begin(done)
            if count:
                results = engine.loop(mode)(batch, count)  # type: ignore[misc]
            else:
                results = step(batch)
            logs = LazyLogs(as_dict(results), model._backend.convert_to_numpy)
            done += count or 1

            is_last = steps is not None and done >= steps
            if (done - start) % every == 0 or is_last:
                told = done
                if callbacks.batch_end_due(done - 1, mode):
                    end(done - 1, logs)
                if is_last or model._is_stopped(mode):
                    break

    # The data may end between two looks at the callbacks.
    if logs is not None and told != done and callbacks.batch_end_due(done - 1, mode):
        end(done - 1, logs)
    return logs.copy() if logs is not None else {}


def dispatches(
    model: Any,
    mode: str,
    source: BatchSource,
    callbacks: Any,
    steps: int | None = None,
    index: int = 0,
    start: int = 0,
    bytes_out: int | None = 0,
) -> Iterator[tuple[tuple, int]]:
    """What is sent to the device at once: batches, or stacks of batches.

    Args:
        model, mode, source, callbacks, steps, index, start: as for `run_batches`.
        bytes_out: the memory of the results for each sample; if it is not known,
            nothing is stacked.

    Yields:
        A batch and 0, or a stack and how many steps are to run on it.
    """
    every = model.steps_per_execution
    size = 1
    if isinstance(source, ArraySource) and source.num_batches != 1:
        sample = source.peek()
        _compile_ahead(model, mode, source, sample)
        # A callback that asks for every batch leaves nothing to stack.
        together = every > 1 or not callbacks.asks_each_batch(mode)
        if together and bytes_out is not None and engine_of(model).loop(mode):
            size = _stack_size(model, source, sample, bytes_out)
    if not isinstance(source, ArraySource) or size <= 1:
        for batch in source.epoch(index, start):
            yield batch, 0
        return

    def allowed(step: int) -> int:
        """How many steps may run before somebody looks."""
        if every > 1:
            count = every - (step - start) % every
        else:
            count = callbacks.steps_until_batch_end(step, mode)
        return count if steps is None else min(count, steps - step)

    filled = model._backend.LOOPS_HAVE_A_SIZE
    yield from source.groups(index, start, size, allowed, filled)


def _compile_ahead(model: Any, mode: str, source: ArraySource, sample: tuple) -> None:
    """Start compiling for the last batch, which is often smaller than the others.

    It is compiled while the full batches run, so that the end of the first epoch does
    not stall.
    """
    prepare = getattr(engine_of(model).step(mode), "prepare", None)
    if prepare is None:
        return
    last_batch = source.last_batch(sample)
    if last_batch is not None:
        prepare(last_batch)


def _stack_size(model: Any, source: ArraySource, sample: tuple, bytes_out: int) -> int:
    """How many batches make a stack: enough to hide the cost of a dispatch."""
    is_compiled_for_size = model._backend.LOOPS_HAVE_A_SIZE
    # Slices that are read in place do not fill the cache with copies.
    is_copied = is_compiled_for_size or source.shuffle
    most = MAX_GROUP_BYTES if is_copied else MAX_LENT_BYTES
    room_out = MAX_GROUP_BYTES // max(bytes_out * source.batch_size, 1)
    size = min(source.group_size(sample, most), MAX_GROUP, room_out)

    if is_compiled_for_size and bytes_out and size > 1:
        # Other data in the same model should find the same size compiled.
        size = 4 ** int(math.log(size, 4) + 1e-9)
    return size


def as_dict(logs: Any) -> dict[str, Any]:
    """What a step returned, checked to be results by name."""
    if logs is None:
        return {}
    if not isinstance(logs, dict):
        raise TypeError(
            "A step must return a dict of values by name; received "
            f"{type(logs).__name__}."
        )
    return logs
