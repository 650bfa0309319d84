"""LoRA, and weights derived in other ways: layers read them as they read a variable."""

import copy
import pathlib

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.core.derived import Derived

DATA = pathlib.Path(__file__).parents[1] / "oracle" / "data" / "lora.npz"
CASES = {
    "Dense": (lambda **k: layers.Dense(4, **k), (3, 6)),
    "EinsumDense": (
        lambda **k: layers.EinsumDense(
            "abc,cde->abde", (None, 2, 4), bias_axes="de", **k
        ),
        (3, 5, 6),
    ),
    "Embedding": (lambda **k: layers.Embedding(10, 4, **k), None),
    "Conv1D": (lambda **k: layers.Conv1D(4, 3, groups=2, **k), (3, 8, 6)),
    "Conv2D": (lambda **k: layers.Conv2D(4, 3, **k), (2, 6, 6, 3)),
    "Conv3D": (lambda **k: layers.Conv3D(4, 2, **k), (2, 4, 4, 4, 3)),
}
every_layer = pytest.mark.parametrize("name", CASES)


def made(name, **kwargs):
    """A layer with its weights, and data for it."""
    make, shape = CASES[name]
    rng = np.random.default_rng(0)
    x = rng.integers(0, 10, (3, 5)) if shape is None else rng.normal(size=shape)
    x = x.astype("int32" if shape is None else "float32")
    layer = make(**kwargs)
    layer(x)
    return layer, x


def adapted(name, **kwargs):
    """The same with LoRA, and factors that are not zero."""
    layer, x = made(name)
    layer.enable_lora(2, b_initializer="ones", **kwargs)
    return layer, x


def kernel_of(layer):
    return "embeddings" if isinstance(layer, layers.Embedding) else "kernel"


def factors(layer):
    kind = kernel_of(layer)
    return getattr(layer, f"lora_{kind}_a"), getattr(layer, f"lora_{kind}_b")


def close(a, b):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-5, atol=1e-5)


def test_lora_adds_a_product_to_the_kernel(backend):
    layer = layers.Dense(4)
    x = np.ones((2, 3), "float32")
    before = layer(x).numpy()
    kernel = layer.kernel.numpy()

    layer.enable_lora(rank=2, lora_alpha=6)

    close(layer(x), before)  # the second factor starts at zero
    a = layer.lora_kernel_a.numpy()
    b = np.arange(8.0).reshape(2, 4).astype("float32")
    layer.lora_kernel_b.assign(b)
    close(layer(x), x @ (kernel + 3.0 * a @ b))
    close(layer.kernel, kernel + 3.0 * a @ b)


@every_layer
def test_what_is_trained_and_written(backend, name):
    layer, x = adapted(name, lora_alpha=3)
    kind = kernel_of(layer)
    shape = getattr(layer, kind).shape
    a, b = factors(layer)

    assert (a.shape, b.shape) == ((*shape[:-1], 2), (2, shape[-1]))
    assert layer.lora_enabled and (layer.lora_rank, layer.lora_alpha) == (2, 3)
    own = [f"lora_{kind}_a", f"lora_{kind}_b"]
    bias = ["bias"] if name != "Embedding" else []
    assert [v.name for v in layer.weights] == [kind, *bias, *own]
    assert [v.name for v in layer.trainable_weights] == [*bias, *own]
    layer.trainable = False
    assert layer.trainable_weights == []
    layer.trainable = True
    assert [v.name for v in layer.trainable_weights] == [*bias, *own]

    config = layer.get_config()
    assert (config["lora_rank"], config["lora_alpha"]) == (2, 3)
    again = type(layer).from_config(config)
    again(x)
    assert [v.name for v in again.weights] == [v.name for v in layer.weights]
    assert not {"lora_rank", "lora_alpha"} & set(made(name)[0].get_config())


@every_layer
def test_a_file_holds_the_sum(backend, name):
    layer, x = adapted(name)
    wanted = layer(x).numpy()
    store = {}
    layer.save_own_variables(store)
    store = {key: np.array(value) for key, value in store.items()}

    plain, _ = made(name)
    plain.load_own_variables(store)
    close(plain(x), wanted)

    other, _ = adapted(name)
    other.load_own_variables(store)
    close(other(x), wanted)
    a, b = factors(other)
    assert not b.numpy().any() and a.numpy().any()


