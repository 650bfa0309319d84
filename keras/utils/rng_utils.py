"""One seed for everything."""

from __future__ import annotations

import random
import sys

import numpy as np

from keras.core import scope, seeds
from keras.random.host import seed_host
from keras.random.seed_generator import check_seed, forget_global_seed_generators


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy, this package, and the frameworks.

    Initial weights, shuffles and the seeds of layers are then the same in each run, and
    on every backend. A framework that is imported later is seeded then.

    Args:
        seed: an integer from 0 to 2**32 - 1.

    Raises:
        ValueError: the seed is not such an integer.

    Example:
        >>> keras.utils.set_random_seed(1)
    """
    seed = check_seed(seed, "set_random_seed")
    random.seed(seed)
    np.random.seed(seed)
    seed_host(seed)
    seeds.value = seed
    forget_global_seed_generators()
    for name in scope.BACKENDS:
        if name in sys.modules and scope.is_installed(name):
            scope.load(name).random.seed_framework(seed)
