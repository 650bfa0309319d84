"""Second import paths: `keras.src`, `keras._tf_keras` and through TensorFlow."""

import importlib
import inspect
import subprocess
import sys

import numpy as np
import pytest

import keras
from keras import layers, ops

# What libraries on PyPI import from inside: (module, names).
IMPORTED = [
    ("keras.src", "backend constraints initializers ops regularizers saving tree"),
    ("keras.src.backend", "get_keras_mask set_keras_mask standardize_dtype"),
    ("keras.src.backend", "standardize_shape compute_output_spec floatx Variable"),
    ("keras.src.backend.config", "epsilon"),
    ("keras.src.callbacks", "Callback EarlyStopping"),
    ("keras.src.layers", "Layer Dense"),
    ("keras.src.layers.convolutional.base_conv", "BaseConv"),
    ("keras.src.layers.input_spec", "InputSpec"),
    ("keras.src.layers.merging.base_merge", "Merge"),
    ("keras.src.layers.pooling.base_global_pooling", "BaseGlobalPooling"),
    ("keras.src.layers.pooling.base_pooling", "BasePooling"),
    ("keras.src.layers.rnn.simple_rnn", "RNN SimpleRNN SimpleRNNCell"),
    ("keras.src.losses.losses", "LossFunctionWrapper"),
    ("keras.src.models.functional", "Functional"),
    ("keras.src.ops", "convert_to_tensor shape"),
    ("keras.src.ops.numpy", "Abs Absolute Add Concatenate Divide Dot Einsum GetItem"),
    ("keras.src.ops.numpy", "Matmul Max Maximum Min Minimum Moveaxis Multiply Ravel"),
    ("keras.src.ops.numpy", "Repeat Reshape Subtract Sum Transpose TrueDivide"),
    ("keras.src.optimizers.adam", "Adam"),
    ("keras.src.optimizers.schedules.learning_rate_schedule", "LearningRateSchedule"),
    ("keras.src.saving", "register_keras_serializable serialization_lib"),
    ("keras.src.saving.saving_lib", "load_model save_model"),
    ("keras.src.saving.serialization_lib", "deserialize_keras_object"),
    (
        "keras.src.trainers.data_adapters.data_adapter_utils",
        "class_weight_to_sample_weights",
    ),
    ("keras.src.utils.backend_utils", "in_tf_graph in_grain_data_pipeline"),
    ("keras.src.utils.tracking", "no_automatic_dependency_tracking"),
]


@pytest.mark.parametrize("module,names", IMPORTED)
def test_what_libraries_import(module, names):
    found = importlib.import_module(module)
    for name in names.split():
        try:
            getattr(found, name)
        except AttributeError:
            importlib.import_module(f"{module}.{name}")


def test_aliases_are_the_public_objects():
    from keras.src.layers.core.dense import Dense
    from keras.src.saving import saving_lib

    assert Dense is layers.Dense
    assert saving_lib.save_model is keras.saving.save_model
    assert keras.src.layers.Dense is layers.Dense


@pytest.mark.parametrize(
    "statement",
    [
        "import keras.src.engine.base_layer",
        "from keras.src.layers.core import nothing",
        "from keras.src.layers import Nothing",
        "import keras.src.layers.nothing",
    ],
)
def test_an_unknown_path_says_what_is_public(statement):
    with pytest.raises(ImportError) as error:
        exec(statement)
    if statement.startswith("import"):
        assert "Import from `keras.<package>` instead" in str(error.value)


def test_a_class_of_an_op_calls_the_op(backend):
    from keras.src.ops.numpy import Add, Sum

    x = np.arange(6.0, dtype="float32").reshape(2, 3)
    assert ops.convert_to_numpy(Sum(axis=1)(x)).tolist() == [3.0, 12.0]
    assert ops.convert_to_numpy(Add()(x, 1.0)).tolist() == (x + 1).tolist()
    with pytest.raises(TypeError, match="sum has no argument"):
        Sum(axes=1)

    y = ops.add(keras.Input((3,)), 1.0)
    operation = y._keras_history.operation
    assert isinstance(operation, Add) and not isinstance(operation, Sum)


def test_the_weight_of_each_target():
    from keras.src.trainers.data_adapters.data_adapter_utils import (
        class_weight_to_sample_weights,
    )

    weights = {0: 2.0, 1: 3.0}
    assert class_weight_to_sample_weights([1, 0, 2], weights).tolist() == [3, 2, 1]
    one_hot = [[0, 1, 0], [1, 0, 0]]
    assert class_weight_to_sample_weights(one_hot, weights).tolist() == [3, 2]


