"""Config by convention: what is written, whose arguments, and the advice in errors."""

import numpy as np
import pytest

import keras
from keras.core.config.configurable import Configurable


class Base(Configurable):
    def __init__(self, *, name=None, scale=1.0):
        self.name = name
        self.scale = scale


def test_arguments_of_the_bases_come_first():
    class Child(Base):
        def __init__(self, units, axis=-1, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.axis = axis

    child = Child(3, name="c")
    config = child.get_config()
    assert list(config.items()) == [
        ("name", "c"),
        ("scale", 1.0),
        ("units", 3),
        ("axis", -1),
    ]
    again = Child.from_config(config)
    assert type(again) is Child and again.get_config() == config


def test_bases_are_left_out_where_their_arguments_are_not_taken():
    class Closed(Base):
        def __init__(self, units):
            super().__init__(name="fixed")
            self.units = units

    assert Closed(3).get_config() == {"units": 3}


def test_values():
    class Holds(Base):
        def __init__(self, a, b, c, activation, f):
            self.a, self.b, self.c, self.f = a, b, c, f
            self.activation = keras.activations.get(activation)

    def fn(x):
        return x

    held = Holds((1, 2), keras.regularizers.L2(0.5), np.arange(2), "relu", fn)
    config = held.get_config()
    assert config["a"] == (1, 2)
    assert config["b"]["class_name"] == "L2"
    assert config["c"]["class_name"] == "__numpy__"
    assert config["activation"] == "relu"
    assert config["f"]["config"] == "fn"
    with keras.saving.CustomObjectScope({"fn": fn}):
        again = Holds.from_config(config)
    assert again.b.l2 == 0.5 and again.f is fn
    assert again.activation is keras.activations.relu
    np.testing.assert_array_equal(again.c, [0, 1])


def test_lambdas_serve_in_the_same_program_only():
    class Holds(Base):
        def __init__(self, fn):
            self.fn = fn

    held = Holds(lambda x: x)
    assert Holds.from_config(held.get_config()).fn is held.fn
    with pytest.raises(TypeError, match="a lambda has no name"):
        keras.saving.serialize_keras_object(held)


def test_variables_are_written_as_numbers(backend):
    class Rate(Base):
        __module__ = "keras.tests"  # as this package's own: from the attribute

        def __init__(self, rate):
            self.rate = keras.Variable(rate)

    assert Rate(0.5).get_config() == {"rate": 0.5}


def test_arguments_kept_elsewhere_are_remembered():
    class Elsewhere(Base):
        def __init__(self, units, axis=-1, **kwargs):
            super().__init__(**kwargs)
            self.inner = [units, axis]

    assert Elsewhere(3).get_config() == {
        "name": None,
        "scale": 1.0,
        "units": 3,
        "axis": -1,
    }
    again = Elsewhere.from_config(Elsewhere(3, axis=2, name="n").get_config())
    assert again.inner == [3, 2] and again.name == "n"


def test_keywords_of_no_signature_are_remembered():
    class Loose(Base):
        def __init__(self, units, **kwargs):
            self.extra = kwargs.pop("extra", 0)
            super().__init__(**kwargs)

    config = Loose(3, extra=5, name="n").get_config()
    assert config == {"name": "n", "scale": 1.0, "units": 3, "extra": 5}
    assert Loose.from_config(config).extra == 5


def test_an_argument_turned_into_something_else_is_written_as_given():
    class Turned(Base):
        def __init__(self, units):
            self.units = keras.layers.Dense(units)

    config = Turned(3).get_config()
    assert config == {"units": 3}
    assert Turned.from_config(config).units.units == 3


def test_a_class_with_get_config_answers_for_its_own_arguments():
    class Own(Base):
        def __init__(self, units, encoder=None, **kwargs):
            super().__init__(**kwargs)
            self.encoder = object()
            self.width = units

        def get_config(self):
            return {**super().get_config(), "units": self.width}

    config = Own(3, name="n").get_config()
    assert config == {"name": "n", "scale": 1.0, "units": 3}
    assert Own.from_config(config).width == 3

    class Below(Own):
        def __init__(self, depth, **kwargs):
            super().__init__(**kwargs)
            self.depth = depth

    config = Below(2, units=3).get_config()
    assert config == {"name": None, "scale": 1.0, "units": 3, "depth": 2}
    assert Below.from_config(config).depth == 2


def test_own_get_config_gets_back_what_it_gave():
    class Own(Base):
        def __init__(self, inner_config):
            self.inner_config = inner_config

        def get_config(self):
            return {"inner_config": self.inner_config}

    data = keras.saving.serialize_keras_object(keras.regularizers.L2(0.5))
    assert Own.from_config(Own(data).get_config()).inner_config == data


def test_advice():
    class Ours(Base):
        __module__ = "keras.tests"

        def __init__(self, units):
            pass

    with pytest.raises(NotImplementedError, match="`units` is not kept.*self.units"):
        Ours(3).get_config()

    class Variadic(Base):
        def __init__(self, *sizes):
            self.sizes = sizes

    with pytest.raises(NotImplementedError, match=r"`\*sizes` has no names"):
        Variadic(1, 2).get_config()

    class Unwritable(Base):
        def __init__(self, thing):
            self.thing = thing

    with pytest.raises(NotImplementedError, match="`thing` cannot be written: Cannot"):
        Unwritable(object()).get_config()


def test_config_value_may_be_overridden():
    class Renamed(Base):
        def config_value(self, name, value):
            if name == "scale":
                return f"{value:.1f}"
            return super().config_value(name, value)

    assert Renamed(scale=2).get_config() == {"name": None, "scale": "2.0"}
