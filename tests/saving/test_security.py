# ruff: noqa: B023 - what is made in a loop is called in it

"""What holds by construction: for every class, every entry, every kind of bomb."""

import inspect
import io
import json
import tarfile
import threading
import time
import zipfile

import h5py
import hostile
import numpy as np
import pytest
from hostile import entry, model_file, refused, weights_file, with_layer

import keras
from keras import layers
from keras.core.config import limits, registry, serialization
from keras.datasets.stored import read_npz
from keras.saving import load_model
from keras.utils.file_utils import extract_archive


@pytest.fixture(autouse=True)
def jax():
    with keras.config.backend_scope("jax"):
        yield


def public_classes():
    """Every class that a config may name."""
    found = {}
    for namespace in registry.BUILTIN_NAMESPACES:
        module = __import__(namespace, fromlist=["x"])
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) and hasattr(value, "from_config"):
                found[value.__name__] = value
    return found


# No file or address that a config names is opened


@pytest.mark.parametrize("name", sorted(public_classes()))
def test_no_argument_of_any_class_opens_a_path(name, tmp_path):
    """Each argument in turn is a path or a URL: nothing opens it."""
    cls = public_classes()[name]
    secret = tmp_path / "c4nary-7f.txt"
    secret.write_text("x")
    parameters = [
        parameter
        for base in cls.__mro__
        if "__init__" in vars(base)
        for parameter in inspect.signature(vars(base)["__init__"]).parameters
    ]
    for path in (str(secret), secret.as_uri(), "http://127.0.0.1:9/c4nary-7f"):
        for parameter in {*parameters, "path", "filepath"} - {"self"}:
            for value in (path, [path], {"class_name": path, "config": {}}):
                data = {"units": 1, "name": "x", parameter: value}
                data = {k: v for k, v in data.items() if k in (*parameters, parameter)}
                with hostile.watched() as events:
                    try:
                        serialization.deserialize_keras_object(
                            entry(cls.__name__, data, serialization.public_module(cls))
                        )
                    except Exception:
                        pass  # what is raised is looked at elsewhere
                assert not [e for e in events if any("c4nary-7f" in a for a in e[1])]


def test_only_mathematics_is_found_by_a_functions_name():
    for name in ("get_file", "load_model", "deserialize", "get", "serialize", "open"):
        with pytest.raises(TypeError, match="Unknown function"):
            serialization.find_function(name)
    assert serialization.find_function("relu") is keras.activations.relu


def test_the_table_of_classes_is_fixed():
    """What a program sets on a public module does not become loadable by that."""
    keras.layers.Planted = keras.layers.Dense
    try:
        with pytest.raises(TypeError, match="Unknown class"):
            layers.deserialize(entry("Planted", {"units": 1}))
    finally:
        del keras.layers.Planted
    with pytest.raises(TypeError, match="Unknown class"):
        layers.deserialize(entry("Dense", {"units": 1}, "other.package"))


def test_ops_that_call_functions_are_in_no_config():
    x = keras.Input((3,), name="x")
    config = keras.Model(x, keras.ops.relu(x)).get_config()
    for name in ("WhileLoop", "Scan", "Map", "VectorizedMap", "ForiLoop"):
        config["layers"][1]["class_name"] = name
        refused(lambda: keras.Model.from_config(config), f"unknown op '{name}'")


def test_a_call_without_symbolic_inputs_is_not_made():
    """It would run at once, on values and sizes of the attacker's choice."""
    x = keras.Input((3,), name="x")
    config = keras.Model(x, keras.ops.repeat(x, 2, axis=-1)).get_config()
    config["layers"][1]["inbound_nodes"][0]["args"] = [[1.0]]
    config["layers"][1]["config"]["repeats"] = 10**12
    refused(lambda: keras.Model.from_config(config), "on no tensor of its graph")


# Sizes are looked at before anything is made

