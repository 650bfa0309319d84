"""The public checks pass what is right and name what is wrong."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest

import keras
from keras import ops, testing
from keras.testing.layer_laws import LAYER_LAWS
from keras.testing.metric_laws import METRIC_LAWS
from keras.testing.optimizer_laws import OPTIMIZER_LAWS

pytestmark = pytest.mark.usefixtures("quick_compilation")

Y = np.array([0, 1, 1, 0, 1])
P = np.array([0.2, 0.7, 0.4, 0.6, 0.9], "float32")


class Scale(keras.layers.Layer):
    """A user's layer without a mistake."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        start = keras.initializers.Constant(self.start)
        self.factor = self.add_weight((input_shape[-1],), start, name="factor")

    def call(self, x):
        return x * self.factor


class Forgetful(Scale):
    def get_config(self):
        return {k: v for k, v in super().get_config().items() if k != "start"}

    def call(self, x):
        return x * self.factor + self.start


class Counting(Scale):
    def build(self, input_shape):
        super().build(input_shape)
        self.seen = self.add_weight((), "zeros", trainable=False, name="seen")

    def call(self, x):
        self.seen.assign_add(1.0)
        return super().call(x)


class Wide(Scale):
    def call(self, x):
        return ops.cast(super().call(x), "float32")


class OnTheHost(Scale):
    def call(self, x):
        return ops.convert_to_tensor(np.asarray(ops.convert_to_numpy(x)) * 2)

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, x.dtype)


class WrongShape(Scale):
    def compute_output_spec(self, x):
        return keras.KerasTensor((*x.shape[:-1], 7), x.dtype)


class WrongGradient(Scale):
    def call(self, x):
        @ops.custom_gradient
        def doubled(x):
            return x * 2, lambda upstream: upstream * 3

        return doubled(super().call(x))


class RootOfZero(Scale):
    def call(self, x):
        return ops.sqrt(ops.relu(x) * self.factor)


class Twins(Scale):
    def build(self, input_shape):
        self.one = self.add_weight((1,), "ones", name="w")
        self.two = self.add_weight((1,), "ones", name="w")

    def call(self, x):
        return x * self.one * self.two


class ShortMask(Scale):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, x):
        return super().call(x)[:, 1:]


MISTAKES = {
    Forgetful: {"config_round_trip", "file_round_trip"},
    Counting: {"training_state"},
    Wide: {"mixed_precision"},
    OnTheHost: {"right_gradients"},  # and "jit_agrees" where there are graphs
    WrongShape: {"symbolic_shape"},
    WrongGradient: {"right_gradients"},
    RootOfZero: {"finite_gradients"},
    Twins: {"unique_paths"},
    ShortMask: {"mask_fits"},
}


def laws_in(message):
    """The laws that a message names."""
    paragraphs = message.split("\n\n")[1:]
    return {p.partition(":")[0] for p in paragraphs}


def test_a_right_layer_passes(backend):
    testing.check_layer(Scale(2.0), (2, 3))
    testing.check_layer(lambda: Scale(2.0), (2, 5, 3), backends=())
    testing.check_layer(keras.layers.Add(), [(2, 3), (2, 3)], backends=())
    testing.check_layer(
        keras.layers.MultiHeadAttention(2, 3), (2, 4, 6), (2, 5, 6), backends=()
    )
    testing.check_layer(
        keras.layers.Embedding(9, 4), np.array([[1, 2], [8, 0]]), backends=()
    )


@pytest.mark.gradients
@pytest.mark.parametrize("cls", list(MISTAKES), ids=lambda cls: cls.__name__)
def test_a_mistake_is_named(backend, cls):
    layer = cls(5.0) if cls is Forgetful else cls()
    with pytest.raises(AssertionError) as error:
        testing.check_layer(layer, (2, 4, 3), backends=())
    message = str(error.value)

    assert cls.__name__ in message and "(2, 4, 3)" in message
    assert MISTAKES[cls] <= laws_in(message)
    for word in ("expected:", "found:", "do:"):
        assert word in message


def test_one_mistake_breaks_one_law():
    for cls in (Counting, Wide, WrongGradient, Twins, ShortMask, WrongShape):
        with pytest.raises(AssertionError) as error:
            testing.check_layer(cls, (2, 4, 3), backends=())
        assert MISTAKES[cls] <= laws_in(str(error.value))
        testing.check_layer(cls, (2, 4, 3), backends=(), skip=laws_in(str(error.value)))


