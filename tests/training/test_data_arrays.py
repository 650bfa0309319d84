"""Batches of arrays, of every kind that users have."""

import subprocess
import sys

import h5py
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import tensorflow as tf
import torch

import keras
from keras.data.rows import _gather_tensorflow, _read_rows
from keras.training.data import make_batches, split_validation

X = np.arange(44, dtype="float32").reshape(11, 4)
Y = np.arange(11) % 3


def memmap(array, folder):
    array.tofile(folder / "x.bin")
    return np.memmap(folder / "x.bin", dtype=array.dtype, shape=array.shape)


def hdf5(array, folder):
    return h5py.File(folder / "x.h5", "w").create_dataset("x", data=array)


KINDS = {
    "numpy": lambda a, _: a,
    "float64": lambda a, _: a.astype("float64"),
    "list": lambda a, _: a.tolist(),
    "memmap": memmap,
    "hdf5": hdf5,
    "pandas": lambda a, _: pd.DataFrame(a),
    "sparse": lambda a, _: scipy.sparse.csr_matrix(a),
    "sparse_array": lambda a, _: scipy.sparse.coo_array(a),
    "jax": lambda a, _: jnp.asarray(a),
    "torch": lambda a, _: torch.tensor(a, requires_grad=True),
    "bfloat16": lambda a, _: torch.tensor(a, dtype=torch.bfloat16),
    "tensorflow": lambda a, _: tf.constant(a),
}


