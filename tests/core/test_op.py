"""`@op`: arguments, errors, symbols, and what is remembered of shapes."""

from __future__ import annotations  # annotations are text, as in the package

from collections.abc import Callable
from typing import Any, Literal, Optional

import numpy as np
import pytest

import keras
from keras import KerasTensor, ops
from keras.core.graph import infer
from keras.core.op import Index, Mask, Op, Tensor, Tensors, op

BACKENDS = ("jax", "torch", "tensorflow")


@op(cast="common")
def _weighted(x: Tensor, y: Tensor | None = None, weight: float = 2.0) -> Tensor:
    return x * weight if y is None else x * weight + y


@pytest.mark.parametrize(
    "args, kwargs, expected",
    [
        ((1.0,), {}, 2.0),
        ((1.0, 5.0), {}, 7.0),
        ((1.0,), {"weight": 3.0}, 3.0),
        ((), {"weight": 3.0, "x": 1.0}, 3.0),
        ((1.0, None, 4.0), {}, 4.0),
    ],
)
def test_arguments(backend, args, kwargs, expected):
    assert float(_weighted(*args, **kwargs)) == expected


@pytest.mark.parametrize(
    "args, kwargs, message",
    [
        ((), {}, "missing a required argument: 'x'"),
        ((1.0, 2.0, 3.0, 4.0), {}, "too many positional arguments"),
        ((1.0,), {"wieght": 1.0}, "unexpected keyword argument 'wieght'"),
        ((1.0,), {"x": 1.0}, "multiple values for argument 'x'"),
        ((None,), {}, "a tensor is None"),
    ],
)
def test_arguments_that_do_not_fit(backend, args, kwargs, message):
    with pytest.raises(TypeError, match=message) as error:
        _weighted(*args, **kwargs)
    assert "_weighted(x" in str(error.value)


@pytest.mark.parametrize("other", BACKENDS)
def test_tensors_of_two_backends_do_not_mix(backend, other):
    with keras.config.backend_scope(other):
        foreign = ops.ones((2,))
    if other == backend:
        np.testing.assert_array_equal(ops.add(ops.ones((2,)), foreign), [2, 2])
        return
    for call in (
        lambda: ops.add(ops.ones((2,)), foreign),
        lambda: ops.stack([foreign, ops.ones((2,))]),
        lambda: ops.exp(foreign),
    ):
        with pytest.raises(TypeError, match=f"{other}.*{backend}") as error:
            call()
        assert "convert_to_numpy" in str(error.value)


MaybeTensor = Tensor | None


def _kinds(body):
    """The tensors among the parameters of an op, as the decorator reads them."""
    return {body.__code__.co_varnames[i]: tuple(a) for i, a in Op(body)._tensors}


def test_optional_tensors_are_converted_however_they_are_written(backend):
    @op(cast="common")
    def _total(
        x: Tensor,
        a: Optional[Tensor] = None,  # noqa: UP045 - the spelling is what is tested
        b: "Tensor | None" = None,  # noqa: UP037
        c: MaybeTensor = None,
    ) -> Tensor:
        for other in (a, b, c):
            x = x if other is None else x + other
        return x

    for name in ("a", "b", "c"):
        np.testing.assert_array_equal(_total([1.0], **{name: [2.5]}), [3.5])
        symbol = _total(np.ones(1, "float32"), **{name: KerasTensor((1,))})
        assert symbol.shape == (1,)
    np.testing.assert_array_equal(_total([1.0]), [1.0])


def test_markers_say_what_is_done_with_an_argument():
    def body(
        x: Tensor,
        xs: Tensors,
        mask: Mask | None,
        index: Index,
        axis: int | None,
        mode: Literal["Tensor", "Mask"],
        fn: Callable[[Tensor], Tensor],
        sizes: tuple[int, ...],
        anything: Any,
        bare="Tensor",
    ) -> Tensor: ...

    assert _kinds(body) == {
        "x": ("tensor", False),
        "xs": ("tensors", False),
        "mask": ("mask", True),
        "index": ("index", False),
    }


def test_annotations_may_be_objects_and_names_of_an_enclosing_function():
    Rows = Tensor

    def body(x: Tensor, rows: Rows, y: Tensor) -> Tensor:
        return Rows and x

    evaluated = body.__annotations__
    assert _kinds(body) == dict.fromkeys(("x", "rows", "y"), ("tensor", False))
    body.__annotations__ = {**evaluated, "x": Optional[Mask], "y": Optional["Index"]}  # noqa: UP045
    kinds = _kinds(body)
    assert kinds["x"] == ("mask", True)
    assert kinds["y"] == ("index", True)


