"""Hostile files, made as an attacker would, and a watch over what reading them does."""

import contextlib
import copy
import json
import os
import sys
import threading
import zipfile

import h5py
import pytest

import keras
from keras import layers

_watching = threading.local()
_heard = ("open", "import", "exec", "compile", "marshal", "pickle", "socket")
_heard += ("subprocess", "os.", "shutil.", "urllib", "ctypes")


def _hook(event, args):
    events = getattr(_watching, "events", None)
    if events is not None and event.startswith(_heard):
        _watching.events = None  # what the watch itself does is not heard
        events.append((event, tuple(map(str, args))))
        _watching.events = events


sys.addaudithook(_hook)


@contextlib.contextmanager
def watched():
    """The audit events of this thread inside a `with` block."""
    _watching.events = events = []
    try:
        yield events
    finally:
        _watching.events = None


def refused(read, reason, forbidden=(), errors=(ValueError, TypeError)):
    """`read()` raises a plain error that gives the reason, and does no harm before.

    Args:
        read: what opens the hostile file.
        reason: a pattern that the message has.
        forbidden: texts that no event may hold: the names of the attacker's modules,
            files and hosts.
        errors: the types that the error may have.
    """
    with watched() as events:
        with pytest.raises(errors, match=reason) as caught:
            read()
    for event, args in events:
        assert not event.startswith(("socket", "subprocess", "os.system", "pickle")), (
            event,
            args,
        )
        for text in forbidden:
            assert not any(text in arg for arg in args), (event, args)
    return caught.value


def model():
    """A small model to spoil."""
    return keras.Sequential([keras.Input((3,)), layers.Dense(2, name="dense")])


def model_file(folder, spoil=None, spoil_weights=None, name="m.keras"):
    """A `.keras` file whose config or weights were changed by functions."""
    honest = folder / "honest.keras"
    model().save(honest)
    with zipfile.ZipFile(honest) as archive:
        contents = {n: archive.read(n) for n in archive.namelist()}
    if spoil is not None:
        config = json.loads(contents["config.json"])
        contents["config.json"] = json.dumps(spoil(config) or config).encode()
    if spoil_weights is not None:
        path = folder / "spoilt.h5"
        path.write_bytes(contents["model.weights.h5"])
        with h5py.File(path, "r+") as file:
            spoil_weights(file)
        contents["model.weights.h5"] = path.read_bytes()
    with zipfile.ZipFile(folder / name, "w") as archive:
        for member, content in contents.items():
            archive.writestr(member, content)
    honest.unlink()
    return folder / name


def weights_file(folder, spoil, name="m.weights.h5"):
    """A `.weights.h5` file changed by a function."""
    path = folder / name
    model().save_weights(path)
    with h5py.File(path, "r+") as file:
        spoil(file)
    return path


def with_layer(layer):
    """What puts a layer's config in the place of the Dense of a model's."""

    def spoil(config):
        config["config"]["layers"][-1] = copy.deepcopy(layer)

    return spoil


def entry(class_name, config, module="keras.layers", registered=None):
    """A serialised object."""
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered,
    }


def lambda_code(folder):
    """A lambda as Keras writes it: run, it leaves a file behind."""
    import base64
    import marshal

    target = os.fspath(folder / "harm")
    code = eval(f"lambda x: (open({target!r}, 'w').close(), x)[1]").__code__
    text = base64.b64encode(marshal.dumps(code)).decode()
    inner = {"code": text, "defaults": None, "closure": None}
    return {"class_name": "__lambda__", "config": inner}
