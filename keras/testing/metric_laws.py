"""The laws of a metric, and `check_metric`, which runs them on yours."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from keras import ops
from keras.core import scope, tree
from keras.core.dtypes import is_float_dtype
from keras.core.jit import jit
from keras.metrics import Metric
from keras.testing.laws import (
    Case,
    Law,
    Violation,
    as_json,
    as_numpy,
    as_tensors,
    from_own_config,
    run_laws,
)


def check_metric(
    metric: Metric | Callable[[], Metric],
    *data: Any,
    skip: Iterable[str] = (),
    custom_objects: dict[str, Any] | None = None,
    backends: Sequence[str] | None = None,
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> None:
    """Check that a metric keeps the laws which every metric of Keras keeps.

    The laws: its config gives the same metric back; a reset forgets all; batches one by
    one give what one large batch gives; sample weights count samples; compiled,
    stateless, copied and on other backends it gives the same; the result is a number of
    the metric's type.

    Args:
        metric: a metric, or a function without arguments (such as a class) that makes
            one.
        *data: what `update_state` takes, such as `y_true, y_pred`: arrays whose first
            axis is the sample, with 3 samples or more.
        skip: the names of laws that need not hold, such as `"sample_weights"`.
        custom_objects: further classes and functions that the metric's config names.
        backends: the backends whose results are compared; by default every one that is
            installed.
        rtol, atol: how much results may differ between two ways to compute them.

    Raises:
        AssertionError: naming each broken law, what was expected and found, and what
            to do.

    Example:
        >>> y_true, y_pred = np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 0.4, 0.6])
        >>> keras.testing.check_metric(keras.metrics.BinaryAccuracy, y_true, y_pred)
    """
    case = MetricCase(
        metric,
        data,
        custom_objects=custom_objects,
        backends=backends,
        rtol=rtol,
        atol=atol,
    )
    run_laws("keras.testing.check_metric", METRIC_LAWS, case, skip)


class MetricCase(Case):
    """A metric under check, and the data it is given."""

    def __init__(
        self,
        metric: Metric | Callable[[], Metric],
        data: Sequence[Any],
        *,
        custom_objects: dict[str, Any] | None = None,
        backends: Sequence[str] | None = None,
        rtol: float = 1e-4,
        atol: float = 1e-6,
    ) -> None:
        if not isinstance(metric, Metric) and not callable(metric):
            raise TypeError(
                "check_metric: `metric` must be a metric or a function that makes one; "
                f"received {metric!r}."
            )
        self.data = tuple(np.asarray(ops.convert_to_numpy(x)) for x in data)
        sizes = [x.shape[:1] for x in self.data]
        if not self.data or len(set(sizes)) > 1 or sizes[0] < (3,):
            raise ValueError(
                "check_metric: give arrays for `update_state` whose first axis is the "
                f"sample, with 3 samples or more; received {sizes}."
            )

        super().__init__(metric, Metric, custom_objects, backends, rtol, atol)

    def __str__(self) -> str:
        shapes = ", ".join(str(x.shape) for x in self.data)
        return f"{self.cls.__name__} on data of shape {shapes}"

    def seen(self) -> Any:
        """A metric that has seen the data once."""
        metric = self.make()
        metric.update_state(*self.data)
        return metric

    @property
    def takes_weights(self) -> bool:
        """Whether `update_state` has `sample_weight`."""
        return "sample_weight" in inspect.signature(self.cls.update_state).parameters


# Laws


def config_round_trip(case: MetricCase) -> None:
    """A metric made of the config, through JSON, is equal and computes the same."""
    metric = case.seen()
    again = from_own_config(metric, case.custom_objects)
    advice = "A constructor's argument is missing in `get_config`."
    if as_json(again) != as_json(metric):
        raise Violation(
            f"the config {metric.get_config()}", f"{again.get_config()}", advice
        )
    again.update_state(*case.data)
    case.require_close(again.result(), metric.result(), "the same result", advice)


def reset_forgets(case: MetricCase) -> None:
    """After `reset_state` the metric is as if it had seen nothing."""
    expected = case.seen().result()
    metric = case.make()
    metric.update_state(*[x[:2] for x in case.data])
    metric.reset_state()
    metric.update_state(*case.data)
    case.require_close(
        metric.result(),
        expected,
        "the result of a new metric after `reset_state`",
        "Make state with `self.add_weight`, or override `reset_state` so that every "
        "variable gets its first value again.",
    )


def batches_add_up(case: MetricCase) -> None:
    """Batches of different sizes, one by one, give what one large batch gives."""
    expected = case.seen().result()
    metric = case.make()
    for part in (slice(0, 2), slice(2, None)):
        metric.update_state(*[x[part] for x in case.data])
    case.require_close(
        metric.result(),
        expected,
        "the result of all samples at once",
        "Add sums and counts in `update_state`, and divide in `result`: a mean of "
        "batches' means is wrong where the batches differ in size.",
    )


def result_type(case: MetricCase) -> None:
    """The result holds finite numbers, of the metric's type if that is a float."""
    metric = case.seen()
    for x in tree.flatten(metric.result()):
        if not ops.is_tensor(x):
            continue
        dtype = ops.dtype(x)
        if is_float_dtype(metric.dtype) and dtype != metric.dtype:
            raise Violation(
                f"a result of type {metric.dtype}",
                dtype,
                "Cast inputs to `self.dtype` with `keras.ops.cast`.",
            )
        if not np.isfinite(as_numpy(x)[0]).all():
            raise Violation(
                "a finite result",
                f"{as_numpy(x)[0]}",
                "Divide with `keras.ops.divide_no_nan`, which gives 0 for 0 / 0.",
            )


