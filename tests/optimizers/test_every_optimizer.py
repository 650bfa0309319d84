"""What holds for every optimizer: the laws of `keras.testing.check_optimizer`."""

import inspect

import pytest

from keras import optimizers
from keras.testing.optimizer_laws import OPTIMIZER_LAWS, OptimizerCase

pytestmark = pytest.mark.usefixtures("quick_compilation")

CASES = {
    name: getattr(optimizers, name)
    for name in optimizers.__all__
    if inspect.isclass(getattr(optimizers, name))
    and issubclass(getattr(optimizers, name), optimizers.Optimizer)
    and name != "Optimizer"
}
CASES["LossScaleOptimizer"] = lambda: optimizers.LossScaleOptimizer(
    optimizers.SGD(0.01)
)
CASES["MultiOptimizer"] = lambda: optimizers.MultiOptimizer(
    optimizers.OptimizerMap(
        optimizers.SGD(0.01, momentum=0.9), {".*(bias|b)": optimizers.Adam(0.01)}
    )
)
CASES["Momentum"] = lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True)
CASES["AMSGrad"] = lambda: optimizers.Adam(0.01, amsgrad=True)
CASES["Decayed"] = lambda: optimizers.AdamW(0.01, weight_decay=0.1)
CASES["Averaged"] = lambda: optimizers.SGD(0.01, use_ema=True)
# Laws that need not hold for an optimizer, and why.
EXCEPT = {
    ("LossScaleOptimizer", "schedules"): "the rate is that of the optimizer inside",
    ("LossScaleOptimizer", "clipping"): "the optimizer inside clips",
    ("MultiOptimizer", "clipping"): "the optimizers inside clip",
    ("MultiOptimizer", "schedules"): "the rates are those of the optimizers inside",
}


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("law", OPTIMIZER_LAWS, ids=lambda law: law.__name__)
def test_law(backend, law, name):
    if (name, law.__name__) in EXCEPT:
        pytest.skip(EXCEPT[name, law.__name__])
    if law.__name__ == "other_backends" and backend != "jax":
        pytest.skip("compared once, from JAX")
    law(OptimizerCase(CASES[name], backends=("torch", "tensorflow")))
