"""How TensorFlow evaluates: shapes in a scratch graph, gradients by a tape."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from keras.backend.defaults import is_data
from keras.backend.explain import counted
from keras.backend.tensorflow.tensor import convert_to_tensor, dtype_of, is_tensor
from keras.core import tree
from keras.core.variable import MetaFrame, Variable, frame, repeatable


def eval_shape(fn: Callable, specs: Sequence[tuple], make_spec: Callable) -> Any:
    """Run `fn` in a scratch graph; a nest of specs comes back."""
    with (
        tf.__internal__.FuncGraph("keras_shapes").as_default(),
        frame(MetaFrame, _to_meta),
    ):
        tensors = [
            tf.compat.v1.placeholder(dtype, shape=shape) for shape, dtype in specs
        ]
        out = fn(tensors)
        return tree.map_structure(
            lambda t: make_spec(tuple(t.shape), dtype_of(t)) if is_tensor(t) else t, out
        )


def _to_meta(value: Any) -> Any:
    """In the place of a variable, whose value a graph takes much longer to read."""
    if isinstance(value, tf.Variable):
        return tf.compat.v1.placeholder(value.dtype, value.shape)
    return value


def value_and_grad(
    fn: Callable, variables: Sequence[Variable] | None, argnums: Any, has_aux: bool
) -> Callable:
    """`fn` with the gradients of its (first) result; see keras.ops.value_and_grad."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            if variables is None:
                wrt = [args[i] for i in numbers]
                tape.watch(tree.flatten(wrt))
            else:
                wrt = [v.read_unscaled() for v in variables]
                tape.watch(wrt)
            out = fn(*args, **kwargs)
            value, aux = out if has_aux else (out, None)

        zero = (
            tf.UnconnectedGradients.NONE
            if variables is not None
            else tf.UnconnectedGradients.ZERO
        )
        grads = tape.gradient(value, tree.flatten(wrt), unconnected_gradients=zero)
        grads = tree.pack_sequence_as(wrt, grads)

        if variables is None and isinstance(argnums, int):
            grads = grads[0]
        return ((value, aux) if has_aux else value), grads

    return wrapped


def compile(fn: Callable) -> Callable:
    """`fn` as graphs, which capture the variables by themselves."""
    return Traced(fn, batches=False)


def compile_step(
    step: Callable, train: bool, jit_compile: Any, variables: Callable | None = None
) -> Callable:
    """A step of the trainer as graphs, by XLA if asked for."""
    return Traced(step, xla=jit_compile is True)


class Traced:
    """`fn` as a graph for each form of its arguments and each set of shapes.

    A tf.function finds the graph for a call as well, but takes much longer to. With
    `batches` the first axes count samples: once that changes, a graph serves any size.
    """

    def __init__(self, fn: Callable, batches: bool = True, xla: bool = False) -> None:
        self._fn, self._xla = fn, xla
        self._batches = batches and not xla
        self._sized: dict[Any, Any] = {}  # graphs for shapes as they are
        self._open: dict[Any, Any] = {}  # those for any size, or None
        self._met: set[Any] = set()  # forms with open shapes

    def __call__(self, *args: Any) -> Any:
        tensors, graph = self._find(args)
        return graph(*tensors)

    def explain(self) -> str:
        """How it runs, in words."""
        return f"compiled to a graph{counted(len(self._sized))}"

    def graph(self, *args: Any) -> Any:
        """The graph for such arguments."""
        return self._find(args)[1]

    def prepare(self, *args: Any) -> None:
        """Expect arguments like these, but with first axes of other sizes too."""
        tensors, _, form = self._parted(args)
        self._met.add((form, *_specs(tensors, any_size=True)))

    def _parted(self, args: tuple) -> tuple[list[Any], Callable, Any]:
        data, filled, form = tree.partition(args, is_data)
        return [convert_to_tensor(x) for x in data], filled, form

    def _find(self, args: tuple) -> tuple[list[Any], Any]:
        tensors, filled, form = self._parted(args)
        key = (form, *((type(t), tuple(t.shape), t.dtype) for t in tensors))
        graph = self._sized.get(key)
        if graph is None:
            graph = self._for_any_size(form, filled, tensors) if self._batches else None
            graph = graph or self._trace(filled, _specs(tensors))
            self._sized[key] = graph
        return tensors, graph

    def _for_any_size(self, form: Any, filled: Callable, tensors: list) -> Any:
        """The graph with open first axes, from the second size on."""
        specs = _specs(tensors, any_size=True)
        key = (form, *specs)
        if key in self._met and key not in self._open:
            self._open[key] = None
            with contextlib.suppress(Exception):  # some code must know all sizes
                self._open[key] = self._trace(filled, specs)
        self._met.add(key)
        return self._open.get(key)

    def _trace(self, filled: Callable, specs: list) -> Any:
        def run(*tensors: Any) -> Any:
            return self._fn(*filled(tensors))

        traced = tf.function(run, autograph=False, jit_compile=self._xla)
        return traced.get_concrete_function(*specs)


