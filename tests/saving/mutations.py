"""Honest bytes and data made hostile, by a number: the same number, the same damage."""

import copy
import io
import json
import math
import os
import random
import zipfile

import h5py
import numpy as np

NUMBERS = [0, 1, -1, 2, 3, 7, 60, 84, 255, 256, 65535, 100_000, 10**6, 2**31 - 1]
NUMBERS += [2**31, 2**32, 10**9, 10**12, 2**63 - 1, 2**63, 2**64 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 0.5, 1e-30, 1e300, math.inf, -math.inf, math.nan]
NAMES = """
Lambda __lambda__ function builtins get_file keras.utils os.system posix.system eval
exec open TFSMLayer TorchModuleWrapper JaxLayer FlaxLayer StringLookup
TextVectorization IntegerLookup IndexLookup Dense LSTM GRU Conv2D Embedding Functional
Sequential Model RepeatVector Reshape Permute UpSampling2D ZeroPadding2D Cropping2D
TimeDistributed Bidirectional RNN StackedRNNCells MultiHeadAttention EinsumDense
CategoryEncoding Discretization Hashing Normalization Rescaling Resizing SeedGenerator
Orthogonal Identity Constant Adam SGD LossScaleOptimizer AUC MeanIoU Mean deserialize
get load_model deserialize_keras_object enable_unsafe_deserialization __numpy__
__tensor__ __slice__ __bytes__ __ellipsis__ __keras_tensor__ InputLayer WhileLoop Scan
Map VectorizedMap Arange Repeat Tile Zeros Ones Full Eye Linspace Pad OneHot GetItem
BatchNorm DTypePolicy relu softmax adam mse pickle subprocess.Popen __reduce__
__class__ __init__ from_config keras.src.ops.numpy keras.src.models.functional
keras.layers keras.optimizers keras batch_shape dtype units filters kernel_size
target_shape n shape axis name rate trainable config class_name module registered_name
build_config compile_config input_shape inbound_nodes keras_history args kwargs layers
input_layers output_layers vocabulary filepath num_classes num_thresholds input_dim
output_dim return_sequences unroll size
""".split()
TEXTS = ["", "/etc/passwd", "../../x", "file:///etc/passwd", "http://127.0.0.1:9/x"]
TEXTS += [
    "a/b",
    "..",
    "\0",
    "\ud7ff",
    "é" * 50,
    "x" * 3000,
    "float99",
    "int4",
    "string",
]
# What a lambda looks like in a file; its code would leave a file behind.
CODE = {
    "class_name": "__lambda__",
    "config": {"code": "4wAAAAAAAAAAAAAAAA==", "defaults": None, "closure": None},
}


def unsealed(data: bytes) -> bytes:
    """A file without its checksum: whoever wants to harm can make a right one."""
    return data.partition(b"\nkeras-crc32 ")[0]


def damage_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, overwrite, cut, repeat and move bytes."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        if not out:
            break
        at = rng.randrange(len(out))
        # Most of a file is numbers, where damage does nothing: look at its ends.
        if rng.random() < 0.5:
            at = min(at, rng.randrange(1 + min(len(out) - 1, 4096)))
        size = rng.choice([1, 2, 4, 8, 16, 64])
        kind = rng.randrange(7)
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            width = rng.choice([1, 2, 4, 8])
            number = rng.choice(NUMBERS) & ((1 << 8 * width) - 1)
            out[at : at + width] = number.to_bytes(width, rng.choice(["little", "big"]))
        elif kind == 2:
            out[at : at + size] = rng.randbytes(size)
        elif kind == 3:
            del out[at : at + size]
        elif kind == 4:
            out[at:at] = rng.randbytes(size)
        elif kind == 5:
            start = rng.randrange(len(out))
            out[at : at + size] = out[start : start + size]
        elif rng.random() < 0.2:
            del out[at:]
    return bytes(out)


