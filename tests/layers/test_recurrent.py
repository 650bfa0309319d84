"""Recurrent layers: against PyTorch's modules, masks, states, cells of the user's."""

import json

import numpy as np
import pytest
import torch

import keras
from keras import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 6, 4)).astype("float32")
LENGTHS = (6, 3, 1)
PADDED = np.arange(6) < np.array(LENGTHS)[:, None]
HOLES = RNG.random((3, 6)) < 0.5
HOLES[2] = False  # nothing real at all
ALL = pytest.mark.parametrize("cls", ["SimpleRNN", "LSTM", "GRU"])


def numpy(x):
    return np.asarray(ops.convert_to_numpy(x))


def near(a, b, tolerance=2e-5):
    np.testing.assert_allclose(numpy(a), numpy(b), rtol=tolerance, atol=tolerance)


def make(cls, **arguments):
    """A layer with weights that none of its initializers would give."""
    layer = getattr(layers, cls)(5, **arguments)
    layer.build(X.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape) * 0.5 for w in layer.weights])
    return layer


# Values


def as_torch(cls, layer):
    """PyTorch's module with the weights of ours."""
    module = {"SimpleRNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}
    module = module[cls](4, 5, batch_first=True)
    kernel, recurrent, bias = (w.numpy() for w in layer.weights)
    biases = bias if cls == "GRU" else np.stack([bias, 0 * bias])
    order = [1, 0, 2] if cls == "GRU" else range(kernel.shape[1] // 5)
    columns = np.concatenate([np.arange(5) + 5 * g for g in order])
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.from_numpy(kernel.T[columns]))
        module.weight_hh_l0.copy_(torch.from_numpy(recurrent.T[columns]))
        module.bias_ih_l0.copy_(torch.from_numpy(biases[0][columns]))
        module.bias_hh_l0.copy_(torch.from_numpy(biases[1][columns]))
    return module


@ALL
def test_computes_what_pytorch_does(backend, cls):
    layer = make(cls, return_sequences=True, return_state=True)
    outputs, *states = layer(X)
    with torch.no_grad():
        want, last = as_torch(cls, layer)(torch.from_numpy(X))
    near(outputs, want.numpy())
    last = last if isinstance(last, tuple) else (last,)
    for state, theirs in zip(states, last, strict=True):
        near(state, theirs[0].numpy())


@ALL
@pytest.mark.parametrize("mask", [None, PADDED, HOLES], ids=["none", "padded", "holes"])
@pytest.mark.parametrize("backwards", [False, True], ids=["forward", "backward"])
def test_fused_kernels_equal_the_loop(cls, mask, backwards):
    """Outputs, states and all gradients, on the backend that has such kernels."""
    with keras.config.backend_scope("torch"):
        found = []
        for use_cudnn in (True, False):
            layer = make(
                cls, return_sequences=True, return_state=True, go_backwards=backwards
            )
            layer.use_cudnn = use_cudnn
            initial = [
                ops.convert_to_tensor(0.3 * X[:, i, :1].repeat(5, 1))
                for i in range(len(layer.state_size))
            ]

            def total(x, *initial, layer=layer):
                parts = layer(x, mask=mask, initial_state=list(initial))
                weights = ops.reshape(ops.linspace(-1.0, 1.0, 30), (6, 5))
                return ops.sum(parts[0] * weights) + sum(
                    ops.sum(s * (i + 2)) for i, s in enumerate(parts[1:])
                ), parts

            inputs = [ops.convert_to_tensor(X), *initial]
            (_, parts), grads = ops.value_and_grad(
                total, argnums=tuple(range(len(inputs))), has_aux=True
            )(*inputs)
            _, of_weights = ops.value_and_grad(
                lambda: total(*inputs)[0],  # noqa: B023
                layer.trainable_variables,
            )()
            found.append([*parts, *grads, *of_weights])
        for a, b in zip(*found, strict=True):
            near(a, b)


@pytest.mark.parametrize(
    "arguments",
    [
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"unroll": True},
    ],
    ids=["activation", "recurrent_activation", "unroll"],
)
def test_fused_kernels_run_only_where_they_are_equal(arguments):
    with keras.config.backend_scope("torch"):
        layer = make("LSTM", use_cudnn=True, **arguments)
        with pytest.raises(ValueError, match="use_cudnn=True.*torch.*LSTMCell"):
            layer(X)
        layer.use_cudnn = "auto"
        plain = make("LSTM", use_cudnn=False, **arguments)
        near(layer(X), plain(X), 0)


@ALL
def test_a_layer_is_its_cell_step_by_step(backend, cls):
    """Also where the input is projected for all steps at once, and with `unroll`."""
    layer = (
        make(cls, return_sequences=True, use_cudnn=False)
        if cls != "SimpleRNN"
        else (make(cls, return_sequences=True, unroll=True))
    )
    states = layer.get_initial_state(3)
    for t in range(6):
        output, states = layer.cell(X[:, t], states)
        near(layer(X)[:, t], output)


