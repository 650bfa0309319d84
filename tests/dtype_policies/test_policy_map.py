"""DTypePolicyMap: one argument says the dtypes of a whole model."""

import json

import numpy as np
import pytest

import keras
from keras import layers
from keras.dtype_policies import (
    DTypePolicy,
    DTypePolicyMap,
    deserialize,
    get,
    serialize,
)

PATHS = {
    "narrow": DTypePolicy("mixed_bfloat16"),
    "attention/(query|key)": DTypePolicy("float16"),
}


def branches(policies):
    """A model whose layers all have the same argument."""
    inputs = keras.Input((3, 4))
    x = layers.MultiHeadAttention(1, 2, name="attention", dtype=policies)(
        inputs, inputs
    )
    outputs = [layers.Dense(2, name=n, dtype=policies)(x) for n in ("narrow", "wide")]
    return keras.Model(inputs, outputs)


def dtypes(model):
    """The dtypes of each layer with weights of its own, and of its weights."""
    return {
        layer.path: (layer.compute_dtype, layer.variable_dtype, layer.weights[0].dtype)
        for layer in model._flatten_layers(include_self=False)
        if layer.weights and not layer._flatten_layers(include_self=False)
    }


def test_layers_take_the_policy_of_their_paths(backend):
    model = branches(DTypePolicyMap("float32", PATHS))
    single, half = ("float32",) * 3, ("float16",) * 3
    expected = {
        "attention/query": half,
        "attention/key": half,
        "attention/value": single,
        "attention/attention_output": single,
        "narrow": ("bfloat16", "float32", "float32"),
        "wide": single,
    }
    assert dtypes(model) == expected

    narrow, wide = model(np.ones((2, 3, 4), "float32"))
    found = [keras.backend.standardize_dtype(x.dtype) for x in (narrow, wide)]
    assert found == ["bfloat16", "float32"]


def test_the_first_call_casts_to_the_dtype_of_the_path(backend):
    class Look(layers.Layer):
        def call(self, x):
            self.seen = keras.backend.standardize_dtype(x.dtype)
            return x

    look = Look(name="look", dtype=DTypePolicyMap("float32", {"look": "float16"}))
    assert look.compute_dtype == "float32"
    look(np.ones((2, 3), "float32"))
    assert look.seen == look.compute_dtype == "float16"


def test_config_and_file(backend, tmp_path):
    model = branches(DTypePolicyMap("float32", PATHS))
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert dtypes(again) == dtypes(model)
    assert again.get_layer("wide").dtype_policy == DTypePolicyMap("float32", PATHS)


def test_the_global_policy_may_be_a_map(backend):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(DTypePolicyMap("mixed_bfloat16", {"a": "float32"}))
    try:
        made = [layers.Dense(1, name=name) for name in "ab"]
        for layer in made:
            layer.build((2, 3))
    finally:
        keras.config.set_dtype_policy(before)
    assert [layer.compute_dtype for layer in made] == ["float32", "bfloat16"]


def test_look_up_of_keras():
    """What Keras 3.15.1 finds."""
    policies = DTypePolicyMap("float32", {"a/ker": "float16", ".*bias": "bfloat16"})
    policies["a/b"] = DTypePolicy("float64")
    policies["a/b.*"] = "mixed_float16"
    expected = {
        "a/kernel": "float32",  # an expression matches the whole path
        "a/ker": "float16",
        "q/bias": "bfloat16",
        "q/bias_1": "float32",
        "a/b": "float64",  # the path itself comes first
        "a/bc": "mixed_float16",
    }
    assert {path: policies[path].name for path in expected} == expected
    assert (policies.name, policies.compute_dtype) == ("map_float32", "float32")
    assert policies.quantization_mode is None
    assert len(policies) == 4 and get(policies) is policies
    with pytest.raises(ValueError, match="'a/bbias' matches several"):
        policies["a/bbias"]
    del policies["a/b"]
    assert policies["a/b"].name == "mixed_float16"


def test_without_a_default_the_global_policy_holds():
    policies = DTypePolicyMap()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert policies.default_policy.name == "mixed_float16"
        assert policies.get_config() == {"default_policy": None, "policy_map": {}}
    finally:
        keras.config.set_dtype_policy(before)
    assert policies.name == "map_float32"


# `serialize(DTypePolicyMap("float32", {"d1": DTypePolicy("mixed_bfloat16")}))` of Keras
# 3.15.1.
OF_KERAS = {
    "module": "keras.dtype_policies",
    "class_name": "DTypePolicyMap",
    "config": {
        "default_policy": "float32",
        "policy_map": {
            "d1": {
                "module": "keras",
                "class_name": "DTypePolicy",
                "config": {"name": "mixed_bfloat16"},
                "registered_name": None,
            }
        },
    },
    "registered_name": None,
}


def test_config_of_keras():
    policies = DTypePolicyMap("float32", {"d1": DTypePolicy("mixed_bfloat16")})
    assert json.loads(json.dumps(serialize(policies))) == OF_KERAS
    assert deserialize(OF_KERAS) == policies


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: DTypePolicyMap(policy_map=[1]), TypeError, "dict.*\\[1\\]"),
        (lambda: DTypePolicyMap("float33"), ValueError, "float33"),
        (lambda: DTypePolicyMap(DTypePolicyMap()), TypeError, "`default_policy`"),
        (lambda: DTypePolicyMap(None, {"a": "f8"}), ValueError, "f8"),
        (lambda: DTypePolicyMap(None, {"a": 3}), ValueError, "3"),
        (lambda: DTypePolicyMap(None, {3: "float16"}), TypeError, "string"),
        (lambda: DTypePolicyMap(None, {"*": "float16"}), ValueError, "'\\*'"),
    ],
)
def test_mistakes(make, error, words):
    with pytest.raises(error, match=words):
        make()
