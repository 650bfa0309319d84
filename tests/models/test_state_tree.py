"""The state of a model as a nested dict, and its losses as pure functions."""

import numpy as np
import pytest

import keras
from keras import layers, ops

X = np.ones((4, 3), "float32")
Y = np.ones((4, 1), "float32")


def network():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(2, name="d", kernel_initializer="ones"),
            layers.BatchNormalization(name="bn"),
            layers.Dense(1, name="o", kernel_initializer="ones"),
        ],
        name="net",
    )
    model.compile(keras.optimizers.Adam(0.1, name="adam"), "mse", metrics=["mae"])
    return model


@pytest.mark.gradients
def test_a_state_goes_to_another_model(backend):
    model, other = network(), network()
    model.fit(X, Y, verbose=0)
    tree = model.get_state_tree("numpy_array")
    assert set(tree["trainable_variables"]["net"]) == {"d", "bn", "o"}
    assert set(tree["non_trainable_variables"]["net"]["bn"]) == {
        "moving_mean",
        "moving_variance",
    }
    assert tree["optimizer_variables"]["adam"]["iteration"] == 1

    other.optimizer.build(other.trainable_variables)
    other.set_state_tree(tree)
    for a, b in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert int(other.optimizer.iterations) == 1


def test_a_part_of_a_tree_changes_a_part(backend):
    model = network()
    part = {"net": {"d": {"kernel": np.zeros((3, 2))}}}
    model.set_state_tree({"trainable_variables": part})
    np.testing.assert_array_equal(model.get_weights()[0], np.zeros((3, 2)))
    np.testing.assert_array_equal(model.layers[2].kernel, np.ones((2, 1)))


@pytest.mark.parametrize(
    "tree, message",
    [
        ({"weights": {}}, "state_tree"),
        ({"trainable_variables": {"net": {"x": np.ones(1)}}}, "net/x"),
        ({"trainable_variables": {"net": {"d": {"kernel": np.ones(1)}}}}, r"\(3, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(tree, message, backend):
    with pytest.raises(ValueError, match=message):
        network().set_state_tree(tree)
    with pytest.raises(ValueError, match="value_format"):
        network().get_state_tree("list")


def test_losses_as_pure_functions(backend):
    model = network()
    values = [
        [v.value for v in group]
        for group in (
            model.trainable_variables,
            model.non_trainable_variables,
            model.metrics_variables,
        )
    ]
    loss, after = model.stateless_compute_loss(*values, X, Y, ops.zeros((4, 1)))
    assert float(loss) == 1.0
    assert [len(group) for group in after] == [len(group) for group in values]

    scaled, (loss, y_pred, others, _) = model.compute_loss_and_updates(
        *values, X, Y, None, training=True
    )
    assert float(scaled) == float(loss)
    assert tuple(y_pred.shape) == (4, 1)
    # The moving mean moves in the values, not in the model.
    assert float(ops.max(ops.abs(others[0]))) > 0
    np.testing.assert_array_equal(model.layers[1].moving_mean, np.zeros(2))
    model.jax_state_sync()
