"""One test for each weakness of Keras that became known, with a file that uses it.

Every test makes the hostile file, opens it in every way there is for it, and shows that
nothing of the attacker's ran, was read or was written, and that the error says why. The
backend plays no part in this, so JAX stands for all.
"""

# ruff: noqa: B023 - what is made in a loop is called in it

import io
import os
import pickle
import sys
import tarfile
import zipfile

import h5py
import hostile
import numpy as np
import pytest
from hostile import entry, model_file, refused, weights_file, with_layer

import keras
from keras import layers
from keras.core.config import limits
from keras.saving import KerasFileEditor, load_model
from keras.utils.file_utils import extract_archive


@pytest.fixture(autouse=True)
def jax():
    with keras.config.backend_scope("jax"):
        yield


def no_harm(folder):
    """Whether the attacker's code did not run."""
    return not (folder / "harm").exists()


def test_cve_2021_37678_yaml(tmp_path):
    """Models came from YAML, whose tags build any object. There is no YAML here."""
    text = f"!!python/object/apply:os.system ['touch {tmp_path / 'harm'}']"
    assert not hasattr(keras.models, "model_from_yaml")
    assert not hasattr(keras.Model, "to_yaml")
    refused(lambda: keras.models.model_from_json(text), "cannot be read", ["harm"])
    assert no_harm(tmp_path) and "yaml" not in {m.partition(".")[0] for m in ours()}


def ours():
    """What the modules of this package import by name, somewhere."""
    import pathlib

    text = "".join(
        p.read_text() for p in pathlib.Path(keras.__file__).parent.rglob("*.py")
    )
    words = [line.split() for line in text.splitlines()]
    return {w[1] for w in words if len(w) > 1 and w[0] in ("import", "from")}


def test_cve_2024_3660_lambda_code(tmp_path):
    """A Lambda layer's function was bytecode in the file, run when it was loaded."""
    code = hostile.lambda_code(tmp_path)
    layer = entry("Lambda", {"name": "x", "function": code})
    path = model_file(tmp_path, with_layer(layer))
    for safe_mode in (True, False, None):
        refused(lambda s=safe_mode: load_model(path, safe_mode=s), "lambda", ["harm"])
    deep = entry("Dense", {"units": 2, "kernel_initializer": code})
    refused(lambda: load_model(model_file(tmp_path, with_layer(deep))), "lambda")
    assert no_harm(tmp_path)


def tar_file(path, *members, mode="w"):
    """A tar archive of (name, type, link's target)."""
    with tarfile.open(path, mode) as tar:
        for name, kind, target in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            info.size = 5 if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(b"owned"))
    return path


def get_file(path, **options):
    return keras.utils.get_file(
        "data",
        origin=path.as_uri(),
        extract=True,
        cache_dir=path.parent / "cache",
        **options,
    )


def outside(folder):
    """What lies beside the cache folder."""
    return sorted(p.name for p in folder.iterdir() if p.name != "cache")


@pytest.mark.parametrize(
    "name", ["../../evil", "/tmp/keras-evil", "a/../../../evil", "..\\..\\evil", "C:/x"]
)
def test_cve_2024_55459_tar_members_lead_out(tmp_path, name):
    """`get_file` unpacked members whose names lead out of the folder."""
    path = tar_file(tmp_path / "a.tar", (name, tarfile.REGTYPE, ""))
    refused(lambda: get_file(path), "refused")
    assert outside(tmp_path) == ["a.tar"]
    assert not os.path.exists("/tmp/keras-evil")