def damage_json(data, rng: random.Random):
    """Change values, types, names and nesting of plain data."""
    data = copy.deepcopy(data)
    for _ in range(rng.choice([1, 1, 2, 3, 6])):
        places = list(_places(data))
        numbers = [(h, k) for h, k in places if isinstance(h[k], (int, float))]
        if numbers and rng.random() < 0.4:  # the sizes of what is to be made
            holder, key = rng.choice(numbers)
            holder[key] = rng.choice(NUMBERS + FLOATS)
            continue
        holder, key = rng.choice(places) if places else (None, None)
        if holder is None:
            return _value(rng)
        kind = rng.randrange(10)
        if kind < 4:
            holder[key] = _value(rng)
        elif kind == 4 and isinstance(holder[key], (int, float)):
            holder[key] = rng.choice(NUMBERS + FLOATS)
        elif kind == 5:
            other, name = rng.choice(places)
            holder[key] = copy.deepcopy(other[name])
        elif kind == 6:
            del holder[key]
        elif kind == 7 and isinstance(holder, list):
            holder[key:key] = [copy.deepcopy(holder[key])] * rng.choice([1, 2, 30])
        elif kind == 8 and isinstance(holder, dict):
            holder[rng.choice(NAMES)] = _value(rng)
        elif isinstance(holder[key], str):
            holder[key] = rng.choice(NAMES + TEXTS)
        else:
            holder[key] = _value(rng)
    return data


def _places(data):
    pending = [data]
    while pending:
        holder = pending.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in list(keys):
            yield holder, key
            if isinstance(holder[key], (dict, list)):
                pending.append(holder[key])


def _value(rng: random.Random, depth: int = 0):
    kind = rng.randrange(12 if depth < 3 else 8)
    if kind < 4:
        return rng.choice(NUMBERS)
    if kind == 4:
        return rng.choice(FLOATS)
    if kind == 5:
        return rng.choice([None, True, False, [], {}])
    if kind == 6:
        return rng.choice(NAMES)
    if kind == 7:
        return rng.choice(TEXTS)
    if kind == 8:
        return [_value(rng, depth + 1) for _ in range(rng.choice([1, 2, 3, 30]))]
    if kind == 9:
        value = rng.choice(NUMBERS)
        for _ in range(rng.choice([5, 60, 300])):
            value = [value] if rng.random() < 0.5 else {rng.choice(NAMES): value}
        return value
    if kind == 10:
        return copy.deepcopy(CODE)
    return {
        "module": rng.choice(["keras.layers", None, *NAMES]),
        "class_name": rng.choice(NAMES),
        "config": rng.choice([{}, rng.choice(NAMES), {rng.choice(NAMES): 1}]),
        "registered_name": rng.choice([None, *NAMES]),
    }


def damage_text(text: str, rng: random.Random) -> str:
    """Damage JSON as data, or as text: keys twice, long integers, brackets."""
    if rng.random() < 0.8:
        return json.dumps(damage_json(json.loads(text), rng))
    at = rng.randrange(len(text))
    more = ["[" * 3000, "{", "]", '"a":1,"a":2,', "9" * 6000, "NaN", "1e999", "\\ud800"]
    return text[:at] + rng.choice(more) + text[at + rng.randrange(3) :]


def damage_zip(data: bytes, rng: random.Random, members=()) -> bytes:
    """Pack an archive again with other members, or damage its bytes."""
    if rng.random() < 0.25:
        return damage_bytes(data, rng)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        contents = [[name, old.read(name)] for name in old.namelist()]
    target = rng.choice(contents)
    kind = rng.randrange(8)
    if kind < 4:
        target = next((c for c in contents if c[0] == "config.json"), target)
        if target[0].endswith(".json"):
            target[1] = damage_text(target[1].decode(), rng).encode("utf-8", "replace")
    elif kind == 4:
        target[1] = damage_bytes(target[1], rng)
    elif kind == 5:
        target[0] = rng.choice([*TEXTS[1:8], "assets/../x", "assets/a/b", "x" * 70000])
    elif kind == 6:
        contents.append([rng.choice(["assets/x", target[0], "evil.py"]), bytes(10**6)])
    else:
        contents.remove(target)
    if rng.random() < 0.3:
        for content in contents:
            if content[0].endswith(".h5"):
                content[1] = damage_h5(content[1], rng)
    method = rng.choice([zipfile.ZIP_STORED] * 3 + [zipfile.ZIP_DEFLATED])
    with zipfile.ZipFile(out, "w", method) as new:
        for name, content in contents:
            info = zipfile.ZipInfo(name.replace("\0", "") or "x")
            info.compress_type = method
            if rng.random() < 0.02:
                info.external_attr = 0o120777 << 16
            new.writestr(info, content)
    return out.getvalue()