def test_mistakes_are_told(backend):
    layer = layers.Dense(4, name="head")
    with pytest.raises(ValueError, match="'head'.*not built yet.*build"):
        layer.enable_lora(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="rank"):
        layer.enable_lora(0)
    layer.enable_lora(2)
    with pytest.raises(ValueError, match="'head'.*already enabled, with rank 2"):
        layer.enable_lora(2)
    with pytest.raises(TypeError, match="lora_rank"):
        layers.Dense(4, lora_rank="two")
    bounded = layers.Embedding(4, 3, embeddings_constraint="non_neg")
    bounded.build(None)
    with pytest.raises(ValueError, match="without `embeddings_constraint`"):
        bounded.enable_lora(2)


def test_a_layer_may_be_made_with_lora(backend):
    layer = layers.Dense(4, lora_rank=2, lora_alpha=6)
    assert not layer.lora_enabled and layer.get_config()["lora_alpha"] == 6
    layer.build((None, 3))
    assert layer.lora_enabled and layer.kernel.scale == 3.0
    assert layers.Dense(4, lora_rank=2).lora_alpha == 2


def test_regularizers_and_mixed_precision(backend):
    layer = layers.Dense(4, kernel_regularizer="l2", dtype="mixed_bfloat16")
    layer.build((None, 3))
    layer.enable_lora(2)
    a, b = factors(layer)

    assert len(layer.losses) == 2  # of the two factors, not of the frozen kernel
    close(sum(layer.losses), 0.01 * (np.square(a).sum() + np.square(b).sum()))
    assert {v.dtype for v in layer.weights} == {"float32"}
    assert ops.dtype(layer(np.ones((2, 3)))) == "bfloat16"


def lora_model():
    """The model of the stored run, before it."""
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(10, 8)(inputs)
    x = layers.Conv1D(8, 3, activation="tanh")(x)
    x = layers.EinsumDense("abc,cde->abde", (4, 2, 4), bias_axes="de")(x)
    last = layers.Dense(3)
    model = keras.Model(inputs, last(layers.Flatten()(x)))
    last.enable_lora(2, lora_alpha=4)
    for layer in model.layers:
        if hasattr(layer, "enable_lora") and not layer.lora_enabled:
            layer.enable_lora(2)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


def stored(kind):
    values = np.load(DATA)
    return [values[f"{kind}{i}"] for i in range(sum(kind in k for k in values))]


def train(model, epochs):
    values = np.load(DATA)
    history = model.fit(
        values["x"], values["y"], epochs=epochs, batch_size=4, verbose=0
    )
    return history.history["loss"]


@pytest.mark.gradients
def test_fit_trains_the_factors_as_keras_does(backend):
    model = lora_model()
    model.set_weights(stored("before"))

    losses = train(model, 5)

    np.testing.assert_allclose(losses, np.load(DATA)["losses"], rtol=1e-4)
    for variable, before, after in zip(
        model.weights, stored("before"), stored("after"), strict=True
    ):
        np.testing.assert_allclose(variable.numpy(), after, rtol=1e-3, atol=1e-4)
        assert variable.trainable == (not np.array_equal(before, after))


def test_saving_loses_nothing_and_says_nothing(backend, tmp_path, recwarn):
    layer = layers.Dense(2, lora_rank=2)
    model = keras.Sequential([keras.Input((3,)), layer])
    layer.lora_kernel_b.assign(np.ones(layer.lora_kernel_b.shape))
    model.save(tmp_path / "m.keras")
    assert not recwarn.list
    loaded = keras.models.load_model(tmp_path / "m.keras")
    x = np.ones((4, 3), "float32")
    np.testing.assert_allclose(loaded(x).numpy(), model(x).numpy(), 1e-5, 1e-6)


@pytest.mark.gradients
def test_saved_models_go_on(backend, tmp_path):
    model = lora_model()
    train(model, 2)
    x = np.load(DATA)["x"]
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")

    loaded = keras.models.load_model(tmp_path / "model.keras")
    other = lora_model()
    other.load_weights(tmp_path / "model.weights.h5")

    for again in (loaded, other):
        close(again(x), model(x))
    for mine, theirs in zip(model.optimizer.variables, loaded.optimizer.variables):
        close(mine, theirs)
    losses = train(loaded, 5)
    assert losses[-1] < losses[0]
    assert all(np.any(b) for b in (v for v in loaded.weights if v.name[-2:] == "_b"))


