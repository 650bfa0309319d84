"""Nests keep the user's containers; state is found in them."""

import collections

import numpy as np
import pytest

import keras
from keras import layers, ops, tree
from keras.core import masks
from keras.core.state import parts

Pair = collections.namedtuple("Pair", "left right")


def test_nests():
    nest = {"b": [1, (2, 3)], "a": Pair(4, None)}
    assert tree.flatten(nest) == [1, 2, 3, 4, None]  # in order, None too
    doubled = tree.map_structure(lambda x: x and 2 * x, nest)
    assert doubled == {"b": [2, (4, 6)], "a": Pair(8, None)}
    assert list(doubled) == ["b", "a"]
    assert isinstance(doubled["a"], Pair)
    assert tree.pack_sequence_as(nest, "abcde")["a"] == Pair("d", "e")
    paths = [path for path, _ in tree.flatten_with_path(nest)]
    assert paths[:2] == [("b", 0), ("b", 1, 0)]


def test_other_kinds_of_dicts():
    ordered = collections.OrderedDict(z=1, a=2)
    out = tree.map_structure(lambda x: -x, ordered)
    assert isinstance(out, collections.OrderedDict)
    assert list(out.items()) == [("z", -1), ("a", -2)]


def test_nests_that_differ():
    tree.assert_same_structure({"a": 1, "b": 2}, {"b": 3, "a": 4})
    for a, b in (([1], (1,)), ({"a": 1}, {"b": 1}), ([1, 2], [1]), (1, [1])):
        with pytest.raises(ValueError, match="differ"):
            tree.assert_same_structure(a, b)
    with pytest.raises(ValueError, match="3 leaves but 2"):
        tree.pack_sequence_as([1, 2, 3], [1, 2])


class Bricks(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(2), {"inner": (layers.Dense(3), [])}]
        self.heads = collections.OrderedDict(b=layers.Dense(1), a=layers.Dense(1))
        self.pair = Pair(layers.Dense(2), keras.Variable(1.0, name="scale"))
        self.numbers = {"rate": [1, 2]}

    def call(self, x):
        x = self.blocks[1]["inner"][0](self.blocks[0](x))
        return self.heads["a"](x) + self.heads["b"](x) + self.pair.right


def test_containers_are_the_users_own(backend):
    model = Bricks()
    blocks, numbers = [layers.Dense(4)], {"rate": [1]}
    model.more, model.numbers = blocks, numbers
    assert model.more is blocks and model.numbers is numbers
    assert type(model.blocks) is list and type(model.heads) is collections.OrderedDict
    assert type(model.pair) is Pair
    model.more.append(layers.Dense(5))  # found, although nobody was told
    assert len([layer for layer in model.layers if layer in model.more]) == 2
    model.more.clear()
    assert not [layer for layer in model.layers if layer in blocks]


def test_state_in_containers(backend):
    model = Bricks()
    model(ops.ones((1, 2)))
    assert len(model.weights) == 9  # four Dense layers called, and the scale
    assert any(w is model.pair.right for w in model.trainable_weights)
    paths = [path for path, _ in parts(model) if path.startswith(("blocks", "heads"))]
    assert paths == ["blocks/0", "blocks/1/inner/0", "heads/b", "heads/a"]
    shared = model.blocks[0]
    model.again = [shared, {"twice": shared}]
    assert len(model.weights) == 9


def test_a_container_that_holds_itself(backend):
    model = Bricks()
    loop = [layers.Dense(1)]
    loop.append(loop)
    model.loop = loop
    assert loop[0] in model.layers


def test_trainable_reaches_into_containers(backend):
    model = Bricks()
    model(ops.ones((1, 2)))
    model.blocks[1]["inner"][0].trainable = False
    assert len(model.trainable_weights) == 7
    model.trainable = False
    assert not model.trainable_weights


def test_masks_travel(backend):
    x = np.array([[[1.0], [2.0], [0.0]], [[3.0], [0.0], [0.0]]], "float32")
    wanted = [[True, True, False], [True, False, False]]
    masked = layers.Masking()(x)
    for out in (
        ops.add(masked, 1),
        ops.multiply(ops.exp(masked), 2.0),
        ops.maximum(1.0, masked),
        layers.Add()([masked, masked]),
        layers.Concatenate()([masked, masked]),
        layers.Dropout(0.5)(masked),
        layers.Dense(2)(masked),
    ):
        np.testing.assert_array_equal(masks.get_mask(out), wanted)
    assert masks.get_mask(ops.sum(masked, axis=-1)) is None
    assert masks.get_mask(ops.transpose(masked)) is None


def test_paths_and_shallow_structures():
    tree.assert_same_paths([1, {"x": 2}], (3, {"x": 4}))
    with pytest.raises(ValueError, match=r"Only in `a`.*'x'"):
        tree.assert_same_paths({"x": 1}, {"y": 1})
    deep = {"a": [1], "b": []}
    assert tree.map_structure_up_to({"a": 0, "b": 0}, len, deep) == {"a": 1, "b": 0}
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 1 else None, [1, 2]) == [
        None,
        2,
    ]
    with pytest.warns(DeprecationWarning, match="check_types"):
        tree.assert_same_structure([1], [2], check_types=False)
