"""mypy checks a backend against the contract: what is missing or wrong is an error."""

import os
import pathlib
import re
import subprocess
import sys

import keras
from keras.backend import contract

ROOT = pathlib.Path(keras.__file__).parent.parent
MEMBERS = contract.members(contract.Backend)


def module_of(names, extra=""):
    """A plug-in that re-exports these names of the JAX backend."""
    imported = "".join(f"    {name},\n" for name in names)
    return f"from keras.backend.jax import (\n{imported})\n{extra}"


def without(*names):
    return [name for name in MEMBERS if name not in names]


PLUG_INS = {
    "whole": module_of(MEMBERS),
    "lacks_scan": module_of(without("scan")),
    "wrong_result": module_of(
        without("dtype_of"), "def dtype_of(x: object) -> int:\n    return 0\n"
    ),
    "wrong_arguments": module_of(
        without("cast"), "def cast(x: object) -> object:\n    return x\n"
    ),
    "wrong_value": module_of(without("HAS_GRADIENTS"), "HAS_GRADIENTS = 'yes'\n"),
}


def test_mypy_finds_what_is_missing_or_wrong(tmp_path):
    names = list(PLUG_INS)
    for name, text in PLUG_INS.items():
        (tmp_path / f"{name}.py").write_text(text)
    lines = [f"import {name}" for name in names]
    lines += ["from keras.backend.contract import Backend"]
    lines += [f"{name}_backend: Backend = {name}" for name in names]
    lines += ["from keras.backend.contract import RandomBackend"]
    lines += ["numbers: RandomBackend = whole.random", "wrong: RandomBackend = whole"]
    (tmp_path / "plug_ins.py").write_text("\n".join(lines))

    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml"),
            *("--cache-dir", ROOT / ".mypy_cache", "plug_ins.py"),
        ],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
    )

    errors = re.findall(r"plug_ins.py:(\d+): error: Incompatible types", done.stdout)
    found = {lines[int(number) - 1].partition(" = ")[2] for number in errors}
    # "whole" is a backend, but not a module of random numbers.
    assert found == set(names), done.stdout + done.stderr
    assert len(errors) == len(names)
