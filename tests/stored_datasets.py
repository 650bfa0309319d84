"""Small files of the form in which the data sets are stored, for tests."""

import gzip
import json
import struct

import numpy as np


def ragged(count, seed):
    draw = np.random.RandomState(seed)
    texts = np.empty(count, object)
    texts[:] = [draw.randint(1, 40, draw.randint(3, 9)).tolist() for _ in range(count)]
    return texts


FASHION = [
    f"{part}-{kind}-ubyte.gz"
    for part in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
]


def write_fashion(folder):
    folder.mkdir(parents=True)
    given = {}
    for part, count in (("train", 6), ("t10k", 2)):
        images = np.random.default_rng(count).integers(0, 256, (count, 28, 28))
        for kind, array in (("images-idx3", images), ("labels-idx1", np.arange(count))):
            head = b"\0\0\x08" + struct.pack(
                f">B{array.ndim}I", array.ndim, *array.shape
            )
            name = f"{part}-{kind}-ubyte.gz"
            (folder / name).write_bytes(
                gzip.compress(head + array.astype("u1").tobytes())
            )
            given[name] = array
    return given


# Pickles as Python 2 wrote them, which is the form of the CIFAR files.


def text(content):
    return b"T" + struct.pack("<i", len(content)) + content


def integer(value):
    return b"J" + struct.pack("<i", value)


def array_of_bytes(array):
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R(K\x03" + text(b"|")
    dtype += b"NNN" + integer(-1) + integer(-1) + b"K\x00tb"
    shape = b"".join(map(integer, array.shape))
    begin = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
    begin += text(b"b") + b"\x87R(K\x01(" + shape + b"t"
    return begin + dtype + b"\x89" + text(array.tobytes()) + b"tb"


def python2_pickle(items):
    body = b""
    for key, value in items.items():
        body += text(key)
        if isinstance(value, np.ndarray):
            body += array_of_bytes(value)
        else:
            body += b"](" + b"".join(map(integer, value)) + b"e"
    return b"\x80\x02}(" + body + b"u."


def write_cifar(folder):
    """Both data sets of CIFAR, with 4 images in a file; returns what they hold."""
    draw = np.random.default_rng(0)
    given = {}
    for part, names in (
        (
            "cifar-10-batches-py",
            [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"],
        ),
        ("cifar-100-python", ["train", "test"]),
    ):
        (folder / part).mkdir()
        for name in names:
            items = {
                b"data": draw.integers(0, 256, (4, 3072)).astype("u1"),
                b"labels": draw.integers(0, 10, 4).tolist(),
                b"fine_labels": draw.integers(0, 100, 4).tolist(),
                b"coarse_labels": draw.integers(0, 20, 4).tolist(),
            }
            (folder / part / name).write_bytes(python2_pickle(items))
            given[name] = items
    return given


def write_stored(name, folder):
    """A small file in the place of the stored one called `name`; returns its path."""
    path = folder / name
    if name.endswith(".json"):
        path.write_text(json.dumps({"the": 1, "of": 2}))
    elif name.startswith("cifar"):
        if not (folder / "cifar-100-python").exists():
            write_cifar(folder)
        return folder
    elif name.endswith(".gz"):
        if not (folder / "fashion").exists():
            write_fashion(folder / "fashion")
        return folder / "fashion" / name
    elif name.startswith("reuters"):
        np.savez(path, x=ragged(5, 0), y=np.arange(5))
    elif "housing" in name:
        np.savez(path, x=np.ones((1000, 8)), y=np.arange(1000.0))
    else:
        _write_split(path, images=name.startswith("mnist"))
    return path


def _write_split(path, images):
    parts = {}
    for part, count in (("train", 3), ("test", 2)):
        x = np.ones((count, 28, 28), "u1") if images else ragged(count, 0)
        parts |= {f"x_{part}": x, f"y_{part}": np.arange(count, dtype="u1")}
    np.savez(path, **parts)
