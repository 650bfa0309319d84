"""Ops on sparse and ragged tensors: against Keras, SciPy and dense tensors.

What Keras 3.15.1 returns, and whether that is sparse, is in tests/oracle/data
(`make_sparse.py` asks it, on JAX and TensorFlow).
"""

import functools
import json
import pathlib
import re

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracle import make_sparse
from oracle import sparse_cases as cases

import keras
from keras import layers, ops
from keras.core import tree
from keras.core.op import OPS
from keras.core.scope import current
from keras.core.sparse import RULES

ANSWERS = json.loads(
    (pathlib.Path(cases.__file__).parent / "data" / "sparse.json").read_text()
)
HAVE_SPARSE = ("jax", "tensorflow", "torch")
# Where we keep to another result than Keras, on purpose.
DELIBERATE = {
    # The sum of everything is a number, which a sparse tensor has no use for.
    *("ops.sum(s)", "ops.sum(n)", "ops.mean(s)", "ops.mean(n)"),
    *("ops.sum(s, axis=(0, 1))", "ops.mean(s, axis=(0, 1))"),
    # A zero that is not stored stays zero when it is divided by zero, as in SciPy.
    *("ops.divide(s, d)", "ops.true_divide(s, d)"),
    # Products of stacks of matrices are dense.
    *("ops.matmul(c, c)", "layers.Dot(axes=1)([s, t])"),
    # JAX has no integer counts there.
    *("ops.bincount(i, minlength=5)", "ops.bincount(i[0], minlength=5)"),
    *(f"ops.bincount(j, minlength={n}, sparse=True)" for n in (2, 5)),
    "ops.bincount(j[0], minlength=5, sparse=True)",
    # A Python number there, as on other backends.
    *("ops.size(s)", "ops.size(r)"),
}
# Calls that Keras takes, and we do not: make the tensor dense first.
REFUSED = {
    *("ops.isreal(s)", "ops.cumprod(r)", "ops.cumsum(r)", "ops.logsumexp(r)"),
    "layers.Normalization(mean=0.0, variance=4.0)(s)",
    "layers.CategoryEncoding(6, output_mode='multi_hot')(i)",
    "layers.CategoryEncoding(6, output_mode='count')(i)",
    *("ops.nonzero(r)", "ops.outer(r, q)", "ops.outer(r, 2.0)", "ops.outer(2.0, r)"),
}


@pytest.fixture(params=HAVE_SPARSE)
def backend(request):
    """A backend that has sparse tensors."""
    with keras.config.backend_scope(request.param):
        yield request.param


@functools.cache
def tensors(backend):
    """The tensors of the cases by name."""
    if backend == "torch":
        return {
            name: ops.convert_to_tensor(x).to_sparse()
            if name in cases.SPARSE
            else ops.convert_to_tensor(x)
            for name, x in cases.arrays().items()
        }
    return make_sparse.make_tensors(backend)


def kind_of(x):
    """What a result is, as `make_sparse` says it."""
    if isinstance(x, keras.KerasTensor):
        return x.kind or "dense"
    if not current().is_tensor(x):
        return "dense" if isinstance(x, np.ndarray) else "python"
    return current().sparse.kind_of(x) or "dense"


def differences(call, found, answers):
    """How results differ from Keras's answers, as text."""
    if answers and isinstance(answers[0], list):
        pairs = zip(found, answers)
        return [d for x, answer in pairs for d in differences(call, x, answer)]
    kind, dtype, value = answers
    wrong = []
    if kind_of(found) != kind:
        wrong.append(f"is {kind_of(found)}, not {kind}")
    if kind == "python" or kind_of(found) == "python":
        return wrong
    if keras.backend.standardize_dtype(found.dtype) != dtype:
        wrong.append(f"has the type {found.dtype}, not {dtype}")
    if isinstance(found, keras.KerasTensor):
        if list(found.shape) != value:
            wrong.append(f"has the shape {found.shape}, not {value}")
    elif kind == "ragged" and kind_of(found) == "ragged":
        shapes = [_lengths(value), _lengths(found.to_list())]
        expected, actual = tree.flatten(value), tree.flatten(found.to_list())
        if shapes[0] != shapes[1] or not np.allclose(
            actual, expected, atol=1e-5, equal_nan=True
        ):
            wrong.append(f"is {found.to_list()}, not {value}")
    elif not np.allclose(
        ops.convert_to_numpy(found), value, rtol=1e-4, atol=1e-5, equal_nan=True
    ):
        actual = ops.convert_to_numpy(found).tolist()
        wrong.append(f"is {actual}, not {value}")
    return [f"{call} {text}" for text in wrong]


def _lengths(rows):
    """The lengths of nested lists."""
    return [_lengths(row) for row in rows] if isinstance(rows, list) else None


def names(backend):
    matrix = scipy.sparse.csr_matrix(cases.arrays()["s"])
    return {"ops": ops, "layers": layers, "keras": keras, "SCIPY": matrix}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "tensorflow"])
