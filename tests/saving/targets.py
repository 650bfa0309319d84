"""What is fuzzed: every reader, with honest files for it, and how they are spoilt."""

import contextlib
import io
import json
import pathlib
import pickle
import random
import re
import struct
import tarfile
import zipfile

import mutations
import numpy as np

import keras
from keras import layers
from keras.datasets.stored import read_npz, read_pickle
from keras.utils.file_utils import extract_archive

EXPECTED = (ValueError, TypeError, OSError, NotImplementedError, ImportError)
EXPECTED += (pickle.UnpicklingError,)


def _recurrent() -> list:
    if not hasattr(layers, "LSTM"):
        return [layers.Dense(2)]
    return [
        layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(2)),
    ]


def models() -> list:
    """Small models that use every part of the format."""
    keras.utils.set_random_seed(1)  # a case is the same in every process
    x = keras.Input((4, 4, 1), name="x")
    y = layers.Conv2D(2, 3, activation="relu", padding="same")(x)
    y = layers.BatchNormalization()(y)
    y = keras.ops.concatenate([y, y * 2 + 1], axis=-1)[:, 1:]
    y = layers.MaxPooling2D()(y)
    z = layers.Dense(3, kernel_regularizer="l2")(layers.Flatten()(y))
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3)], name="inner")
    graph = keras.Model(x, {"a": inner(inner(z)), "b": z}, name="graph")
    graph.compile("adam", {"a": "mse", "b": "mae"}, metrics={"a": ["mae"]})
    text = keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            layers.Embedding(9, 4, mask_zero=True),
            *_recurrent(),
            layers.GlobalAveragePooling1D(),
            layers.Dropout(0.5),
            layers.RepeatVector(3),
            layers.Reshape((-1, 2)),
        ],
        name="text",
    )
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    text.compile(
        keras.optimizers.SGD(schedule, momentum=0.9),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=[keras.metrics.AUC(num_thresholds=5), "accuracy"],
    )
    return [graph, text]


_LAYERS = {
    (None, 6): """
        Dense(3,activation='relu') Dropout(0.5) Reshape((2,3)) RepeatVector(3)
        Activation('softmax') Rescaling(2.0) GaussianNoise(0.1) LeakyReLU() PReLU()
        LayerNormalization() UnitNormalization() Flatten()
        Discretization(bin_boundaries=[1.0])
        CategoryEncoding(num_tokens=9) SpectralNormalization(layers.Dense(2))
        EinsumDense('ab,bc->ac',output_shape=4) Embedding(9,2)
        ActivityRegularization(0.1)
        Normalization(mean=1.0,variance=2.0) Hashing(4) Identity()""",
    (None, 6, 4): """
        Conv1D(3,2,padding='causal') Conv1DTranspose(2,3) SeparableConv1D(2,3)
        MaxPooling1D(2) AveragePooling1D(2) UpSampling1D(3) ZeroPadding1D(2)
        Cropping1D(1)
        GlobalMaxPooling1D() LSTM(2) GRU(2,return_sequences=True)
        SimpleRNN(2,unroll=True)
        Bidirectional(layers.LSTM(2)) TimeDistributed(layers.Dense(2)) Permute((2,1))
        RNN([layers.LSTMCell(2),layers.GRUCell(3)]) Masking() SpatialDropout1D(0.2)
        GroupNormalization(2) BatchNormalization() RMSNormalization()""",
    (None, 6, 6, 2): """
        Conv2D(3,2,strides=2) Conv2DTranspose(2,3,strides=2) DepthwiseConv2D(3)
        SeparableConv2D(2,3) UpSampling2D(2,interpolation='bilinear') ZeroPadding2D(1)
        Cropping2D(1) MaxPooling2D(2) GlobalAveragePooling2D() Softmax() Resizing(4,4)
        AdaptiveAveragePooling2D(2) ConvLSTM1D(2,3) CenterCrop(3,3) RandomFlip()""",
}


def _layers() -> list:
    """A layer of many kinds with a shape that fits it."""
    found = []
    for shape, calls in _LAYERS.items():
        for call in calls.split():
            if all(hasattr(layers, name) for name in re.findall(r"([A-Z]\w+)\(", call)):
                made = eval(f"layers.{call}", {"layers": layers})
                found.append((list(shape), made))
    return found


