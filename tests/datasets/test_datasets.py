"""The datasets, read from small files of the same form.

No file is downloaded. The expected values are those that Keras 3.15.1 gives for the
same files.
"""

import gzip
import importlib
import io
import json
import pickle

import numpy as np
import pytest
from stored_datasets import (
    FASHION,
    integer,
    python2_pickle,
    ragged,
    text,
    write_cifar,
    write_fashion,
)

from keras import datasets
from keras.datasets import cifar, fashion_mnist, stored


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def serve(monkeypatch, tmp_path):
    """Give this path in the place of a download; returns the requests."""
    asked = []

    def apply(path):
        def fetch(name, fname=None, **options):
            asked.append((name, fname))
            return str(path)

        for module in (cifar, stored):
            monkeypatch.setattr(module, "fetch", fetch)
        return asked

    return apply


def lists(data):
    return [[array.tolist() for array in part] for part in data]


IMDB = [
    (
        {"num_words": 30},
        [
            [[1, 21, 2, 29], [1, 4, 7, 7, 13, 23, 25, 2], [1, 28, 16, 5]],
            [[1, 16, 11, 10, 29], [1, 16, 12, 13, 15, 9, 19, 4, 20]],
        ],
        [[0, 0, 1], [0, 1]],
    ),
    (
        {"num_words": 30, "skip_top": 5, "seed": 7},
        [
            [[2, 21, 2, 29], [2, 28, 16, 5], [2, 2, 7, 7, 13, 23, 25, 2]],
            [[2, 16, 11, 10, 29], [2, 16, 12, 13, 15, 9, 19, 2, 20]],
        ],
        [[0, 1, 0], [0, 1]],
    ),
    (
        {"num_words": 30, "maxlen": 7},
        [[[1, 21, 2, 29], [1, 28, 16, 5]], [[1, 16, 11, 10, 29]]],
        [[0, 1], [0]],
    ),
    (
        {"num_words": 25, "start_char": None, "oov_char": None, "index_from": 0},
        [
            [[18], [1, 4, 4, 10, 20, 22], [13, 2]],
            [[13, 8, 7], [13, 9, 10, 12, 6, 16, 1, 17]],
        ],
        [[0, 0, 1], [0, 1]],
    ),
]


@pytest.fixture
def imdb(serve, tmp_path):
    module = importlib.import_module("keras.datasets.imdb")
    parts = {"x_train": ragged(3, 0), "y_train": np.array([0, 1, 0])}
    parts |= {"x_test": ragged(2, 1), "y_test": np.array([1, 0])}
    np.savez(tmp_path / "i.npz", **parts)
    serve(tmp_path / "i.npz")
    return module


@pytest.mark.parametrize(("options", "texts", "labels"), IMDB)
def test_imdb(imdb, options, texts, labels):
    train, test = imdb.load_data(**options)
    assert lists([train, test]) == [list(pair) for pair in zip(texts, labels)]
    assert train[0].dtype == object


def test_imdb_keeps_every_word_unless_told(imdb):
    (train, _), (test, _) = imdb.load_data(start_char=None, index_from=0, oov_char=None)
    kept = sorted(word for text in [*train, *test] for word in text)
    given = [
        word for texts in (ragged(3, 0), ragged(2, 1)) for t in texts for word in t
    ]
    assert kept == sorted(given)


def test_imdb_errors(imdb):
    with pytest.raises(ValueError, match="maxlen=2"):
        imdb.load_data(maxlen=2)
    with pytest.raises(TypeError, match="now `num_words`"):
        imdb.load_data(nb_words=3)


@pytest.mark.parametrize(
    ("options", "train", "test"),
    [
        (
            {"num_words": 30},
            [
                [
                    [1, 28, 16, 5],
                    [1, 4, 7, 7, 13, 23, 25, 2],
                    [1, 12, 13, 24, 20, 9, 19, 4, 22],
                    [1, 21, 2, 29],
                ],
                [1, 0, 3, 2],
            ],
            [[[1, 28, 2, 23, 23, 18, 2]], [4]],
        ),
        (
            {"num_words": 30, "maxlen": 8, "test_split": 0.5},
            [[[1, 28, 16, 5]], [1]],
            [[[1, 21, 2, 29], [1, 28, 2, 23, 23, 18, 2]], [2, 4]],
        ),
    ],
)
def test_reuters(serve, tmp_path, options, train, test):
    np.savez(tmp_path / "r.npz", x=ragged(5, 0), y=np.arange(5))
    serve(tmp_path / "r.npz")
    assert lists(datasets.reuters.load_data(**options)) == [train, test]