HUGE = [
    entry("Dense", {"units": 10**12, "name": "x"}),
    entry("Dense", {"units": 10**30, "name": "x"}),
    entry("Embedding", {"input_dim": 10**9, "output_dim": 10**9, "name": "x"}),
    entry("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 10**12}),
    entry("Dense", {"units": 10**8, "name": "x", "kernel_initializer": "orthogonal"}),
]


@pytest.mark.parametrize("layer", HUGE, ids=range(len(HUGE)))
def test_a_config_may_not_ask_for_more_than_its_weights(tmp_path, layer):
    path = model_file(tmp_path, with_layer(layer))
    start = time.perf_counter()
    refused(lambda: load_model(path), "asks for an array|than 64 bits")
    assert time.perf_counter() - start < 5


def test_many_small_weights_add_up(tmp_path):
    """Each is under the limit, all together are not."""

    def spoil(config):
        first, _ = config["config"]["layers"]
        dense = [entry("Dense", {"units": 2000, "name": f"d{i}"}) for i in range(50)]
        config["config"]["layers"] = [first, *dense]

    path = model_file(tmp_path, spoil)
    error = refused(lambda: load_model(path), "asks for an array")
    assert "m.keras" in str(error) and "/kernel" in str(error)


def test_build_configs_are_counted_too(tmp_path):
    layer = entry("Dense", {"units": 10**6, "name": "x"})
    layer["build_config"] = {"input_shape": [None, 10**6]}
    refused(lambda: load_model(model_file(tmp_path, with_layer(layer))), "asks for")
    refused(lambda: layers.deserialize(layer), "half of the machine's memory")


def test_honest_models_have_room(tmp_path):
    """An optimizer that was not saved, and metrics, come on top of the weights."""
    model = keras.Sequential([keras.Input((1000,)), layers.Dense(9000)])
    model.compile("adam", "mse", metrics=[keras.metrics.MeanIoU(1000)])
    model.save(tmp_path / "m.keras", include_optimizer=True)
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert sum(i.file_size for i in archive.infolist()) < 40e6
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.optimizer.built  # two slots of 36 MB each


@pytest.mark.parametrize(
    "metric",
    [
        entry("MeanIoU", {"num_classes": 2**31 - 1}, "keras.metrics"),
        entry("AUC", {"num_thresholds": 2**31 - 1}, "keras.metrics"),
    ],
    ids=["MeanIoU", "AUC"],
)
def test_lists_made_in_constructors(metric):
    refused(lambda: keras.metrics.deserialize(metric), "at most 10000")


@pytest.mark.parametrize("kind", ["Average", "Max"])
def test_matrices_for_adaptive_pooling(kind):
    pool = {"output_size": 10**11, "data_format": "channels_last", "name": "x"}
    config = {
        "layers": [
            entry("InputLayer", {"batch_shape": [1, 6, 2], "name": "i"}),
            entry(f"Adaptive{kind}Pooling1D", pool),
        ]
    }
    with keras.config.backend_scope("jax"):  # which has no kernel for it
        refused(lambda: keras.Sequential.from_config(config), "asks for an array")


def test_loops_written_out():
    """A sequence of a billion steps, each a node of its own."""
    if not hasattr(layers, "LSTM"):
        pytest.fail("keras.layers has no LSTM")
    config = {
        "layers": [
            entry("InputLayer", {"batch_shape": [1, 10**9, 1], "name": "i"}),
            entry("LSTM", {"units": 1, "unroll": True, "name": "x"}),
        ]
    }
    refused(lambda: keras.Sequential.from_config(config), "at most 10000")


def test_models_in_models_do_not_explode():
    """Twelve models, each calling the one inside ten times: a trillion calls."""
    inner = keras.Sequential([keras.Input((1,)), layers.Activation("relu")], name="m")
    config = keras.saving.serialize_keras_object(inner)
    for _ in range(12):
        x = ["x", 0, 0]
        spec = {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, 1], "dtype": "float32"},
        }
        nodes = []
        for number in range(10):
            place = x if not number else ["m", number - 1, 0]
            tensor = {**spec, "config": {**spec["config"], "keras_history": place}}
            nodes.append({"args": [tensor], "kwargs": {}})
        config = entry(
            "Functional",
            {
                "name": "m",
                "layers": [
                    entry("InputLayer", {"batch_shape": [None, 1], "name": "x"})
                    | {"name": "x", "inbound_nodes": []},
                    {**config, "name": "m", "inbound_nodes": nodes},
                ],
                "input_layers": ["x", 0, 0],
                "output_layers": ["m", 10, 0],
            },
            "keras.src.models.functional",
        )
    start = time.perf_counter()
    refused(
        lambda: keras.saving.deserialize_keras_object(config),
        f"more than {limits.MAX_CALLS}|nested|no tensor",
    )
    assert time.perf_counter() - start < 60


