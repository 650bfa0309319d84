"""Settings of the whole package, read from the environment and `keras.json`."""

from __future__ import annotations

import json
import os
import pathlib

from keras.core import backends
from keras.core.errors import check_choice

FLOAT_TYPES = ("float16", "bfloat16", "float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")


def keras_home() -> pathlib.Path:
    """The folder of `keras.json` and the caches (`KERAS_HOME`, or `~/.keras`)."""
    home = os.environ.get("KERAS_HOME")
    return pathlib.Path(home) if home else pathlib.Path.home() / ".keras"


class _Settings:
    """One process-wide record. Plain attributes, so a read costs nothing."""

    def __init__(self) -> None:
        self.floatx = "float32"
        self.epsilon = 1e-7
        self.image_data_format = "channels_last"
        self.backend = "jax"
        self.backend_chosen_by = backends.BY_DEFAULT
        self.traceback_filtering = True
        self.flash_attention: bool | None = None
        self.max_epochs: int | None = None
        self.max_steps_per_epoch: int | None = None
        self.portable_random = False
        self.keep_freed_memory = True
        self.interactive_logging = True
        self._read_file(keras_home() / "keras.json")
        self._read_environment()
        backends.find(self.backend, self.backend_chosen_by)  # or it is a mistake

    def _read_file(self, path: pathlib.Path) -> None:
        try:
            stored = json.loads(path.read_text())
        except (OSError, ValueError):
            return
        if not isinstance(stored, dict):
            return
        for name in ("floatx", "epsilon", "image_data_format"):
            if name in stored:
                setattr(self, name, stored[name])
        who = str(path)
        check_choice(self.floatx, FLOAT_TYPES, "floatx", who)
        check_choice(self.image_data_format, DATA_FORMATS, "image_data_format", who)
        if "backend" in stored:
            self.backend, self.backend_chosen_by = stored["backend"], f"the file {path}"
        self.epsilon = float(self.epsilon)

    def _read_environment(self) -> None:
        name = os.environ.get("KERAS_BACKEND")
        if name:
            self.backend = name
            self.backend_chosen_by = "the environment variable KERAS_BACKEND"
        for key in ("max_epochs", "max_steps_per_epoch"):
            value = os.environ.get(f"KERAS_{key.upper()}")
            if value:
                setattr(self, key, int(value))


settings = _Settings()


def floatx() -> str:
    """The default float type of weights and of converted inputs, as a string.

    Example:
        >>> keras.config.floatx()
        'float32'
    """
    return settings.floatx


def set_floatx(value: str) -> None:
    """Set the default float type.

    Args:
        value: `"bfloat16"`, `"float16"`, `"float32"` or `"float64"`.
    """
    settings.floatx = check_choice(value, FLOAT_TYPES, "floatx", "keras.config")


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite (1e-7)."""
    return settings.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number returned by `keras.config.epsilon()`."""
    settings.epsilon = float(value)


def image_data_format() -> str:
    """`"channels_last"` or `"channels_first"`: where images keep their channels."""
    return settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default of every `data_format` argument.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.
    """
    settings.image_data_format = standardize_data_format(str(data_format))


def standardize_data_format(data_format: str | None) -> str:
    """`data_format` checked, the configured default where it is None."""
    if data_format is None:
        return settings.image_data_format
    data_format = str(data_format).lower()
    return check_choice(data_format, DATA_FORMATS, "data_format", "keras")


def enable_traceback_filtering() -> None:
    """Leave this package's own frames out of error tracebacks (the default)."""
    settings.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show this package's own frames in error tracebacks."""
    settings.traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """Whether this package's own frames are left out of error tracebacks."""
    return settings.traceback_filtering


def max_epochs() -> int | None:
    """The cap on epochs of every `fit`, or None (`KERAS_MAX_EPOCHS`)."""
    return settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Cap the epochs of every `fit`; None removes the cap."""
    settings.max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """The cap on steps of every epoch, or None (`KERAS_MAX_STEPS_PER_EPOCH`)."""
    return settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Cap the steps of every epoch; None removes the cap."""
    settings.max_steps_per_epoch = max_steps_per_epoch


def enable_flash_attention() -> None:
    """Ask for fused attention kernels where the backend has them."""
    settings.flash_attention = True


def disable_flash_attention() -> None:
    """Never use fused attention kernels."""
    settings.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """True or False as asked for; None leaves the choice to the backend."""
    return settings.flash_attention


def set_portable_random(enabled: bool) -> None:
    """Draw the same random numbers on every backend (counter-based Threefry).

    By default dropout and `keras.random` use the framework's own generator, which
    is fastest. With this switch on they use Threefry-2x32 (Salmon et al., 2011):
    bit for bit the same on JAX, PyTorch and TensorFlow.
    """
    settings.portable_random = bool(enabled)


def portable_random() -> bool:
    """Whether random numbers are drawn the same on every backend."""
    return settings.portable_random


def set_keep_freed_memory(enabled: bool) -> None:
    """Keep memory that training on PyTorch frees, for the tensors to come, or not.

    By default the C library gives large blocks back to the system at once, and clearing
    the pages of the next tensor takes up to a third of a training step on a CPU. So the
    first training step on PyTorch asks glibc (`mallopt`) to keep them. This concerns
    the whole process; once asked for, it stays. Nothing is asked of glibc on a GPU, on
    other systems than Linux, or where `MALLOC_*` or `GLIBC_TUNABLES` is set in the
    environment.

    Args:
        enabled: False before the first training step leaves glibc alone.
    """
    settings.keep_freed_memory = bool(enabled)


def keep_freed_memory() -> bool:
    """Whether training on PyTorch keeps freed memory; see `set_keep_freed_memory`."""
    return settings.keep_freed_memory


def enable_interactive_logging() -> None:
    """Write progress and messages to standard output. This is the default."""
    settings.interactive_logging = True


def disable_interactive_logging() -> None:
    """Send progress and messages to the logger `"keras"` instead of the screen.

    The messages have level `INFO`. Use this in a server, where standard output
    is not a place for progress bars; a bar then logs one line when it is full.

    Example:
        >>> import logging
        >>> logging.basicConfig(level=logging.INFO)
        >>> keras.config.disable_interactive_logging()
    """
    settings.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Whether messages go to standard output (`True`) or to the log (`False`)."""
    return settings.interactive_logging


def is_nnx_enabled() -> bool:
    """Whether variables and layers are also objects of Flax NNX: False.

    In Keras a switch (`KERAS_NNX_ENABLED`) makes them so on JAX. Here it does not
    exist, and a program that asks runs as it does in Keras without the switch.
    """
    return False
