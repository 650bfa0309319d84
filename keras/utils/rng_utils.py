"""One seed for everything."""

from __future__ import annotations

import random
import sys

import numpy as np

from keras.core.config import BACKENDS
from keras.random.host import seed_host


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy, this package and the frameworks in use."""
    random.seed(seed)
    np.random.seed(seed)
    seed_host(seed)
    for name in BACKENDS:
        module = sys.modules.get(f"keras.backend.{name}")
        if module is not None:
            module.seed_framework(seed)
