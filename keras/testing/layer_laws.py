"""The laws of a layer, and `check_layer`, which runs them on yours."""

from __future__ import annotations

import copy
import functools
import inspect
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras import ops
from keras.core import masks, scope, tree
from keras.core.dtypes import is_float_dtype
from keras.core.jit import jit
from keras.core.tensor import KerasTensor
from keras.core.variable import Variable
from keras.dtype_policies import DTypePolicy
from keras.layers import Input, Layer
from keras.layers.signature import call_signature
from keras.models import Model
from keras.saving.model import load_model
from keras.testing.laws import (
    Case,
    Law,
    Violation,
    as_json,
    as_numpy,
    as_tensors,
    from_own_config,
    has_gradients,
    require_close,
    run_laws,
)


def check_layer(
    layer: Layer | Callable[[], Layer],
    *inputs: Any,
    unknown_axes: bool = True,
    skip: Iterable[str] = (),
    custom_objects: dict[str, Any] | None = None,
    backends: Sequence[str] | None = None,
    rtol: float = 1e-4,
    atol: float = 1e-5,
    seed: int = 0,
) -> None:
    """Check that a layer keeps the laws which every layer of Keras keeps.

    The laws: its config and a `.keras` file give the same layer back; symbolic shapes
    and types are the actual ones; mixed precision, NumPy's float64 arrays, masks,
    compilation, deep copies and other backends give the same outputs; a call changes
    only the state it may; gradients are right.

    Args:
        layer: a layer that isn't built yet, or a function without arguments (such as a
            class) that makes one.
        *inputs: what the layer is called on. Each positional argument of the call is a
            shape with its batch axis, such as `(2, 3)`, an array, or a list or dict of
            these. For a shape, normal float32 numbers are drawn.
        unknown_axes: whether the layer may be built where every axis but the last is
            unknown. If False, only the batch's size is unknown.
        skip: the names of laws that need not hold, such as `"mixed_precision"`.
        custom_objects: further classes and functions that the layer's config names.
        backends: the backends whose outputs are compared; by default every one that is
            installed.
        rtol, atol: how much outputs may differ between two ways to compute them.
        seed: the seed of the numbers drawn.

    Raises:
        AssertionError: naming each broken law, what was expected and found, and what
            to do.

    Example:
        >>> class Scale(keras.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight((input_shape[-1],), "ones")
        ...     def call(self, x):
        ...         return x * self.factor
        >>> keras.testing.check_layer(Scale, (2, 3))
    """
    case = LayerCase(
        layer,
        inputs,
        unknown_axes=unknown_axes,
        custom_objects=custom_objects or {},
        backends=backends,
        rtol=rtol,
        atol=atol,
        seed=seed,
    )
    run_laws("keras.testing.check_layer", LAYER_LAWS, case, skip)


