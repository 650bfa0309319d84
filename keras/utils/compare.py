"""The same model on every installed backend, side by side."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from keras.core import tree
from keras.core.backends import installed, load


def compare_backends(
    model: Any,
    x: Any,
    y: Any = None,
    batch_size: int = 32,
    steps: int = 20,
    backends: list[str] | None = None,
    verbose: bool = True,
) -> list[dict[str, Any]]:
    """Time a few steps of a model on every installed backend and print a table.

    The model itself stays as it is: each backend gets a copy with the same weights.

    Args:
        model: a built model; to time training, a compiled one.
        x: inputs: an array or a nest of arrays.
        y: targets; None times prediction only.
        batch_size: samples in a step.
        steps: how many steps are timed, after one that compiles.
        backends: which backends; by default all that are installed.
        verbose: whether the table is printed.

    Returns:
        A dict for each backend: `backend`, `step_ms`, `predict_ms`, `compile_s`,
        `memory_mb` (growth of the process) and `difference` (of the outputs, from the
        first backend's).

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> rows = keras.utils.compare_backends(model, x, y, backends=["jax"])
        backend     train step  predict  compile  memory  difference
        jax            ... ms  ... ms   ... s    ... MB          -
    """
    batch_x = tree.map_structure(lambda a: np.asarray(a)[:batch_size], x)
    batch_y = None
    if y is not None:
        if not model.compiled:
            raise ValueError("compare_backends: compile the model, or leave `y` out.")
        batch_y = tree.map_structure(lambda a: np.asarray(a)[:batch_size], y)

    if not model.built:
        raise ValueError("compare_backends: build the model first, or call it once.")

    rows: list[dict[str, Any]] = []
    reference: Any = None
    for name in backends or installed():
        row, outputs = _measure(model, name, batch_x, batch_y, steps)
        if reference is None:
            reference = outputs
        else:
            row["difference"] = max(
                float(np.max(np.abs(a.astype("float64") - b)))
                for a, b in zip(tree.flatten(outputs), tree.flatten(reference))
            )
        rows.append(row)

    if verbose:
        print(_table(rows))
    return rows


def _measure(
    model: Any, name: str, x: Any, y: Any, steps: int
) -> tuple[dict[str, Any], Any]:
    backend = load(name)  # importing the framework is not the model's cost
    trains = y is not None and backend.HAS_GRADIENTS
    before = _memory()
    start = time.perf_counter()
    copy = model.to_backend(name)
    outputs = copy.predict_on_batch(x)
    if trains:
        copy.train_on_batch(x, y)
    compile_s = time.perf_counter() - start

    predict_ms = _median_ms(lambda: copy.predict_on_batch(x), steps)
    step_ms = None
    if trains:
        step_ms = _median_ms(lambda: copy.train_on_batch(x, y), steps)

    row = {
        "backend": name,
        "step_ms": step_ms,
        "predict_ms": predict_ms,
        "compile_s": compile_s,
        "memory_mb": max(0.0, _memory() - before),
        "difference": None,
    }
    return row, outputs


def _median_ms(call: Any, steps: int) -> float:
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def _memory() -> float:
    """The resident memory of the process in MB; 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return 0.0
    import resource

    return pages * resource.getpagesize() / 2**20


def _table(rows: list[dict[str, Any]]) -> str:
    headers = ["backend", "train step", "predict", "compile", "memory", "difference"]
    lines = [headers]
    for row in rows:
        lines.append(
            [
                row["backend"],
                "-" if row["step_ms"] is None else f"{row['step_ms']:.2f} ms",
                f"{row['predict_ms']:.2f} ms",
                f"{row['compile_s']:.2f} s",
                f"{row['memory_mb']:.0f} MB",
                "-" if row["difference"] is None else f"{row['difference']:.1g}",
            ]
        )

    widths = [max(len(line[i]) for line in lines) for i in range(len(headers))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths))
        )
        for line in lines
    )
