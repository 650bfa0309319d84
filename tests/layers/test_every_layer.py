"""What holds for every layer: configs come back, shapes are foreseen, types kept."""

import inspect
import json

import numpy as np
import pytest
from layer_cases import CASES, Of

import keras
from keras import layers, ops

IDS = [f"{name}-{i}" for i, (name, *_) in enumerate(CASES)]
every_layer = pytest.mark.parametrize("name,arguments,shapes", CASES, ids=IDS)


def make(cls, arguments, **more):
    inner = {"dtype": more["dtype"]} if "dtype" in more else {}
    arguments = {
        name: make(*value, **inner) if isinstance(value, Of) else value
        for name, value in arguments.items()
    }
    return getattr(layers, cls)(**arguments, **more)


def draw(name, shapes, seed=0):
    rng = np.random.default_rng(seed)
    if isinstance(shapes, list):
        return [draw(name, shape, seed + i) for i, shape in enumerate(shapes)]
    if name == "Embedding":
        return rng.integers(0, 9, shapes).astype("int32")
    return rng.normal(size=shapes).astype("float32")


def numpy(x):
    return np.asarray(ops.convert_to_numpy(x))


def symbols(name, shapes, known):
    """Inputs of these shapes, of which only the axes in `known` are told."""
    if isinstance(shapes, list):
        return [symbols(name, shape, known) for shape in shapes]
    dtype = "int32" if name == "Embedding" else "float32"
    dims = [
        n if i in known or i == len(shapes) - 1 else None for i, n in enumerate(shapes)
    ]
    return keras.KerasTensor(dims, dtype)


def test_every_public_layer_has_a_case():
    without = {"Lambda", "SpectralNormalization", "Wrapper"}
    given = {name for name, *_ in CASES} | without
    here = {
        name
        for name in layers.__all__
        if inspect.isclass(getattr(layers, name))
        and getattr(layers, name).__module__ in FAMILIES
        and getattr(layers, name).__name__ == name
    }
    assert here == given


FAMILIES = {
    f"keras.layers.{name}"
    for name in (
        "activation adaptive_pooling attention batch_normalization bidirectional "
        "conv_lstm "
        "convolution core cropping dense depthwise_convolution embedding "
        "global_pooling merging normalization pooling recurrent regularization "
        "reshaping rnn spectral_normalization transposed_convolution upsampling wrapper"
    ).split()
}


@every_layer
def test_config_round_trip(backend, name, arguments, shapes):
    """A layer made of the config, through JSON, computes the same."""
    layer = make(name, arguments, name="mine", dtype="float32")
    x = draw(name, shapes)
    expected = numpy(layer(x))
    data = json.loads(json.dumps(layers.serialize(layer)))
    assert (data["module"], data["class_name"]) == ("keras.layers", name)
    again = layers.deserialize(data)
    assert again.name == "mine" and type(again) is type(layer)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(numpy(again(x)), expected)
    assert layers.serialize(again) == layers.serialize(layer)


@every_layer
def test_shapes_are_foreseen(backend, name, arguments, shapes):
    """The symbolic shape is the actual one, with unknown batch and spatial axes too."""
    x = draw(name, shapes)
    actual = tuple(make(name, arguments)(x).shape)
    needs_all = (
        name.startswith(("Adaptive", "ConvLSTM"))
        or "axis" in arguments
        or name in ("PReLU", "Dot", "EinsumDense")
    )
    for known in (range(1, 9), range(2, 9), ()):
        if needs_all and known != range(1, 9):
            continue
        found = make(name, arguments)(symbols(name, shapes, known)).shape
        assert len(found) == len(actual)
        assert all(a in (b, None) for a, b in zip(found, actual)), (known, found)
        if known == range(1, 9):
            assert found[1:] == actual[1:]
            assert found[0] is None


@every_layer
def test_narrow_types(backend, name, arguments, shapes):
    """In mixed precision weights stay wide; outputs are narrow and near the wide."""
    x = draw(name, shapes)
    wide = make(name, arguments)
    narrow = make(name, arguments, dtype="mixed_bfloat16")
    expected = wide(x)
    out = narrow(x)
    narrow.set_weights(wide.get_weights())
    out = narrow(x)
    assert ops.dtype(out) == "bfloat16"
    assert {v.dtype for v in narrow.weights} <= {"float32"}
    np.testing.assert_allclose(
        numpy(ops.cast(out, "float32")), numpy(expected), rtol=0.05, atol=0.06
    )


@every_layer
def test_training_leaves_a_trace_only_where_it_should(backend, name, arguments, shapes):
    """A call in training mode changes moving averages and seeds, and nothing else."""
    layer = make(name, arguments)
    x = draw(name, shapes)
    layer(x)
    before = [v.numpy().copy() for v in layer.variables]
    if "training" in inspect.signature(layer.call).parameters:
        layer(x, training=True)
    else:
        layer(x)
    changed = {
        v.name for v, old in zip(layer.variables, before) if (v.numpy() != old).any()
    }
    moving = {v.name for v in layer.non_trainable_variables}
    if name in ("Embedding",):
        moving = set()
    assert changed == moving


@every_layer
def test_jit_agrees(backend, name, arguments, shapes):
    """Compiled, the values are the same."""
    layer = make(name, arguments)
    x = draw(name, shapes)
    expected = numpy(layer(x))
    tensors = [ops.convert_to_tensor(v) for v in (x if isinstance(x, list) else [x])]
    compiled = keras.jit(lambda *xs: layer(list(xs) if isinstance(x, list) else xs[0]))
    np.testing.assert_allclose(
        numpy(compiled(*tensors)), expected, rtol=2e-5, atol=1e-5
    )
