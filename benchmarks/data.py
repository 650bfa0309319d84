"""The six workloads: their data, the same for every contender."""

import numpy as np

# name: (steps in an epoch, batch size)
SIZES = {
    "mlp_small": (600, 32),
    "mlp": (60, 128),
    "cnn": (40, 64),
    "lstm": (40, 64),
    "transformer": (40, 32),
    "resnet": (8, 64),
}
VOCABULARY = 5000


def make(name, partial=False):
    """`(x, y, batch size)`; with `partial` the last batch has half the samples."""
    steps, batch = SIZES[name]
    count = steps * batch - (batch // 2 if partial else 0)
    rng = np.random.default_rng(0)
    if name == "mlp_small":
        x = rng.normal(size=(count, 10)).astype("float32")
        return x, (x.sum(1) > 0).astype("float32")[:, None], batch
    if name == "mlp":
        x = rng.random((count, 784), "float32")
    elif name == "cnn":
        x = rng.random((count, 28, 28, 1), "float32")
    elif name == "resnet":
        x = rng.random((count, 32, 32, 3), "float32")
    else:
        x = rng.integers(0, VOCABULARY, (count, 64)).astype("int32")
        classes = 2 if name == "transformer" else None
        if classes is None:
            return x, rng.integers(0, 2, (count, 1)).astype("float32"), batch
        return x, rng.integers(0, classes, count).astype("int32"), batch
    return x, rng.integers(0, 10, count).astype("int32"), batch
