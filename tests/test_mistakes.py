"""Everyday mistakes: each raises at once, and the message helps.

A line names the mistake, what makes it, the error's type, and what the message must
hold: the value or shape given, what was expected, and where.
"""

import numpy as np
import pytest

import keras
from keras import layers

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = np.arange(20) % 2


def model():
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, activation="relu"),
            layers.Dense(2, activation="softmax", name="out"),
        ]
    )


def compiled(loss="sparse_categorical_crossentropy", **kwargs):
    made = model()
    made.compile("adam", loss, **kwargs)
    return made


class NoSuper(keras.layers.Layer):
    def __init__(self):
        pass

    def call(self, x):
        return x


def image(channels=3):
    return np.zeros((2, 8, 8, channels), "float32")


MISTAKES = {
    "input of wrong rank": (
        lambda: compiled().fit(np.zeros((20, 4, 4)), Y, verbose=0),
        ValueError,
        ["(None, 4)", "(20, 4, 4)", "sequential"],
    ),
    "wrong last dimension": (
        lambda: compiled().predict(np.zeros((20, 5)), verbose=0),
        ValueError,
        ["(None, 4)", "(20, 5)"],
    ),
    "layer called on another width": (
        lambda: reuse(),
        ValueError,
        ["axis -1", "4", "5"],
    ),
    "x and y of different length": (
        lambda: compiled().fit(X, Y[:10], verbose=0),
        ValueError,
        ["`x` has 20", "`y` has 10"],
    ),
    "misspelt loss": (
        lambda: compiled("sparse_categorical_crossentropi"),
        ValueError,
        ["'sparse_categorical_crossentropi'", "'sparse_categorical_crossentropy'"],
    ),
    "misspelt metric": (
        lambda: compiled(metrics=["acuracy"]),
        ValueError,
        ["'acuracy'", "'accuracy'"],
    ),
    "misspelt optimizer": (
        lambda: model().compile("adan", "mse"),
        ValueError,
        ["'adan'", "'adam'"],
    ),
    "misspelt activation": (
        lambda: layers.Dense(3, activation="rellu"),
        ValueError,
        ["'rellu'", "'relu'"],
    ),
    "misspelt initializer": (
        lambda: layers.Dense(3, kernel_initializer="glorot"),
        ValueError,
        ["'glorot'", "'glorot_uniform'"],
    ),
    "labels out of range": (
        lambda: compiled().fit(X, Y + 5, verbose=0),
        ValueError,
        ["5 to 6", "2 classes", "'out'"],
    ),
    "class numbers with a one-hot loss": (
        lambda: compiled("categorical_crossentropy").fit(X, Y, verbose=0),
        ValueError,
        ["(20,)", "(20, 2)", "sparse_categorical_crossentropy"],
    ),
    "targets of another shape": (
        lambda: compiled("mse").fit(X, np.zeros((20, 3)), verbose=0),
        ValueError,
        ["(20, 3)", "(20, 2)"],
    ),
    "fit before compile": (
        lambda: model().fit(X, Y),
        RuntimeError,
        ["compile", "`fit`"],
    ),
    "no targets": (
        lambda: compiled().fit(X, verbose=0),
        ValueError,
        ["'out'", "`y`"],
    ),
    "negative units": (lambda: layers.Dense(-3), ValueError, ["`units`", "-3"]),
    "units as text": (lambda: layers.Dense("3"), ValueError, ["`units`", "'3'"]),
    "misspelt argument": (
        lambda: layers.Dense(3, actvation="relu"),
        TypeError,
        ["'actvation'"],
    ),
    "kernel larger than the input": (
        lambda: layers.Conv2D(4, 9)(image()),
        ValueError,
        ["9", "(2, 8, 8, 3)"],
    ),
    "groups that do not divide": (
        lambda: layers.Conv2D(4, 3, groups=3),
        ValueError,
        ["groups", "3", "4"],
    ),
    "an image without its batch axis": (
        lambda: layers.Conv2D(4, 3)(np.zeros((8, 8, 3))),
        ValueError,
        ["(8, 8, 3)", "rank 4"],
    ),
    "dropout rate over 1": (lambda: layers.Dropout(20), ValueError, ["`rate`", "20"]),
    "misspelt padding": (
        lambda: layers.Conv2D(4, 3, padding="smae"),
        ValueError,
        ["'smae'", "'same'"],
    ),
    "reshape to another size": (
        lambda: layers.Reshape((3, 3))(np.zeros((2, 8))),
        ValueError,
        ["(3, 3)", "8"],
    ),
    "concatenate shapes that differ": (
        lambda: layers.concatenate([np.zeros((2, 3, 4)), np.zeros((2, 5, 4))]),
        ValueError,
        ["(2, 3, 4)", "(2, 5, 4)"],
    ),
    "too few arrays in set_weights": (
        lambda: model().set_weights([np.zeros((4, 3))]),
        ValueError,
        ["4 arrays", "received 1", "(4, 3)"],
    ),
    "a wrong shape in set_weights": (
        lambda: layers_with_weights().set_weights([np.zeros((4, 2)), np.zeros(3)]),
        ValueError,
        ["(4, 3)", "(4, 2)", "kernel"],
    ),
    "something else than a layer": (
        lambda: keras.Sequential([keras.Input((4,)), 3]),
        TypeError,
        ["only layers", "3"],
    ),
    "two layers of one name": (
        lambda: keras.Sequential(
            [layers.Dense(3, name="a"), layers.Dense(3, name="a")]
        ),
        ValueError,
        ["unique", "'a'"],
    ),
    "an input that is not connected": (
        lambda: keras.Model(keras.Input((3,)), layers.Dense(2)(keras.Input((3,)))),
        ValueError,
        ["not among the inputs", "(None, 3)"],
    ),
    "a shape that is a number": (
        lambda: keras.Input(4),
        ValueError,
        ["(4,)", "tuple"],
    ),
    "a symbolic tensor as an array": (
        lambda: np.array(keras.Input((3,))),
        TypeError,
        ["(None, 3)", "no values"],
    ),
    "a symbolic tensor as a condition": (
        lambda: bool(keras.Input((3,)) > 0),
        TypeError,
        ["cond", "no values"],
    ),
    "a layer name that is not there": (
        lambda: model().get_layer("nope"),
        ValueError,
        ["'nope'", "'out'"],
    ),
    "a layer without super().__init__()": (
        lambda: NoSuper()(X),
        RuntimeError,
        ["super().__init__()", "NoSuper"],
    ),
    "weights of a layer that is not built": (
        lambda: layers.Dense(2).count_params(),
        ValueError,
        ["not built"],
    ),
    "validation_split of a generator": (
        lambda: compiled().fit(iter([(X, Y)]), validation_split=0.2, verbose=0),
        ValueError,
        ["validation_split", "validation_data"],
    ),
    "class weights as a list": (
        lambda: compiled().fit(X, Y, class_weight=[1, 2], verbose=0),
        TypeError,
        ["class_weight", "[1, 2]"],
    ),
    "no samples": (
        lambda: compiled().fit(X[:0], Y[:0], verbose=0),
        ValueError,
        ["0 samples"],
    ),
    "a learning rate in words": (
        lambda: keras.optimizers.Adam("fast"),
        TypeError,
        ["`learning_rate`", "'fast'"],
    ),
    "a loss for an output that is not there": (
        lambda: model().compile("adam", {"outt": "mse"}),
        ValueError,
        ["'outt'", "'out'"],
    ),
    "text as input": (
        lambda: model()(np.array([["a", "b", "c", "d"]])),
        ValueError,
        ["text"],
    ),
    "a dtype that does not exist": (
        lambda: layers.Dense(3, dtype="float33"),
        ValueError,
        ["'float33'"],
    ),
    "a model file of another ending": (
        lambda: model().save("model.txt"),
        ValueError,
        [".keras", "model.txt"],
    ),
    "a file that is not there": (
        lambda: keras.saving.load_model("not_there.keras"),
        FileNotFoundError,
        ["not_there.keras"],
    ),
    "heads of no size": (
        lambda: layers.MultiHeadAttention(num_heads=0, key_dim=4),
        ValueError,
        ["num_heads", "0"],
    ),
    "heads that do not share evenly": (
        lambda: layers.GroupQueryAttention(4, 6, num_key_value_heads=4),
        ValueError,
        ["num_key_value_heads", "4 and 6", "divide"],
    ),
    "attention to a flat input": (
        lambda: layers.MultiHeadAttention(2, 4)(X, X),
        ValueError,
        ["rank", "(20, 4)", "multi_head_attention"],
    ),
    "attention with a value and a key of different length": (
        lambda: layers.MultiHeadAttention(2, 4)(
            np.zeros((2, 3, 8)), np.zeros((2, 5, 8)), np.zeros((2, 4, 8))
        ),
        ValueError,
        ["value and key", "(2, 5, 8)", "(2, 4, 8)"],
    ),
    "an attention mask of too few axes": (
        lambda: layers.MultiHeadAttention(2, 4)(
            np.zeros((2, 3, 8)), np.zeros((2, 3, 8)), attention_mask=np.ones(3)
        ),
        ValueError,
        ["attention_mask", "(3,)", "(batch, heads"],
    ),
    "attention of one head on one tensor": (
        lambda: layers.Attention()(np.zeros((2, 3, 8))),
        ValueError,
        ["[query, value]", "(2, 3, 8)"],
    ),
    "a misspelt score mode": (
        lambda: layers.Attention(score_mode="dott"),
        ValueError,
        ["score_mode", "'dott'", "'dot'"],
    ),
    "a misspelt interpolation": (
        lambda: layers.UpSampling2D(2, interpolation="linear"),
        ValueError,
        ["interpolation", "'linear'", "'bilinear'"],
    ),
    "an LSTM on a flat input": (
        lambda: layers.LSTM(3)(np.zeros((2, 8))),
        ValueError,
        ["(2, 8)", "rank 3"],
    ),
}


def reuse():
    dense = layers.Dense(3)
    dense(np.zeros((2, 4)))
    return dense(np.zeros((2, 5)))


def layers_with_weights():
    dense = layers.Dense(3)
    dense(X)
    return dense


@pytest.mark.gradients
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_raises_at_once_and_says_what(mistake, backend):
    make, kind, parts = MISTAKES[mistake]
    with pytest.raises(kind) as caught:
        make()
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    for part in parts:
        assert part in text, text
