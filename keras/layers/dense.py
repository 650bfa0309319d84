"""Fully connected layers."""

from __future__ import annotations

import copy
import math
import re
from typing import Any, NamedTuple

from keras import ops
from keras.core.config.configurable import inherited
from keras.core.errors import check_positive_int
from keras.initializers import VarianceScaling
from keras.layers.input_spec import InputSpec
from keras.layers.lora import LoraLayer
from keras.layers.weighted import (
    KernelLayer,
    add_described,
    refuse_quantization,
    size_of_axis,
)
from keras.ops.products import linear


class Dense(KernelLayer, LoraLayer):
    """A fully connected layer: `activation(inputs @ kernel + bias)`.

    Args:
        units: the size of the last axis of the output.
        activation: a name or a function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: projections after each update.
        lora_rank, lora_alpha: those of `enable_lora`, which `build` then calls.
        quantization_config: not supported; anything but None raises.

    Input of shape `(..., features)`, output `(..., units)`.

    Example:
        >>> keras.layers.Dense(8, activation="relu")(np.ones((2, 3))).shape
        (2, 8)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(Dense, locals()))
        self.units = check_positive_int(units, "units", "Dense")
        self.quantization_config = refuse_quantization(quantization_config, "Dense")
        self.keep_lora(lora_rank, lora_alpha)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        features = size_of_axis(self, input_shape)
        self.kernel = self.add_kernel((features, self.units))
        self.add_bias((self.units,))
        self.start_lora()
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Any, training: Any = None) -> Any:
        return self.activate(linear(inputs, self.kernel, self.bias))


class EinsumDense(KernelLayer, LoraLayer):
    """A fully connected layer between any axes: `einsum(inputs, kernel) + bias`.

    Args:
        equation: such as `"abc,cd->abd"`: the letters of the input's axes, the
            kernel's, and the output's. Axes left out may be written as `...`, at the
            start or the end of input and output.
        output_shape: the output's shape without the batch axis and those under `...`;
            None for what the input determines.
        bias_axes: the letters of the output's axes that have a bias; None for no bias.
        activation, kernel_initializer, ..., quantization_config: as in `Dense`.

    Raises:
        ValueError: the equation is none, or does not fit the shapes.

    Example:
        >>> layer = keras.layers.EinsumDense("abc,cd->abd", (None, 8), bias_axes="d")
        >>> layer(np.ones((2, 5, 3))).shape
        (2, 5, 8)
    """

    _unwritten = ("use_bias",)

    def __init__(
        self,
        equation: str,
        output_shape: int | tuple[int | None, ...],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        given = inherited(EinsumDense, locals())
        super().__init__(use_bias=bias_axes is not None, **given)
        self._letters = _read_equation(equation)
        self.equation = equation
        if isinstance(output_shape, int):
            output_shape = (output_shape,)
        self.output_shape = tuple(output_shape)
        self.bias_axes = bias_axes
        self.quantization_config = refuse_quantization(
            quantization_config, "EinsumDense"
        )
        self.keep_lora(lora_rank, lora_alpha)

    def build(self, input_shape: Any) -> None:
        """Make the kernel, and the bias along `bias_axes`."""
        letters = self._letters
        sizes = self._read_sizes(tuple(input_shape))
        shape = tuple(self._known(sizes, letter) for letter in letters.kernel)

        inner = [
            i for i, letter in enumerate(letters.kernel) if letter not in letters.out
        ]
        outer = [i for i in range(len(shape)) if i not in inner]
        self.kernel = add_described(
            self,
            "kernel",
            shape,
            initializer=_between_axes(self.kernel_initializer, inner, outer),
        )

        if self.bias_axes:
            unknown = sorted(set(self.bias_axes) - set(letters.out))
            if unknown:
                raise self._misfit(f"`bias_axes` has {unknown}, the output has not")
            first = min(letters.out.index(letter) for letter in self.bias_axes)
            left_out = len(input_shape) - len(letters.input)
            self.add_bias(
                tuple(
                    self._known(sizes, letter) if letter in self.bias_axes else 1
                    for letter in letters.out[first:]
                )
                + (1,) * (left_out if letters.ellipsis == "end" else 0)
            )

        self.start_lora()

    def call(self, inputs: Any, training: Any = None) -> Any:
        if not self._is_flat:
            return self.finish(ops.einsum(self.equation, inputs, self.kernel))
        kernel, bias = self.kernel.value, self.bias
        axes = len(self._letters.input) - self._letters.first_inner
        lead, outer = ops.shape(inputs)[:-axes], kernel.shape[axes:]
        inner = math.prod(kernel.shape[:axes])
        out = linear(
            ops.reshape(inputs, (*lead, inner)),
            ops.reshape(kernel, (inner, -1)),
            None if bias is None else ops.reshape(bias, (-1,)),
        )
        return self.activate(ops.reshape(out, (*lead, *outer)))

    @property
    def _is_flat(self) -> bool:
        """Whether it is a product of two matrices, but for the shapes."""
        letters = self._letters
        outer = letters.out[letters.first_inner :]
        return (
            letters.ellipsis != "end"
            and letters.kernel == letters.input[letters.first_inner :] + outer
            and letters.out == letters.input[: letters.first_inner] + outer
            and self.bias_axes in (None, outer)
        )

    def _read_sizes(self, input_shape: tuple) -> dict[str, int | None]:
        """The size of each letter's axis, None where it is not known."""
        letters = self._letters
        n = len(letters.input)
        if len(input_shape) < n or (not letters.ellipsis and len(input_shape) > n):
            raise self._misfit(f"the input has shape {input_shape}, not {n} axes")

        found = input_shape[-n:] if letters.ellipsis == "start" else input_shape[:n]
        sizes: dict[str, int | None] = dict(zip(letters.input, found))

        # Where `...` stands first, the batch is in it.
        named = letters.out if letters.ellipsis == "start" else letters.out[1:]
        if len(named) != len(self.output_shape):
            raise self._misfit(
                f"`output_shape` must give the sizes of the {len(named)} axes "
                f"{named!r} of the output; received {self.output_shape}"
            )

        for letter, size in zip(named, self.output_shape):
            known = sizes.setdefault(letter, size)
            if size is not None and known is not None and size != known:
                raise self._misfit(
                    f"axis {letter!r} has size {known} in the input of shape "
                    f"{input_shape}, but {size} in output_shape={self.output_shape}"
                )

        return sizes

    def _known(self, sizes: dict[str, int | None], letter: str) -> int:
        size = sizes.get(letter)
        if size is None:
            raise self._misfit(
                f"a weight has the axis {letter!r}, whose size is unknown"
            )
        return size

    def _misfit(self, problem: str) -> ValueError:
        return ValueError(
            f"EinsumDense layer {self.name!r} with the equation {self.equation!r}: "
            f"{problem}."
        )


