"""Models that show every part of the file format; real Keras and ours both build them.

Nothing here imports more than the public API. Each case gives a model, the structure to
call it on, and arrays to train it on before it is saved, if it was compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import keras
from keras import layers, ops, optimizers

CASES: dict[str, Callable[[], tuple]] = {}
rng = np.random.default_rng(0)


def case(make: Callable[[], tuple]) -> Callable[[], tuple]:
    """Enter a function among the cases."""
    CASES[make.__name__] = make
    return make


def floats(*shape: int) -> np.ndarray:
    """Normally distributed numbers."""
    return rng.normal(size=shape).astype("float32")


def addresses(entries: list[Any]) -> dict[str, Any]:
    """The variables of a walk through a model, by where a file keeps them."""
    return {
        entry.address(key): value
        for entry in entries
        for key, value in entry.values.items()
        if hasattr(value, "assign")
    }


def build(name: str) -> tuple[Any, Any]:
    """A model with random weights, trained if it is compiled, and data for it."""
    global rng
    rng = np.random.default_rng(len(name))
    keras.utils.clear_session()
    model, data, *training = CASES[name]()
    if training and keras.config.backend() == "numpy":  # no gradients
        model.optimizer.build(model.trainable_variables)
    elif training:
        model.run_eagerly = True  # two steps are not worth compiling
        model.fit(*training, epochs=2, batch_size=4, verbose=0)
        model.run_eagerly = False
    for variable in model.weights:
        if variable.dtype in ("float32", "bfloat16", "float16"):
            variable.assign(0.3 * rng.normal(size=variable.shape))
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(1 + rng.random(layer.moving_variance.shape))
    return model, data


@case
def mlp():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ],
        name="mlp",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, floats(5, 4), floats(8, 4), rng.integers(0, 3, 8)


def _trained(optimizer):
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(4, use_bias=False),
            layers.BatchNormalization(),
            layers.Dense(1),
        ],
        name="trained",
    )
    model.compile(optimizer, "mse")
    return model, floats(2, 3), floats(8, 3), floats(8, 1)


CASES |= {
    "optimizer_sgd": lambda: _trained(optimizers.SGD(0.1)),
    "optimizer_momentum": lambda: _trained(optimizers.SGD(0.1, momentum=0.9)),
    "optimizer_adam": lambda: _trained(optimizers.Adam(0.01)),
    "optimizer_amsgrad": lambda: _trained(
        optimizers.Adam(0.01, amsgrad=True, use_ema=True)
    ),
    "optimizer_adamw": lambda: _trained(optimizers.AdamW(0.01)),
    "optimizer_rmsprop": lambda: _trained(
        optimizers.RMSprop(0.01, momentum=0.5, centered=True)
    ),
    "optimizer_scheduled": lambda: _trained(
        optimizers.Adam(optimizers.schedules.ExponentialDecay(0.1, 2, 0.9))
    ),
}


@case
def lora():
    """Each kind of layer that has LoRA, trained with it."""
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
    model.compile(optimizers.Adam(0.01), "mse")
    data = rng.integers(0, 10, (4, 6))
    return model, data, data, floats(4, 3)


@case
def convolutional():
    x = keras.Input((8, 8, 3), name="image")
    y = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    y = layers.SeparableConv2D(4, 3, padding="same")(y)
    y = layers.DepthwiseConv2D(3, padding="same")(y)
    y = layers.MaxPooling2D()(y)
    y = layers.Conv2DTranspose(2, 3, padding="same")(y)
    y = layers.GroupNormalization(2)(y)
    y = layers.PReLU()(y)
    z = layers.GlobalAveragePooling2D()(y)
    model = keras.Model(x, [z, layers.Flatten()(y)], name="convolutional")
    return model, floats(2, 8, 8, 3)


@case
def operations():
    x, y = keras.Input((4, 6), name="x"), keras.Input((4, 6), name="y")
    a = ops.relu(x * 2 + y)
    b = ops.concatenate([a, x - 1.5], axis=-1)
    c = ops.sum(b, axis=1, keepdims=True)
    d = ops.reshape(b[:, 0], (-1, 3, 4))
    e = ops.transpose(d, (0, 2, 1))[..., 1:]
    f = ops.where(x > 0.0, x, ops.exp(-ops.abs(y)))
    g = ops.matmul(f, np.eye(6, 2, dtype="float32"))
    h = layers.Dense(3)(ops.mean(g / (1 + ops.square(g)), axis=1))
    model = keras.Model([x, y], {"c": c, "e": e, "h": h}, name="operations")
    return model, [floats(3, 4, 6), floats(3, 4, 6)]


@case
def structures():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    shared = layers.Dense(3, name="shared")
    inner = keras.Model(a, layers.Dense(3)(shared(a)), name="inner")
    block = keras.Sequential([layers.Dense(3, activation="tanh")], name="block")
    p, q = shared(a), shared(b)
    z = layers.Add()([inner(p), inner(q)])
    z = block(block(z))
    model = keras.Model(
        {"b": b, "a": a}, {"z": z, "y": inner(b), "x": [p, q]}, name="structures"
    )
    return model, {"b": floats(2, 3), "a": floats(2, 3)}


@case
def recurrent():
    x = keras.Input((5,), dtype="int32", name="tokens")
    e = layers.Embedding(7, 4, mask_zero=True)(x)
    y, h, c = layers.LSTM(3, return_sequences=True, return_state=True)(e)
    y = layers.Bidirectional(layers.GRU(2, return_sequences=True))(y)
    y = layers.LSTM(3, return_sequences=True)(y, initial_state=[h, c])
    y = layers.RNN([layers.SimpleRNNCell(3), layers.GRUCell(4)], return_sequences=True)(
        y
    )
    y = layers.TimeDistributed(layers.Dense(2))(y)
    z = layers.GlobalAveragePooling1D()(y)
    model = keras.Model(x, [y, z], name="recurrent")
    return model, np.array([[1, 2, 3, 0, 0], [4, 5, 6, 1, 2]], "int32")


@case
def attention():
    x = keras.Input((4, 6), name="x")
    y = layers.LayerNormalization()(x)
    y = layers.MultiHeadAttention(2, 3, dropout=0.1)(y, y, use_causal_mask=True)
    y = layers.Add()([x, y])
    y = layers.GroupQueryAttention(3, 4, 2)(y, y)
    y = layers.RMSNormalization()(y)
    y = layers.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")(y)
    y = layers.Attention(use_scale=True)([y, y])
    model = keras.Model(x, layers.Reshape((-1,))(y), name="attention")
    return model, floats(2, 4, 6)


@case
def precision():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4, dtype="mixed_bfloat16"),
            layers.Dense(3, dtype="bfloat16"),
            layers.Dense(2, dtype="float32"),
        ],
        name="precision",
    )
    return model, floats(3, 4)


@case
def configured():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(
                4,
                activation=layers.LeakyReLU(negative_slope=0.1),
                kernel_initializer=keras.initializers.VarianceScaling(2.0, seed=3),
                kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02),
                bias_constraint="max_norm",
                trainable=False,
            ),
            layers.Dense(2, activation="gelu", activity_regularizer="l2"),
        ],
        name="configured",
    )
    rate = optimizers.schedules.CosineDecay(0.1, 20, warmup_target=0.2, warmup_steps=4)
    model.compile(
        optimizers.SGD(rate, momentum=0.9, nesterov=True),
        keras.losses.MeanSquaredError(),
        metrics=[keras.metrics.MeanAbsoluteError(name="mae")],
        loss_weights=[2.0],
        steps_per_execution=1,
    )
    return model, floats(3, 4), floats(8, 4), floats(8, 2)


@keras.saving.register_keras_serializable("tests")
class Scale(keras.layers.Layer):
    """A layer of the user's with weights of both kinds."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.count = self.add_weight(shape=(), name="count", trainable=False)
        self.scale = self.add_weight(shape=(input_shape[-1],), name="scale")

    def call(self, x):
        return x * self.scale + self.count + self.start

    def get_config(self):
        return {**super().get_config(), "start": self.start}


@keras.saving.register_keras_serializable("tests")
class Blocks(keras.Model):
    """A model of the user's with layers in lists and dicts."""

    def __init__(self, width=3, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.zeta = Scale(0.5)
        self.alpha = layers.Dense(width, name="first")
        self.blocks = [layers.Dense(width), [Scale(), layers.Dense(width)]]
        self.table = {"b": layers.Dense(width), "a": keras.Sequential([Scale(2.0)])}
        self._hidden = layers.Dense(2)

    def call(self, x):
        x = self.blocks[0](self.zeta(self.alpha(x)))
        x = self.blocks[1][1](self.blocks[1][0](x))
        return self._hidden(self.table["a"](self.table["b"](x)))

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@case
def custom():
    model = Blocks(4)
    model(floats(1, 3))
    return model, floats(2, 3)