def chain(count, order):
    """The config of a functional model of that many activations, listed in order."""
    spec = {"shape": [None, 1], "dtype": "float32"}
    entries = [
        entry("InputLayer", {"batch_shape": [None, 1], "name": "n0"})
        | {"name": "n0", "inbound_nodes": []}
    ]
    for i in range(1, count):
        tensor = {
            "class_name": "__keras_tensor__",
            "config": {**spec, "keras_history": [f"n{i - 1}", 0, 0]},
        }
        made = entry("Identity", {"name": f"n{i}"}) | {"name": f"n{i}"}
        entries.append({**made, "inbound_nodes": [{"args": [tensor], "kwargs": {}}]})
    return {
        "name": "m",
        "layers": entries[::order],
        "input_layers": ["n0", 0, 0],
        "output_layers": [f"n{count - 1}", 0, 0],
    }


def test_graphs_are_built_in_linear_time():
    """Also when each layer stands before the one it needs."""
    took = {}
    keras.Model.from_config(chain(50, -1))
    for count in (400, 1600):
        start = time.perf_counter()
        model = keras.Model.from_config(chain(count, -1))
        took[count] = time.perf_counter() - start
        assert len(model.layers) == count
    assert took[1600] < 12 * took[400]  # 4 where linear, 16 where quadratic


def test_graphs_with_cycles():
    config = chain(4, 1)
    node = config["layers"][1]["inbound_nodes"][0]
    node["args"][0]["config"]["keras_history"] = ["n3", 0, 0]
    refused(lambda: keras.Model.from_config(config), "cannot be built.*n1")


# JSON


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200_000, "too deep|cannot be read"),
        ("[" * 150 + "]" * 150, "more than 100 levels"),
        ('{"a": 1, "a": 2}', "'a' is there twice"),
        ("9" * 5000, "more than 64 bits"),
        (str(2**64), "more than 64 bits"),
        ("[" + "0," * 2_100_000 + "0]", "at most 2000000"),
        ('"' + "x" * (65 << 20) + '"', "bytes; at most"),
        ("\ufeff{}", "cannot be read"),
    ],
    ids=["deep", "deepish", "twice", "digits", "bits", "many", "long", "mark"],
)
def test_json_has_limits(text, reason):
    refused(lambda: keras.models.model_from_json(text), reason)
    refused(lambda: limits.parse_json(text.encode(), "it"), reason)


def test_the_key_that_is_there_twice_is_found_at_once():
    """It took 30 s for a file of 500 kB, the square of its keys."""
    keys = [*range(40_000), 39_999]
    text = "{" + ",".join(f'"{key}": 0' for key in keys) + "}"
    start = time.perf_counter()
    refused(lambda: keras.models.model_from_json(text), "'39999' is there twice")
    assert time.perf_counter() - start < 10


def test_infinity_is_a_number():
    """Keras writes it so; a constructor that cannot use it says so."""
    assert limits.parse_json("[Infinity, NaN, 1e999]", "it")[0] == float("inf")
    refused(
        lambda: layers.deserialize(entry("Dense", {"units": float("inf")})), "units"
    )


def test_long_names_are_not_compared():
    start = time.perf_counter()
    refused(lambda: layers.deserialize(entry("x" * 10**6, {})), "characters")
    refused(lambda: keras.activations.get("x" * 10**6), "Unknown")
    assert time.perf_counter() - start < 1


# HDF5 and zip


def test_very_many_missing_weights_are_told_in_time(tmp_path):
    """Near matches are looked for among few names only."""

    def spoil(file):
        group = file["layers/dense/vars"]
        for i in range(1500):
            group[f"x{i}"] = np.zeros(1, "f4")

    model = keras.Sequential([keras.Input((1,)), *(layers.Dense(1) for _ in range(40))])
    path = weights_file(tmp_path, spoil)
    start = time.perf_counter()
    refused(lambda: model.load_weights(path), "and 58 more")
    assert time.perf_counter() - start < 20


def test_groups_that_hold_themselves(tmp_path):
    def spoil(file):
        for name in "abc":
            file[f"layers/{name}"] = file["/"]

    path = weights_file(tmp_path, spoil)
    start = time.perf_counter()
    refused(lambda: hostile.model().load_weights(path), "second name")
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("value", [b"x" * 5000, ["a"] * 3000, 1.0, [1.0, 2.0]])
def test_attributes_are_short_texts(tmp_path, value):
    def spoil(file):
        vars_ = file["layers/dense/vars"]
        del vars_["0"]
        vars_.create_dataset("0", (3, 2), "V2").attrs["dtype"] = value

    path = weights_file(tmp_path, spoil)
    refused(lambda: hostile.model().load_weights(path), "attribute|only numbers")


