"""Layers' arithmetic in PyTorch: activations, convolution, pooling, normalization."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from keras.backend.tables import functions_of, in_wider
from keras.backend.torch.tensor import name
from keras.backend.windows import Window, reach, same_pads
from keras.core.errors import no_flash_attention


def _first(x: Any, window: Window) -> Any:
    """Channels first; a view, in the memory order of channels last."""
    return x.movedim(-1, 1) if window.channels_last else x


def _back(x: Any, window: Window) -> Any:
    """Undo `_first`."""
    return x.movedim(1, -1) if window.channels_last else x


def _flat(pads: Any) -> list[int]:
    """Pads in the order of F.pad: the last axis first."""
    return [p for pair in reversed(tuple(pads)) for p in pair]


def _pads(x: Any, window: Window) -> Any:
    """How much each spatial axis is padded: (before, after)."""
    if window.padding == "valid":
        return ((0, 0),) * len(window.size)
    return same_pads(window, tuple(x.shape[2:]))


def _in_float(fn: Any, *tensors: Any) -> Any:
    """PyTorch convolves and pools floats only; integers are exact in float64."""
    if tensors[0].is_floating_point() or tensors[0].is_complex():
        return fn(*tensors)
    out = fn(*(t.double() for t in tensors))
    return out.to(tensors[0].dtype)


_CONV = (None, F.conv1d, F.conv2d, F.conv3d)
_CONV_TRANSPOSE = (None, F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
_MAX_POOL = (None, F.max_pool1d, F.max_pool2d, F.max_pool3d)


def _avg_pool3d(x: Any, *args: Any, **options: Any) -> Any:
    if x.device.type == "cpu" and x.dtype in (torch.bfloat16, torch.float16):
        # PyTorch has no kernel for these.
        return F.avg_pool3d(x.float(), *args, **options).to(x.dtype)
    return F.avg_pool3d(x, *args, **options)


_AVERAGE_POOL = (None, F.avg_pool1d, F.avg_pool2d, _avg_pool3d)


def _conv(
    inputs: Any, kernel: Any, window: Window, groups: int, bias: Any = None
) -> Any:
    rank = len(window.size)
    x = _first(inputs, window)
    weight = kernel.permute(-1, -2, *range(rank))
    pads = _pads(x, window)
    if any(low != high for low, high in pads):
        x = F.pad(x, _flat((0, high - low) for low, high in pads))
    both = tuple(low for low, _ in pads)

    def run(x: Any, weight: Any, bias: Any = None) -> Any:
        return _CONV[rank](  # type: ignore[misc]
            x, weight, bias, window.strides, both, window.dilation, groups
        )

    parts = (x, weight) if bias is None else (x, weight, bias)
    return _back(_in_float(run, *parts), window)


def _conv_transpose(inputs: Any, kernel: Any, window: Window, sizes: Any) -> Any:
    rank = len(window.size)
    x = _first(inputs, window)
    weight = kernel.permute(-1, -2, *range(rank))
    ends = []  # what to cut at the front and at the back of the full result
    for n, s, k, (front, size) in zip(
        x.shape[2:], window.strides, reach(window), sizes
    ):
        ends.append((front, (n - 1) * s + k - front - size))
    both = tuple(max(min(front, back), 0) for front, back in ends)

    def run(x: Any, weight: Any) -> Any:
        return _CONV_TRANSPOSE[rank](  # type: ignore[misc]
            x, weight, None, window.strides, both, 0, 1, window.dilation
        )

    out = _in_float(run, x, weight)
    rest = [(p - front, p - back) for p, (front, back) in zip(both, ends)]
    if any(p != (0, 0) for p in rest):
        out = F.pad(out, _flat(rest))  # negative pads cut
    return _back(out, window)


def _pool(
    inputs: Any, window: Window, functions: Any, rim: float, **options: Any
) -> Any:
    x = _first(inputs, window)
    pads = _pads(x, window)
    both = tuple(low for low, _ in pads)
    if any(low != high or low > k // 2 for (low, high), k in zip(pads, window.size)):
        x = F.pad(x, _flat(pads), value=rim)
        both = (0,) * len(pads)
    out = functions[len(pads)](x, window.size, window.strides, both, **options)
    return _back(out, window)


def _max_pool(inputs: Any, window: Window) -> Any:
    return _in_float(lambda x: _pool(x, window, _MAX_POOL, float("-inf")), inputs)


def _average_pool(inputs: Any, window: Window) -> Any:
    out = _pool(inputs, window, _AVERAGE_POOL, 0.0, count_include_pad=False)
    pads = _pads(_first(inputs, window), window)
    if any(low != high or low > k // 2 for (low, high), k in zip(pads, window.size)):
        # Zeros were put in front of the pooling and counted: take them out again.
        channel = -1 if window.channels_last else 1
        ones = torch.ones_like(inputs[:1].narrow(channel, 0, 1))
        out = out / _pool(ones, window, _AVERAGE_POOL, 0.0)
    return out


def _adaptive(functions: Any) -> Any:
    """Adaptive pooling by these functions, one per number of spatial axes."""

    def run(inputs: Any, sizes: tuple, channels_last: bool) -> Any:
        x = inputs.movedim(-1, 1) if channels_last else inputs
        out = _in_float(lambda x: functions[len(sizes)](x, sizes), x)
        return out.movedim(1, -1) if channels_last else out

    return run


def _moments(x: Any, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    half = x.dtype in (torch.float16, torch.bfloat16)
    variance, mean = torch.var_mean(
        x.float() if half else x, dim=axes, correction=0, keepdim=keepdims
    )
    if not half:
        return mean, variance
    limits = torch.finfo(x.dtype)
    mean, variance = (
        v.clamp(limits.min, limits.max).to(x.dtype) for v in (mean, variance)
    )
    return mean, variance


def _batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any = None,
    scale: Any = None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Any:
    # F.batch_norm takes its statistics for constants; gradients must reach them here.
    factor = torch.rsqrt(variance + epsilon)
    if scale is not None:
        factor = factor * scale
    shift = -mean * factor if offset is None else torch.addcmul(offset, mean, -factor)
    if factor.dim() != x.dim() and axis != x.dim() - 1:
        shape = [1] * x.dim()
        shape[axis] = -1
        factor, shift = factor.view(shape), shift.view(shape)
    return torch.addcmul(shift, x, factor)


def _batch_normalization_by_itself(
    x: Any, offset: Any = None, scale: Any = None, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    out, mean, inverse = torch.native_batch_norm(
        x.movedim(axis, 1), scale, offset, None, None, True, 0.0, epsilon
    )
    variance = (inverse.detach() ** -2 - epsilon).clamp(min=0)
    return out.movedim(1, axis), mean.detach(), variance


def _classes_second(logits: Any, axis: int) -> Any:
    """Logits with the axis of classes second, as PyTorch's losses take them."""
    return logits if logits.dim() < 2 or axis == 1 else logits.movedim(axis, 1)


