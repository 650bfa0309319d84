"""TensorBoard: its files are read by TensorBoard's own reader, and served by it."""

import contextlib
import gzip
import io
import json
import os
import subprocess
import sys
import urllib.request

import numpy as np
import PIL.Image
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

import keras
from keras.callbacks import BackupAndRestore, TensorBoard

pytestmark = pytest.mark.gradients
RNG = np.random.RandomState(0)
X = RNG.randn(20, 5).astype("float32")
Y = X.sum(1, keepdims=True)


def small():
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((5,)),
        keras.layers.Reshape((5, 1)),
        keras.layers.Conv1D(2, 3, name="c"),
        keras.layers.Flatten(),
        keras.layers.Dense(1, name="d"),
    ]
    model = keras.Sequential(layers, name="small")
    model.compile("adam", "mse", metrics=["mae"])
    return model


def events(folder):
    """What a run holds: {tag: (plugin, steps, arrays)}."""
    reader = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    reader.Reload()
    found = {}
    for tag in reader.Tags()["tensors"]:
        rows = reader.Tensors(tag)
        plugin = reader.SummaryMetadata(tag).plugin_data.plugin_name
        arrays = [make_ndarray(row.tensor_proto) for row in rows]
        found[tag] = (plugin, [row.step for row in rows], arrays)
    return found


def fit(model, board, **options):
    options = {"epochs": 2, "batch_size": 4, "verbose": 0, **options}
    return model.fit(X, Y, callbacks=[board], **options)


def test_everything_under_the_names_of_keras(backend, tmp_path):
    """The tags, plugins and steps that Keras 3.15.1 writes on TensorFlow."""
    board = TensorBoard(
        tmp_path,
        histogram_freq=1,
        write_images=True,
        write_steps_per_second=True,
        update_freq=2,
    )
    model = small()
    history = fit(model, board, validation_data=(X, Y)).history

    train, validation = events(tmp_path / "train"), events(tmp_path / "validation")
    weights = [f"small/{w}" for w in ("c/kernel", "c/bias", "d/kernel", "d/bias")]
    metrics = ("loss", "mae")
    epochs = [*(f"epoch_{name}" for name in metrics), "epoch_learning_rate"]
    assert {tag: found[:2] for tag, found in train.items()} == {
        "keras": ("graph_keras_model", [0]),
        **{f"batch_{m}": ("scalars", [2, 4, 6, 8, 10]) for m in metrics},
        "batch_steps_per_second": ("scalars", [2, 4, 6, 8, 10]),
        **{tag: ("scalars", [0, 1]) for tag in epochs},
        "epoch_steps_per_second": ("scalars", [0, 1]),
        **{f"{w}/histogram": ("histograms", [0, 1]) for w in weights},
        **{f"{w}/image": ("images", [0, 1]) for w in weights[:3]},
    }
    assert {tag: found[:2] for tag, found in validation.items()} == {
        **{f"epoch_{m}": ("scalars", [0, 1]) for m in metrics},
        **{f"evaluation_{m}_vs_iterations": ("scalars", [5, 10]) for m in metrics},
    }

    for name in metrics:
        np.testing.assert_allclose(train[f"epoch_{name}"][2], history[name])
        np.testing.assert_allclose(
            validation[f"epoch_{name}"][2], history[f"val_{name}"]
        )
    np.testing.assert_allclose(train["epoch_learning_rate"][2], [0.001] * 2)
    assert json.loads(train["keras"][2][0].item()) == json.loads(model.to_json())

    kernel = model.get_layer("c").kernel.numpy()
    left, right, counts = train["small/c/kernel/histogram"][2][-1].T
    expected, edges = np.histogram(kernel, 30)
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_allclose([left[0], right[-1]], edges[[0, -1]], rtol=1e-6)
    width, height, png = train["small/c/kernel/image"][2][-1][:3]
    assert (width, height) == (b"3", b"2")
    image = np.asarray(PIL.Image.open(io.BytesIO(png)))
    matrix = kernel[:, 0].T
    span = matrix.max() - matrix.min()
    np.testing.assert_allclose(image / 255, (matrix - matrix.min()) / span, atol=1e-2)


