"""Objects as data and back, in the wire format of Keras 3.

An object is `{"module", "class_name", "config", "registered_name"}`; arrays, slices
and the like have marks of their own (`__numpy__`, `__slice__`, ...). Reading looks
names up in the tables of `registry.py` only: nothing that a file says is imported, run
or unpickled.

A family (losses, layers, ...) makes its `get`, `serialize` and `deserialize` from
`Family`, which is beside this file in `family.py`.
"""

from __future__ import annotations

import contextlib
import inspect
import reprlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import numpy as np

from keras.core import dtypes
from keras.core.backends import owner_of_package
from keras.core.config import limits, registry
from keras.core.errors import near_matches
from keras.core.foreign import framework_of, to_host
from keras.core.graph.operation import Operation
from keras.core.tensor import KerasTensor

# Where a function named in a config is looked for: all of these are mathematics.
FUNCTION_NAMESPACES = (
    "keras.activations",
    "keras.losses",
    "keras.metrics",
    "keras.ops",
)
# Files call our classes by these. A class of the same name from elsewhere is another.
_OUR_MODULES = ("keras", "tf_keras", "tensorflow", "builtins", "")
# These look objects up by name; no config needs them.
_LOOKUPS = ("deserialize", "get", "serialize")
# Layers and operations met in this writing or reading: one that stands in two places
# (a layer shared by two models) is written with a number, and read once.
_written: ContextVar[dict[int, tuple] | None] = ContextVar("keras_written")
_made: ContextVar[dict[int, Any] | None] = ContextVar("keras_made")
_wire_names: dict[type, tuple[str, str, str | None]] = {}
_wire_classes: dict[str, type] = {}


def wire_name(
    module: str, class_name: str, registered_name: str | None = None
) -> Callable[[type], type]:
    """Write a class under another module and name than its own public ones.

    For the few classes that Keras's files name by a private module: a functional model
    is `keras.src.models.functional`, `Functional`.
    """

    def mark(cls: type) -> type:
        _wire_names[cls] = module, class_name, registered_name
        _wire_classes[class_name] = cls
        return cls

    return mark


# Writing


def serialize_keras_object(obj: Any) -> Any:
    """An object as plain data that JSON can hold.

    Args:
        obj: a layer, loss, ... (anything with `get_config`), a named function, an
            array or tensor, a dtype, or a nest of lists, tuples and dicts of these.

    Returns:
        Numbers, strings, lists and dicts.

    Raises:
        TypeError: there is no way to write the object as data.

    Example:
        >>> keras.saving.serialize_keras_object(keras.regularizers.L2(0.1))
        {'module': 'keras.regularizers', 'class_name': 'L2', 'config': {'l2': 0.1},
        'registered_name': None}
    """
    if obj is None or type(obj) in (bool, int, float, str):
        return obj

    if isinstance(obj, (list, tuple)):
        return [serialize_keras_object(x) for x in obj]
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}

    # Before arrays: a tensor of the NumPy backend is one too.
    if framework_of(obj) is not None and hasattr(obj, "shape"):
        return _write_array("__tensor__", np.asarray(to_host(obj)))
    for kind, write in _WRITERS:
        if isinstance(obj, kind):
            return write(obj)

    dtype = _dtype_name(obj)
    if dtype is not None:
        return dtype

    has_config = hasattr(obj, "get_config")
    if inspect.isroutine(obj) or (hasattr(obj, "__name__") and not has_config):
        return _write_function(obj)
    if inspect.isclass(obj) or not has_config:
        raise TypeError(
            f"Cannot write {obj!r} of type {type(obj).__name__} as data. Give its "
            "class a `get_config` method that returns the constructor's arguments."
        )
    return _write_object(obj)


@contextlib.contextmanager
def sharing(table: ContextVar) -> Iterator[dict]:
    """What is met inside the outermost of these blocks belongs together."""
    if (found := table.get(None)) is not None:
        yield found
        return
    token = table.set({})
    try:
        yield table.get()
    finally:
        table.reset(token)


def _write_object(obj: Any) -> dict[str, Any]:
    with sharing(_written) as met:
        out = _describe(obj)
        if isinstance(obj, Operation):
            # Held with its place: an object that is gone would lend its number.
            new = (obj, len(met) + 1, out)
            _, number, first = met.setdefault(id(obj), new)
            if first is not out:
                first["shared_object_id"] = out["shared_object_id"] = number
    return out


