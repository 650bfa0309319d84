"""`keras.utils.FeatureSpace`: against real Keras, on every backend, and in a model."""

from __future__ import annotations

import pathlib
import sys
from typing import Any

import numpy as np
import pytest

import keras

SAVING = pathlib.Path(__file__).parents[1] / "saving"
sys.path.insert(0, str(SAVING))

from table_models import TABLE, make_space  # noqa: E402

FILES = SAVING / "files" / "tables"
EXPECTED = np.load(FILES / "values.npz")["space/out"]
S = keras.utils.FeatureSpace


def adapted() -> Any:
    space = make_space()
    space.adapt(TABLE)
    return space


def equal(got: Any, want: np.ndarray = EXPECTED) -> None:
    np.testing.assert_allclose(keras.ops.convert_to_numpy(got), want, 1e-5, 1e-6)


def test_a_table_becomes_vectors(backend: str) -> None:
    space = S({"age": "float_normalized", "city": "string_categorical"})
    space.adapt({"age": [20.0, 40.0], "city": ["Rome", "Oslo"]})

    vectors = space({"age": [30.0, 40.0], "city": ["Oslo", "Bonn"]})

    equal(vectors, [[0.0, 0, 0, 1], [1.0, 1, 0, 0]])


def test_values_are_those_of_keras(backend: str) -> None:
    space = adapted()
    equal(space(TABLE))
    equal(space({key: x[:, None] for key, x in TABLE.items()}))


def test_a_single_row_has_no_batch_axis(backend: str) -> None:
    row = {key: x[2].item() for key, x in TABLE.items()}
    equal(adapted()(row), EXPECTED[2])


def test_batches_and_rows_are_read_one_by_one(backend: str) -> None:
    def rows() -> Any:
        for i in range(0, 6, 2):
            yield {key: x[i : i + 2] for key, x in TABLE.items()}

    space = make_space()
    space.adapt(rows())
    whole = adapted()
    for key in ("city", "visits"):
        assert (
            space.preprocessors[key].get_vocabulary()
            == whole.preprocessors[key].get_vocabulary()
        )
    # The quantiles of parts differ from those of the whole; all else is equal.
    equal(space(TABLE)[:, 3:], EXPECTED[:, 3:])


def test_inside_a_tf_data_pipeline(backend: str) -> None:
    tf = pytest.importorskip("tensorflow")
    table = tf.data.Dataset.from_tensor_slices(TABLE)
    space = make_space()
    space.adapt(table)
    found = [x.numpy() for x in table.batch(4).map(space)]
    equal(np.concatenate(found))
    assert next(iter(table.map(space))).shape == (35,)


def test_a_file_of_keras_and_our_own(backend: str, tmp_path: Any) -> None:
    equal(keras.saving.load_model(FILES / "space.keras")(TABLE))

    adapted().save(tmp_path / "space.keras")
    equal(keras.saving.load_model(tmp_path / "space.keras")(TABLE))


@pytest.mark.gradients
def test_a_model_takes_raw_values_and_is_saved(backend: str, tmp_path: Any) -> None:
    space = adapted()
    outputs = keras.layers.Dense(1)(space.get_encoded_features())
    model = keras.Model(space.get_inputs(), outputs)
    model.compile("sgd", "mse")
    model.fit(TABLE, np.ones(6), batch_size=4, epochs=2, verbose=0)

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    equal(again.predict(TABLE, verbose=0), model.predict(TABLE, verbose=0))
    equal(again(TABLE), model.predict(TABLE, verbose=0))


def test_features_by_name(backend: str) -> None:
    space = S({"x": "float", "y": "string_hashed"}, output_mode="dict", hashing_dim=4)
    out = space({"x": [1.0, 2.0], "y": ["a", "b"]})
    equal(out["x"], [[1.0], [2.0]])
    assert out["y"].shape == (2, 4)


def test_numbers_of_categories_stay_numbers(backend: str) -> None:
    space = S(
        {"city": S.string_categorical(output_mode="int"), "n": "integer_categorical"},
        crosses=[S.cross(("city", "n"), 5, output_mode="int")],
        output_mode="dict",
    )
    space.adapt({"city": ["b", "a", "b"], "n": [3, 3, 7]})
    out = space({"city": ["a", "?"], "n": [3, 4]})
    equal(out["city"], [[2], [0]])
    equal(out["n"], [[0, 1, 0], [1, 0, 0]])
    assert out["city_X_n"].shape == (2, 1)


def test_a_layer_of_ones_own(backend: str) -> None:
    words = keras.layers.TextVectorization(output_mode="multi_hot")
    space = S({"text": S.feature("string", words, "float")})
    space.adapt({"text": ["a b", "b"]})
    equal(space({"text": ["b c", "a"]}), [[1.0, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    "arguments,match",
    [
        ({"features": {}}, "at least one"),
        ({"features": {"a": "flaot"}}, "float"),
        ({"features": {"a": 3}}, "received 3"),
        ({"features": {"a": "float"}, "output_mode": "x"}, "output_mode"),
        ({"features": {"a": "float"}, "crosses": [("a", "b")]}, "'b'"),
        ({"features": {"a": "float"}, "crosses": [("a",)]}, "two or more"),
        ({"features": {"a": "float"}, "hashing_dim": 0}, "hashing_dim"),
    ],
)
def test_mistakes_in_the_constructor(arguments: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        S(**arguments)


def test_mistakes_in_a_call(backend: str) -> None:
    space = make_space()
    with pytest.raises(ValueError, match="adapt"):
        space(TABLE)
    with pytest.raises(ValueError, match="adapt"):
        space.get_encoded_features()
    space.adapt(TABLE)
    with pytest.raises(ValueError, match="age"):
        space({key: x for key, x in TABLE.items() if key != "age"})
    with pytest.raises(ValueError, match="other"):
        space({**TABLE, "other": TABLE["age"]})
    with pytest.raises(TypeError, match="dict"):
        space([1, 2])
    with pytest.raises(TypeError, match="element 1"):
        space.adapt({**TABLE, "city": np.array(["Rome", None], object)})


def test_what_cannot_be_joined() -> None:
    floats = S({"a": S.feature("float32", keras.layers.Rescaling(1), "one_hot")})
    with pytest.raises(ValueError, match="one_hot"):
        floats({"a": [1.0]})
    numbers = S({"a": S.integer_hashed(3, output_mode="int")})
    with pytest.raises(ValueError, match="output_mode='dict'"):
        numbers({"a": [1]})
