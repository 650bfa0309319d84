"""Distillation: losses by SciPy, training on every backend, files."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

import keras
from keras import layers, ops
from keras.distillation import (
    DistillationLoss,
    Distiller,
    FeatureDistillation,
    LogitsDistillation,
)

RNG = np.random.default_rng(0)
T, S = RNG.normal(size=(2, 5, 3)).astype("float32")
X = RNG.normal(size=(64, 4)).astype("float32")
Y = RNG.integers(0, 3, 64)


def network(units, name, dropout=0.0):
    x = keras.Input((4,))
    h = layers.Dense(units, activation="relu", name="hidden")(x)
    h = layers.Dropout(dropout)(h) if dropout else h
    return keras.Model(x, layers.Dense(3, name="logits")(h), name=name)


def crossentropy():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize("loss", ["kl_divergence", keras.losses.KLDivergence()])
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_softened_logits(backend, temperature, loss):
    """As in the paper of Hinton et al., with the square of the temperature."""
    p, q = softmax(T / temperature, -1), softmax(S / temperature, -1)
    expected = (p * np.log(p / q)).sum(-1).mean() * temperature**2
    found = LogitsDistillation(temperature, loss).compute_loss(T, S)
    np.testing.assert_allclose(float(found), expected, rtol=1e-4)

    crossed = LogitsDistillation(temperature, "categorical_crossentropy")
    expected = -(p * log_softmax(S / temperature, -1)).sum(-1).mean() * temperature**2
    np.testing.assert_allclose(float(crossed.compute_loss(T, S)), expected, rtol=1e-4)


def test_differences_of_logits_and_features(backend):
    """Other losses get logits: what Keras 3.15.1 computes too."""
    squares = ((T - S) ** 2).mean()
    logits = LogitsDistillation(temperature=2.0, loss="mse")
    np.testing.assert_allclose(float(logits.compute_loss(T, S)), squares / 4, 1e-5)
    features = FeatureDistillation("mse")
    np.testing.assert_allclose(float(features.compute_loss(T, S)), squares, 1e-5)

    both = LogitsDistillation(1.0, {"a": "mse", "b": "mae"})
    expected = squares + np.abs(T - S).mean()
    found = both.compute_loss({"a": T, "b": T}, {"a": S, "b": S})
    np.testing.assert_allclose(float(found), expected, rtol=1e-5)


@pytest.mark.gradients
def test_the_loss_is_the_weighted_sum(backend):
    keras.utils.set_random_seed(0)
    teacher, student = network(8, "teacher"), network(8, "student")
    found = [LogitsDistillation(2.0), FeatureDistillation("mse", "hidden", "hidden")]
    distiller = Distiller(teacher, student, found, [0.7, 0.3], student_loss_weight=0.4)
    distiller.compile("sgd", crossentropy(), metrics=["accuracy"])
    results = distiller.evaluate(X, Y, batch_size=64, verbose=0, return_dict=True)

    def hidden(model):
        return keras.Model(model.inputs, model.get_layer("hidden").output)(X)

    of_student = float(crossentropy()(Y, student(X)))
    of_teacher = 0.7 * float(found[0].compute_loss(teacher(X), student(X)))
    of_teacher += 0.3 * float(found[1].compute_loss(hidden(teacher), hidden(student)))
    total = 0.4 * of_student + 0.6 * of_teacher
    expected = {
        "loss": total,
        "student_loss": of_student,
        "distillation_loss": of_teacher,
        "total_loss": total,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(results[name], value, rtol=1e-4, err_msg=name)
    assert set(results) == {*expected, "accuracy"}


@pytest.mark.gradients
def test_a_student_learns_from_its_teacher_alone(backend):
    keras.utils.set_random_seed(1)
    teacher, student = network(16, "teacher"), network(16, "student", dropout=0.1)
    before = [w.numpy() for w in teacher.weights]
    distiller = Distiller(
        teacher,
        student,
        [LogitsDistillation(), FeatureDistillation("mse", "hidden", "hidden")],
        student_loss_weight=0.0,
    )
    distiller.compile(keras.optimizers.Adam(0.02))
    history = distiller.fit(X, epochs=40, verbose=0).history
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    for old, weight in zip(before, teacher.weights):
        np.testing.assert_array_equal(old, weight.numpy())
    assert len(distiller.trainable_variables) == 4
    same = distiller.predict(X, verbose=0).argmax(-1) == teacher.predict(
        X, verbose=0
    ).argmax(-1)
    assert same.mean() > 0.9


@pytest.mark.gradients
def test_the_student_is_called_once_a_step(backend):
    """Features come from the call that gives the outputs, statistics move once."""
    x = keras.Input((4,))
    h = layers.BatchNormalization(momentum=0.5, name="norm")(x)
    student = keras.Model(x, layers.Dense(3)(h))
    teacher_input = keras.Input((4,))
    h = layers.Dense(4, name="norm")(teacher_input)
    teacher = keras.Model(teacher_input, layers.Dense(3)(h))
    distiller = Distiller(teacher, student, FeatureDistillation("mse", "norm", "norm"))
    distiller.compile("sgd", crossentropy())
    distiller.train_on_batch(X, Y)
    mean = student.get_layer("norm").moving_mean.numpy()
    np.testing.assert_allclose(mean, 0.5 * X.mean(0), rtol=1e-4, atol=1e-6)


def test_files(tmp_path):
    teacher, student = network(8, "teacher"), network(8, "student")
    distiller = Distiller(
        teacher,
        student,
        [LogitsDistillation(2.0), FeatureDistillation("mse", "hidden", "hidden")],
        [0.7, 0.3],
        student_loss_weight=0.4,
    )
    distiller.compile("sgd", crossentropy())
    distiller.save(tmp_path / "d.keras")
    again = keras.models.load_model(tmp_path / "d.keras")
    assert isinstance(again, Distiller) and not again.teacher.trainable
    assert again.distillation_loss_weights == [0.7, 0.3]
    assert again.distillation_losses[0].temperature == 2.0
    np.testing.assert_array_equal(
        again.predict(X, verbose=0), distiller.predict(X, verbose=0)
    )


class Gap(DistillationLoss):
    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        return ops.mean(ops.abs(teacher_outputs - student_outputs))


@pytest.mark.gradients
def test_a_loss_of_ones_own(backend):
    distiller = Distiller(network(4, "t"), network(4, "s"), Gap(), name="mine")
    distiller.compile("sgd", crossentropy())
    assert distiller.fit(X, Y, verbose=0).history["distillation_loss"][0] > 0
    assert distiller.name == "mine"


@pytest.mark.parametrize(
    "make,error,words",
    [
        (lambda t, s: LogitsDistillation(temperature=-1), ValueError, "temperature"),
        (lambda t, s: LogitsDistillation(loss="nope"), ValueError, "nope"),
        (lambda t, s: FeatureDistillation(loss=None), ValueError, "received None"),
        (lambda t, s: Distiller("a", s, Gap()), TypeError, "`teacher`"),
        (lambda t, s: Distiller(t, s, "mse"), TypeError, "DistillationLoss objects"),
        (lambda t, s: Distiller(t, s, []), ValueError, "is empty"),
        (lambda t, s: Distiller(t, s, [Gap()], [1, 2]), ValueError, "2 weights for 1"),
        (
            lambda t, s: Distiller(t, s, Gap(), student_loss_weight=2),
            ValueError,
            "from 0 to 1",
        ),
        (
            lambda t, s: Distiller(t, s, FeatureDistillation("mse", "no", "hidden")),
            ValueError,
            "no layer 'no'",
        ),
        (
            lambda t, s: Distiller(
                t, keras.Sequential([keras.Input((4,)), layers.Dense(7)]), Gap()
            ),
            ValueError,
            "must be the same",
        ),
    ],
)
def test_mistakes(make, error, words):
    with pytest.raises(error, match=words):
        make(network(8, "teacher"), network(4, "student"))


def test_features_of_other_shapes(backend):
    with pytest.raises(ValueError, match="a layer to the student"):
        FeatureDistillation("mse").compute_loss(T, S[:, :2])
    with pytest.raises(ValueError, match="2 outputs and the student 1"):
        LogitsDistillation().compute_loss([ops.array(T), ops.array(T)], ops.array(S))
