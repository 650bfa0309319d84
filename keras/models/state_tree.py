"""The state of a model as a nested dict, and back: `Model.get_state_tree`.

The tree has a branch for each kind of variable and below it one level for each part of
a variable's path. It is what JAX programs hand to optax and orbax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras.core.errors import check_choice
from keras.core.scope import backend_scope
from keras.core.variable import Variable

if TYPE_CHECKING:
    from keras.models.model import Model

FORMATS = ("backend_tensor", "numpy_array")


def get_state_tree(model: Model, value_format: str) -> dict[str, Any]:
    """The values of all variables of a model, nested by kind and path."""
    check_choice(value_format, FORMATS, "value_format", "get_state_tree")
    tree: dict[str, Any] = {}
    for kind, variables in _variables(model).items():
        branch = tree[kind] = {}
        for variable in variables:
            is_array = value_format == "numpy_array"
            value = variable.numpy() if is_array else variable.value
            _put(branch, variable.path, value)
    return tree


def set_state_tree(model: Model, state_tree: dict[str, Any]) -> None:
    """Assign values from such a tree; nothing is changed if something does not fit."""
    known = _variables(model)
    pairs: list[tuple[Variable, Any]] = []
    for kind, branch in state_tree.items():
        check_choice(kind, list(known), "state_tree", "set_state_tree")
        values = dict(_leaves(branch))
        for variable in known[kind]:
            if variable.path in values:
                pairs.append((variable, values.pop(variable.path)))
        if values:
            raise ValueError(
                f"set_state_tree: {model._label()} has no {kind} at the paths "
                f"{sorted(values)}. It has {sorted(v.path for v in known[kind])}."
            )

    for variable, value in pairs:
        shape = tuple(getattr(value, "shape", ()))
        if shape != variable.shape:
            raise ValueError(
                f"set_state_tree: {variable.path!r} has shape {variable.shape}; "
                f"received a value of shape {shape}."
            )
    for variable, value in pairs:
        variable.assign(value)


def _variables(model: Model) -> dict[str, list[Variable]]:
    """The variables of a model by the names of the tree's branches."""
    optimizer = model.optimizer
    if model.compiled:
        with backend_scope(model._backend):
            model._track_loss()  # the mean of the loss is a part from the start
    return {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": [] if optimizer is None else optimizer.variables,
        "metrics_variables": model.metrics_variables,
    }


def _put(branch: dict[str, Any], path: str, value: Any) -> None:
    """Put a value in a nested dict, at a path with slashes."""
    *parents, name = path.split("/")
    for parent in parents:
        branch = branch.setdefault(parent, {})
        if not isinstance(branch, dict):
            break
    if not isinstance(branch, dict) or name in branch:
        raise ValueError(
            f"get_state_tree: two variables have the path {path!r}, or the path of one "
            "goes through another. Give the layers different names."
        )
    branch[name] = value


def _leaves(branch: dict[str, Any], path: str = "") -> Any:
    """Pairs (path, value) of a nested dict."""
    for name, value in branch.items():
        place = f"{path}/{name}" if path else name
        if isinstance(value, dict):
            yield from _leaves(value, place)
        else:
            yield place, value
