"""Nested structures (lists, tuples, dicts, namedtuples), over optree.

Dicts keep their insertion order: outputs are never matched by sorted key. `None` is
a leaf.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import optree

_NAMESPACE = "keras"
# Held for the life of the process: leaving the context would restore sorted dicts.
_insertion_order = optree.dict_insertion_ordered(True, namespace=_NAMESPACE)
_insertion_order.__enter__()


class MAP_TO_NONE:  # noqa: N801 - the API's name
    """What the function of `traverse` returns to put None in a subtree's place."""


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a container rather than a leaf."""
    return not optree.tree_is_leaf(structure, none_is_leaf=True, namespace=_NAMESPACE)


def flatten(structure: Any) -> list[Any]:
    """The leaves, in order, as a list."""
    return optree.tree_leaves(structure, none_is_leaf=True, namespace=_NAMESPACE)


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Pairs of (path of keys and indices, leaf)."""
    paths, leaves, _ = optree.tree_flatten_with_path(
        structure, none_is_leaf=True, namespace=_NAMESPACE
    )
    return list(zip(paths, leaves))


def flatten_with_def(structure: Any) -> tuple[list[Any], Any]:
    """The leaves and what `unflatten` needs to put them back."""
    return optree.tree_flatten(structure, none_is_leaf=True, namespace=_NAMESPACE)


def partition(
    structure: Any, is_data: Callable[[Any], bool]
) -> tuple[list[Any], Callable[[Iterable[Any]], Any], tuple]:
    """The leaves that are data, a function that puts others in their places, and a key.

    The key is the form of the rest: structure, places of the data, all other leaves.
    """
    leaves, treedef = flatten_with_def(structure)
    marks = [is_data(leaf) for leaf in leaves]
    places = [i for i, mark in enumerate(marks) if mark]
    constants = [None if mark else leaf for leaf, mark in zip(leaves, marks)]

    def filled(data: Iterable[Any]) -> Any:
        whole = list(constants)
        for i, value in zip(places, data):
            whole[i] = value
        return unflatten(treedef, whole)

    # Where a constant is None itself, the places tell it from data; 1, 1.0 and True are
    # equal, but not the same.
    form = treedef, tuple(places), tuple(constants), tuple(map(type, constants))
    return [leaves[i] for i in places], filled, form


def unflatten(treedef: Any, leaves: Iterable[Any]) -> Any:
    """Undo `flatten_with_def`."""
    return optree.tree_unflatten(treedef, leaves)


def map_structure(func: Callable, *structures: Any, none_is_leaf: bool = True) -> Any:
    """Apply `func` leaf by leaf to structures of the same shape.

    Example:
        >>> keras.tree.map_structure(lambda a, b: a + b, {"x": 1}, {"x": 2})
        {'x': 3}
    """
    if not structures:
        raise ValueError("map_structure needs at least one structure.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    return optree.tree_map(
        func, *structures, none_is_leaf=none_is_leaf, namespace=_NAMESPACE
    )


