"""Training written in the framework's own terms, as the guides of Keras write it."""

import re
from pathlib import Path

import numpy as np
import pytest

import keras
from keras import layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 8)).astype("float32")
Y = X.sum(1, keepdims=True).astype("float32")
LABELS = (X[:, 0] > 0).astype("int32") + (X[:, 1] > 0)


def tensorflow_steps():
    import tensorflow as tf

    class Model(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            trainable_vars = self.trainable_variables
            gradients = tape.gradient(loss, trainable_vars)
            self.optimizer.apply_gradients(zip(gradients, trainable_vars))
            return self.updated(y, y_pred, loss)

        def test_step(self, data):
            x, y = data
            y_pred = self(x, training=False)
            return self.updated(y, y_pred, self.compute_loss(y=y, y_pred=y_pred))

        def updated(self, y, y_pred, loss):
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

        def predict_step(self, data):
            return 2 * self(data, training=False)

    return Model


def torch_steps():
    import torch

    class Model(tensorflow_steps()):
        def train_step(self, data):
            x, y = data
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            loss.backward()
            trainable_weights = [v for v in self.trainable_weights]
            gradients = [v.value.grad for v in trainable_weights]
            with torch.no_grad():
                self.optimizer.apply(gradients, trainable_weights)
            return self.updated(y, y_pred, loss)

    return Model


def jax_steps():
    import jax

    class Model(keras.Model):
        def compute_loss_and_updates(self, tv, ntv, x, y, training=False):
            y_pred, ntv = self.stateless_call(tv, ntv, x, training=training)
            return self.compute_loss(x, y, y_pred), (y_pred, ntv)

        def train_step(self, state, data):
            tv, ntv, ov, metrics = state
            x, y = data
            grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
            (loss, (y_pred, ntv)), grads = grad_fn(tv, ntv, x, y, training=True)
            tv, ov = self.optimizer.stateless_apply(ov, grads, tv)
            logs, metrics = self.updated(metrics, y, y_pred, loss)
            return logs, (tv, ntv, ov, metrics)

        def test_step(self, state, data):
            tv, ntv, metrics = state
            x, y = data
            y_pred, ntv = self.stateless_call(tv, ntv, x, training=False)
            loss = self.compute_loss(x, y, y_pred)
            logs, metrics = self.updated(metrics, y, y_pred, loss)
            return logs, (tv, ntv, metrics)

        def predict_step(self, state, data):
            outputs, ntv = self.stateless_call(*state, data[0], training=False)
            return 2 * outputs, ntv

        def updated(self, variables, y, y_pred, loss):
            new, logs = [], {}
            for metric in self.metrics:
                this = variables[len(new) : len(new) + len(metric.variables)]
                if metric.name == "loss":
                    this = metric.stateless_update_state(this, loss)
                else:
                    this = metric.stateless_update_state(this, y, y_pred)
                logs[metric.name] = metric.stateless_result(this)
                new += this
            return logs, new

    return Model


STEPS = {"jax": jax_steps, "torch": torch_steps, "tensorflow": tensorflow_steps}


def make(cls, **settings):
    keras.utils.set_random_seed(1)
    x = keras.Input((8,))
    h = layers.BatchNormalization()(layers.Dense(6, "tanh")(x))
    model = cls(x, layers.Dense(1)(h))
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"], **settings)
    return model


@pytest.mark.gradients
@pytest.mark.parametrize("settings", [{}, {"run_eagerly": True}], ids=["", "eagerly"])
def test_steps_in_the_frameworks_form(backend, settings):
    own, plain = make(STEPS[backend](), **settings), make(keras.Model)
    options = {"epochs": 3, "shuffle": False, "verbose": 0}
    found, expected = own.fit(X, Y, **options), plain.fit(X, Y, **options)
    for name in ("loss", "mae"):
        np.testing.assert_allclose(
            found.history[name], expected.history[name], rtol=1e-4
        )
    for mine, other in zip(own.get_weights(), plain.get_weights()):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
    own.set_weights(plain.get_weights())
    np.testing.assert_allclose(
        own.evaluate(X, Y, verbose=0), plain.evaluate(X, Y, verbose=0), rtol=1e-5
    )
    predicted = plain.predict(X, verbose=0)
    np.testing.assert_allclose(own.predict(X, verbose=0), 2 * predicted, rtol=1e-5)
    assert own.train_on_batch(X, Y, return_dict=True).keys() == {"loss", "mae"}


def test_metrics_and_losses_of_ones_own():
    """The guide's second program: nothing given to `compile` but an optimizer."""
    jax = pytest.importorskip("jax")

    class Model(jax_steps()):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.mae_metric = keras.metrics.MeanAbsoluteError(name="mae")
            self.loss_fn = keras.losses.MeanSquaredError()

        def compute_loss_and_updates(self, tv, ntv, x, y, training=False):
            y_pred, ntv = self.stateless_call(tv, ntv, x, training=training)
            return self.loss_fn(y, y_pred), (y_pred, ntv)

        @property
        def metrics(self):
            return [self.loss_tracker, self.mae_metric]

    with keras.config.backend_scope("jax"):
        x = keras.Input((8,))
        model = Model(x, layers.Dense(1)(layers.Dropout(0.1)(x)))
        model.compile(keras.optimizers.Adam(0.05))
        history = model.fit(X, Y, epochs=5, verbose=0).history
        assert list(history) == ["loss", "mae"]
        assert history["loss"][-1] < 0.5 * history["loss"][0]
        assert jax.numpy.asarray(model.trainable_variables[0]).shape == (8, 1)


def test_the_stateless_step_of_the_base_class():
    class Model(keras.Model):
        def train_step(self, state, data):
            logs, state = super().train_step(state, data)
            return {"twice": 2 * logs["loss"]}, state

    with keras.config.backend_scope("jax"):
        own, plain = make(Model), make(keras.Model)
        options = {"shuffle": False, "verbose": 0}
        found, expected = own.fit(X, Y, **options), plain.fit(X, Y, **options)
        np.testing.assert_allclose(
            found.history["twice"], 2 * np.array(expected.history["loss"]), rtol=1e-5
        )
        state = plain.trainable_variables, plain.non_trainable_variables
        values = [[v.value for v in part] for part in state]
        outputs, after = plain.predict_step(values, (X,))
        np.testing.assert_allclose(outputs, plain.predict(X, verbose=0), atol=1e-6)
        assert len(after) == 2

        class Wrong(keras.Model):
            def train_step(self, state, data):
                return {}, state[:2]

        with pytest.raises(ValueError, match=r"must return \(results, state\)"):
            make(Wrong).fit(X, Y, verbose=0)


# Loops from scratch


def classifier():
    keras.utils.set_random_seed(2)
    x = keras.Input((8,))
    h = layers.Dropout(0.1)(layers.Dense(16, activation="relu")(x))
    return keras.Model(x, layers.Dense(3, kernel_regularizer="l2")(h))


def batches():
    for start in range(0, 96, 32):
        yield X[start : start + 32], LABELS[start : start + 32]


def test_a_loop_in_jax():
    jax = pytest.importorskip("jax")
    with keras.config.backend_scope("jax"):
        model, optimizer = classifier(), keras.optimizers.Adam(0.01)
        loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        metric = keras.metrics.SparseCategoricalAccuracy()

        def compute_loss(tv, ntv, metric_variables, x, y):
            y_pred, ntv, losses = model.stateless_call(
                tv, ntv, x, training=True, return_losses=True
            )
            assert len(losses) == 1
            metric_variables = metric.stateless_update_state(
                metric_variables, y, y_pred
            )
            return loss_fn(y, y_pred) + sum(losses), (ntv, metric_variables)

        @jax.jit
        def train_step(state, data):
            tv, ntv, ov, metric_variables = state
            grad_fn = jax.value_and_grad(compute_loss, has_aux=True)
            (loss, (ntv, metric_variables)), grads = grad_fn(
                tv, ntv, metric_variables, *data
            )
            tv, ov = optimizer.stateless_apply(ov, grads, tv)
            return loss, (tv, ntv, ov, metric_variables)

        optimizer.build(model.trainable_variables)
        # Variables, as the guide has it, and not their values
        state = (
            model.trainable_variables,
            model.non_trainable_variables,
            optimizer.variables,
            metric.variables,
        )
        losses, before = [], model.get_weights()[0]
        for _ in range(20):
            for data in batches():
                loss, state = train_step(state, data)
            losses.append(float(loss))
        assert losses[-1] < 0.7 * losses[0]
        assert 0.6 < float(metric.stateless_result(state[3])) <= 1
        np.testing.assert_array_equal(model.get_weights()[0], before)
        for variable, value in zip(model.trainable_variables, state[0]):
            variable.assign(value)
        assert (model.predict(X, verbose=0).argmax(1) == LABELS).mean() > 0.8


def test_a_loop_in_tensorflow():
    tf = pytest.importorskip("tensorflow")
    with keras.config.backend_scope("tensorflow"):
        model, optimizer = classifier(), keras.optimizers.Adam(0.01)
        loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        metric = keras.metrics.SparseCategoricalAccuracy()

        @tf.function
        def train_step(x, y):
            with tf.GradientTape() as tape:
                logits = model(x, training=True)
                loss_value = loss_fn(y, logits)
                loss_value += sum(model.losses)
            grads = tape.gradient(loss_value, model.trainable_weights)
            optimizer.apply(grads, model.trainable_weights)
            metric.update_state(y, logits)
            return loss_value

        losses = []
        for _ in range(20):
            metric.reset_state()
            for x, y in batches():
                losses.append(float(train_step(tf.constant(x), tf.constant(y))))
        assert losses[-1] < 0.7 * losses[0] and float(metric.result()) > 0.8
        with tf.GradientTape() as tape:  # eagerly, with respect to one variable
            value = tf.reduce_sum(model(X[:4]))
        bias = model.trainable_variables[-1]
        np.testing.assert_allclose(tape.gradient(value, bias), [4, 4, 4])


def test_a_loop_in_torch():
    torch = pytest.importorskip("torch")
    with keras.config.backend_scope("torch"):
        model, optimizer = classifier(), keras.optimizers.Adam(0.01)
        loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        losses = []
        for _ in range(20):
            for x, y in batches():
                logits = model(torch.tensor(x), training=True)
                loss = loss_fn(torch.tensor(y), logits)
                model.zero_grad()
                loss.backward()
                trainable_weights = [v for v in model.trainable_weights]
                gradients = [v.value.grad for v in trainable_weights]
                with torch.no_grad():
                    optimizer.apply(gradients, trainable_weights)
                losses.append(float(loss.detach()))
        assert losses[-1] < 0.7 * losses[0]


def test_a_loop_with_torchs_optimizer():
    torch = pytest.importorskip("torch")
    with keras.config.backend_scope("torch"):
        model = classifier()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        loss_fn = torch.nn.CrossEntropyLoss()
        for _ in range(20):
            for x, y in batches():
                loss = loss_fn(model(torch.tensor(x)), torch.tensor(y).long())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        assert (model.predict(X, verbose=0).argmax(1) == LABELS).mean() > 0.8


# A model as an nn.Module


@pytest.fixture
def torch():
    with keras.config.backend_scope("torch"):
        yield pytest.importorskip("torch")


def norm(**kwargs):
    x = keras.Input((8,))
    h = layers.Dropout(0.5)(layers.BatchNormalization()(layers.Dense(4)(x)))
    return keras.Model(x, layers.Dense(1)(h), **kwargs)


NAMES = [
    *("dense.kernel", "dense.bias", "batch_normalization.gamma"),
    *("batch_normalization.beta", "batch_normalization.moving_mean"),
    *("batch_normalization.moving_variance", "dense_1.kernel", "dense_1.bias"),
]


def test_parameters_are_shared(torch):
    model = norm()
    module = keras.utils.torch_module(model)
    assert module is keras.utils.torch_module(model)
    assert list(module.state_dict()) == list(model.state_dict()) == NAMES
    trained = [n for n in NAMES if "moving" not in n]
    assert [n for n, _ in model.named_parameters()] == trained
    assert [n for n, _ in model.named_buffers()] == [n for n in NAMES if "mov" in n]
    for mine, variable in zip(module.parameters(), model.trainable_variables):
        assert mine is variable.value
    with torch.no_grad():
        module.get_parameter("dense.kernel").fill_(3)
    assert (model.get_weights()[0] == 3).all()


def test_tools_that_want_parameters_in_order(torch, tmp_path):
    """They ask for `view(-1)`, or refuse what is not contiguous."""
    from safetensors.torch import load_file, save_file

    model = classifier()
    module = keras.utils.torch_module(model)
    x, y = (torch.tensor(part) for part in next(iter(batches())))
    optimizer = torch.optim.LBFGS(module.parameters(), max_iter=5)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(x), y.long())
        loss.backward()
        return loss

    first = float(optimizer.step(closure))
    assert float(closure()) < first
    count = sum(p.numel() for p in module.parameters())
    assert len(torch.nn.utils.parameters_to_vector(module.parameters())) == count
    save_file(module.state_dict(), tmp_path / "weights.safetensors")
    assert (
        load_file(tmp_path / "weights.safetensors").keys()
        == dict(module.state_dict()).keys()
    )