def test_reuters_names():
    names = datasets.reuters.get_label_names()
    assert len(set(names)) == 46
    assert (names[0], names[3], names[-1]) == ("cocoa", "earn", "lead")


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_word_index(serve, tmp_path, name):
    module = importlib.import_module(f"keras.datasets.{name}")
    (tmp_path / "w.json").write_text(json.dumps({"the": 1}))
    asked = serve(tmp_path / "w.json")
    assert module.get_word_index() == {"the": 1}
    assert asked[0][0] == f"{name}_word_index.json"


@pytest.mark.parametrize(
    ("name", "options", "sizes", "train", "test"),
    [
        ("boston_housing", {}, (800, 200), [641, 987, 187], [707, 957, 104]),
        (
            "boston_housing",
            {"test_split": 0.25, "seed": 3},
            (750, 250),
            [642, 762, 909],
            [685, 94, 221],
        ),
        ("california_housing", {}, (800, 200), [641, 987, 187], [707, 957, 104]),
        (
            "california_housing",
            {"version": "small"},
            (480, 120),
            [568, 505, 59],
            [163, 161, 301],
        ),
    ],
)
def test_housing(serve, tmp_path, name, options, sizes, train, test):
    module = importlib.import_module(f"keras.datasets.{name}")
    np.savez(tmp_path / "t.npz", x=np.arange(1000.0)[:, None], y=np.arange(1000.0))
    serve(tmp_path / "t.npz")
    (x_train, y_train), (x_test, y_test) = module.load_data(**options)
    assert (len(x_train), len(x_test)) == sizes
    assert y_train[:3].tolist() == train and y_test[:3].tolist() == test
    np.testing.assert_array_equal(np.r_[x_train, x_test][:, 0], np.r_[y_train, y_test])
    for split in (1.0, -1):
        with pytest.raises(ValueError, match="`test_split`"):
            module.load_data(test_split=split)


def test_california_versions():
    with pytest.raises(ValueError, match="'small', 'large'.*'tiny'"):
        datasets.california_housing.load_data(version="tiny")


def test_mnist(serve, tmp_path):
    parts = {"x_train": np.ones((3, 28, 28), "u1"), "y_train": np.arange(3, dtype="u1")}
    parts |= {"x_test": np.zeros((2, 28, 28), "u1"), "y_test": np.zeros(2, "u1")}
    np.savez(tmp_path / "m.npz", **parts)
    asked = serve(tmp_path / "m.npz")
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data("mine.npz")
    assert asked == [("mnist.npz", "mine.npz")]
    for got, given in zip([x_train, y_train, x_test, y_test], parts.values()):
        np.testing.assert_array_equal(got, given, strict=True)


def read_fashion():
    train, test = fashion_mnist.load_data()
    return dict(zip(FASHION, [*train, *test]))


@pytest.mark.parametrize("place", ["cache", "package"])
def test_fashion_mnist(home, monkeypatch, place):
    package = home / "package"
    monkeypatch.setattr(fashion_mnist, "_INSTALLED", str(package))
    cache = home / "datasets" / "fashion-mnist"
    given = write_fashion(cache if place == "cache" else package)
    for name, array in read_fashion().items():
        assert array.dtype == "uint8" and array.flags.writeable
        np.testing.assert_array_equal(array, given[name])


def test_a_damaged_idx_file(home, monkeypatch):
    package = home / "package"
    monkeypatch.setattr(fashion_mnist, "_INSTALLED", str(package))
    write_fashion(package)
    content = gzip.decompress((package / FASHION[1]).read_bytes())
    for damaged in (content[:-1], b"\0\0\x0d" + content[3:], b""):
        (package / FASHION[1]).write_bytes(gzip.compress(damaged))
        with pytest.raises(ValueError, match="no IDX file"):
            fashion_mnist.load_data()


@pytest.fixture
def cifar_files(serve, tmp_path):
    serve(tmp_path)
    return write_cifar(tmp_path)


