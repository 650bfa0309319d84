"""Configs written by Keras 2, translated to the form of Keras 3.

Keras 2 lists a graph's calls as nested lists (`["dense", 0, 0, {}]`), counts a nested
model's calls from one, and has other names for some arguments and classes. The
translation is data to data: classes are looked up afterwards, in the registry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keras.core.config.limits import check_depth

_NAMESPACES = {
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
}
_CLASSES = {
    "Model": "Functional",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "LSTMV2": "LSTM",
    "GRUV2": "GRU",
}
_RECURRENT = ("RNN", "LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM2D")
# Arguments that have another name now.
_RENAMED = {
    ("InputLayer", "batch_input_shape"): "batch_shape",
    ("LeakyReLU", "alpha"): "negative_slope",
    ("RandomContrast", "scale"): "factor",
}
# Arguments that are gone, with the values that say nothing; others are refused.
_GONE: dict[str, tuple[Any, ...]] = {
    "time_major": (False, None),
    "implementation": (0, 1, 2),
    "input_dtype": (),
    "input_length": (),
    "query_shape": (),
    "key_shape": (),
    "value_shape": (),
    "softmax_robust_masking": (False,),
    "dynamic": (False,),
    "renorm": (False,),
    "fused": (),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
}
_OF_KERNELS = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_UNGROUPED = ("Depthwise", "Separable", "Transpose")

# TensorFlow's functions that a graph of Keras 2 may call: our op, and the names of the
# arguments after the first, theirs and ours.
_AXES = {"axis": "axis", "keepdims": "keepdims"}
_TF_OPS: dict[str, tuple[str, dict[str, str]]] = {
    **{
        name: (op, {"y": "x2"})
        for name, op in (
            ("math.multiply", "Multiply"),
            ("math.add", "Add"),
            ("__operators__.add", "Add"),
            ("math.subtract", "Subtract"),
            ("math.truediv", "TrueDivide"),
            ("math.divide", "Divide"),
            ("math.pow", "Power"),
            ("math.maximum", "Maximum"),
            ("math.minimum", "Minimum"),
        )
    },
    **{
        f"{family}.{name}": (name.capitalize(), {})
        for family, names in (
            ("math", "abs exp sqrt square tanh sigmoid sin cos negative log"),
            ("nn", "relu sigmoid tanh softplus"),
        )
        for name in names.split()
    },
    "math.reduce_mean": ("Mean", _AXES),
    "math.reduce_sum": ("Sum", _AXES),
    "math.reduce_max": ("Max", _AXES),
    "math.reduce_min": ("Min", _AXES),
    "nn.softmax": ("Softmax", {"axis": "axis"}),
    "concat": ("Concatenate", {"axis": "axis"}),
    "stack": ("Stack", {"axis": "axis"}),
    "reshape": ("Reshape", {"shape": "newshape"}),
    "expand_dims": ("ExpandDims", {"axis": "axis"}),
    "squeeze": ("Squeeze", {"axis": "axis"}),
    "compat.v1.transpose": ("Transpose", {"perm": "axes"}),
    "transpose": ("Transpose", {"perm": "axes"}),
    "cast": ("Cast", {"dtype": "dtype"}),
    "linalg.matmul": ("Matmul", {"b": "x2"}),
    "clip_by_value": ("Clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "__operators__.getitem": ("GetItem", {"slice_spec": "key"}),
}


def is_old(config: Any) -> bool:
    """Whether a model's config is Keras 2's, or in the form its `.h5` files have."""
    if not isinstance(config, dict):
        return False
    if str(config.get("keras_version", "3"))[:2] in ("1.", "2."):
        return True
    return any(_signs(config))


def _signs(node: Any) -> Iterator[bool]:
    if isinstance(node, list):
        for item in node:
            yield from _signs(item)
    elif isinstance(node, dict):
        yield "batch_input_shape" in node
        calls = node.get("inbound_nodes")
        yield isinstance(calls, list) and any(isinstance(c, list) for c in calls)
        for key in ("config", "layers"):
            yield from _signs(node.get(key))


def translate(config: dict[str, Any]) -> dict[str, Any]:
    """A model's (or layer's) serialized form as Keras 3 would have written it.

    Whatever has no equivalent raises a ValueError that names it.
    """
    check_depth(config)
    try:
        out = _object(config)
        compiled = config.get("compile_config") or config.get("training_config")
        if isinstance(compiled, dict):
            out["compile_config"] = translate_compile(compiled)
    except (AttributeError, KeyError, IndexError) as error:
        raise ValueError(
            "The config is not that of a Keras 2 model: "
            f"{type(error).__name__}: {error}."
        ) from error
    return out


def translate_compile(config: dict[str, Any]) -> dict[str, Any]:
    """What `compile` was given, as Keras 3 writes it."""
    out = dict(config)
    optimizer = out.pop("optimizer_config", out.get("optimizer"))
    out["optimizer"] = _optimizer(optimizer)
    for key in ("loss", "metrics", "weighted_metrics"):
        found = _measure(out.get(key), "losses" if key == "loss" else "metrics")
        alone = isinstance(found, list) and len(found) == 1
        # Keras 2 lists the metrics output by output, also of one output.
        out[key] = found[0] if alone and isinstance(found[0], list) else found
    out.pop("sample_weight_mode", None)
    return {k: v for k, v in out.items() if not (k != "optimizer" and v is None)}


def _measure(value: Any, family: str) -> Any:
    """A loss or metric: by class name alone, and wrappers by a function's name."""
    if isinstance(value, list):
        return [_measure(v, family) for v in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value or "config" not in value:
        return {k: _measure(v, family) for k, v in value.items()}
    config = value["config"]
    if isinstance(config, dict) and isinstance(config.get("fn"), str):
        config = {**config, "fn": _function(config["fn"])}
    return _serialized(f"keras.{family}", value["class_name"], config)


def _optimizer(config: Any) -> Any:
    if not isinstance(config, dict) or "class_name" not in config:
        return config
    name = str(config["class_name"]).rpartition(">")[2]
    inner = dict(config.get("config") or {})
    if "lr" in inner:
        inner["learning_rate"] = inner.pop("lr")
    for gone in ("is_legacy_optimizer", "jit_compile"):
        inner.pop(gone, None)

    decay = inner.pop("decay", 0.0) or 0.0
    rate = inner.get("learning_rate")
    if decay:  # the rate that Keras 2 computed: lr / (1 + decay * step)
        steps = {"decay_steps": 1, "decay_rate": decay}
        config = {"initial_learning_rate": rate, **steps}
        rate = {"class_name": "InverseTimeDecay", "config": config}
    if isinstance(rate, dict) and "class_name" in rate:
        of_schedule = rate["class_name"], rate.get("config", {})
        rate = _serialized("keras.optimizers.schedules", *of_schedule)

    inner["learning_rate"] = rate
    inner["name"] = str(inner.get("name", name)).lower()
    if name == "LossScaleOptimizer" and "inner_optimizer" in inner:
        inner["inner_optimizer"] = _optimizer(inner["inner_optimizer"])
        inner.pop("learning_rate")
    if inner.get("ema_overwrite_frequency") and not inner.get("use_ema"):
        inner["ema_overwrite_frequency"] = None
    return _serialized("keras.optimizers", name, inner)


def _serialized(
    module: str, name: str, config: Any, registered: str | None = None
) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": name,
        "config": config,
        "registered_name": registered,
    }


