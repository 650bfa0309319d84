"""Training that is killed with SIGKILL at random ends as if it never had been.

`kill_many.py` does it as often as one likes; here a few kills on each backend, which
also land in what is written in the background.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).with_name("kill_many.py")


@pytest.mark.gradients
def test_killed_runs_end_alike(backend):
    done = subprocess.run(
        [sys.executable, SCRIPT, backend, "--runs", "2", "--kills", "2"],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["runs"] == 2
    assert found["kills"] >= 2
    assert found["most_steps_redone"]["synchronous"] <= found["save_freq"]
