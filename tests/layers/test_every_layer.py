"""What holds for every public layer: the laws of `keras.testing.check_layer`."""

import functools
import inspect

import pytest
from layer_cases import CASES, NEEDS_SIZES, WITHOUT_A_CASE, Of, Several

from keras import layers
from keras.testing.laws import as_tensors
from keras.testing.layer_laws import LAYER_LAWS, LayerCase

pytestmark = pytest.mark.usefixtures("quick_compilation")

# Laws that need not hold for a layer, and why.
EXCEPT = {
    ("SpectralNormalization", "training_state"): "divides the kernel by its norm",
}
IDS = [f"{name}-{i}" for i, (name, *_) in enumerate(CASES)]
every_layer = pytest.mark.parametrize("name,arguments,inputs", CASES, ids=IDS)


def make(name, arguments):
    """A layer by its class and arguments."""
    return getattr(layers, name)(**{k: _argument(v) for k, v in arguments.items()})


def _argument(value):
    if isinstance(value, Of):
        return make(*value)
    return [_argument(v) for v in value] if isinstance(value, list) else value


@functools.cache
def case_at(index, backend):
    """The case of one row, kept so that laws share what is costly."""
    return case_of(*CASES[index], backends=("torch", "tensorflow"))


def case_of(name, arguments, inputs, backends=()):
    return LayerCase(
        functools.partial(make, name, arguments),
        inputs.inputs if isinstance(inputs, Several) else (inputs,),
        unknown_axes=name not in NEEDS_SIZES and "axis" not in arguments,
        backends=backends,
        rtol=2e-5,
        atol=1e-5,
    )


def test_every_public_layer_has_a_case():
    """By identity, as some layers have two names."""
    given = {getattr(layers, name) for name, *_ in CASES}
    excused = {getattr(layers, name) for name in WITHOUT_A_CASE}
    here = {x for x in map(layers.__dict__.get, layers.__all__) if inspect.isclass(x)}
    assert here - given == excused
    assert not given & excused


@pytest.mark.parametrize("index", range(len(CASES)), ids=IDS)
@pytest.mark.parametrize("law", LAYER_LAWS, ids=lambda law: law.__name__)
def test_law(backend, law, index):
    name = CASES[index][0]
    if (name, law.__name__) in EXCEPT:
        pytest.skip(EXCEPT[name, law.__name__])
    if law.__name__ == "other_backends" and backend != "jax":
        pytest.skip("compared once, from JAX")
    law(case_at(index, backend))


@every_layer
def test_the_config_names_the_public_class(name, arguments, inputs):
    config = layers.serialize(make(name, arguments))
    found = getattr(layers, config["class_name"])
    assert config["module"] == "keras.layers"
    assert found is getattr(layers, name)


@every_layer
def test_training_moves_averages_and_seeds(backend, name, arguments, inputs):
    """A call in training mode changes every variable that isn't trained."""
    case = case_of(name, arguments, inputs)
    layer, _ = case.built()
    before = [v.numpy().copy() for v in layer.non_trainable_variables]
    case.call(layer, as_tensors(case.arguments), training=True)
    still = [
        v.path
        for v, old in zip(layer.non_trainable_variables, before)
        if (v.numpy() == old).all()
    ]
    assert not still