def test_state_dicts_are_checked_and_loaded(torch):
    first, second = norm(), norm()
    state = first.state_dict()
    second.load_state_dict(state)
    np.testing.assert_array_equal(second.predict(X), first.predict(X))
    second.load_state_dict({k: v + 1 for k, v in state.items()}, assign=True)
    for a, b in zip(first.get_weights(), second.get_weights()):
        np.testing.assert_array_equal(a + 1, b)
    with pytest.raises(RuntimeError, match="Missing key.*dense.bias"):
        first.load_state_dict({"dense.kernel": torch.ones(8, 4)})


def test_modes_and_freezing(torch):
    model = norm()
    module = keras.utils.torch_module(model)
    x = torch.ones(64, 8)
    assert module.training and (module(x) != module(x)).any()
    assert model.eval() is model and not module.training and not model.training
    torch.testing.assert_close(module(x), module(x))
    torch.testing.assert_close(module(x), model(x, training=False))
    module.get_submodule("dense").requires_grad_(False)
    assert not model.layers[1].trainable and len(model.trainable_weights) == 4
    assert not model.layers[1].kernel.value.requires_grad


def test_types_and_devices(torch):
    model = norm()
    x = torch.randn(3, 8)
    expected = model(x)
    assert model.half() is model and model(x).dtype == torch.float16
    assert {v.dtype for v in model.weights} == {"float16"}
    torch.testing.assert_close(model.double()(x).float(), expected, atol=2e-2, rtol=0)
    model.float().compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.to("meta")
    assert {v.value.device.type for v in model.weights} == {"meta"}


