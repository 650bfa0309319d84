"""The examples that train in their own ways, on every backend, at reduced size."""

import pathlib
import runpy
import sys

import numpy as np
import pytest

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(backend, monkeypatch):
    """What the main function of an example gives."""

    def main(name, *arguments):
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
        return runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]()

    return main


@pytest.mark.gradients
def test_gan(run):
    found = run("gan", "--epochs", "12")
    distances = {name: distance for name, (distance, _, _) in found.items()}
    assert distances["generated"] < 0.2 * distances["untrained"]
    assert distances["real"] < distances["generated"]
    certainty, seen = found["generated"][1:]
    assert certainty > found["untrained"][1] + 0.2
    assert sum(seen > 0.01) >= 8  # of ten digits


@pytest.mark.gradients
def test_vae(run):
    found = run("vae", "--epochs", "15")
    assert found["bound"] < found["alone"] - 4


@pytest.mark.gradients
def test_gradient_accumulation(run):
    found = run("gradient_accumulation", "--epochs", "4")
    for accuracy, apart in found.values():
        assert accuracy > 0.8 and apart < 1e-5
    assert len({accuracy for accuracy, _ in found.values()}) == 1


@pytest.mark.gradients
def test_pictures_from_folders(run, tmp_path):
    pytest.importorskip("matplotlib", reason="it draws the mistakes")
    accuracy = run("pictures_from_folders", "--folder", str(tmp_path), "--epochs", "4")
    assert accuracy > 0.9
    assert len(list((tmp_path / "digits").glob("*/*.png"))) == 1797
    assert (tmp_path / "mistakes.png").stat().st_size > 5_000


@pytest.mark.gradients
def test_contrastive_learning(run):
    found = run("contrastive", "--epochs", "15")
    gains = {labels: learned - pixels for labels, (pixels, learned) in found.items()}
    assert gains[1] > 0.04 and gains[3] > 0.01


@pytest.mark.gradients
def test_reinforcement_learning(run):
    first, last = run("reinforcement", "--rounds", "15")
    assert first < 30 and last > 150


@pytest.mark.gradients
def test_a_physics_informed_network(run):
    assert run("physics_informed", "--epochs", "20") < 0.03


@pytest.mark.gradients
def test_a_character_transformer(run):
    found = run("character_transformer", "--steps", "40")
    assert found["nats"] < 2.8  # single letters by their frequency: 3.1
    assert found["same"]
    assert found["faster"] > 1


@pytest.mark.gradients
def test_the_key_value_cache_is_compiled_once(backend):
    example = runpy.run_path(str(EXAMPLES / "character_transformer.py"))
    model = example["Writer"](width=8, heads=2, depth=1)
    length = example["LENGTH"]
    noise = np.random.default_rng(0).gumbel(size=(length, 1, 96)).astype("float32")
    text = np.zeros((1, length), "int32")
    expected = example["without_cache"](model)(text.copy(), 5, noise)
    runs, step = [], model.step
    model.step = lambda *args: runs.append(args) or step(*args)
    found = example["with_cache"](model)(text.copy(), 5, noise)
    np.testing.assert_array_equal(found, expected)
    assert len(set(found[0].tolist())) > 20
    # Once to be compiled, on JAX once before to find the variables; PyTorch runs it.
    assert len(runs) == {"jax": 2, "tensorflow": 1, "torch": length - 1}[backend]
