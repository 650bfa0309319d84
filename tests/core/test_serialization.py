"""The wire format of Keras 3.15.1, and that reading it runs and imports nothing."""

import json
import re
import sys

import ml_dtypes
import numpy as np
import pytest

import keras
from keras.core.config.serialization import (
    deserialize_keras_object,
    revive,
    serialize_keras_object,
    wire_name,
)


def named(value):
    """A test's name without addresses: the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


FUNCTION = {"module": "builtins", "class_name": "function", "config": "relu"}
FUNCTION["registered_name"] = "function"


class Plain(keras.regularizers.Regularizer):
    def __init__(self, factor):
        self.factor = factor


@keras.saving.register_keras_serializable("tests_core")
class Registered(Plain):
    pass


@keras.saving.register_keras_serializable("tests_core")
def registered(x):
    return x


def plain(x):
    return x


def written(x):
    data = serialize_keras_object(x)
    assert json.loads(json.dumps(data)) == data
    return data


@pytest.mark.parametrize(
    ("value", "data"),
    [  # what Keras 3.15.1 writes
        (None, None),
        (True, True),
        (1.5, 1.5),
        ("s", "s"),
        ((1, (2, 3)), [1, [2, 3]]),
        ({"a": (1, 2), "b": None}, {"a": [1, 2], "b": None}),
        (np.float32(1.5), 1.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(1, "int8"), 1),
        (
            np.ones(2),
            {
                "class_name": "__numpy__",
                "config": {"value": [1.0, 1.0], "dtype": "float64"},
            },
        ),
        (
            np.ones(2, ml_dtypes.bfloat16),
            {
                "class_name": "__numpy__",
                "config": {"value": [1.0, 1.0], "dtype": "bfloat16"},
            },
        ),
        (b"ab", {"class_name": "__bytes__", "config": {"value": "ab"}}),
        (
            slice(1, 2),
            {
                "class_name": "__slice__",
                "config": {"start": 1, "stop": 2, "step": None},
            },
        ),
        (..., {"class_name": "__ellipsis__", "config": {}}),
        (keras.activations.relu, FUNCTION),
        (keras.ops.relu, FUNCTION),
        (registered, {**FUNCTION, "config": "tests_core>registered"}),
        (
            keras.regularizers.L2(0.1),
            {
                "module": "keras.regularizers",
                "class_name": "L2",
                "config": {"l2": 0.1},
                "registered_name": None,
            },
        ),
        (
            Registered(2),
            {
                "module": None,
                "class_name": "Registered",
                "config": {"factor": 2},
                "registered_name": "tests_core>Registered",
            },
        ),
    ],
    ids=named,
)
def test_as_keras_writes(value, data):
    if isinstance(value, Registered):
        data["module"] = Registered.__module__
        data["module"] = written(value)["module"]
    assert written(value) == data


def test_module_of_classes():
    def module(x):
        return written(x)["module"]

    assert module(keras.initializers.Zeros()) == "keras.initializers"
    assert module(keras.losses.MeanSquaredError()) == "keras.losses"
    assert module(keras.random.SeedGenerator(1)) == "keras.random"
    assert module(keras.DTypePolicy("mixed_float16")) == "keras"
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    assert module(schedule) == "keras.optimizers.schedules"
    assert written(Plain(1))["registered_name"] == "Plain"


def test_tensors(backend):
    x = keras.ops.cast(keras.ops.array([1.0, 2.0]), "bfloat16")
    data = written(x)
    assert data == {
        "class_name": "__tensor__",
        "config": {"value": [1.0, 2.0], "dtype": "bfloat16"},
    }
    again = deserialize_keras_object(data)
    assert keras.ops.is_tensor(again) and again.dtype == x.dtype
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again), [1, 2])


def test_dtypes_become_names():
    import jax.numpy as jnp
    import tensorflow as tf
    import torch

    for dtype in (np.float16, np.dtype("float16"), jnp.float16, tf.float16, torch.half):
        assert written(dtype) == "float16"


def test_symbolic_tensors():
    data = written(keras.KerasTensor((None, 3), "int32"))
    assert data == {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 3], "dtype": "int32", "keras_history": None},
    }
    again = deserialize_keras_object(data)
    assert again.shape == (None, 3) and again.dtype == "int32"
    data = written(keras.Input((3,), name="somewhere"))
    assert data["config"]["keras_history"] == ["somewhere", 0, 0]


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Plain,
        {1, 2},
        1j,
        np.mean,
        len,
        lambda x: x,
        np.array(["a"]),
        np.ones(2, "complex64"),
        b"\xff\x00",
    ],
    ids=named,
)
def test_cannot_be_written(value):
    with pytest.raises(TypeError, match="Cannot write"):
        serialize_keras_object(value)


@pytest.mark.parametrize(
    "value",
    [[1, "a", None, 2.5], {"a": {"b": [1]}}, b"ab", slice(None, 3), ..., registered],
    ids=named,
)
def test_round_trip(value):
    assert deserialize_keras_object(written(value)) == value


def test_round_trip_of_arrays():
    for dtype in ("float32", "int8", "bool", ml_dtypes.bfloat16):
        x = np.array([[0, 1], [1, 0]], dtype)
        again = deserialize_keras_object(written({"x": [x]}))["x"][0]
        assert again.dtype == x.dtype
        np.testing.assert_array_equal(again, x)


def test_names_of_other_versions_are_understood():
    for module in ("keras.src.regularizers.regularizers", "keras.regularizers", None):
        data = {"module": module, "class_name": "L2", "config": {"l2": 0.5}}
        assert deserialize_keras_object(data).l2 == 0.5
    data = {"module": "keras.activations", "class_name": "relu", "config": {}}
    assert deserialize_keras_object(data) is keras.activations.relu
    # The same class name in two namespaces
    for module in ("keras.layers", "keras.initializers"):
        data = {"module": module, "class_name": "Identity", "config": {}}
        assert type(deserialize_keras_object(data)).__module__.startswith(module)


def test_custom_objects():
    data = written(Plain(3))
    with pytest.raises(TypeError, match="Unknown class 'Plain'.*custom_objects"):
        deserialize_keras_object(data)
    assert deserialize_keras_object(data, {"Plain": Plain}).factor == 3
    with keras.saving.CustomObjectScope({"Plain": Plain}):
        assert deserialize_keras_object(data).factor == 3
    assert deserialize_keras_object(written(Registered(3))).factor == 3
    assert deserialize_keras_object("Plain", {"Plain": Plain}) is Plain
    assert deserialize_keras_object("Plain") == "Plain"
    data = written(plain)
    with pytest.raises(TypeError, match="Unknown function 'plain'"):
        deserialize_keras_object(data)
    assert deserialize_keras_object(data, {"plain": plain}) is plain
    near = {**data, "config": "tests_core>registerd"}
    with pytest.raises(TypeError, match="Did you mean 'tests_core>registered'"):
        deserialize_keras_object(near)


def test_nested_objects():
    class Outer(Plain):
        pass

    nested = Outer([keras.regularizers.L2(0.5), {"a": np.arange(3)}])
    again = deserialize_keras_object(written(nested), {"Outer": Outer})
    assert again.factor[0].l2 == 0.5
    np.testing.assert_array_equal(again.factor[1]["a"], [0, 1, 2])


def test_wire_name():
    @wire_name("keras.src.tests.other", "OtherName", "OtherName")
    class Own(Plain):
        pass

    data = written(Own(1))
    assert data["module"] == "keras.src.tests.other"
    assert data["class_name"] == data["registered_name"] == "OtherName"
    assert type(deserialize_keras_object(data)) is Own


def test_nothing_is_imported():
    assert "antigravity" not in sys.modules
    for data in (
        {"module": "antigravity", "class_name": "fly", "config": {}},
        {"module": "os", "class_name": "system", "config": {"command": "x"}},
        {"module": "builtins", "class_name": "eval", "config": {"source": "1"}},
        {"module": "keras.utils", "class_name": "get_file", "config": {"fname": "x"}},
        {"module": "keras.utils", "class_name": "Progbar", "config": {"target": 3}},
        {"module": "keras.saving", "class_name": "load_model", "config": {"a": 1}},
        {"module": "keras.core.config.registry", "class_name": "_public", "config": {}},
        {"module": "keras.ops.numpy", "class_name": "np", "config": {}},
    ):
        with pytest.raises(TypeError, match="Unknown (class|function)"):
            deserialize_keras_object({**data, "registered_name": None})
    for name in ("system", "os.system", "eval", "get_file", "load_model", "__import__"):
        with pytest.raises(TypeError, match="Unknown function"):
            deserialize_keras_object({**FUNCTION, "config": name})
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize("safe_mode", [True, False])
def test_code_is_never_loaded(safe_mode):
    data = {"class_name": "__lambda__", "config": {"value": ["4wEAAA==", None, None]}}
    with pytest.raises(ValueError, match="Code is never loaded"):
        deserialize_keras_object(data, safe_mode=safe_mode)
    with pytest.raises(ValueError, match="Code is never loaded"):
        deserialize_keras_object({"a": [data]}, safe_mode=safe_mode)


@pytest.mark.parametrize("shape", ["lists", "dicts", "objects"])
def test_depth_is_bounded(shape):
    data = 1
    for _ in range(5000):
        if shape == "lists":
            data = [data]
        elif shape == "dicts":
            data = {"a": data}
        else:
            data = {
                "module": None,
                "class_name": "Registered",
                "registered_name": "tests_core>Registered",
                "config": {"factor": data},
            }
    with pytest.raises(ValueError, match="nested more than"):
        deserialize_keras_object(data)


@pytest.mark.parametrize(
    "data",
    [
        {"class_name": 3, "config": {}},
        {"class_name": "__numpy__", "config": 3},
        {"class_name": "__numpy__", "config": {"value": "abc", "dtype": "float32"}},
        {"class_name": "__numpy__", "config": {"value": [1, [2]], "dtype": "float32"}},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
        {"class_name": "__numpy__", "config": {"value": [1]}},
        {"class_name": "__slice__", "config": {}},
        {"class_name": "function", "config": ["relu"]},
        {"module": "keras.regularizers", "class_name": "L2", "config": "x"},
        {"module": "keras.regularizers", "class_name": "L2", "config": {"foo": 1}},
        {"module": "builtins", "class_name": "type", "config": "float32"},
    ],
    ids=named,
)
def test_data_that_do_not_fit(data):
    with pytest.raises((TypeError, ValueError)):
        deserialize_keras_object(data)


def test_an_error_says_which_object_it_was_in():
    data = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": -1}}
    with pytest.raises(ValueError) as error:
        deserialize_keras_object(data)
    assert "While reading L2" in error.value.__notes__[0]


def test_build_and_compile_configs():
    seen = []

    class Built(Plain):
        def get_build_config(self):
            return {"input_shape": (None, 3)}

        def build_from_config(self, config):
            seen.append(("build", config))

        def get_compile_config(self):
            return {"loss": "mse"}

        def compile_from_config(self, config):
            seen.append(("compile", config))

    data = written(Built(1))
    assert data["build_config"] == {"input_shape": [None, 3]}
    deserialize_keras_object(data, {"Built": Built})
    assert seen == [
        ("build", {"input_shape": [None, 3]}),
        ("compile", {"loss": "mse"}),
    ]


@pytest.mark.parametrize("safe_mode", [True, False, None])
def test_safe_mode_opens_nothing(safe_mode):
    code = {"class_name": "__lambda__", "config": {"value": ["", None, None]}}
    with pytest.raises(ValueError, match="Code is never loaded"):
        deserialize_keras_object(code, safe_mode=safe_mode)


def test_revive_reads_objects_only():
    l2 = written(keras.regularizers.L2(0.5))
    found = revive({"a": [l2, "relu", (1, 2)], "b": {"class_name": "x", "config": 1}})
    assert found["a"][0].l2 == 0.5
    assert found["a"][1:] == ["relu", (1, 2)]
    assert found["b"] == {"class_name": "x", "config": 1}


def test_unknown_arguments_are_refused():
    with pytest.raises(TypeError, match="custom_object"):
        deserialize_keras_object(1, custom_object={})
