"""Calls of PyTorch written down and repeated: the same numbers, or not written down."""

import weakref

import numpy as np
import pytest
import torch

import keras
from keras import layers, ops
from keras.backend.torch.capture import Captured, opaque

X = np.random.default_rng(0).normal(size=(67, 6)).astype("float32")
WORDS = np.random.default_rng(1).integers(0, 9, (67, 5)).astype("int32")
Y = np.random.default_rng(2).integers(0, 2, (67, 1)).astype("float32")


@pytest.fixture(autouse=True)
def on_torch():
    with keras.config.backend_scope("torch"):
        yield


def captured(fn, variables=()):
    return Captured(fn, lambda: list(variables))


def tapes(fn):
    """What became of each kind of call: "tape", None or why there is none."""
    kinds = fn._tapes.values()
    return [k if isinstance(k, str) or k is None else "tape" for k in kinds]


def test_repeats_on_other_values():
    fn = captured(lambda x: {"a": ops.exp(x) + 1, "b": (x, 3)})
    for x in torch.randn(4, 3):
        found = fn(x)
        torch.testing.assert_close(found["a"], torch.exp(x) + 1)
        assert found["b"][0] is x and found["b"][1] == 3
    assert tapes(fn) == ["tape"]
    fn(torch.ones(2))
    assert tapes(fn) == ["tape", None]


@pytest.mark.parametrize(
    "body",
    [
        lambda x: x + 1 if x.sum() > 0 else x - 1,
        lambda x: x * float(x[0]),
        lambda x: x[x > 0],
        lambda x: torch.nonzero(x),
        lambda x: torch.unique(x),
        lambda x: x + x.detach().numpy().max(),
        lambda x: x * len(x.tolist()),
        lambda x: torch.rand(3, generator=torch.Generator().manual_seed(1)) + x,
    ],
)
def test_what_looks_at_values_stays_as_it_is(body):
    fn = captured(body)
    for x in (torch.tensor([1.0, -2.0, 3.0]), torch.tensor([-1.0, 2.0, -3.0])) * 2:
        torch.testing.assert_close(fn(x), body(x))
    (kind,) = tapes(fn)
    assert kind not in ("tape", None)


def test_variables_are_read_and_written_live():
    v = keras.Variable(np.zeros(3, "float32"))

    def body(x):
        v.assign_add(x)
        return v.value * 1.0

    fn = captured(body, [v])
    for i in range(4):
        found = fn(torch.ones(3))
        assert found.tolist() == [i + 1] * 3
    assert v.numpy().tolist() == [4.0] * 3
    v.assign(np.full(3, 10, "float32"))
    assert fn(torch.ones(3)).tolist() == [11.0] * 3
    v._value = torch.nn.Parameter(torch.zeros(3))  # as a move to a device does
    assert fn(torch.ones(3)).tolist() == [1.0] * 3
    assert v.numpy().tolist() == [1.0] * 3


def test_a_constant_that_is_changed_in_place_is_made_anew():
    def body(x):
        room = torch.zeros(3)
        room.add_(x)
        part = torch.zeros(2, 2)
        part[0].add_(1)
        return room, part, torch.ones(2)

    fn = captured(body)
    for _ in range(4):
        room, part, ones = fn(torch.ones(3))
        ones.add_(1)  # the caller's now
        assert room.tolist() == [1.0] * 3
        assert part.tolist() == [[1.0, 1.0], [0.0, 0.0]]
        assert ones.tolist() == [2.0] * 2


def test_gradients():
    w = torch.nn.Parameter(torch.tensor([2.0, 3.0]))
    fn = captured(lambda x: (w * x * x).sum())
    for value in (1.0, 2.0, 3.0, 4.0):
        x = torch.full((2,), value, requires_grad=True)
        gx, gw = torch.autograd.grad(fn(x), (x, w))
        torch.testing.assert_close(gx, 2 * w.detach() * value)
        torch.testing.assert_close(gw, torch.full((2,), value**2))
    with torch.no_grad():
        assert not fn(torch.ones(2)).requires_grad
    assert tapes(fn) == ["tape", None]


def test_the_grad_mode_survives_an_error():
    @opaque
    def fails(x):
        if x.sum() > 2:
            raise ValueError("too much")
        return x + 0

    def body(x):
        with torch.no_grad():
            return fails(x)

    fn = captured(body)
    for _ in range(3):
        fn(torch.ones(1))
    assert tapes(fn) == ["tape"]
    with pytest.raises(ValueError, match="too much"):
        fn(torch.full((1,), 3.0))
    assert torch.is_grad_enabled()


