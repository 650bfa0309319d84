"""Objects as data in the short form of Keras 2: `{"class_name": ..., "config": ...}`.

Programs that keep such configs themselves read and write them here. Files, and all else
in this package, have the form of `keras.saving.serialize_keras_object`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from keras.core.config.registry import (
    get_registered_name,
    get_registered_object,
    maybe_scope,
)
from keras.core.config.serialization import reading_config
from keras.core.errors import near_matches
from keras.core.typing import Config

__all__ = ["deserialize_keras_object", "serialize_keras_object"]


def serialize_keras_object(instance: Any) -> Config | str | None:
    """An object as its class's name and its config; a function as its name.

    Args:
        instance: an object with `get_config`, a function or class, or None.

    Returns:
        `{"class_name": name, "config": config}`, a name, or None.

    Raises:
        ValueError: there is neither a config nor a name.

    Example:
        >>> keras.utils.legacy.serialize_keras_object(keras.regularizers.L2(0.5))
        {'class_name': 'L2', 'config': {'l2': 0.5}}
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config") and not inspect.isclass(instance):
        name = get_registered_name(type(instance))
        return {"class_name": name, "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(
        f"serialize_keras_object: {instance!r} has no `get_config` and no name."
    )


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object that such a form, or a name, stands for.

    A name is looked up in `custom_objects`, among registered objects and in
    `module_objects`, nowhere else.

    Args:
        identifier: what `serialize_keras_object` gave; a function stays as it is.
        module_objects: names and the objects they stand for.
        custom_objects: more of them, which come first.
        printable_module_name: what messages call the kind of object.

    Returns:
        The object; of a class that is given by its name alone, a new instance.

    Raises:
        ValueError: the name is not known, or the config is malformed.

    Example:
        >>> table = {"L2": keras.regularizers.L2}
        >>> config = {"class_name": "L2", "config": {"l2": 0.5}}
        >>> keras.utils.legacy.deserialize_keras_object(config, table).l2
        0.5
    """
    if identifier is None:
        return None

    def find(name: str) -> Any:
        found = get_registered_object(name, custom_objects, module_objects)
        if found is None:
            known = [*(custom_objects or ()), *(module_objects or ())]
            raise ValueError(
                f"Unknown {printable_module_name}: {name!r}. Pass it in "
                "`custom_objects`, or register it with "
                f"keras.saving.register_keras_serializable.{near_matches(name, known)}"
            )
        return found

    if isinstance(identifier, Mapping):
        return _from_dict(identifier, find, custom_objects, printable_module_name)
    if isinstance(identifier, str):
        found = find(identifier)
        return found() if inspect.isclass(found) else found
    if inspect.isfunction(identifier):
        return identifier
    raise ValueError(
        f"Could not interpret {identifier!r} as a {printable_module_name}: expected a "
        "name, a dict with `class_name` and `config`, or a function."
    )


def _from_dict(
    identifier: Mapping[str, Any],
    find: Callable[[str], Any],
    custom_objects: Mapping[str, Any] | None,
    kind: str,
) -> Any:
    """The object of a `class_name` and a `config`."""
    config = identifier.get("config")
    if "class_name" not in identifier or not isinstance(config, Mapping):
        raise ValueError(
            f"The config of a {kind} needs `class_name` and a dict `config`; received "
            f"{identifier!r}."
        )
    found = find(identifier["class_name"])
    config = dict(config)

    with maybe_scope(custom_objects), reading_config(config):
        if hasattr(found, "from_config"):
            return found.from_config(config)
        return found(**config)
