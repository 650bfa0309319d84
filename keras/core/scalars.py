"""NumPy scalars that print as they were written."""

from __future__ import annotations

from typing import Any

import numpy as np


class _Float32(np.float32):
    """A float32 that formats as `str` shows it: 0.001, not 0.0010000000474974513."""

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else str(np.float32(self))


def readable(x: Any) -> Any:
    """A NumPy array as it is; one without axes as a scalar that prints well."""
    x = x[()]
    return _Float32(x) if isinstance(x, np.float32) else x
