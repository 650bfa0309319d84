"""`keras.data.Dataset`: what its methods give, and that nothing hangs on the order."""

import itertools
import pickle

import numpy as np
import pytest

import keras
from keras.data import AUTOTUNE, Dataset
from keras.training.data import make_batches


def values(dataset, epoch=0, start=0):
    return [np.asarray(x).tolist() for x in dataset.epoch(epoch, start)]


def noisy(x, rng):
    return x + rng.random()


def test_a_pipeline():
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    dataset = Dataset.from_arrays((x, y)).map(lambda x, y: (x * 2, y)).batch(4)

    batches = list(dataset)

    assert len(dataset) == 3
    assert [b[0].shape for b in batches] == [(4, 2), (4, 2), (2, 2)]
    np.testing.assert_array_equal(np.concatenate([b[0] for b in batches]), x * 2)
    np.testing.assert_array_equal(np.concatenate([b[1] for b in batches]), y)


@pytest.mark.parametrize(
    "dataset, expected",
    [
        (Dataset.range(3), [0, 1, 2]),
        (Dataset.range(2, 9, 3), [2, 5, 8]),
        (Dataset.range(5).take(2), [0, 1]),
        (Dataset.range(5).take(9), [0, 1, 2, 3, 4]),
        (Dataset.range(5).take(-1), [0, 1, 2, 3, 4]),
        (Dataset.range(5).take(0), []),
        (Dataset.range(5).skip(3), [3, 4]),
        (Dataset.range(5).skip(9), []),
        (Dataset.range(7).shard(3, 1), [1, 4]),
        (Dataset.range(7).shard(3, 0).skip(1), [3, 6]),
        (Dataset.range(5).repeat(2).skip(3).take(4), [3, 4, 0, 1]),
        (Dataset.range(2).repeat().take(5), [0, 1, 0, 1, 0]),
        (Dataset.range(2).concatenate(Dataset.range(5, 7)), [0, 1, 5, 6]),
        (Dataset.range(5).batch(2), [[0, 1], [2, 3], [4]]),
        (Dataset.range(5).batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
        (Dataset.range(3).repeat(2).batch(2), [[0, 1], [2, 0], [1, 2]]),
        (Dataset.range(5).batch(2).unbatch(), [0, 1, 2, 3, 4]),
        (Dataset.range(5).batch(2).map(lambda b: -b).unbatch().skip(3), [-3, -4]),
        (Dataset.range(7).batch(2).skip(1).take(2).unbatch(), [2, 3, 4, 5]),
        (Dataset.range(4).batch(2).batch(2), [[[0, 1], [2, 3]]]),
        (Dataset.range(5).cache().map(lambda n: n + 1), [1, 2, 3, 4, 5]),
        (Dataset.from_source(["a", "b"]).map(str.upper), ["A", "B"]),
        (Dataset.from_arrays(np.arange(3.0)).batch(2), [[0.0, 1.0], [2.0]]),
    ],
    ids=str,
)
def test_methods(dataset, expected):
    assert values(dataset) == expected
    assert len(dataset) == len(expected)
    assert [np.asarray(dataset[i]).tolist() for i in range(len(dataset))] == expected
    for start in range(len(expected)):
        assert values(dataset, 0, start) == expected[start:]
    if expected:
        assert np.asarray(dataset[-1]).tolist() == expected[-1]
    with pytest.raises(IndexError):
        dataset[len(expected)]


def test_zip_and_structures():
    a, b = Dataset.range(3), Dataset.from_source([{"x": 1.5}, {"x": 2.5}])
    dataset = Dataset.zip((a, b))
    assert list(dataset.as_numpy_iterator()) == [(0, {"x": 1.5}), (1, {"x": 2.5})]

    numbers, records = dataset.batch(2)[0]
    assert numbers.tolist() == [0, 1]
    assert records["x"].dtype == "float32" and records["x"].tolist() == [1.5, 2.5]


def test_what_is_iterated_has_the_methods_of_tensors():
    (batch,) = Dataset.range(3).batch(3)
    assert isinstance(batch, np.ndarray)
    assert type(batch.numpy()) is np.ndarray
    assert (batch / 2).dtype == "float32"  # as keras.ops has it
    assert type(next(Dataset.range(3).batch(3).as_numpy_iterator())) is np.ndarray


def test_text_is_stacked_as_objects():
    batch = Dataset.from_source(["ä", "longer"]).batch(2)[0]
    assert batch.dtype == object and batch.tolist() == ["ä", "longer"]


def test_padded_batch():
    lists = Dataset.from_source([[1], [2, 3, 4], [5, 6]]).map(np.array)
    lists = Dataset.from_source([np.ones((1, 2)), np.ones((3, 1))])
    batch = lists.padded_batch(2, padding_value=-1)[0]
    assert batch.shape == (2, 3, 2)
    assert batch[0].tolist() == [[1, 1], [-1, -1], [-1, -1]]
    assert batch[1].tolist() == [[1, -1]] * 3
    with pytest.raises(ValueError, match=r"\(1, 2\), another \(3, 1\).*padded_batch"):
        lists.batch(2)[0]


# Order and randomness


def test_shuffle_is_a_permutation_by_seed_and_epoch():
    dataset = Dataset.range(50).shuffle(seed=1)
    assert sorted(values(dataset)) == list(range(50))
    assert values(dataset) == values(dataset)
    assert values(dataset, 0) != values(dataset, 1)
    assert values(dataset, 3, start=40) == values(dataset, 3)[40:]
    assert values(Dataset.range(50).shuffle(seed=2)) != values(dataset)

    fixed = Dataset.range(50).shuffle(seed=1, reshuffle_each_iteration=False)
    assert values(fixed, 0) == values(fixed, 7) == values(dataset, 0)


def test_the_order_is_documented():
    generator = np.random.Generator(
        np.random.Philox(key=np.array([5, 2], dtype=np.uint64))
    )
    dataset = Dataset.range(9).shuffle(seed=5)
    assert values(dataset, epoch=2) == generator.permutation(9).tolist()


def test_a_loop_goes_through_the_epochs():
    dataset = Dataset.range(20).shuffle(seed=1)
    loops = [[int(n) for n in dataset] for _ in range(3)]
    assert loops == [values(dataset, epoch) for epoch in range(3)]


def test_repeat_shuffles_each_time():
    dataset = Dataset.range(20).shuffle(seed=1)
    twice = dataset.repeat(2)
    assert values(twice) == values(dataset, 0) + values(dataset, 1)
    assert values(twice, epoch=1) == values(dataset, 2) + values(dataset, 3)
    endless = itertools.islice(iter(dataset.repeat()), 60)
    assert [int(n) for n in endless] == sum((values(dataset, e) for e in range(3)), [])


def test_draws_depend_on_seed_epoch_and_index_alone():
    dataset = Dataset.range(6).map(noisy, seed=3)
    assert values(dataset) == values(dataset) != values(dataset, 1)
    assert len(set(np.round(np.array(values(dataset)) % 1, 9))) == 6
    assert values(dataset, 1, start=4) == values(dataset, 1)[4:]
    assert dataset[2] == values(dataset)[2]
    assert values(Dataset.range(6).map(noisy, seed=4)) != values(dataset)


def test_unseeded_draws_follow_set_random_seed():
    def made():
        keras.utils.set_random_seed(7)
        return values(Dataset.range(9).shuffle().map(noisy))

    assert made() == made()
    assert made() != values(Dataset.range(9).shuffle().map(noisy))


def test_seeds_are_a_state():
    first, second = (Dataset.range(9).shuffle().map(noisy) for _ in range(2))
    assert values(first) != values(second)
    second.load_state_dict(first.state_dict())
    assert values(first) == values(second)
    with pytest.raises(ValueError, match="2 random steps; this one has 1"):
        Dataset.range(3).shuffle().load_state_dict(first.state_dict())


def test_an_iterator_keeps_its_position():
    dataset = Dataset.range(20).shuffle().map(noisy).batch(3).prefetch(workers=2)
    whole = values(dataset, 4)
    iterator = dataset.epoch(4)
    assert [next(iterator).tolist() for _ in range(3)] == whole[:3]

    state = iterator.get_state()
    other = Dataset.range(20).shuffle().map(noisy).batch(3).epoch(0)
    other.set_state(state)
    assert [x.tolist() for x in other] == whole[3:]


def test_a_dataset_can_be_pickled():
    dataset = Dataset.range(9).shuffle(seed=1).map(noisy, seed=2).batch(4).cache()
    copy = pickle.loads(pickle.dumps(dataset))
    assert values(copy, 5) == values(dataset, 5)


# Cache


def test_cache_makes_each_element_once(tmp_path):
    for folder in (None, tmp_path / "cache"):
        made = []

        def make(n, rng, made=made):
            made.append(int(n))
            return np.full(3, n + rng.random()), n

        dataset = Dataset.range(4).map(make).cache(folder)
        first = [x.tolist() for x, _ in dataset]
        assert made == [0, 1, 2, 3]
        assert [x.tolist() for x, _ in dataset] == first
        assert made == [0, 1, 2, 3]


def test_a_cache_in_a_folder_is_found_again(tmp_path):
    first = values(Dataset.range(4).map(noisy).cache(tmp_path))
    again = Dataset.range(4).map(noisy).cache(tmp_path)
    assert values(again)[1:] == first[1:]
    with pytest.raises(ValueError, match=r"is_there.npy|0.npy.*of its own"):
        values(Dataset.range(9).map(noisy).cache(tmp_path))
    with pytest.raises(TypeError, match="can hold numbers"):
        values(Dataset.from_source(["a"]).cache(tmp_path / "text"))


def test_memory_of_a_cache_is_not_pickled():
    dataset = Dataset.from_arrays(np.zeros((4, 1000))).map(lambda x: x).cache()
    assert len(list(dataset)) == 4
    assert dataset.stage._elements
    assert not dataset.stage.__getstate__()["_elements"]


# Elements that can't be made


def odd_fails(n):
    if n % 2:
        raise ValueError(f"{n} is odd")
    return n


def test_an_error_says_where():
    dataset = Dataset.range(9).map(odd_fails)
    with pytest.raises(ValueError, match="1 is odd") as caught:
        list(dataset)
    notes = " ".join(caught.value.__notes__)
    assert "odd_fails" in notes and "index 1 of epoch 0" in notes


@pytest.mark.parametrize("workers", [0, 2])
def test_skip_errors(workers):
    dataset = Dataset.range(9).map(odd_fails).skip_errors(ValueError)
    with pytest.warns(UserWarning, match="3 is odd"):
        assert values(dataset.prefetch(workers=workers)) == [0, 2, 4, 6, 8]
    with pytest.warns(UserWarning, match="3 is odd"):
        batches = values(dataset.batch(3).prefetch(workers=workers))
    assert batches == [[0, 2], [4], [6, 8]]

    with pytest.warns(UserWarning, match="is odd"), pytest.raises(IndexError):
        dataset[1]
    with pytest.raises(ValueError, match="1 is odd"):
        list(Dataset.range(9).map(odd_fails).skip_errors(KeyError))
    # A batch of which nothing is left is left out too.
    ones = Dataset.from_source([2, 1, 1, 2]).map(odd_fails).skip_errors()
    with pytest.warns(UserWarning):
        assert values(ones.batch(1)) == [[2], [2]]


# Wrong calls


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda d: d.batch(0), ValueError, "batch: `batch_size`.*at least 1.*0"),
        (lambda d: d.batch(2.5), ValueError, "2.5"),
        (lambda d: d.take(-2), ValueError, "take: `count`"),
        (lambda d: d.shard(3, 3), ValueError, "from 0 to 2; received 3"),
        (lambda d: d.map(3), TypeError, "a function is needed; received 3"),
        (lambda d: d.repeat().shuffle(), ValueError, "`shuffle` before `repeat`"),
        (lambda d: d.repeat().cache(), ValueError, "infinite"),
        (lambda d: len(d.repeat()), TypeError, "infinite"),
        (lambda d: d.unbatch(), ValueError, "after `batch`"),
        (lambda d: d.prefetch(workers=-3), ValueError, "workers"),
        (lambda d: d.shuffle(0), ValueError, "buffer_size"),
        (lambda d: Dataset.from_source(iter([1])), TypeError, "make a list"),
        (
            lambda d: Dataset.from_arrays((np.zeros(3), np.zeros(4))),
            ValueError,
            r"\[0\] has 3, \[1\] has 4",
        ),
        (lambda d: d.to("tfrecord"), ValueError, "'tf', 'torch', 'grain'"),
    ],
)
def test_wrong_calls(call, error, message):
    with pytest.raises(error, match=message):
        call(Dataset.range(5))


