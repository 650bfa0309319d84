"""A character Transformer that generates text with a key-value cache.

It learns the help pages that Python installs (the language reference, 450,000
characters). To write a further character without a cache, the whole text so far goes
through the network again. The cache keeps the keys and values of all characters, so
that only the new one goes through: a public part of `MultiHeadAttention` each, and two
slices to update. The cache has its full size from the start, hence one compilation.
"""

import argparse
import time
from pydoc_data.topics import topics

import numpy as np

import keras
from keras import layers, ops

LETTERS = "\n" + "".join(map(chr, range(32, 127)))
LENGTH = 96  # of the text that the network can see


class Block(layers.Layer):
    """Attention and two dense layers, on all characters or on one."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = [layers.LayerNormalization() for _ in range(2)]
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.expand = layers.Dense(4 * width, activation="gelu")
        self.shrink = layers.Dense(width)

    def call(self, x):
        """All characters `(batch, length, width)`; none sees a later one."""
        y = self.norms[0](x)
        return self.finish(x + self.attention(y, y, use_causal_mask=True))

    def finish(self, x):
        """What follows the attention."""
        return x + self.shrink(self.expand(self.norms[1](x)))

    def step(self, x, cache, place):
        """The character at `place`, `(batch, 1, width)`; the cache has the others."""
        y, part = self.norms[0](x), self.attention
        new = part.key_dense(y), part.value_dense(y)  # (batch, 1, heads, size)
        keys, values = (
            ops.slice_update(kept, (0, place, 0, 0), ops.stop_gradient(one))
            for kept, one in zip(cache, new)
        )
        seen = (ops.arange(LENGTH) <= place)[None, None, None]
        y = ops.dot_product_attention(part.query_dense(y), keys, values, mask=seen)
        return self.finish(x + part.output_dense(y)), (keys, values)


class Writer(keras.Model):
    """Numbers of characters in, logits of the next character out."""

    def __init__(self, width: int = 64, heads: int = 4, depth: int = 2) -> None:
        super().__init__()
        self.letters = layers.Embedding(len(LETTERS), width)
        self.places = layers.Embedding(LENGTH, width)
        self.blocks = [Block(width, heads) for _ in range(depth)]
        self.norm = layers.LayerNormalization()
        self.top = layers.Dense(len(LETTERS))
        self.cache_shape = (LENGTH, heads, width // heads)

    def call(self, text):
        """All characters, `(batch, length)`."""
        x = self.letters(text) + self.places(ops.arange(text.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.top(self.norm(x))

    def step(self, letter, caches, place):
        """One character, `(batch,)`, and the caches with it."""
        x = (self.letters(letter) + self.places(place))[:, None]
        new = []
        for block, cache in zip(self.blocks, caches):
            x, cache = block.step(x, cache, place)
            new.append(cache)
        return self.top(self.norm(x))[:, 0], new

    def empty(self, batch: int) -> list:
        """Caches of the full size."""
        return [(ops.zeros((batch, *self.cache_shape)),) * 2 for _ in self.blocks]


def choose(logits, noise):
    """A draw at temperature 0.5: the largest, once Gumbel noise is added."""
    return ops.argmax(logits / 0.5 + noise, axis=-1)


def without_cache(model: Writer):
    """A function that goes on with texts: all so far goes through the network."""

    @keras.jit
    def following(text, place, noise):
        return choose(ops.take(model(text), place, axis=1), noise)

    def write(text, begin, noise):
        for place in range(begin - 1, LENGTH - 1):
            new = following(text, np.int32(place), noise[place])
            text[:, place + 1] = ops.convert_to_numpy(new)
        return text

    return write


def with_cache(model: Writer):
    """A function that goes on with texts: one character goes through the network."""

    @keras.jit
    def following(letter, place, noise, caches):
        logits, caches = model.step(letter, caches, place)
        return choose(logits, noise), caches

    def write(text, begin, noise):
        caches = model.empty(len(text))
        for place in range(LENGTH - 1):
            letter = text[:, place]
            new, caches = following(letter, np.int32(place), noise[place], caches)
            if place >= begin - 1:
                text[:, place + 1] = ops.convert_to_numpy(new)
        return text

    return write


def pairs(codes: np.ndarray, test: np.ndarray) -> float:
    """Nats a character if each is guessed from the one before, by counting pairs."""
    counts = np.full((len(LETTERS), len(LETTERS)), 0.1)
    np.add.at(counts, (codes[:-1], codes[1:]), 1)
    chance = counts / counts.sum(1, keepdims=True)
    return float(-np.log(chance[test[:, :-1], test[:, 1:]]).mean())


def main() -> dict[str, object]:
    """Train, write with and without the cache, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=800)
    options = parser.parse_args()
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    pages = "\n".join(topics[name] for name in sorted(topics))
    codes = np.array([LETTERS.index(c) for c in pages if c in LETTERS], "int32")
    codes, test = codes[:-20_000], codes[-20_000:]
    test = test[: len(test) // (LENGTH + 1) * (LENGTH + 1)].reshape(-1, LENGTH + 1)
    starts = rng.integers(0, len(codes) - LENGTH, options.steps * 16)
    rows = codes[starts[:, None] + np.arange(LENGTH + 1)]
    model = Writer()
    model.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(5e-3, len(rows) // 16)
        ),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(rows[:, :-1], rows[:, 1:], batch_size=16, verbose=2)
    nats = model.evaluate(test[:, :-1], test[:, 1:], verbose=0)
    known = pairs(codes, test)
    print(f"nats a character: {nats:.3f}; from the letter before: {known:.3f}")
    start = "The value of the expression"
    text = np.zeros((8, LENGTH), "int32")
    text[:, : len(start)] = [LETTERS.index(c) for c in start]
    noise = rng.gumbel(size=(LENGTH, *text.shape[:1], len(LETTERS))).astype("float32")
    written, speed = [], []
    for make in (without_cache, with_cache):
        write = make(model)
        for _ in range(2):  # the first time compiles
            begin = time.perf_counter()
            written.append(write(text.copy(), len(start), noise))
            seconds = time.perf_counter() - begin
        speed.append(text[:, len(start) :].size / seconds)
    print("".join(LETTERS[i] for i in written[-1][0]))
    same = bool((written[0] == written[-1]).all())
    print(
        f"the same text with the cache: {same}; characters a second without and "
        f"with it: {speed[0]:.0f}, {speed[1]:.0f}"
    )
    return {"nats": nats, "pairs": known, "same": same, "faster": speed[1] / speed[0]}


if __name__ == "__main__":
    main()
