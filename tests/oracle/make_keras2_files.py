"""Write the files of tests/saving/files/keras2 with Keras 2 (the package tf_keras).

    python -m venv /tmp/keras2 && /tmp/keras2/bin/pip install tf_keras
    /tmp/keras2/bin/python tests/oracle/make_keras2_files.py

Each case is saved whole (`NAME.h5`); `values.npz` has its data (`NAME/in0`, ...), what
it predicts (`NAME/out0`, ...), one more batch (`NAME/step_x0`, ..., `NAME/step_y`) and
the weights after training on it (`NAME/after0`, ...), in Keras 2's order. Beside them
are one file of weights, one `.keras` and one JSON.
"""

import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import layers, optimizers

FILES = pathlib.Path(__file__).parents[1] / "saving" / "files" / "keras2"
rng = np.random.default_rng(0)
values = {}


def floats(*shape):
    return rng.normal(size=shape).astype("float32")


def graph():
    """Several inputs, shared and nested layers, recurrent layers."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(4, name="shared", activation="tanh")
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(6)], name="inner")
    p = keras.Input((6,))
    two = keras.Model(
        p, [layers.Dense(3)(p), layers.LeakyReLU(alpha=0.2)(p)], name="two"
    )
    y = layers.Add()([shared(a), shared(b)])
    y = layers.Concatenate()(two(inner(inner(y)[:, :4])))
    y = layers.BatchNormalization(name="norm")(y)
    z = layers.Reshape((3, 3))(y)
    s, h, c = layers.LSTM(2, return_sequences=True, return_state=True)(z)
    z = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(s)
    z = layers.LSTM(2, return_sequences=True)(z, initial_state=[h, c])
    z = layers.GRU(3)(z)
    model = keras.Model([a, b], [layers.Dense(1, name="head")(z), y], name="graph")
    return model, [floats(3, 4), floats(3, 4)], None


def operations():
    """TensorFlow's functions between layers, and attention."""
    x, q = keras.Input((4, 6), name="x"), keras.Input((3, 6), name="q")
    y = layers.MultiHeadAttention(2, 3)(q, x, use_causal_mask=False)
    y = 2 * y + q * 0.5 - 1.0
    y = tf.nn.relu(y)[:, 1:]
    y = tf.concat([y, q[:, 1:]], axis=-1)
    y = tf.reshape(y, (-1, 2, 12))
    y = tf.reduce_mean(y, axis=1, keepdims=True)
    y = layers.LayerNormalization()(y)
    z = layers.Attention(use_scale=True)([q, x])
    return (
        keras.Model([x, q], [y, z], name="operations"),
        [floats(2, 4, 6), floats(2, 3, 6)],
        None,
    )


def convolutional():
    model = keras.Sequential(
        [
            layers.Conv2D(4, 3, strides=2, padding="same", input_shape=(8, 8, 2)),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.DepthwiseConv2D(3),
            layers.SeparableConv2D(4, 1),
            layers.Conv2DTranspose(2, 2),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.0),
            layers.Dense(
                2, "softmax", kernel_regularizer="l2", kernel_constraint="max_norm"
            ),
        ],
        name="convolutional",
    )
    return model, [floats(2, 8, 8, 2)], None


def small(optimizer):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)])
    return model, [floats(4, 3)], optimizer


legacy = optimizers.legacy
CASES = {
    "graph": graph,
    "operations": operations,
    "convolutional": convolutional,
    "adam": lambda: small(optimizers.Adam(0.05, amsgrad=True)),
    "adamw": lambda: small(optimizers.AdamW(0.05)),
    "sgd": lambda: small(optimizers.SGD(0.1, momentum=0.9)),
    "rmsprop": lambda: small(optimizers.RMSprop(0.05, momentum=0.5, centered=True)),
    "adagrad": lambda: small(optimizers.Adagrad(0.1)),
    "adadelta": lambda: small(optimizers.Adadelta(0.5)),
    "adamax": lambda: small(optimizers.Adamax(0.05)),
    "nadam": lambda: small(optimizers.Nadam(0.05)),
    "ftrl": lambda: small(optimizers.Ftrl(0.1)),
    "lion": lambda: small(optimizers.Lion(0.01)),
    "legacy_sgd": lambda: small(legacy.SGD(0.1, momentum=0.9, decay=0.1)),
    "legacy_adam": lambda: small(legacy.Adam(0.05, decay=0.2)),
    "scheduled": lambda: small(
        optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.9))
    ),
}


def store(name):
    """Save a model, and what it makes of its data."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(len(name))
    model, data, optimizer = CASES[name]()
    model.set_weights([w + 0.2 * np.abs(floats(*w.shape)) for w in model.get_weights()])
    if optimizer is not None:
        model.compile(optimizer, "mse", metrics=["mae"], run_eagerly=True)
        model.fit(
            data[0], floats(4, 1), epochs=3, batch_size=2, shuffle=False, verbose=0
        )
    for i, array in enumerate(data):
        values[f"{name}/in{i}"] = array
    outputs = model(data if len(data) > 1 else data[0], training=False)
    for i, array in enumerate(tf.nest.flatten(outputs)):
        values[f"{name}/out{i}"] = array.numpy()
    model.save(FILES / f"{name}.h5")
    if name == "graph":
        model.save_weights(FILES / "weights_only.h5")
        model.save(FILES / "graph.keras")
        (FILES / "graph.json").write_text(model.to_json())
    if optimizer is not None:
        x, y = floats(4, 3), floats(4, 1)
        values[f"{name}/step_x"], values[f"{name}/step_y"] = x, y
        model.train_on_batch(x, y)
        for i, weight in enumerate(model.get_weights()):
            values[f"{name}/after{i}"] = weight


FILES.mkdir(parents=True, exist_ok=True)
for case in CASES:
    store(case)
np.savez_compressed(FILES / "values.npz", **values)
print({p.name: p.stat().st_size for p in sorted(FILES.iterdir())})
