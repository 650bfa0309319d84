"""Batches of datasets and generators."""

import warnings

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import tensorflow as tf
import torch

import keras
from keras.training.data import make_batches, split_validation
from keras.utils.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight

TENSOR = {"torch": torch.Tensor, "tensorflow": tf.Tensor}


def generate(count=5):
    for i in range(count):
        yield np.full((2, 1), float(i)), np.full(2, i)


def tf_dataset(count=5):
    x = np.arange(2.0 * count).reshape(-1, 1) // 2
    y = np.arange(2 * count) // 2
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(2)


def data_loader(count=5):
    x = torch.arange(2.0 * count, dtype=torch.float64)[:, None] // 2
    y = torch.arange(2 * count) // 2
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, y), batch_size=2
    )


class Again:
    """Iterable time and again, of unknown length."""

    def __iter__(self):
        return generate()


class Indexed:
    def __len__(self):
        return 5

    def __getitem__(self, index):
        if not 0 <= index < 5:
            raise IndexError(index)
        return np.full((2, 1), float(index)), np.full(2, index)


KINDS = {
    "generator": generate,
    "tf.data": tf_dataset,
    "DataLoader": data_loader,
    "again": Again,
    "indexed": Indexed,
}
RESTARTING = [kind for kind in KINDS if kind != "generator"]


def firsts(source, index=0, start=0):
    """The first value of x in each batch; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [int(np.asarray(x)[0, 0]) for x, _ in source.epoch(index, start)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_batches(kind, backend):
    source = make_batches(KINDS[kind]())
    known = kind not in ("generator", "again")
    assert source.num_batches == (5 if known else None)
    assert source.restarts == (kind != "generator")
    batches = list(source.epoch(0))
    assert [int(np.asarray(x)[0, 0]) for x, y in batches] == [0, 1, 2, 3, 4]
    native = {"tf.data": "tensorflow", "DataLoader": "torch"}.get(kind)
    for x, y in batches:
        if native == backend:
            assert isinstance(x, TENSOR[backend]) and isinstance(y, TENSOR[backend])
        else:
            assert type(x) is np.ndarray and x.dtype == "float32"
            assert type(y) is np.ndarray and y.dtype == "int64"


@pytest.mark.parametrize("kind", RESTARTING)
def test_without_steps_each_epoch_is_a_pass(kind):
    source = make_batches(KINDS[kind]())
    assert firsts(source) == firsts(source, 1) == [0, 1, 2, 3, 4]
    assert firsts(source, 7, start=3) == [3, 4]


@pytest.mark.parametrize("kind", RESTARTING)
def test_with_steps_epochs_share_the_passes(kind):
    source = make_batches(KINDS[kind](), steps=3)
    seen = [firsts(source, epoch) for epoch in range(4)]
    assert seen == [[0, 1, 2], [3, 4, 0], [1, 2, 3], [4, 0, 1]]
    assert firsts(source, 0) == [0, 1, 2]  # as validation does, each time
    for epoch in range(4):
        resumed = make_batches(KINDS[kind](), steps=3)
        assert firsts(resumed, epoch, start=1) == seen[epoch][1:]
        assert firsts(resumed, epoch + 1) == (seen + [[2, 3, 4]])[epoch + 1]


@pytest.mark.parametrize("kind", RESTARTING)
def test_more_steps_than_batches_warns_in_each_epoch(kind):
    source = make_batches(KINDS[kind](), steps=7)
    for epoch in range(2):
        with pytest.warns(UserWarning, match="5 batches of the 7 steps"):
            batches = list(source.epoch(epoch))
        assert [int(np.asarray(x)[0, 0]) for x, _ in batches] == [0, 1, 2, 3, 4]


def test_a_generator_is_read_once():
    source = make_batches(generate(5), steps=2)
    assert firsts(source, 0) == [0, 1]
    assert firsts(source, 1) == [2, 3]
    with pytest.warns(UserWarning, match="1 batches of the 2 steps"):
        assert len(list(source.epoch(2))) == 1
    with pytest.warns(UserWarning, match="0 batches of the 2 steps"):
        assert list(source.epoch(3)) == []
    source = make_batches(generate(5))
    assert firsts(source) == [0, 1, 2, 3, 4]
    with pytest.warns(UserWarning, match="ran out of data"):
        assert list(source.epoch(1)) == []


def test_a_generator_goes_on_where_it_stopped():
    source = make_batches(generate(), steps=2)  # as validation data of `fit`
    assert [firsts(source, 0), firsts(source, 0)] == [[0, 1], [2, 3]]
    resumed = make_batches(generate(8), steps=2)
    assert firsts(resumed, 1, start=1) == [3]
    assert firsts(resumed, 2) == [4, 5]


def test_the_state_of_an_iterator_given_itself():
    source = make_batches(iter(Stateful()), steps=2)
    list(source.epoch(0))
    resumed = make_batches(iter(Stateful()), steps=2)
    resumed.load_state_dict(source.state_dict())
    assert firsts(resumed, 1) == [2, 3]
    with pytest.warns(UserWarning, match="1 batches of the 2 steps"):
        assert len(list(resumed.epoch(2))) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_peek_loses_nothing(kind):
    source = make_batches(KINDS[kind]())
    for _ in range(2):
        assert int(np.asarray(source.peek()[0])[0, 0]) == 0
    assert firsts(source) == [0, 1, 2, 3, 4]


def test_peek_opens_a_dataset_once():
    opened = []

    class Costly(Again):
        def __iter__(self):
            opened.append(1)
            return generate()

    source = make_batches(Costly())
    source.peek()
    assert firsts(source) == [0, 1, 2, 3, 4] and len(opened) == 1
    assert firsts(source, 1, start=2) == [2, 3, 4] and len(opened) == 2


def test_tf_data_skips_by_itself():
    read = []

    def note(i):
        read.append(int(i))
        return np.float32([[i]])

    dataset = tf.data.Dataset.range(6).map(
        lambda i: tf.py_function(note, [i], tf.float32)
    )
    batches = list(make_batches(dataset.take(6)).epoch(0, start=4))
    assert [float(x[0, 0]) for (x,) in batches] == [4, 5]


def test_endless_data_need_steps():
    dataset = tf_dataset().repeat()
    with pytest.raises(ValueError, match="tf.data.Dataset is infinite"):
        make_batches(dataset)
    assert firsts(make_batches(dataset, steps=7), 1) == [2, 3, 4, 0, 1, 2, 3]


class Stateful:
    """As Grain's datasets: iterators whose position can be read and set."""

    def __init__(self):
        self.reads = 0

    def __iter__(self):
        return StatefulIterator(self)