class LayerCase(Case):
    """A layer under check: how to make it, and what to call it on.

    `arguments` are the positional arguments of the call, with NumPy arrays.
    """

    def __init__(
        self,
        layer: Layer | Callable[[], Layer],
        inputs: Sequence[Any],
        *,
        unknown_axes: bool = True,
        custom_objects: dict[str, Any] | None = None,
        backends: Sequence[str] | None = None,
        rtol: float = 1e-4,
        atol: float = 1e-5,
        seed: int = 0,
    ) -> None:
        if not isinstance(layer, Layer) and not callable(layer):
            raise TypeError(
                "check_layer: `layer` must be a layer or a function that makes one; "
                f"received {layer!r}."
            )
        if isinstance(layer, Layer) and layer.built and layer.variables:
            raise ValueError(
                f"check_layer: the layer {layer.name!r} is built already. Give one "
                "that wasn't called yet, or the function that makes it."
            )
        if not inputs:
            raise ValueError(
                "check_layer: give the shape of the layer's input, such as (2, 3)."
            )
        rng = np.random.default_rng(seed)
        self.arguments = tuple(draw(x, rng) for x in inputs)
        self.unknown_axes = unknown_axes
        super().__init__(layer, Layer, custom_objects, backends, rtol, atol)

    def __str__(self) -> str:
        shapes = tree.map_structure(lambda x: x.shape, list(self.arguments))
        return f"{self.cls.__name__} on inputs of shape {str(shapes)[1:-1]}"

    def call(self, layer: Any, arguments: Any = None, training: Any = None) -> Any:
        """The layer's outputs; `training` is left out if its `call` has none.

        A layer that draws at random wherever it is called, as those that augment data
        do, is called with `training=False` where a law does not say more.
        """
        arguments = self.arguments if arguments is None else arguments
        if training is None and call_signature(type(layer)).training_default:
            training = False
        if training is not None and "training" in parameters(layer):
            return layer(*arguments, training=training)
        return layer(*arguments)

    def built(self) -> tuple[Any, Any]:
        """A layer that was called once, and the outputs of that call."""
        layer = self.make()
        return layer, self.call(layer)

    @functools.cached_property
    def slopes(self) -> Slopes:
        """The gradients of a sum of the outputs, computed once for several laws."""
        return Slopes(self)


class Slopes:
    """A weighted sum of a layer's float outputs, and its gradients.

    `variables` are the layer's trainable weights and its float inputs.
    """

    def __init__(self, case: LayerCase) -> None:
        self.case = case
        self.layer, _ = case.built()
        self.arguments = tree.map_structure(
            lambda x: Variable(x) if x.dtype.kind == "f" else x, case.arguments
        )
        flat = tree.flatten(self.arguments)
        inputs = [x for x in flat if isinstance(x, Variable)]
        self.variables = [*self.layer.trainable_variables, *inputs]
        self.gradients: list[np.ndarray] = []
        if self.variables:
            _, gradients = jit(ops.value_and_grad(self._sum, self.variables))()
            self.gradients = [x.astype("float64") for x in as_numpy(gradients)]

    def terms(self) -> list[Any]:
        """The outputs, each element times a fixed number."""
        values = tree.map_structure(
            lambda x: x.value if isinstance(x, Variable) else x, self.arguments
        )
        outputs = tree.flatten(self.case.call(self.layer, values, training=False))
        floats = [x for x in outputs if is_float_dtype(ops.dtype(x))]
        return [
            ops.multiply(x, _weights(tuple(x.shape), i)) for i, x in enumerate(floats)
        ]

    def _sum(self) -> Any:
        parts = [ops.sum(x) for x in self.terms()]
        return sum(parts[1:], parts[0])


def draw(description: Any, rng: np.random.Generator) -> Any:
    """Arrays for shapes; arrays stay as they are."""
    if isinstance(description, tuple) and tree.is_shape(description):
        return rng.normal(size=description).astype("float32")
    if isinstance(description, dict):
        return {key: draw(value, rng) for key, value in description.items()}
    if isinstance(description, (list, tuple)):
        return type(description)(draw(value, rng) for value in description)
    if description is None:
        return None
    return np.asarray(ops.convert_to_numpy(description))


def parameters(layer: Any) -> Any:
    """The names that the layer's `call` takes."""
    return inspect.signature(layer.call).parameters


# Laws


def config_round_trip(case: LayerCase) -> None:
    """A layer made of the config, through JSON, is equal and computes the same."""
    layer, expected = case.built()
    again = from_own_config(layer, case.custom_objects)

    case.call(again)
    if as_json(again) != as_json(layer):
        raise Violation(
            f"the config {layer.get_config()}",
            f"{again.get_config()}",
            "The constructor must keep what the config holds.",
        )
    if [w.shape for w in again.weights] != [w.shape for w in layer.weights]:
        raise Violation(
            f"weights of shapes {[w.shape for w in layer.weights]}",
            f"{[w.shape for w in again.weights]}",
            "A constructor's argument is missing in `get_config`.",
        )
    again.set_weights(layer.get_weights())
    case.require_close(
        case.call(again),
        expected,
        "the same outputs after `from_config(get_config())`",
        "A constructor's argument is missing in `get_config`, or changed in it.",
    )


