"""Editors and type checkers: a user's typical program has no error, names complete."""

import json
import pathlib
import runpy
import subprocess
import sys

import pytest

import keras

PROGRAM = pathlib.Path(__file__).parent / "types" / "program.py"
ROOT = pathlib.Path(keras.__file__).parents[1]


def pyright(path, folder):
    """The errors that Pyright finds in a file, with its usual strictness."""
    config = {
        "typeCheckingMode": "standard",
        "include": [str(path)],
        "extraPaths": [str(ROOT)],
        "pythonVersion": f"3.{sys.version_info.minor}",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config))
    command = ["basedpyright", "--outputjson", "--pythonpath", sys.executable]
    command += ["--project", str(folder)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] >= 1
    return [
        f"{found['range']['start']['line'] + 1}: {found['message']}"
        for found in report["generalDiagnostics"]
        if found["severity"] == "error"
    ]


@pytest.mark.gradients
def test_the_program_runs(backend, tmp_path):
    runpy.run_path(str(PROGRAM))["main"](tmp_path)


def test_pyright_finds_no_error(tmp_path):
    assert pyright(PROGRAM, tmp_path) == []


def test_mypy_finds_no_error():
    command = ["mypy", "--config-file", str(ROOT / "pyproject.toml"), str(PROGRAM)]
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout


def test_pyright_sees_every_public_name(tmp_path):
    """The lazy names at the top, and those of every family."""
    lines = ["import keras"]
    for name in keras.__all__:
        lines.append(f"keras.{name}")
        module = getattr(keras, name)
        lines += [f"keras.{name}.{inner}" for inner in getattr(module, "__all__", ())]
    assert len(lines) > 800
    program = tmp_path / "names.py"
    program.write_text("\n".join(lines))

    assert pyright(program, tmp_path) == []


def test_pyright_does_not_see_what_is_not_there(tmp_path):
    """So that the tests above can fail."""
    program = tmp_path / "wrong.py"
    program.write_text("import keras\nkeras.layers.Dens\nkeras.layers.Dense()\n")
    found = pyright(program, tmp_path)
    assert len(found) == 2 and '"Dens"' in found[0] and '"units"' in found[1]


def script(code):
    """An editor's look at a program whose cursor is at the end."""
    jedi = pytest.importorskip("jedi", reason="the editor's engine for completion")
    project = jedi.Project(path=str(ROOT), added_sys_path=[str(ROOT)])
    return jedi.Script(code, project=project)


@pytest.mark.parametrize(
    ("code", "parameter", "sentence"),
    [
        ("import keras\nkeras.layers.Dense(", "units", "kernel"),
        ("from keras import layers\nlayers.Dense(", "units", "kernel"),
        ("import keras\nkeras.optimizers.Adam(", "learning_rate", "Adam"),
        ("import keras\nkeras.Sequential(", "layers", "layers"),
        ("import keras\nkeras.ops.matmul(", "x2", "product"),
        ("import keras\nkeras.ops.softmax(", "axis", "softmax"),
        ("import keras\nm = keras.Sequential()\nm.fit(", "validation_data", "epoch"),
        ("import keras\nm = keras.Model()\nm.compile(", "optimizer", "loss"),
        ("import keras\nkeras.callbacks.EarlyStopping(", "patience", "epochs"),
    ],
)
def test_an_editor_shows_signature_and_docstring(code, parameter, sentence):
    [signature] = script(code).get_signatures()
    assert parameter in [p.name for p in signature.params]
    assert sentence in signature.docstring()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import keras\nkeras.", {"layers", "ops", "Model", "Sequential", "Input"}),
        ("import keras\nkeras.layers.", {"Dense", "LSTM", "MultiHeadAttention"}),
        ("import keras\nkeras.ops.", {"matmul", "softmax", "einsum", "scan"}),
        (
            "import keras\nkeras.Sequential().fit(x, y).",
            {"history", "epoch", "plot"},
        ),
    ],
)
def test_an_editor_completes_names(code, names):
    assert names <= {found.name for found in script(code).complete()}
