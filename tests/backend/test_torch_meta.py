"""Our shape rules for PyTorch's meta device say what a CPU gives."""

import itertools

import pytest
import torch
import torch.nn.functional as F

import keras
from keras.backend.torch import meta

FLOATS = (torch.float32, torch.bfloat16)
TYPES = (*FLOATS, torch.int32, torch.uint8, torch.bool)
SHAPES = [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (5, 1, 4)), ((2, 3), ()), ((), ())]
UNARY = """
    abs arccos cos ceil exp isnan logical_not neg reciprocal relu rsqrt sigmoid sign
    square tanh trunc
    """.split()
BINARY = """
    add arctan2 bitwise_and div eq fmax ge hypot logaddexp logical_or lt maximum mul ne
    pow remainder sub
    """.split()


def tensor(shape, dtype):
    return torch.empty(shape, dtype=dtype, device="meta")


def described(result):
    if isinstance(result, tuple):
        return [described(part) for part in result]
    return tuple(result.shape), result.dtype


def outcome(function, args, kwargs):
    """What the result is like, or the error."""
    try:
        with torch.no_grad():
            return described(function(*args, **kwargs))
    except (RuntimeError, TypeError, IndexError) as error:
        return type(error).__name__


def real(x):
    """The same on a CPU."""
    if isinstance(x, (list, tuple)):
        return type(x)(real(v) for v in x)
    return torch.ones_like(x, device="cpu") if isinstance(x, torch.Tensor) else x


def agree(function, *args, **kwargs):
    """Whether a function gives in `MetaMode` what it gives on a CPU.

    Where a CPU does not have it, what PyTorch's own rule says.
    """
    expected = outcome(function, real(args), kwargs)
    if isinstance(expected, str):
        expected = outcome(function, args, kwargs)
    with meta.MetaMode():
        found = outcome(function, args, kwargs)
    assert found == expected, (function, args, kwargs)
    return True


def is_answered(function, *args, **kwargs):
    """Whether a rule knows the result."""
    return meta._RULES[function](*args, **kwargs) is not NotImplemented


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_tensor(name):
    for dtype, shape in itertools.product(TYPES, [(3, 4), (), (0, 2)]):
        assert agree(getattr(torch, name), tensor(shape, dtype))
    assert is_answered(getattr(torch, name), tensor((3, 4), torch.float32))


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_tensors(name):
    function = getattr(torch, name)
    for (first, second), a, b in itertools.product(SHAPES, TYPES, TYPES):
        assert agree(function, tensor(first, a), tensor(second, b))
    assert agree(function, tensor((3, 4), TYPES[0]), tensor((3, 5), TYPES[0]))


@pytest.mark.parametrize("number", [2, 2.5, True])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_a_python_number_beside_a_tensor(dtype, number):
    x = tensor((3, 4), dtype)
    for function in (
        lambda x: x + number,
        lambda x: number - x,
        lambda x: x / number,
        lambda x: x // number,
        lambda x: x**number,
        lambda x: number**x,
        lambda x: x < number,
        lambda x: torch.where(x > 0, x, number),
        lambda x: torch.clip(x, None, number),
    ):
        assert agree(function, x)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("axes", [0, (1,), (0, -1), (0, 1, 2), (7,), (), None], ids=str)
def test_reductions(dtype, axes):
    x = tensor((3, 4, 5), dtype)
    for function in (torch.mean, torch.all, torch.any, torch.sum, torch.amax):
        for keepdim in (False, True):
            assert agree(function, x, axes, keepdim=keepdim)
    for function in (torch.var, torch.std, torch.var_mean):
        assert agree(function, x, axes, correction=0)
        assert agree(function, x, dim=axes, correction=0, keepdim=True)