def _describe(obj: Any) -> dict[str, Any]:
    out = _name_of(type(obj))
    out["config"] = serialize_keras_object(obj.get_config())
    for key in ("build_config", "compile_config"):
        get = getattr(obj, f"get_{key}", None)
        extra = get() if get is not None else None
        if extra is not None:
            out[key] = serialize_keras_object(extra)
    return out


def _name_of(cls: type) -> dict[str, Any]:
    """The module and names under which a class is written; `config` in its place."""
    module: str | None
    if cls in _wire_names:
        module, name, registered = _wire_names[cls]
    else:
        name, registered = cls.__name__, registry.registered_name_or_none(cls)
        module = None if registered else public_module(cls)
        if module is None:
            registered = registered or name
            module = None if cls.__module__ == "__main__" else cls.__module__
    return {
        "module": module,
        "class_name": name,
        "config": None,
        "registered_name": registered,
    }


def public_module(cls: type) -> str | None:
    """The namespace that publishes a class of this package; `keras` itself first."""
    namespace = registry.public_namespace(cls)
    if namespace is not None and registry._public("keras", cls.__name__) is cls:
        return "keras"
    return namespace


def _write_function(fn: Any) -> dict[str, Any]:
    name = getattr(fn, "__name__", "")
    if name == "<lambda>" or not name.isidentifier():
        raise TypeError(
            f"Cannot write {fn!r} as data: a lambda has no name by which it could be "
            "found again. Write it as a named function, decorated with "
            "@keras.saving.register_keras_serializable()."
        )
    if not inspect.isfunction(fn) and registry.registered_name_or_none(fn) is None:
        raise TypeError(
            f"Cannot write {fn!r} as data: only Python functions and objects with "
            "`get_config` can be found again. Wrap it in a named function, decorated "
            "with @keras.saving.register_keras_serializable()."
        )
    return {
        "module": "builtins",
        "class_name": "function",
        "config": registry.get_registered_name(fn),
        "registered_name": "function",
    }


def _write_array(mark: str, array: np.ndarray) -> Any:
    if array.ndim == 0 and mark == "__numpy__":
        return array.item()
    if array.dtype.kind in "OUSc":
        raise TypeError(
            f"Cannot write an array of dtype {array.dtype} as data; give a list."
        )
    config = {"value": array.tolist(), "dtype": dtypes.standardize_dtype(array.dtype)}
    return {"class_name": mark, "config": config}


def _write_tensor_spec(x: KerasTensor) -> dict[str, Any]:
    node = x._node
    where = None if node is None else [node.operation.name, node.number, x._index]
    config = {"shape": list(x.shape), "dtype": x.dtype, "keras_history": where}
    return {"class_name": "__keras_tensor__", "config": config}


def _write_slice(x: slice) -> dict[str, Any]:
    parts = {"start": x.start, "stop": x.stop, "step": x.step}
    return {"class_name": "__slice__", "config": serialize_keras_object(parts)}


def _write_bytes(x: bytes) -> dict[str, Any]:
    try:
        return {"class_name": "__bytes__", "config": {"value": x.decode()}}
    except UnicodeDecodeError as error:
        raise TypeError(f"Cannot write bytes that are not UTF-8: {error}") from None


_WRITERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (np.generic, lambda x: serialize_keras_object(x.item())),
    (int, int),
    (float, float),
    (str, str),
    (bytes, _write_bytes),
    (np.ndarray, lambda x: _write_array("__numpy__", x)),
    (slice, _write_slice),
    (type(Ellipsis), lambda x: {"class_name": "__ellipsis__", "config": {}}),
    (KerasTensor, _write_tensor_spec),
)


def _dtype_name(obj: Any) -> str | None:
    """The name of `np.float32`, `jnp.float32`, `torch.float32`, `tf.float32`."""
    is_numpy = isinstance(obj, np.dtype) or (
        inspect.isclass(obj) and issubclass(obj, np.generic)
    )
    root = type(obj).__module__.partition(".")[0]
    if not is_numpy and owner_of_package(root) is None:
        return None
    try:
        return dtypes.standardize_dtype(obj)
    except ValueError:
        return None


# Reading