def test_no_batch_is_asked_for_by_the_epoch(backend, tmp_path):
    board = TensorBoard(tmp_path)
    fit(small(), board)
    assert "batch_loss" not in events(tmp_path / "train")
    assert board.steps_until_batch_end(0) > 10**9
    assert not keras.callbacks.CallbackList([board]).asks_each_batch()
    assert TensorBoard(tmp_path, update_freq=3).steps_until_batch_end(1) == 2


@pytest.mark.parametrize(
    ("given", "expected"), [(3, [3, 3]), ((2, 4), [2, 4]), ("2,40", [2, 10])]
)
def test_profile(backend, tmp_path, given, expected, monkeypatch):
    """The profiler of the framework runs around the batches asked for."""
    seen = []

    class Note(TensorBoard):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(("end", self._epoch_start + batch + 1))
            super().on_train_batch_end(batch, logs)

    @contextlib.contextmanager
    def profile(folder):
        seen.append(("start", folder))
        yield
        seen.append(("stop", folder))

    monkeypatch.setattr(keras.core.scope.current(), "profile", profile)
    fit(small(), Note(tmp_path, profile_batch=given, update_freq="batch"))

    folder = str(tmp_path / "train")
    first, last = expected
    ends = [("end", step) for step in range(1, 11)]
    assert seen == [
        *ends[: first - 1],
        ("start", folder),
        *ends[first - 1 : last],
        ("stop", folder),
        *ends[last:],
    ]


@pytest.mark.slow
def test_profile_of_the_framework(backend, tmp_path):
    fit(small(), TensorBoard(tmp_path, profile_batch=(2, 4)))
    (run,) = (tmp_path / "train" / "plugins" / "profile").iterdir()
    files = {path.name.partition(".")[2]: path for path in run.iterdir()}
    if backend == "torch":
        trace = json.loads(gzip.decompress(files["trace.json.gz"].read_bytes()))
        names = {event.get("name") for event in trace["traceEvents"]}
        assert "aten::addmm" in names or "aten::mm" in names
    else:
        assert files["xplane.pb"].stat().st_size > 1000


def test_embeddings(backend, tmp_path):
    labels = tmp_path / "labels.tsv"
    labels.write_text("\n".join(map(str, range(10))))
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            keras.layers.Embedding(10, 3, name="words"),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    board = TensorBoard(
        tmp_path, embeddings_freq=1, embeddings_metadata={"words": str(labels)}
    )
    model.fit(RNG.randint(0, 10, (20, 5)), Y, callbacks=[board], verbose=0)

    folder = tmp_path / "train"
    table = np.loadtxt(folder / "words.tsv", delimiter="\t")
    np.testing.assert_allclose(table, model.layers[0].embeddings.numpy(), rtol=1e-6)
    text = (folder / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "words.tsv"' in text and str(labels) in text

    board = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"x": "y"})
    with pytest.raises(ValueError, match=r"\['x'\].*\['words'\]"):
        model.fit(RNG.randint(0, 10, (20, 5)), Y, callbacks=[board], verbose=0)


def test_values_of_your_own(backend, tmp_path):
    class Own(TensorBoard):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            weight = self.model.layers[-1].kernel
            self.summary.scalar("mean", keras.ops.mean(weight), step=epoch)
            self.summary.histogram("weight", weight, step=epoch, buckets=5)
            self.summary.image("image", RNG.rand(4, 6, 5, 3), step=epoch)
            self.summary.text("note", "**bold**", step=epoch)

    model = small()
    fit(model, Own(tmp_path), epochs=1)

    found = events(tmp_path / "train")
    kernel = model.layers[-1].kernel.numpy()
    np.testing.assert_allclose(found["mean"][2][0], kernel.mean(), rtol=1e-5)
    assert found["weight"][2][0].shape == (5, 3)
    assert found["image"][2][0][:2].tolist() == [b"5", b"6"]
    assert len(found["image"][2][0]) == 2 + 3
    assert found["note"][2][0].item() == b"**bold**"


def test_evaluate_alone(backend, tmp_path):
    model = small()
    model.fit(X, Y, batch_size=4, verbose=0)
    model.evaluate(X, Y, callbacks=[TensorBoard(tmp_path)], verbose=0)
    found = events(tmp_path / "validation")
    assert found["evaluation_loss_vs_iterations"][:2] == ("scalars", [5])