TF_PROGRAM = """
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import backend as K
from tensorflow.keras.layers import Dense, ThresholdedReLU
from tensorflow.keras.models import Sequential
import keras as public

assert Dense is public.layers.Dense is tf.keras.layers.Dense
assert tf.keras.losses.MSE is public.losses.mean_squared_error
assert public.config.backend() == BACKEND, public.config.backend()
model = Sequential([keras.Input((4,)), Dense(3), ThresholdedReLU(theta=0.5)])
model.compile(tf.keras.optimizers.Adam(), "mse")
model.fit(tf.ones((8, 4)), tf.ones((8, 3)), verbose=0)
assert K.int_shape(model(tf.ones((2, 4)))) == (2, 3)
"""


@pytest.mark.slow
@pytest.mark.parametrize("chosen", ["", "jax"])
def test_a_program_that_comes_through_tensorflow(chosen, monkeypatch):
    """It computes with TensorFlow, unless a backend was chosen."""
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if chosen:
        monkeypatch.setenv("KERAS_BACKEND", chosen)
    program = TF_PROGRAM.replace("BACKEND", repr(chosen or "tensorflow"))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


# The backend of Keras 2

X = np.arange(24.0, dtype="float32").reshape(2, 3, 4) / 10
P = np.array([[0.8, 0.2], [0.3, 0.7]], "float32")


def K():
    return importlib.import_module("keras._tf_keras.keras.backend")


def _pooled(x, size, function):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))
    return function(windows, axis=(-2, -1))


IMAGE = np.arange(32.0, dtype="float32").reshape(1, 4, 4, 2)
# (name, arguments, keywords, expected by NumPy)
CALLS = [
    ("batch_dot", (X, np.ones((2, 4, 5), "f")), {}, X @ np.ones((2, 4, 5))),
    ("batch_dot", (X, X), {"axes": (2, 2)}, X @ X.swapaxes(1, 2)),
    ("batch_dot", (X[0], X[0]), {"axes": 1}, (X[0] ** 2).sum(1, keepdims=True)),
    ("batch_flatten", (X,), {}, X.reshape(2, 12)),
    ("bias_add", (X, X[0]), {}, X + X[0]),
    (
        "bias_add",
        (X, np.arange(3.0, dtype="f")),
        {"data_format": "channels_first"},
        X + np.arange(3.0)[:, None],
    ),
    ("binary_crossentropy", ([[1.0, 0.0]], P[:1]), {}, [[-np.log(0.8)] * 2]),
    ("categorical_crossentropy", ([[1.0, 0.0]], P[:1]), {}, [-np.log(0.8)]),
    ("sparse_categorical_crossentropy", ([0, 1], P), {}, -np.log([0.8, 0.7])),
    ("cast_to_floatx", (np.arange(3),), {}, np.arange(3.0)),
    ("clip", (X, None, 1.0), {}, np.minimum(X, 1)),
    ("clip", (X, 1.0, 0.5), {}, np.ones_like(X)),
    ("constant", (3.0,), {"shape": (2, 2)}, np.full((2, 2), 3.0)),
    (
        "ctc_batch_cost",
        ([[1, 2]], np.full((1, 5, 4), 0.25, "f"), [[5]], [[2]]),
        {},
        [[-np.log(35 * 0.25**5)]],
    ),
    ("dot", (X[0], np.ones((4, 2), "f")), {}, X[0] @ np.ones((4, 2))),
    ("eye", (3,), {}, np.eye(3)),
    ("flatten", (X,), {}, X.ravel()),
    ("foldl", (lambda a, b: a + b, X[0]), {}, X[0].sum(0)),
    ("foldr", (lambda a, b: a - b, X[0]), {}, X[0][2] - X[0][1] - X[0][0]),
    ("gather", (X[0], [2, 0]), {}, X[0][[2, 0]]),
    ("hard_sigmoid", (X - 1,), {}, np.clip(0.2 * (X - 1) + 0.5, 0, 1)),
    ("in_top_k", (P, [1, 1], 1), {}, [False, True]),
    (
        "l2_normalize",
        (X[0] + 1,),
        {"axis": 1},
        (X[0] + 1) / np.linalg.norm(X[0] + 1, axis=1, keepdims=True),
    ),
    ("map_fn", (lambda a: a * 2, X), {}, X * 2),
    ("mean", (np.array([True, False]),), {}, 0.5),
    ("one_hot", ([0, 2], 3), {}, np.eye(3)[[0, 2]]),
    ("permute_dimensions", (X, (2, 0, 1)), {}, X.transpose(2, 0, 1)),
    (
        "pool2d",
        (IMAGE, (2, 2)),
        {},
        np.lib.stride_tricks.sliding_window_view(IMAGE, (2, 2), (1, 2)).max((-2, -1)),
    ),
    (
        "pool2d",
        (IMAGE, (2, 2)),
        {"pool_mode": "avg"},
        np.lib.stride_tricks.sliding_window_view(IMAGE, (2, 2), (1, 2)).mean((-2, -1)),
    ),
    ("pow", (X, 2), {}, X**2),
    (
        "relu",
        (X[0] * 4 - 2,),
        {"alpha": 0.1, "max_value": 1.5, "threshold": 0.5},
        np.where(
            X[0] * 4 - 2 >= 0.5, np.minimum(X[0] * 4 - 2, 1.5), 0.1 * (X[0] * 4 - 2.5)
        ),
    ),
    ("repeat", (X[0], 3), {}, np.repeat(X[0][:, None], 3, 1)),
    ("repeat_elements", (X, 2, 1), {}, np.repeat(X, 2, 1)),
    (
        "resize_images",
        (IMAGE, 2, 3, "channels_last"),
        {},
        IMAGE.repeat(2, 1).repeat(3, 2),
    ),
    ("reverse", (X, [0, 2]), {}, np.flip(X, (0, 2))),
    (
        "spatial_2d_padding",
        (IMAGE,),
        {},
        np.pad(IMAGE, ((0, 0), (1, 1), (1, 1), (0, 0))),
    ),
    ("std", (np.array([1, 0, 1, 0]),), {}, 0.5),
    ("sum", (np.array([True, True]),), {}, 2.0),
    ("switch", (True, X, -X), {}, X),
    ("switch", ([True, False], X, -X), {}, np.stack([X[0], -X[1]])),
    ("switch", (False, lambda: X, lambda: -X), {}, -X),
    ("temporal_padding", (X, (1, 2)), {}, np.pad(X, ((0, 0), (1, 2), (0, 0)))),
    ("var", (X,), {"axis": 1}, X.var(1)),
]


