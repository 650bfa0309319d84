"""Dtype policies by the paths of layers."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from keras.core.pattern_map import PatternMap
from keras.dtype_policies.policy import DTypePolicy, dtype_policy, get


class DTypePolicyMap(PatternMap[DTypePolicy], DTypePolicy):
    """Dtype policies by the paths of layers: one argument for a whole model.

    Given as `dtype` to a layer, it gives that layer, and each layer inside, the policy
    of the pattern that matches its path (`layer.path`), which is known when the layer
    is built. Until then its dtypes are those of the default policy.

    Args:
        default_policy: the policy of the layers whose paths match no pattern; None for
            the global one.
        policy_map: a dict from paths, or regular expressions for whole paths, to
            policies.

    Example:
        >>> policies = keras.dtype_policies.DTypePolicyMap("mixed_bfloat16")
        >>> policies[".*/output"] = keras.DTypePolicy("float32")
        >>> policies["decoder/output"].compute_dtype
        'float32'
        >>> layer = keras.layers.Dense(1, dtype=policies, name="output")
    """

    kind = "policy"
    _bound: DTypePolicy | None = None  # the policy of the layer that holds the map

    def __init__(
        self,
        default_policy: Any = None,
        policy_map: Mapping[str, Any] | None = None,
    ) -> None:
        default = None if default_policy is None else get(default_policy)
        if isinstance(default, DTypePolicyMap):
            raise TypeError(
                "DTypePolicyMap: `default_policy` must be a policy, not a map of them; "
                f"received {default!r}."
            )
        super().__init__(default, policy_map)

    def convert(self, value: Any) -> DTypePolicy:
        """A policy, also by its name."""
        return get(value)

    def default(self) -> DTypePolicy:
        return dtype_policy() if self._default is None else self._default

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of the layers whose paths match no pattern."""
        return self.default()

    @property
    def name(self) -> str:
        """ "map_" and the name of the default policy."""
        return f"map_{self.default().name}"

    @property
    def compute_dtype(self) -> str:
        """That of the layer that holds the map, else of the default policy."""
        return self._policy().compute_dtype

    @property
    def variable_dtype(self) -> str:
        """That of the layer that holds the map, else of the default policy."""
        return self._policy().variable_dtype

    @property
    def quantization_mode(self) -> Any:
        """That of the layer that holds the map, else of the default policy."""
        return self._policy().quantization_mode

    def _policy(self) -> DTypePolicy:
        return self.default() if self._bound is None else self._bound

    def at(self, path: str) -> DTypePolicyMap:
        """The same map, with the dtypes of the layer at a path."""
        bound = copy.copy(self)
        bound._bound = self[path]
        return bound

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        from keras.core.config.serialization import serialize_keras_object

        return {
            "default_policy": None if self._default is None else self._default.name,
            "policy_map": {k: serialize_keras_object(v) for k, v in self.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicyMap:
        """A map like the one `config` was taken from."""
        from keras.core.config.serialization import revive

        return cls(**{key: revive(value) for key, value in config.items()})

    __hash__ = None  # type: ignore[assignment]
    __repr__ = PatternMap.__repr__