def _function(name: str) -> dict[str, Any]:
    return _serialized("builtins", "function", name, "function")


def _object(node: dict[str, Any], namespace: str = "keras.layers") -> dict[str, Any]:
    """One serialized object, with what is in it."""
    name = str(node.get("class_name"))
    config = node.get("config")
    if name in ("Policy", "PolicyV1"):
        return _serialized("keras", "DTypePolicy", {"name": config.get("name")})  # type: ignore[union-attr]

    ours = name.rpartition(">")[2] if name.startswith("Custom>") else name
    ours = _CLASSES.get(ours, ours)

    module = str(node.get("module") or namespace)
    if ours == "Functional":
        module = "keras.src.models.functional"
    elif ours == "Sequential":
        module = "keras"
    elif module.startswith(("tf_keras", "keras.engine", "keras.src.engine")):
        module = namespace

    out = {**node, **_serialized(module, ours, config)}
    out.pop("build_config", None)  # layers are built by being called
    registered = node.get("registered_name")
    if registered and not str(registered).startswith(("keras", "tf_keras")):
        out["registered_name"] = registered

    if ours == "Sequential" and isinstance(config, list):  # before Keras 2.2
        out["config"] = config = {"layers": config}
    if ours == "Lambda":
        out["config"] = _lambda(config)
    elif isinstance(config, dict):
        out["config"] = _config(ours, config, name == "SyncBatchNormalization")
    if ours == "Functional" or (isinstance(config, dict) and "input_layers" in config):
        out["config"] = _graph(out["config"])
    return out


