"""Shapes on PyTorch's meta device: tensors that have a shape and a type but no values.

PyTorch has shape rules of its own for this device. Many of them are written in Python,
and the first that runs imports PyTorch's compiler (`torch._dynamo`, one second) or a
library for symbolic sizes (SymPy, a third of one), which building a model does not
need. The rules here answer for the functions that common layers use. They are asked
inside `eval_shape` only, by a `TorchFunctionMode`; where a rule cannot tell, it returns
NotImplemented, and PyTorch's own rule answers or raises. Shapes that do not go together
are common while sizes of unknown axes are tried: rules raise for these themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from keras.core import tree
from keras.core.weight import Weight

_PLAIN = (torch.Tensor, torch.nn.Parameter)


class MetaMode(TorchFunctionMode):
    """Runs PyTorch's functions on the meta device.

    Real tensors that meet tensors of the meta device are moved there first.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        leaves, treedef = tree.flatten_with_def((args, kwargs))
        leaves_on_meta = _on_one_device([_value(leaf) for leaf in leaves])
        if any(x is not leaf for x, leaf in zip(leaves_on_meta, leaves)):
            args, kwargs = tree.unflatten(treedef, leaves_on_meta)

        rule = _RULES.get(func)
        if rule is not None and _rules_apply(leaves_on_meta):
            result = rule(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return func(*args, **kwargs)


def to_meta(value: torch.Tensor) -> torch.Tensor:
    """A tensor of the same shape and type without values."""
    return value.detach().to("meta")


def _value(x: Any) -> Any:
    """The value of a Variable; anything else as it is."""
    return x.value if isinstance(x, Weight) else x


def _on_one_device(leaves: list[Any]) -> list[Any]:
    """The same arguments, all tensors on the meta device if one of them is."""
    on_meta = {x.is_meta for x in leaves if isinstance(x, torch.Tensor)}
    if len(on_meta) < 2:
        return leaves
    return [to_meta(x) if isinstance(x, torch.Tensor) else x for x in leaves]


def _rules_apply(leaves: list[Any]) -> bool:
    """Whether nothing but a shape is asked for, of plain tensors on the meta device.

    The results of the rules have no history, so where gradients are recorded, or
    `torch.func` transforms a function, that function itself must run.
    """
    tensors = [x for x in leaves if isinstance(x, torch.Tensor)]
    return (
        bool(tensors)
        and all(x.is_meta and type(x) in _PLAIN for x in tensors)
        and all(x.layout is torch.strided for x in tensors)
        and not torch.is_grad_enabled()
        and torch._C._functorch.peek_interpreter_stack() is None
    )


def _empty(shape: Any, dtype: torch.dtype) -> torch.Tensor:
    """A tensor of the meta device."""
    return torch.empty(shape, dtype=dtype, device="meta")


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape that all of these broadcast to; None if they do not fit."""
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first

    # torch.broadcast_shapes imports a library for symbolic sizes.
    result = [1] * max(map(len, shapes))
    for shape in shapes:
        for axis in range(-len(shape), 0):
            if shape[axis] == 1:
                continue
            if result[axis] not in (1, shape[axis]):
                return None
            result[axis] = shape[axis]
    return tuple(result)


def _misfit(func: Callable, shapes: list[tuple[int, ...]]) -> RuntimeError:
    """The error for tensors whose shapes do not go together."""
    name = getattr(func, "__name__", repr(func))
    return RuntimeError(
        f"{name}: tensors of shapes {', '.join(map(str, shapes))} do not fit together."
    )


# --- rules --------------------------------------------------------------------------


def _elementwise(func: Callable) -> Callable:
    """The rule of a function that computes each element on its own.

    The shape is what the arguments broadcast to. The type comes from the function
    itself, run on a CPU on tensors of the same ranks that have no elements; those
    without axes have one.
    """

    def rule(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None or kwargs.get("inplace"):
            return NotImplemented
        shapes = [tuple(x.shape) for x in args if isinstance(x, torch.Tensor)]
        shapes += [tuple(x.shape) for x in kwargs.values() if _is_tensor(x)]
        shape = _broadcast(*shapes)
        if shape is None:
            # PyTorch would import its compiler for the same error.
            raise _misfit(func, shapes)

        result = _tried(
            func,
            *(_without_elements(x) for x in args),
            **{key: _without_elements(x) for key, x in kwargs.items()},
        )
        return _empty(shape, result.dtype) if _is_tensor(result) else NotImplemented

    return rule


def _is_tensor(x: Any) -> bool:
    return isinstance(x, torch.Tensor)


def _without_elements(x: Any) -> Any:
    """A CPU tensor of the same rank and type, without elements if it has axes."""
    if not isinstance(x, torch.Tensor):
        return x
    return torch.ones((0,) * x.dim(), dtype=x.dtype, device="cpu")


def _tried(func: Callable, *args: Any, **kwargs: Any) -> Any:
    """The result; NotImplemented where the CPU has no such function for these types.

    Another device may have it.
    """
    try:
        return func(*args, **kwargs)
    except RuntimeError:
        return NotImplemented


def _same(x: torch.Tensor, *settings: Any, **options: Any) -> Any:
    """The rule of a function whose result is like its first argument."""
    return _empty(x.shape, x.dtype)


def _cumulative(x: torch.Tensor, dim: int, dtype: torch.dtype | None = None) -> Any:
    """The rule of `cumsum` and `cumprod` where their type is given."""
    if dtype is None or not -x.dim() <= dim < x.dim():
        return NotImplemented
    return _empty(x.shape, dtype)


def _reduction(func: Callable) -> Callable:
    """The rule of a function that reduces axes of its first argument."""

    def rule(x: torch.Tensor, *axes: Any, **options: Any) -> Any:
        if "dim" in options:
            axes = (*axes, options.pop("dim"))
        keepdim = options.pop("keepdim", False)
        shape = _reduced(tuple(x.shape), axes[0] if axes else None, keepdim)
        if (
            len(axes) > 1
            or shape is None
            or not set(options) <= {"correction", "dtype"}
        ):
            return NotImplemented

        result = _tried(func, torch.ones(2, dtype=x.dtype, device="cpu"), 0, **options)
        if result is NotImplemented:
            return NotImplemented
        if isinstance(result, tuple):
            return tuple(_empty(shape, part.dtype) for part in result)
        return _empty(shape, result.dtype)

    return rule


def _reduced(
    shape: tuple[int, ...], axes: Any, keepdim: bool
) -> tuple[int, ...] | None:
    """A shape without some axes (all if None), or with size 1 there; None: no such."""
    rank = len(shape)
    if axes is None:
        axes = range(rank)
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    reduced = {axis % rank for axis in axes if -rank <= axis < rank}
    if len(reduced) != len(axes) or not axes or 0 in shape:
        return None
    if keepdim:
        return tuple(1 if i in reduced else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in reduced)


def _matmul(x: torch.Tensor, y: torch.Tensor) -> Any:
    """(..., rows, inner) @ (..., inner, columns)."""
    if x.dim() < 2 or y.dim() < 2 or x.dtype != y.dtype or x.shape[-1] != y.shape[-2]:
        return NotImplemented
    lead = _broadcast(tuple(x.shape[:-2]), tuple(y.shape[:-2]))
    if lead is None:
        raise _misfit(torch.matmul, [tuple(x.shape), tuple(y.shape)])
    return _empty((*lead, x.shape[-2], y.shape[-1]), x.dtype)


def _mm(x: torch.Tensor, y: torch.Tensor) -> Any:
    """The rule of `matmul` for two matrices."""
    return _matmul(x, y) if x.dim() == y.dim() == 2 else NotImplemented


def _addmm(bias: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> Any:
    return _with_bias(_mm(x, y), bias)


def _linear(x: torch.Tensor, weight: torch.Tensor, bias: Any = None) -> Any:
    product: Any = NotImplemented
    if weight.dim() == 2 and x.dim() > 0 and x.shape[-1] == weight.shape[1]:
        if x.dtype == weight.dtype:
            product = _empty((*x.shape[:-1], weight.shape[0]), x.dtype)
    return product if bias is None else _with_bias(product, bias)


def _with_bias(product: Any, bias: torch.Tensor) -> Any:
    """A product, if a bias of that shape and type can be added to it."""
    if product is NotImplemented or bias.dtype != product.dtype:
        return NotImplemented
    shape = tuple(product.shape)
    return product if _broadcast(shape, tuple(bias.shape)) == shape else NotImplemented


def _convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """(batch, filters, places...), where the channels fit the kernel's."""
    rank = x.dim() - 2
    fits = (
        weight.dim() == x.dim()
        and x.dtype == weight.dtype
        and x.shape[1] == weight.shape[1] * groups
        and weight.shape[0] % groups == 0
        and (bias is None or (bias.shape, bias.dtype) == (weight.shape[:1], x.dtype))
    )

    sizes = _places(x, weight.shape[2:], stride, padding, dilation) if fits else None
    if rank < 1 or sizes is None:
        return NotImplemented
    return _empty((x.shape[0], weight.shape[0], *sizes), x.dtype)


_POOLING_DEFAULTS = {"dilation": 1, "ceil_mode": False, "return_indices": False}


def _pooling(
    x: torch.Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    **options: Any,
) -> Any:
    """(batch, channels, places...)."""
    rank = x.dim() - 2
    options.pop("count_include_pad", None)  # no matter of the shape
    plain = all(options[name] == _POOLING_DEFAULTS.get(name, ...) for name in options)
    has_windows = isinstance(kernel_size, tuple) and len(kernel_size) == rank
    if not (plain and has_windows and x.is_floating_point()):
        return NotImplemented

    sizes = _places(x, kernel_size, stride or kernel_size, padding, 1)
    padding = (padding,) * rank if isinstance(padding, int) else padding
    padded_too_far = any(p > k // 2 for p, k in zip(padding, kernel_size))
    if sizes is None or padded_too_far:
        return NotImplemented
    return _empty((*x.shape[:2], *sizes), x.dtype)


def _places(
    x: torch.Tensor, window: Any, stride: Any, padding: Any, dilation: Any
) -> list[int] | None:
    """How many places a sliding window takes along each axis; None if it fits none."""
    rank = x.dim() - 2
    if isinstance(padding, str) or rank < 1 or x.dim() > 5:
        return None
    strides, pads, dilations = (
        (value,) * rank if isinstance(value, int) else tuple(value)
        for value in (stride, padding, dilation)
    )
    sizes = [
        (n + 2 * p - (k - 1) * d - 1) // s + 1
        for n, k, s, p, d in zip(x.shape[2:], window, strides, pads, dilations)
    ]
    return sizes if min(sizes) > 0 and 0 not in x.shape else None


def _concatenate(tensors: Any, dim: int = 0, **options: Any) -> Any:
    """Tensors of one type whose shapes differ along one axis only."""
    first, rank = tensors[0], tensors[0].dim()
    if options or not isinstance(dim, int) or not -rank <= dim < rank:
        return NotImplemented
    axis = dim % rank
    shapes = [list(x.shape) for x in tensors]
    size = sum(shape[axis] for shape in shapes if len(shape) == rank)
    for shape in shapes:
        shape[axis : axis + 1] = [size]
    if any(x.dtype != first.dtype for x in tensors):
        return NotImplemented
    if any(shape != shapes[0] for shape in shapes):
        if any(x.dim() != rank for x in tensors):
            return NotImplemented  # PyTorch leaves out tensors of shape (0,)
        raise _misfit(torch.cat, [tuple(x.shape) for x in tensors])
    return _empty(shapes[0], first.dtype)


def _stack(tensors: Any, dim: int = 0, **options: Any) -> Any:
    """Tensors of one shape and type along a new axis."""
    first = tensors[0]
    if options or any(x.dtype != first.dtype for x in tensors):
        return NotImplemented
    if any(x.shape != first.shape for x in tensors):
        if any(x.dim() != first.dim() for x in tensors):
            return NotImplemented
        raise _misfit(torch.stack, [tuple(x.shape) for x in tensors])
    shape = list(first.unsqueeze(dim).shape)
    shape[dim % len(shape)] = len(tensors)
    return _empty(shape, first.dtype)


def _attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    **options: Any,
) -> Any:
    """(..., rows, features of `value`), where every query head has its key."""
    *lead, rows, features = query.shape
    *key_lead, columns, key_features = key.shape
    *value_lead, value_rows, width = value.shape

    # Sizes other than 1 that differ: an error that would import PyTorch's compiler.
    differing = {query.shape[0], key.shape[0], value.shape[0]} - {1}
    if len(differing) > 1 or len({columns, value_rows} - {1}) > 1:
        shapes = [tuple(x.shape) for x in (query, key, value)]
        raise _misfit(F.scaled_dot_product_attention, shapes)

    shared_heads = (
        options.get("enable_gqa")
        and len(lead) == len(key_lead) == 2
        and lead[0] == key_lead[0]
        and key_lead[1] > 0
        and lead[1] % key_lead[1] == 0
    )
    fits = (
        (lead == key_lead or shared_heads)
        and key_lead == value_lead
        and (features, columns) == (key_features, value_rows)
        and query.dtype == key.dtype == value.dtype
    )
    if fits and attn_mask is not None:
        scores = (*lead, rows, columns)
        fits = _broadcast(tuple(attn_mask.shape), scores) == scores

    return _empty((*lead, rows, width), query.dtype) if fits else NotImplemented


# --- the table ----------------------------------------------------------------------

_ELEMENTWISE = """
    abs acos acosh add addcmul angle arccos arccosh arcsin arcsinh arctan arctan2
    arctanh asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_not
    bitwise_or bitwise_right_shift bitwise_xor ceil celu clamp clip copysign cos cosh
    deg2rad div divide elu eq erf erfc erfinv exp exp2 expm1 floor floor_divide fmax
    fmin fmod frac gammainc gammaincc gcd ge gelu gt hardshrink hardsigmoid hardswish
    hardtanh hypot i0 isfinite isinf isnan isneginf isposinf isreal lcm le leaky_relu
    lerp log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or
    logical_xor logsigmoid lt maximum minimum mish mul multiply ne neg negative
    nextafter pow rad2deg reciprocal relu relu6 remainder round rsqrt rsub selu sigmoid
    sign signbit silu sin
    sinc sinh softplus softshrink softsign sqrt square sub subtract tan tanh tanhshrink
    threshold true_divide trunc where xlogy

    __add__ __and__ __eq__ __floordiv__ __ge__ __gt__ __le__ __lt__ __mod__ __mul__
    __ne__ __neg__ __or__ __pow__ __radd__ __rdiv__ __rfloordiv__ __rmod__ __rmul__
    __rpow__ __rsub__ __rtruediv__ __sub__ __truediv__ __xor__
    """


def _functions(names: str) -> Iterator[Callable]:
    """PyTorch's functions of these names, in each of its name spaces."""
    for name in names.split():
        for space in (torch, torch.Tensor, torch.special, F, torch._C._nn):
            function = getattr(space, name, None)
            if function is not None:
                yield function
                # A Python method shows the function inside its decorator.
                yield getattr(function, "__wrapped__", function)


def _table() -> dict[Callable, Callable]:
    """The rule of each function."""
    rules = {func: _elementwise(func) for func in _functions(_ELEMENTWISE)}
    for names, make in (
        ("layer_norm rms_norm roll tril triu", lambda func: _same),
        ("cumprod cumsum", lambda func: _cumulative),
        ("mean var std var_mean all any sum amax amin", _reduction),
        ("matmul", lambda func: _matmul),
        ("mm", lambda func: _mm),
        ("addmm", lambda func: _addmm),
        ("linear", lambda func: _linear),
        ("conv1d conv2d conv3d", lambda func: _convolution),
        ("avg_pool1d avg_pool2d avg_pool3d", lambda func: _pooling),
        ("max_pool1d max_pool2d max_pool3d", lambda func: _pooling),
        ("cat concat concatenate", lambda func: _concatenate),
        ("stack", lambda func: _stack),
        ("scaled_dot_product_attention", lambda func: _attention),
    ):
        rules |= {func: make(func) for func in _functions(names)}
    return rules


_RULES = _table()