def test_cardinality_is_as_in_tf_data():
    assert Dataset.range(5).cardinality() == 5
    assert Dataset.range(5).repeat().cardinality() == -1
    assert "size 5" in repr(Dataset.range(5)) and "infinite" in repr(
        Dataset.range(5).repeat()
    )


# Other libraries, and fit


def test_programs_for_tf_data():
    dataset = (
        Dataset.from_tensor_slices((np.zeros((8, 2), "float32"), np.arange(8)))
        .cache()
        .shuffle(1000)
        .map(lambda x, y: (x + 1, y), num_parallel_calls=AUTOTUNE)
        .batch(4)
        .prefetch(buffer_size=AUTOTUNE)
    )
    for x, y in dataset.take(1):
        assert x.numpy().shape == (4, 2) and y.numpy().shape == (4,)


@pytest.mark.parametrize("form", ["tf", "torch"])
def test_to_another_library(form):
    texts = Dataset.from_source(["a", "b", "c"])
    dataset = Dataset.zip(Dataset.range(3), texts).batch(2)
    dataset.class_names = ["one"]
    other = dataset.to(form)
    assert len(other) == 2 and other.class_names == ["one"]
    for _ in range(2):
        numbers, words = zip(*other)
        assert [n.numpy().tolist() for n in numbers] == [[0, 1], [2]]
    words = words[0].numpy().tolist() if form == "tf" else words[0].tolist()
    assert [w if isinstance(w, str) else w.decode() for w in words] == ["a", "b"]