def damage_h5(data: bytes, rng: random.Random, trap: str = "/nowhere.h5") -> bytes:
    """Use what HDF5 can do and weights have no need of, or damage its bytes."""
    if rng.random() < 0.5:
        return damage_bytes(data, rng)
    file = io.BytesIO(data)
    try:
        with h5py.File(file, "r+") as h5:
            for _ in range(rng.choice([1, 1, 2])):
                _damage_objects(h5, rng, trap)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError):
        return damage_bytes(data, rng)  # HDF5 itself did not agree
    return file.getvalue()


def _damage_objects(h5, rng, trap):
    names = []
    h5.visit(names.append)
    sets = [name for name in names if isinstance(h5[name], h5py.Dataset)]
    groups = ["/", *(name for name in names if name not in sets)]
    old = rng.choice(sets) if sets else "x"
    group = h5[rng.choice(groups)]
    name = rng.choice([old, f"{group.name}/{rng.choice(['0', '1', 'vars', 'new'])}"])
    if name in h5 and rng.random() < 0.8:
        del h5[name]
    shape = tuple(rng.choice([0, 1, 2, 3, 4, 8]) for _ in range(rng.randrange(4)))
    kind = rng.randrange(14)
    if kind == 0:
        h5[name] = h5py.SoftLink(rng.choice(["/", "/vars", old, "/layers"]))
    elif kind == 1:
        h5[name] = h5py.ExternalLink(trap, "/")
    elif kind == 2:
        h5.create_dataset(name, (4,), "f4", external=[(trap, 0, 16)])
    elif kind == 3:
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource(trap, "x", (4,))
        h5.create_virtual_dataset(name, layout)
    elif kind == 4:
        h5.create_dataset(name, data=rng.choice([["a", "b"], "text", b"\xff" * 9]))
    elif kind == 5:
        h5.create_dataset(name, (2,), rng.choice([h5py.ref_dtype, "V2", "S9", "c16"]))
    elif kind == 6:
        h5.create_dataset(name, (rng.choice(NUMBERS[8:18]), 5), "f8")
    elif kind == 7:
        h5.create_dataset(name, (10**6,), "f4", compression="gzip")
    elif kind == 8:
        h5.create_dataset(
            name, data=np.zeros(shape), chunks=shape if all(shape) else None
        )
    elif kind == 9:
        h5.create_dataset(name, data=np.full(shape, math.nan), dtype="f2")
    elif kind == 10:
        h5.create_dataset(name, data=h5py.Empty("f4"))
    elif kind == 11:
        h5.create_group(name + "/a" * rng.choice([1, 3, 100]))
    elif kind == 12:
        h5[name] = group
    else:
        owner = h5[rng.choice(names)] if names else h5
        value = rng.choice([1, "x", "bfloat16", b"y" * 5000, [1.0] * 9, ["a", "b"]])
        keys = ["dtype", "name", "weight_names", "layer_names", "model_config"]
        owner.attrs[rng.choice([*keys, *owner.attrs])] = value


def make_trap(folder) -> str:
    """A file that nobody can open without waiting for ever."""
    path = os.path.join(folder, "trap.h5")
    os.mkfifo(path)
    return path