def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """The object that `serialize_keras_object` wrote.

    Args:
        config: the data.
        custom_objects: names and the classes or functions they stand for, beside those
            registered with `register_keras_serializable`.
        safe_mode: kept for compatibility; serialized code is refused either way.
        module_objects: more names and what they stand for.

    Returns:
        The object; built, and compiled, where the data says so.

    Raises:
        TypeError: a name that is not known.
        ValueError: the data holds code, is nested too deep, or does not fit the class.

    Example:
        >>> config = keras.saving.serialize_keras_object(keras.regularizers.L2(0.1))
        >>> keras.saving.deserialize_keras_object(config).l2
        0.1
    """
    module_objects = kwargs.pop("module_objects", None)
    kwargs.pop("printable_module_name", None)
    if kwargs:
        raise TypeError(f"deserialize_keras_object: unknown {sorted(kwargs)}.")
    named = bool(custom_objects or module_objects)
    with registry.maybe_scope(custom_objects), reading_config(config):
        return _read(config, module_objects, named)


@contextlib.contextmanager
def reading_config(config: Any, cls: type | None = None) -> Iterator[None]:
    """Read a config inside a `with` block, of the class `cls` if it's known.

    Its depth is looked at where the outermost reading begins. What a built-in class
    raises on arguments that make no sense comes out as a ValueError, whichever
    framework it is from.
    """
    if not limits.is_open():
        limits.check_depth(config)
    try:
        with limits.reading():
            yield
    except (*_EXPECTED, MemoryError):
        raise
    except Exception as error:
        if cls is None or not cls.__module__.startswith("keras."):
            raise
        raise ValueError(
            f"{cls.__name__} cannot be made from its config {_shortened(config)}: "
            f"{type(error).__name__}: {error}."
        ) from error


def revive(value: Any) -> Any:
    """`value` with the serialized objects in it read; anything else stays as it is."""
    if isinstance(value, dict):
        if is_serialized(value):
            return _read(value)
        return {key: revive(x) for key, x in value.items()}
    if type(value) is list:
        return [revive(x) for x in value]
    return value


