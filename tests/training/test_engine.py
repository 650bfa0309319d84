"""What is compiled of a model, when it is compiled again, and what `explain` says."""

import copy
import gc
import pickle
import re
import weakref
from pathlib import Path

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.core.inspection import inspect_model
from keras.training.compiled_calls import CALLS

X = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(64, 2)).astype("float32")


def make(*between, **options):
    model = keras.Sequential(
        [keras.Input((4,)), *between, layers.Dropout(0.5, name="drop"), layers.Dense(2)]
    )
    model.compile("sgd", "mse", **options)
    return model


def said(model, use):
    """The line of `explain` on a use of the model."""
    (line,) = re.findall(rf"^  {use} +(.*)$", model.engine.explain(), re.MULTILINE)
    return line


# Out of date


@pytest.mark.gradients
def test_a_setting_of_a_layer_compiles_again(backend):
    model = make()
    model.train_on_batch(X, Y)
    first = model.train_function
    model.train_on_batch(X, Y)
    assert model.train_function is first

    model.get_layer("drop").rate = 0.25

    model.train_on_batch(X, Y)
    assert model.train_function is not first
    assert "Dropout 'drop': `rate` changed from 0.5 to 0.25" in model.engine.explain()


@pytest.mark.gradients
def test_an_unrelated_object_costs_nothing(backend, monkeypatch):
    model, other = make(), layers.Dropout(0.5)
    model.train_on_batch(X, Y)
    model.predict(X, verbose=0)
    walks = []
    monkeypatch.setattr(
        "keras.training.engine.inspect_model",
        lambda owner: walks.append(owner) or inspect_model(owner),
    )
    for rate in (0.1, 0.2, 0.3):
        other.rate = rate
        layers.Dense(3)
        model.train_on_batch(X, Y)
        model.predict(X, verbose=0)
    assert not walks

    model.get_layer("drop").rate = 0.5  # the same value: looked at, not compiled again
    first = model.train_function
    model.train_on_batch(X, Y)
    assert len(walks) == 1 and model.train_function is first


@pytest.mark.gradients
@pytest.mark.parametrize(
    "change",
    [
        lambda m: setattr(m.layers[-1], "trainable", False),
        lambda m: setattr(m.layers[-1].bias, "trainable", False),
        lambda m: setattr(m.layers[-1], "activation", keras.activations.relu),
        lambda m: setattr(m.layers[-1].kernel, "regularizer", keras.regularizers.L2()),
        lambda m: setattr(m.optimizer, "clipnorm", 1.0),
        lambda m: setattr(m, "run_eagerly", True),
        lambda m: m.add(layers.Activation("relu")),
        lambda m: m.pop(),
    ],
)
def test_what_makes_the_train_step_new(change, backend):
    model = make(layers.Dense(2, name="extra"))
    model.train_on_batch(X, Y)
    first = model.train_function
    change(model)
    model.train_on_batch(X, Y)
    assert model.train_function is not first
    assert model.engine.last_change


def test_a_layer_replaced_in_a_list_is_seen(backend):
    class Stack(keras.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [layers.LeakyReLU(1.0), layers.LeakyReLU(1.0)]

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return x

    model = Stack()
    np.testing.assert_allclose(model.predict(X, verbose=0), X)
    model.blocks[1] = layers.LeakyReLU(3.0)
    expected = np.where(X > 0, X, 3 * X)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-6)


def test_a_setting_inside_a_model_of_the_user_is_seen(backend):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.slope = layers.LeakyReLU(1.0)

        def call(self, x):
            return self.slope(x)

    model = Own()
    model.predict(X, verbose=0)
    model.slope.negative_slope = 2.0
    expected = np.where(X > 0, X, 2 * X)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-6)


