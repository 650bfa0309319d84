"""Every layer's and optimizer's values stand in a file where Keras puts them.

Where they stand does not depend on the backend; one of them builds the models.
"""

import inspect
import json
import pathlib

import compat_cases as cases
import pytest
from saving_cases import addresses

import keras
from keras.core.state_paths import entries

FILE = pathlib.Path(__file__).parent / "files" / "structure.json"
WANT = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", list(WANT))
def test_where_keras_puts_it(case):
    kind, name = case.split(" ", 1)
    module = keras.layers if kind == "layer" else keras.optimizers
    if " " not in name and not hasattr(module, name):
        pytest.skip(f"there is no {name} here")
    build = cases.layer_model if kind == "layer" else cases.optimizer_model
    with keras.config.backend_scope("torch"):
        model, _ = build(name)
        got = {path: list(v.shape) for path, v in addresses(entries(model)).items()}
    # What a seed generator holds is its own affair.
    assert _without_seeds(got) == _without_seeds(WANT[case])


def _without_seeds(paths):
    return {k: v for k, v in paths.items() if "seed_generator" not in k}


def test_every_public_class_has_a_case():
    for module, base, table, left in (
        (keras.layers, keras.layers.Layer, cases.LAYERS, cases.LEFT_OUT),
        (
            keras.optimizers,
            keras.optimizers.Optimizer,
            cases.OPTIMIZERS,
            cases.NO_OPTIMIZERS,
        ),
    ):
        known = {getattr(module, n, None) for n in (*table, *left)}
        public = [getattr(module, name) for name in module.__all__]
        classes = [c for c in public if inspect.isclass(c) and issubclass(c, base)]
        assert [c.__name__ for c in classes if c not in known] == []