def test_cve_2025_1550_modules_named_in_a_config(tmp_path, monkeypatch):
    """A config named a module and a function in it, and Keras called that."""
    (tmp_path / "attackers_module.py").write_text(
        f"open({str(tmp_path / 'harm')!r}, 'w')"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for module, name in (
        ("attackers_module", "Layer"),
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("keras.src.utils.file_utils", "get_file"),
    ):
        for layer in (
            entry(name, {"name": "x"}, module),
            entry(name, {"name": "x"}, module, f"{module}>{name}"),
            entry("function", name, module, "function"),
            entry("Dense", {"units": 2, "activation": entry("function", name, module)}),
            entry("Dense", {"units": 2, "kernel_regularizer": entry(name, {}, module)}),
        ):
            path = model_file(tmp_path, with_layer(layer))
            refused(
                lambda p=path: load_model(p), "Unknown|config", ["attackers_module"]
            )
            refused(lambda c=layer: layers.deserialize(c), "", ["attackers_module"])
    assert no_harm(tmp_path) and "attackers_module" not in sys.modules


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.utils", "get_file"),
        ("keras.saving", "load_model"),
        ("keras.models", "load_model"),
        ("keras.models", "model_from_json"),
        ("keras", "config.enable_unsafe_deserialization"),
        ("keras.utils", "set_random_seed"),
        ("keras.losses", "deserialize"),
        ("keras.layers", "deserialize"),
        ("keras.initializers", "get"),
    ],
)
def test_cve_2025_8747_gadgets_in_keras_itself(tmp_path, module, name):
    """Functions of Keras itself (`get_file`) were called with the file's arguments."""
    path = tmp_path / "secret"
    path.write_text("secret")
    arguments = {"fname": "harm", "origin": path.as_uri(), "cache_dir": str(tmp_path)}
    for layer in (
        entry(name, arguments, module),
        entry("function", name, module, "function"),
        entry(
            "Lambda",
            {"function": entry("function", name, "builtins"), "arguments": arguments},
        ),
    ):
        hostile_file = model_file(tmp_path, with_layer(layer))
        refused(lambda: load_model(hostile_file), "Unknown", ["secret"])
    with limits.reading():
        refused(lambda: keras.utils.get_file(origin=path.as_uri()), "path", ["secret"])


def old_file(path, layer):
    """A legacy `.h5` file with that layer, as Keras 2 and 3 write it."""
    import json

    first = {"class_name": "InputLayer", "config": {"batch_shape": [None, 3]}}
    config = {"name": "s", "layers": [first, layer]}
    with h5py.File(path, "w") as file:
        text = json.dumps({"class_name": "Sequential", "config": config})
        file.attrs["model_config"] = text
        file.attrs["keras_version"] = "2.15.0"
        file.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
    return path


def test_cve_2025_9905_old_files_ignored_safe_mode(tmp_path):
    """Lambdas in `.h5` files ran whatever `safe_mode` said."""
    code = hostile.lambda_code(tmp_path)["config"]["code"]
    for function in (
        [code, None, None],
        hostile.lambda_code(tmp_path),
        {"class_name": "__tuple__", "items": [code, None, None]},
    ):
        config = {"name": "x", "function": function, "function_type": "lambda"}
        path = old_file(tmp_path / "m.h5", {"class_name": "Lambda", "config": config})
        for safe_mode in (True, False):
            refused(
                lambda s=safe_mode: load_model(path, safe_mode=s),
                "lambda|code",
                ["harm"],
            )
    assert no_harm(tmp_path)


def test_cve_2025_9906_a_config_that_lifts_its_own_guard(tmp_path):
    """A config called `enable_unsafe_deserialization`, then gave a lambda."""
    code = hostile.lambda_code(tmp_path)

    def spoil(config):
        switch = "enable_unsafe_deserialization"
        config["config"]["layers"] = [
            config["config"]["layers"][0],
            entry("function", switch, "keras.config", "function"),
            entry(switch, {}, "keras.config"),
            entry("Lambda", {"function": code, "safe_mode": False}),
        ]
        config["safe_mode"] = False

    refused(lambda: load_model(model_file(tmp_path, spoil)), "Unknown", ["harm"])
    # Nor does the program's own call change what a file may do.
    with pytest.raises(RuntimeError, match="load_trusted_model"):
        keras.config.enable_unsafe_deserialization()
    lambda_layer = entry("Lambda", {"function": code})
    refused(lambda: layers.deserialize(lambda_layer), "lambda", ["harm"])
    assert no_harm(tmp_path)


