"""Families: objects by name, in any form, with near matches in the errors."""

import pytest

import keras
from keras.core.config.configurable import Configurable
from keras.core.config.family import Family, table_of


class HugeNorm(Configurable):
    def __init__(self, size=1):
        self.size = size


def small_norm(x):
    return x


FAMILY = Family("norm", {**table_of([HugeNorm], big=HugeNorm), "small": small_norm})


def test_table_of():
    assert sorted(FAMILY.objects) == ["HugeNorm", "big", "huge_norm", "small"]


def test_get():
    norm = HugeNorm(2)
    for name in ("HugeNorm", "huge_norm", "big"):
        assert FAMILY.get(name).size == 1
    assert FAMILY.get("small") is small_norm
    assert FAMILY.get(HugeNorm).size == 1
    assert FAMILY.get(norm) is norm
    assert FAMILY.get(small_norm) is small_norm
    assert FAMILY.get(None) is None
    assert FAMILY.get({"class_name": "HugeNorm", "config": {"size": 5}}).size == 5
    assert FAMILY.get({"class_name": "big"}).size == 1


def test_classes_are_left_alone_if_asked():
    assert Family("norm", FAMILY.objects, instantiate=False).get("big") is HugeNorm


def test_case():
    loose = Family("norm", {"big": HugeNorm}, ignore_case=True)
    assert loose.get("BIG").size == 1
    with pytest.raises(ValueError, match="Unknown norm 'BIG'"):
        FAMILY.get("BIG")


def test_errors():
    with pytest.raises(ValueError, match="'hugenorm'. Did you mean 'huge_norm'"):
        FAMILY.get("hugenorm")
    with pytest.raises(ValueError, match="A norm must be given by name.*received 3"):
        FAMILY.get(3)
    with pytest.raises(ValueError, match="is a dict with `class_name`"):
        FAMILY.deserialize({"size": 3})
    with pytest.raises(TypeError, match="must be a dict"):
        FAMILY.deserialize({"class_name": "big", "config": 3})


def test_round_trip_and_custom_names():
    data = FAMILY.serialize(HugeNorm(4))
    assert FAMILY.deserialize(data).size == 4

    class Other(HugeNorm):
        pass

    data = FAMILY.serialize(Other(5))
    assert type(FAMILY.deserialize(data, {"Other": Other})) is Other
    with keras.saving.CustomObjectScope({"Other": Other}):
        assert type(FAMILY.get("Other")) is Other
    assert FAMILY.deserialize("small") is small_norm


@pytest.mark.parametrize(
    ("get", "wrong", "right"),
    [
        (keras.losses.get, "binary_crosentropy", "binary_crossentropy"),
        (keras.initializers.get, "he_norml", "he_normal"),
        (keras.activations.get, "rellu", "relu"),
    ],
)
def test_public_families_name_what_is_near(get, wrong, right):
    with pytest.raises(ValueError, match=f"'{wrong}'.*Did you mean .*'{right}'"):
        get(wrong)
