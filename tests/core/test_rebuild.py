"""Rebuilding graphs with other operations, and the functions and models that do."""

import copy

import numpy as np
import pytest

import keras
from keras import layers
from keras.core.graph.graph import Graph
from keras.core.graph.rebuild import rebuild


class Scale(layers.Layer):
    """Multiply by a number."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor


def nested_model():
    """A model with a shared layer, nested models that use it too, and an op."""
    shared = layers.Dense(4, name="shared")
    start = keras.Input((4,), name="start")
    inner = keras.Model(start, layers.ReLU(name="relu")(shared(start)), name="inner")
    chain = keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, name="dense"), layers.ReLU(name="relu")],
        name="chain",
    )
    inputs = keras.Input((4,), name="inputs")
    x = chain(inner(shared(inputs)))
    x = inner(keras.ops.sin(x))
    outputs = {"sum": layers.Add(name="add")([x, inputs]), "relu": layers.ReLU()(x)}
    return keras.Model(inputs, outputs, name="outer")


def data():
    return np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


def all_layers(model):
    return [layer for layer in model._flatten_layers() if not layer._direct_layers()]


def test_every_relu_is_swapped_and_all_else_shared(backend):
    model = nested_model()

    def swap(layer):
        if isinstance(layer, layers.ReLU):
            return layers.LeakyReLU(0.5, name=layer.name)
        return layer

    swapped = keras.models.clone_model(model, clone_function=swap, recursive=True)

    assert not [x for x in all_layers(swapped) if isinstance(x, layers.ReLU)]
    assert len([x for x in all_layers(model) if isinstance(x, layers.ReLU)]) == 3
    assert [id(v) for v in swapped.weights] == [id(v) for v in model.weights]
    # Slope 0.5 is the mean of slope 0 and slope 1.
    w, b = (v.numpy() for v in model.get_layer("shared").weights)
    k, c = (v.numpy() for v in model.get_layer("chain").weights)
    x = data()

    def leaky(z):
        return np.where(z > 0, z, 0.5 * z)

    inner = leaky((x @ w + b) @ w + b)
    out = leaky(np.sin(leaky(inner @ k + c)) @ w + b)
    got = swapped(x)
    np.testing.assert_allclose(got["sum"].numpy(), out + x, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(got["relu"].numpy(), leaky(out), rtol=1e-4, atol=1e-5)


def test_every_dense_is_swapped_once(backend):
    model = nested_model()
    asked = []

    def swap(layer):
        asked.append(id(layer))
        if isinstance(layer, layers.Dense):
            return layers.Dense(4, activation="tanh", name=layer.name)
        return layer

    swapped = keras.models.clone_model(model, clone_function=swap, recursive=True)

    assert len(asked) == len(set(asked))
    shared = swapped.get_layer("shared")
    assert shared is swapped.get_layer("inner").get_layer("shared")
    assert shared is not model.get_layer("shared")
    assert len(swapped.weights) == len(model.weights) == 4
    swapped.set_weights(model.get_weights())
    assert swapped(data())["sum"].shape == (3, 4)


def test_a_replacement_may_be_a_function(backend):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.ReLU()(layers.Dense(2)(inputs)))

    def swap(operation):
        if isinstance(operation, layers.ReLU):
            return lambda x: keras.ops.maximum(keras.ops.sin(x), 0) + 1
        return operation

    swapped = keras.Model(*rebuild(model._graph, swap))

    dense = model.layers[1]
    assert dense in swapped.layers
    wanted = np.maximum(np.sin(dense(data()).numpy()), 0) + 1
    np.testing.assert_allclose(swapped(data()).numpy(), wanted, rtol=1e-5, atol=1e-6)


def test_what_does_not_change_is_not_called_again(backend):
    inputs = keras.Input((4,))
    middle = layers.Dense(4)(inputs)
    graph = Graph(inputs, layers.ReLU()(middle), "A graph")

    new_inputs, new_outputs = rebuild(graph, lambda operation: operation)

    assert new_inputs is inputs and new_outputs is graph.outputs_struct


def test_other_inputs_and_calls(backend):
    model = nested_model()
    seen = []

    def call(layer, *args, **kwargs):
        seen.append(layer.name)
        return layer(*args, **kwargs)

    start = Scale(2.0)(keras.Input((4,), name="other"))
    twin = keras.models.clone_model(
        model, input_tensors=start, call_function=call, recursive=True
    )

    twin.set_weights(model.get_weights())
    wanted = model(2 * data())["sum"].numpy()
    np.testing.assert_allclose(twin(2 * data())["sum"].numpy(), wanted, rtol=1e-5)
    assert seen.count("inner") == 2 and seen.count("add") == 1


def test_mistakes_are_told(backend):
    model = nested_model()
    with pytest.raises(ValueError, match="1 input tensors are needed; received 2"):
        keras.models.clone_model(
            model, input_tensors=[keras.Input((4,)), keras.Input((4,))]
        )
    with pytest.raises(ValueError, match="must be symbolic"):
        keras.models.clone_model(model, input_tensors=data())
    with pytest.raises(ValueError, match="'shared' it returned None"):
        keras.models.clone_model(model, clone_function=lambda layer: None)
    with pytest.raises(ValueError, match="1 output.*returned 2"):
        keras.models.clone_model(
            model, clone_function=lambda layer: lambda x, *_: [x, x]
        )


def test_a_deep_copy_shares_nothing_and_runs_nothing(backend, monkeypatch):
    model = nested_model()
    wanted = model(data())["sum"].numpy()
    monkeypatch.setattr(layers.Dense, "call", None)

    twin = copy.deepcopy(model)

    monkeypatch.undo()
    assert not {id(v) for v in twin.weights} & {id(v) for v in model.weights}
    assert twin.get_layer("shared") is twin.get_layer("inner").get_layer("shared")
    assert [op.name for op in twin.operations] == [op.name for op in model.operations]
    np.testing.assert_array_equal(twin(data())["sum"].numpy(), wanted)


def test_a_function_is_copied_as_a_model_is(backend):
    model = nested_model()
    features = keras.Function(model.inputs, model.get_layer("add").output)

    twin = copy.deepcopy(features)

    wanted = features(data()).numpy()
    model.set_weights([w + 1 for w in model.get_weights()])
    np.testing.assert_array_equal(twin(data()).numpy(), wanted)
    assert not np.allclose(features(data()).numpy(), wanted)


def test_a_function_checks_its_inputs(backend):
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    add = keras.Function({"left": a, "right": b}, a + b)
    one = np.ones((2, 3))

    assert add({"right": one, "left": one}).numpy().sum() == 12.0
    with pytest.raises(ValueError, match=r"'left', 'right'.*'right'.*missing"):
        add({"left": one})
    with pytest.raises(ValueError, match=r"'a' must have shape \(None, 3\)"):
        add({"left": np.ones((2, 4)), "right": one})
    with pytest.raises(ValueError, match="has 2 input"):
        add([one])


def test_graphs_of_thousands_of_layers(backend):
    inputs = x = keras.Input((2,))
    double = Scale(-1.0)
    for i in range(1200):
        x = double(x) if i % 2 else -x
    model = keras.Model(inputs, x)

    twin = copy.deepcopy(model)
    clone = keras.models.clone_model(model)
    moved = model.to_backend(backend)

    for other in (twin, clone, moved):
        out = keras.Function(other.inputs, other.outputs[0])(np.ones((1, 2)))
        np.testing.assert_array_equal(out.numpy(), np.ones((1, 2)))