@pytest.mark.parametrize("name", ["keras_version", "model_config"])
def test_texts_longer_than_their_file(tmp_path, name):
    """HDF5 takes the memory for a text before it looks whether the file has it."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "3.15.1"
        file.attrs["model_config"] = "{}"
    data = bytearray(path.read_bytes())
    place = data.index(name.encode() + b"\0")
    sizes = [
        int.from_bytes(data[place - n : place - n + 2], "little") for n in (6, 4, 2)
    ]
    place += sum((size + 7) // 8 * 8 for size in sizes)
    assert int.from_bytes(data[place : place + 4], "little") in (6, 2)
    data[place : place + 4] = (900 << 20).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"'{name}' claims a text of 943718400 bytes"):
        keras.saving.load_model(path)


def test_a_member_of_an_npz_longer_than_its_file(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros(3))
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02") + 20
    data[place : place + 4] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ValueError, match="damaged, or cut short"):
        read_npz(path)


def test_a_config_of_a_million_steps(monkeypatch):
    """What PyTorch splits into steps for a loop, it did not need to find the shape."""
    torch = pytest.importorskip("torch", reason="its tensors are split")
    unbind = torch.Tensor.unbind

    def watched(x, dim=0):
        assert x.shape[dim] < 1000
        return unbind(x, dim)

    monkeypatch.setattr(torch.Tensor, "unbind", watched)
    with keras.config.backend_scope("torch"):
        assert layers.LSTM(2)(keras.Input((1_000_000, 4))).shape == (None, 2)


def test_heaps_without_end(tmp_path):
    """HDF5 1.14 steps through a heap by its objects' sizes, for ever where one is 0."""
    for size in (0, 2**64 - 16):

        def spoil(file):
            file.attrs["model_config"] = "{}"

        path = weights_file(tmp_path, spoil)
        data = bytearray(path.read_bytes())
        at = data.index(b"GCOL\x01")
        number = 0 if size == 0 else 1
        data[at + 16 : at + 18] = number.to_bytes(2, "little")
        data[at + 24 : at + 32] = size.to_bytes(8, "little")
        path.write_bytes(data)
        refused(lambda: hostile.model().load_weights(path), "no end")
        path.rename(tmp_path / "m.h5")
        refused(lambda: load_model(tmp_path / "m.h5"), "no end")


def test_members_that_share_their_bytes(tmp_path):
    """A zip of a few kB whose members are all the same bytes makes terabytes."""
    path = model_file(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        for i in range(3):
            archive.writestr(f"assets/{i}", bytes(50_000))
        first = archive.getinfo("assets/0").header_offset
        for info in archive.infolist():
            if info.filename.startswith("assets/"):
                info.header_offset = first
        archive._didModify = True
    refused(lambda: load_model(path), "shares its bytes")


def test_links_in_a_model_file(tmp_path):
    path = model_file(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("assets/link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    refused(lambda: load_model(path), "not a plain file")


def test_tar_bombs(tmp_path):
    """Sparse files, long headers, and more than an archive of that size may hold."""
    sparse = tmp_path / "sparse.tar"
    with tarfile.open(sparse, "w", format=tarfile.GNU_FORMAT) as tar:
        info = tarfile.TarInfo("a")
        info.type = tarfile.GNUTYPE_SPARSE
        tar.addfile(info)
    refused(lambda: extract_archive(sparse, tmp_path / "out"), "plain files|damaged")
    header = tmp_path / "header.tar"
    info = tarfile.TarInfo("a")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    header.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10240))
    assert not extract_archive(header, tmp_path / "out")  # not taken for a tar file
    many = tmp_path / "many.tar"
    info = tarfile.TarInfo("a")
    info.size = 1 << 40
    many.write_bytes(info.tobuf() + bytes(10240))
    refused(lambda: extract_archive(many, tmp_path / "out"), "at most|damaged")
    assert not (tmp_path / "out").exists()


def test_datasets_are_read_without_pickle(tmp_path):
    target = tmp_path / "harm"

    class Harm:
        def __reduce__(self):
            return open, (str(target), "w")

    np.savez(tmp_path / "a.npz", x=np.array([Harm()], dtype=object))
    refused(lambda: read_npz(tmp_path / "a.npz"), "not data", ["harm"], Exception)
    assert not target.exists()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
    )
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(80))
    refused(lambda: read_npz(tmp_path / "b.npz"), "in 80 bytes")