def rows(source, index=0, start=0):
    return [batch[0] for batch in source.epoch(index, start)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_every_kind_gives_the_same_batches(kind, shuffle, tmp_path, backend):
    options = {"batch_size": 4, "shuffle": shuffle, "seed": 5}
    expected = make_batches(X, Y, **options)
    source = make_batches(KINDS[kind](X, tmp_path), Y, **options)
    assert (source.num_batches, source.num_samples, source.batch_size) == (3, 11, 4)
    for epoch in (0, 1):
        batches = list(source.epoch(epoch))
        assert [len(x) for x, _ in batches] == [4, 4, 3]
        for (x, y), (x0, y0) in zip(batches, expected.epoch(epoch)):
            assert type(x) is np.ndarray and x.dtype == "float32"
            np.testing.assert_array_equal(x, x0)
            np.testing.assert_array_equal(y, y0)


def test_order_depends_on_seed_and_epoch_alone():
    one, two = (make_batches(X, Y, batch_size=4, shuffle=True, seed=7) for _ in "ab")
    list(one.epoch(0))
    np.testing.assert_array_equal(np.concatenate(rows(one, 3)), _joined(two, 3))
    orders = {tuple(_joined(one, epoch)[:, 0]) for epoch in range(5)}
    assert len(orders) == 5
    assert all(sorted(order) == X[:, 0].tolist() for order in orders)
    other = make_batches(X, Y, batch_size=4, shuffle=True, seed=8)
    assert (_joined(other, 3) != _joined(one, 3)).any()
    # The order that a seed means is part of what a resumed run relies on.
    assert _joined(one, 0)[:, 0].astype(int).tolist() == [
        int(X[i, 0]) for i in _philox(7, 0, 11)
    ]


def _joined(source, index):
    return np.concatenate(rows(source, index))


def _philox(seed, epoch, size):
    key = np.array([seed, epoch], dtype="uint64")
    return np.random.Generator(np.random.Philox(key=key)).permutation(size)


def test_x_and_y_and_weights_stay_together():
    source = make_batches(X, Y, np.arange(11.0), batch_size=3, shuffle=True, seed=1)
    for x, y, weight in source.epoch(2):
        sample = x[:, 0].astype(int) // 4
        np.testing.assert_array_equal(y, sample % 3)
        np.testing.assert_array_equal(weight, sample)


def test_shuffle_batch_moves_whole_batches_and_keeps_the_partial_one_last():
    source = make_batches(X, batch_size=2, shuffle="batch", seed=0)
    firsts = [int(x[0, 0]) // 4 for x in rows(source)]
    assert firsts[:-1] != sorted(firsts[:-1])
    assert sorted(firsts) == [0, 2, 4, 6, 8, 10] and firsts[-1] == 10
    assert all(len(np.unique(np.diff(x, axis=0))) <= 1 for x in rows(source))


def test_unknown_seed_is_drawn_and_kept_in_the_state():
    one, two = (make_batches(X, batch_size=4, shuffle=True) for _ in "ab")
    assert one.seed != two.seed
    two.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(_joined(one, 1), _joined(two, 1))


def test_slices_are_views():
    for x in rows(make_batches(X, batch_size=4)):
        assert np.shares_memory(x, X)


class Counting:
    """An array that counts the rows read from it."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.read = (
            array,
            array.shape,
            array.dtype,
            [],
        )

    def __getitem__(self, index):
        if not isinstance(index, slice):
            assert (np.diff(index) > 0).all(), "HDF5 wants ascending indices"
        self.read.extend(np.arange(len(self.array))[index].tolist())
        return self.array[index]


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_only_the_batches_asked_for_are_read(shuffle):
    data = Counting(X)
    source = make_batches(data, Y, batch_size=4, shuffle=shuffle, seed=3)
    assert data.read == []
    iterator = source.epoch(1, start=1)
    assert data.read == []
    next(iterator)
    assert len(data.read) == 4
    resumed = next(source.epoch(1, start=2))
    assert len(data.read) == 7
    whole = list(source.epoch(1))
    np.testing.assert_array_equal(resumed[0], whole[2][0])


def test_validation_split_reads_nothing_and_takes_the_last():
    data = Counting(X)
    train, validation = split_validation(data, {"y": Y}, None, 0.25)
    assert data.read == []
    source = make_batches(*validation, batch_size=2)
    assert source.num_samples == 3
    batches = list(source.epoch(0))
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), X[8:])
    np.testing.assert_array_equal(np.concatenate([y["y"] for _, y in batches]), Y[8:])
    shuffled = make_batches(*train, batch_size=3, shuffle=True, seed=0)
    assert sorted(_joined(shuffled, 0)[:, 0]) == X[:8, 0].tolist()
    # A part of a part.
    _, last = split_validation(*validation, 0.5)
    np.testing.assert_array_equal(_joined(make_batches(*last), 0), X[9:])


@pytest.mark.parametrize(
    ("count", "fraction", "train"), [(10, 0.25, 7), (100, 0.1, 90)]
)
def test_validation_split_counts_as_keras_does(count, fraction, train):
    parts = split_validation(np.zeros(count), np.zeros(count), None, fraction)
    assert [p[0].length for p in parts] == [train, count - train]


def test_dtypes():
    given = {
        "f8": "float32",
        "f4": "float32",
        "f2": "float32",
        "i8": "int64",
        "u1": "uint8",
        "?": "bool",
        "c8": "complex64",
        "O": "object",
        "U3": "<U3",
    }
    arrays = {name: np.zeros(3).astype(name) for name in given}
    (batch,) = make_batches(arrays).epoch(0)
    assert {name: str(a.dtype) for name, a in batch[0].items()} == given


def test_floatx():
    keras.config.set_floatx("bfloat16")
    try:
        assert rows(make_batches(X.astype("float64")))[0].dtype.name == "bfloat16"
    finally:
        keras.config.set_floatx("float32")
    assert rows(make_batches(X.astype("float16")))[0].dtype == "float32"


def test_nested_structures_keep_their_form_and_order():
    x = {"b": [X, None], "a": (X[:, 0].tolist(), pd.Series(Y))}
    ((batch, y),) = make_batches(x, [Y, {"z": Y}], batch_size=11).epoch(0)
    assert list(batch) == ["b", "a"] and batch["b"][1] is None
    assert isinstance(batch["a"], tuple) and isinstance(y, list)
    np.testing.assert_array_equal(batch["a"][0], X[:, 0])
    assert batch["a"][1].shape == (11, 1)  # a series is a column
    np.testing.assert_array_equal(y[1]["z"], Y)


def test_strings_pass_through():
    assert rows(make_batches(["a", "bc"]))[0].tolist() == ["a", "bc"]
    assert rows(make_batches(pd.Series(["a", "bc"])))[0].tolist() == [["a"], ["bc"]]


@pytest.mark.parametrize(
    ("frame", "dtype"),
    [
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), "int64"),
        (pd.DataFrame({"a": [1, 2], "b": [True, False]}), "float32"),
        (pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan]}), "float32"),
        (pd.DataFrame({"a": pd.array([1, 2]), "b": np.int8([1, 2])}), "int64"),
        (pd.DataFrame({"a": pd.array([1, None]), "b": [1, 2]}), "float32"),
        (pd.DataFrame({"a": np.int8([1, 2])}), "int8"),
    ],
)
def test_pandas_dtypes(frame, dtype):
    for shuffle in (False, True):
        source = make_batches(frame, batch_size=1, shuffle=shuffle, seed=0)
        batches = rows(source)
        assert {str(x.dtype) for x in batches} == {dtype}
        got = np.concatenate(batches).astype("float32")
        want = frame.to_numpy(dtype="float32", na_value=np.nan)
        order = np.argsort(got[:, 0]) if shuffle else slice(None)
        np.testing.assert_array_equal(got[order], want)


def test_tensors_on_an_accelerator_are_gathered_there():
    # What is read from a device's tensor, tried on tensors of the host.
    index = np.array([2, 0])
    for read, tensor in [
        (_read_rows, torch.tensor(X)),
        (_read_rows, jnp.asarray(X)),
        (_gather_tensorflow, tf.constant(X)),
    ]:
        for rows_at in (index, slice(1, 3)):
            got = read(tensor, rows_at)
            assert isinstance(got, type(tensor))
            np.testing.assert_array_equal(np.asarray(got), X[rows_at])


def test_steps_share_the_passes_over_the_data():
    source = make_batches(np.arange(10), batch_size=2, steps=3)
    seen = [[x.tolist() for x in rows(source, epoch)] for epoch in range(3)]
    assert sum(seen, []) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]] + [
        [0, 1],
        [2, 3],
        [4, 5],
        [6, 7],
    ]
    assert [x.tolist() for x in rows(source, 1, start=2)] == [seen[1][2]]
    shuffled = make_batches(np.arange(6), batch_size=2, steps=2, shuffle=True, seed=0)
    seen = [sample for e in range(3) for x in rows(shuffled, e) for sample in x]
    assert sorted(seen[:6]) == sorted(seen[6:]) == list(range(6))


def test_more_steps_than_batches_warns():
    source = make_batches(X, batch_size=4, steps=5)
    assert source.num_batches == 3
    with pytest.warns(UserWarning, match="3 batches of the 5 steps"):
        assert len(rows(source, 1)) == 3


def test_steps_alone_imply_the_batch_size():
    assert make_batches(X, steps=3).batch_size == 4
    assert make_batches(X).batch_size == 32


def test_peek_does_not_shuffle_or_consume():
    source = make_batches(X, Y, batch_size=4, shuffle=True, seed=0)
    np.testing.assert_array_equal(source.peek()[0], X[:4])
    assert len(rows(source)) == 3


@pytest.mark.parametrize(
    "y", [Y, Y[:, None], np.eye(3)[Y], Y.astype("float32"), pd.Series(Y)]
)
@pytest.mark.parametrize("sample_weight", [None, np.arange(11), np.ones((11, 2)) * 2])
def test_class_weight(y, sample_weight):
    table = {0: 2.0, 2: 5}
    source = make_batches(X, y, sample_weight, batch_size=4, class_weight=table)
    weights = np.concatenate([weight for _, _, weight in source.epoch(0)])
    expected = np.array([table.get(label, 1.0) for label in Y])
    if sample_weight is not None:
        expected = (expected * sample_weight.T).T
    assert weights.dtype == "float32"
    np.testing.assert_array_equal(weights, expected)


def test_class_weight_keys_of_numpy_and_json():
    for keys in ([np.float64(0), np.int8(2)], ["0", "2"], [0.0, 2.0]):
        source = make_batches(X, Y, class_weight=dict(zip(keys, [2.0, 5.0])))
        _, y, weights = next(source.epoch(0))
        assert weights.tolist() == [{0: 2, 1: 1, 2: 5}[label] for label in y]


def test_class_weight_of_labels_out_of_the_table():
    source = make_batches(X[:3], np.array([-1, 7, 1]), class_weight={1: 3.0})
    assert next(source.epoch(0))[2].tolist() == [1, 1, 3]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"x": X, "y": Y[:7]}, ValueError, ["`x` has 11", "`y` has 7"]),
        ({"x": {"a": X, "b": X[:3]}}, ValueError, ["x['a']", "x['b']` has 3"]),
        ({"x": X, "y": Y, "sample_weight": Y[:2]}, ValueError, ["sample_weight", "2"]),
        ({"x": X[:0], "y": Y[:0]}, ValueError, ["0 samples"]),
        ({"x": []}, ValueError, ["no data"]),
        ({"x": None}, ValueError, ["`x` is None"]),
        ({"x": [None, None]}, ValueError, ["no data"]),
        ({"x": np.float32(3)}, ValueError, ["`x`", "shape ()", "samples"]),
        ({"x": keras.KerasTensor((None, 3))}, ValueError, ["(None, 3)"]),
        ({"x": 3}, TypeError, ["builtins.int"]),
        ({"x": "abc"}, TypeError, ["builtins.str"]),
        ({"x": {"a": object()}}, TypeError, ["x['a']", "builtins.object"]),
        ({"x": [[1, 2], [3]]}, ValueError, ["`x` is a list", "pad_sequences"]),
        ({"x": pd.DataFrame({"a": [1], "b": ["u"]})}, ValueError, ["['b']"]),
        ({"x": X, "batch_size": 0}, ValueError, ["`batch_size`", "0"]),
        ({"x": X, "batch_size": 2.5}, TypeError, ["`batch_size`", "2.5"]),
        ({"x": X, "steps": -1}, ValueError, ["`steps`", "-1"]),
        ({"x": X, "shuffle": "yes"}, ValueError, ["'batch'", "'yes'"]),
        ({"x": X, "y": Y, "class_weight": [1, 2]}, TypeError, ["dict", "[1, 2]"]),
        ({"x": X, "y": Y, "class_weight": {"a": 2}}, TypeError, ["integers", "'a'"]),
        ({"x": X, "y": Y, "class_weight": {1.5: 2}}, TypeError, ["integers", "1.5"]),
        ({"x": X, "y": Y, "class_weight": {1: "b"}}, TypeError, ["numbers", "'b'"]),
        ({"x": X, "y": Y, "class_weight": {1: np.nan}}, ValueError, ["not finite"]),
        ({"x": X, "y": Y, "class_weight": {1: 2, "1": 3}}, ValueError, ["1 twice"]),
        ({"x": X, "y": Y, "class_weight": {-1: 2}}, ValueError, ["negative"]),
        ({"x": X, "class_weight": {0: 2}}, ValueError, ["no `y`"]),
        ({"x": X, "y": [Y, Y], "class_weight": {0: 2}}, ValueError, ["one output"]),
        ({"x": X, "y": X[:, :, None], "class_weight": {}}, ValueError, ["(11, 4, 1)"]),
    ],
)
def test_errors(arguments, error, words):
    with pytest.raises(error) as raised:
        list(make_batches(**arguments).epoch(0))
    for word in words:
        assert word in str(raised.value)


def test_ragged_tensors_stay_in_tensorflow():
    ragged = tf.ragged.constant([[1], [], [2, 3]])
    with keras.config.backend_scope("tensorflow"):
        source = make_batches(ragged, batch_size=2, shuffle=True, seed=0)
        seen = sum((x.to_list() for x in rows(source)), [])
        assert sorted(seen) == [[], [1], [2, 3]]
    with keras.config.backend_scope("jax"):
        with pytest.raises(TypeError, match="RaggedTensor"):
            make_batches(ragged)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, 0.999])
def test_validation_split_errors(fraction):
    with pytest.raises(ValueError, match="validation_split"):
        split_validation(X, Y, None, fraction)


def test_validation_split_refuses_a_dataset():
    with pytest.raises(ValueError, match="validation_split.*generator"):
        split_validation((b for b in [X]), None, None, 0.5)


def test_nothing_is_imported_to_find_out_what_an_array_is():
    code = (
        "import sys, numpy as np\n"
        "from keras.training.data import make_batches\n"
        "source = make_batches({'a': np.zeros((5, 2)), 'b': [1] * 5}, np.zeros(5))\n"
        "assert len(list(source.epoch(0))) == 1\n"
        "assert len(list(make_batches(iter([np.zeros(2)])).epoch(0))) == 1\n"
        "names = ['jax', 'torch', 'tensorflow', 'pandas', 'scipy', 'grain']\n"
        "assert not [n for n in names if n in sys.modules]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