def test_results_are_those_of_keras(name):
    wrong = []
    with keras.config.backend_scope(name):
        scope = {**names(name), **tensors(name)}
        for row in ANSWERS:
            call, answers = row["call"], row[name]
            if answers is None or isinstance(answers[0], str):
                continue  # Keras raises
            if call in DELIBERATE | REFUSED:
                continue
            layer = re.match(r"layers\.(\w+)", call)
            if layer and not hasattr(layers, layer[1]):
                continue
            try:
                wrong += differences(call, eval(call, scope), answers[0])
            except Exception as error:
                wrong.append(f"{call} raises {type(error).__name__}: {error}")
    assert not wrong, "\n".join(wrong)


# Calls whose symbolic result is compared with the actual one where there is no time for
# all of them.
FEW = """
    ops.relu(s) ops.exp(s) ops.sum(s,0) ops.mean(c,axis=(0,2)) s*2.0 ops.add(s,t)
    ops.add(s,d) ops.multiply(s,u) ops.matmul(s,w) ops.matmul(s,m) ops.transpose(c)
    ops.reshape(c,(3,4)) ops.squeeze(u,1) ops.expand_dims(s,0) ops.concatenate([s,t])
    ops.one_hot(j,4,sparse=True) ops.multi_hot(j,4,sparse=True) ops.take(m,i,axis=0)
    layers.Dense(3)(s) layers.Add()([s,t]) layers.Flatten()(c)
    layers.Concatenate()([s,d])
""".split()


def unlike_symbols(name, calls):
    """Calls whose symbolic result is of another kind, type or shape than the actual."""
    wrong = []
    with keras.config.backend_scope(name):
        actual, symbolic = tensors(name), make_sparse.symbols(name)
        for call in calls:
            try:
                found = eval(call, {**names(name), **actual})
            except Exception:
                continue
            try:
                symbol = eval(call, {**names(name), **symbolic})
            except Exception as error:
                wrong.append(f"{call} raises {str(error)[:200]}")
                continue
            if kind_of(found) == "python" or not isinstance(symbol, keras.KerasTensor):
                continue
            shape = [
                None if n is None else m for m, n in zip(found.shape, symbol.shape)
            ]
            if kind_of(found) != kind_of(symbol) or shape != list(symbol.shape):
                wrong.append(f"{call} is {found}, not {symbol}")
            if keras.backend.standardize_dtype(found.dtype) != symbol.dtype:
                wrong.append(f"{call} has the type {found.dtype}, not {symbol.dtype}")
    return wrong


@pytest.mark.parametrize("name", HAVE_SPARSE)
def test_a_symbolic_tensor_is_sparse_where_the_actual_one_is(name):
    wrong = unlike_symbols(name, FEW)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "tensorflow"])
def test_every_symbolic_result_is_like_the_actual_one(name):
    calls = [*cases.CALLS, *cases.LAYERS]
    if name == "tensorflow":
        calls += cases.RAGGED
    # Symbols have no values, on which the length of counts depends.
    concrete = ("SCIPY", "to_numpy", "s[:2]", "r[:, :1]", "minlength=2")
    wrong = unlike_symbols(
        name, [call for call in calls if not any(word in call for word in concrete)]
    )
    assert not wrong, "\n".join(wrong)


# Laws, on every backend that has sparse tensors

NUMBERS = st.floats(-8, 8, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3)
MATRICES = arrays(
    np.float32,
    st.sampled_from([(3, 4), (2, 1)]),
    elements=st.one_of(st.just(0.0), st.just(0.0), NUMBERS),
    fill=st.just(0.0),
)
PAIRS = MATRICES.flatmap(
    lambda x: st.tuples(st.just(x), arrays(np.float32, x.shape, elements=NUMBERS))
)
few_examples = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def sparse(x):
    """A sparse tensor of the backend in force."""
    return ops.convert_to_tensor(scipy.sparse.csr_matrix(x))


def assert_equal(found, expected):
    np.testing.assert_allclose(
        ops.convert_to_numpy(found),
        ops.convert_to_numpy(expected),
        rtol=1e-4,
        atol=1e-5,
    )


@few_examples
@given(pair=PAIRS)
def test_pairs_are_what_scipy_says(backend, pair):
    a, b = (scipy.sparse.csr_matrix(x) for x in pair)
    x, y = sparse(pair[0]), sparse(pair[1])
    assert_equal(ops.add(x, y), (a + b).toarray())
    assert_equal(ops.subtract(x, y), (a - b).toarray())
    assert_equal(ops.maximum(x, y), a.maximum(b).toarray())
    assert_equal(ops.minimum(x, y), a.minimum(b).toarray())
    assert_equal(ops.multiply(x, y), a.multiply(b).toarray())
    assert_equal(ops.multiply(x, pair[1]), a.multiply(pair[1]).toarray())
    assert_equal(ops.matmul(x, ops.transpose(y)), (a @ b.T).toarray())
    assert_equal(ops.matmul(x, pair[1].T), a @ pair[1].T)


