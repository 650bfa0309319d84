"""Pictures of a model's graph, by Graphviz."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Iterator
from typing import Any

from keras.core import tree
from keras.core.errors import check_choice, optional_import
from keras.core.graph.node import nodes_of
from keras.core.tensor import KerasTensor

_RANKDIRS = ("TB", "BT", "LR", "RL")


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draw a model's graph into a file.

    Needs the extra `graphviz` and the program `dot`.

    Args:
        model: a built model.
        to_file: the file; its ending says the format (`.png`, `.svg`, `.pdf`, `.dot`).
        show_shapes, show_dtype, show_layer_names: what each box shows.
        rankdir: `"TB"` from top to bottom, `"LR"` from left to right.
        expand_nested: whether nested models are drawn as clusters of their layers.
        dpi: resolution in dots per inch.
        show_layer_activations: whether boxes name the activation.
        show_trainable: whether boxes say if the layer trains.
        splines: how lines run: `"ortho"`, `"curved"`, `"polyline"`, `"spline"` or
            `"line"`.

    Returns:
        In a notebook the picture, else None.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> picture = keras.utils.plot_model(model, "model.png", show_shapes=True)
    """
    dot = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
        **kwargs,
    )

    path = os.fspath(to_file)
    kind = os.path.splitext(path)[1].removeprefix(".") or "png"
    if kind in ("dot", "raw"):
        dot.write(path, format="raw")
        return None

    try:
        dot.write(path, format=kind)
    except FileNotFoundError as error:
        raise ImportError(
            "plot_model needs Graphviz's program `dot`. Install it with your system's "
            "package manager, such as: apt-get install graphviz"
        ) from error

    if "IPython" in sys.modules and kind in ("png", "jpg", "jpeg"):
        from IPython import display, get_ipython

        if get_ipython() is not None:
            return display.Image(filename=path)
    return None


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """A model's graph as a `pydot` graph; the arguments are those of `plot_model`.

    Args:
        subgraph: whether a `pydot.Cluster` comes back, to be put in another graph.
    """
    if kwargs:
        raise TypeError(f"model_to_dot: unknown arguments {sorted(kwargs)}.")
    pydot = optional_import("pydot", "graphviz", "Drawing a model")
    check_choice(rankdir, _RANKDIRS, "rankdir", "model_to_dot")
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} is not built yet. Build it or call it on data, "
            "so that its layers are known."
        )

    if subgraph:
        dot = pydot.Cluster(style="dashed", graph_name=model.name, label=model.name)
    else:
        dot = pydot.Dot(rankdir=rankdir, dpi=str(dpi), splines=splines)
        dot.set_node_defaults(shape="record", fontname="Helvetica")

    show = {
        "shapes": show_shapes,
        "dtype": show_dtype,
        "names": show_layer_names,
        "activations": show_layer_activations,
        "trainable": show_trainable,
    }
    _draw(pydot, dot, model, show, expand_nested)
    return dot


def _draw(
    pydot: Any, dot: Any, model: Any, show: dict[str, bool], expand: bool
) -> None:
    graph = getattr(model, "_graph", None)
    if graph is None:  # a subclassed model: its layers, without edges
        for layer in model.layers:
            dot.add_node(pydot.Node(_key(layer), label=_label(layer, show)))
        return

    for operation in graph.operations:
        if expand and getattr(operation, "_graph", None) is not None:
            cluster = pydot.Cluster(
                style="dashed", graph_name=operation.name, label=operation.name
            )
            _draw(pydot, cluster, operation, show, expand)
            dot.add_subgraph(cluster)
        else:
            dot.add_node(pydot.Node(_key(operation), label=_label(operation, show)))

    drawn = set()
    for source, target in _edges(graph):
        edge = (_end(source, expand, "outputs"), _end(target, expand, "inputs"))
        if edge not in drawn:
            drawn.add(edge)
            dot.add_edge(pydot.Edge(*edge))


def _edges(graph: Any) -> Iterator[tuple[Any, Any]]:
    for node in graph.nodes:
        for tensor in node.inputs:
            if tensor._node is not None:
                yield tensor._node.operation, node.operation


def _end(operation: Any, expand: bool, side: str) -> str:
    """The box that an edge meets: of a nested model drawn open, its first or last."""
    graph = getattr(operation, "_graph", None)
    if not expand or graph is None:
        return _key(operation)
    return _end(getattr(graph, side)[0]._node.operation, expand, side)


def _key(operation: Any) -> str:
    return str(id(operation))


def _label(operation: Any, show: dict[str, bool]) -> Any:
    kind = type(operation).__name__ if hasattr(operation, "weights") else operation.name
    title = f"{operation.name} : {kind}" if show["names"] else kind
    activation = getattr(operation, "activation", None)
    if show["activations"] and activation is not None:
        title += f" | {getattr(activation, '__name__', type(activation).__name__)}"
    rows = [title]

    nodes = nodes_of(operation)
    if nodes and (show["shapes"] or show["dtype"]):
        rows.append(f"in: {_specs(nodes[0].inputs, show)}")
        rows.append(f"out: {_specs(nodes[0].output_list, show)}")

    if show["trainable"] and getattr(operation, "weights", None):
        rows.append("trainable" if operation.trainable else "frozen")
    cells = "".join(f"<tr><td>{html.escape(row)}</td></tr>" for row in rows)
    return f'<<table border="0" cellborder="0">{cells}</table>>'


def _specs(tensors: list[KerasTensor], show: dict[str, bool]) -> str:
    def text(t: KerasTensor) -> str:
        parts = [str(t.shape)] if show["shapes"] else []
        return " ".join(parts + ([t.dtype] if show["dtype"] else []))

    return ", ".join(text(t) for t in tree.flatten(tensors)) or "-"