@pytest.mark.gradients
def test_an_interrupted_run_goes_on_exactly(backend, tmp_path):
    whole = lora_model()
    whole.set_weights(stored("before"))
    wanted = train(whole, 4)

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    values = np.load(DATA)
    for callbacks in ([Stop()], []):
        model = lora_model()
        model.set_weights(stored("before"))
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
        try:
            model.fit(
                values["x"],
                values["y"],
                epochs=4,
                batch_size=4,
                verbose=0,
                callbacks=[backup, *callbacks],
            )
        except KeyboardInterrupt:
            continue

    # XLA's own sums differ in the last bit from run to run.
    for mine, theirs in zip(model.weights, whole.weights):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.history.history["loss"][-1], wanted[-1], 1e-5)


@pytest.mark.gradients
def test_copies_move_and_train(backend):
    model = lora_model()
    model.compile(keras.optimizers.Adam(0.01, use_ema=True), "mse")
    train(model, 2)
    x = np.load(DATA)["x"]
    other = "torch" if backend != "torch" else "jax"

    moved = model.to_backend(other)
    twin = copy.deepcopy(model)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())

    losses = train(model, 2)
    np.testing.assert_allclose(train(moved, 2), losses, rtol=1e-4)
    np.testing.assert_allclose(train(twin, 2), losses, rtol=1e-4)
    close(moved(x), model(x))
    assert not np.allclose(clone(x), model(x))
    assert [v.trainable for v in clone.weights] == [v.trainable for v in model.weights]
    assert not {id(v) for v in twin.weights} & {id(v) for v in model.weights}


class Int8(Derived):
    """A table of int8 times a scale for each of the last axis."""

    def __init__(self, kernel, table, scale):
        super().__init__(kernel.name, kernel.path, kernel.shape, kernel.dtype)
        self.table = table
        self.scale = scale

    def compute(self):
        scale = self.scale.value
        return ops.cast(self.table, ops.dtype(scale)) * scale


@every_layer
def test_layers_read_what_is_derived_otherwise(backend, name):
    layer, x = made(name)
    kind = kernel_of(layer)
    kernel = getattr(layer, kind)
    array = kernel.numpy()
    scale = np.abs(array).max(tuple(range(array.ndim - 1))) / 127
    table = np.round(array / scale).astype("int8")
    wanted, _ = made(name)
    getattr(wanted, kind).assign(table * scale)

    table = layer.add_weight(
        table.shape, lambda *a, **k: table, "int8", trainable=False, name="table"
    )
    scale = layer.add_weight(scale.shape, lambda *a, **k: scale, name="scale")
    layer._own_variables.remove(kernel)
    setattr(layer, kind, Int8(kernel, table, scale))

    close(layer(x), wanted(x))
    assert "table" in [v.name for v in layer.weights]
    assert kind not in [v.name for v in layer.weights]
    close(
        keras.jit(lambda x: layer(x))(x) if hasattr(keras, "jit") else layer(x),
        wanted(x),
    )
    assert ops.shape(getattr(layer, kind)) == array.shape
    assert ops.dtype(ops.exp(getattr(layer, kind))) == "float32"


@pytest.mark.gradients
def test_a_layer_trains_the_scale_of_a_table(backend):
    inputs = keras.Input((6,))
    layer = layers.Dense(4)
    model = keras.Model(inputs, layer(inputs))
    kernel = layer.kernel
    table = layer.add_weight(kernel.shape, "ones", "int8", trainable=False, name="t")
    scale = layer.add_weight((4,), "ones", name="scale")
    layer._own_variables.remove(kernel)
    layer.kernel = Int8(kernel, table, scale)
    model.compile(keras.optimizers.SGD(0.1), "mse")

    model.fit(np.ones((4, 6)), np.zeros((4, 4)), batch_size=4, verbose=0)

    # The derivative of the mean of squares of 6 * scale is 18 * scale.
    close(scale, np.full(4, 1 - 0.1 * 18.0))