def _over_last_axes(fn: Callable) -> Callable:
    """A normalization over any axes by PyTorch's, which has it over the last ones."""

    def normalize(x: Any, *rest: Any) -> Any:
        *scales, axes, epsilon = rest
        shape = tuple(x.shape[a] for a in axes)
        scales = [s if s is None else s.reshape(shape) for s in scales]
        last = tuple(range(x.dim() - len(axes), x.dim()))
        if axes == last:
            return fn(x, shape, *scales, epsilon)
        return fn(x.movedim(axes, last), shape, *scales, epsilon).movedim(last, axes)

    return normalize


def _softmax_crossentropy(target: Any, logits: Any, axis: int) -> Any:
    return F.cross_entropy(
        _classes_second(logits, axis), _classes_second(target, axis), reduction="none"
    )


def _pick(values: Any, classes: Any, axis: int) -> Any:
    return values.gather(axis, classes.long().unsqueeze(axis)).squeeze(axis)


def _attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float = 1.0,
    is_causal: bool = False,
    flash: bool | None = None,
    soft_cap: float | None = None,
) -> Any:
    if soft_cap is not None:  # no fused kernel caps the scores
        return NotImplemented
    extra, empty = bias, None
    if is_causal and (mask is not None or bias is not None):
        rows, columns = query.shape[1], key.shape[1]
        seen = torch.ones(rows, columns, dtype=torch.bool, device=query.device).tril()
        mask = seen if mask is None else mask & seen
        is_causal = False
    if mask is not None:
        # Where all is masked PyTorch gives 0, the formula the mean of the values.
        empty = ~mask.any(-1, keepdim=True)
        extra = mask if bias is None else torch.where(mask, bias, float("-inf"))
    q, k, v = (t.transpose(1, 2) for t in (query, key, value))
    grouped = q.shape[1] != k.shape[1]

    def run() -> Any:
        out = F.scaled_dot_product_attention(
            q, k, v, extra, 0.0, is_causal, scale=scale, enable_gqa=grouped
        )
        if empty is not None:
            mean = v.mean(2, keepdim=True)
            if grouped:
                mean = mean.repeat_interleave(q.shape[1] // k.shape[1], 1)
            out = torch.where(empty, mean, out)
        return out.transpose(1, 2)

    if flash is None:
        return run()
    from torch.nn.attention import SDPBackend, sdpa_kernel

    kernels = [SDPBackend.MATH, SDPBackend.EFFICIENT_ATTENTION]
    try:
        with sdpa_kernel([SDPBackend.FLASH_ATTENTION] if flash else kernels):
            return run()
    except RuntimeError as error:
        if not flash:
            raise
        raise no_flash_attention(name, str(error)) from None


def _ctc_loss(
    target: Any, output: Any, target_length: Any, output_length: Any, blank: int
) -> Any:
    if output.device.type == "meta":  # where PyTorch has no ctc_loss
        return output.new_empty(output.shape[:1])
    return F.ctc_loss(
        torch.log_softmax(output, -1).transpose(0, 1),
        target,
        output_length,
        target_length,
        blank=blank,
        reduction="none",
    )


_UINT64 = {torch.uint64: torch.int64}

TABLE: dict = {
    **functions_of(torch, "_log_softmax=log_softmax _softmax=softmax sigmoid"),
    **functions_of(
        F,
        """
        celu elu hard_shrink=hardshrink hard_sigmoid=hardsigmoid
        hard_silu=hardswish log_sigmoid=logsigmoid relu6 selu silu
        soft_shrink=softshrink softplus softsign tanh_shrink=tanhshrink threshold
        """,
    ),
    **functions_of(
        F,
        "_layer_normalization=layer_norm _rms_normalization=rms_norm",
        _over_last_axes,
    ),
    **functions_of(
        sys.modules[__name__],
        """
        _attention _average_pool _batch_normalization _batch_normalization_by_itself
        _conv _conv_transpose _ctc_loss _max_pool _moments _pick _softmax_crossentropy
        """,
    ),
    "_adaptive_average": _adaptive(
        (None, F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)
    ),
    "_adaptive_max": _adaptive(
        (None, F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)
    ),
    "_binary_crossentropy": lambda target, output: -torch.lerp(
        torch.log(1 - output), torch.log(output), target
    ),
    "_conv_and_bias": _conv,
    "_sigmoid_crossentropy": lambda target, logits: F.binary_cross_entropy_with_logits(
        logits, target, reduction="none"
    ),
    "_sparse_softmax_crossentropy": lambda target, logits, axis: F.cross_entropy(
        _classes_second(logits, axis), target.long(), reduction="none"
    ),
    "gelu": lambda x, approximate=True: F.gelu(
        x, approximate="tanh" if approximate else "none"
    ),
    "hard_tanh": in_wider(lambda x: x.clamp(-1, 1), _UINT64, torch.Tensor.to),
    "leaky_relu": lambda x, negative_slope=0.2: F.leaky_relu(x, negative_slope),
    "relu": lambda x: x if x.dtype in _UINT64 else torch.relu(x),
}
