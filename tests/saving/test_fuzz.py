"""The fuzzer, for as long as a test may take; `fuzz.py --minutes 60` goes on."""

import pathlib
import subprocess
import sys

import pytest

FUZZ = pathlib.Path(__file__).with_name("fuzz.py")


@pytest.mark.parametrize(("backend", "seed"), [("jax", 1), ("torch", 2)])
def test_spoilt_files_give_plain_errors(backend, seed):
    command = [sys.executable, str(FUZZ), "--backend", backend, "--seed", str(seed)]
    command += ["--cases", "500", "--minutes", "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert '"read"' in done.stdout and '"ValueError"' in done.stdout