def test_cve_2025_12058_vocabularies_named_by_path(tmp_path):
    """`StringLookup(vocabulary="/etc/passwd" or a URL)` in a config read that file."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    for place in (str(secret), secret.as_uri(), "http://127.0.0.1:9/secret.txt"):
        for name in ("StringLookup", "IntegerLookup", "TextVectorization"):
            layer = entry(name, {"vocabulary": place, "name": "x"})
            refused(
                lambda c=layer: layers.deserialize(c), "Unknown|path", ["secret.txt"]
            )
            path = model_file(tmp_path, with_layer(layer))
            refused(lambda: load_model(path), "Unknown|path", ["secret.txt"])
    with limits.reading():  # the rule that every layer with a path asks
        refused(lambda: limits.refuse_path("StringLookup", secret), "No file or net")


LINKS = [
    [("a", tarfile.SYMTYPE, "/etc"), ("a/evil", tarfile.REGTYPE, "")],
    [("a", tarfile.SYMTYPE, ".."), ("a/evil", tarfile.REGTYPE, "")],
    [("a", tarfile.LNKTYPE, "/etc/passwd")],
    [("a", tarfile.SYMTYPE, "/etc/passwd")],
    [("a", tarfile.CHRTYPE, "")],
    [("a", tarfile.FIFOTYPE, "")],
]


@pytest.mark.parametrize("members", LINKS, ids=lambda m: f"{len(m)}-{m[0][1]!r}")
def test_cve_2025_12060_links_in_tar_files(tmp_path, members):
    """Symbolic links in an archive led later members out of the folder."""
    path = tar_file(tmp_path / "a.tar", *members)
    refused(lambda: get_file(path), "plain files")
    assert outside(tmp_path) == ["a.tar"]


def test_cve_2025_12638_paths_too_long_to_be_resolved(tmp_path):
    """Links nested beyond PATH_MAX made Python's own filter let a way out pass."""
    part, members, here = "d" * 247, [], ""
    for letter in "abcdefghijklmnop":
        members.append((f"{here}{part}", tarfile.DIRTYPE, ""))
        members.append((f"{here}{letter}", tarfile.SYMTYPE, part))
        here += f"{letter}/"
    members.append((f"{here}{'l' * 254}", tarfile.SYMTYPE, "../" * 16))
    members.append(("escape", tarfile.SYMTYPE, f"{here}{'l' * 254}/../../evil"))
    members.append(("escape/evil", tarfile.REGTYPE, ""))
    path = tar_file(tmp_path / "a.tar.gz", *members, mode="w:gz")
    refused(lambda: get_file(path), "plain files")
    assert outside(tmp_path) == ["a.tar.gz"]


class Harm:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_cve_2025_49655_pickled_torch_modules(tmp_path):
    """`TorchModuleWrapper` unpickled the module that its config holds."""
    text = pickle.dumps(Harm(tmp_path / "harm")).decode("latin1")
    for module in (text, {"class_name": "__bytes__", "config": {"value": text}}):
        layer = entry("TorchModuleWrapper", {"module": module, "name": "x"})
        path = model_file(tmp_path, with_layer(layer))
        for read in (
            lambda: load_model(path),
            lambda: load_model(path, safe_mode=False),
            lambda: layers.deserialize(layer),
        ):
            with keras.config.backend_scope("torch"):
                refused(read, "Unknown|pickle|code", ["harm"])
        cls = layers.TorchModuleWrapper  # CVE-2026-12484: its own from_config
        with keras.config.backend_scope("torch"):
            refused(lambda: cls.from_config(layer["config"]), "pickle|code", ["harm"])
    assert no_harm(tmp_path)


