"""The table that `model.summary()` prints."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from keras.core import tree
from keras.core.errors import check_choice
from keras.core.graph.function import is_functional
from keras.core.graph.node import call_numbers, nodes_of
from keras.core.tensor import KerasTensor
from keras.layers.input_layer import InputLayer
from keras.saving.seal import nbytes
from keras.utils import io_utils


class Row:
    """One layer of the table."""

    def __init__(self, layer: Any, depth: int, connected: list[str]) -> None:
        self.layer = layer
        self.depth = depth
        self.name = "|" * depth + f"{layer.name} ({type(layer).__name__})"
        self.shape = _shape_text(layer)
        self.params = str(count_params(layer.weights)) if layer.built else "0 (unbuilt)"
        self.connected = connected
        self.trainable = "-"
        if layer.weights:
            self.trainable = "Y" if layer.trainable else "N"


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: list[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
    style: str = "plain",
) -> None:
    """Print a table of a model's layers; the arguments are those of `Model.summary`."""
    check_choice(style, ("plain", "rich"), "style", "summary")

    # Connections are worth a column where the model is a graph.
    branching = is_functional(model)
    rows = _rows(model, branching, expand_nested)
    if layer_range is not None:
        rows = _between(rows, layer_range)

    headers = ["Layer (type)", "Output Shape", "Param #"]
    columns = [[r.name, r.shape, r.params] for r in rows]
    fractions = positions or ([0.45, 0.85, 1.0] if not branching else None)
    fractions = fractions or [0.33, 0.55, 0.67, 1.0]
    if branching:
        headers.append("Connected to")
        for cells, row in zip(columns, rows):
            cells.append("[" + ", ".join(f"'{c}'" for c in row.connected) + "]")
    if show_trainable:
        headers.append("Trainable")
        for cells, row in zip(columns, rows):
            cells.append(row.trainable)
        if positions is None:
            fractions = [0.9 * f for f in fractions[:-1]] + [0.88, 1.0]

    if style == "rich":
        text = _rich_table(model, headers, columns, rows)
    else:
        default = (98 if branching else 65) + (12 if show_trainable else 0)
        width = line_length or default
        text = _plain_table(model, headers, columns, fractions, width, branching)
    (print_fn or io_utils.print_msg)(text)


def count_params(weights: Iterable[Any]) -> int:
    """The number of elements of some weights, each counted once."""
    return sum(math.prod(v.shape) for v in {id(v): v for v in weights}.values())


def _bytes(weights: Iterable[Any]) -> int:
    return sum(nbytes(v) for v in {id(v): v for v in weights}.values())


def readable_size(count: float) -> str:
    """Bytes in the largest unit that leaves at least 1: `397.54 KB`."""
    for unit in ("Byte", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:.2f} {unit}"
        count /= 1024
    raise AssertionError


def _rows(model: Any, branching: bool, nested: bool, depth: int = 0) -> list[Row]:
    rows = []
    graph = getattr(model, "_graph", None)
    for layer in _in_reading_order(model, graph):
        connected = _connections(layer, graph) if branching and graph else []
        rows.append(Row(layer, depth, connected))
        if nested and hasattr(layer, "layers") and layer.layers:
            rows += _rows(layer, branching, nested, depth + 1)
    return rows


def _in_reading_order(model: Any, graph: Any) -> list[Any]:
    """The layers of a graph branch by branch; others as they come."""
    if not is_functional(model):
        return model.layers
    order = {id(node.operation): i for i, node in reversed([*enumerate(graph.nodes)])}
    return sorted(model.layers, key=lambda layer: order.get(id(layer), len(order)))


def _connections(layer: Any, graph: Any) -> list[str]:
    numbers = call_numbers(graph.nodes)
    found = []
    for node in graph.nodes:
        if node.operation is layer:
            for tensor in node.inputs:
                above = tensor._node
                if above is not None:
                    number = numbers.get(id(above), 0)
                    found.append(f"{above.operation.name}[{number}][{tensor._index}]")
    return found