def test_opaque_functions_run_anew():
    seen = []

    @opaque
    def look(x, items):
        seen.append(x.item())
        return [x + 1, items[0]]

    fn = captured(lambda x: look(x * 2, [x])[0])
    assert [fn(torch.tensor(v)).item() for v in (1.0, 2.0, 3.0)] == [3.0, 5.0, 7.0]
    assert seen == [2.0, 4.0, 6.0]


def mlp():
    x = keras.Input((6,))
    h = layers.Dense(8, activation="relu", kernel_regularizer="l2")(x)
    h = layers.BatchNormalization()(layers.Dropout(0.3)(h))
    h = layers.GaussianNoise(0.1)(h)
    return keras.Model(x, layers.Dense(1, activation="sigmoid")(h)), X


def lstm():
    x = keras.Input((5,), dtype="int32")
    h = layers.LSTM(4, dropout=0.2)(layers.Embedding(9, 3, mask_zero=True)(x))
    return keras.Model(x, layers.Dense(1, activation="sigmoid")(h)), WORDS


def attention():
    x = keras.Input((5,), dtype="int32")
    h = layers.Embedding(9, 4)(x)
    h = layers.Add()([h, layers.MultiHeadAttention(2, 2, dropout=0.1)(h, h)])
    h = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(h))
    return keras.Model(x, layers.Dense(1, activation="sigmoid")(h)), WORDS


OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.9),
        clipnorm=1.0,
        weight_decay=1e-3,
    ),
    "sgd": lambda: keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=1.0),
    "lamb": lambda: keras.optimizers.Lamb(0.01, use_ema=True),
    "several": lambda: keras.optimizers.Adam(0.1, gradient_accumulation_steps=3),
}


@pytest.mark.parametrize(
    "make, optimizer",
    [
        (mlp, "adam"),
        (mlp, "sgd"),
        (mlp, "lamb"),
        (mlp, "several"),
        (lstm, "adam"),
        (attention, "sgd"),
    ],
)
def test_training_is_the_same_bit_for_bit(make, optimizer):
    found = []
    for eagerly in (True, False):
        keras.utils.set_random_seed(3)
        model, x = make()
        model.compile(
            OPTIMIZERS[optimizer](),
            "binary_crossentropy",
            metrics=["accuracy", "auc"],
            run_eagerly=eagerly,
        )
        history = model.fit(
            x, Y, batch_size=8, epochs=3, verbose=0, validation_split=0.2
        ).history
        found.append([*history.values(), model.predict(x, verbose=0)])
        found[-1] += model.get_weights()
    assert tapes(model.train_function) == ["tape", "tape"]
    assert tapes(model.test_function) == ["tape", "tape"]
    for plain, repeated in zip(*found):
        np.testing.assert_array_equal(plain, repeated)


def test_code_of_the_user_is_not_written_down():
    calls = []

    class Own(layers.Layer):
        def call(self, x):
            calls.append(1)
            return x * len(calls)

    model = keras.Sequential([keras.Input((6,)), Own(), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = len(calls)
    model.fit(X[:64], Y[:64], batch_size=8, epochs=3, verbose=0)
    assert len(calls) == before + 24
    model.compile("sgd", lambda y, p: calls.append(1) or ops.mean((y - p) ** 2))
    assert type(model.make_train_function()).__name__ == "function"


def test_tensors_that_nobody_needs_are_let_go_while_calls_are_written_down():
    alive = []

    def body(x):
        inner = torch.exp(x)
        alive.append(weakref.ref(inner))
        inner = inner.sum()
        alive.append(alive[-1]())
        return inner

    fn = captured(body)
    for _ in range(2):
        fn(torch.randn(100))
    assert tapes(fn) == ["tape"] and alive[1::2] == [None, None]


@pytest.mark.parametrize("operation", ["add", "sub", "mul"])
def test_what_is_assigned_to_a_variable_is_computed_in_its_memory(operation):
    variable = keras.Variable([1.0, 2.0])
    other = keras.Variable([0.0, 0.0])

    def body(x):
        new = getattr(torch, operation)(variable.value, x)
        variable.assign(new)
        other.assign(new + 1)  # it is needed again
        variable.assign(getattr(torch, operation)(variable.value, 3.0))
        return x + 0

    fn, expected = captured(body, [variable, other]), torch.tensor([1.0, 2.0])
    for x in torch.tensor([[1.0, 4.0], [2.0, -1.0], [0.5, 3.0]]):
        fn(x)
        first = getattr(torch, operation)(expected, x)
        expected = getattr(torch, operation)(first, 3.0)
        assert variable.value.tolist() == expected.tolist()
        assert other.value.tolist() == (first + 1).tolist()
    assert tapes(fn) == ["tape"]
    (tape,) = fn._tapes.values()
    assert f"{operation}_" in tape._function.__code__.co_names