def test_hooks_run_inside_the_model(torch):
    model = norm()
    inner = keras.utils.torch_module(model).get_submodule("dense")
    assert inner is keras.utils.torch_module(model.layers[1])
    seen = []
    hooks = [
        inner.register_forward_pre_hook(lambda m, args: seen.append(args[0].shape)),
        model.layers[1].register_forward_hook(lambda m, args, out: out * 0),
        inner.register_full_backward_hook(lambda m, i, o: seen.append(o[0].shape)),
    ]
    model(torch.ones(2, 8)).sum().backward()
    assert seen == [(2, 8), (2, 4)]
    assert len(set(model.predict(X[:5], verbose=0)[:, 0])) == 1
    assert len(set(model.to_backend("torch").predict(X[:5], verbose=0)[:, 0])) == 5
    for hook in hooks:
        hook.remove()
    assert len(set(model.predict(X[:5], verbose=0)[:, 0])) == 5


def test_inside_a_module(torch):
    class Outer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.ours = keras.utils.torch_module(norm())
            self.last = torch.nn.Linear(1, 1)

        def forward(self, x):
            return self.last(self.ours(x))

    outer = Outer()
    wanted = [f"ours.{n}" for n in NAMES] + ["last.weight", "last.bias"]
    assert list(outer.state_dict()) == wanted
    optimizer = torch.optim.SGD(outer.parameters(), lr=0.01)
    before = outer.ours.layer.get_weights()
    outer(torch.tensor(X)).sum().backward()
    optimizer.step()
    changed = [(a != b).any() for a, b in zip(before, outer.ours.layer.get_weights())]
    assert all(changed[:2]) and all(changed[4:])
    assert not outer.eval().ours.training