@pytest.mark.parametrize(
    "annotation, reason",
    [
        ("Tensor | float", "alone or with `| None`"),
        ("list[Tensor]", "alone or with `| None`"),
        ("Tensor | Mask", "alone or with `| None`"),
        ("dict[str, Optional[Tensor]]", "alone or with `| None`"),
        ("torch.Tensor", "name 'torch' is not defined"),
        ("Tensro", "name 'Tensro' is not defined"),
        (type("Tensor", (), {}), "alone or with `| None`"),
    ],
)
def test_an_annotation_that_may_be_a_tensor_is_not_taken_for_static(annotation, reason):
    def body(x, other): ...

    body.__annotations__ = {"x": "Tensor", "other": annotation}
    with pytest.raises(TypeError, match="'_scaled'.*parameter `other`") as error:
        op(name="_scaled")(body)
    assert reason in str(error.value)


def test_an_op_takes_a_list_and_not_any_number_of_tensors():
    def body(*xs: Tensor): ...

    with pytest.raises(TypeError, match="parameter `xs`.*`Tensors`"):
        op(body)


def test_the_argument_is_named(backend):
    with pytest.raises((TypeError, ValueError)) as error:
        ops.matmul(np.ones((2, 2)), object())
    assert "argument `x2` of keras.ops.matmul" in str(error.value.__notes__)


@pytest.mark.parametrize(
    "build, shape",
    [
        (lambda x: ops.exp(x), (None, None, 4)),
        (lambda x: x + np.ones((3, 1), "float32"), (None, 3, 4)),
        (lambda x: ops.sum(x, axis=1), (None, 4)),
        (lambda x: ops.reshape(x, (-1, 2)), (None, 2)),
        (lambda x: ops.concatenate([x, x], axis=1), (None, None, 4)),
        (lambda x: ops.concatenate([x, x], axis=-1), (None, None, 8)),
        (lambda x: ops.transpose(x), (4, None, None)),
        (lambda x: ops.matmul(x, np.ones((4, 7))), (None, None, 7)),
        (lambda x: ops.split(x, 2, axis=-1)[1], (None, None, 2)),
        (lambda x: x[:, 0], (None, 4)),
        (lambda x: x[:, ::2], (None, None, 4)),
        (lambda x: ops.mean(x) + x, (None, None, 4)),
        (lambda x: ops.einsum("bij,bkj->bik", x, x), (None, None, None)),
        (lambda x: ops.pad(x, ((0, 0), (0, 0), (1, 1))), (None, None, 6)),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_symbols(backend, build, shape):
    out = build(KerasTensor((None, None, 4)))
    assert isinstance(out, KerasTensor)
    assert out.shape == shape
    actual = build(ops.ones((2, 3, 4)))
    assert len(actual.shape) == len(shape)
    assert all(n in (None, m) for n, m in zip(shape, actual.shape))
    assert ops.dtype(actual) == out.dtype


def test_a_symbol_has_no_values(backend):
    x = KerasTensor((None, 2))
    for use in (bool, float, iter, np.asarray):
        with pytest.raises(TypeError, match="has no values"):
            use(x)
    with pytest.raises(ValueError, match="integers of at least 0"):
        KerasTensor((2, -1))
    with pytest.raises(ValueError, match=r"write \(3,\)"):
        KerasTensor(3)


def test_an_error_says_which_shapes(backend):
    with pytest.raises(Exception) as error:  # noqa: B017 - the framework's own
        ops.matmul(KerasTensor((None, 3)), KerasTensor((4, 5)))
    notes = " ".join(getattr(error.value, "__notes__", []))
    assert "(None, 3)" in notes + str(error.value)


def test_shapes_are_remembered(backend):
    calls = []

    @op
    def _counted(x: Tensor, scale: float = 1.0) -> Tensor:
        calls.append(1)
        return ops.sum(x) * scale

    infer.forget()
    x = KerasTensor((None, 3))
    _counted(x)
    first = len(calls)
    assert first >= 1
    assert _counted(KerasTensor((None, 3))).shape == ()
    assert len(calls) == first
    _counted(x, scale=2.0)  # another static argument
    assert len(calls) > first
    second = len(calls)
    _counted(KerasTensor((None, 4)))
    assert len(calls) > second
    for value in (1, True, 1.0):  # equal, but of different types
        before = len(calls)
        _counted(KerasTensor((9,)), scale=value)
        assert len(calls) > before


def test_a_graph_runs_on_any_backend(backend):
    x = KerasTensor((None, 3))
    f = keras.Function(x, {"y": ops.relu(x) + 1, "z": [x * 2]})
    out = f(np.array([[-1.0, 0.0, 2.0]]))
    assert list(out) == ["y", "z"]
    np.testing.assert_array_equal(out["y"], [[1, 1, 3]])
    np.testing.assert_array_equal(out["z"][0], [[-2, 0, 4]])
