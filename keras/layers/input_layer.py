"""Where data enters a graph of layers."""

from __future__ import annotations

from typing import Any

from keras.core.config.configurable import arguments
from keras.core.dtypes import standardize_dtype
from keras.core.fields import field
from keras.core.graph.node import Node
from keras.core.naming import get_uid
from keras.core.tensor import KerasTensor, check_ragged, standardize_shape
from keras.core.typing import Shape
from keras.layers.layer import Layer


class InputLayer(Layer):
    """The node of a graph that stands for an input. Made by `keras.Input`.

    Its arguments are those of `keras.Input`; `input_tensor` is `tensor` there.
    """

    batch_shape: Shape = field("The shape of the data, the batch axis first.")

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if ragged:
            check_ragged("Input", sparse)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        super().__init__(name=name or f"input_{get_uid('input')}", **kwargs)

        if input_tensor is not None:
            if not isinstance(input_tensor, KerasTensor):
                raise ValueError(
                    f"Input: `tensor` must be a symbolic tensor; "
                    f"received {input_tensor!r}."
                )
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
            sparse = input_tensor.sparse if sparse is None else sparse
            ragged = input_tensor.ragged if ragged is None else ragged
        elif batch_shape is None:
            if shape is None:
                raise ValueError("Input: `shape` (or `batch_shape`) is needed.")
            batch_shape = (batch_size, *standardize_shape(shape))
        elif shape is not None or batch_size is not None:
            raise ValueError(
                "Input: give `shape` with `batch_size`, or `batch_shape`, not both; "
                f"received shape={shape}, batch_size={batch_size}, "
                f"batch_shape={batch_shape}."
            )

        self.batch_shape = standardize_shape(batch_shape)
        self._dtype = standardize_dtype(dtype or self.compute_dtype)
        self.optional = bool(optional)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)

        output = KerasTensor(
            self.batch_shape, self._dtype, self.sparse, self.ragged, name=self.name
        )
        self._output = Node(self, (), {}, output).outputs
        self.built = True

    @property
    def dtype(self) -> str:
        """The type of the data."""
        return self._dtype

    @property
    def output(self) -> KerasTensor:
        """The symbolic tensor."""
        return self._output

    def call(self) -> KerasTensor:
        """The symbolic tensor."""
        return self._output

    def __deepcopy__(self, memo: dict[int, Any]) -> InputLayer:
        # Another layer with a tensor of its own: the graph is not followed.
        memo[id(self)] = new = InputLayer.from_config(self.get_config())
        return new

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {
            "batch_shape": self.batch_shape,
            "dtype": self._dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
        }
        if self.optional:
            config["optional"] = True
        return config


def Input(  # noqa: N802 - the API's name
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic tensor to build a model from.

    Args:
        shape: the shape of one sample, such as `(28, 28, 1)`; None for any size.
        batch_size: the size of the batch axis, None for any.
        dtype: the type of the data, by default `floatx()`.
        sparse: whether the data are sparse tensors, or SciPy sparse matrices, which
            are then not made dense.
        ragged: whether the data are ragged tensors, which TensorFlow has.
        batch_shape: the whole shape, instead of `shape` and `batch_size`.
        name: the input's name.
        tensor: a symbolic tensor to stand for.
        optional: whether None may be passed for it.

    Example:
        >>> x = keras.Input((32,))
        >>> y = keras.layers.Dense(1)(x)
        >>> model = keras.Model(x, y)
    """
    given = arguments(locals())
    return InputLayer(input_tensor=given.pop("tensor"), **given).output
