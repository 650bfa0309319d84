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
    begin = getattr(callbacks, f"on_{mode}_batch_begin")
    end = getattr(callbacks, f"on_{mode}_batch_end")
    to_numpy = model._backend.convert_to_numpy
    every = model.steps_per_execution
    logs = None
    told = done = start
    engine = engine_of(model)
    with engine.running():
        function = engine.step(mode)
        for batch, count in dispatches(
            model, mode, source, callbacks, steps, index, start
        ):
            if done == told:
                begin(done)
            if count:
                results = engine.loop(mode)(batch, count)  # type: ignore[misc]
            else:
                results = function(batch)
            logs = LazyLogs(as_dict(results), to_numpy)
            done += count or 1
            last = steps is not None and done >= steps
            if (done - start) % every == 0 or last:
                told = done
                if callbacks.batch_end_due(done - 1, mode):
                    end(done - 1, logs)
                if last or (model.stop_training and mode == "train"):
                    break
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
    """Batches, each with 0, and stacks of batches with how many of them are to run.

    `bytes_out` is what comes back for each sample; if it is not known, nothing is
    stacked.
    """
    every = model.steps_per_execution

    def wanted(step: int) -> int:
        if every > 1:
            allowed = every - (step - start) % every
        else:
            allowed = callbacks.steps_until_batch_end(step, mode)
        return allowed if steps is None else min(allowed, steps - step)

    if isinstance(source, ArraySource) and source.num_batches != 1:
        prepare = getattr(engine_of(model).step(mode), "prepare", None)
        grouped: Any = every > 1 or not callbacks.asks_each_batch(mode)
        grouped = grouped and bytes_out is not None and engine_of(model).loop(mode)
        first = source.peek() if prepare or grouped else None
        if prepare and (last := source.last_batch(first)) is not None:
            prepare(last)  # it has a shape of its own
        filled = model._backend.LOOPS_HAVE_A_SIZE
        size = 1
        if grouped and bytes_out is not None:
            most = MAX_GROUP_BYTES if filled or source.shuffle else MAX_LENT_BYTES
            room_out = MAX_GROUP_BYTES // max(bytes_out * source.batch_size, 1)
            size = min(source.group_size(first, most), MAX_GROUP, room_out)
        if filled and bytes_out and size > 1:
            # Other data in the same model should find the same size compiled.
            size = 4 ** int(math.log(size, 4) + 1e-9)
        if size > 1:
            yield from source.groups(index, start, size, wanted, filled)
            return
    for batch in source.epoch(index, start):
        yield batch, 0


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