def file_round_trip(case: LayerCase) -> None:
    """A model that holds the layer computes the same after `.keras` saved it."""
    symbols = tree.map_structure(_symbol, case.arguments)
    layer = case.make()
    model = Model(list(tree.flatten(symbols)), layer(*symbols))
    flat = tree.flatten(case.arguments)
    expected = model(flat if len(flat) > 1 else flat[0], training=False)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        again = load_model(path, custom_objects=case.custom_objects)

    case.require_close(
        again(flat if len(flat) > 1 else flat[0], training=False),
        expected,
        "the same outputs from the loaded model",
        "Keep every weight as an attribute, so that it is found and saved, and make "
        "all of them in `build`.",
    )


def _symbol(x: np.ndarray) -> KerasTensor:
    return Input(x.shape[1:], dtype=x.dtype.name)


def symbolic_shape(case: LayerCase) -> None:
    """The symbolic shape and type are the actual ones, with unknown axes too."""
    _, outputs = case.built()
    actual = [(tuple(x.shape), ops.dtype(x)) for x in tree.flatten(outputs)]
    advice = (
        "Compute shapes in `call` from the input with `keras.ops.shape`, or correct "
        "`compute_output_shape`."
    )

    for keep in ("all", "last") if case.unknown_axes else ("all",):
        symbols = tree.map_structure(
            lambda x, keep=keep: _unknown(x, keep), case.arguments
        )
        found = [(tuple(x.shape), x.dtype) for x in tree.flatten(case.make()(*symbols))]
        given = f"for inputs {[x.shape for x in tree.flatten(symbols)]}"

        fits = len(found) == len(actual) and all(
            dtype == actual_dtype
            and len(shape) == len(actual_shape)
            and all(n in (None, m) for n, m in zip(shape, actual_shape))
            for (shape, dtype), (actual_shape, actual_dtype) in zip(found, actual)
        )
        if not fits:
            raise Violation(f"{actual} {given}", f"{found}", advice)
        if keep == "all" and any(
            shape[1:] != actual_shape[1:]
            for (shape, _), (actual_shape, _) in zip(found, actual)
        ):
            raise Violation(
                f"no unknown axis but the batch in {actual} {given}", f"{found}", advice
            )


def _unknown(x: np.ndarray, keep: str) -> KerasTensor:
    """A symbolic tensor whose batch (or everything but the last axis) is unknown."""
    last = x.ndim - 1
    dims = [
        n if i and (keep == "all" or i == last) else None for i, n in enumerate(x.shape)
    ]
    return KerasTensor(tuple(dims), x.dtype.name)


def mixed_precision(case: LayerCase) -> None:
    """Under `mixed_bfloat16`, weights stay float32 and float outputs are bfloat16."""
    wide, expected = case.built()
    narrow = case.make()
    for part in narrow._flatten_layers():
        part.dtype_policy = DTypePolicy("mixed_bfloat16")
    case.call(narrow)
    narrow.set_weights(wide.get_weights())
    outputs = case.call(narrow)

    trained = tree.flatten(case.call(narrow, training=True))
    floats = [*tree.flatten(outputs), *trained]
    floats = [x for x in floats if is_float_dtype(ops.dtype(x))]
    if types := sorted({ops.dtype(x) for x in floats} - {"bfloat16"}):
        raise Violation(
            "outputs of type bfloat16",
            f"{types}",
            "Use `keras.ops` on the inputs as they come, and cast numbers that you "
            "make yourself to `self.compute_dtype`.",
        )
    if types := sorted({w.dtype for w in narrow.trainable_weights} - {"float32"}):
        raise Violation(
            "weights of type float32",
            f"{types}",
            "Make weights with `self.add_weight` and leave `dtype` out.",
        )
    require_close(
        outputs,
        expected,
        "outputs near those in float32",
        "Compute sums of many numbers in float32, then cast the result.",
        rtol=0.05,
        atol=0.06,
    )


