"""Losses: weights, masks, types, configs, names and errors, on every backend."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np
import pytest

import keras
from keras import losses, ops
from keras.core import masks
from keras.core.scope import current
from keras.losses.loss import LossFunctionWrapper

CLASSES = sorted(
    name
    for name in losses.__all__
    if inspect.isclass(getattr(losses, name)) and name != "Loss"
)
# Arguments other than the defaults, to see that they survive.
OTHER: dict[str, dict[str, Any]] = {
    "BinaryCrossentropy": {"from_logits": True, "label_smoothing": 0.1, "axis": 0},
    "BinaryFocalCrossentropy": {"apply_class_balancing": True, "gamma": 3.0},
    "CategoricalFocalCrossentropy": {"alpha": [0.1, 0.2, 0.7], "gamma": 1.0},
    "CategoricalGeneralizedCrossEntropy": {"q": 0.3},
    "Circle": {"gamma": 64.0, "remove_diagonal": False},
    "CosineSimilarity": {"axis": 0},
    "Dice": {"axis": (1, 2)},
    "Huber": {"delta": 2.5},
    "SparseCategoricalCrossentropy": {"ignore_class": -1, "from_logits": True},
    "Tversky": {"alpha": 0.2, "beta": 0.8, "axis": 1},
}
SQUARED = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "float32")


class Squared(losses.Loss):
    """A user's loss that gives a value for each element."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.square(y_true - y_pred)


@pytest.mark.parametrize("name", CLASSES)
def test_config_round_trip(name: str) -> None:
    cls = getattr(losses, name)
    loss = cls(reduction="sum", name="mine", dtype="float16", **OTHER.get(name, {}))
    config = json.loads(json.dumps(losses.serialize(loss)))
    assert (config["module"], config["class_name"]) == ("keras.losses", name)
    again = losses.deserialize(config)
    assert type(again) is cls
    assert json.dumps(again.get_config()) == json.dumps(loss.get_config())
    assert (again.name, again.reduction, again.dtype) == ("mine", "sum", "float16")
    for key, value in OTHER.get(name, {}).items():
        assert list(np.ravel(getattr(again, key))) == list(np.ravel(value))


def test_config_is_that_of_keras_where_nothing_more_was_given() -> None:
    assert losses.MeanSquaredError().get_config() == {
        "reduction": "sum_over_batch_size",
        "name": "mean_squared_error",
    }


def test_wrapped_function_round_trip() -> None:
    loss = LossFunctionWrapper(losses.huber, name="h", delta=3.0)
    again = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    assert again.fn is losses.huber
    assert again.get_config() == loss.get_config()


def test_users_class_round_trip() -> None:
    class Scaled(Squared):
        def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.factor = factor

    loss = Scaled(factor=3.0, reduction="sum")
    config = losses.serialize(loss)
    again = losses.deserialize(config, custom_objects={"Scaled": Scaled})
    assert (again.factor, again.reduction) == (3.0, "sum")


def test_get() -> None:
    assert losses.get("mse") is losses.mean_squared_error
    assert losses.get("KLD") is losses.kl_divergence
    assert isinstance(losses.get("Huber"), losses.Huber)
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    assert losses.get(None) is None
    own = Squared()
    assert losses.get(own) is own
    with pytest.raises(ValueError, match="Did you mean 'mean_squared_error'"):
        losses.get("mean_square_error")
    with pytest.raises(ValueError, match="received 3 of type int"):
        losses.get(3)


def test_automatic_name() -> None:
    assert Squared().name.startswith("squared")


@pytest.mark.parametrize(
    ("reduction", "want"),
    [
        ("sum", 91.0 + 77.0),
        ("sum_over_batch_size", 168.0 / 6),
        ("mean", 168.0 / 6),
        ("mean_with_sample_weight", 168.0 / 3),
    ],
)
def test_weight_for_each_sample(backend: str, reduction: str, want: float) -> None:
    y_pred = np.sqrt(SQUARED) * np.array([[1.0], [1.0]], "float32")
    weight = np.array([1.0, 2.0], "float32")
    total = (SQUARED * weight[:, None]).sum()
    scale = want / 168.0
    loss = Squared(reduction=reduction)(np.zeros((2, 3)), y_pred, weight)
    np.testing.assert_allclose(loss.numpy(), total * scale, rtol=1e-6)


def test_weight_for_each_sample_of_a_square(backend: str) -> None:
    """Weights of shape (batch_size,) go by the batch even where axes are alike."""
    values = np.array([[1.0, 1.0], [4.0, 4.0]], "float32")
    out = Squared(reduction="none")(np.zeros((2, 2)), np.sqrt(values), [1.0, 10.0])
    np.testing.assert_allclose(out.numpy(), [[1.0, 1.0], [40.0, 40.0]])


def test_weight_of_another_shape_is_refused(backend: str) -> None:
    with pytest.raises(ValueError, match=r"shape \(4,\) does not match .* \(2, 3\)"):
        Squared()(np.zeros((2, 3)), np.zeros((2, 3)), np.ones(4))


def test_mask_of_first_axes(backend: str) -> None:
    """A mask (batch, time) goes with values (batch, time, features)."""
    y_pred = ops.convert_to_tensor(np.arange(12.0, dtype="float32").reshape(2, 3, 2))
    mask = np.array([[True, False, False], [True, True, False]])
    masks.set_mask(y_pred, ops.convert_to_tensor(mask))
    want = (np.arange(12.0).reshape(2, 3, 2) ** 2)[mask].mean()
    loss = Squared()(np.zeros((2, 3, 2)), y_pred)
    np.testing.assert_allclose(loss.numpy(), want, rtol=1e-6)