@pytest.mark.parametrize("name,args,kwargs,expected", CALLS)
def test_the_backend_of_keras_2(backend, name, args, kwargs, expected):
    found = keras.ops.convert_to_numpy(getattr(K(), name)(*args, **kwargs))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_every_function_of_that_backend_is_there():
    module = importlib.import_module("keras._tf_keras.legacy.backend")
    for name in module.__all__:
        assert callable(getattr(module, name)), name
        assert inspect.getdoc(getattr(module, name)), name


def test_variables_of_that_backend(backend):
    k = K()
    v = k.variable([1.0, 2.0])
    k.update_add(v, [1.0, 1.0])
    k.update_sub(v, [0.5, 0.5])
    assert k.get_value(v).tolist() == [1.5, 2.5]
    k.moving_average_update(v, [0.5, 0.5], 0.5)
    assert k.eval(v).tolist() == [1.0, 1.5]
    k.batch_set_value([(v, [3.0, 4.0])])
    assert k.batch_get_value([v])[0].tolist() == [3.0, 4.0]
    assert k.count_params(v) == 2 and k.ndim(v) == 1


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_the_loop_of_that_backend(backend, masked, backwards):
    mask = np.array([[True, True, False], [True, False, True]])
    last, outputs, states = K().rnn(
        lambda x, s: (x + s[0], [x + s[0]]),
        X,
        [np.zeros((2, 4), "float32")],
        go_backwards=backwards,
        mask=mask if masked else None,
    )
    steps, real = X, mask if masked else np.ones_like(mask)
    if backwards:
        steps, real = steps[:, ::-1], real[:, ::-1]
    expected = np.cumsum(steps * real[..., None], axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(outputs), expected, rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(last), expected[:, -1], rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(states[0]), expected[:, -1], 1e-5)


def test_a_transposed_convolution_of_a_given_shape(backend):
    x, kernel = np.ones((1, 2, 2, 1), "float32"), np.ones((2, 2, 1, 1), "float32")
    found = K().conv2d_transpose(x, kernel, (1, 3, 3, 1))
    expected = np.outer([1, 2, 1], [1, 2, 1])[None, :, :, None]
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected)


# Preprocessing of Keras 2. What is expected is what Keras 3.15.1 returned.