def numpy_inputs(case: LayerCase) -> None:
    """NumPy's float64 arrays as inputs give what float32 tensors give."""
    layer, expected = case.built()
    wide = tree.map_structure(
        lambda x: x.astype("float64") if x.dtype.kind == "f" else x, case.arguments
    )
    outputs = case.call(layer, wide)

    types = [ops.dtype(x) for x in tree.flatten(outputs)]
    expected_types = [ops.dtype(x) for x in tree.flatten(expected)]
    advice = "Let the layer cast its inputs: leave `autocast` on."
    if types != expected_types:
        raise Violation(f"outputs of types {expected_types}", f"{types}", advice)
    case.require_close(outputs, expected, "the same outputs", advice)


def training_state(case: LayerCase) -> None:
    """A call changes no trainable variable, and outside training none at all."""
    layer, _ = case.built()
    for training in (False, True):
        before = [v.numpy().copy() for v in layer.variables]
        case.call(layer, training=training)
        changed = [
            v
            for v, old in zip(layer.variables, before)
            if not np.array_equal(v.numpy(), old, equal_nan=True)
        ]

        may_change = layer.non_trainable_variables
        if not training and not getattr(layer, "stateful", False):
            may_change = []
        allowed = {id(v) for v in may_change}
        wrong = [v.path for v in changed if id(v) not in allowed]
        if wrong:
            raise Violation(
                f"no change of {wrong} by a call with training={training}",
                "other values afterwards",
                "Make state with `add_weight(trainable=False)` and assign it only if "
                "`training` is true.",
            )


def jit_agrees(case: LayerCase) -> None:
    """Compiled with `keras.jit`, the layer computes the same."""
    layer, expected = case.built()
    flat, structure = tree.flatten_with_def(as_tensors(case.arguments))
    compiled = jit(lambda *xs: case.call(layer, tree.unflatten(structure, xs)))
    case.require_close(
        compiled(*flat),
        expected,
        "the same outputs from the compiled layer",
        "Use `keras.ops` in `call`; convert no tensor to NumPy and let no Python `if` "
        "depend on a tensor's value.",
    )


def unique_paths(case: LayerCase) -> None:
    """Every variable has a path of its own, by which files find it."""
    layer, _ = case.built()
    paths = [v.path for v in layer.variables]
    if doubles := sorted({p for p in paths if paths.count(p) > 1}):
        raise Violation(
            "a path for each variable",
            f"{doubles} more than once",
            "Give weights and inner layers different names.",
        )


def mask_fits(case: LayerCase) -> None:
    """A mask that hides nothing changes no output; the output's mask fits its shape."""
    layer, expected = case.built()
    if not (layer.supports_masking or "mask" in parameters(layer)):
        return

    arguments = as_tensors(case.arguments)
    for x in tree.flatten(arguments):
        if len(x.shape) >= 3 and is_float_dtype(ops.dtype(x)):
            masks.set_mask(x, ops.ones(tuple(x.shape)[:2], "bool"))
    outputs = case.call(layer, arguments)

    case.require_close(
        outputs,
        expected,
        "the same outputs with a mask of True as with none",
        "Let `call` leave steps alone whose mask is True.",
    )
    for x in tree.flatten(outputs):
        mask = masks.get_mask(x)
        if mask is None:
            continue
        shape, rank = tuple(mask.shape), len(mask.shape)
        if ops.dtype(mask) != "bool" or shape != tuple(x.shape)[:rank]:
            raise Violation(
                f"a mask of bool and shape {tuple(x.shape)[:2]}",
                f"{ops.dtype(mask)} and {shape} on an output of shape {tuple(x.shape)}",
                "Override `compute_mask` to return the mask of the output, or None.",
            )