def test_nothing_left_by_the_mask_is_zero(backend: str) -> None:
    y_pred = ops.ones((2, 3))
    masks.set_mask(y_pred, ops.zeros((2,), dtype="bool"))
    assert losses.MeanSquaredError()(np.zeros((2, 3)), y_pred).numpy() == 0.0


def test_ignored_classes_leave_the_mean(backend: str) -> None:
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    y_pred = np.full((4, 2), 0.5, "float32")
    got = loss(np.array([0, -1, 1, -1]), y_pred).numpy()
    np.testing.assert_allclose(got, np.log(2.0), rtol=1e-5)


def test_dtype(backend: str) -> None:
    y = np.array([[1.0, 2.0]], "float64")
    assert losses.MeanSquaredError().dtype == "float32"
    out = losses.MeanSquaredError()(y, y + 1)
    assert current().dtype_of(out) == "float32"
    out = losses.MeanSquaredError(dtype="float16")(y, y + 1)
    assert current().dtype_of(out) == "float16"
    assert losses.MeanSquaredError(dtype="mixed_bfloat16").dtype == "bfloat16"


def test_class_numbers_keep_their_value_in_half_precision(backend: str) -> None:
    """float16 holds no integers beyond 2048: labels must not pass through it."""
    logits = np.zeros((1, 2051), "float32")
    logits[0, 2049] = 20.0
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float16")
    assert loss(np.array([2049]), logits).numpy() < 1e-3
    assert loss(ops.convert_to_tensor([2050]), logits).numpy() > 10.0


def test_result_of_python_lists(backend: str) -> None:
    out = losses.MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]])
    assert out.numpy() == 0.5


def test_shapes_are_named(backend: str) -> None:
    with pytest.raises(ValueError, match=r"y_true.shape=\(4,\).*y_pred.shape=\(4, 3\)"):
        losses.MeanSquaredError()(np.zeros(4), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
        losses.CategoricalCrossentropy()(np.zeros(4), np.ones((4, 3)))
    with pytest.raises(ValueError, match="One-hot labels need"):
        losses.SparseCategoricalCrossentropy()(np.zeros((4, 3)), np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"\(batch_size, steps, num_classes\)"):
        losses.CTC()(np.zeros((2, 3)), np.zeros((2, 3)))


@pytest.mark.parametrize("as_tensor", [False, True])
def test_labels_that_are_no_class(backend: str, as_tensor: bool) -> None:
    def give(labels: list) -> Any:
        labels = np.array(labels)
        return ops.convert_to_tensor(labels) if as_tensor else labels

    loss = losses.SparseCategoricalCrossentropy()
    y_pred = np.full((2, 3), 1 / 3, "float32")
    with pytest.raises(ValueError, match="the label 3, but `y_pred` has 3 classes"):
        loss(give([0, 3]), y_pred)
    with pytest.raises(ValueError, match="the label -1"):
        loss(give([0, -1]), y_pred)
    with pytest.raises(ValueError, match="integer class indices.*0.5"):
        loss(give([0.5, 1.0]), y_pred)
    np.testing.assert_allclose(loss(give([2.0, 1.0]), y_pred).numpy(), np.log(3), 1e-5)


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="Did you mean 'sum'"):
        losses.MeanSquaredError(reduction="summ")
    with pytest.raises(ValueError, match="`q` must be between 0 and 1"):
        losses.CategoricalGeneralizedCrossEntropy(q=1.5)
    with pytest.raises(TypeError, match="`fn` must be a function"):
        LossFunctionWrapper("mse")
    with pytest.raises(NotImplementedError, match="Bare must define `call`"):
        type("Bare", (losses.Loss,), {})()([1.0], [1.0])


def test_bad_values(backend: str) -> None:
    y = np.array([[0.0, 1.0]])
    with pytest.raises(ValueError, match="`label_smoothing` must be"):
        losses.BinaryCrossentropy(label_smoothing=2.0)(y, y)
    with pytest.raises(ValueError, match="`axis` must be an integer"):
        losses.categorical_crossentropy(y, y, axis=True)
    with pytest.warns(SyntaxWarning, match="one class"):
        losses.categorical_crossentropy(y[:, :1], y[:, :1])


def test_compiled(backend: str) -> None:
    """All losses in one compiled function give what they give outside."""
    rng = np.random.default_rng(0)
    hot = np.eye(3, dtype="float32")[rng.integers(0, 3, 6)]
    p = rng.uniform(0.1, 0.9, (6, 3)).astype("float32")
    numbers = hot.argmax(-1)
    sparse = ("SparseCategorical", "CategoricalGeneralized", "Circle")
    objects = {n: getattr(losses, n)() for n in CLASSES if n != "CTC"}

    def run(hot: Any, numbers: Any, p: Any) -> dict[str, Any]:
        return {
            name: loss(numbers if name.startswith(sparse) else hot, p)
            for name, loss in objects.items()
        }

    data = [ops.convert_to_tensor(x) for x in (hot, numbers, p)]
    got = current().compile(run)(*data)
    want = run(*data)
    for name in objects:
        np.testing.assert_allclose(
            got[name].numpy(), want[name].numpy(), 1e-5, 1e-6, err_msg=name
        )


def test_symbolic(backend: str) -> None:
    x = keras.KerasTensor((None, 3))
    out = losses.mean_squared_error(x, x)
    assert isinstance(out, keras.KerasTensor)
    assert out.shape == (None,)


def test_labels_that_need_no_look(backend: str) -> None:
    """Those of masked predictions may be anything."""
    loss = losses.SparseCategoricalCrossentropy()
    labels = np.array([[0, -1]])
    y_pred = ops.full((1, 2, 3), 1 / 3)
    masks.set_mask(y_pred, ops.convert_to_tensor([[True, False]]))
    np.testing.assert_allclose(loss(labels, y_pred).numpy(), np.log(3), 1e-5)
