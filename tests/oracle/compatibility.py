"""Write docs/compatibility.md: files of each side, opened by the other.

    python tests/oracle/compatibility.py table ORACLE_PYTHON

runs with this package; ORACLE_PYTHON is a Python with Keras 3.15.1. Each class becomes
a small model (tests/saving/compat_cases.py), saved by one side; the other loads it and
predicts, and for optimizers goes on training. `write` and `read` are the parts.

    python tests/oracle/compatibility.py record ORACLE_PYTHON

writes tests/saving/files/structure.json: where Keras puts which shapes, case by case.
"""

import inspect
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings
import zipfile

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "saving"))

import compat_cases as cases  # noqa: E402

import keras  # noqa: E402

TOLERANCE = 1e-5
STRUCTURE = ROOT / "tests" / "saving" / "files" / "structure.json"
DOC = ROOT / "docs" / "compatibility.md"
# From this heading on the page is written by hand and kept.
BY_HAND = "## What this package changes in the frameworks"


def kinds():
    """Names and builders of both kinds, those this side has."""
    for kind, table, module, build in (
        ("layer", cases.LAYERS, keras.layers, cases.layer_model),
        ("optimizer", cases.OPTIMIZERS, keras.optimizers, cases.optimizer_model),
    ):
        for name in table:
            if hasattr(module, name) or " " in name:
                yield kind, name, build


def predict(model, data):
    """The outputs, flat."""
    out = model(data if len(data) > 1 else data[0], training=False)
    return [
        np.asarray(keras.ops.convert_to_numpy(x)).astype("float64")
        for x in keras.tree.flatten(out)
    ]


def trained(model, data):
    """The weights after one more step on fixed numbers."""
    x = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
    model.run_eagerly = True
    model.train_on_batch(x, x[:, :1])
    return [np.asarray(w).astype("float64") for w in model.get_weights()]


def write(folder):
    """Save every case, its data and what it gives."""
    report = {}
    for kind, name, build in kinds():
        path = folder / f"{kind}-{name}.keras"
        try:
            keras.utils.clear_session()
            model, data = build(name)
            want = predict(model, data)
            model.save(path)
            if kind == "optimizer":
                want += trained(model, data)
            arrays = {f"in{i}": x for i, x in enumerate(data)}
            arrays |= {f"out{i}": x for i, x in enumerate(want)}
            np.savez(path.with_suffix(".npz"), **arrays)
            report[f"{kind} {name}"] = "written"
        except Exception as error:
            path.unlink(missing_ok=True)
            report[f"{kind} {name}"] = _short(error)
    return report


def read(folder):
    """Load every file and compare what it gives."""
    report = {}
    for path in sorted(folder.glob("*.keras")):
        kind, name = path.stem.split("-", 1)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("error", ".*optimizer.*")
                warnings.filterwarnings("error", "Skipping variable loading")
                model = keras.saving.load_model(path)
            stored = np.load(path.with_suffix(".npz"))
            data = [stored[k] for k in stored.files if k.startswith("in")]
            want = [stored[k] for k in stored.files if k.startswith("out")]
            got = predict(model, data)
            if kind == "optimizer":
                got += trained(model, data)
            assert len(got) == len(want), f"{len(got)} outputs, not {len(want)}"
            worst = max(
                float(np.max(np.abs(a - b) / (1 + np.abs(b)), initial=0.0))
                for a, b in zip(got, want)
            )
            equal = "equal" if worst <= TOLERANCE else f"differs by {worst:.1e}"
            report[f"{kind} {name}"] = equal
        except Exception as error:
            report[f"{kind} {name}"] = _short(error)
    return report


def _short(error):
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:160]


def run(python, part, folder, backend="jax"):
    """One part in a process of its own, away from this directory."""
    done = subprocess.run(
        [python, __file__, part, str(folder)],
        env={**os.environ, "KERAS_BACKEND": backend},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def table(oracle):
    """Both directions, and the document."""
    ways = []
    for writer, reader in ((sys.executable, oracle), (oracle, sys.executable)):
        with tempfile.TemporaryDirectory() as folder:
            written = run(writer, "write", pathlib.Path(folder))
            ways.append({**written, **run(reader, "read", pathlib.Path(folder))})
    ours_there, theirs_here = ways
    lines = []
    for kind, title, module, left in (
        ("layer", "Layers", keras.layers, cases.LEFT_OUT),
        ("optimizer", "Optimizers", keras.optimizers, cases.NO_OPTIMIZERS),
    ):
        # A class under two names stands once, as the first.
        public = {}
        for name in sorted(module.__all__):
            cls = getattr(module, name)
            base = keras.layers.Layer if kind == "layer" else keras.optimizers.Optimizer
            if inspect.isclass(cls) and issubclass(cls, base):
                listed = cls.__name__ in module.__all__
                public.setdefault(cls, cls.__name__ if listed else name)
        names = sorted({*public.values()} | {n for n in cases.OPTIMIZERS if " " in n})
        rows = [n for n in names if kind == "optimizer" or " " not in n]
        lines += [
            f"## {title}",
            "",
            "| class | ours, opened there | theirs, opened here |",
        ]
        lines += ["|---|---|---|"]
        for name in rows:
            if name in left:
                lines.append(f"| `{name}` | {left[name]} | |")
                continue
            key = f"{kind} {name}"
            shown = f"`{name}`" if " " not in name else name
            there = ours_there.get(key, "NO CASE")
            here = theirs_here.get(key, "not in Keras 3.15.1")
            lines.append(f"| {shown} | {there} | {here} |")
        lines.append("")
    good = sum(row.count("| equal") == 2 for row in lines)
    head = [
        "# Compatibility with Keras 3.15.1",
        "",
        "Each class in a small model with random weights, saved as `.keras` by one "
        "side and opened by the other: `equal` means that all predictions agree within "
        f"{TOLERANCE:g} (relative, from 1 on), and for optimizers also the weights "
        "after one more training step. Written by `tests/oracle/compatibility.py`.",
        "",
        f"{good} classes are equal in both directions.",
        "",
    ]
    DOC.parent.mkdir(exist_ok=True)
    kept = DOC.read_text(encoding="utf-8").partition(BY_HAND)[2] if DOC.exists() else ""
    text = "\n".join([*head, *lines, BY_HAND]) + kept
    DOC.write_text(text.rstrip() + "\n", encoding="utf-8")
    for row in lines:
        if row.startswith("|") and row.count("| equal") != 2:
            print(row)
    print(good, "equal in both directions")


def record(oracle):
    """The paths and shapes in Keras's files."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        run(oracle, "write", pathlib.Path(folder))
        for path in sorted(pathlib.Path(folder).glob("*.keras")):
            kind, name = path.stem.split("-", 1)
            with zipfile.ZipFile(path) as archive:
                data = io.BytesIO(archive.read("model.weights.h5"))
            with h5py.File(data) as file:
                shapes = {}
                file.visititems(
                    lambda key, x, s=shapes: (
                        s.update({key: list(x.shape)})
                        if isinstance(x, h5py.Dataset)
                        else None
                    )
                )
            found[f"{kind} {name}"] = shapes
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items()]
    STRUCTURE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(len(found), STRUCTURE.stat().st_size)


if __name__ == "__main__":
    part, where = sys.argv[1:]
    if part == "table":
        table(where)
    elif part == "record":
        record(where)
    else:
        chosen = {"write": write, "read": read}[part]
        print(json.dumps(chosen(pathlib.Path(where))))
