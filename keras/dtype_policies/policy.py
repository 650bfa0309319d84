"""Dtype policies: the compute dtype and the variable dtype of a layer."""

from __future__ import annotations

from typing import Any

from keras.core import dtypes
from keras.core.settings import floatx

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}


class DTypePolicy:
    """A compute dtype and a variable dtype.

    Args:
        name: a dtype such as `"float32"` or `"bfloat16"` for both, or
            `"mixed_float16"` / `"mixed_bfloat16"`: compute in the narrow dtype and
            store weights in float32.

    Example:
        >>> keras.DTypePolicy("mixed_bfloat16").compute_dtype
        'bfloat16'
    """

    def __init__(self, name: str | None = None) -> None:
        name = name or floatx()
        if not isinstance(name, str):
            raise TypeError(f"DTypePolicy: `name` must be a string; received {name!r}.")
        if name in _MIXED:
            self._compute = _MIXED[name]
            self._variable = "float32"
        else:
            if (
                name.startswith(("int8", "int4", "float8", "gptq", "awq"))
                and "_from_" in name
            ):
                raise ValueError(
                    f"DTypePolicy: quantized policies are not supported; "
                    f"received {name!r}."
                )
            self._compute = self._variable = dtypes.standardize_dtype(name)
        self._name = name

    @property
    def name(self) -> str:
        """The policy's name."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype that inputs are cast to and computations run in."""
        return self._compute

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self._variable

    @property
    def quantization_mode(self) -> None:
        """None: the policy does not quantize."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: str) -> Any:
        """`x` as a tensor; a float one in `dtype` if `autocast`."""
        from keras.core.scope import current

        backend = current()
        x = backend.convert_to_tensor(x)
        if autocast and dtypes.is_float_dtype(backend.dtype_of(x)):
            return backend.convert_to_tensor(x, dtype)
        return x

    def at(self, path: str) -> DTypePolicy:
        """The policy of the layer at a path: this one, wherever it is."""
        return self

    def get_config(self) -> dict[str, Any]:
        """The name."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """A policy like the one `config` was taken from."""
        return cls(**config)

    def __eq__(self, other: Any) -> bool:
        return type(self) is type(other) and self._name == other._name

    def __hash__(self) -> int:
        return hash((type(self), self._name))

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


class FloatDTypePolicy(DTypePolicy):
    """A policy without quantization: another name of `DTypePolicy`."""


_global: DTypePolicy | None = None


def dtype_policy() -> DTypePolicy:
    """The default policy of new layers."""
    return _global if _global is not None else DTypePolicy(floatx())


def set_dtype_policy(policy: Any) -> None:
    """Set the default policy of layers created from now on.

    Args:
        policy: a `DTypePolicy` or a name such as `"mixed_bfloat16"`.

    Example:
        >>> keras.config.set_dtype_policy("mixed_bfloat16")
    """
    global _global
    _global = get(policy)


def get(identifier: Any) -> DTypePolicy:
    """A policy from a policy, a name, a dtype, a config, or None for the global one."""
    from keras.core.config.serialization import deserialize_keras_object

    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        found = deserialize_keras_object(identifier)
        if not isinstance(found, DTypePolicy):
            raise ValueError(f"The config of a dtype policy gave {found!r}.")
        return found
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    try:
        return DTypePolicy(dtypes.standardize_dtype(identifier))
    except ValueError:
        raise ValueError(f"Not a dtype or policy: {identifier!r}.") from None


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The policy as a config."""
    from keras.core.config.serialization import serialize_keras_object

    return serialize_keras_object(dtype_policy)


def deserialize(config: dict, custom_objects: dict | None = None) -> DTypePolicy:
    """The policy from its config."""
    from keras.core.config.serialization import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects=custom_objects)
