"""Layers and models as objects of a framework."""

from __future__ import annotations

from typing import Any


def torch_module(layer: Any) -> Any:
    """A layer or model of the PyTorch backend as a `torch.nn.Module`.

    The module has the layer's own parameters, not copies: train it with `torch.optim`,
    move it with `to`, put it into a module of yours, compile it with
    `torch.compile(fullgraph=True)`; the layer sees every change. Called, it runs the
    layer in the mode that `train()` or `eval()` set.

    Args:
        layer: a built layer or model. Ask again after layers were added to it.

    Returns:
        The module, always the same one for a layer. Parameters are named as weights in
        a `.safetensors` file (`encoder.dense.kernel`); weights that are never trained
        are buffers.

    Raises:
        ValueError: the layer is not built, or belongs to another backend.

    Example:
        >>> import torch
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> module = keras.utils.torch_module(model)
        >>> optimizer = torch.optim.Adam(module.parameters())
    """
    backend = getattr(layer, "_backend", None)
    module = None if backend is None else backend.framework_module(layer)
    if not any(cls.__module__.startswith("torch.") for cls in type(module).__mro__):
        where = "is not a layer" if backend is None else f"belongs to {backend.name}"
        raise ValueError(
            f"torch_module: {layer!r} {where}. Give a layer or model made on PyTorch, "
            "or the copy that model.to_backend('torch') makes."
        )
    return module