@pytest.mark.gradients
def test_a_learning_rate_is_no_setting(backend):
    model = make()
    model.train_on_batch(X, Y)
    first = model.train_function
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    model.train_on_batch(X, Y)
    assert model.train_function is first
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.gradients
def test_copies_start_with_a_new_engine(backend):
    model = make()
    model.fit(X, Y, verbose=0)
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    copies.append(model.to_backend("jax"))
    for other in copies:
        assert other.engine is not model.engine
        assert not other.engine.steps
        other.train_on_batch(X, Y)


@pytest.mark.gradients
def test_a_model_that_was_used_is_freed(backend):
    model = make()
    model.fit(X, Y, verbose=0)
    model(X)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


@pytest.mark.gradients
def test_a_program_may_use_the_name_engine(backend):
    class Car(keras.Model):
        def __init__(self):
            super().__init__()
            self.engine = layers.Dense(2)

        def call(self, x):
            return self.engine(x)

    model = Car()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert len(model.weights) == 2


@pytest.mark.gradients
def test_a_train_function_of_ones_own_may_be_kept(backend):
    made = []

    class Own(keras.Sequential):
        def make_train_function(self, force=False):
            if self.train_function is None or force:
                made.append(1)
                self.train_function = lambda data: {"loss": 1.0}
            return self.train_function

    model = Own([keras.Input((4,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    assert model.fit(X, Y, epochs=2, verbose=0).history["loss"] == [1.0, 1.0]
    assert made == [1]
    assert said(model, "fit") == "runs what Own.make_train_function returns"


# Calls


def test_a_compiled_call_knows_the_mode_and_the_settings(backend):
    model = make()
    for _ in range(CALLS + 4):
        outputs = model(X, training=True)
    drawn = np.array(ops.convert_to_numpy(outputs))
    again = np.array(ops.convert_to_numpy(model(X, training=True)))
    assert abs(drawn - again).max() > 1e-3  # another draw
    model.get_layer("drop").rate = 0.0
    for _ in range(CALLS + 4):
        np.testing.assert_allclose(
            ops.convert_to_numpy(model(X, training=True)),
            model.predict(X, verbose=0),
            rtol=1e-4,
            atol=1e-6,
        )


def test_predict_of_one_array_is_checked_like_others(backend):
    model = make()
    assert model.predict(X[:1], verbose=0).shape == (1, 2)
    with pytest.raises(ValueError, match="batch_size"):
        model.predict(X[:1], batch_size=0, verbose=0)
    with pytest.raises(ValueError, match="0 samples"):
        model.predict(X[:0], verbose=0)


# Repeatable code


class Doubling(layers.Layer):
    repeatable = True

    def __init__(self, **options):
        super().__init__(**options)
        self.calls = []
        self.factor = 2.0

    def call(self, x):
        self.calls.append(1)
        return x * self.factor


class Inheriting(Doubling):
    """The promise is not inherited."""


@pytest.mark.parametrize("cls", [Doubling, Inheriting])
def test_a_layer_is_recorded_only_if_it_promises_so(cls):
    with keras.config.backend_scope("torch"):
        own = cls(name="own")
        model = make(own)
    before = len(own.calls)
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    calls = len(own.calls) - before
    if cls is Doubling:  # run, recorded, and then repeated without its Python
        assert calls == 2
        assert said(model, "fit").startswith("recorded and repeated for 1 set")
    else:
        assert calls == 16
        assert "Inheriting 'own' may do anything" in said(model, "fit")


def test_settings_of_repeatable_code_are_seen():
    with keras.config.backend_scope("torch"):
        own = Doubling()
        model = keras.Sequential([keras.Input((4,)), own])
    for _ in range(4):
        np.testing.assert_allclose(model.predict(X, verbose=0), 2 * X)
    own.factor = 5.0
    np.testing.assert_allclose(model.predict(X, verbose=0), 5 * X)


def test_a_loss_function_may_promise_too():
    def my_loss(y, p):
        return ops.mean((y - p) ** 2, axis=-1)

    for promise in (False, True):
        my_loss.repeatable = promise
        with keras.config.backend_scope("torch"):
            model = make()
            model.compile("sgd", my_loss)
        model.fit(X, Y, batch_size=8, verbose=0)
        assert ("my_loss" in said(model, "fit")) is not promise


# In words


@pytest.mark.gradients
def test_explain_what_is_compiled(backend):
    model = make()
    assert said(model, "fit") == "not compiled yet: it is when it first runs"
    assert said(model, "call").startswith("not compiled yet")
    model.fit(X, Y, batch_size=8, verbose=0)
    for _ in range(CALLS + 3):
        model(X)
    assert re.match("compiled|recorded", said(model, "fit"))
    assert said(model, "fit").endswith("several steps in one dispatch")
    assert re.match("(compiled|recorded).* for 1 set of shapes", said(model, "call"))
    assert backend in model.engine.explain()
    assert repr(model.engine).startswith(f"<Engine of {model._label()}, fit: ")


@pytest.mark.gradients
def test_explain_run_eagerly(backend):
    model = make(run_eagerly=True)
    model.fit(X, Y, verbose=0)
    assert said(model, "fit") == "runs step by step, because run_eagerly=True"
    assert said(model, "call") == "runs as written, because run_eagerly=True"


def test_explain_jit_compile():
    with keras.config.backend_scope("jax"):
        model = make(jit_compile=False)
        model.fit(X, Y, verbose=0)
    assert said(model, "fit") == "runs step by step, because jit_compile=False"


def test_explain_a_value_that_is_read():
    class Looking(layers.Layer):
        repeatable = True  # it is not: the engine finds out

        def call(self, x):
            return x if float(ops.sum(x)) > 0 else -x

        def compute_output_shape(self, shape):
            return shape

    with keras.config.backend_scope("torch"):
        model = make(Looking())
        model.fit(X, Y, batch_size=8, verbose=0)
    assert re.search("step by step where `.+` reads values", said(model, "fit"))


def test_explain_calls(backend):
    class Subclassed(keras.Model):
        def call(self, x):
            return x

    assert "made of a graph" in said(Subclassed(), "call")
    penalized = make(layers.ActivityRegularization(l2=0.1))
    model = make(Inheriting(name="own"))
    for _ in range(CALLS + 2):
        penalized(X)
        model(X)
    assert "leaves losses or masks behind" in said(penalized, "call")
    assert said(model, "call") == "runs as written: Inheriting 'own' may do anything"


@pytest.mark.gradients
@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda m: m.compile("adam", "mse"), "the model was compiled again"),
        (lambda m: setattr(m, "jit_compile", True), "`jit_compile` changed"),
        (lambda m: setattr(m.layers[-1], "trainable", False), "`_trainable` changed"),
        (lambda m: setattr(m.layers[-1].bias, "trainable", False), "weights"),
        (lambda m: m.add(layers.ReLU()), "ReLU 're_lu"),
    ],
)
def test_explain_what_compiled_again(change, reason, backend):
    model = make()
    model.train_on_batch(X, Y)
    change(model)
    if reason == "weights":
        model.make_train_function()
    last = model.engine.explain().splitlines()[-1]
    assert last.startswith("Compiled again the last time because: ") and reason in last


# What is not there


def test_members_that_are_not_there_say_so(backend):
    model = make()
    for name in ("quantize", "quantized_build", "export"):
        assert not hasattr(model, name)
        with pytest.raises(AttributeError, match=name):
            getattr(model, name)
    with pytest.raises(AttributeError, match="not of this package yet"):
        layers.Dense(2).quantize("int8")


def test_the_page():
    """The code on the page about compiled steps runs from top to bottom."""
    page = Path(keras.__file__).parent.parent / "docs" / "engine.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    scope = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), scope)


def test_explain_where_there_are_no_gradients():
    with keras.config.backend_scope("numpy"):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.evaluate(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    text = str(model.engine.explain())
    assert "fit       does not run: this backend has no gradients" in text
    assert "evaluate  runs step by step: this backend does not compile" in text
