"""Profiles of what PyTorch runs, for TensorBoard."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from keras.backend.defaults import profile_path


@contextlib.contextmanager
def profile(folder: str) -> Iterator[None]:
    """A context that PyTorch's profiler records, as a trace of its operations."""
    with torch.profiler.profile() as profiler:
        yield
    profiler.export_chrome_trace(profile_path(folder, "trace.json.gz"))
