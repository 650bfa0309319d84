"""Habits of programs for Keras 3. What is expected is what Keras 3.15.1 does."""

import numpy as np
import pytest

import keras
from keras import layers, ops

pytestmark = pytest.mark.gradients

X = np.ones((4, 2), "float32")
Y = np.ones((4, 1), "float32")


def zero_model(**compile_arguments):
    dense = layers.Dense(1, kernel_initializer="zeros", trainable=False)
    model = keras.Sequential([keras.Input((1,)), dense])
    model.compile("sgd", "mse", metrics=["mae"], **compile_arguments)
    return model


@pytest.mark.filterwarnings("ignore:The model has no trainable")
def test_a_batch_gives_its_own_values(backend):
    """Not the means over all batches so far."""
    model = zero_model()
    x = np.zeros((1, 1), "float32")
    for y, expected in ((0.0, [0.0, 0.0]), (2.0, [4.0, 2.0]), (4.0, [16.0, 4.0])):
        target = np.full((1, 1), y, "float32")
        assert model.train_on_batch(x, target) == expected
        assert model.test_on_batch(x, target) == expected
    assert model.evaluate(x, x, verbose=0) == [0.0, 0.0]


def test_compute_loss_without_training(backend):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1, kernel_initializer="zeros")

        def call(self, x):
            return self.dense(x)

        def compute_loss(
            self, x=None, y=None, y_pred=None, sample_weight=None, allow_empty=False
        ):
            return 3.0 * ops.mean((y - y_pred) ** 2)

    model = Net()
    model.compile(keras.optimizers.SGD(0.0))
    assert model.fit(X, Y, verbose=0).history["loss"] == [3.0]
    assert model.evaluate(X, Y, verbose=0) == 3.0


@pytest.mark.parametrize("kind", ["array", "dict", "list"])
def test_a_step_gets_inputs_without_targets_as_they_are(backend, kind):
    inputs = {"array": X, "dict": {"a": X}, "list": [X, X]}[kind]
    seen = []

    class Net(keras.Model):
        def call(self, x):
            return self.dense(x["a"] if kind == "dict" else x)

        def train_step(self, data):
            seen.append(type(data))
            return {"loss": ops.zeros(())}

        def predict_step(self, data):
            seen.append(type(data))
            return ops.zeros((4, 1))

    model = Net()
    model.dense = layers.Dense(1)
    model.dense.build((None, 2))
    model.built = True
    model.compile("sgd", run_eagerly=True)
    model.fit(inputs, verbose=0)
    model.predict(inputs, verbose=0)
    is_bare = kind != "list"
    assert all(issubclass(t, tuple) != is_bare for t in seen)
    assert kind != "dict" or set(seen) == {dict}


def test_a_step_may_hand_its_data_on(backend):
    class Net(keras.Sequential):
        def train_step(self, data):
            return super().train_step((data, data))

    model = Net([keras.Input((2,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    assert model.fit(X, verbose=0).history["loss"][0] > 0


def test_a_list_of_one_output_is_the_output(backend):
    x = keras.Input((2,))
    y = layers.Dense(3)(x)
    for outputs in ([y], (y,)):
        model = keras.Model([x], outputs)
        assert model.output_shape == (None, 3) and model.input_shape == (None, 2)
        assert ops.is_tensor(model(X)) and model.predict(X, verbose=0).shape == (4, 3)
        again = keras.Model.from_config(model.get_config())
        assert again.output_shape == (None, 3)
        model.compile("sgd", "mse")
        model.fit(X, np.ones((4, 3)), verbose=0)
    assert isinstance(keras.Model(x, [y, y])(X), list)


def test_a_functional_subclass_is_named_by_its_class():
    class MyNet(keras.Model):
        pass

    keras.utils.clear_session()
    x = keras.Input((2,))
    assert MyNet(x, x).name == "my_net"
    assert keras.Model(x, x).name == "model"


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X, Y


def test_batch_size_beside_data_that_makes_batches(backend):
    model = keras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="`batch_size` is ignored"):
        assert model.fit(Batches(), batch_size=4, verbose=0).epoch == [0]


def test_a_callback_ends_evaluation_and_prediction(backend):
    class Stop(keras.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            self.model.stop_evaluating = batch == 2

        def on_predict_batch_end(self, batch, logs=None):
            self.model.stop_predicting = batch == 2

    def endless():
        while True:
            yield X, Y

    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    for _ in range(2):  # the flags are down again
        model.evaluate(endless(), callbacks=[Stop()], verbose=0)
        found = model.predict(endless(), callbacks=[Stop()], verbose=0)
        assert found.shape == (12, 1)


def test_save_format_is_accepted(tmp_path):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    with pytest.warns(DeprecationWarning, match="save_format"):
        model.save(tmp_path / "m.keras", save_format="keras")
    assert keras.models.load_model(tmp_path / "m.keras").input_shape == (None, 2)
    with pytest.raises(ValueError, match="does not go with the path"):
        model.save(tmp_path / "m.keras", save_format="h5")
    with pytest.raises(ValueError, match="does not go with the path"):
        model.save(tmp_path / "m.keras", save_format="tf")


def test_functions_of_the_program_in_an_h5_file(tmp_path):
    def my_loss(y_true, y_pred):
        return ops.mean((y_true - y_pred) ** 2, axis=-1)

    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", my_loss)
    model.save(tmp_path / "m.h5")
    objects = {"my_loss": my_loss}
    assert keras.models.load_model(tmp_path / "m.h5", objects).loss is my_loss


def test_arguments_of_the_wrong_object():
    with pytest.raises(ValueError, match="belong to the inner optimizer"):
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), clipnorm=1.0)
    with pytest.raises(TypeError, match="Did you mean 'learning_rate'"):
        keras.optimizers.Adam(lr=0.1)
    with pytest.raises(TypeError, match="Did you mean 'activation'"):
        layers.Dense(1, activatoin="relu")


def test_the_implementation_of_keras_1():
    assert layers.GRU(2, implementation=0).cell.implementation == 1


def test_shapes_by_name():
    class Sum(layers.Layer):
        def call(self, a, b):
            return a + b

        def compute_output_shape(self, a_shape, b_shape):
            return b_shape

    assert Sum()(keras.Input((1,)), keras.Input((2,))).shape == (None, 2)


def test_recurrent_layers_take_integers(backend):
    x = np.arange(6).reshape(1, 3, 2)
    lstm = layers.LSTM(2)
    found = lstm(x.astype("int32"))
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), ops.convert_to_numpy(lstm(x.astype("float32")))
    )
    both = layers.Bidirectional(layers.GRU(2))
    assert both(x.astype("int32")).shape == (1, 4)


def test_trainable_is_a_bool():
    with pytest.raises(ValueError, match="`trainable` must be True or False"):
        layers.Dense(1, trainable="yes")