class StatefulIterator:
    def __init__(self, owner):
        self.owner, self.next = owner, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.next == 5:
            raise StopIteration
        self.owner.reads += 1
        self.next += 1
        return np.full((2, 1), self.next - 1), np.zeros(2)

    def get_state(self):
        return {"next": self.next}

    def set_state(self, state):
        self.next = state["next"]


@pytest.mark.parametrize("steps", [None, 3])
def test_the_state_of_an_iterator_is_kept_and_restored(steps):
    source = make_batches(Stateful(), steps=steps)
    source.peek()
    assert source.state_dict() == {"iterator": {"next": 0}}
    running = source.epoch(0)
    next(running), next(running)
    state = source.state_dict()
    assert state == {"iterator": {"next": 2}}
    rest = [int(x[0, 0]) for x, _ in running]
    dataset = Stateful()
    resumed = make_batches(dataset, steps=steps)
    resumed.load_state_dict(state)
    assert firsts(resumed, 0, start=2) == rest
    assert dataset.reads == len(rest)
    assert firsts(resumed, 1) == firsts(source, 1)


def test_the_state_at_the_end_of_an_epoch():
    source = make_batches(Stateful())
    list(source.epoch(0))
    resumed = make_batches(Stateful())
    resumed.load_state_dict(source.state_dict())
    assert firsts(resumed, 1) == [0, 1, 2, 3, 4]


def test_a_loader_with_a_state_of_its_own():
    class Loader(Again):
        state = None

        def state_dict(self):
            return {"at": 3}

        def load_state_dict(self, state):
            self.state = state

        def __iter__(self):
            at, self.state = (self.state or {"at": 0})["at"], None
            return (batch for i, batch in enumerate(generate()) if i >= at)

    source = make_batches(Loader())
    source.load_state_dict(source.state_dict())
    assert firsts(source, 0, start=3) == [3, 4]
    assert firsts(source, 1) == [0, 1, 2, 3, 4]


