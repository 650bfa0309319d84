"""Mixed precision: computing in a narrow dtype, with the weights in float32."""

from keras.dtype_policies.policy import DTypePolicy, dtype_policy, set_dtype_policy
from keras.optimizers.loss_scale import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
