"""A module of PyTorch as a layer."""

from __future__ import annotations

import base64
import copy
import io
from typing import Any

import numpy as np

from keras.core import tree
from keras.core.config import limits
from keras.core.tensor import KerasTensor
from keras.core.variable import Variable
from keras.layers.native.layer import NativeLayer


class TorchModuleWrapper(NativeLayer):
    """A `torch.nn.Module` as a layer; it needs the PyTorch backend.

    Its parameters are the layer's weights. Its buffers are saved with them. While the
    model trains it is in training mode, else in evaluation mode.

    Args:
        module: the module; lazy ones must have seen data.
        output_shape: the output's shape with the batch axis, where it cannot be found
            by trying.

    To save a model with it, register a subclass that makes the module from plain
    arguments, or give the module's class a `get_config`. A pickled module, as Keras
    writes it, is only read by `keras.saving.load_trusted_model`.

    Raises:
        ValueError: another backend, or a module without its parameters.
        TypeError: `module` is not a torch.nn.Module.

    Example:
        >>> import torch
        >>> layer = keras.layers.TorchModuleWrapper(torch.nn.Linear(4, 3))
        >>> layer(np.ones((2, 4))).shape
        torch.Size([2, 3])
    """

    _framework = "torch"

    module: Any  # the torch.nn.Module
    output_shape: Any
    _weights: list[Variable]  # over its parameters, in their order

    def __init__(
        self,
        module: Any,
        name: str | None = None,
        output_shape: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        import torch

        from keras.backend.torch.tensor import get_device

        if isinstance(module, str):  # as Keras writes it into a config
            module = _unpickled(module)
        if not isinstance(module, torch.nn.Module):
            raise TypeError(
                f"TorchModuleWrapper: `module` must be a torch.nn.Module; received "
                f"{module!r}."
            )
        for kept in (*module.parameters(), *module.buffers()):
            if torch.nn.parameter.is_lazy(kept):
                raise ValueError(
                    f"TorchModuleWrapper: {module!r} is lazy and has no parameters "
                    "yet. Call it on data first."
                )

        self.module = module.to(get_device())
        self.output_shape = output_shape
        self._weights = [
            self._adopt(p, p.requires_grad, path.replace(".", "_"))
            for path, p in module.named_parameters()
        ]

    def call(self, *args: Any, training: Any = None, **kwargs: Any) -> Any:
        """Call the module in the mode asked for."""
        import torch

        if training is not None and self.module.training != training:
            self.module.train(bool(training))

        # Inside a frame (shapes, a StatelessScope) a variable has another value than
        # its parameter, and the module is called with those.
        pairs = zip(self.module.named_parameters(), self._weights)
        values = {path: v.value for (path, p), v in pairs if v.value is not p}
        if not values:
            return self.module(*args, **kwargs)

        if any(v.is_meta for v in values.values()):  # shapes are being found out
            values |= {k: v.to("meta") for k, v in self.module.named_buffers()}
        return torch.func.functional_call(self.module, values, args, kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as symbolic tensors, of the shape given if there is one."""
        if self.output_shape is None:
            return super().compute_output_spec(*args, **kwargs)
        return tree.map_shape_structure(
            lambda s: KerasTensor(s, self.compute_dtype), self.output_shape
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        new = super().__deepcopy__(memo)
        for variable, kept in zip(new._weights, new.module.parameters()):
            variable._value = kept
        return new

    def parameters(self, recurse: bool = True) -> Any:
        """The module's parameters."""
        return self.module.parameters(recurse)

    def save_own_variables(self, store: Any) -> None:
        """Put the module's parameters and buffers in `store`, by their names."""
        for path, value in self.module.state_dict().items():
            store[path] = self._backend.convert_to_numpy(value)

    def load_own_variables(self, store: Any) -> None:
        """Take the module's parameters and buffers from `store`."""
        import torch

        values = {key: torch.as_tensor(np.array(store[key])) for key in store.keys()}
        self.module.load_state_dict(values)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer with a copy of the module in the config."""
        module = config.get("module")
        if hasattr(module, "state_dict"):
            config = {**config, "module": copy.deepcopy(module)}
        return super().from_config(config)


def _unpickled(text: str) -> Any:
    """The module that Keras pickled into a config, if its source is trusted."""
    if not limits.is_trusted():
        raise ValueError(
            "TorchModuleWrapper: the module is given as a pickle, which runs code when "
            "it is read. If the file is your own, load it with "
            "keras.saving.load_trusted_model(path); it warns, and means what it says."
        )
    import torch

    data = io.BytesIO(base64.b64decode(text))
    return torch.load(data, weights_only=False)