def _config(name: str, config: dict[str, Any], synchronized: bool) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in config.items():
        nothing = _nothing(name, key)
        if nothing is None:
            out[_RENAMED.get((name, key), key)] = _value(key, value)
        elif nothing and value not in nothing:
            raise ValueError(
                f"The {name} {config.get('name')!r} of this Keras 2 file has "
                f"{key}={value!r}, which has no equivalent in Keras 3."
            )
    axis = out.get("axis")
    if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        out["axis"] = axis[0]
    if synchronized:
        out["synchronized"] = True
    return out


def _nothing(name: str, key: str) -> tuple[Any, ...] | None:
    """The values that say nothing (none: all) if a class has this argument no more."""
    if key in _OF_KERNELS and ("Depthwise" in name or "Separable" in name):
        return ()  # their kernels have arguments of their own
    if key == "groups" and any(part in name for part in _UNGROUPED):
        return 1, None
    return _GONE.get(key) if name != "Embedding" or key == "input_length" else None


def _value(key: str, value: Any) -> Any:
    """An argument: objects and lists of them are translated."""
    if isinstance(value, list):
        return [_value(key, item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value and "config" in value:
        if str(value["class_name"]).startswith("__"):
            return value
        return _object(value, _NAMESPACES.get(key.rpartition("_")[2], "keras.layers"))
    return {k: _value(k, v) for k, v in value.items()}


def _lambda(config: Any) -> Any:
    """A named function stays a name; code stays code, for the reader to refuse."""
    if not isinstance(config, dict):
        return config
    kept = ("name", "trainable", "dtype", "arguments")
    keep = {k: v for k, v in config.items() if k in kept}
    function = config.get("function")
    if config.get("function_type") == "function" and isinstance(function, str):
        keep["function"] = _function(function)
    else:
        keep["function"] = {"class_name": "__lambda__", "config": {"value": function}}
    return keep


# Graphs


def _graph(config: dict[str, Any]) -> dict[str, Any]:
    """A functional model: its calls in Keras 3's form."""
    entries = config.get("layers")
    if not isinstance(entries, list):
        return config
    if not any(_is_old_call(n) for e in entries for n in e.get("inbound_nodes") or []):
        return config

    names = [e.get("name") or e["config"]["name"] for e in entries]
    calls = _Calls(names, config)
    out = {**config, "layers": []}
    for entry, name in zip(entries, names):
        nodes = entry.get("inbound_nodes") or []
        new = {**entry, "name": name}
        if entry["class_name"] in ("TFOpLambda", "SlicingOpLambda"):
            new = {**new, **_tf_op(entry)}
            new["inbound_nodes"] = [_tf_call(entry, calls.read(n)) for n in nodes]
        else:
            recurrent = entry["class_name"] in _RECURRENT
            read = [calls.read(node) for node in nodes]
            new["inbound_nodes"] = [_initial_state(n) if recurrent else n for n in read]
        out["layers"].append(new)

    for key in ("input_layers", "output_layers"):
        ends = calls.ends(config.get(key))
        alone = isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list)
        out[key] = ends[0] if alone else ends
    return out


def _is_old_call(node: Any) -> bool:
    return not (isinstance(node, dict) and "args" in node)


class _Calls:
    """Reads the lists in which Keras 2 keeps the arguments of calls."""

    def __init__(self, names: list[str], config: dict[str, Any]) -> None:
        entries = config["layers"]
        self.names = set(names)
        self.nested = {  # the classes of the models in the graph
            name: _CLASSES.get(e["class_name"], e["class_name"])
            for name, e in zip(names, entries)
            if isinstance(e.get("config"), dict) and "layers" in e["config"]
        }
        # A nested model's own graph was its call number 0: the first in use is ours.
        self.first: dict[str, int] = {}
        calls = [e.get("inbound_nodes") for e in entries]
        for name, number in self._places([*calls, config.get("output_layers")]):
            if name in self.nested:
                self.first[name] = min(number, self.first.get(name, number))

    def _places(self, value: Any) -> Iterator[tuple[str, int]]:
        if isinstance(value, dict):
            value = list(value.values())
        if not isinstance(value, list):
            return
        if len(value) > 2 and self._is_name(value[0]) and type(value[1]) is int:
            yield value[0], value[1]
        for item in value:
            yield from self._places(item)

    def _is_name(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.names

    def read(self, node: Any) -> dict[str, Any]:
        if isinstance(node, dict):
            return {"args": [self._nest(node)], "kwargs": {}}
        if isinstance(node, list) and node and isinstance(node[0], str):
            node = [node]
        items = [self._nest(item) for item in node]
        kwargs = self._kwargs(node[0]) if node else {}
        return {"args": items if len(items) == 1 else [items], "kwargs": kwargs}

    def ends(self, places: Any) -> Any:
        """The graph's inputs and outputs, as they are counted there.

        Keras 3 counts a nested functional model's calls from one here, and only here.
        """
        if isinstance(places, dict):
            return {k: self.ends(v) for k, v in places.items()}
        if isinstance(places, list) and places and self._is_name(places[0]):
            name, number, index = places
            number -= self.first.get(name, 0)
            return [name, number + (self.nested.get(name) == "Functional"), index]
        return [self.ends(p) for p in places] if isinstance(places, list) else places

    def _kwargs(self, node: Any) -> dict[str, Any]:
        given = node[3] if isinstance(node, list) and len(node) > 3 else {}
        return {k: self._argument(v) for k, v in (given or {}).items()}

    def _nest(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: self._nest(v) for k, v in value.items()}
        if value and isinstance(value[0], str):
            constant = value[0] == "_CONSTANT_VALUE"
            return value[2] if constant else self._tensor(*value[:3])
        return [self._nest(v) for v in value]

    def _argument(self, value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"start", "stop", "step"}:
                return {"class_name": "__slice__", "config": value}
            return {k: self._argument(v) for k, v in value.items()}
        if not isinstance(value, list):
            return value
        if value[:1] == ["_KERAS_TENSOR"]:
            return self._tensor(*value[1:4])
        if len(value) in (3, 4) and self._is_name(value[0]) and type(value[1]) is int:
            return self._tensor(*value[:3])
        return [self._argument(v) for v in value]

    def _tensor(self, name: str, number: int, index: int) -> dict[str, Any]:
        place = [name, number - self.first.get(name, 0), index]
        return {"class_name": "__keras_tensor__", "config": {"keras_history": place}}


def _initial_state(call: dict[str, Any]) -> dict[str, Any]:
    """Keras 2 lists the sequence and the states it starts from in one argument."""
    (given,) = call["args"]
    if not isinstance(given, list):
        return call
    kwargs = {**call["kwargs"], "initial_state": given[1:]}
    return {"args": given[:1], "kwargs": kwargs}


def _tf_op(entry: dict[str, Any]) -> dict[str, Any]:
    function = entry["config"].get("function", "__operators__.getitem")
    if function not in _TF_OPS:
        raise ValueError(
            f"The Keras 2 graph calls the TensorFlow function tf.{function} (in "
            f"{entry['config'].get('name')!r}), which has no translation. Rebuild the "
            "model from source code and load its weights."
        )
    name = _TF_OPS[function][0]
    return _serialized(
        "keras.src.ops", name, {"name": entry["config"].get("name")}, name
    )


def _tf_call(entry: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    function = entry["config"].get("function", "__operators__.getitem")
    renamed = _TF_OPS[function][1]
    kwargs = {k: v for k, v in call["kwargs"].items() if k != "name"}
    unknown = [k for k, v in kwargs.items() if k not in renamed and v is not None]
    if unknown:
        raise ValueError(
            f"The Keras 2 graph calls tf.{function} with {unknown}, which has no "
            "translation. Rebuild the model from source code and load its weights."
        )
    given = {renamed[k]: v for k, v in kwargs.items() if k in renamed}
    return {"args": call["args"], "kwargs": given}