# Masks


@ALL
def test_masked_steps_are_left_out(backend, cls):
    """A padded sequence gives what the shorter sequence gives."""
    layer = make(cls, return_sequences=True, return_state=True)
    outputs, *states = layer(X, mask=PADDED)
    for i, n in enumerate(LENGTHS):
        short, *last = layer(X[i : i + 1, :n])
        near(outputs[i, :n], short[0])
        for t in range(n, 6):  # and then stay
            near(outputs[i, t], short[0, -1])
        for state, theirs in zip(states, last):
            near(state[i], theirs[0])


def test_gaps_and_zeros(backend):
    layer = make("GRU", return_sequences=True, zero_output_for_mask=True)
    outputs = numpy(layer(X, mask=HOLES))
    np.testing.assert_array_equal(outputs[~HOLES], 0.0)
    for i in (0, 1):
        near(outputs[i][HOLES[i]], layer(X[i : i + 1][:, HOLES[i]])[0])


def test_masks_travel(backend):
    """From an embedding through recurrent layers and wrappers to the last one."""
    tokens = np.array([[3, 1, 2, 0, 0], [4, 2, 0, 0, 0]], "int32")
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(5, 4, mask_zero=True),
            layers.LSTM(3, return_sequences=True),
            layers.TimeDistributed(layers.Dense(4)),
            layers.Bidirectional(layers.GRU(3, return_sequences=True)),
            layers.LSTM(2),
        ]
    )
    out = model(tokens)
    for i, n in enumerate((3, 2)):
        near(out[i], model(tokens[i : i + 1, :n])[0])


def test_inner_masks_of_a_nested_sequence(backend):
    """Words in sentences in documents; a sentence of padding alone is left out."""
    tokens = np.array([[[1, 2, 0], [3, 0, 0], [0, 0, 0]]], "int32")
    embedding = layers.TimeDistributed(layers.Embedding(5, 4, mask_zero=True))
    words = layers.TimeDistributed(layers.LSTM(3))
    sentences = layers.LSTM(2)
    out = sentences(words(embedding(tokens)))
    near(out, sentences(words(embedding(tokens[:, :2]))))
    near(
        words(embedding(tokens))[0, 1],
        words.layer(embedding(tokens[:, 1:, :1])[:, 0])[0],
    )


# States


@ALL
def test_states_go_on_to_the_next_batch(backend, cls):
    layer = make(cls, stateful=True, return_sequences=True)
    plain = make(cls, return_sequences=True)
    near(layer(X[:, :2]), plain(X)[:, :2])
    near(layer(X[:, 2:]), plain(X)[:, 2:])
    layer.reset_state()
    near(layer(X), plain(X))
    layer.reset_states()
    assert not any(s.numpy().any() for s in layer.states)
    assert len(layer.weights) == 3 and len(layer.variables) == 4  # and a seed


@pytest.mark.gradients
def test_states_are_kept_while_training(backend):
    x = keras.Input(batch_shape=(2, 3, 4))
    layer = layers.LSTM(3, stateful=True)
    model = keras.Model(x, layers.Dense(1)(layer(x)))
    model.compile("sgd", "mse")
    model.fit(X[:2, :3], np.zeros((2, 1)), epochs=2, verbose=0)
    assert all(s.numpy().any() for s in layer.states)
    layer.reset_state()
    assert not any(s.numpy().any() for s in layer.states)


def test_symbolic_initial_states(backend):
    """An encoder hands its states to a decoder, in one model and through a file."""
    source, target = keras.Input((None, 4)), keras.Input((None, 4))
    encoder = layers.LSTM(3, return_state=True)
    _, *states = encoder(source)
    decoder = layers.LSTM(3, return_sequences=True)
    model = keras.Model([source, target], decoder(target, initial_state=states))
    _, h, c = encoder(X)
    near(model([X, X[:, :2]]), decoder(X[:, :2], initial_state=[h, c]))
    data = json.loads(model.to_json())
    again = keras.models.model_from_json(json.dumps(data))
    again.set_weights(model.get_weights())
    near(again([X, X[:, :2]]), model([X, X[:, :2]]))


def test_bidirectional_states(backend):
    layer = layers.Bidirectional(layers.LSTM(3, return_state=True))
    output, *states = layer(X)
    assert [tuple(s.shape) for s in states] == [(3, 3)] * 4
    near(output, np.concatenate([numpy(states[0]), numpy(states[2])], -1))
    again, *_ = layer(X, initial_state=states)
    forward, *_ = layer.forward_layer(X, initial_state=states[:2])
    near(again[:, :3], forward)