def test_what_check_layer_cannot_take():
    layer = Scale()
    layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match="is built already"):
        testing.check_layer(layer, (2, 3))
    with pytest.raises(TypeError, match="a layer or a function"):
        testing.check_layer("Dense", (2, 3))
    with pytest.raises(ValueError, match="give the shape"):
        testing.check_layer(Scale)
    with pytest.raises(ValueError, match="but the laws are"):
        testing.check_layer(Scale, (2, 3), skip=["shape"])


class Hits(keras.metrics.Metric):
    """A user's metric without a mistake."""

    def __init__(self, threshold=0.5, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.total = self.add_weight(name="total")
        self.count = self.add_weight(name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.cast(ops.convert_to_tensor(y_pred) > self.threshold, self.dtype)
        hits = ops.cast(ops.equal(y_pred, ops.cast(y_true, self.dtype)), self.dtype)
        weight = ops.ones_like(hits) if sample_weight is None else sample_weight
        self.total.assign_add(ops.sum(hits * weight))
        self.count.assign_add(ops.sum(weight))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.count.value)


class MeanOfMeans(Hits):
    def update_state(self, y_true, y_pred):
        right = ops.cast(ops.convert_to_tensor(y_pred) > self.threshold, self.dtype)
        hits = ops.cast(ops.equal(right, ops.cast(y_true, self.dtype)), self.dtype)
        self.total.assign_add(ops.mean(hits))
        self.count.assign_add(1.0)


class NeverForgets(Hits):
    def reset_state(self):
        pass


class Unweighted(Hits):
    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, y_pred)


METRIC_MISTAKES = {
    MeanOfMeans: "batches_add_up",
    NeverForgets: "reset_forgets",
    Unweighted: "sample_weights",
}


def test_a_right_metric_passes(backend):
    testing.check_metric(Hits(0.4), Y, P)


@pytest.mark.parametrize("cls", list(METRIC_MISTAKES), ids=lambda cls: cls.__name__)
def test_a_mistake_of_a_metric_is_named(backend, cls):
    with pytest.raises(AssertionError, match=METRIC_MISTAKES[cls]):
        testing.check_metric(cls, Y, P, backends=())


class Descent(keras.optimizers.Optimizer):
    """A user's optimizer without a mistake."""

    def update_step(self, gradient, variable, learning_rate):
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, rate * ops.cast(gradient, variable.dtype))


class Ascent(Descent):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(-gradient, variable, learning_rate)


class OwnRate(Descent):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, 0.01)


class HidesItsSlot(Descent):
    def build(self, variables):
        super().build(variables)
        sums = {v.path: keras.Variable(np.zeros(v.shape)) for v in variables}
        self.slot_of = lambda variable: sums[variable.path]  # nobody looks in here

    def update_step(self, gradient, variable, learning_rate):
        total = self.slot_of(variable)
        total.assign_add(gradient)
        super().update_step(total.value, variable, learning_rate)


OPTIMIZER_MISTAKES = {
    Ascent: "decreases_quadratic",
    OwnRate: "schedules",
    HidesItsSlot: "resumes_from_file",
}


def test_a_right_optimizer_passes(backend):
    testing.check_optimizer(Descent(0.05))


@pytest.mark.gradients
@pytest.mark.parametrize("cls", list(OPTIMIZER_MISTAKES), ids=lambda cls: cls.__name__)
def test_a_mistake_of_an_optimizer_is_named(backend, cls):
    with pytest.raises(AssertionError, match=OPTIMIZER_MISTAKES[cls]):
        testing.check_optimizer(lambda: cls(0.01), backends=())


def test_nothing_of_pytest_is_imported():
    """The package is for users' own tests, whatever runs them."""
    program = "import sys, keras.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_the_page_lists_every_law():
    page = pathlib.Path(__file__).parents[2] / "docs" / "testing.md"
    rows = [line for line in page.read_text().splitlines() if line.startswith("| `")]
    laws = [*LAYER_LAWS, *METRIC_LAWS, *OPTIMIZER_LAWS]
    assert rows == [f"| `{law.__name__}` | {law.__doc__} |" for law in laws]