def _specs(tensors: list, any_size: bool = False) -> list[tf.TypeSpec]:
    def shape(t: Any) -> Any:
        return [None, *t.shape[1:]] if any_size and t.shape.rank else t.shape

    def spec(t: Any) -> tf.TypeSpec:
        if isinstance(t, tf.RaggedTensor):
            splits = t.row_splits.dtype
            return tf.RaggedTensorSpec(shape(t), t.dtype, t.ragged_rank, splits)
        is_sparse = isinstance(t, tf.SparseTensor)
        return (tf.SparseTensorSpec if is_sparse else tf.TensorSpec)(shape(t), t.dtype)

    return [spec(t) for t in tensors]


def compile_loop(compiled: Any, jit_compile: Any, collect: bool) -> Callable:
    """`(stacked batches, count) -> the results of the last`: one loop in a graph.

    With `collect` all results, stacked. The loop calls the graph that was traced for
    one step: nothing is traced twice.
    """

    def run(stack: Any, count: Any) -> Any:
        def batch(i: Any) -> Any:
            return tree.map_structure(lambda a: None if a is None else a[i], stack)

        step = compiled.graph(batch(0))
        specs, filled, _ = tree.partition(
            step.structured_outputs, lambda leaf: hasattr(leaf, "dtype")
        )

        def body(i: Any, kept: Any) -> Any:
            found, _, _ = tree.partition(compiled(batch(i)), is_tensor)
            if collect:
                found = [array.write(i, new) for array, new in zip(kept, found)]
            return i + 1, found

        def room(spec: Any) -> Any:
            if collect:
                return tf.TensorArray(spec.dtype, count, element_shape=spec.shape)
            return tf.zeros(spec.shape, spec.dtype)

        start = [room(spec) for spec in specs]
        _, found = tf.while_loop(
            lambda i, _: i < count, body, [tf.constant(0), start], parallel_iterations=1
        )
        return filled(array.stack() for array in found) if collect else filled(found)

    traced = Traced(run, batches=False, xla=jit_compile is True)
    return lambda stack, count: traced(stack, tf.constant(count))


def compile_call(fn: Callable, variables: Callable) -> Callable:
    """A function for calls from anywhere."""
    return Traced(fn)


def remat(fn: Callable) -> Callable:
    """Recompute in the backward pass."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tensors, filled, _ = tree.partition((args, kwargs), is_tensor)

        def run(*tensors: Any) -> Any:
            args, kwargs = filled(tensors)
            return fn(*args, **kwargs)

        return tf.recompute_grad(repeatable(run, tf.identity))(*tensors)

    return wrapped


def custom_gradient(fn: Callable) -> Callable:
    """`fn(*args) -> (output, grad_fn)`; `grad_fn(*cotangents)` gives the gradients."""
    return tf.custom_gradient(fn)
