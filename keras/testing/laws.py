"""What a law is, and how a check runs many and reports every one that is broken.

A law is a function of one case (a layer, metric or optimizer with its data). Its
docstring is the law. It returns if the law holds and raises `Violation` if not.
"""

from __future__ import annotations

import copy
import inspect
import json
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from keras import ops
from keras.core import dtypes, tree
from keras.core.backends import installed
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.core.inspection import is_builtin
from keras.core.scope import current

Law = Callable[[Any], None]


class Violation(AssertionError):
    """A law that does not hold.

    Args:
        expected: what should have been found.
        found: what was found.
        advice: what to do.
    """

    def __init__(self, expected: str, found: str, advice: str) -> None:
        super().__init__(f"Expected {expected}; found {found}. {advice}")
        self.expected = expected
        self.found = found
        self.advice = advice


class Case:
    """What is under check, and how closely results must agree.

    Args:
        source: an object of the family, or a function that makes one.
        family: the base class, such as `Layer`.
        custom_objects: further classes by name, for configs; the class under check is
            there by itself.
        backends: the names of the backends to compare; by default those installed.
        rtol, atol: the tolerance.
    """

    def __init__(
        self,
        source: Any,
        family: type,
        custom_objects: dict[str, Any] | None,
        backends: Sequence[str] | None,
        rtol: float,
        atol: float,
    ) -> None:
        self._source = source
        self._family = family
        self.cls = type(self.make())
        own = {} if is_builtin(self.cls) else {self.cls.__name__: self.cls}
        self.custom_objects = {**own, **(custom_objects or {})}
        self.backends = installed() if backends is None else list(backends)
        self.rtol = rtol
        self.atol = atol

    def __str__(self) -> str:
        return self.cls.__name__

    def make(self) -> Any:
        """A new object, which was not used."""
        if isinstance(self._source, self._family):
            return copy.deepcopy(self._source)
        return self._source()

    def require_close(self, found: Any, expected: Any, what: str, advice: str) -> None:
        """Raise a violation unless results are the same, up to the tolerance."""
        require_close(found, expected, what, advice, self.rtol, self.atol)


def run_laws(
    check: str, laws: Iterable[Law], case: Any, skip: Iterable[str] = ()
) -> None:
    """Run every law on the case, and raise one error that names all broken ones.

    Args:
        check: the public function that was called, for the message.
        laws: the laws.
        case: what they are run on; its `str` says what was given.
        skip: names of laws to leave out.

    Raises:
        AssertionError: with a paragraph for each broken law.
        ValueError: `skip` names a law that does not exist.
    """
    laws = list(laws)
    left_out = set(skip)
    names = [law.__name__ for law in laws]
    if unknown := left_out - set(names):
        raise ValueError(
            f"{check}: `skip` names {sorted(unknown)}, but the laws are {names}."
        )

    broken: list[tuple[Law, Exception]] = []
    chosen = [law for law in laws if law.__name__ not in left_out]
    for law in chosen:
        try:
            law(case)
        except Exception as error:
            broken.append((law, error))

    if broken:
        head = f"{check}: {len(broken)} of {len(chosen)} laws do not hold for {case}."
        parts = [_paragraph(law, error) for law, error in broken]
        raise AssertionError("\n\n".join([head, *parts])) from broken[0][1]


def _paragraph(law: Law, error: Exception) -> str:
    sentence = (inspect.getdoc(law) or "").partition("\n\n")[0].replace("\n", " ")
    if isinstance(error, Violation):
        rows = {"expected": error.expected, "found": error.found, "do": error.advice}
    else:
        advice = "Call the layer, metric or optimizer by hand to see the whole error."
        found = f"{type(error).__name__}: {error}"
        rows = {"expected": "no error", "found": found, "do": advice}

    lines = [f"{law.__name__}: {sentence}"]
    for key, value in rows.items():
        text = textwrap.indent(value, " " * 12).strip()
        lines.append(f"  {key + ':':9} {text}")
    return "\n".join(lines)


# Configs


def as_json(obj: Any) -> str:
    """The config of an object as JSON text."""
    config = serialize_keras_object(obj)
    try:
        return json.dumps(config)
    except TypeError as error:
        raise Violation(
            "a config that JSON can hold",
            f"{error} in {config}",
            "Let `get_config` return numbers, strings, lists and dicts only.",
        ) from error


def from_own_config(obj: Any, custom_objects: dict[str, Any]) -> Any:
    """An object made of the config of `obj`, through JSON."""
    data = json.loads(as_json(obj))
    try:
        return deserialize_keras_object(data, custom_objects=custom_objects)
    except Exception as error:
        raise Violation(
            f"a {type(obj).__name__} made of its own config",
            f"{type(error).__name__}: {error}",
            "`get_config` must return an entry for each argument of the constructor. "
            "Keep them as attributes of the same name and it does so by itself; take "
            "`**kwargs` and hand them to `super().__init__`.",
        ) from error


# Arrays


def as_numpy(nest: Any) -> list[np.ndarray]:
    """The tensors in a nested structure as NumPy arrays; narrow floats as float32."""
    found = []
    for x in tree.flatten(nest):
        if ops.is_tensor(x) and dtypes.is_float_dtype(ops.dtype(x)):
            wide = "float64" if ops.dtype(x) == "float64" else "float32"
            x = ops.cast(x, wide)
        found.append(np.asarray(ops.convert_to_numpy(x)))
    return found


def as_tensors(nest: Any) -> Any:
    """The NumPy arrays in a nested structure as tensors of the current backend."""
    return tree.map_structure(ops.convert_to_tensor, nest)


def require_close(
    found: Any, expected: Any, what: str, advice: str, rtol: float, atol: float
) -> None:
    """Raise a violation unless both hold the same arrays, up to a tolerance."""
    arrays, wanted = as_numpy(found), as_numpy(expected)
    shapes = [x.shape for x in arrays]
    wanted_shapes = [x.shape for x in wanted]
    if shapes != wanted_shapes:
        raise Violation(f"{what} of shapes {wanted_shapes}", f"{shapes}", advice)

    for x, y in zip(arrays, wanted):
        if not np.allclose(x, y, rtol=rtol, atol=atol, equal_nan=True):
            difference = np.abs(x.astype("float64") - y.astype("float64"))
            raise Violation(
                f"{what}, up to rtol={rtol} and atol={atol}",
                f"a difference of {np.nanmax(difference):.3g}\n{_excerpt(x, y)}",
                advice,
            )


def _excerpt(found: np.ndarray, expected: np.ndarray) -> str:
    """The first numbers that differ most, side by side."""
    difference = np.abs(found.astype("float64") - expected.astype("float64")).ravel()
    places = np.argsort(-np.nan_to_num(difference, nan=np.inf))[:3]
    pairs = [f"{found.ravel()[i]} for {expected.ravel()[i]}" for i in sorted(places)]
    return "such as " + ", ".join(pairs)


def has_gradients() -> bool:
    """Whether the current backend differentiates."""
    return current().HAS_GRADIENTS
