"""The engine of a model: what is compiled of it, and whether that is up to date.

A model has one engine, `model.engine`. It keeps the compiled steps, the loops over
steps, the compiled calls outside `fit`, and what does not change while a run lasts. It
answers one question for the trainer and for the model's `call`: is any of this out of
date, and why? Nothing else keeps flags about it. What a step computes is in `steps.py`,
how a backend compiles it in `backend/<name>/step.py`.

    fit, evaluate, predict                         model(x)
            |                                          |
      make_train_function (or a user's own)            |
            |                                          |
            v                                          v
      compiled_step("train") ----> refresh() <---- call(inputs)
            |                         |                |
            |        compares the stamps of the        |
            |        objects met by the last walk      |
            |        (core/inspection.py), and         |
            |        forgets what is out of date       |
            v                                          v
      backend.compile_step                   backend.compile_call
            |
      loop("train") -> backend.compile_loop: several steps in one dispatch

A copy of a model, also an unpickled one or one on another backend, starts with a new
engine.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

from keras.core.inspection import Inspection, inspect_model
from keras.core.scope import current
from keras.training.compiled import to_tensors
from keras.training.compiled_calls import CompiledCalls
from keras.training.host_part import HostOutputs, HostPart, host_part_of
from keras.training.stateless import on_data

MODES = ("train", "test", "predict")
_creation = threading.Lock()


class RunCache:
    """What does not change while `fit` or `evaluate` runs, found once."""

    def __init__(self, model: Any) -> None:
        self.layers: list[Any] = model._flatten_layers()
        self.metrics: list[Any] | None = None
        self._model = model

    @functools.cached_property
    def variables(self) -> list[Any]:
        """The trainable weights."""
        return self._model.trainable_variables

    @functools.cached_property
    def regularized(self) -> list[Any]:
        """Those of them that have a penalty."""
        return [v for v in self.variables if v.regularizer is not None]


class Engine:
    """The compiled steps, loops and calls of a model.

    Args:
        model: the model.

    Attributes:
        run: what stays the same during the run of `fit` or `evaluate` that is going on.
        steps: the compiled steps by mode: "train", "test" and "predict".
        last_change: why something was compiled again the last time, in words.
    """

    run: RunCache | None
    steps: dict[str, Callable]
    last_change: str | None

    def __init__(self, model: Any) -> None:
        self._model = model
        self.run = None
        self.steps = {}
        self.last_change = None
        self._loops: dict[str, Callable | None] = {}
        self._calls: CompiledCalls | None = None
        # What was compiled is for a model that was found like this.
        self._inspection: Inspection | None = None
        self._options: dict[str, Any] = {}
        self._trainable: list[int] | None = None
        self._trainable_at: Inspection | None = None
        self._host_part: HostPart | None = None
        self._host_part_of: Any = None

    # Steps

    def step(self, mode: str) -> Callable:
        """The function that runs one batch: what `make_<mode>_function` gives."""
        return getattr(self._model, f"make_{mode}_function")()

    def compiled_step(self, mode: str, force: bool = False) -> Callable:
        """The model's step, compiled for its present settings.

        Args:
            mode: "train", "test" or "predict".
            force: compile again, whatever there is.
        """
        self.refresh()
        if mode == "train":
            self._refresh_trainable()
        if mode not in self.steps or force:
            self.steps[mode] = self._compile(mode)
            self._loops.pop(mode, None)
        return self.steps[mode]

    def loop(self, mode: str) -> Callable | None:
        """`(stacked batches, count) -> the last results`: many steps in one dispatch.

        For "predict" all results come back, stacked.

        None where there is no such thing: on a backend that runs eagerly, and for a
        model that makes its own train or test function.
        """
        model = self._model
        if model.run_eagerly or self.has_own_function(mode) or self.host_part:
            return None
        if mode not in self._loops:
            self._loops[mode] = model._backend.compile_loop(
                self.step(mode), model.jit_compile, collect=mode == "predict"
            )
        return self._loops[mode]

    def has_own_function(self, mode: str) -> bool:
        """Whether the model's class makes the function of a mode itself."""
        name = f"make_{mode}_function"
        return not getattr(getattr(type(self._model), name), "_is_default", False)

    @property
    def host_part(self) -> HostPart | None:
        """The part of the model's graph that runs before the compiled step, if any."""
        graph = self._model._graph
        if graph is not self._host_part_of:
            label = self._model._label()
            self._host_part = None if graph is None else host_part_of(graph, label)
            self._host_part_of = graph
        return self._host_part

    def _compile(self, mode: str) -> Callable:
        """The compiled step, behind what runs on the host."""
        compiled = self._compile_rest(mode)
        part = self.host_part
        if part is None:
            return compiled

        def step(data: Any) -> Any:
            return compiled((part.prepare(data[0]), *data[1:]))

        step.explain = getattr(compiled, "explain", None)  # type: ignore[attr-defined]
        return step

    def _compile_rest(self, mode: str) -> Callable:
        model = self._model
        backend = model._backend
        step = on_data(model, mode)

        def run(data: Any) -> Any:
            try:
                return step(to_tensors(data))
            finally:
                model._clear_losses()

        is_training = mode == "train"
        if model.run_eagerly:
            return run if is_training else backend.without_gradients(run)
        assert self._inspection is not None
        variables = model._all_variables if self._inspection.is_repeatable else None
        return backend.compile_step(run, is_training, model.jit_compile, variables)

    # Calls

    def call(self, inputs: Any, training: Any) -> Any:
        """The outputs of the model's graph, by compiled code where that is the same."""
        self.refresh()
        inputs = self.prepared(inputs)
        if self._calls is None:
            self._calls = CompiledCalls(
                self._model, lambda inputs, training: self.run_graph(inputs)
            )
        return self._calls(inputs, training)

    def prepared(self, inputs: Any) -> Any:
        """What the host's part makes of a model's inputs; themselves if it has none."""
        part = self.host_part
        if part is None or isinstance(inputs, HostOutputs):
            return inputs
        return part.prepare(inputs) if part.applies_to(inputs, current()) else inputs

    def run_graph(self, inputs: Any) -> Any:
        """The outputs of the model's graph, for inputs that were `prepared`."""
        model = self._model
        if isinstance(inputs, HostOutputs):
            assert self.host_part is not None
            return self.host_part.run_rest(inputs)
        return model._graph.run(inputs, model._label())

    def direct_call(self, x: Any, training: Any) -> tuple | None:
        """The outputs of a call of the model on one NumPy array, in a tuple.

        None unless such calls come to nothing but a compiled function: they are not
        worth the steps of `Layer.__call__`, which take longer than a small model.
        """
        if self._calls is None or self._inspection is None or self.host_part:
            return None
        if not self._inspection.is_current():
            return None
        return self._calls.direct(x, training)

    # Runs

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While a loop runs, the structure of the model is looked at only once."""
        outer = self.run
        self.run = outer or RunCache(self._model)
        try:
            yield
        finally:
            self.run = outer

    # Out of date?

    def refresh(self) -> None:
        """Forget what was compiled from other settings than the present ones."""
        seen = self._inspection
        if seen is not None and seen.is_current():
            return

        found = inspect_model(self._model)
        options = self._present_options()
        if seen is not None:
            change = _changed_option(self._model, self._options, options)
            change = change or seen.difference(found)
            if change is not None:
                self.forget(change)
        self._inspection = found
        self._options = options

    def _present_options(self) -> dict[str, Any]:
        """The options of `compile` that steps depend on."""
        model = self._model
        return {
            "run_eagerly": model.run_eagerly,
            "jit_compile": model.jit_compile,
            "optimizer": model.optimizer,
        }

    def _refresh_trainable(self) -> None:
        """Forget the train step if weights were frozen, thawed or added."""
        if self._trainable_at is self._inspection:
            return
        variables = self._model._step_variables()
        found = [id(v) for v in variables]
        if self._trainable not in (None, found):
            self._drop("the trainable weights are others", "train")
        self._trainable = found
        self._trainable_at = self._inspection

    def forget(self, reason: str) -> None:
        """Drop everything that is compiled; it is compiled again when it is needed."""
        if self.steps or self._calls is not None:
            self.last_change = reason
        self.steps.clear()
        self._loops.clear()
        self._calls = None

    def _drop(self, reason: str, mode: str) -> None:
        if self.steps.pop(mode, None) is not None:
            self.last_change = reason
        self._loops.pop(mode, None)

    # In words

    def explain(self) -> str:
        """What is compiled and what is not, and why, as text to print.

        Example:
            >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> text = model.engine.explain()
        """
        self.refresh()
        model = self._model
        lines = [f"{model._label()} on {model._backend.name}"]
        for use, text in self._explanations().items():
            lines.append(f"  {use:<9} {text}")
        if self.last_change is not None:
            lines.append(f"Compiled again the last time because: {self.last_change}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        uses = "; ".join(f"{k}: {v}" for k, v in self._explanations().items())
        return f"<Engine of {self._model._label()}, {uses}>"

    def _explanations(self) -> dict[str, str]:
        """How each use of the model runs, in words."""
        uses = {"train": "fit", "test": "evaluate", "predict": "predict"}
        found = {use: self._explain_step(mode) for mode, use in uses.items()}
        found["call"] = self._explain_call()
        return found

    def _explain_step(self, mode: str) -> str:
        model = self._model
        if mode == "train" and not model._backend.HAS_GRADIENTS:
            return "does not run: this backend has no gradients"
        if self.has_own_function(mode):
            owner = type(model).__name__
            return f"runs what {owner}.make_{mode}_function returns"
        if model.run_eagerly:
            return "runs step by step, because run_eagerly=True"
        step = self.steps.get(mode)
        if step is None:
            return "not compiled yet: it is when it first runs"

        explain = getattr(step, "explain", None)
        if explain is None:
            return "runs step by step: this backend does not compile"
        text = explain().format(code=self._code_that_must_run())
        if self._loops.get(mode) is not None:
            text += "; several steps in one dispatch"
        return text

    def _code_that_must_run(self) -> str:
        seen = self._inspection
        found = [] if seen is None else list(dict.fromkeys(seen.not_repeatable))
        if len(found) > 3:
            found[3:] = [f"{len(found) - 3} more"]
        return ", ".join(found)

    def _explain_call(self) -> str:
        model = self._model
        if model._graph is None:
            return "runs as written: only a model made of a graph has compiled calls"
        if model.run_eagerly:
            return "runs as written, because run_eagerly=True"
        if self._calls is None:
            return "not compiled yet: it is after some calls with the same shapes"
        return self._calls.explain()


def _changed_option(model: Any, old: dict[str, Any], new: dict[str, Any]) -> str | None:
    for name, value in new.items():
        if old[name] is not value and old[name] != value:
            return f"{model._label()}: `{name}` changed from {old[name]!r} to {value!r}"
    return None


class EngineOf:
    """The attribute `engine` of models: made when it is first asked for.

    A program may use the name for an attribute of its own; the package asks
    `engine_of`.
    """

    def __get__(self, model: Any, owner: type) -> Engine:
        return self if model is None else engine_of(model)  # type: ignore[return-value]


def engine_of(model: Any) -> Engine:
    """The engine of a model."""
    engine = model.__dict__.get("_engine")
    if engine is None:
        with _creation:
            engine = model.__dict__.get("_engine")
            if engine is None:
                engine = model.__dict__["_engine"] = Engine(model)
    return engine
