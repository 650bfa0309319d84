"""The layers for numbers, categories, text and sound that are compared with Keras.

A case makes a layer, adapts it if it says on what, and calls it on one or more inputs.
Answers are kept as JSON: shapes, types and values of the outputs, what is predicted for
a symbolic batch, the config, the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Table:
    """`layer = cls(**config)`, `layer.adapt(adapt)`, then `layer(x)` for each x.

    A tuple among `calls` holds several inputs. `symbolic` leaves out the symbolic call.
    """

    cls: str
    calls: list
    config: dict = field(default_factory=dict)
    adapt: Any = None
    symbolic: bool = True


def table(cls: str, *calls: Any, adapt: Any = None, **config: Any) -> Table:
    """The usual case."""
    symbolic = config.pop("symbolic", True)
    return Table(cls, list(calls), config, adapt, symbolic)


def text(*values: Any) -> np.ndarray:
    """An array of text."""
    return np.array(values)


def ints(*values: Any, dtype: str = "int64") -> np.ndarray:
    """An array of integers."""
    return np.array(values, dtype)


def floats(*shape: int, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Fixed numbers that look random."""
    count = int(np.prod(shape))
    x = np.sin(np.arange(count, dtype="float64") * 12.9898) * 43758.5453
    return ((x - np.floor(x)) * scale + shift).astype("float32").reshape(shape)


SENTENCES = text(
    "The quick brown fox.",
    "the Quick, brown dog!",
    "",
    "  A fox -- and A dog;\tand the\nfox ",
    "naïve café ÉTÉ déjà-vu 東京 東京",
    "x",
)
WORDS = text("b", "a", "b", "c", "", "[UNK]", "c", "b", "d")
GRID = text(["a", "b", "z"], ["", "c", "[UNK]"])
NUMBERS = ints([1, 5, 5], [7, -3, 0])
LONG = text("a" * 70, "b" * 200, "abcdefgh" * 8, "é" * 40, "abcdefghi", "abc", "")


def _numbers() -> list[Table]:
    rows = floats(40, 3, scale=7, shift=100)
    image = floats(4, 5, 6, 3, scale=3)
    bins = floats(400, 1, scale=10, shift=-5)
    return [
        table("Normalization", rows[:4], adapt=rows),
        table("Normalization", rows[:4], adapt=rows, invert=True),
        table("Normalization", rows[:4], axis=None, adapt=rows),
        table("Normalization", image, adapt=image),
        table("Normalization", image, adapt=image, axis=1),
        table("Normalization", image, adapt=image, axis=(1, -1)),
        table("Normalization", rows[:4], mean=3.0, variance=2.0),
        table("Normalization", rows[:4], mean=[1.0, 2, 3], variance=[1.0, 4, 9]),
        table("Normalization", rows[:4], mean=3.0, variance=2.0, axis=None),
        table("Normalization", rows[:4], mean=3.0, variance=2.0, invert=True),
        table("Normalization", rows[:, 0], axis=None, adapt=rows[:, 0]),
        table("Normalization", ints([1, 2], [3, 9]), adapt=ints([1, 2], [3, 9])),
        table("Normalization", rows[:2], dtype="float16", adapt=rows),
        table("Normalization", rows[:4] * 0, adapt=rows * 0),
        table("Discretization", floats(3, 4), bin_boundaries=[0.2, 0.5, 0.9]),
        table(
            "Discretization",
            np.array([0.0, 0.5, 1.0, np.nan, np.inf, -np.inf], "float32"),
            bin_boundaries=[0.0, 0.5, 1.0],
        ),
        table("Discretization", ints([0, 1, 2], [3, 4, 5]), bin_boundaries=[1, 4]),
        table("Discretization", bins[:20], num_bins=4, adapt=bins),
        table("Discretization", bins[:20], num_bins=7, epsilon=0.1, adapt=bins),
        table("Discretization", bins[:20], num_bins=5, epsilon=0.001, adapt=bins),
        table("Discretization", bins[:20], num_bins=3, adapt=np.round(bins)),
        table("Discretization", bins[:6], num_bins=8, adapt=bins[:5]),
        *(
            table(
                "Discretization",
                *calls,
                bin_boundaries=[0.2, 0.5, 0.9],
                output_mode=mode,
            )
            for mode in ("int", "one_hot", "multi_hot", "count")
            for calls in ([floats(3, 1)], [floats(4)], [floats(2, 3)])
            if not (mode == "one_hot" and calls[0].shape == (2, 3))
        ),
        table("Discretization", floats(2, 2), bin_boundaries=[0.5], dtype="float64"),
    ]


def _categories() -> list[Table]:
    out = [
        table("CategoryEncoding", x, num_tokens=4, output_mode=mode)
        for mode in ("one_hot", "multi_hot", "count")
        for x in (
            ints([3, 2, 0, 1]).reshape(-1),
            ints([3], [0], [1]),
            ints([0, 1, 1], [2, 3, 3]),
        )
        if not (mode == "one_hot" and x.shape == (2, 3))
    ]
    out += [
        table("CategoryEncoding", ints([0, 1, 1]).reshape(3), num_tokens=4),
        table("CategoryEncoding", ints(2).reshape(()), num_tokens=4),
        table(
            "CategoryEncoding",
            ints([0, 1], [3, 3]),
            num_tokens=4,
            output_mode="count",
            dtype="float16",
        ),
        table("CategoryEncoding", ints([0, 1], [3, 3], dtype="int32"), num_tokens=4),
        table(
            "CategoryEncoding",
            np.array([[0.0, 1.0], [3.0, 2.0]], "float32"),
            num_tokens=4,
        ),
        table(
            "CategoryEncoding", ints([[0, 1], [3, 3]], [[1, 1], [2, 0]]), num_tokens=4
        ),
    ]
    for config in ({}, {"salt": 133}, {"salt": [12, 7]}):
        out += [
            table("Hashing", GRID, num_bins=7, **config),
            table("Hashing", NUMBERS, num_bins=11, **config),
            table("Hashing", LONG, num_bins=1 << 30, **config),
            table("Hashing", SENTENCES, num_bins=1 << 30, **config),
        ]
    out += [
        table("Hashing", GRID, num_bins=5, mask_value=""),
        table("Hashing", NUMBERS, num_bins=5, mask_value=0),
        table("Hashing", NUMBERS, num_bins=5, mask_value=5, salt=3),
        table("Hashing", GRID, num_bins=3, output_mode="multi_hot"),
        table("Hashing", GRID, num_bins=3, output_mode="count", mask_value=""),
        table("Hashing", GRID[:, :1], num_bins=3, output_mode="one_hot"),
        table("Hashing", GRID[0], num_bins=3, output_mode="one_hot"),
        table("Hashing", NUMBERS, num_bins=3, dtype="int32"),
        table("Hashing", NUMBERS, num_bins=1),
    ]
    first = text("A", "B", "A", "東", "", "x" * 50)
    second = ints(101, 101, 102, -5, 0, 1 << 40)
    for config in ({}, {"output_mode": "one_hot"}):
        out += [
            table("HashedCrossing", (first, second), num_bins=5, **config),
            table(
                "HashedCrossing",
                (first[:, None], second[:, None]),
                num_bins=5,
                **config,
            ),
        ]
    out += [
        table("HashedCrossing", (first, second), num_bins=1 << 40),
        table("HashedCrossing", (second, first), num_bins=1 << 40),
        table("HashedCrossing", (first, first, second), num_bins=1 << 30),
        table("HashedCrossing", (second, second), num_bins=1 << 30),
        table("HashedCrossing", (text("a"), ints(1)), num_bins=9),
    ]
    return out


def _lookups() -> list[Table]:
    vocabulary = ["a", "b", "c"]
    out = []
    for config in (
        {},
        {"mask_token": ""},
        {"num_oov_indices": 3},
        {"num_oov_indices": 2, "mask_token": "m", "oov_token": "o"},
    ):
        out += [
            table("StringLookup", GRID, vocabulary=vocabulary, **config),
            table("StringLookup", GRID, adapt=WORDS, **config),
            table("StringLookup", GRID, adapt=WORDS, max_tokens=5, **config),
        ]
    for mode in ("multi_hot", "count", "tf_idf", "one_hot"):
        x = GRID if mode != "one_hot" else GRID[:, :1]
        weights = {"idf_weights": [0.5, 1.5, 2.5]} if mode == "tf_idf" else {}
        for config in ({}, {"mask_token": ""}, {"num_oov_indices": 2}):
            out += [
                table(
                    "StringLookup",
                    x,
                    x[0],
                    vocabulary=vocabulary,
                    output_mode=mode,
                    **config,
                    **weights,
                ),
                table("StringLookup", x, adapt=GRID, output_mode=mode, **config),
            ]
        out.append(
            table(
                "StringLookup",
                x,
                adapt=GRID,
                output_mode=mode,
                max_tokens=9,
                pad_to_max_tokens=True,
            )
        )
    out += [
        table("StringLookup", GRID[0][:2], vocabulary=vocabulary, num_oov_indices=0),
        table(
            "StringLookup",
            ints([0, 1, 2], [3, 4, 9]),
            vocabulary=vocabulary,
            invert=True,
        ),
        table(
            "StringLookup",
            ints([0, 1, 2], [3, 4, 9]),
            vocabulary=vocabulary,
            invert=True,
            mask_token="",
        ),
        table(
            "StringLookup",
            ints(1, 2),
            vocabulary=["", "[UNK]", "a"],
            invert=True,
            mask_token="",
        ),
        table("StringLookup", GRID, vocabulary=["", "[UNK]", "a", "b"], mask_token=""),
        table("StringLookup", GRID, vocabulary=["[UNK]", "a", "b"]),
        table("StringLookup", text("b", "a"), vocabulary=["ä", "b"]),
        table("StringLookup", text("b"), adapt=text("x y", "é", "e", "E", "x y")),
    ]
    keys = [5, 1, -3]
    for config in (
        {},
        {"mask_token": 0},
        {"num_oov_indices": 3},
        {"num_oov_indices": 2, "mask_token": 0, "oov_token": -7},
    ):
        out += [
            table("IntegerLookup", NUMBERS, vocabulary=keys, **config),
            table("IntegerLookup", NUMBERS, adapt=NUMBERS, **config),
            table(
                "IntegerLookup",
                NUMBERS,
                adapt=NUMBERS.reshape(-1),
                max_tokens=4,
                **config,
            ),
        ]
    for mode in ("multi_hot", "count", "tf_idf", "one_hot"):
        x = NUMBERS if mode != "one_hot" else NUMBERS[:, :1]
        out += [
            table("IntegerLookup", x, x[0], adapt=NUMBERS, output_mode=mode),
            table(
                "IntegerLookup",
                x,
                adapt=NUMBERS,
                output_mode=mode,
                max_tokens=9,
                pad_to_max_tokens=True,
            ),
        ]
    out += [
        table("IntegerLookup", ints(0, 1, 3, 9), vocabulary=keys, invert=True),
        table(
            "IntegerLookup",
            ints(0, 1, 3, 9),
            vocabulary=keys,
            invert=True,
            mask_token=0,
        ),
        table("IntegerLookup", ints(1 << 40, 5), vocabulary=[1 << 40, 5]),
        table("IntegerLookup", NUMBERS, vocabulary=np.array(keys)),
        table("IntegerLookup", ints([1], [5], dtype="int32"), vocabulary=keys),
        table("IntegerLookup", NUMBERS, vocabulary=keys, salt=7, num_oov_indices=3),
        table(
            "IntegerLookup",
            NUMBERS,
            vocabulary=keys,
            oov_method="farmhash",
            num_oov_indices=3,
        ),
    ]
    return out


def _texts() -> list[Table]:
    few = ["the", "fox", "dog", "a"]
    one = SENTENCES[:, None]
    out = [
        table("TextVectorization", SENTENCES, one, adapt=SENTENCES, **config)
        for config in (
            {},
            {"max_tokens": 5},
            {"output_sequence_length": 4},
            {"output_sequence_length": 12},
            {"standardize": None},
            {"standardize": "lower"},
            {"standardize": "strip_punctuation"},
            {"split": "character"},
            {"split": "character", "max_tokens": 9},
            {"ngrams": 2},
            {"ngrams": (2, 3), "max_tokens": 12},
            {"ngrams": 2, "output_mode": "multi_hot"},
            {"output_mode": "multi_hot"},
            {"output_mode": "count"},
            {"output_mode": "tf_idf"},
            {"output_mode": "multi_hot", "max_tokens": 6},
            {"output_mode": "count", "max_tokens": 40, "pad_to_max_tokens": True},
            {"output_mode": "tf_idf", "max_tokens": 40, "pad_to_max_tokens": True},
        )
    ]
    out += [
        table("TextVectorization", SENTENCES, vocabulary=few),
        table("TextVectorization", SENTENCES, vocabulary=few, output_mode="count"),
        table(
            "TextVectorization",
            SENTENCES,
            vocabulary=few,
            idf_weights=[0.1, 0.2, 0.3, 0.4],
            output_mode="tf_idf",
        ),
        table("TextVectorization", SENTENCES, vocabulary=["", "[UNK]", *few]),
        table("TextVectorization", GRID, vocabulary=["a", "c"], split=None),
        table("TextVectorization", GRID, adapt=GRID, split=None, standardize=None),
        table(
            "TextVectorization",
            GRID,
            vocabulary=["a", "c"],
            split=None,
            output_sequence_length=2,
        ),
        table(
            "TextVectorization",
            GRID,
            vocabulary=["a", "c"],
            split=None,
            output_mode="count",
        ),
        table("TextVectorization", text("the fox")[0], vocabulary=few),
        table("TextVectorization", SENTENCES, vocabulary=few, dtype="string"),
        table(
            "TextVectorization",
            text("a\u00a0b a\u3000c\u2003d e\x0bf\x1cg"),
            adapt=text("a\u00a0b a\u3000c\u2003d e\x0bf\x1cg"),
        ),
    ]
    return out


def _sounds() -> list[Table]:
    wave = floats(2, 2000, scale=2, shift=-1)
    out = [
        table("MelSpectrogram", wave),
        table("MelSpectrogram", wave[0]),
        table(
            "MelSpectrogram",
            wave,
            fft_length=256,
            sequence_stride=64,
            num_mel_bins=20,
            sampling_rate=8000,
        ),
        table(
            "MelSpectrogram",
            wave,
            fft_length=256,
            sequence_stride=64,
            sequence_length=200,
            num_mel_bins=16,
            max_freq=3000.0,
            min_freq=80.0,
            power_to_db=False,
            mag_exp=1.0,
        ),
        table(
            "MelSpectrogram",
            wave,
            fft_length=128,
            num_mel_bins=12,
            window="hamming",
            top_db=20.0,
            min_power=1e-5,
            ref_power=2.0,
        ),
        table("MelSpectrogram", wave, fft_length=128, window=None, num_mel_bins=12),
    ]
    signal = floats(2, 600, 1, scale=2, shift=-1)
    many = floats(2, 600, 3, scale=2, shift=-1)
    for mode in (
        "log",
        "magnitude",
        "psd",
        "real",
        "imag",
        "angle",
        "stft",
    ):
        out.append(table("STFTSpectrogram", signal, many, mode=mode, frame_length=64))
    for config in (
        {"frame_step": 20},
        {"fft_length": 128},
        {"window": "hamming", "periodic": True},
        {"window": None},
        {"scaling": "spectrum"},
        {"scaling": None},
        {"padding": "same"},
        {"padding": "same", "frame_step": 25, "mode": "psd"},
        {"expand_dims": True},
        {"expand_dims": True, "mode": "stft"},
        {"data_format": "channels_first", "expand_dims": True},
    ):
        first = config.get("data_format") == "channels_first"
        x = np.swapaxes(many, 1, 2).copy() if first else many
        out.append(table("STFTSpectrogram", x, frame_length=64, **config))
    return out


def numbered(cases: list[Table]) -> dict[str, Table]:
    """Cases by class and running number."""
    counts: dict[str, int] = {}
    found = {}
    for case in cases:
        number = counts[case.cls] = counts.get(case.cls, -1) + 1
        found[f"{case.cls}-{number}"] = case
    return found


CASES = numbered(
    [*_numbers(), *_categories(), *_lookups(), *_texts(), *_sounds()],
)


def plain(x: Any) -> Any:
    """An output as JSON: its shape, its type, its values (bytes as text)."""
    x = np.asarray(x)
    if x.dtype.kind in "OSU":
        flat = [v.decode() if isinstance(v, bytes) else str(v) for v in x.ravel()]
        return {"shape": list(x.shape), "dtype": "string", "values": flat}
    flat = x.ravel()
    values = [float(f"{v:.7g}") for v in flat] if x.dtype.kind == "f" else flat.tolist()
    return {"shape": list(x.shape), "dtype": x.dtype.name, "values": values}
