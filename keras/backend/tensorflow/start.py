"""Imports TensorFlow, without the settings that this would leave behind.

Where there is no `keras.json`, `import tensorflow` writes one that names TensorFlow as
the backend. It would be the default of all later programs, and nobody chose it.
"""

from __future__ import annotations

import json

from keras.core.settings import keras_home

_path = keras_home() / "keras.json"
_existed = _path.exists()

import tensorflow  # noqa: E402, F401

if not _existed and _path.exists():
    if json.loads(_path.read_text()).get("backend") == "tensorflow":
        _path.unlink()
