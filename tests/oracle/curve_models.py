"""Two small text models and how they are trained, the same text for Keras and for us.

`make_curves.py` runs this under real Keras, `tests/training/test_curves.py` under this
package, on each backend: from the same initial weights and the same batches.
"""

import numpy as np

CHARACTERS = 96
LENGTH = 32
BATCH = 32
STEPS = 200


def read_text():
    """The descriptions of data sets that scikit-learn installs, as one text."""
    import importlib.resources

    folder = importlib.resources.files("sklearn.datasets.descr")
    names = sorted(f.name for f in folder.iterdir() if f.name.endswith(".rst"))
    return "\n".join((folder / name).read_text("utf-8") for name in names)


def make_batches(text):
    """STEPS batches of character numbers, `(BATCH, LENGTH + 1)`, at random places."""
    codes = np.frombuffer(text.encode("ascii", "ignore"), "uint8")
    codes = np.clip(codes, 32, 127) - 32
    rng = np.random.default_rng(0)
    starts = rng.integers(0, len(codes) - LENGTH - 1, (STEPS, BATCH))
    return codes[starts[..., None] + np.arange(LENGTH + 1)]


def lstm(keras):
    """Characters in, the next character out, by an LSTM."""
    layers = keras.layers
    x = keras.Input((LENGTH,), dtype="int32")
    h = layers.Embedding(CHARACTERS, 24)(x)
    h = layers.LSTM(48, return_sequences=True)(h)
    return keras.Model(x, layers.Dense(CHARACTERS)(h))


def transformer(keras):
    """Characters in, the next character out, by two causal Transformer blocks."""
    layers = keras.layers
    x = keras.Input((LENGTH,), dtype="int32")
    h = layers.Embedding(CHARACTERS, 32)(x)
    # Computed of x, so that the embedding is a layer of the model with its weights.
    positions = keras.ops.cumsum(keras.ops.ones_like(x), axis=1) - 1
    h = h + layers.Embedding(LENGTH, 32)(positions)
    for _ in range(2):
        a = layers.LayerNormalization()(h)
        a = layers.MultiHeadAttention(4, 8)(a, a, use_causal_mask=True)
        h = h + a
        m = layers.Dense(64, activation="gelu")(layers.LayerNormalization()(h))
        h = h + layers.Dense(32)(m)
    return keras.Model(x, layers.Dense(CHARACTERS)(layers.LayerNormalization()(h)))


MODELS = {"lstm": lstm, "transformer": transformer}


def set_initial_weights(model):
    """Weights that depend on nothing but their shapes and order."""
    rng = np.random.default_rng(1)
    weights = []
    for w in model.get_weights():
        scale = np.sqrt(2.0 / sum(w.shape)) if w.ndim > 1 else 0.0
        value = rng.normal(size=w.shape) * scale
        weights.append((value if w.ndim > 1 else w).astype("float32"))
    model.set_weights(weights)


def train(keras, name, batches):
    """The loss of each step."""
    model = MODELS[name](keras)
    set_initial_weights(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss)
    losses = []
    for batch in batches:
        model.reset_metrics()
        x, y = batch[:, :-1].astype("int32"), batch[:, 1:].astype("int32")
        losses.append(float(model.train_on_batch(x, y)))
    return np.array(losses)
