"""Sparse matrices as data: never made dense as a whole, the same results as dense."""

import numpy as np
import pytest
import scipy.sparse

import keras
from keras import ops
from keras.core.scope import current

ROWS, FEATURES = 70, 40


def data(seed=0):
    """A sparse matrix with some empty rows, its dense form, and labels."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, FEATURES)) * (rng.random((ROWS, FEATURES)) < 0.1)
    x[::9] = 0
    x = x.astype("float32")
    return scipy.sparse.csr_matrix(x), x, (x.sum(1) > 0).astype("float32")[:, None]


def classifier(sparse=True, optimizer="adam"):
    """A small functional model with a sparse (or dense) input."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((FEATURES,), sparse=sparse)
    hidden = keras.layers.Dense(5, activation="relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def refuse_dense(monkeypatch):
    """Let no matrix of SciPy be made dense."""

    def refuse(self, *args, **kwargs):
        raise AssertionError("the matrix was made dense")

    for name in ("toarray", "todense", "__array__"):
        monkeypatch.setattr(scipy.sparse.csr_matrix, name, refuse, raising=False)


def has_sparse():
    return current().sparse.HAS_SPARSE


@pytest.mark.gradients
def test_fit_on_a_sparse_matrix_is_fit_on_the_dense_one(backend, monkeypatch):
    matrix, dense, y = data()
    expected = classifier(sparse=False).fit(
        dense, y, batch_size=16, epochs=3, validation_split=0.2, verbose=0
    )

    model = classifier()
    refuse_dense(monkeypatch)
    found = model.fit(
        matrix, y, batch_size=16, epochs=3, validation_split=0.2, verbose=0
    )

    for name, values in expected.history.items():
        np.testing.assert_allclose(found.history[name], values, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["csr_matrix", "csc_matrix", "coo_array", "lil_array"])
def test_predict_and_evaluate_take_every_format(backend, kind):
    matrix, dense, y = data()
    model = classifier()

    x = getattr(scipy.sparse, kind)(matrix)

    expected = model.predict(dense, verbose=0)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-5)
    np.testing.assert_allclose(
        model.evaluate(x, y, verbose=0), model.evaluate(dense, y, verbose=0), rtol=1e-4
    )


def test_single_batches_and_calls(backend):
    matrix, dense, y = data()
    model = classifier()
    expected = ops.convert_to_numpy(model(dense))

    np.testing.assert_allclose(model.predict_on_batch(matrix), expected, atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(model(matrix)), expected, atol=1e-5)
    model.test_on_batch(matrix, y)


@pytest.mark.gradients
def test_train_on_batch(backend):
    matrix, dense, y = data()
    sparse, other = classifier(), classifier(sparse=False)
    for _ in range(3):
        loss = sparse.train_on_batch(matrix, y)[0]
        np.testing.assert_allclose(other.train_on_batch(dense, y)[0], loss, rtol=1e-4)


@pytest.mark.gradients
def test_an_input_that_is_not_sparse_gets_dense_batches(backend):
    matrix, dense, y = data()
    expected = classifier(sparse=False).fit(dense, y, epochs=2, verbose=0)
    found = classifier(sparse=False).fit(matrix, y, epochs=2, verbose=0)
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"])


def test_a_dense_model_makes_a_sparse_tensor_dense(backend):
    if not has_sparse():
        pytest.skip("there are no sparse tensors")
    matrix, dense, _ = data()
    inputs = keras.Input((FEATURES,))
    model = keras.Model(inputs, keras.layers.Softmax()(inputs))
    np.testing.assert_allclose(
        model(ops.convert_to_tensor(matrix)), model(dense), atol=1e-6
    )


@pytest.mark.gradients
def test_a_model_that_is_not_built_yet(backend):
    matrix, dense, y = data()

    def fitted(x):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model.fit(x, y, epochs=2, verbose=0).history["loss"]

    np.testing.assert_allclose(fitted(matrix), fitted(dense), rtol=1e-4)


@pytest.mark.gradients
def test_several_inputs_some_of_them_sparse(backend):
    matrix, dense, y = data()
    extra = np.random.default_rng(4).normal(size=(ROWS, 3)).astype("float32")

    def fitted(x, sparse):
        keras.utils.set_random_seed(5)
        wide = keras.Input((FEATURES,), sparse=sparse, name="wide")
        deep = keras.Input((3,), name="deep")
        parts = [keras.layers.Dense(4)(wide), keras.layers.Dense(4)(deep)]
        out = keras.layers.Dense(1)(keras.layers.Add()(parts))
        model = keras.Model([wide, deep], out)
        model.compile("sgd", "mse")
        inputs = {"wide": x, "deep": extra}
        return model.fit(inputs, y, batch_size=16, verbose=0).history["loss"]

    np.testing.assert_allclose(fitted(matrix, True), fitted(dense, False), rtol=1e-4)


@pytest.mark.gradients
def test_weights_and_classes(backend):
    matrix, dense, y = data()
    options = {"class_weight": {0: 1.0, 1: 3.0}, "batch_size": 16, "verbose": 0}
    weights = np.linspace(0.1, 1.0, ROWS)

    losses = [
        classifier(sparse).fit(x, y, sample_weight=weights, **options).history["loss"]
        for sparse, x in ((True, matrix), (False, dense))
    ]

    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_a_framework_s_own_sparse_tensor_is_data_too(backend):
    if not has_sparse():
        pytest.skip("there are no sparse tensors")
    matrix, dense, _ = data()
    model = classifier()
    tensor = ops.convert_to_tensor(matrix)
    np.testing.assert_allclose(
        model.predict(tensor, batch_size=16, verbose=0),
        model.predict(dense, batch_size=16, verbose=0),
        atol=1e-5,
    )


def test_a_sparse_input_is_saved(backend, tmp_path):
    matrix, dense, _ = data()
    model = classifier()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.input.sparse
    np.testing.assert_allclose(
        again.predict(matrix, verbose=0), model.predict(dense, verbose=0), atol=1e-5
    )


def test_jax_compiles_once_for_batches_of_about_the_same_size():
    with keras.config.backend_scope("jax"):
        matrix, _, _ = data()
        model = classifier()
        sizes = set()
        own = type(model).call

        def counting(self, inputs, *args, **kwargs):
            sizes.add(inputs.nse)
            return own(self, inputs, *args, **kwargs)

        model.call = counting.__get__(model)
        model.predict(matrix, batch_size=10, verbose=0)
        stored = {matrix[i : i + 10].nnz for i in range(0, ROWS, 10)}
    assert len(sizes) < len(stored)


@pytest.mark.gradients
def test_batches_of_ragged_tensors():
    tf = pytest.importorskip("tensorflow")
    rows = [[1, 2], [3], [], [2, 2, 1], [0], [4, 4]]
    x = tf.ragged.constant(rows, "int32")
    y = np.array([[len(row)] for row in rows], "float32")
    with keras.config.backend_scope("tensorflow"):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((None,), dtype="int32", ragged=True)
        vectors = keras.layers.Embedding(5, 3)(inputs)
        assert vectors.ragged
        assert vectors.shape == (None, None, 3)
        out = keras.layers.Dense(1)(ops.sum(vectors, axis=1))
        model = keras.Model(inputs, out)
        model.compile("adam", "mse")
        batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(2)
        losses = model.fit(batches, epochs=5, verbose=0).history["loss"]
        assert model.predict(x, verbose=0).shape == (6, 1)
    assert losses[-1] < losses[0]