class Stop(BaseException):
    """Ends a run in the middle."""


def test_a_resumed_run_goes_on_counting(backend, tmp_path):
    def stop(batch, logs):
        if batch == 3 and not (tmp_path / "stopped").exists():
            (tmp_path / "stopped").touch()
            raise Stop

    def run():
        model = small()
        callbacks = [
            TensorBoard(tmp_path / "logs", update_freq=2),
            keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: setattr(model, "e", epoch),
                on_train_batch_end=lambda b, logs: model.e and stop(b, logs),
            ),
            BackupAndRestore(tmp_path / "backup", save_freq=1),
        ]
        model.fit(X, Y, batch_size=4, epochs=3, callbacks=callbacks, verbose=0)

    with pytest.raises(Stop):
        run()
    run()
    steps = events(tmp_path / "logs" / "train")["batch_loss"][1]
    assert sorted(set(steps)) == [2, 4, 6, 8, 10, 12, 14]


@pytest.mark.slow
def test_without_tensorflow(tmp_path):
    """Nothing imports TensorFlow, nor any other framework but JAX."""
    code = (
        "import sys, numpy as np, keras\n"
        "m = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])\n"
        "m.compile('sgd', 'mse')\n"
        f"board = keras.callbacks.TensorBoard({str(tmp_path)!r}, histogram_freq=1, "
        "write_images=True, embeddings_freq=1)\n"
        "m.fit(np.ones((8, 5)), np.ones(8), callbacks=[board], verbose=0)\n"
        "assert not {'tensorflow', 'torch'} & set(sys.modules), 'imported'\n"
    )
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", code], env=env, check=True, timeout=120)
    assert "epoch_loss" in events(tmp_path / "train")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"update_freq": "never"}, "`update_freq`.*'never'"),
        ({"update_freq": 0}, "`update_freq`.*0"),
        ({"histogram_freq": -1}, "`histogram_freq`.*-1"),
        ({"embeddings_freq": "x"}, "`embeddings_freq`.*'x'"),
        ({"profile_batch": -1}, "`profile_batch`.*-1"),
        ({"profile_batch": (5, 2)}, "`profile_batch`"),
        ({"profile_batch": "a,b"}, "`profile_batch`.*'a,b'"),
    ],
)
def test_mistakes(config, words):
    with pytest.raises(ValueError, match=words):
        TensorBoard(**config)


@pytest.mark.slow
def test_the_server_shows_all_of_it(backend, tmp_path):
    from tensorboard import program

    board = TensorBoard(tmp_path, histogram_freq=1, write_images=True)
    model = small()
    history = fit(model, board, validation_data=(X, Y)).history
    server = program.TensorBoard()
    server.configure(argv=[None, "--logdir", str(tmp_path), "--port", "0"])
    url = server.launch()

    def get(path):
        with urllib.request.urlopen(f"{url}data/{path}") as response:
            return response.read()

    runs = {}
    for _ in range(100):  # the files are read in the background
        runs = json.loads(get("plugin/scalars/tags"))
        if set(runs) == {"train", "validation"}:
            break
    assert "epoch_loss" in runs["train"] and "epoch_loss" in runs["validation"]
    rows = json.loads(get("plugin/scalars/scalars?run=train&tag=epoch_loss"))
    np.testing.assert_allclose([row[2] for row in rows], history["loss"], rtol=1e-6)

    tag = "small%2Fc%2Fkernel%2F"
    rows = json.loads(get(f"plugin/histograms/histograms?run=train&tag={tag}histogram"))
    assert [row[1] for row in rows] == [0, 1]
    rows = json.loads(get(f"plugin/images/images?run=train&tag={tag}image&sample=0"))
    png = get(f"plugin/images/individualImage?{rows[-1]['query']}")
    assert PIL.Image.open(io.BytesIO(png)).size == (3, 2)

    info = json.loads(get("plugin/graphs/info"))
    assert info["train"]["tags"]["keras"]["conceptual_graph"]
    graph = get("plugin/graphs/graph?run=train&tag=keras&conceptual=true").decode()
    for layer in model.layers:
        assert f'name: "small/{layer.name}"' in graph