# The one call that trusts


@keras.saving.register_keras_serializable("tests_saving")
class Asks(layers.Layer):
    """Notes what holds while it is made."""

    seen: list = []

    def __init__(self, path=None, **kwargs):
        super().__init__(**kwargs)
        self.place = path
        if path is not None:
            limits.refuse_path("Asks", path)
        Asks.seen.append(limits.is_trusted())

    def call(self, inputs):
        return inputs


def test_only_one_call_trusts_a_file(tmp_path):
    code = {"class_name": "__lambda__", "config": lambda_config()}
    layer = entry("Lambda", {"name": "x", "function": code, "arguments": {}})
    path = model_file(tmp_path, lambda c: c["config"]["layers"].insert(1, layer))
    refused(lambda: load_model(path, safe_mode=False), "load_trusted_model")
    with pytest.warns(UserWarning, match="code in .*m.keras.* will be run"):
        model = keras.saving.load_trusted_model(path)
    x = np.ones((1, 3), "f4")
    np.testing.assert_allclose(model(x), model.layers[1](3 * x), rtol=1e-6)
    # Afterwards, and in another thread meanwhile, all is as before.
    refused(lambda: load_model(path), "lambda")
    assert not limits.is_open()


def lambda_config():
    """What Keras 3.15.1 writes for `lambda x: x * 2 + 1`, in this Python's bytecode."""
    import base64
    import marshal

    code = base64.b64encode(marshal.dumps((lambda x: x * 2 + 1).__code__)).decode()
    return {"code": code, "defaults": None, "closure": None}


def test_trust_does_not_leak_into_threads(tmp_path):
    found = []
    with limits.reading(trusted=True):
        thread = threading.Thread(target=lambda: found.append(limits.is_trusted()))
        thread.start()
        thread.join()
        assert limits.is_trusted()
    assert found == [False] and not limits.is_open()


def test_paths_are_for_programs_not_for_files(tmp_path):
    Asks.seen.clear()
    assert Asks("a/path", name="asks").place == "a/path"  # the program's own
    config = entry("Asks", {"path": "a/path"}, None, "tests_saving>Asks")
    refused(lambda: layers.deserialize(config), "No file or network address")
    refused(lambda: Asks.from_config({"path": "a/path"}), "names the path 'a/path'")
    with limits.reading(trusted=True):
        layers.deserialize(config)
    assert Asks.seen == [False, True]


def test_an_inner_reading_keeps_the_outer_limits():
    with limits.reading("outer", 1000) as outer:
        with limits.reading("inner", 10**12, trusted=True) as inner:
            assert inner is outer and not limits.is_trusted()
    with pytest.raises(ValueError, match="asks for"):
        with limits.reading("it", 1000):
            limits.charge((1 << 26,), 4, "x")


def test_registered_names_win_only_when_registered(tmp_path):
    """A class of the caller's is found by its name, in every reader."""

    class Mine(layers.Dense):
        pass

    made = keras.Sequential([keras.Input((2,)), Mine(1)])
    made.save(tmp_path / "m.keras")
    refused(lambda: load_model(tmp_path / "m.keras"), "Unknown class 'Mine'")
    loaded = load_model(tmp_path / "m.keras", custom_objects={"Mine": Mine})
    assert type(loaded.layers[0]) is Mine
    text = made.to_json()
    refused(lambda: keras.models.model_from_json(text), "Unknown class 'Mine'")
    assert json.loads(text)["config"]["layers"][1]["class_name"] == "Mine"


def test_h5_is_a_plain_tree(tmp_path):
    """All that h5py can put into a file and weights have no need of is listed here."""
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        file.create_dataset("x", (10,), "f4", chunks=(5,), fletcher32=True)
    refused(lambda: hostile.model().load_weights(tmp_path / "a.weights.h5"), "chunks")


def test_a_member_without_a_name(tmp_path):
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((2,)), layers.Dense(1)]).save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo("x"), b"")
        archive.filelist[-1].filename = ""
    refused(lambda: load_model(path), "does not belong")