def shape_bomb(file):
    del file["layers/dense/vars/0"]
    file.create_dataset("layers/dense/vars/0", (1 << 24, 1 << 24), "f8")


def test_cve_2026_0897_shape_bomb(tmp_path):
    """A dataset of petabytes that the file does not hold was allocated."""
    path = weights_file(tmp_path, shape_bomb)
    for read in (
        lambda: hostile.model().load_weights(path),
        lambda: hostile.model().load_weights(path, skip_mismatch=True),
        lambda: KerasFileEditor(path),
    ):
        refused(read, "does not hold")


def test_cve_2026_12570_shape_bomb_in_a_model(tmp_path):
    """The same through `load_model`, where the fix had been left out."""
    path = model_file(tmp_path, spoil_weights=shape_bomb)
    refused(lambda: load_model(path), "does not hold")
    refused(lambda: KerasFileEditor(path), "does not hold")


def test_cve_2026_1462_saved_models_named_by_path(tmp_path):
    """`TFSMLayer` loaded the SavedModel that a config names, and ran its graph."""
    (tmp_path / "evil" / "variables").mkdir(parents=True)
    (tmp_path / "evil" / "saved_model.pb").write_bytes(b"\x08\x01")
    layer = entry("TFSMLayer", {"filepath": str(tmp_path / "evil"), "name": "x"})
    path = model_file(tmp_path, with_layer(layer))
    for read in (
        lambda: load_model(path),
        lambda: load_model(path, safe_mode=False),
        lambda: layers.deserialize(layer),
    ):
        refused(read, "Unknown|path", ["saved_model.pb", "evil/"])


def test_cve_2026_1669_external_storage(tmp_path):
    """A dataset whose bytes are in another file read that file into the weights."""
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(64))

    def spoil(file):
        for key, shape in (("0", (3, 2)), ("1", (2,))):
            del file[f"layers/dense/vars/{key}"]
            file.create_dataset(
                f"layers/dense/vars/{key}", shape, "f4", external=[(secret, 0, 24)]
            )

    def link(file):  # CVE-2026-9335: links to other files
        del file["layers/dense"]
        file["layers/dense"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/")

    model_file(tmp_path, name="secret.h5")
    all_ways(tmp_path, spoil, "outside")
    all_ways(tmp_path, link, "ExternalLink")


def all_ways(folder, spoil, reason):
    """Weights are read in three ways: all refuse what HDF5 can do besides arrays."""
    weights = weights_file(folder, spoil)
    whole = model_file(folder, spoil_weights=spoil)
    for read in (
        lambda: hostile.model().load_weights(weights),
        lambda: hostile.model().load_weights(whole, skip_mismatch=True),
        lambda: load_model(whole),
        lambda: KerasFileEditor(weights),
        lambda: KerasFileEditor(whole),
    ):
        refused(read, reason)


def test_cve_2026_12480_virtual_datasets(tmp_path):
    """A virtual dataset, made of another file's, passed the check for external ones."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.ones((3, 2), "f4")

    def spoil(file):
        del file["layers/dense/vars/0"]
        layout = h5py.VirtualLayout((3, 2), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "x", (3, 2))
        file.create_virtual_dataset("layers/dense/vars/0", layout)

    all_ways(tmp_path, spoil, "outside")


@pytest.mark.parametrize("name", ["..", "../../evil", "/tmp/keras-evil", "a/../../b"])
def test_cve_2026_12479_layer_names_as_folders(tmp_path, name):
    """A layer's assets lay in a folder of its name, also when that was `..`."""

    def spoil(config):
        config["config"]["layers"][-1]["config"]["name"] = name

    class Keeper(layers.Dense):
        def save_assets(self, folder):
            open(os.path.join(folder, "kept"), "w").close()

        def load_assets(self, folder):
            assert os.listdir(folder) == ["kept"]

    folder = tmp_path / "inner" / "most"
    folder.mkdir(parents=True)
    try:  # whether such a name is taken or not: it leads nowhere
        made = keras.Sequential([keras.Input((3,)), Keeper(2, name=name)])
    except ValueError:
        pass
    else:
        made.save(folder / "m.keras")
        with zipfile.ZipFile(folder / "m.keras") as archive:
            assets = [n for n in archive.namelist() if n.startswith("assets/")]
        assert assets == ["assets/layers/keeper/kept"]
        load_model(folder / "m.keras", custom_objects={"Keeper": Keeper})
    path = model_file(folder, spoil)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"assets/layers/{name}/evil", "x")
    before = sorted(os.listdir(tmp_path))
    with hostile.watched() as events:
        try:
            load_model(path)
        except ValueError as error:
            assert "leaves" in str(error) or "name" in str(error)
    written = [a for e, a in events if e == "open" and "evil" in a[0]]
    assert not written and sorted(os.listdir(tmp_path)) == before
    assert not os.path.exists("/tmp/keras-evil")


