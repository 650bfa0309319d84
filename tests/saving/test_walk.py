"""Paths of nested state are those Keras 3.15.1 gave in the same situations."""

import numpy as np

import keras
from keras import layers
from keras.core.state_paths import entries, saveables


def paths(model):
    return [path for path, _ in saveables(model)]


class Holder(layers.Layer):
    """Layers under many kinds of attributes."""

    def __init__(self):
        super().__init__()
        dense = layers.Dense
        self.a = self._a = self.Z = dense(1)
        self._und = dense(2)
        self._private = dense(3)
        self.lst = [dense(5), dense(6)]
        self.blst = self.lst
        self.again = self.lst[1]
        self.dct = {"q": dense(7), "p": {"r": dense(7)}, ("t", 1): dense(7)}
        self.mixed = [dense(8), "s", 3, None, (dense(9),)]
        self.metric = keras.metrics.Mean()
        self.seed = keras.random.SeedGenerator(1)

    @property
    def prop(self):
        return self._und

    @property
    def fails(self):
        raise RuntimeError("not now")

    def call(self, x):
        return x


def test_attributes_lists_dicts_and_properties():
    assert paths(Holder()) == [
        "",
        "Z",
        "again",
        "blst/dense",
        "dct/dense",
        "dct/container/dense",
        "dct/dense_1",
        "mixed/dense",
        "mixed/container/dense",
        "prop",
        "_private",
    ]


def test_functional_model_with_shared_and_own_layers():
    class Owner(keras.Model):
        def __init__(self):
            x = keras.Input((3,))
            first = layers.Dense(3)
            inner = keras.Model(x, layers.Dense(3)(first(x)))
            y = first(inner(layers.Dense(3)(x)))
            super().__init__(x, layers.Dense(2)(y * 2))
            self.a_first = first
            self.extra = layers.Dense(1)

    assert paths(Owner()) == [
        "",
        "layers/input_layer",
        "layers/dense",
        "layers/functional",
        "layers/functional/layers/dense",
        "layers/functional/layers/dense_1",
        "layers/dense_2",
        "extra",
    ]


def test_sequential_leaves_out_its_input():
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(1), keras.Sequential([layers.Dense(1)])]
    )
    assert paths(model) == [
        "",
        "layers/dense",
        "layers/sequential",
        "layers/sequential/layers/dense",
    ]


def test_subclassed_model():
    class Sub(keras.Model):
        def __init__(self):
            super().__init__()
            self.zeta = layers.Dense(2)
            self.alpha = layers.Dense(2)
            self.blocks = [layers.Dense(2), [layers.Dense(2)]]
            self.table = {"b": layers.Dense(2), "a": layers.Dense(2)}
            self._hidden = layers.Dense(2)

        def call(self, x):
            return x

    assert paths(Sub()) == [
        "",
        "alpha",
        "blocks/dense",
        "blocks/container/dense",
        "layers/dense",
        "layers/dense_4",
        "layers/dense_5",
        "layers/dense_6",
    ]


def test_own_variables_are_ordered_by_kind_then_creation(backend):
    class Own(layers.Layer):
        def __init__(self):
            super().__init__()
            self.v = keras.Variable(np.zeros(5), trainable=False)
            self.u = [keras.Variable(np.zeros(6))]

        def build(self, input_shape):
            self.n1 = self.add_weight((1,), trainable=False)
            self.t1 = self.add_weight((2,))
            self.n2 = self.add_weight((3,), trainable=False)
            self.t2 = self.add_weight((4,))

        def call(self, x):
            return x

    layer = Own()
    layer.build((None, 1))
    (entry,) = entries(layer)
    shapes = [variable.shape for variable in entry.values.values()]
    assert shapes == [(6,), (2,), (4,), (5,), (1,), (3,)]
    layer.trainable = False
    (entry,) = entries(layer)
    assert [variable.shape for variable in entry.values.values()] == shapes


def test_class_names_become_groups():
    names = {}
    for name in ("MyDense", "ABCNet2D", "_Hidden", "Conv2D", "PReLU", "RMSNorm"):
        cls = type(name, (layers.Layer,), {"call": lambda self, x: x})
        holder = layers.Layer()
        holder.items = [cls()]
        names[name] = paths(holder)[1]
    assert names == {
        "MyDense": "items/my_dense",
        "ABCNet2D": "items/abc_net2d",
        "_Hidden": "items/__hidden",
        "Conv2D": "items/conv2d",
        "PReLU": "items/p_re_lu",
        "RMSNorm": "items/rms_norm",
    }
