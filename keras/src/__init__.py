"""Import paths inside Keras that other libraries use, as aliases of public names.

Write `keras.layers`, not `keras.src.layers`: what is here has no other promise than
that the libraries which import it do so without an error.
"""

from __future__ import annotations

from typing import Any

from keras.core.alias_modules import install
from keras.src.table import ADVICE, resolve

_alias = install(__name__, resolve, ADVICE, strict=True)


def __getattr__(name: str) -> Any:
    return getattr(_alias, name)


def __dir__() -> list[str]:
    return dir(_alias)
