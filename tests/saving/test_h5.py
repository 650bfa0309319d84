"""The reader takes plain arrays and nothing else HDF5 can do."""

import h5py
import ml_dtypes
import numpy as np
import pytest

from keras.saving import h5


def write(path, **arrays):
    h5.write_groups(path, [("vars", "model", arrays)])
    return path


def read(path):
    with h5.open_records(path) as records:
        return {name: record.read() for name, record in records.items()}


@pytest.mark.parametrize(
    "dtype",
    ["float16", "float32", "float64", "int8", "uint8", "int32", "int64", "bool"]
    + ["complex64", ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn],
)
def test_round_trip(tmp_path, dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    scalar, empty = array[1, 1], np.zeros((0, 3), dtype)
    path = write(tmp_path / "a.h5", a=array, s=scalar, e=empty)
    found = read(path)
    for key, want in (("a", array), ("s", scalar), ("e", empty)):
        got = found[f"vars/{key}"]
        assert got.dtype == np.dtype(dtype)
        assert got.shape == np.shape(want)
        np.testing.assert_array_equal(got.astype("complex64"), want.astype("complex64"))


def test_layout_is_that_of_keras(tmp_path):
    narrow = np.ones(2, ml_dtypes.bfloat16)
    path = write(tmp_path / "a.h5", b=narrow, f=np.ones(2, "f4"))
    with h5py.File(path) as file:
        assert file["vars"].attrs["name"] == "model"
        assert file["vars/b"].dtype == np.dtype("V2")
        assert file["vars/b"].attrs["dtype"] == "bfloat16"
        assert dict(file["vars/f"].attrs) == {}


def test_only_numbers_are_written(tmp_path):
    with pytest.raises(TypeError, match="vars/a.*numbers"):
        write(tmp_path / "a.h5", a=np.array(["text"]))
    with pytest.raises(TypeError, match="object"):
        write(tmp_path / "b.h5", a=np.array([None]))


def soft_link(file, tmp_path):
    file["vars/1"] = h5py.SoftLink("/vars/0")


def external_link(file, tmp_path):
    file["vars/1"] = h5py.ExternalLink("/etc/passwd", "/")


def external_storage(file, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(16))
    file.create_dataset("vars/1", (4,), "f4", external=[(tmp_path / "secret", 0, 16)])


def virtual_storage(file, tmp_path):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (4,))
    file.create_virtual_dataset("vars/1", layout)


def compressed(file, tmp_path):
    file.create_dataset("vars/1", (1000,), "f4", compression="gzip")


def chunked(file, tmp_path):
    file.create_dataset("vars/1", (1000,), "f4", chunks=(10,))


def strings(file, tmp_path):
    file.create_dataset("vars/1", data=["text"])


def references(file, tmp_path):
    file.create_dataset("vars/1", (1,), h5py.ref_dtype)


def records(file, tmp_path):
    file.create_dataset("vars/1", (1,), [("a", "f4"), ("b", "O")][:1])


def opaque(file, tmp_path):
    file.create_dataset("vars/1", (1,), "V2")


def opaque_of_wrong_size(file, tmp_path):
    file.create_dataset("vars/1", (1,), "V4").attrs["dtype"] = "bfloat16"


def named_type(file, tmp_path):
    file["vars/1"] = np.dtype("f4")


def no_values(file, tmp_path):
    file.create_dataset("vars/1", dtype="f4", data=h5py.Empty("f4"))


def huge_and_not_there(file, tmp_path):
    file.create_dataset("vars/1", (1 << 50,), "f4")


def cycle(file, tmp_path):
    file["vars/again"] = file["vars"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (soft_link, "SoftLink"),
        (external_link, "ExternalLink"),
        (external_storage, "outside"),
        (virtual_storage, "outside"),
        (compressed, "compressed"),
        (chunked, "chunks"),
        (strings, "only numbers"),
        (references, "only numbers"),
        (records, "only numbers"),
        (opaque, "only numbers"),
        (opaque_of_wrong_size, "only numbers"),
        (named_type, "neither"),
        (no_values, "no values"),
        (huge_and_not_there, "does not hold them"),
        (cycle, "second name"),
    ],
)
def test_what_is_refused(tmp_path, spoil, reason):
    path = write(tmp_path / "a.h5", **{"0": np.ones(3, "f4")})
    with h5py.File(path, "a") as file:
        spoil(file, tmp_path)
    with pytest.raises(ValueError, match=reason):
        read(path)


@pytest.mark.parametrize("keep", [0, 100, 2000, 12000])
def test_cut_short(tmp_path, keep):
    path = write(tmp_path / "a.h5", **{"0": np.ones(3000, "f4")})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="a.h5|cut short"):
        read(path)