def _shape_text(layer: Any) -> str:
    if isinstance(layer, InputLayer):
        return f"[{layer.batch_shape}]"
    nodes = nodes_of(layer)
    if not nodes:
        if getattr(layer, "_graph", None) is not None:
            return str(layer.output_shape)
        return "?"
    shapes = tree.map_structure(
        lambda t: str(t.shape) if isinstance(t, KerasTensor) else "-", nodes[-1].outputs
    )
    if isinstance(shapes, str):
        return shapes
    return "[" + ", ".join(tree.flatten(shapes)) + "]"


def _between(rows: list[Row], layer_range: Any) -> list[Row]:
    if len(layer_range) != 2:
        raise ValueError(
            f"summary: `layer_range` is two layer names; received {layer_range!r}."
        )
    ends = []
    for pattern in layer_range:
        hits = [i for i, r in enumerate(rows) if re.fullmatch(pattern, r.layer.name)]
        if not hits:
            raise ValueError(
                f"summary: no layer is called {pattern!r}; there are "
                f"{[r.layer.name for r in rows]}."
            )
        ends.append(hits)
    return rows[min(ends[0]) : max(ends[1]) + 1]


def _plain_table(
    model: Any,
    headers: list[str],
    columns: list[list[str]],
    fractions: list[float],
    width: int,
    branching: bool,
) -> str:
    stops = [int(width * f) for f in fractions]
    lines = [f'Model: "{model.name}"', "_" * width]
    lines += _wrapped(headers, stops)
    lines.append("=" * width)
    for i, cells in enumerate(columns):
        lines += _wrapped(cells, stops)
        if i + 1 < len(columns):
            lines.append("" if not branching else " " * width)
    lines.append("=" * width)
    lines += _totals(model)
    lines.append("_" * width)
    return "\n".join(line.rstrip() for line in lines)


def _wrapped(cells: list[str], stops: list[int]) -> list[str]:
    """Cells in their columns, long ones over several lines, broken at spaces."""
    starts = [1, *stops[:-1]]
    split = [
        _broken(cell, stop - start - 1)
        for cell, start, stop in zip(cells, starts, stops)
    ]
    lines = []
    for i in range(max(map(len, split))):
        line = " "
        for parts, stop in zip(split, stops):
            line = (line + (parts[i] if i < len(parts) else "")).ljust(stop)
        lines.append(line)
    return lines


def _broken(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        glued = f"{lines[-1]} {word}" if lines[-1] else word
        if len(glued) <= width or not lines[-1]:
            lines[-1] = glued
        else:
            lines.append(word)
    return [
        line[i : i + width]
        for line in lines
        for i in range(0, max(len(line), 1), width)
    ]


def _totals(model: Any) -> list[str]:
    trainable = model.trainable_weights
    fixed = model.non_trainable_weights
    groups = {
        "Total params": [*trainable, *fixed],
        "Trainable params": trainable,
        "Non-trainable params": fixed,
    }
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        groups["Optimizer params"] = optimizer.variables
    return [
        f"{what}: {count_params(ws)} ({readable_size(_bytes(ws))})"
        for what, ws in groups.items()
    ]


def _rich_table(
    model: Any, headers: list[str], columns: list[list[str]], rows: list[Row]
) -> str:
    import io

    from rich.console import Console
    from rich.table import Table

    table = Table(title=f'Model: "{model.name}"', title_justify="left", show_lines=True)
    for header in headers:
        table.add_column(header, justify="right" if header == "Param #" else "left")
    for cells, row in zip(columns, rows):
        name = (
            f"{'│ ' * row.depth}[bold]{row.layer.name}[/] ({type(row.layer).__name__})"
        )
        table.add_row(name, *(cell.replace("[", "\\[") for cell in cells[1:]))

    out = io.StringIO()
    terminal = Console().is_terminal
    console = Console(file=out, force_terminal=terminal, width=max(80, Console().width))
    console.print(table)
    for line in _totals(model):
        console.print(f" [bold]{line.partition(':')[0]}[/]:{line.partition(':')[2]}")
    return out.getvalue().rstrip()
