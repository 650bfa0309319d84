"""Input specifications: rank, shape and dtype that a layer expects."""

from __future__ import annotations

from typing import Any

from keras.core import tree


class InputSpec:
    """The rank, shape and type an input must have.

    Args:
        dtype: the expected type.
        shape: the expected shape; None stands for any size.
        ndim: the exact rank.
        max_ndim, min_ndim: bounds of the rank.
        axes: sizes of single axes, such as `{-1: 64}`.
        allow_last_axis_squeeze: let an axis of size 1 at the end be missing or extra.
        name: the key of a dict input.
        optional: whether the input may be None.

    Example:
        >>> layer = keras.layers.Identity()
        >>> layer.input_spec = keras.InputSpec(min_ndim=2, axes={-1: 64})
        >>> layer(np.ones((1, 64))).shape
        (1, 64)
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        return dict(self.__dict__)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """A spec like the one `config` was taken from."""
        return cls(**config)

    def __repr__(self) -> str:
        shown = {k: v for k, v in self.__dict__.items() if v}
        return f"InputSpec({', '.join(f'{k}={v!r}' for k, v in shown.items())})"

    def problem(self, shape: tuple, dtype: str) -> str | None:
        """What is wrong with an input of this shape and type; None if nothing."""
        rank = len(shape)
        if self.shape is not None and self.allow_last_axis_squeeze:
            if rank == len(self.shape) + 1 and shape[-1] == 1:
                shape = shape[:-1]
                rank -= 1
            elif rank == len(self.shape) - 1 and self.shape[-1] == 1:
                shape = (*shape, 1)
                rank += 1

        if self.ndim is not None and rank != self.ndim:
            return f"rank {self.ndim} (such as {_example(self)}) is expected"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"rank {self.min_ndim} or more is expected"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"rank {self.max_ndim} or less is expected"
        if self.dtype is not None and dtype != self.dtype:
            return f"dtype {self.dtype} is expected"

        for axis, size in self.axes.items():
            if -rank <= axis < rank and size is not None:
                if shape[axis] not in (size, None):
                    return f"axis {axis} must have size {size}, not {shape[axis]}"
        for given, wanted in zip(shape, self.shape or ()):
            if None not in (given, wanted) and given != wanted:
                return f"shape {self.shape} is expected"
        return None


def _example(spec: InputSpec) -> str:
    return str(spec.shape or tuple(f"axis{i}" for i in range(spec.ndim or 0)))


def check_inputs(input_spec: Any, inputs: Any, layer: Any, backend: Any) -> None:
    """Raise ValueError unless the inputs are what the layer's spec says."""
    specs = tree.flatten(input_spec)
    if isinstance(inputs, dict) and all(s is None or s.name in inputs for s in specs):
        values = [inputs[s.name] for s in specs]
    else:
        values = tree.flatten(inputs)

    if len(values) != len(specs):
        raise ValueError(
            f"{layer_label(layer)} expects {len(specs)} input(s) but received "
            f"{len(values)}."
        )

    for i, (spec, value) in enumerate(zip(specs, values)):
        if spec is None or (value is None and spec.optional):
            continue
        if value is None or not hasattr(value, "shape"):
            raise TypeError(
                f"{layer_label(layer)} expects tensors; received {value!r}."
            )

        dtype = value.dtype if isinstance(value.dtype, str) else backend.dtype_of(value)
        problem = spec.problem(tuple(value.shape), dtype)
        if problem:
            which = f"input {i} " if len(specs) > 1 else "input "
            raise ValueError(
                f"{layer_label(layer)}: {which}of shape {tuple(value.shape)} "
                f"(dtype {dtype}) does not fit: {problem}."
            )


def layer_label(layer: Any) -> str:
    """The name of a layer in messages: `Dense layer 'dense_1'`."""
    return f"{type(layer).__name__} layer {layer.name!r}"