def map_structure_up_to(
    shallow_structure: Any, func: Callable, *structures: Any
) -> Any:
    """Apply `func` to what stands at the leaves of a shallow structure in deeper ones.

    Args:
        shallow_structure: says how deep to go.
        func: called with one subtree of each of `structures`.
        *structures: structures that begin as `shallow_structure` does.

    Returns:
        The results, nested as `shallow_structure`.

    Example:
        >>> keras.tree.map_structure_up_to({"a": 0, "b": 0}, len, {"a": [1], "b": []})
        {'a': 1, 'b': 0}
    """
    if not structures:
        raise ValueError("map_structure_up_to needs at least one structure.")
    _, treedef = flatten_with_def(shallow_structure)
    columns = [treedef.flatten_up_to(structure) for structure in structures]
    return unflatten(treedef, [func(*row) for row in zip(*columns)])


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raise ValueError unless `a` and `b` nest alike (dict order is free).

    Args:
        a, b: the structures.
        check_types: deprecated: the types of containers are compared in any case.
            `assert_same_paths` does not compare them.
    """
    if check_types is not None:
        warnings.warn(
            "assert_same_structure: `check_types` has no effect: the types of "
            "containers are always compared. Use assert_same_paths to compare only "
            "keys and indices.",
            DeprecationWarning,
            stacklevel=2,
        )
    _, left = flatten_with_def(a)
    try:
        left.flatten_up_to(b)
        flatten_with_def(b)[1].flatten_up_to(a)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"The structures differ: {_skeleton(a)} and {_skeleton(b)}."
        ) from error


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError unless `a` and `b` have leaves at the same paths.

    Containers count by what their keys and indices are: a list and a tuple of the same
    length are alike here, which they are not to `assert_same_structure`.

    Args:
        a, b: the structures.

    Example:
        >>> keras.tree.assert_same_paths([1, {"x": 2}], (3, {"x": 4}))
    """
    paths, others = ({path for path, _ in flatten_with_path(s)} for s in (a, b))
    if paths != others:
        only_a = sorted(map(str, paths - others))
        only_b = sorted(map(str, others - paths))
        raise ValueError(
            f"assert_same_paths: the leaves are at different places. Only in `a`: "
            f"{only_a}; only in `b`: {only_b}."
        )


def _skeleton(structure: Any) -> Any:
    return optree.tree_map(
        lambda _: ".", structure, none_is_leaf=True, namespace=_NAMESPACE
    )


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Nest a flat sequence like `structure`."""
    leaves, treedef = flatten_with_def(structure)
    flat = list(flat_sequence)
    if len(flat) != len(leaves):
        raise ValueError(
            f"The structure has {len(leaves)} leaves but {len(flat)} values were given."
        )
    return unflatten(treedef, flat)


def traverse(func: Callable, structure: Any, top_down: bool = True) -> Any:
    """Call `func` on every subtree; what it returns, if not None, replaces it.

    Return `MAP_TO_NONE` to replace a subtree by None.
    """

    def visit(node: Any) -> Any:
        if top_down:
            replaced = func(node)
            if replaced is not None:
                return None if replaced is MAP_TO_NONE else replaced
        if is_nested(node):
            children, treedef = optree.tree_flatten(
                node,
                is_leaf=lambda x: x is not node,
                none_is_leaf=True,
                namespace=_NAMESPACE,
            )
            node = unflatten(treedef, [visit(child) for child in children])
        if not top_down:
            replaced = func(node)
            if replaced is not None:
                return None if replaced is MAP_TO_NONE else replaced
        return node

    return visit(structure)


def lists_to_tuples(structure: Any) -> Any:
    """The same structure with every list made a tuple."""

    def convert(node: Any) -> Any:
        return tuple(node) if isinstance(node, list) else None

    return traverse(convert, structure, top_down=False)


def is_shape(value: Any) -> bool:
    """Whether `value` is a list or tuple of ints and None: a shape."""
    return isinstance(value, (list, tuple)) and all(
        d is None or (isinstance(d, int) and not isinstance(d, bool)) for d in value
    )


def map_shape_structure(func: Callable, structure: Any) -> Any:
    """Apply `func` to every shape tuple in a structure of shapes."""
    if is_shape(structure):
        return func(tuple(structure))
    if isinstance(structure, dict):
        return {k: map_shape_structure(func, v) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        mapped = [map_shape_structure(func, item) for item in structure]
        return mapped if isinstance(structure, list) else tuple(mapped)
    raise ValueError(f"Not a structure of shapes: {structure!r}.")


def register_tree_node_class(cls: Any) -> Any:
    """Let a class with `tree_flatten` and `tree_unflatten` nest like a container."""
    optree.register_pytree_node_class(cls, namespace=_NAMESPACE)
    return cls
