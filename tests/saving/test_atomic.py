"""A file appears whole or not at all."""

import importlib.util
import os
import subprocess
import sys
import time

import pytest

from keras.saving.atomic import atomic_directory, atomic_file


def test_new_file_follows_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        with atomic_file(tmp_path / "a") as path:
            path.write_text("new")
    finally:
        os.umask(old)
    assert (tmp_path / "a").read_text() == "new"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a"]


def test_replacing_keeps_the_mode_and_follows_links(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_file(tmp_path / "link") as path:
        path.write_text("new")
        assert (tmp_path / "real").read_text() == "old"
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_failure_leaves_the_old_file(tmp_path, error):
    (tmp_path / "a").write_text("old")
    with pytest.raises(error), atomic_file(tmp_path / "a") as path:
        path.write_text("half")
        raise error
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_os_error_says_why(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="No space left.*unchanged"):
        with atomic_file(tmp_path / "a"):
            raise OSError(28, "No space left on device")
    with pytest.raises(FileNotFoundError, match="no directory"):
        with atomic_file(tmp_path / "missing" / "a"):
            pass


def test_directory(tmp_path):
    target = tmp_path / "model"
    for content in ("old", "new"):
        with atomic_directory(target) as folder:
            (folder / "inner").mkdir()
            (folder / "inner" / "file").write_text(content)
    assert (target / "inner" / "file").read_text() == "new"
    with pytest.raises(ValueError), atomic_directory(target) as folder:
        (folder / "other").write_text("half")
        raise ValueError
    assert os.listdir(tmp_path) == ["model"]
    assert os.listdir(target) == ["inner"]


def test_directory_is_put_back_when_the_new_one_cannot_take_its_place(
    tmp_path, monkeypatch
):
    target = tmp_path / "model"
    with atomic_directory(target) as folder:
        (folder / "old").write_text("old")
    rename = os.rename

    def refuse(source, destination):
        if str(destination) == str(target) and ".model." in str(source):
            if not (tmp_path / "failed").exists():
                (tmp_path / "failed").touch()
                raise PermissionError(13, "refused")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(PermissionError, match="refused"):
        with atomic_directory(target) as folder:
            (folder / "new").write_text("new")
    assert os.listdir(target) == ["old"]


WRITER = """
import importlib.util, itertools, sys
spec = importlib.util.spec_from_file_location("atomic", sys.argv[1])
atomic = importlib.util.module_from_spec(spec)
spec.loader.exec_module(atomic)
for i in itertools.count():
    with atomic.atomic_file(sys.argv[2]) as path:
        path.write_bytes(bytes([i % 256]) * 200_000)
    print(i, flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.003, 0.01, 0.03])
def test_kill_leaves_a_whole_file(tmp_path, delay):
    module = importlib.util.find_spec("keras.saving.atomic").origin
    target = tmp_path / "a"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, module, str(target)], stdout=subprocess.PIPE
    )
    writer.stdout.readline()
    time.sleep(delay)
    writer.kill()
    writer.communicate()
    content = target.read_bytes()
    assert len(content) == 200_000
    assert len(set(content)) == 1