def _objects() -> list:
    return [
        keras.losses.Huber(),
        keras.metrics.MeanIoU(3),
        keras.metrics.AUC(num_thresholds=9),
        keras.initializers.Orthogonal(seed=1),
        keras.initializers.Constant(np.ones(3)),
        keras.regularizers.L1L2(0.1, 0.2),
        keras.optimizers.schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2, 0.3]),
        keras.DTypePolicy("mixed_float16"),
        keras.random.SeedGenerator(1),
    ]


class Target:
    """One reader.

    Args:
        name: for reports.
        ending: of its files.
        corpus: honest contents.
        damage: `(content, rng) -> bytes`.
        read: called with the path.
    """

    def __init__(self, name, ending, corpus, damage, read):
        self.name, self.ending = name, ending
        self.corpus, self.damage, self.read = corpus, damage, read

    def make(self, rng: random.Random) -> bytes:
        """A spoilt file."""
        content = rng.choice(self.corpus)
        try:
            made = self.damage(content, rng)
        except (
            ValueError,
            struct.error,
            OSError,
            RecursionError,
        ):  # Python would not write that
            made = mutations.damage_bytes(_bytes(content), rng)
        return made.encode("utf-8", "replace") if isinstance(made, str) else made


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def targets(folder: pathlib.Path) -> list[Target]:
    """All readers; those whose honest files cannot be read raise at once."""
    trap = mutations.make_trap(folder)
    made = models()
    files, weights, shards, texts, configs, kinds = [], [], [], [], [], []
    for model in made:
        model.save(folder / "m.keras")
        files.append((folder / "m.keras").read_bytes())
        model.save_weights(folder / "m.weights.h5")
        weights.append(mutations.unsealed((folder / "m.weights.h5").read_bytes()))
        texts.append(model.to_json())
        kinds.append(json.dumps(keras.optimizers.serialize(model.optimizer)))
    for shape, layer in _layers():
        data = {"shape": shape, "layer": keras.layers.serialize(layer)}
        configs.append(json.dumps(data))
    kinds += [json.dumps(keras.saving.serialize_keras_object(x)) for x in _objects()]
    made[1].save_weights(folder / "s.weights.json", max_shard_size=4e-7)
    index = json.loads((folder / "s.weights.json").read_text())
    size = index["metadata"]["total_size"]  # all but the checksums
    index = {"metadata": {"total_size": size}, "weight_map": index["weight_map"]}
    shards.append(json.dumps(index))
    graph, text = made

    def h5(data, rng):
        return mutations.damage_h5(data, rng, trap)

    def by_path(path):
        keras.saving.load_model(path)

    def config_of(path):
        return keras.core.config.limits.parse_json(path.read_bytes(), "the file")

    def from_config(path):
        data = config_of(path)
        data = data.get("layer") if isinstance(data, dict) else data
        inner = data.get("config") if isinstance(data, dict) else data
        name = data.get("class_name") if isinstance(data, dict) else None
        cls = getattr(layers, str(name).lstrip("_"), None)
        if not (isinstance(cls, type) and isinstance(inner, dict)):
            cls, inner = layers.Dense, {"units": inner}
        cls.from_config(inner)

    def build(path):
        given = config_of(path)
        given = given if isinstance(given, dict) else {}
        shape, layer = given.get("shape"), given.get("layer")
        first = {"class_name": "InputLayer", "config": {"batch_shape": shape}}
        first["module"] = "keras.layers"
        with keras.core.config.limits.reading("the config", 10**6):
            keras.Sequential.from_config({"layers": [first, layer]})

    def any_family(path):
        data = config_of(path)
        for family in (
            "optimizers",
            "losses",
            "metrics",
            "initializers",
            "activations",
        ):
            with contextlib.suppress(*EXPECTED):
                getattr(keras, family).deserialize(data)
        keras.saving.deserialize_keras_object(data)

    found = [
        Target("load_model .keras", ".keras", files, mutations.damage_zip, by_path),
        Target(
            "load_model .keras weights", ".keras", files, _damage_weights(trap), by_path
        ),
        Target("load_weights .h5", ".weights.h5", weights[:1], h5, graph.load_weights),
        Target("load_weights .h5 b", ".weights.h5", weights[1:], h5, text.load_weights),
        Target(
            "load_weights .keras",
            ".keras",
            files,
            mutations.damage_zip,
            lambda path: text.load_weights(path, skip_mismatch=True),
        ),
        Target(
            "load_weights .json",
            ".weights.json",
            shards,
            mutations.damage_text,
            text.load_weights,
        ),
        Target(
            "model_from_json",
            ".json",
            texts,
            mutations.damage_text,
            lambda path: keras.models.model_from_json(path.read_bytes().decode()),
        ),
        Target("layers.deserialize", ".json", configs, mutations.damage_text, build),
        Target("from_config", ".json", configs, mutations.damage_text, from_config),
        Target("families", ".json", kinds, mutations.damage_text, any_family),
        *_archives(),
    ]
    found += _optional(folder, made, h5)
    for target in found:
        path = folder / f"honest{target.ending}"
        path.write_bytes(_bytes(target.corpus[-1]))
        target.read(path)
    return found