def is_serialized(value: Any) -> bool:
    """Whether a value is a dict that `serialize_keras_object` makes of an object."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_name"), str)
        and "config" in value
        and (
            "module" in value
            or "registered_name" in value
            or value["class_name"] in _READERS
        )
    )


def _read(
    config: Any, names: Mapping[str, Any] | None = None, named: bool = False
) -> Any:
    """Read data; `named` says whether a bare string may name an object."""
    if isinstance(config, str):
        found = registry.get_registered_object(config, None, names) if named else None
        return config if found is None else found
    if not isinstance(config, (list, tuple, dict)):
        return config
    if not isinstance(config, dict):
        return [_read(x, names, named) for x in config]
    if "class_name" not in config or "config" not in config:
        return {key: _read(x, names, named) for key, x in config.items()}
    return _read_object(config, names)


def _read_object(config: dict[str, Any], names: Mapping[str, Any] | None) -> Any:
    class_name, inner = config["class_name"], config["config"]
    limits.check_name(class_name, "`class_name`")

    # Arrays, dtypes, slices and the like.
    if class_name in _READERS:
        if not isinstance(inner, dict):
            raise TypeError(
                f"{class_name}: `config` must be a dict; received {inner!r}."
            )
        try:
            return _READERS[class_name](inner)
        except KeyError as error:
            raise ValueError(f"{class_name}: `config` has no {error}.") from None
        except (AttributeError, OverflowError) as error:
            text = _shortened(inner)
            raise ValueError(f"{class_name}: {error}; received {text}.") from error

    if class_name == "function":
        return find_function(inner, names)

    found = find_class(config, names)
    if inspect.isfunction(found):
        return found
    if not isinstance(inner, dict):
        raise TypeError(
            f"The config of {class_name!r} must be a dict; received {inner!r}."
        )

    # An object that the file holds in several places is made once.
    number = config.get("shared_object_id")
    with sharing(_made) as made:
        if type(number) is int and type(made.get(number)) is found:
            return made[number]
        obj = _make(found, config)
        if type(number) is int and isinstance(obj, Operation):
            made[number] = obj
    return obj


def _make(cls: type, config: dict[str, Any]) -> Any:
    try:
        with reading_config(config["config"], cls):
            made = cls.from_config(dict(config["config"]))  # type: ignore[attr-defined]
    except Exception as error:
        text = _shortened(config["config"])
        error.add_note(f"While reading {cls.__name__} from {text}")
        raise
    for key in ("build_config", "compile_config"):
        extra = config.get(key)
        apply = getattr(made, key.replace("_", "_from_", 1), None)
        if extra and apply is not None:
            with reading_config(extra, type(made)):
                apply(extra if key == "compile_config" else _read(extra))
    return made


# What a constructor raises on arguments that do not fit; all else is a framework's.
_EXPECTED = (TypeError, ValueError, OSError, ImportError, NotImplementedError)


def _shortened(config: Any) -> str:
    text = reprlib.repr(config)
    return text if len(text) < 500 else f"{text[:500]}..."


def find_class(
    config: Mapping[str, Any], names: Mapping[str, Any] | None = None
) -> Any:
    """The class (or registered function) a serialized object names, or TypeError."""
    class_name = limits.check_name(config["class_name"], "`class_name`")
    registered, module = config.get("registered_name"), config.get("module")
    if registered is not None:
        limits.check_name(registered, "`registered_name`")

    # The user's own names come first, then those of this package.
    for name in (registered, class_name):
        found = registry.get_registered_object(name, None, names) if name else None
        if found is not None:
            break
    else:
        found = None
        if module is None or str(module).partition(".")[0] in _OUR_MODULES:
            # The namespace that is looked in first may bring the class with it.
            found = (
                _wire_classes.get(class_name)
                or registry.builtin_object(_public_namespace(module), class_name)
                or _wire_classes.get(class_name)
            )
        if inspect.isfunction(found):
            return find_function(class_name)

    readable = inspect.isfunction(found) or hasattr(found, "from_config")
    if found is None or not readable:
        raise _not_found("class", str(registered or class_name), names)
    return found


def _public_namespace(module: Any) -> str | None:
    """`keras.layers` for `keras.src.layers.core.dense`."""
    if not isinstance(module, str):
        return None
    parts = module.replace("keras.src.", "keras.", 1).split(".")
    if "schedules" in parts:
        return "keras.optimizers.schedules"
    return ".".join(parts[:2])


def find_function(name: Any, names: Mapping[str, Any] | None = None) -> Callable:
    """The function registered, passed or public under a name, or TypeError."""
    limits.check_name(name, "A function's `config`, its name,")
    found = registry.get_registered_object(name, None, names)
    if callable(found):
        return found
    for namespace in () if name in _LOOKUPS else FUNCTION_NAMESPACES:
        found = registry._public(namespace, name)
        if inspect.isfunction(found):
            return found
    raise _not_found("function", name, names)


def _not_found(kind: str, name: str, names: Mapping[str, Any] | None) -> TypeError:
    known = [*registry.get_custom_objects(), *(names or ())]
    return TypeError(
        f"Unknown {kind} {name!r}.{near_matches(name, known)} A {kind} of your own is "
        "found when the program decorates it with "
        "@keras.saving.register_keras_serializable() before loading, or passes it: "
        f"custom_objects={{{name!r}: ...}}."
    )


def _read_numpy(config: dict[str, Any]) -> np.ndarray:
    dtype = dtypes.standardize_dtype(config["dtype"])
    if not isinstance(config["value"], (list, int, float, bool)):
        raise TypeError(f"`value` must be numbers; received {config['value']!r}.")
    return np.array(config["value"], dtypes.numpy_dtype(dtype))


def _read_tensor(config: dict[str, Any]) -> Any:
    from keras.core.scope import current

    return current().convert_to_tensor(_read_numpy(config), config["dtype"])


def _read_code(config: dict[str, Any]) -> Any:
    if limits.is_trusted():
        from keras.core.config.trusted_code import function_from

        return function_from(config)
    raise ValueError(
        "The config holds a serialized Python lambda. Code is never loaded from a "
        "file, whatever `safe_mode` says: write the lambda as a named function, "
        "register it with @keras.saving.register_keras_serializable(), and save again; "
        "or build the model from your source code and load its weights. If the file "
        "is your own, keras.saving.load_trusted_model runs the code in it."
    )


_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "__numpy__": _read_numpy,
    "__tensor__": _read_tensor,
    "__bytes__": lambda config: config["value"].encode(),
    "__slice__": lambda c: slice(*(_read(c[k]) for k in ("start", "stop", "step"))),
    "__ellipsis__": lambda config: Ellipsis,
    "__keras_tensor__": lambda c: KerasTensor(c["shape"], c["dtype"]),
    "__lambda__": _read_code,
}