def test_cve_2026_12481_unset_safe_mode(tmp_path):
    """Outside of `load_model` the mode was unset, and unset was taken for unsafe."""
    config = {"name": "x", "function": hostile.lambda_code(tmp_path)}
    layer = entry("Lambda", config)
    honest = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    whole = honest.get_config()
    whole["layers"].append(layer)
    import json

    text = json.dumps({**entry("Sequential", whole, "keras")})

    class Spoilt(layers.Dense):
        def get_config(self):
            return {**super().get_config(), "kernel_initializer": config["function"]}

    spoilt = keras.Sequential([keras.Input((3,)), Spoilt(2)])
    wrapped = entry("TimeDistributed", {"layer": layer})
    reads = [
        lambda: layers.Lambda.from_config(config),
        lambda: layers.deserialize(layer),
        lambda: keras.Sequential.from_config(whole),
        lambda: keras.models.model_from_json(text),
        lambda: keras.models.clone_model(spoilt),
        lambda: layers.Dense.from_config({"units": 1, "activation": layer}),
        lambda: layers.deserialize(wrapped),
        lambda: keras.saving.deserialize_keras_object(layer),
        lambda: keras.saving.deserialize_keras_object(layer, safe_mode=False),
        lambda: keras.saving.deserialize_keras_object(layer, safe_mode=None),
    ]
    families = (keras.optimizers, keras.losses, keras.metrics, keras.initializers)
    families += (keras.regularizers, keras.constraints, keras.activations)
    for family in families:
        reads.append(lambda f=family: f.deserialize(config["function"]))
        reads.append(lambda f=family: f.get(config["function"]))
    for read in reads:
        refused(read, "lambda|config", ["harm"])
    assert no_harm(tmp_path)


def test_ghsa_hqp4_2352_xf5r_checked_against_the_working_folder(tmp_path, monkeypatch):
    """Members were compared with the working folder: at `/`, nothing leads out."""
    monkeypatch.chdir("/")
    target = tmp_path / "in" / "target"
    target.parent.mkdir()
    name = str(tmp_path / "evil")[1:]  # inside of `/`, and outside of the target
    for member in (f"/{name}", "../evil", f"{'../' * 40}{name}"):
        tar = tar_file(tmp_path / "a.tar", (member, tarfile.REGTYPE, ""))
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(member, "owned")
        refused(lambda: extract_archive(tar, target), "refused")
        refused(lambda: extract_archive(tmp_path / "a.zip", target), "refused")
    assert sorted(os.listdir(tmp_path)) == ["a.tar", "a.zip", "in"]
    assert os.listdir(tmp_path / "in") == []
    tar = tar_file(tmp_path / "a.tar", (name, tarfile.REGTYPE, ""))
    assert extract_archive(tar, target) and (target / name).read_text() == "owned"
