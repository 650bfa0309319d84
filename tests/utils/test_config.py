"""Config, and objects in the short form of Keras 2."""

import json

import pytest

import keras
from keras.utils import Config, legacy


def test_values_by_attribute_and_key():
    config = Config(a=1, b=[1, 2], c=Config(d=1.5))
    config.e = "x"
    config["a"] = 2
    config.update({"f": True}, g=None)
    assert (config.a, config["e"], config.c.d) == (2, "x", 1.5)
    assert config.get("z") is None and config.get("z", 3) == 3
    assert list(config) == list("abcefg") and len(config) == 6 and "e" in config
    assert config.pop("a") == 2 and "a" not in config
    del config.g
    assert json.loads(config.to_json()) == {
        "b": [1, 2],
        "c": {"d": 1.5},
        "e": "x",
        "f": True,
    }
    with pytest.raises(AttributeError, match=r"no value 'zz'"):
        _ = config.zz


@pytest.mark.parametrize(
    "change",
    [
        lambda c: setattr(c, "a", 2),
        lambda c: c.__setitem__("a", 2),
        lambda c: c.update(a=2),
        lambda c: c.pop("a"),
        lambda c: c.__delitem__("a"),
    ],
)
def test_what_is_frozen_does_not_change(change):
    config = Config(a=1)
    config.freeze()
    assert config.frozen
    with pytest.raises(ValueError, match="frozen"):
        change(config)
    config.unfreeze()
    change(config)
    assert config.get("a") != 1


def test_the_short_form():
    table = {"L2": keras.regularizers.L2, "relu": keras.activations.relu}
    form = legacy.serialize_keras_object(keras.regularizers.L2(0.5))
    assert form == {"class_name": "L2", "config": {"l2": 0.5}}
    assert legacy.deserialize_keras_object(form, table).l2 == 0.5
    assert legacy.deserialize_keras_object("relu", table) is keras.activations.relu
    assert legacy.serialize_keras_object(keras.activations.relu) == "relu"
    assert isinstance(
        legacy.deserialize_keras_object("mine", table, {"mine": table["L2"]}),
        keras.regularizers.L2,
    )
    for wrong in ("L3", 3, {"class_name": "L2"}, {"class_name": "X", "config": {}}):
        with pytest.raises(ValueError):
            legacy.deserialize_keras_object(wrong, table)


def test_version_is_a_function_after_its_module_was_used():
    assert keras.__version__ == keras.version()