class _Letters(NamedTuple):
    input: str
    kernel: str
    out: str
    ellipsis: str | None  # where the axes left out are: "start", "end" or nowhere

    @property
    def first_inner(self) -> int:
        """Where the input's letters begin that are summed over, at the end of it."""
        return len(self.input) - len(set(self.input) - set(self.out))


_EQUATION = re.compile(
    r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?"
)


def _read_equation(equation: str) -> _Letters:
    found = _EQUATION.fullmatch(equation) if isinstance(equation, str) else None
    if found is not None:
        start, given, end, kernel, out_start, out, out_end = found.groups()
        new = set(out) - set(given) - set(kernel)
        if start == out_start and end == out_end and not (start and end) and not new:
            ellipsis = "start" if start else "end" if end else None
            return _Letters(given, kernel, out, ellipsis)
    raise ValueError(
        "EinsumDense: `equation` must be of the form 'ab,bc->ac', '...ab,bc->...ac' or "
        "'ab...,bc->ac...', and each letter of the output stand in the input or the "
        f"kernel; received {equation!r}."
    )


def _between_axes(initializer: Any, inner: list[int], outer: list[int]) -> Any:
    """The initializer, told which axes of the kernel are summed over."""
    if (
        not isinstance(initializer, VarianceScaling)
        or initializer.input_axes is not None
    ):
        return initializer
    told = copy.copy(initializer)
    told.input_axes, told.output_axes = inner, outer
    return told
