"""A `.keras` file is taken apart with care."""

import io
import struct
import zipfile

import pytest

from keras.saving.archive import CONFIG, METADATA, WEIGHTS, Archive, write_zip

MEMBERS = {METADATA: b"{}", CONFIG: b'{"a": [1, NaN]}', WEIGHTS: b"weights"}


def make(path, members=MEMBERS, method=zipfile.ZIP_STORED, extra=()):
    with zipfile.ZipFile(path, "w") as out:
        for name, data in [*members.items(), *extra]:
            out.writestr(name, data, method)
    return path


def content(part):
    with open(part.path, "rb") as file:
        file.seek(part.start)
        return file.read(part.size)


def test_read(tmp_path):
    path = make(tmp_path / "m.keras", {**MEMBERS, "assets/layers/x/a/b.txt": b"text"})
    with Archive(path) as archive:
        assert archive.read_json(CONFIG)["a"][0] == 1
        with archive.weights() as weights:
            assert content(weights) == b"weights"
        with archive.assets("layers/x") as folder:
            assert (folder / "a" / "b.txt").read_text() == "text"
        with archive.assets("layers/y") as folder:
            assert folder is None


def test_directory(tmp_path):
    for name, data in {**MEMBERS, "assets/x/b.txt": b"text"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with Archive(tmp_path) as archive:
        assert archive.read_json(METADATA) == {}
        with archive.weights() as weights, archive.assets("x") as folder:
            assert content(weights) == b"weights"
            assert (folder / "b.txt").read_text() == "text"


def test_write_zip_stores_known_members_first(tmp_path):
    source = tmp_path / "source"
    for name, data in {"assets/a.txt": b"1", **MEMBERS}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)

    def weights(path, start):
        with open(path, "r+b") as file:
            file.seek(start)
            file.write(b"weights")
        return []

    write_zip(tmp_path / "m.keras", source, weights)
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == [METADATA, CONFIG, WEIGHTS, "assets/a.txt"]
        assert all(not info.compress_type for info in archive.infolist())


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ([("evil.py", b"x")], "does not belong"),
        ([("../evil", b"x")], "does not belong"),
        ([("/etc/passwd", b"x")], "does not belong"),
        ([(CONFIG, b"{}")], "twice"),
        ([("assets/big", bytes(50 << 20))], "would grow"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_do_not_belong(tmp_path, extra, reason):
    path = make(tmp_path / "m.keras", method=zipfile.ZIP_DEFLATED, extra=extra)
    with pytest.raises(ValueError, match=reason), Archive(path):
        pass


@pytest.mark.parametrize("name", ["../../evil", "x/../../evil", "..\\evil"])
def test_assets_stay_in_their_directory(tmp_path, name):
    path = make(tmp_path / "m.keras", extra=[(f"assets/x/{name}", b"x")])
    with Archive(path) as archive, pytest.raises(ValueError, match="leaves its dir"):
        with archive.assets("x"):
            pass


@pytest.mark.parametrize("missing", list(MEMBERS))
def test_missing_member(tmp_path, missing):
    members = {name: data for name, data in MEMBERS.items() if name != missing}
    with pytest.raises(ValueError, match=f"missing.*{missing}|{missing}.*missing"):
        with Archive(make(tmp_path / "m.keras", members)):
            pass


@pytest.mark.parametrize(
    "data", [b"{", b"\xff\xfe\xff", b"[" * 200_000, b"1" * 5000], ids=len
)
def test_json_that_cannot_be_read(tmp_path, data):
    path = make(tmp_path / "m.keras", {**MEMBERS, CONFIG: data})
    with Archive(path) as archive, pytest.raises(ValueError, match="cannot be read"):
        archive.read_json(CONFIG)


def test_damage_is_found_by_the_checksum(tmp_path):
    path = make(tmp_path / "m.keras")
    path.write_bytes(path.read_bytes().replace(b"weights", b"wEights", 2))
    # The member's name has `weights` in it too: put that back.
    data = path.read_bytes().replace(b"model.wEights", b"model.weights")
    path.write_bytes(data)
    with Archive(path) as archive, archive.weights() as weights:
        with pytest.raises(ValueError, match="damaged"):
            weights.verify()


def test_declared_size_is_not_believed(tmp_path):
    """A member that inflates to more than it says ends in an error, not in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in {**MEMBERS, CONFIG: b" " * 1_234_567}.items():
            out.writestr(name, data)
    raw = bytearray(buffer.getvalue())
    size = struct.pack("<L", 1_234_567)
    assert raw.count(size) == 2
    path = tmp_path / "m.keras"
    path.write_bytes(bytes(raw.replace(size, struct.pack("<L", 10))))
    with Archive(path) as archive, pytest.raises(ValueError, match="cannot be read"):
        archive.read_json(CONFIG)


def test_not_a_zip(tmp_path):
    (tmp_path / "m.keras").write_bytes(b"hello")
    with pytest.raises(ValueError, match="not a `.keras` file"):
        with Archive(tmp_path / "m.keras"):
            pass