def finite_gradients(case: LayerCase) -> None:
    """The gradients of weights and float inputs are finite numbers."""
    if not has_gradients():
        return
    slopes = case.slopes
    for variable, gradient in zip(slopes.variables, slopes.gradients):
        if not np.isfinite(gradient).all():
            raise Violation(
                f"finite gradients of {variable.path}",
                f"{np.sum(~np.isfinite(gradient))} of {gradient.size} that are not",
                "Keep square roots, logarithms and divisions away from 0, by a small "
                "number that is added or `keras.ops.maximum`.",
            )


def right_gradients(case: LayerCase) -> None:
    """Gradients are what small steps in the weights and inputs give."""
    if not has_gradients():
        return
    gradients = case.slopes.gradients
    close = 0.02 * float(np.sqrt(sum((g * g).sum() for g in gradients))) + 2e-3

    rng = np.random.default_rng(1)
    for _ in range(8):
        direction = [rng.normal(size=g.shape) for g in gradients]
        slope = float(sum((g * d).sum() for g, d in zip(gradients, direction)))
        found, bends = _slopes_of_steps(case, direction)
        if np.abs(found - slope).min() <= close:
            return

        # A kink between the two ends (of relu, of a maximum) tells nothing about the
        # gradient: then the steps in another direction count.
        if bends[-2:].max() <= close:
            break
    raise Violation(
        f"a slope of {found[-1]:.5g} along a random direction, from small steps",
        f"{slope:.5g} from the gradients",
        "Correct the function given to `keras.ops.custom_gradient`, or the "
        "`stop_gradient` that cuts something off.",
    )


def _slopes_of_steps(
    case: LayerCase, direction: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The slopes that steps of several sizes find, and how far their two sides differ.

    A small step is seldom across a kink, and a large one less troubled by rounding.
    """
    variables = case.slopes.variables
    start = [v.numpy().copy() for v in variables]

    def total_at(distance: float) -> float:
        for v, x, d in zip(variables, start, direction):
            v.assign(x + distance * d)
        return _total(case.slopes.terms())

    middle = total_at(0.0)
    steps = np.array([3e-2, 1e-2, 3e-3, 1e-3, 3e-4])
    ahead = np.array([total_at(step) - middle for step in steps]) / steps
    behind = np.array([middle - total_at(-step) for step in steps]) / steps
    total_at(0.0)
    return (ahead + behind) / 2, np.abs(ahead - behind)


def _weights(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _total(terms: list[Any]) -> float:
    """The sum of all terms, in float64."""
    return float(sum(x.astype("float64").sum() for x in as_numpy(terms)))


def deep_copy(case: LayerCase) -> None:
    """A deep copy computes the same, and goes its own way afterwards."""
    layer, expected = case.built()
    twin = copy.deepcopy(layer)
    advice = "Keep tensors and layers in plain attributes, lists and dicts."
    case.require_close(case.call(twin), expected, "the same outputs of a copy", advice)

    for w in twin.weights:
        w.assign(ops.zeros_like(w.value))
    case.require_close(
        case.call(layer), expected, "no change of the layer by its copy", advice
    )


def other_backends(case: LayerCase) -> None:
    """A copy of the layer on each other backend computes the same."""
    layer, expected = case.built()
    expected = as_numpy(expected)
    for name in case.backends:
        if name == scope.current().name:
            continue
        with scope.backend_scope(name):
            outputs = as_numpy(case.call(copy.deepcopy(layer)))
        case.require_close(
            outputs,
            expected,
            f"the same outputs on {name}",
            "Use `keras.ops` in `call`, and nothing of a framework's own.",
        )


LAYER_LAWS: tuple[Law, ...] = (
    config_round_trip,
    file_round_trip,
    symbolic_shape,
    mixed_precision,
    numpy_inputs,
    training_state,
    jit_agrees,
    unique_paths,
    mask_fits,
    finite_gradients,
    right_gradients,
    deep_copy,
    other_backends,
)
