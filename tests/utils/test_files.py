"""`get_file`: the cache, hashes, and archives that mean harm."""

import hashlib
import http.server
import io
import os
import pathlib
import tarfile
import threading
import zipfile

import pytest

from keras.utils.file_utils import extract_archive, get_file

TEXT = b"hello"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A cache of its own for each test, and `source`, a folder to download from."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.txt").write_bytes(TEXT)
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path):
    return tmp_path / "source"


def files(folder):
    return sorted(
        str(p.relative_to(folder))
        for p in pathlib.Path(folder).rglob("*")
        if p.is_file()
    )


def tar_of(path, members, mode="w:gz"):
    """A tar file of (name, content or a function that changes its header)."""
    with tarfile.open(path, mode) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if callable(content):
                content(info)
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def zip_of(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_it_is_downloaded_once(home, source, capsys):
    origin = (source / "a.txt").as_uri()
    path = get_file(origin=origin)
    assert path == str(home / "datasets" / "a.txt")
    assert pathlib.Path(path).read_bytes() == TEXT
    assert f"Downloading data from {origin}" in capsys.readouterr().out
    (source / "a.txt").write_bytes(b"newer")
    assert get_file("a.txt", origin) == path
    assert pathlib.Path(path).read_bytes() == TEXT
    get_file("a.txt", origin, force_download=True)
    assert pathlib.Path(path).read_bytes() == b"newer"


def test_names_and_folders(home, source, tmp_path):
    origin = (source / "a.txt").as_uri()
    other = tmp_path / "other" / "deep"
    assert get_file("b", origin, cache_subdir="sub") == str(home / "sub" / "b")
    assert get_file("c", origin, cache_dir=other) == str(other / "datasets" / "c")


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "sha512"])
def test_hashes(source, name):
    origin = (source / "a.txt").as_uri()
    digest = hashlib.new(name, TEXT).hexdigest()
    path = get_file("a", origin, file_hash=digest.upper())
    get_file("a", origin, file_hash=digest, hash_algorithm=name)
    if name == "md5":
        get_file("a", origin, md5_hash=digest)
    # A cached file that is not the right one is loaded anew.
    pathlib.Path(path).write_bytes(b"cut o")
    get_file("a", origin, file_hash=digest)
    assert pathlib.Path(path).read_bytes() == TEXT


def test_a_wrong_hash_leaves_nothing_behind(home, source):
    with pytest.raises(ValueError, match="sha256 hash 0000"):
        get_file("a", (source / "a.txt").as_uri(), file_hash="0" * 64)
    with pytest.raises(ValueError, match="hash_algorithm.*'crc'"):
        get_file("a", (source / "a.txt").as_uri(), file_hash="0", hash_algorithm="crc")
    assert files(home) == []


def test_a_wrong_hash_leaves_the_old_file(source):
    path = get_file("a", (source / "a.txt").as_uri())
    with pytest.raises(ValueError, match="hash"):
        get_file("a", (source / "a.txt").as_uri(), file_hash="0" * 64)
    assert pathlib.Path(path).read_bytes() == TEXT


def test_downloads_that_fail(home, source):
    with pytest.raises(OSError, match="Downloading .*missing"):
        get_file(origin=(source / "missing").as_uri())
    with pytest.raises(ValueError, match="`origin`"):
        get_file("a")
    with pytest.raises(ValueError, match="Pass `fname`"):
        get_file(origin="https://example.org/")
    for name in ("s/a", "../a", "..", "a\\b"):
        with pytest.raises(ValueError, match="without a folder"):
            get_file(name, (source / "a.txt").as_uri())
    assert files(home) == []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/gone":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/unknown":
            self.send_header("Content-Length", "10" if self.path == "/cut" else "5")
        self.end_headers()
        self.wfile.write(TEXT)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_over_http(home, server):
    for name in ("whole", "unknown"):
        path = get_file(origin=f"{server}/{name}")
        assert pathlib.Path(path).read_bytes() == TEXT
    with pytest.raises(OSError, match="404"):
        get_file(origin=f"{server}/gone")
    with pytest.raises(OSError, match="5 of 10 bytes"):
        get_file(origin=f"{server}/cut")
    assert get_file(origin=f"{server}/name?download=1").endswith("name")
    assert files(home) == ["datasets/name", "datasets/unknown", "datasets/whole"]


