"""Processes that are killed: it is reported, and nothing is left behind.

`pytest tests/data/test_kills.py -m slow` kills fifty at random moments.
"""

import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

PROGRAM = pathlib.Path(__file__).with_name("kill_program.py")
PATIENCE = 30  # seconds, on a busy machine


class Run:
    """The program in a process group of its own."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("workers", "ended"):
            (folder / name).unlink(missing_ok=True)
        self.shared = shared_memory()
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, folder],
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        self.wait_for(lambda: (folder / "workers").exists(), "no worker answered")
        self.workers = [int(n) for n in (folder / "workers").read_text().split()]

    def wait_for(self, condition, otherwise):
        """Wait until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.01)

    def check_nothing_is_left(self):
        """The program has ended, its workers too, and shared memory is as before."""
        self.process.wait(PATIENCE)
        self.wait_for(
            lambda: not any(map(is_running, self.workers)), "a worker is left"
        )
        assert shared_memory() <= self.shared


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def shared_memory():
    folder = pathlib.Path("/dev/shm")
    return set(os.listdir(folder)) if folder.exists() else set()


def kill_worker(run, rng):
    os.kill(rng.choice(run.workers), signal.SIGKILL)
    run.check_nothing_is_left()
    assert run.process.returncode == 1
    ended = (run.folder / "ended").read_text()
    assert ended.startswith("WorkerDied: A data worker")
    assert "killed by signal 9 (SIGKILL)" in ended


def kill_parent(run, rng):
    os.kill(run.process.pid, signal.SIGKILL)
    run.check_nothing_is_left()


def press_control_c(run, rng):
    os.killpg(run.process.pid, signal.SIGINT)  # as a terminal does: to all of them
    run.check_nothing_is_left()
    assert (run.folder / "ended").read_text().startswith("KeyboardInterrupt")


def terminate_all(run, rng):
    for pid in (run.process.pid, *run.workers):
        os.kill(pid, signal.SIGKILL)
    run.check_nothing_is_left()


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "harm",
    [
        kill_worker,
        pytest.param(kill_parent, marks=SLOW),
        pytest.param(press_control_c, marks=SLOW),
    ],
)
def test_killed(harm, tmp_path):
    run = Run(tmp_path)
    harm(run, random.Random(0))


@pytest.mark.long
@pytest.mark.parametrize("trial", range(50))
def test_killed_at_any_moment(trial, tmp_path):
    rng = random.Random(trial)
    run = Run(tmp_path)
    time.sleep(rng.uniform(0, 0.4))
    rng.choice([kill_worker, kill_parent, press_control_c, terminate_all])(run, rng)
