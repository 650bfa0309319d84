"""`get`, `serialize` and `deserialize` of a family of objects: losses, layers, ...

A family's module makes one `Family` and three short functions of it:

    _FAMILY = Family("loss", {"MeanSquaredError": MeanSquaredError, "mse": ...})

    def get(identifier):
        \"\"\"...\"\"\"
        return _FAMILY.get(identifier)

    def serialize(loss):
        \"\"\"...\"\"\"
        return _FAMILY.serialize(loss)

    def deserialize(config, custom_objects=None):
        \"\"\"...\"\"\"
        return _FAMILY.deserialize(config, custom_objects)

`table_of(classes)` makes the table for classes that are known by their own name and by
its snake_case form.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from keras.core.config import registry, serialization
from keras.core.errors import near_matches
from keras.core.naming import to_snake_case


def table_of(classes: Iterable[type], **aliases: Any) -> dict[str, Any]:
    """Classes by their own name and by its snake_case form, and more names.

    Example:
        >>> HeNormal = keras.initializers.HeNormal
        >>> sorted(table_of([HeNormal], he=HeNormal))
        ['HeNormal', 'he', 'he_normal']
    """
    table: dict[str, Any] = {}
    for cls in classes:
        table[to_snake_case(cls.__name__)] = table[cls.__name__] = cls
    return {**table, **aliases}


class Family:
    """The objects of one kind by name.

    Args:
        kind: what one of them is called in messages, such as "loss".
        objects: names (with aliases and lower-case forms) and the classes or functions
            they stand for.
        instantiate: whether `get` calls a class it finds without arguments.
        ignore_case: whether "ADAM" is as good as "adam".
    """

    def __init__(
        self,
        kind: str,
        objects: Mapping[str, Any],
        instantiate: bool = True,
        ignore_case: bool = False,
    ) -> None:
        self.kind = kind
        self.objects = dict(objects)
        self.instantiate = instantiate
        self.ignore_case = ignore_case

    def get(self, identifier: Any) -> Any:
        """The object meant: by name, class, serialized form, or itself.

        Raises:
            ValueError: no object has that name; near ones are named.
        """
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if isinstance(identifier, str):
            return self._called(self.find(identifier))
        if callable(identifier) or hasattr(identifier, "get_config"):
            return self._called(identifier)
        raise ValueError(
            f"A {self.kind} must be given by name, as an object, a function or a "
            f"config; received {identifier!r} of type {type(identifier).__name__}."
        )

    def _called(self, found: Any) -> Any:
        return found() if self.instantiate and inspect.isclass(found) else found

    def find(self, name: str) -> Any:
        """The class or function of that name."""
        found = registry.get_registered_object(name, None, self.objects)
        if found is None and self.ignore_case:
            found = self.objects.get(name.lower())
        if found is None:
            known = [*self.objects, *registry.get_custom_objects()]
            raise ValueError(
                f"Unknown {self.kind} {name!r}.{near_matches(name, known)} One "
                "of your own is found by its name when it is decorated with "
                "@keras.saving.register_keras_serializable()."
            )
        return found

    def serialize(self, obj: Any) -> Any:
        """The object as data."""
        return serialization.serialize_keras_object(obj)

    def deserialize(
        self, config: Any, custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """The object from a name or `serialize`'s data; `custom_objects` adds names."""
        if config is None:
            return None
        with registry.maybe_scope(custom_objects):
            if isinstance(config, str):
                return self._called(self.find(config))
            if not isinstance(config, dict) or "class_name" not in config:
                raise ValueError(
                    f"The config of a {self.kind} is a dict with `class_name` and "
                    f"`config`; received {config!r}."
                )
            return serialization.deserialize_keras_object(
                {"config": {}, **config}, module_objects=self.objects
            )