# Cells


class Decaying(keras.layers.Layer):
    """A cell of the user's: no class of ours, two states of unlike sizes."""

    def __init__(self, units, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rate = units, rate
        self.state_size = [units, 1]
        self.output_size = 2 * units

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], self.units))
        self.noise = layers.Dropout(0.5, seed=1)

    def call(self, inputs, states, training=False):
        memory, count = states
        new = self.noise(ops.matmul(inputs, self.kernel), training=training)
        memory = self.rate * memory + new
        return ops.concatenate([memory, memory * count], -1), [memory, count + 1]


def test_a_cell_of_the_users(backend):
    layer = layers.RNN(Decaying(2), return_sequences=True, return_state=True)
    out, memory, count = layer(X)
    want, counts = np.zeros((3, 2)), []
    for t in range(6):
        want = 0.5 * want + X[:, t] @ layer.cell.kernel.numpy()
        counts.append(t)
        near(out[:, t], np.concatenate([want, want * t], -1))
    near(memory, want)
    near(count, np.full((3, 1), 6.0))
    last, *_ = layers.RNN(layer.cell, return_state=True)(X, mask=PADDED)
    near(last[1], out[1, 2])
    assert layer(keras.Input((None, 4)))[0].shape == (None, None, 4)
    both = layers.Bidirectional(layers.RNN(Decaying(2)))
    assert tuple(both(X).shape) == (3, 8)


def test_noise_inside_a_cell(backend):
    """A seed that counts up in the loop: each step draws anew, each call too."""
    layer = layers.RNN(Decaying(200, rate=0.0), return_sequences=True)
    x = np.ones((1, 3, 4), "float32")
    a, b = numpy(layer(x, training=True)), numpy(layer(x, training=True))
    dropped = (a == 0)[0, :, :200]
    assert 0.3 < dropped.mean() < 0.7
    assert (dropped[0] != dropped[1]).any() and (a != b).any()
    assert not (numpy(layer(x))[0, :, :200] == 0).any()


def test_stacked_cells_are_stacked_layers(backend):
    stack = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True)
    out = stack(X, mask=PADDED)
    first = layers.LSTM(3, return_sequences=True)
    second = layers.GRU(2, return_sequences=True)
    first.build(X.shape)
    second.build((3, 6, 3))
    first.set_weights(stack.get_weights()[:3])
    second.set_weights(stack.get_weights()[3:])
    near(out, second(first(X), mask=PADDED))


def test_a_list_of_cells_in_training(backend):
    """Dropout is drawn before the loop, so nothing of the loop is kept."""
    cells = [layers.LSTMCell(3, dropout=0.4, seed=1), layers.SimpleRNNCell(2)]
    layer = layers.RNN(cells)
    a, b = layer(X, training=True), layer(X, training=True)
    assert (numpy(a) != numpy(b)).any()
    near(layer(X), layer(X))


# Dropout


@pytest.mark.parametrize("cls", ["SimpleRNN", "LSTM", "GRU"])
def test_the_same_features_are_dropped_at_all_steps(backend, cls):
    x = np.ones((2, 4, 30), "float32")
    layer = getattr(layers, cls)(
        8, dropout=0.5, recurrent_initializer="zeros", return_sequences=True, seed=3
    )
    if cls == "SimpleRNN":
        out = numpy(layer(x, training=True))
        near(out, out[:, :1].repeat(4, 1))
    a, b = numpy(layer(x, training=True)), numpy(layer(x, training=True))
    assert (a != b).any()
    near(layer(x), layer(x))


@pytest.mark.parametrize("cls", ["LSTMCell", "GRUCell"])
def test_dropout_masks_of_a_cell(backend, cls):
    """As many as gates where states are dropped; they stay until reset."""
    cell = getattr(layers, cls)(2, dropout=0.5, recurrent_dropout=0.5, seed=1)
    x, h = np.ones((4, 30), "float32"), [np.ones((4, 2), "float32")] * cell.gates
    drop = cell.get_dropout_mask(ops.convert_to_tensor(x))
    assert len(drop) == cell.gates
    assert set(np.unique(numpy(drop[0]))) == {0.0, 2.0}
    states = h[: 2 if cls == "LSTMCell" else 1]
    near(cell(x, states, training=True)[0], cell(x, states, training=True)[0])
    cell.reset_dropout_mask()
    again = cell.get_dropout_mask(ops.convert_to_tensor(x))
    assert (numpy(again[0]) != numpy(drop[0])).any()
    assert layers.LSTMCell(2).get_dropout_mask(x) is None


# Eager calls