@pytest.mark.gradients
def test_what_a_batch_may_hold(backend):
    ragged = tf.ragged.constant([[1.0, 2.0], [3.0]])
    sparse = tf.sparse.from_dense([[0.0, 2.0], [3.0, 0.0]])
    leaves = {
        "list": [[1.0], [2.0]],
        "scalar": 3,
        "numpy": np.ones(2),
        "half": np.ones(2, "float16"),
        "torch": torch.ones(2, dtype=torch.float64),
        "bfloat16": torch.ones(2, dtype=torch.bfloat16),
        "torch_sparse": torch.eye(2).to_sparse(),
        "jax": jnp.ones(2),
        "tf": tf.ones(2),
        "ragged": ragged,
        "tf_sparse": sparse,
        "frame": pd.DataFrame({"a": [1, 2]}),
        "scipy": scipy.sparse.csr_matrix(np.eye(2)),
        "none": None,
        "text": "word",
    }
    (batch,) = make_batches(iter([(leaves, [np.zeros(2), np.zeros(2)])])).epoch(0)
    x, y = batch
    native = {
        "torch": {"torch", "bfloat16", "torch_sparse"},
        "jax": {"jax"},
        "tensorflow": {"tf", "ragged", "tf_sparse"},
    }[backend]
    for name, leaf in leaves.items():
        if name in native:
            assert x[name] is leaf
        elif leaf is not None:
            assert type(x[name]) is np.ndarray, name
            assert x[name].dtype != "float64", name
    assert x["none"] is None and isinstance(y, list) and x["half"].dtype == "float16"
    if backend == "jax":
        assert x["ragged"].tolist() == [[1, 2], [3, 0]]
        assert x["tf_sparse"].tolist() == [[0, 2], [3, 0]]
        assert x["torch_sparse"].tolist() == x["scipy"].tolist() == [[1, 0], [0, 1]]
        assert x["bfloat16"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("batch", "parts"),
    [
        (np.zeros((2, 1)), 1),
        ((np.zeros(2),), 1),
        ({"a": np.zeros(2)}, 1),
        ([np.zeros(2), np.zeros(2)], 2),
        ((np.zeros(2), None), 1),
        ((np.zeros(2), None, np.zeros(2)), 3),
    ],
)
def test_forms_of_a_batch(batch, parts):
    ((*got,),) = make_batches(iter([batch])).epoch(0)
    assert len(got) == parts


def test_class_weight(backend):
    for data in (tf_dataset(2), data_loader(2), generate(2)):
        source = make_batches(data, class_weight={1: 3.0})
        assert [w.tolist() for _, _, w in source.epoch(0)] == [[1, 1], [3, 3]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("argument", ["y", "sample_weight"])
def test_arguments_that_a_dataset_refuses(kind, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must not be given"):
        make_batches(KINDS[kind](), **{argument: np.zeros(10)})


@pytest.mark.parametrize("kind", KINDS)
def test_a_dataset_has_its_own_batch_size(kind):
    with pytest.warns(UserWarning, match="`batch_size` is ignored"):
        make_batches(KINDS[kind](), batch_size=2)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (lambda: iter([]), ValueError, ["generator has no batches"]),
        (lambda: tf_dataset().take(0), ValueError, ["tf.data.Dataset has no batches"]),
        (lambda: iter([(1, 2, 3, 4)]), ValueError, ["tuple of 4 items"]),
        (lambda: iter([()]), ValueError, ["tuple of 0 items"]),
        (lambda: iter([{"a": object()}]), TypeError, ["x['a']", "builtins.object"]),
        (lambda: generate, TypeError, ["function", "Call it"]),
        (lambda: data_loader().dataset, TypeError, ["TensorDataset", "DataLoader("]),
        (lambda: object(), TypeError, ["builtins.object", "not data"]),
    ],
)
def test_errors(data, error, words):
    with pytest.raises(error) as raised:
        list(make_batches(data()).epoch(0))
    for word in words:
        assert word in str(raised.value)
    with pytest.raises((ValueError, TypeError)):
        make_batches(data()).peek()


def test_an_empty_iterator_is_found_by_peek():
    with pytest.raises(ValueError, match="generator has no batches"):
        make_batches(iter([])).peek()


def test_class_weight_needs_one_output():
    source = make_batches(iter([(np.ones(2), [np.ones(2)] * 2)]), class_weight={0: 2})
    with pytest.raises(ValueError, match="one output"):
        list(source.epoch(0))


@pytest.mark.parametrize("kind", ["tf.data", "DataLoader"])
def test_no_validation_split(kind):
    with pytest.raises(ValueError, match=f"{kind}.*validation_data"):
        split_validation(KINDS[kind](), None, None, 0.5)


def test_unpack_and_pack():
    for data, parts in [
        (1, (1, None, None)),
        ((1,), (1, None, None)),
        ((1, 2), (1, 2, None)),
        ([1, 2, 3], (1, 2, 3)),
        ({"a": 1}, ({"a": 1}, None, None)),
    ]:
        assert unpack_x_y_sample_weight(data) == parts
    for parts in [(1,), ([1],), ((1,),), (1, 2), (1, None, 3), ({"a": 1}, 2, 3)]:
        packed = pack_x_y_sample_weight(*parts)
        assert unpack_x_y_sample_weight(packed) == (*parts, None, None)[:3]
    assert pack_x_y_sample_weight(1) == 1 and pack_x_y_sample_weight([1]) == ([1],)
    with pytest.raises(ValueError, match="tuple of 4 items"):
        unpack_x_y_sample_weight((1, 2, 3, 4))


def test_backend_in_force_when_the_batch_is_read():
    source = make_batches(data_loader())
    with keras.config.backend_scope("torch"):
        assert isinstance(next(source.epoch(0))[0], torch.Tensor)
    with keras.config.backend_scope("jax"):
        assert isinstance(next(source.epoch(0))[0], np.ndarray)
