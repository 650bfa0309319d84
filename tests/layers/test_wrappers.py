"""Modules and functions written in a framework, as layers."""

import base64
import io

import numpy as np
import pytest

import keras
from keras import layers

X = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")
Y = X.sum(1, keepdims=True)


def trains(layer):
    """A model around the layer learns, and a copy of it predicts the same."""
    model = keras.Sequential([keras.Input((4,)), layer, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    before = [w.copy() for w in layer.get_weights()]
    history = model.fit(X, Y, epochs=12, verbose=0).history["loss"]
    assert history[-1] < 0.8 * history[0]
    assert all((a != b).any() for a, b in zip(before, layer.get_weights()))
    again = model.to_backend(layer._backend.name)
    np.testing.assert_allclose(
        again.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6
    )
    start = again.layers[0].get_weights()[0]
    again.fit(X, Y, verbose=0)
    assert (start != again.layers[0].get_weights()[0]).any()
    return model


def weights_survive(model, other, tmp_path):
    """Weights saved from one model are those of another after loading."""
    path = str(tmp_path / "model.weights.h5")
    model.save_weights(path)
    other.load_weights(path)
    np.testing.assert_allclose(
        other.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6
    )


@pytest.fixture(autouse=True)
def same_start():
    keras.utils.set_random_seed(0)


@pytest.fixture
def torch():
    with keras.config.backend_scope("torch"):
        yield pytest.importorskip("torch")


@pytest.fixture
def jax():
    with keras.config.backend_scope("jax"):
        yield pytest.importorskip("jax")


@pytest.fixture
def tf():
    with keras.config.backend_scope("tensorflow"):
        yield pytest.importorskip("tensorflow")


# TorchModuleWrapper


def net(torch):
    torch.manual_seed(0)
    parts = torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.Dropout(0.1)
    return torch.nn.Sequential(*parts)


def test_a_torch_module_trains(torch, tmp_path):
    layer = layers.TorchModuleWrapper(net(torch))
    assert [v.shape for v in layer.weights] == [(6, 4), (6,), (6,), (6,)]
    assert layer.weights[0].value is layer.module[0].weight
    assert list(layer.parameters()) == list(layer.module.parameters())
    model = trains(layer)
    assert layer.module[1].num_batches_tracked == 12 and not layer.module.training
    other = keras.models.clone_model(model)
    assert other.layers[0].module is not layer.module
    weights_survive(model, other, tmp_path)
    assert other.layers[0].module[1].num_batches_tracked == 12


def test_a_torch_module_computes_what_it_computes_alone(torch):
    layer = layers.TorchModuleWrapper(net(torch).eval())
    expected = layer.module(torch.tensor(X)).detach()
    np.testing.assert_array_equal(layer(X, training=False).detach(), expected)
    assert layer(keras.Input((4,))).shape == (None, 6)
    assert layers.TorchModuleWrapper(net(torch), output_shape=(None, 7))(
        keras.Input((4,))
    ).shape == (None, 7)
    half = layers.TorchModuleWrapper(torch.nn.Linear(4, 6), dtype="mixed_bfloat16")
    assert half(X).dtype == torch.bfloat16


def test_a_torch_module_that_is_none(torch):
    with pytest.raises(TypeError, match="must be a torch.nn.Module; received 3"):
        layers.TorchModuleWrapper(3)
    with pytest.raises(ValueError, match="lazy .* Call it on data first"):
        layers.TorchModuleWrapper(torch.nn.LazyLinear(3))


def test_a_frozen_torch_module_stays(torch):
    layer = layers.TorchModuleWrapper(torch.nn.Linear(4, 1))
    layer.trainable = False
    assert not layer.module.weight.requires_grad
    model = keras.Sequential([keras.Input((4,)), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    before = layer.get_weights()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(before[0], layer.get_weights()[0])


def test_a_pickled_module_is_read_by_the_trusting_call_alone(torch, tmp_path):
    data = io.BytesIO()
    torch.save(torch.nn.Linear(4, 3), data)
    config = layers.TorchModuleWrapper(torch.nn.Linear(4, 3)).get_config()
    config["module"] = base64.b64encode(data.getvalue()).decode()
    with pytest.raises(ValueError, match="load_trusted_model"):
        layers.TorchModuleWrapper.from_config(config)
    from keras.core.config.limits import reading

    with reading(trusted=True):
        layer = layers.TorchModuleWrapper.from_config(config)
    assert layer(X).shape == (32, 3)


@keras.saving.register_keras_serializable("test_wrappers")
class Linear(layers.TorchModuleWrapper):
    def __init__(self, units, **kwargs):
        import torch

        super().__init__(torch.nn.Linear(4, units), **kwargs)
        self.units = units

    def get_config(self):
        config = super().get_config()
        del config["module"]
        return {**config, "units": self.units}


def test_a_torch_module_in_a_saved_model(torch, tmp_path):
    model = keras.Sequential([keras.Input((4,)), Linear(3)])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    plain = keras.Sequential([layers.TorchModuleWrapper(torch.nn.Linear(4, 3))])
    plain.build((None, 4))
    with pytest.raises(TypeError, match="get_config"):
        plain.save(tmp_path / "plain.keras")


# JaxLayer and FlaxLayer


@keras.saving.register_keras_serializable("test_wrappers")
def init_dense(rng, inputs):
    import jax

    return {"w": jax.random.normal(rng, (inputs.shape[-1], 6)), "b": [np.zeros(6)]}


@keras.saving.register_keras_serializable("test_wrappers")
def call_dense(params, inputs):
    return inputs @ params["w"] + params["b"][0]


def counting(params, state, rng, inputs, training):
    assert (rng is None) != bool(training)
    return inputs * params, {"calls": state["calls"] + 1}


def test_a_function_of_jax_trains(jax, tmp_path):
    layer = layers.JaxLayer(call_dense, init_dense, seed=1)
    model = trains(layer)
    assert [v.name for v in layer.trainable_weights] == ["b_0", "w"]
    np.testing.assert_allclose(
        layer(X), X @ layer.params["w"].numpy() + layer.params["b"][0].numpy(), 1e-5
    )
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    weights_survive(model, keras.models.clone_model(model), tmp_path)


def test_the_state_of_a_function_of_jax(jax):
    layer = layers.JaxLayer(counting, params=np.float32(2), state={"calls": 0})
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile("sgd", "mse")
    model.fit(X, X, epochs=2, batch_size=8, verbose=0)
    assert int(layer.state["calls"].numpy()) == 8 and len(layer.trainable_weights) == 1
    assert abs(float(layer.params.numpy()) - 1) < 0.9


def test_mistakes_with_functions_of_jax(jax):
    with pytest.raises(ValueError, match=r"must take `inputs`.*takes \['x'\]"):
        layers.JaxLayer(lambda x: x)
    with pytest.raises(ValueError, match=r"takes \['params'\]: give params"):
        layers.JaxLayer(call_dense)


def test_a_flax_module_trains(jax, tmp_path):
    nn = pytest.importorskip("flax.linen", reason="flax is optional")

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x, training):
            x = nn.BatchNorm(use_running_average=not training)(nn.Dense(6)(x))
            return nn.Dropout(0.1, deterministic=not training)(x)

    layer = layers.FlaxLayer(Net())
    model = trains(layer)
    shapes = [(6,), (6,), (6,), (4, 6), (6,), (6,)]
    assert [v.shape for v in layer.weights] == shapes
    assert [v.trainable for v in layer.weights] == [True] * 4 + [False] * 2
    values = jax.tree.map(np.asarray, {"params": layer.params, **layer.state})
    np.testing.assert_allclose(
        layer(X), Net().apply(values, X, training=False), rtol=1e-5
    )
    weights_survive(model, keras.models.clone_model(model), tmp_path)
    given = layers.FlaxLayer(
        nn.Dense(6), variables=nn.Dense(6).init(jax.random.key(0), X)
    )
    assert given(X).shape == (32, 6)
    twice = layers.FlaxLayer(Net(), method=lambda m, x, training: 2 * m(x, training))
    assert twice(X).shape == (32, 6)
    with pytest.raises(TypeError, match="an instance of flax.linen.Module"):
        layers.FlaxLayer(Net)
    with pytest.raises(ValueError, match="no method 'go'"):
        layers.FlaxLayer(Net(), method="go")
    words = layers.FlaxLayer(nn.Embed(5, 2))
    assert words(np.array([[1, 2]])).shape == (1, 2, 2)


# TFSMLayer


@pytest.fixture
def saved(tf, tmp_path):
    class Module(tf.Module):
        def __init__(self):
            self.w = tf.Variable(tf.random.stateless_normal((4, 6), (1, 2)))

        @tf.function(input_signature=[tf.TensorSpec((None, 4))])
        def serve(self, x):
            return tf.matmul(x, self.w)

    module = Module()
    path = str(tmp_path / "saved")
    tf.saved_model.save(module, path, signatures={"serving_default": module.serve})
    return path, module


def test_a_saved_model_of_tensorflow(saved, tmp_path):
    path, module = saved
    layer = layers.TFSMLayer(path)
    np.testing.assert_array_equal(layer(X), module.serve(X))
    (named,) = layers.TFSMLayer(path, call_endpoint="serving_default")(X).values()
    np.testing.assert_array_equal(named, module.serve(X))
    assert [v.shape for v in layer.trainable_weights] == [(4, 6)]
    model = trains(layer)
    weights_survive(model, model.to_backend("tensorflow"), tmp_path)
    assert layers.TFSMLayer(path, trainable=False).trainable_weights == []
    with pytest.raises(ValueError, match=r"'go'. It has \['serve', 'serving_default'"):
        layers.TFSMLayer(path, call_endpoint="go")


def test_a_saved_model_is_not_opened_for_a_file(saved, tmp_path):
    path, _ = saved
    model = keras.Sequential([keras.Input((4,)), layers.TFSMLayer(path)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="names the path"):
        keras.models.load_model(tmp_path / "model.keras")
    with pytest.warns(UserWarning):
        again = keras.saving.load_trusted_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


# Elsewhere


@pytest.mark.parametrize(
    "name, own",
    [
        ("TorchModuleWrapper", "torch"),
        ("JaxLayer", "jax"),
        ("FlaxLayer", "jax"),
        ("TFSMLayer", "tensorflow"),
    ],
)
def test_another_backend_is_refused(name, own, backend):
    class Anything:
        def __call__(self, inputs):
            return inputs

        def apply(self):
            pass

    if backend != own:
        with pytest.raises(ValueError, match=f"backend_scope.'{own}'"):
            getattr(layers, name)(Anything())


def test_a_model_with_a_function_of_jax_does_not_move(jax):
    model = keras.Sequential(
        [keras.Input((4,)), layers.JaxLayer(lambda inputs: inputs)]
    )
    with pytest.raises(ValueError, match="JaxLayer runs what is written in jax"):
        model.to_backend("torch")


def test_batches_of_another_type_are_normalised_too(backend):
    x = np.random.default_rng(0).normal(2, 3, (6, 5, 4))
    layer = keras.layers.BatchNormalization()
    found = layer(x, training=True)
    assert keras.ops.dtype(found) == "float32"
    expected = (x - x.mean((0, 1))) / np.sqrt(x.var((0, 1)) + 1e-3)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(found), expected, rtol=1e-4, atol=1e-5
    )
