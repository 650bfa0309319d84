"""Find the examples in docstrings and Markdown pages, run them, compare the output.

An example is what the standard library's `doctest` takes for one. It runs in a
namespace that holds `keras` and `np`, plus the names of its own module if the object is
not public. A tensor is shown as NumPy would show it, since every backend has a form of
its own; numbers are compared with a tolerance, types and shapes exactly.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import importlib
import inspect
import io
import pathlib
import re
import traceback
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import keras
from keras import ops

ROOT = pathlib.Path(keras.__file__).parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NUMBER = re.compile(r"[-+]?\d+\.\d*(?:e[-+]?\d+)?|[-+]?\d+e[-+]?\d+")
TYPES = ("float16", "float32", "float64", "int32", "int64", "uint8", "complex64")
WORDS = {"array": np.array, "nan": np.nan, "inf": np.inf}
WORDS |= {name: getattr(np, name) for name in TYPES}


class Docstring(NamedTuple):
    """A docstring that has examples, and where it is."""

    path: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}::{self.name}"

    @property
    def module(self) -> str:
        """The module's name, as `import` takes it."""
        return "keras." + self.path.removesuffix(".py").replace("/", ".")


def docstrings() -> list[Docstring]:
    """Every docstring of the package that has an example."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        place = str(path.relative_to(ROOT))
        tree = ast.parse(path.read_text())
        texts = [("module", ast.get_docstring(tree) or ""), *_documented(tree, "")]
        found += [Docstring(place, *text) for text in texts if ">>>" in text[1]]
    return found


def _documented(node: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
    """The classes and functions inside a node, with their docstrings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
            name = f"{prefix}.{child.name}".strip(".")
            yield name, ast.get_docstring(child) or ""
            yield from _documented(child, name)
        elif isinstance(child, ast.stmt):
            yield from _documented(child, prefix)


def pages() -> list[pathlib.Path]:
    """The Markdown pages of the documentation that have examples."""
    folder = ROOT.parent / "docs"
    return [path for path in sorted(folder.glob("*.md")) if ">>>" in path.read_text()]


def page_examples(path: pathlib.Path) -> str:
    """The code in a page, without the fences."""
    return "\n".join(re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL))


def public_objects() -> dict[tuple[str, str], Any]:
    """Every public class and function, by its module and name."""
    modules = [getattr(keras, name) for name in keras.__all__]
    modules = [keras, *filter(inspect.ismodule, modules)]
    for module in modules:
        inner = [getattr(module, name) for name in getattr(module, "__all__", ())]
        modules += [x for x in inner if inspect.ismodule(x) and x not in modules]

    found = {}
    for module in modules:
        for name in getattr(module, "__all__", ()):
            x = getattr(module, name)
            if callable(x) and getattr(x, "__module__", "").startswith("keras."):
                found[x.__module__, x.__name__] = x
    return found


def namespace(docstring: Docstring) -> dict[str, Any]:
    """The names that an example may use without importing them."""
    public = (docstring.module, docstring.name.partition(".")[0]) in public_objects()
    own = {} if public else vars(importlib.import_module(docstring.module))
    return {**own, "keras": keras, "np": np, "__name__": "__main__"}


def run(text: str, names: dict[str, Any]) -> None:
    """Run the examples in `text`, one after another; raise if the output differs."""
    for example in doctest.DocTestParser().get_examples(text):
        printed, value, error = _execute(example.source, names)

        if example.exc_msg is not None:
            shown = "".join(traceback.format_exception_only(error)) if error else ""
            last = shown.strip().rpartition("\n")[2]
            _require(
                _same_text(example.exc_msg, shown)
                or _same_text(example.exc_msg, last + "\n"),
                example,
                shown or "no error",
            )
            continue

        if error is not None:
            raise error
        if example.want:
            _compare(example, printed, value)


def _execute(source: str, names: dict) -> tuple[str, Any, Exception | None]:
    """What an example printed, its value if it is an expression, its error."""
    tree = ast.parse(source)
    is_expression = len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)
    printed = io.StringIO()
    value, error = None, None

    with contextlib.redirect_stdout(printed):
        try:
            if is_expression:
                value = eval(source.strip(), names)
            else:
                exec(source, names)
        except Exception as raised:
            error = raised
    return printed.getvalue(), value, error


def _compare(example: doctest.Example, printed: str, value: Any) -> None:
    shown = printed + ("" if value is None else f"{value!r}\n")
    if _same_text(example.want, shown):
        return
    if printed == "" and (wanted := _as_value(example.want)) is not None:
        _require(_same_value(value, wanted), example, shown)
        return
    _require(_same_numbers(example.want, shown), example, shown)


def _require(holds: bool, example: doctest.Example, shown: str) -> None:
    if not holds:
        raise AssertionError(
            f"The example\n    {example.source}shows\n    {example.want}"
            f"but gives\n    {shown}"
        )


def _same_text(want: str, got: str) -> bool:
    return doctest.OutputChecker().check_output(want, got, OPTIONS)


def _same_numbers(want: str, got: str) -> bool:
    """Whether the texts differ in nothing but the last digits of their floats."""
    if not _same_text(NUMBER.sub("#", want), NUMBER.sub("#", got)):
        return False
    if "..." in want:
        return True
    numbers = [[float(x) for x in NUMBER.findall(text)] for text in (want, got)]
    return bool(np.allclose(*numbers, rtol=1e-4, atol=5e-5))


def _as_value(want: str) -> Any:
    """The value that an output shows, or None if it is no expression."""
    try:
        return eval(want.strip(), dict(WORDS))
    except (SyntaxError, NameError):
        return None


def _same_value(value: Any, wanted: Any) -> bool:
    """Whether a result has the shown structure, types, shapes and numbers."""
    if isinstance(wanted, (tuple, list)) and _holds_arrays(wanted):
        same = isinstance(value, (tuple, list)) and len(value) == len(wanted)
        return same and all(_same_value(*pair) for pair in zip(value, wanted))
    if isinstance(wanted, dict):
        same = isinstance(value, dict) and list(value) == list(wanted)
        return same and all(_same_value(value[key], wanted[key]) for key in wanted)
    if not isinstance(wanted, (np.ndarray, int, float, tuple, list)):
        return bool(value == wanted)
    if ops.is_tensor(value):
        value = ops.convert_to_numpy(value)

    found, expected = np.asarray(value), np.asarray(wanted)
    return (
        found.shape == expected.shape
        and found.dtype.kind == expected.dtype.kind
        and bool(np.allclose(found, expected, 1e-4, 5e-5, equal_nan=True))
    )


def _holds_arrays(nest: Any) -> bool:
    return any(isinstance(x, (np.ndarray, tuple, list, dict)) for x in nest) or any(
        isinstance(x, float) for x in nest
    )