@pytest.mark.parametrize("name", ["jax", "tensorflow"])
def test_eager_calls_are_compiled_once(name, monkeypatch):
    """The loop is traced for new shapes only, and weights stay live."""
    with keras.config.backend_scope(name):
        layer = make("LSTM")
        traced = []
        whole = type(layer.cell).make_step
        monkeypatch.setattr(
            type(layer.cell),
            "make_step",
            lambda *args: traced.append(1) or whole(*args),
        )
        before = layer(X)
        first = len(traced)
        near(layer(X), before, 0)
        assert len(traced) == first
        layer.set_weights([0 * w for w in layer.get_weights()])
        assert not numpy(layer(X)).any()
        assert len(traced) == first
        layer(X[:, :3])
        assert len(traced) > first


# Weights and configs


def test_the_forget_gate_starts_open(backend):
    cell = layers.LSTMCell(2, bias_initializer=keras.initializers.Constant(5.0))
    cell.build((1, 3))
    assert cell.bias.numpy().tolist() == [5, 5, 1, 1, 5, 5, 5, 5]
    layer = layers.ConvLSTM1D(2, 2, unit_forget_bias=False)
    layer.build((1, 3, 4, 1))
    assert not layer.cell.bias.numpy().any()


def test_bidirectional_takes_weights(backend):
    like = layers.Bidirectional(layers.LSTM(2))
    like(X)
    layer = layers.Bidirectional(layers.LSTM(2), weights=like.get_weights())
    near(layer(X), like(X))


def test_paths_and_names(backend):
    layer = layers.Bidirectional(layers.LSTM(2, name="foo"), name="bi")
    layer(X)
    assert layer.weights[0].path == "bi/forward_foo/lstm_cell/kernel"
    assert layer.weights[-1].path == "bi/backward_foo/lstm_cell/bias"
    assert "use_cudnn" not in layers.LSTM(2).get_config()
    assert layers.LSTM(2, dropout=0.3, trainable=False).cell.trainable is False


# Everyday mistakes

MISTAKES = {
    "rank": (lambda: layers.LSTM(2)(X[0]), r"rank 3.*"),
    "units": (lambda: layers.LSTM(-2), "LSTMCell.*units.*-2"),
    "dropout": (lambda: layers.GRU(2, dropout=1.5), "dropout.*1.5"),
    "few states": (
        lambda: layers.LSTM(2)(X, initial_state=[X[:, 0, :2]]),
        r"initial_state.*2 tensor.*\[2, 2\].*1 of shapes \[\(3, 2\)\]",
    ),
    "many states": (
        lambda: layers.GRU(2)(X, initial_state=[X[:, 0, :2]] * 2),
        "1 tensor.*2 of shapes",
    ),
    "state size": (
        lambda: layers.GRU(2)(X, initial_state=X[:, 0, :3]),
        r"\[2\].*\(3, 3\)",
    ),
    "stateful": (
        lambda: layers.LSTM(2, stateful=True)(keras.Input((5, 4))),
        r"batch size.*\(None, 5, 4\).*batch_shape",
    ),
    "another batch": (
        lambda: [
            layer(x) for layer in [make("LSTM", stateful=True)] for x in (X, X[:2])
        ],
        r"batches of 3.*batch of 2",
    ),
    "no cell": (lambda: layers.RNN(layers.Dense(2)), "state_size.*Dense"),
    "number for a cell": (lambda: layers.RNN(3), "call.*received 3"),
    "no cells": (lambda: layers.RNN([]), "empty"),
    "no steps": (lambda: layers.LSTM(2)(X[:, :0]), r"\(3, 0, 4\).*no steps"),
    "mask": (lambda: layers.LSTM(2)(X, mask=X > 0), r"\(batch, time\).*\(3, 6, 4\)"),
    "use_cudnn": (lambda: layers.LSTM(2, use_cudnn="yes"), "use_cudnn.*'yes'"),
    "not recurrent": (
        lambda: layers.Bidirectional(layers.Dense(2)),
        "recurrent.*Dense",
    ),
    "merge mode": (
        lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="foo"),
        "merge_mode.*'foo'",
    ),
    "same direction": (
        lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2)),
        "go_backwards.*False",
    ),
    "odd states": (
        lambda: layers.Bidirectional(layers.GRU(2))(X, initial_state=[X[:, 0, :2]]),
        "even number.*1",
    ),
    "no layer": (lambda: layers.TimeDistributed(3), "TimeDistributed.*received 3"),
    "no time": (lambda: layers.TimeDistributed(layers.Dense(2))(X[0]), r"\(6, 4\)"),
    "unknown images": (
        lambda: layers.ConvLSTM2D(2, 3)(keras.Input((None, None, None, 1))),
        r"spatial.*\(None, None, None, 1\)",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name):
    mistake, message = MISTAKES[name]
    with keras.config.backend_scope("torch"):
        with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
            mistake()
