"""What holds for every public metric: the laws of `keras.testing.check_metric`."""

import functools
import inspect

import pytest
from test_metrics import data_for, make

from keras import metrics
from keras.testing.metric_laws import METRIC_LAWS, MetricCase

pytestmark = pytest.mark.usefixtures("quick_compilation")

CLASSES = sorted(
    name
    for name in metrics.__all__
    if inspect.isclass(getattr(metrics, name)) and name != "Metric"
)
# Laws that need not hold for a metric, and why.
EXCEPT: dict[tuple[str, str], str] = {}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("law", METRIC_LAWS, ids=lambda law: law.__name__)
def test_law(backend, law, name):
    if (name, law.__name__) in EXCEPT:
        pytest.skip(EXCEPT[name, law.__name__])
    if law.__name__ == "other_backends" and backend != "jax":
        pytest.skip("compared once, from JAX")
    metric = functools.partial(make, name)
    law(MetricCase(metric, data_for(name), backends=("torch", "tensorflow")))
