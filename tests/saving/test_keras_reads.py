"""Keras 3.15.1 loads our files; runs where one says which Python has it."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import saving_cases as cases

import keras

ORACLE = os.environ.get("KERAS_ORACLE_PYTHON")
SCRIPT = pathlib.Path(__file__).parents[1] / "oracle" / "read_files.py"


@pytest.mark.skipif(
    not ORACLE, reason="set KERAS_ORACLE_PYTHON to a Python that has Keras 3.15.1"
)
def test_keras_reads_our_files(backend, tmp_path):
    expected = {}
    for name in cases.CASES:
        model, data = cases.build(name)
        model.save(tmp_path / f"{name}.keras")
        flat = keras.tree.flatten(data)
        np.savez(tmp_path / f"{name}.npz", *flat)
        expected[name] = [
            np.asarray(keras.ops.convert_to_numpy(out)).astype("float64")
            for out in keras.tree.flatten(model(data, training=False))
        ]
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None:
            expected[name] += [np.asarray(v) for v in optimizer.variables]
    run = subprocess.run(
        [ORACLE, str(SCRIPT), str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    report = json.loads(run.stdout.splitlines()[-1])
    assert {name: r for name, r in report.items() if r != "ok"} == {}
    for name, want in expected.items():
        got = np.load(tmp_path / f"{name}.out.npz")
        assert len(got.files) == len(want), name
        tolerance = 2e-2 if name == "precision" else 1e-5
        for key, array in zip(got.files, want):
            np.testing.assert_allclose(
                got[key], array, rtol=tolerance, atol=tolerance, err_msg=name
            )
