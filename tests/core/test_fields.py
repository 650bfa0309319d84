"""Attributes that instances set are declared, and described, at the class."""

import pytest

import keras
from keras import layers

DECLARED = {
    keras.KerasTensor: "dtype shape",
    keras.Variable: "aggregation dtype name overwrite_with_gradient path shape "
    "synchronization",
    layers.Layer: "dtype_policy input_spec supports_masking",
    layers.Dense: "kernel",
    layers.Conv1D: "kernel",
    layers.EinsumDense: "kernel",
    layers.Embedding: "embeddings",
    layers.InputLayer: "batch_shape",
    layers.MultiHeadAttention: "dropout key_dim num_heads use_bias value_dim",
    keras.Model: "jit_compile run_eagerly",
}


@pytest.mark.parametrize("cls", DECLARED, ids=lambda cls: cls.__name__)
def test_fields_are_described_at_the_class(cls):
    for name in DECLARED[cls].split():
        assert getattr(cls, name).__doc__.endswith(".")


def test_instances_have_their_own(backend):
    layer = layers.Dense(2)
    assert layer.dtype_policy.name == "float32"
    layer.supports_masking = False
    assert not layer.supports_masking and layers.Dense(2).supports_masking
    layer.build((None, 3))
    assert layer.kernel.shape == (3, 2) and layer.kernel.name == "kernel"


@pytest.mark.parametrize(
    "layer, name",
    [
        (lambda: layers.Dense(2), "kernel"),
        (lambda: layers.Conv2D(2, 3), "kernel"),
        (lambda: layers.Embedding(2, 3), "embeddings"),
    ],
)
def test_what_is_not_there_yet_says_when_it_is(layer, name, backend):
    layer = layer()
    assert not hasattr(layer, name)
    with pytest.raises(AttributeError, match=f"{name}.*build"):
        getattr(layer, name)