class Nested(keras.Model):
    """Lists of layers, an LSTM, and outputs in a dict."""

    def __init__(self):
        super().__init__()
        self.blocks = [layers.LSTM(4, return_sequences=True), layers.Dense(3)]
        self.attention = layers.MultiHeadAttention(1, 3)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return {"last": x[:, -1], "attended": self.attention(x, x)}


@pytest.mark.parametrize("kind", ["norm", "nested"])
def test_compiled_as_a_whole(torch, kind):
    model = norm() if kind == "norm" else Nested()
    x = torch.tensor(X[:4] if kind == "norm" else X[:6].reshape(2, 3, 8))
    model(x)
    module = keras.utils.torch_module(model).eval()
    # The backend does not matter to whether the graph is whole; this one is quick.
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), model(x))
    loss = sum(v.sum() for v in compiled(x).values()) if kind == "nested" else 0
    (loss if kind == "nested" else compiled(x).sum()).backward()
    assert all(p.grad is not None for p in module.parameters())
    if kind == "norm":
        module.train()
        before = model.non_trainable_weights[0].numpy()
        assert (compiled(x) != compiled(x)).any()  # the dropout is another each time
        assert (model.non_trainable_weights[0].numpy() != before).any()
        model.optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        model.optimizer.step()
        torch.testing.assert_close(compiled.eval()(x), model(x))
    else:
        names = [n for n, _ in module.named_parameters()]
        assert "blocks.0.cell.kernel" in names or "blocks.0.kernel" in names


def test_mistakes_with_modules(backend):
    model = keras.Sequential([layers.Dense(2)])
    if backend == "torch":
        with pytest.raises(ValueError, match="has no parameters for PyTorch yet"):
            model.parameters()
        with pytest.raises(AttributeError, match="no attribute 'something'"):
            model.something  # noqa: B018
    else:
        with pytest.raises(AttributeError, match="no attribute 'parameters'"):
            model.parameters()
        with pytest.raises(ValueError, match=f"belongs to {backend}"):
            keras.utils.torch_module(model)
    with pytest.raises(ValueError, match="is not a layer"):
        keras.utils.torch_module(3)


def test_the_page_of_the_documentation():
    """Its programs run from top to bottom, as it says."""
    page = Path(keras.__file__).parent.parent / "docs" / "native_loops.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert len(blocks) == 5
    names = {}
    for block in blocks:
        exec(block, names)
        if "loss" in names:
            assert np.isfinite(float(names.pop("loss")))
