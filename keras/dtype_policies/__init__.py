"""Which types layers compute in and keep their weights in."""

from keras.dtype_policies.policy import (
    DTypePolicy,
    FloatDTypePolicy,
    deserialize,
    get,
    serialize,
)
from keras.dtype_policies.policy_map import DTypePolicyMap

__all__ = [
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "deserialize",
    "get",
    "serialize",
]