def test_archives(home, source):
    members = [("d/sub/b.txt", b"bee"), ("./c.txt", b"sea")]
    tar = tar_of(source / "d.tar.gz", members).as_uri()
    zipped = zip_of(source / "z.zip", members).as_uri()
    expected = ["c.txt", "d/sub/b.txt"]
    for arguments, folder in [
        (("d.tar.gz", tar), "d_extracted"),  # these are Keras's names
        (("mine", tar), "mine"),
        ((None, zipped), "z.zip"),
    ]:
        for _ in range(2):
            path = get_file(*arguments, extract=True)
            assert path == str(home / "datasets" / folder)
            assert files(path) == expected
    path = get_file("old", tar, untar=True)
    assert pathlib.Path(path, "d/sub/b.txt").read_bytes() == b"bee"
    assert not [p for p in home.rglob("*") if p.name.startswith(".")]


def test_a_new_archive_takes_the_place_of_the_old(source):
    origin = tar_of(source / "d.tar", [("one", b"1")], "w").as_uri()
    path = get_file("d", origin, extract=True)
    tar_of(source / "d.tar", [("two", b"2")], "w")
    assert get_file("d", origin, extract=True, force_download=True) == path
    assert files(path) == ["two"]


@pytest.mark.parametrize("archive_format", ["auto", "zip", ["zip", "tar"], None])
def test_what_is_no_archive(source, archive_format):
    origin = (source / "a.txt").as_uri()
    with pytest.raises(ValueError, match="not an archive"):
        get_file("a", origin, extract=True, archive_format=archive_format)


def test_unknown_format(source):
    with pytest.raises(ValueError, match="'rar'"):
        get_file("a", (source / "a.txt").as_uri(), extract=True, archive_format="rar")


def link(kind, target):
    def change(info):
        info.type, info.linkname = kind, target

    return change


def of_type(kind):
    return lambda info: setattr(info, "type", kind)


HARMFUL = [
    [("../out.txt", b"x")],
    [("d/../../out.txt", b"x")],
    [("/out.txt", b"x")],
    [("C:/out.txt", b"x")],
    [("..\\out.txt", b"x")],
    [("l", link(tarfile.SYMTYPE, "/etc/passwd"))],
    [("l", link(tarfile.SYMTYPE, "..")), ("l/out.txt", b"x")],
    [("l", link(tarfile.LNKTYPE, "../a.txt"))],
    [("dev", of_type(tarfile.CHRTYPE))],
    [("pipe", of_type(tarfile.FIFOTYPE))],
]


@pytest.mark.parametrize("members", HARMFUL)
def test_a_harmful_tar_is_refused_whole(tmp_path, members):
    archive = tar_of(tmp_path / "x.tar.gz", [("good.txt", b"x"), *members])
    before = files(tmp_path)
    with pytest.raises(ValueError, match="was refused, because of"):
        extract_archive(archive, tmp_path / "target")
    assert files(tmp_path) == before and not (tmp_path / "target").exists()


def test_a_harmful_zip_is_refused_whole(tmp_path):
    symlink = zipfile.ZipInfo("l")
    symlink.external_attr = 0o120777 << 16
    for name in ("../out.txt", "/out.txt", "..\\out.txt", symlink):
        archive = zip_of(tmp_path / "x.zip", [("good.txt", b"x"), (name, b"..")])
        before = files(tmp_path)
        with pytest.raises(ValueError, match="was refused, because of"):
            extract_archive(archive, tmp_path / "target")
        assert files(tmp_path) == before


def test_modes_in_an_archive_are_not_taken_over(tmp_path):
    def executable(info):
        info.mode = 0o4777

    archive = tar_of(tmp_path / "x.tar", [("run", executable)], "w")
    assert extract_archive(archive, tmp_path / "target")
    assert not os.stat(tmp_path / "target" / "run").st_mode & 0o7111