@few_examples
@given(x=MATRICES)
def test_moves_are_what_scipy_says(backend, x):
    a, found = scipy.sparse.csr_matrix(x), sparse(x)
    assert_equal(ops.transpose(found), a.T.toarray())
    assert_equal(ops.reshape(found, (-1, 1)), a.reshape(-1, 1).toarray())
    assert_equal(ops.sum(found, axis=0), x.sum(0))
    assert_equal(ops.mean(found, axis=1, keepdims=True), x.mean(1, keepdims=True))
    assert_equal(ops.concatenate([found, found], axis=1), np.hstack([x, x]))
    assert_equal(ops.stack([found, found]), np.stack([x, x]))
    assert_equal(ops.squeeze(ops.expand_dims(found, 1), 1), x)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_repeated_indices_are_summed_before_a_function(backend, dtype):
    indices = ops.convert_to_tensor([[0, 1], [1, 0], [0, 1]])
    values = ops.cast([1, 2, 3], dtype)
    x = current().sparse.put_together(indices, values, (2, 2), False, False)
    assert_equal(ops.square(x), [[0, 16], [4, 0]])


def test_booleans(backend):
    x, y = np.array([[True, False, True]]), np.array([[True, True, False]])
    a, b = (ops.cast(sparse(v.astype("float32")), "bool") for v in (x, y))
    assert_equal(ops.logical_or(a, b), x | y)
    assert_equal(ops.logical_and(a, b), x & y)
    assert_equal(ops.logical_xor(a, b), x ^ y)


def test_rules_are_for_ops_that_exist():
    assert not set(RULES) - set(OPS)
    for name in HAVE_SPARSE:
        with keras.config.backend_scope(name):
            assert not set(current().sparse.TABLE) - set(OPS)


def test_an_op_that_takes_no_sparse_tensor_says_what_to_do(backend):
    x = sparse(np.eye(3, dtype="float32"))
    with pytest.raises(TypeError, match=r"keras\.ops\.sort .*convert_to_tensor\(x, sp"):
        ops.sort(x)
    with pytest.raises(TypeError, match=r"keras\.ops\.median"):
        ops.median(x)
    assert_equal(ops.sort(ops.convert_to_tensor(x, sparse=False)), np.sort(np.eye(3)))


def test_an_error_of_a_dense_call_is_its_own(backend):
    with pytest.raises(Exception) as caught:
        ops.matmul(np.ones((2, 3)), np.ones((2, 3)))
    assert "sparse" not in str(caught.value)


def test_gradients_go_through_a_sparse_product(backend):
    x = np.array([[0, 2, 0], [1, 0, 0]], "float32")
    kernel = keras.Variable(np.ones((3, 2), "float32"))

    def loss():
        return ops.sum(ops.square(ops.matmul(sparse(x), kernel)))

    _, (gradient,) = ops.value_and_grad(loss, [kernel])()

    assert_equal(gradient, 2 * x.T @ (x @ np.ones((3, 2))))


@pytest.mark.gradients
@pytest.mark.parametrize("name", ["SGD", "Adagrad", "Adam"])
def test_a_gradient_of_rows_changes_a_table_as_the_whole_gradient_does(name):
    tf = pytest.importorskip("tensorflow")
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")
    with keras.config.backend_scope("tensorflow"):
        tables = [keras.Variable(np.ones((5, 2), "float32")) for _ in range(2)]
        gradient = tf.IndexedSlices(rows, [3, 1, 3], [5, 2])
        for table, g in zip(tables, (gradient, tf.convert_to_tensor(gradient))):
            optimizer = getattr(keras.optimizers, name)(0.1)
            for _ in range(3):
                optimizer.apply([g], [table])
        assert_equal(*tables)


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_categories_as_sparse_vectors(backend, mode):
    x = np.array([[0, 2, 2], [1, 1, 1]], "int32")
    dense = layers.CategoryEncoding(4, mode)
    encoding = layers.CategoryEncoding(4, mode, sparse=True)
    for data in (x, ops.convert_to_tensor(x)):
        found = encoding(data)
        assert kind_of(found) == "sparse"
        assert_equal(found, dense(ops.convert_to_tensor(x)))
    assert encoding(keras.Input((3,), dtype="int32")).sparse


def test_no_sparse_tensors_on_numpy():
    with keras.config.backend_scope("numpy"):
        matrix = scipy.sparse.csr_matrix(np.eye(2))
        assert_equal(ops.convert_to_tensor(matrix), np.eye(2))
        with pytest.raises(ValueError, match="no sparse tensors"):
            ops.one_hot([0, 1], 2, sparse=True)


@pytest.mark.parametrize("name", ["jax", "torch", "numpy"])
def test_ragged_inputs_need_tensorflow(name):
    with keras.config.backend_scope(name):
        with pytest.raises(ValueError, match="ragged"):
            keras.Input((None,), ragged=True)
        with pytest.raises(ValueError, match="ragged"):
            keras.KerasTensor((2, None), ragged=True)


def test_a_tensor_is_not_sparse_and_ragged():
    with pytest.raises(ValueError, match="both"):
        keras.KerasTensor((2, None), sparse=True, ragged=True)