def test_products_with_a_bias():
    x, kernel = tensor((3, 4), torch.float32), tensor((4, 5), torch.float32)
    for width in (5, 1, 6):
        bias = tensor((width,), torch.float32)
        assert agree(torch.addmm, bias, x, kernel)
        assert agree(F.linear, tensor((2, 3, 4), torch.float32), kernel.t(), bias)
    assert agree(F.linear, x, kernel, None), "4 features for a kernel of 5"


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, (1,)])
def test_convolutions(rank, padding):
    convolve = getattr(F, f"conv{rank}d")
    padding = padding if isinstance(padding, int) else padding * rank
    sizes = (9, 7, 8)[:rank]
    for channels, filters, groups in [(4, 6, 1), (4, 6, 2), (4, 5, 2), (3, 6, 1)]:
        x = tensor((2, channels, *sizes), torch.float32)
        weight = tensor((filters, 4 // groups, *(3,) * rank), torch.float32)
        for bias in (None, tensor((6,), torch.float32)):
            for stride, dilation in ((1, 1), (2, 1), (1, 3), ((2,) * rank, 1), (1, 9)):
                assert agree(
                    convolve, x, weight, bias, stride, padding, dilation, groups
                )


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pooling(rank):
    x = tensor((2, 3, *(9, 7, 8)[:rank]), torch.float32)
    for kind in ("max", "avg"):
        pool = getattr(F, f"{kind}_pool{rank}d")
        for size, stride, padding in itertools.product((2, 3, 12), (1, 2), (0, 1, 2)):
            window = (size,) * rank
            assert agree(pool, x, window, (stride,) * rank, (padding,) * rank)
            assert agree(pool, x, window, stride, padding)
        assert agree(pool, x, (2,) * rank)
        assert agree(pool, x.to(torch.int32), (2,) * rank)


def test_products():
    shapes = [(3, 4), (4, 5), (2, 3, 4), (2, 4, 5), (1, 4, 5), (4,), (7, 4, 3), ()]
    for first, second in itertools.product(shapes, shapes):
        for dtype in (torch.float32, torch.int32):
            x, y = tensor(first, torch.float32), tensor(second, dtype)
            assert agree(torch.matmul, x, y)
            assert agree(torch.mm, x, y)
            assert agree(F.linear, x, y)


@pytest.mark.parametrize("axis", [0, 1, -1, 2])
def test_joining(axis):
    x, y = tensor((3, 4), torch.float32), tensor((3, 5), torch.float32)
    whole = tensor((3, 4), torch.int32)
    for function in (torch.cat, torch.stack):
        for parts in ([x, x, x], [x, y], [x, whole], [x], [x, x[0]]):
            assert agree(function, parts, axis)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("heads", [(4, 4, 4), (4, 2, 2), (4, 3, 3), (4, 2, 4)])
def test_attention(heads, grouped):
    q, k, v = (
        tensor((2, count, *shape), torch.float32)
        for count, shape in zip(heads, [(6, 8), (7, 8), (7, 5)])
    )
    function = F.scaled_dot_product_attention
    for mask in (None, tensor((6, 7), torch.bool), tensor((2, 1, 6, 7), torch.float32)):
        assert agree(function, q, k, v, mask, enable_gqa=grouped)
    assert agree(function, q, k[:, :, :, :3], v), "keys of another width"


def test_gradients_are_left_to_pytorch():
    x = tensor((3, 4), torch.float32).requires_grad_()
    with meta.MetaMode(), torch.enable_grad():
        assert torch.tanh(x).requires_grad


def test_vectorized_functions_are_left_to_pytorch():
    x = tensor((3, 4), torch.float32)
    with meta.MetaMode(), torch.no_grad():
        assert torch.vmap(lambda row: torch.tanh(row) * 2)(x).shape == (3, 4)


def test_an_error_names_the_shapes():
    with keras.config.backend_scope("torch"), pytest.raises(Exception, match="4.*5"):
        keras.ops.add(keras.KerasTensor((3, 4)), keras.KerasTensor((3, 5)))
