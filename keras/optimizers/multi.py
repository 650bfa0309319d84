"""Several optimizers in one, each for the weights whose paths its pattern fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from keras.core.config.serialization import revive, serialize_keras_object
from keras.core.pattern_map import PatternMap
from keras.core.state import unique
from keras.core.variable import Variable
from keras.optimizers.optimizer import Optimizer

_NO_RATE = (
    "MultiOptimizer has no `learning_rate` of its own. Read and set that of each "
    "optimizer in `optimizers`."
)


class OptimizerMap(PatternMap[Optimizer]):
    """Optimizers by the paths of weights, for `MultiOptimizer`.

    Args:
        default_optimizer: the optimizer of the weights whose paths match no pattern.
        optimizer_map: a dict from regular expressions to optimizers. An expression must
            match the whole path.

    Example:
        >>> optimizers = keras.optimizers.OptimizerMap(keras.optimizers.Adam(1e-3))
        >>> optimizers[".*embedding.*"] = keras.optimizers.SGD(0.1)
        >>> optimizers["model/embedding/embeddings"].name
        'sgd'
    """

    kind = "optimizer"

    def __init__(
        self,
        default_optimizer: Optimizer,
        optimizer_map: Mapping[str, Optimizer] | None = None,
    ) -> None:
        super().__init__(self.convert(default_optimizer), optimizer_map)

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of the weights whose paths match no pattern."""
        return self._default

    def convert(self, value: Any) -> Optimizer:
        """An optimizer, checked to be one."""
        if not isinstance(value, Optimizer):
            raise TypeError(
                f"OptimizerMap: an optimizer must be an Optimizer; received {value!r}."
            )
        return value

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        entries = {key: serialize_keras_object(v) for key, v in self.items()}
        default = serialize_keras_object(self._default)
        return {"default_optimizer": default, "optimizer_map": entries}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OptimizerMap:
        """A map like the one `config` was taken from."""
        return cls(**{key: revive(value) for key, value in config.items()})


class MultiOptimizer(Optimizer):
    """Trains parts of a model with optimizers of their own.

    Each weight is updated by the optimizer whose pattern matches its path, with the
    learning rate, clipping, decay and moving averages of that one.

    Args:
        optimizer_map: which weights belong to which optimizer.
        loss_scale_factor: the loss is multiplied by it, the gradients divided.
        name: the optimizer's name.

    Attributes:
        optimizers: the optimizers of the map, the default one last.

    Raises:
        TypeError: `optimizer_map` is not an `OptimizerMap`.
        ValueError: an optimizer in the map has a `loss_scale_factor` of its own (there
            is only one loss), or is itself a `MultiOptimizer` or a
            `LossScaleOptimizer`, which belongs around this one.

    Example:
        >>> optimizer = keras.optimizers.MultiOptimizer(
        ...     keras.optimizers.OptimizerMap(
        ...         keras.optimizers.Adam(1e-3),
        ...         {"encoder/.*": keras.optimizers.SGD(1e-4, momentum=0.9)},
        ...     )
        ... )
    """

    loss_scale_factor: float | None = None

    def __init__(
        self,
        optimizer_map: OptimizerMap,
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(optimizer_map, OptimizerMap):
            raise TypeError(
                "MultiOptimizer: `optimizer_map` must be an OptimizerMap; received "
                f"{optimizer_map!r}."
            )
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = optimizer_map
        every = [*optimizer_map.values(), optimizer_map.default_optimizer]
        self._optimizers: list[Optimizer] = unique(every)

        for optimizer in self._optimizers:
            has_own_scale = optimizer.loss_scale_factor or hasattr(
                optimizer, "inner_optimizer"
            )
            if has_own_scale or isinstance(optimizer, MultiOptimizer):
                raise ValueError(
                    "MultiOptimizer: an optimizer in the map must be a plain one "
                    f"without a loss scale; received {optimizer!r}. Scale the loss "
                    "with `MultiOptimizer(..., loss_scale_factor=...)`, or wrap the "
                    "MultiOptimizer in a LossScaleOptimizer."
                )

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers of the map, the default one last."""
        return list(self._optimizers)

    @property
    def learning_rate(self) -> Any:
        """There is none: each of `optimizers` has its own."""
        raise AttributeError(_NO_RATE)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(_NO_RATE)

    def __getattr__(self, name: str) -> Any:
        if name == "learning_rate":  # asked again because the property raised
            raise AttributeError(_NO_RATE)
        return super().__getattr__(name)

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of each optimizer."""
        inner = [v for optimizer in self.optimizers for v in optimizer.variables]
        return [*self._variables, *inner]

    def build(self, variables: Iterable[Variable]) -> None:
        """Give each optimizer the weights that are its own, and build it."""
        if self.built:
            return
        self._trainable = list(variables)
        for optimizer, places in self._shares(self._trainable):
            optimizer.build([self._trainable[i] for i in places])
        self.built = True

    def _shares(
        self, variables: list[Variable]
    ) -> Iterator[tuple[Optimizer, list[int]]]:
        """The optimizers that have something to do, and the numbers of the weights."""
        chosen = [self.optimizer_map[variable.path] for variable in variables]
        for optimizer in self.optimizers:
            if places := [i for i, other in enumerate(chosen) if other is optimizer]:
                yield optimizer, places

    def _apply(self, grads: list[Any], variables: list[Variable]) -> None:
        if all(g is None for g in grads):
            self._present(grads, variables)  # raises
        if self.loss_scale_factor:
            factor = self.loss_scale_factor
            grads = [None if g is None else g / factor for g in grads]

        for optimizer, places in self._shares(variables):
            # Of a part that the loss does not depend on nothing is to be updated.
            if any(grads[i] is not None for i in places):
                optimizer.apply(
                    [grads[i] for i in places], [variables[i] for i in places]
                )
        self._count()

    def exclude_from_weight_decay(
        self, var_list: Any = None, var_names: Any = None
    ) -> None:
        """Leave weights out of the decay of all optimizers, before the first step."""
        for optimizer in self.optimizers:
            optimizer.exclude_from_weight_decay(var_list, var_names)

    def finalize_variable_values(self, var_list: Any) -> None:
        """Let each optimizer finish."""
        variables = list(var_list)
        for optimizer, places in self._shares(variables):
            optimizer.finalize_variable_values([variables[i] for i in places])

    def _swap_averages(self) -> bool:
        return any([optimizer._swap_averages() for optimizer in self.optimizers])

    def _note_swapped(self, are_swapped: bool) -> None:
        for optimizer in self.optimizers:
            optimizer._note_swapped(are_swapped)

    def get_config(self) -> dict[str, Any]:
        return {
            "optimizer_map": serialize_keras_object(self.optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }
