"""Text classification: which manual is a paragraph from?

The texts are those that Python's own installation and NumPy bring along: the language
reference (`pydoc_data`), the documentation of the standard library's modules, and that
of NumPy. They are written out as a folder of text files, one for each paragraph, and
read back as anybody's folder would be; names that give the answer away are taken out.
The model takes raw text: `TextVectorization` is its first layer and is saved with it.

    KERAS_BACKEND=torch python examples/which_manual.py
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pathlib
import re
import tempfile
from collections.abc import Iterator

import numpy as np

import keras
from keras import layers

LIBRARY = (
    "argparse asyncio calendar collections csv datetime decimal difflib doctest email "
    "fractions functools heapq imaplib inspect json logging mailbox optparse pathlib "
    "pickle random shutil smtplib sqlite3 ssl statistics string subprocess tarfile "
    "tempfile textwrap threading tkinter turtle unittest urllib.request zipfile"
)
CLASSES = ("language", "library", "numpy")


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of running text: no examples, no lists of arguments."""
    for part in re.split(r"\n\s*\n", text):
        words = part.split()
        if len(words) >= 12 and ">>>" not in part and "---" not in part:
            yield re.sub(r"(?i)num ?py|python|\bnp\b", "it", " ".join(words))


def documentation(module: object) -> Iterator[str]:
    """The docstrings of a module and of what is in it."""
    for _, value in [("", module), *inspect.getmembers(module)]:
        yield inspect.getdoc(value) or "" if callable(value) or value is module else ""
        for _, member in inspect.getmembers(value) if inspect.isclass(value) else ():
            yield inspect.getdoc(member) or "" if callable(member) else ""


def write_folder(folder: pathlib.Path, most: int) -> None:
    """Text files, in a folder for each class."""
    topics = importlib.import_module("pydoc_data.topics").topics
    modules = []
    for name in LIBRARY.split():
        try:
            modules.append(importlib.import_module(name))
        except ImportError:
            continue  # a Python built without it
    sources = {
        "language": topics.values(),
        "library": (text for module in modules for text in documentation(module)),
        "numpy": (
            text
            for module in (np, np.linalg, np.fft, np.random, np.ma, np.polynomial)
            for text in documentation(module)
        ),
    }
    for name in CLASSES:
        found = sorted({p for text in sources[name] for p in paragraphs(text)})
        order = np.random.default_rng(0).permutation(len(found))[:most]
        (folder / name).mkdir(parents=True)
        for number, place in enumerate(order):
            path = folder / name / f"{number:04d}.txt"
            path.write_text(found[place], encoding="utf-8")


def main(most: int = 1500, epochs: int = 8) -> float:
    """Train on the folder; returns the accuracy on paragraphs not seen."""
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "manuals"
        write_folder(folder, most)
        train, test = keras.utils.text_dataset_from_directory(
            folder, batch_size=64, validation_split=0.2, subset="both", seed=0
        )

        words = layers.TextVectorization(max_tokens=5000, output_sequence_length=80)
        words.adapt(train)
        inputs = keras.Input((), dtype="string")
        x = layers.Embedding(5000, 32, mask_zero=True)(words(inputs))
        x = layers.GlobalAveragePooling1D()(x)
        outputs = layers.Dense(len(CLASSES), activation="softmax")(x)
        model = keras.Model(inputs, outputs)
        model.compile(
            keras.optimizers.Adam(1e-2),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        model.fit(train, epochs=epochs, verbose=2)
        _, accuracy = model.evaluate(test, verbose=0)

        path = pathlib.Path(temporary) / "manuals.keras"
        model.save(path)
        again = keras.saving.load_model(path)

    texts = [
        "The with statement calls the method __exit__ of the context manager when the "
        "suite has been executed.",
        "Returns the eigenvalues of a matrix, each repeated according to its "
        "multiplicity, as an array of shape (..., M).",
        "Send a message to the server and wait for the response; the connection is "
        "closed afterwards.",
    ]
    guesses = again.predict(np.array(texts), verbose=0).argmax(-1)
    for text, guess in zip(texts, guesses):
        print(f"{CLASSES[guess]:10} {text[:60]}...")
    print(f"accuracy {accuracy:.3f} on paragraphs not seen")
    return float(accuracy)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--most", type=int, default=1500, help="paragraphs of a class")
    parser.add_argument("--epochs", type=int, default=8)
    arguments = parser.parse_args()
    main(arguments.most, arguments.epochs)