def test_to_grain():
    other = Dataset.range(5).batch(2).to("grain")
    assert [x.tolist() for x in other] == [[0, 1], [2, 3], [4]]


@pytest.mark.gradients
def test_fit_evaluate_predict(backend):
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    dataset = Dataset.from_arrays((x, x.sum(1, keepdims=True))).shuffle(seed=1).batch(8)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")

    history = model.fit(dataset, epochs=2, validation_data=dataset, verbose=0)

    assert len(history.history["val_loss"]) == 2
    assert np.isfinite(model.evaluate(dataset, verbose=0))
    assert model.predict(dataset.map(lambda x, y: x), verbose=0).shape == (20, 1)


def test_batches_of_fit():
    dataset = Dataset.range(10).shuffle(seed=3).batch(3)
    source = make_batches(dataset)
    assert (source.num_batches, source.batch_size, source.num_samples) == (4, 3, 10)
    for epoch in (0, 2):
        found = [x.tolist() for (x,) in source.epoch(epoch, 1)]
        assert found == values(dataset, epoch, 1)

    # Epochs of some steps share the passes over the data.
    source = make_batches(dataset, steps=3)
    passes = values(dataset, 0) + values(dataset, 1) + values(dataset, 2)
    for epoch in range(3):
        found = [x.tolist() for (x,) in source.epoch(epoch)]
        assert found == passes[3 * epoch : 3 * epoch + 3]

    with pytest.raises(ValueError, match="Dataset is infinite"):
        make_batches(dataset.repeat())
    assert make_batches(dataset.repeat(), steps=5).num_batches == 5
    with pytest.raises(ValueError, match="no batches"):
        make_batches(dataset.take(0))
    with pytest.raises(ValueError, match="`y` must not be given"):
        make_batches(dataset, y=np.zeros(3))


def test_the_peeked_batch_may_be_left_out():
    dataset = Dataset.from_source([1, 2]).map(odd_fails).skip_errors().batch(1)
    with pytest.warns(UserWarning, match="1 is odd"):
        assert make_batches(dataset).peek()[0].tolist() == [2]
