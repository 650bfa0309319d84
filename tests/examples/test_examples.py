"""The examples run, on every backend, at reduced size."""

import pathlib
import runpy
import sys

import numpy as np
import pytest

import keras

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


def load(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.gradients
def test_the_tour(backend, capsys):
    keras.utils.clear_session()  # names are counted from the beginning
    tour = load("tour")
    rng = np.random.default_rng(0)
    tour["models"]()
    text = capsys.readouterr().out
    assert "Total params: 101770 (397.54 KB)" in text
    assert "Non-trainable params: 0 (0.00 Byte)" in text
    assert tour["single_layers"](rng) == {
        "Dense": (1, 5),
        "Conv2D": (1, 30, 30, 32),
        "MaxPooling2D": (1, 16, 16, 32),
        "LSTM": (1, 32),
    }
    found = tour["pieces"]()
    assert found["loss"] == pytest.approx(-np.log([0.7, 0.8, 0.3]).mean(), rel=1e-5)
    assert found["accuracy"] == 1.0
    text = capsys.readouterr().out
    assert "rate 0.01, momentum 0.9" in text and "after a reset: 0.00" in text
    assert tour["training"](rng) > 0.85
    text = capsys.readouterr().out
    assert "metrics: ['accuracy', 'precision']" in text
    assert "val_loss improved from inf to" in text


def test_three_backends_go_down_one_curve(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["three_backends.py", "--steps", "21"])
    losses = load("three_backends")["main"]()
    assert list(losses) == ["jax", "torch", "tensorflow"]
    for name in ("torch", "tensorflow"):
        np.testing.assert_allclose(losses[name], losses["jax"], rtol=1e-4)
    assert "difference" in capsys.readouterr().out


def test_digits(monkeypatch, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="the demo draws pictures")
    monkeypatch.setattr(sys, "argv", ["digits.py", "--output", str(tmp_path)])
    load("digits")["main"]()  # exits with an error below 0.97
    assert (tmp_path / "curves.png").stat().st_size > 5_000
    assert (tmp_path / "predictions.png").stat().st_size > 5_000


@pytest.mark.gradients
def test_a_table_of_cars(backend, capsys):
    pytest.importorskip("vega_datasets", reason="has the table")
    assert load("cars")["main"](epochs=60) < 3.5
    assert "unknown maker" in capsys.readouterr().out


@pytest.mark.gradients
def test_paragraphs_find_their_manual(backend):
    assert load("which_manual")["main"](most=300, epochs=6) > 0.6