def test_cifar10(cifar_files):
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert x_train.shape == (20, 32, 32, 3) and x_test.shape == (4, 32, 32, 3)
    assert {str(a.dtype) for a in (x_train, y_train, x_test, y_test)} == {"uint8"}
    assert y_test.shape == (4, 1) and x_train.flags.c_contiguous
    assert y_test[:, 0].tolist() == cifar_files["test_batch"][b"labels"]
    planes = cifar_files["data_batch_3"][b"data"].reshape(4, 3, 32, 32)
    assert x_train[9, 5, 7].tolist() == planes[1, :, 5, 7].tolist()


@pytest.mark.parametrize("label_mode", ["fine", "coarse"])
def test_cifar100(cifar_files, label_mode):
    (x_train, y_train), (x_test, y_test) = datasets.cifar100.load_data(label_mode)
    assert x_train.shape == (4, 32, 32, 3) and y_train.dtype == "int64"
    expected = cifar_files["train"][f"{label_mode}_labels".encode()]
    assert y_train[:, 0].tolist() == expected


def test_cifar100_label_mode():
    with pytest.raises(ValueError, match="'fine', 'coarse'.*'medium'"):
        datasets.cifar100.load_data("medium")


@pytest.mark.parametrize("protocol", range(5))
def test_the_unpickler_reads_data(protocol):
    given = {
        "ints": np.arange(6, dtype=">i4").reshape(2, 3),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "texts": ragged(3, 0),
        "bools": np.array([True, False]),
    }
    got = stored.read_pickle(io.BytesIO(pickle.dumps(given, protocol=protocol)))
    assert list(got) == list(given)
    for name in given:
        np.testing.assert_array_equal(got[name], given[name], strict=True)


class Harm:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("nested", [False, True])
def test_the_unpickler_runs_nothing(tmp_path, protocol, nested):
    target = tmp_path / "made"
    for harm in (
        Harm(open, str(target), "w"),
        Harm(eval, f"open({str(target)!r}, 'w')"),
        Harm(np.fromfile, str(target)),
        Harm(getattr, "", "format"),
    ):
        value: object = harm
        if nested:
            value = np.empty(1, object)
            value[0] = harm
        content = pickle.dumps(value, protocol=protocol)
        with pytest.raises(pickle.UnpicklingError, match="nothing in it was run"):
            stored.read_pickle(io.BytesIO(content))
    assert not target.exists()


def test_the_unpickler_checks_what_arrays_say_of_themselves():
    good = python2_pickle({b"a": np.zeros((2, 3), "u1")})
    assert stored.read_pickle(io.BytesIO(good))[b"a"].shape == (2, 3)
    for old, new in [
        (integer(3), integer(2_000_000_000)),
        (integer(3), integer(-3)),
        (text(b"u1"), text(b"V9")),
        (text(b"u1"), text(b"O8")),
    ]:
        with pytest.raises((pickle.UnpicklingError, ValueError)):
            stored.read_pickle(io.BytesIO(good.replace(old, new)))


def test_npz_of_harmful_objects(tmp_path):
    array = np.empty(1, object)
    array[0] = Harm(open, str(tmp_path / "made"), "w")
    np.savez(tmp_path / "h.npz", x=array)
    with pytest.raises(pickle.UnpicklingError):
        stored.read_npz(tmp_path / "h.npz")
    assert not (tmp_path / "made").exists()


def test_where_files_are_asked_for(monkeypatch):
    asked = []

    def get_file(**arguments):
        asked.append(arguments)
        raise InterruptedError

    monkeypatch.setattr(stored, "get_file", get_file)
    monkeypatch.setattr(fashion_mnist, "_INSTALLED", "/nowhere")
    for name in datasets.__all__:
        with pytest.raises(InterruptedError):
            getattr(datasets, name).load_data()
    storage = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
    toronto = "https://www.cs.toronto.edu/~kriz/"
    assert [a["origin"] for a in asked] == [
        f"{storage}boston_housing.npz",
        f"{storage}california_housing.npz",
        f"{toronto}cifar-10-python.tar.gz",
        f"{toronto}cifar-100-python.tar.gz",
        f"{storage}train-images-idx3-ubyte.gz",
        f"{storage}imdb.npz",
        f"{storage}mnist.npz",
        f"{storage}reuters.npz",
    ]
    assert [a["fname"] for a in asked[2:4]] == [
        "cifar-10-batches-py-target",
        "cifar-100-python-target",
    ]
    assert [a["file_hash"] is None for a in asked] == [i == 4 for i in range(8)]