def sample_weights(case: MetricCase) -> None:
    """Weights of 1 change nothing, and samples of weight 0 are left out."""
    if not case.takes_weights:
        return
    advice = "Multiply each sample's term, and its count, by `sample_weight`."
    size = len(case.data[0])

    metric = case.make()
    metric.update_state(*case.data, sample_weight=np.ones(size, "float32"))
    case.require_close(
        metric.result(),
        case.seen().result(),
        "the same result with weights of 1",
        advice,
    )

    weights = np.ones(size, "float32")
    weights[2:] = 0
    metric, fewer = case.make(), case.make()
    metric.update_state(*case.data, sample_weight=weights)
    fewer.update_state(*[x[:2] for x in case.data])
    case.require_close(
        metric.result(),
        fewer.result(),
        "the result of the first 2 samples, where the others have weight 0",
        advice,
    )


def jit_agrees(case: MetricCase) -> None:
    """Compiled with `keras.jit`, the metric computes the same."""
    expected = case.seen()
    expected.update_state(*case.data)
    metric = case.make()
    metric.update_state(*case.data)

    @jit
    def update(*data: Any) -> Any:
        metric.update_state(*data)
        return metric.result()

    case.require_close(
        update(*as_tensors(case.data)),
        expected.result(),
        "the same result from the compiled metric",
        "Use `keras.ops` in `update_state` and `result`, and convert nothing to NumPy.",
    )


def stateless_agrees(case: MetricCase) -> None:
    """The stateless methods compute the same and change no variable."""
    metric = case.seen()
    expected = metric.result()
    before = [v.numpy().copy() for v in metric.variables]

    state = metric.stateless_reset_state()
    state = metric.stateless_update_state(state, *case.data)
    advice = "Keep state in variables made with `self.add_weight` only."
    case.require_close(
        metric.stateless_result(state), expected, "the same result", advice
    )
    case.require_close(
        [v.value for v in metric.variables], before, "unchanged variables", advice
    )


def deep_copy(case: MetricCase) -> None:
    """A deep copy knows the same, and goes its own way afterwards."""
    metric = case.seen()
    expected = as_numpy(metric.result())
    twin = copy.deepcopy(metric)
    advice = "Keep variables and metrics in plain attributes, lists and dicts."
    case.require_close(twin.result(), expected, "the same result of a copy", advice)

    twin.reset_state()
    case.require_close(
        metric.result(), expected, "no change of the metric by its copy", advice
    )


def other_backends(case: MetricCase) -> None:
    """A copy of the metric on each other backend computes the same."""
    metric = case.make()
    expected = as_numpy(case.seen().result())
    for name in case.backends:
        if name == scope.current().name:
            continue
        with scope.backend_scope(name):
            twin = copy.deepcopy(metric)
            twin.update_state(*case.data)
            found = as_numpy(twin.result())
        case.require_close(
            found,
            expected,
            f"the same result on {name}",
            "Use `keras.ops`, and nothing of a framework's own.",
        )


METRIC_LAWS: tuple[Law, ...] = (
    config_round_trip,
    reset_forgets,
    batches_add_up,
    result_type,
    sample_weights,
    jit_agrees,
    stateless_agrees,
    deep_copy,
    other_backends,
)
