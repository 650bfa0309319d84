"""Checks for your own layers, metrics, optimizers and backends: do they keep the laws?

Each check raises one `AssertionError` that names every broken law, what was expected,
what was found, and what to do. Use them in the tests of your own package.
"""

from keras.testing.backend import check_backend
from keras.testing.layer_laws import check_layer
from keras.testing.metric_laws import check_metric
from keras.testing.optimizer_laws import check_optimizer

__all__ = ["check_backend", "check_layer", "check_metric", "check_optimizer"]