def test_tokenizer():
    from keras._tf_keras.keras.preprocessing.text import Tokenizer, tokenizer_from_json

    made = Tokenizer(num_words=5, oov_token="<o>")
    made.fit_on_texts(["the cat sat", "the dog. The cat!"])
    for tokenizer in (made, tokenizer_from_json(made.to_json())):
        assert tokenizer.texts_to_sequences(["the cat bird dog"]) == [[2, 3, 1, 1]]
        assert tokenizer.sequences_to_texts([[2, 3, 9]]) == ["the cat <o>"]
        expected = {
            "binary": [0, 0, 1, 1, 0],
            "count": [0, 0, 2, 1, 0],
            "freq": [0, 0, 2 / 3, 1 / 3, 0],
            "tfidf": [0, 0, 0.86490296, 0.51082562, 0],
        }
        for mode, row in expected.items():
            found = tokenizer.texts_to_matrix(["the cat the"], mode)
            np.testing.assert_allclose(found, [row], rtol=1e-6)
        assert tokenizer.get_config()["word_counts"] == (
            '{"the": 3, "cat": 2, "sat": 1, "dog": 1}'
        )
        assert tokenizer.index_docs == {3: 2, 4: 1, 2: 2, 5: 1}

    with pytest.raises(ValueError, match="mode"):
        made.texts_to_matrix(["a"], "tf")
    with pytest.raises(ValueError, match="fit_on_texts"):
        Tokenizer().texts_to_matrix(["a"])


def test_tokenizer_of_characters():
    from keras._tf_keras.keras.preprocessing.text import Tokenizer

    tokenizer = Tokenizer(char_level=True)
    tokenizer.fit_on_texts(["abc", "abb"])
    assert tokenizer.word_index == {"b": 1, "a": 2, "c": 3}
    assert tokenizer.texts_to_sequences(["ab"]) == [[2, 1]]


def test_words_and_hashes():
    from keras._tf_keras.keras.preprocessing import text

    assert text.text_to_word_sequence("Hello, World\n a") == ["hello", "world", "a"]
    assert text.hashing_trick("the cat the", 50, "md5") == [43, 32, 43]
    first, _, again = text.one_hot("the cat the", 50)
    assert first == again and 1 <= first < 50
    with pytest.raises(ValueError, match="hash_function"):
        text.hashing_trick("a", 5, "sha")


def test_windows_of_a_time_series():
    from keras._tf_keras.keras.preprocessing.sequence import TimeseriesGenerator

    series = TimeseriesGenerator(np.arange(10), np.arange(10), 3, 1, 2, batch_size=2)
    batches = [(x.tolist(), y.tolist()) for x, y in (series[0], series[1])]
    assert len(series) == 2
    assert batches[0] == ([[0, 1, 2], [2, 3, 4]], [3, 5])
    assert batches[1] == ([[4, 5, 6], [6, 7, 8]], [7, 9])
    backwards = TimeseriesGenerator(np.arange(10), np.arange(10), 4, 2, reverse=True)
    assert backwards[0][0][0].tolist() == [2, 0]
    with pytest.raises(ValueError, match="no window"):
        TimeseriesGenerator([1, 2], [1, 2], 5)
    with pytest.raises(ValueError, match="one length"):
        TimeseriesGenerator([1, 2], [1], 1)


def test_skipgrams():
    from keras._tf_keras.keras.preprocessing.sequence import (
        make_sampling_table,
        pad_sequences,
        skipgrams,
    )

    assert pad_sequences is keras.utils.pad_sequences
    table = [0.00315225, 0.00315225, 0.00547597, 0.00741556, 0.00912817]
    np.testing.assert_allclose(make_sampling_table(5), table, rtol=1e-5)
    pairs, labels = skipgrams([1, 2, 0, 3], 5, 1, 0.0, False, categorical=True)
    assert (pairs, labels) == ([[1, 2], [2, 1]], [[0, 1], [0, 1]])
    pairs, labels = skipgrams([1, 2, 3], 5, window_size=1, seed=3)
    assert (pairs, labels) == skipgrams([1, 2, 3], 5, window_size=1, seed=3)
    assert sorted(p for p, near in zip(pairs, labels) if near) == [
        [1, 2],
        [2, 1],
        [2, 3],
        [3, 2],
    ]
    assert labels.count(0) == 4
    assert skipgrams([1, 2], 5, sampling_table=[0.0, 0.0, 0.0]) == ([], [])