def _optional(folder, made, h5) -> list[Target]:
    """Formats that stand on others: the old .h5 file, safetensors, the editor."""
    found = []
    graph, text = made
    with contextlib.suppress(ValueError, ImportError):
        text.save(folder / "old.h5")
        old = [mutations.unsealed((folder / "old.h5").read_bytes())]
        load = keras.saving.load_model
        found.append(Target("load_model .h5", ".h5", old, _damage_old(h5), load))
    with contextlib.suppress(ValueError, ImportError):
        graph.save_weights(folder / "w.safetensors")
        data = [(folder / "w.safetensors").read_bytes()]
        damage = mutations.damage_bytes
        read = graph.load_weights
        found.append(
            Target("load_weights .safetensors", ".safetensors", data, damage, read)
        )
    editor = getattr(keras.saving, "KerasFileEditor", None)
    if editor is not None:
        graph.save_weights(folder / "e.weights.h5")
        data = [mutations.unsealed((folder / "e.weights.h5").read_bytes())]
        found.append(Target("KerasFileEditor", ".weights.h5", data, h5, _edit(editor)))
    return found


def _edit(editor):
    def read(path):
        with contextlib.redirect_stdout(io.StringIO()):
            editor(path).summary()

    return read


def _damage_weights(trap):
    """Leave the config alone, spoil the weights of a `.keras` file."""

    def damage(data, rng):
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if name.endswith(".h5"):
                    content = mutations.damage_h5(content, rng, trap)
                new.writestr(name, content)
        return out.getvalue()

    return damage


def _damage_old(h5):
    """Spoil the config that an old file keeps in an attribute, or the file."""
    import h5py

    def damage(data, rng):
        if rng.random() < 0.6:
            return h5(data, rng)
        file = io.BytesIO(data)
        with h5py.File(file, "r+") as opened:
            key = rng.choice(["model_config", "model_config", "training_config"])
            if key in opened.attrs:
                text = opened.attrs[key]
                text = text if isinstance(text, str) else text.decode()
                spoilt = mutations.damage_text(text, rng).replace("\0", "")
                opened.attrs[key] = spoilt.encode("utf-8", "replace")
        return file.getvalue()

    return damage


def _archives() -> list[Target]:
    tars = []
    for mode in ("w", "w:gz"):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=mode) as tar:
            for name in ("a.txt", "b/c.txt", "b/d/e.txt"):
                info = tarfile.TarInfo(name)
                info.size = 600
                tar.addfile(info, io.BytesIO(bytes(600)))
        tars.append(out.getvalue())
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as out:
        for name in ("a.txt", "b/c.txt"):
            out.writestr(name, bytes(600))
    arrays = io.BytesIO()
    np.savez(arrays, x=np.arange(9.0), y=np.array([[1, 2], [3]], dtype=object))
    values = {"a": [1, 2.5, "x"], b"b": b"y", "c": None}
    pickles = [pickle.dumps(values, protocol) for protocol in (2, 4)]

    def unpack(path):
        extract_archive(path, path.parent / "unpacked")

    def unpickle(path):
        with open(path, "rb") as stream:
            read_pickle(stream)

    return [
        Target("extract tar", ".tar", tars, _damage_tar, unpack),
        Target(
            "extract zip", ".zip", [zipped.getvalue()], mutations.damage_zip, unpack
        ),
        Target("read_npz", ".npz", [arrays.getvalue()], mutations.damage_zip, read_npz),
        Target("read_pickle", ".pkl", pickles, mutations.damage_bytes, unpickle),
    ]


def _damage_tar(data, rng):
    if rng.random() < 0.5:
        return mutations.damage_bytes(data, rng)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in (
            "a",
            "b/c",
            rng.choice(["../x", "/tmp/x", "b", "a/b", "b/../../x"]),
        ):
            info = tarfile.TarInfo(name)
            info.type = rng.choice(
                [b"0", b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7"]
            )
            info.linkname = rng.choice(["/etc/passwd", "..", "a", "/tmp"])
            info.size = 10 if info.type == b"0" else 0
            tar.addfile(info, io.BytesIO(bytes(10)))
    return out.getvalue()
