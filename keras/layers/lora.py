"""Low-rank adaptation (LoRA): training a small product that is added to a kernel."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.derived import Derived
from keras.core.errors import check_positive_int
from keras.core.typing import Config, InitializerLike
from keras.core.variable import Variable
from keras.layers.input_spec import layer_label
from keras.layers.layer import Layer


class LowRank(Derived):
    """A kernel plus a low-rank product: `base + scale * a @ b`; the base is frozen.

    A file holds the value as one array, so it can be read where LoRA is not used.

    Args:
        base: the kernel that was trained before.
        a: the first factor, of shape `(*base.shape[:-1], rank)`.
        b: the second factor, of shape `(rank, base.shape[-1])`.
        scale: the number by which the product is multiplied.
    """

    base: Variable
    a: Variable
    b: Variable
    scale: float

    is_saved_whole = True

    def __init__(self, base: Variable, a: Variable, b: Variable, scale: float) -> None:
        super().__init__(base.name, base.path, base.shape, base.dtype)
        self.base = base
        self.a = a
        self.b = b
        self.scale = scale

    @property
    def frozen(self) -> list[Variable]:
        """The base."""
        return [self.base]

    def compute(self) -> Any:
        """The sum."""
        return self.base + self.scale * ops.matmul(self.a, self.b)

    def rows(self, indices: Any) -> Any:
        """The rows of the sum, without computing the others."""
        rows = ops.take(self.base, indices, axis=0)
        product = ops.matmul(ops.take(self.a, indices, axis=0), self.b)
        return rows + self.scale * product

    def assign(self, value: Any) -> Any:
        """Make the base this value, and the product zero.

        `b` becomes zero, `a` stays: were both zero, neither would have a gradient.
        """
        value = self.base.assign(value)
        self.b.assign(ops.zeros(self.b.shape, self.b.dtype))
        return value


class LoraLayer(Layer):
    """A layer with one kernel to which a low-rank product can be added.

    A subclass calls `keep_lora` in its constructor and `start_lora` at the end of
    `build`, and reads the kernel as if it were a variable.
    """

    lora_rank: int | None  # None while LoRA is not in use
    lora_alpha: float | None
    lora_enabled: bool

    _adapted = "kernel"  # the attribute that holds the kernel

    def keep_lora(self, rank: int | None, alpha: float | None) -> None:
        """Keep the constructor's arguments."""
        if rank is not None:
            check_positive_int(rank, "lora_rank", type(self).__name__)
        self.lora_rank = rank
        self.lora_alpha = rank if alpha is None else alpha
        self.lora_enabled = False

    def start_lora(self) -> None:
        """Enable LoRA in a layer that was made with a `lora_rank`."""
        if self.lora_rank is not None:
            self._adapt(self.lora_rank, self.lora_alpha, "he_uniform", "zeros")

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: InitializerLike = "he_uniform",
        b_initializer: InitializerLike = "zeros",
    ) -> None:
        """Freeze the kernel and train a low-rank product that is added to it.

        The kernel becomes `kernel + lora_alpha / rank * a @ b` (Hu et al., 2021,
        arXiv:2106.09685), with `a` of shape `(*kernel.shape[:-1], rank)` and `b` of
        shape `(rank, kernel.shape[-1])`. A bias is trained as before. Compile the model
        after this, not before: the weights that are trained are others.

        Files hold the sum in the kernel's place. A model loaded from one starts from it
        with `b` zero.

        Args:
            rank: the rank of the product.
            lora_alpha: by how much the product counts; by default as much as `rank`.
            a_initializer, b_initializer: how the factors start. With `b` zero the layer
                computes at first what it computed before.

        Raises:
            ValueError: the layer is not built, has LoRA already, or a constraint on its
                kernel, which the sum would not keep to.

        Example:
            >>> layer = keras.layers.Dense(64)
            >>> layer.build((None, 32))
            >>> layer.enable_lora(rank=4)
            >>> [v.name for v in layer.trainable_weights]
            ['bias', 'lora_kernel_a', 'lora_kernel_b']
        """
        check_positive_int(rank, "rank", f"{type(self).__name__}.enable_lora")
        if not self.built:
            raise ValueError(
                f"{layer_label(self)}: enable_lora needs the layer's kernel, but the "
                "layer is not built yet. Call it on data, or call build(input_shape)."
            )
        if self.lora_enabled:
            raise ValueError(
                f"{layer_label(self)}: LoRA is already enabled, with rank "
                f"{self.lora_rank}; this can be done once for each layer."
            )
        self._adapt(rank, lora_alpha, a_initializer, b_initializer)

    def _adapt(
        self,
        rank: int,
        alpha: float | None,
        a_initializer: InitializerLike,
        b_initializer: InitializerLike,
    ) -> None:
        name = self._adapted
        if getattr(self, f"{name}_constraint") is not None:
            raise ValueError(
                f"{layer_label(self)}: LoRA does not keep to a constraint on the "
                f"kernel. Make the layer without `{name}_constraint`."
            )

        base = getattr(self, name)
        regularizer = getattr(self, f"{name}_regularizer")
        a = self.add_weight(
            (*base.shape[:-1], rank),
            a_initializer,
            regularizer=regularizer,
            name=f"lora_{name}_a",
        )
        b = self.add_weight(
            (rank, base.shape[-1]),
            b_initializer,
            regularizer=regularizer,
            name=f"lora_{name}_b",
        )
        base.trainable = False

        self.lora_rank = rank
        self.lora_alpha = rank if alpha is None else alpha
        self.lora_enabled = True
        setattr(self, f"lora_{name}_a", a)
        setattr(self, f"lora_{name}_b", b)
        setattr(self, name, LowRank(base, a, b, self.lora_alpha / rank))

    def get_config(self) -> Config:
        """The constructor's arguments; those of LoRA where it is in use."""
        config = super().get_config()
        if self.lora_rank is None:
            config.pop("lora_rank", None)
            config.pop("lora_alpha", None)
        return config
