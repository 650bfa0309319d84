"""The layers whose outputs and gradients are compared with Keras 3.15.1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .losses_cases import numbered
from .spec import A, F, I, V, digest, seed_of


@dataclass(frozen=True)
class Sub:
    """A layer inside another one's config."""

    cls: str
    config: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """`cls(**config)(*args, **kwargs)`.

    `calls`: more than one for layers that keep a state; then no gradients.
    `tol`: (rtol, atol) of values; gradients have ten times as much.
    """

    cls: str
    args: tuple
    config: dict = field(default_factory=dict)
    kwargs: dict = field(default_factory=dict)
    calls: int = 1
    tol: tuple[float, float] = (1e-5, 1e-5)


def layer(cls: str, *args: Any, call: dict | None = None, **config: Any) -> Layer:
    """The usual case: `call` has the keyword arguments of the call."""
    return Layer(cls, args, config, call or {})


FIRST = {"data_format": "channels_first"}
TRAINING = {"training": True}
HALF = (5e-3, 5e-3)


def mask(*lengths: int, of: int) -> A:
    """True for the first `lengths[i]` steps."""
    return V([[t < n for t in range(of)] for n in lengths], "bool")


HOLES = V([[True, False, True, True, False], [False, True, True, False, True]], "bool")


def _core() -> list[Layer]:
    out = [
        layer("Dense", F(3, 4), units=5),
        layer("Dense", F(2, 3, 4), units=2, activation="tanh", use_bias=False),
        layer("Dense", F(2, 2, 3, 4), units=3, activation="softmax"),
        Layer(
            "Dense",
            (F(3, 4),),
            {"units": 5, "dtype": "mixed_bfloat16"},
            tol=(3e-2, 3e-2),
        ),
        Layer("Dense", (F(3, 4),), {"units": 5, "dtype": "mixed_float16"}, tol=HALF),
        layer(
            "EinsumDense", F(3, 4), equation="ab,bc->ac", output_shape=5, bias_axes="c"
        ),
        layer(
            "EinsumDense",
            F(2, 3, 4),
            equation="...x,xyz->...yz",
            output_shape=[2, 5],
            bias_axes="yz",
            activation="relu",
        ),
        layer(
            "EinsumDense", F(2, 3, 4), equation="abc,cd->abd", output_shape=(None, 6)
        ),
        layer("Embedding", I(2, 5, lo=0, hi=7), input_dim=7, output_dim=3),
        layer(
            "Embedding", I(2, 5, lo=0, hi=3), input_dim=4, output_dim=3, mask_zero=True
        ),
        layer("Flatten", F(2, 3, 4)),
        layer("Flatten", F(2, 3, 4, 5), **FIRST),
        layer("Flatten", F(5)),
        layer("Reshape", F(2, 3, 4), target_shape=[4, 3]),
        layer("Reshape", F(2, 3, 4), target_shape=[2, -1, 3]),
        layer("Permute", F(2, 3, 4), dims=[2, 1]),
        layer("Permute", F(2, 3, 4, 5), dims=[3, 1, 2]),
        layer("RepeatVector", F(2, 3), n=4),
        layer("RepeatVector", F(5, 1), n=2),
        layer("Identity", F(2, 3)),
        layer("Identity", [F(2, 3), F(4)]),
        layer("Masking", V([[[0.0, 0.0], [1.0, 2.0]], [[3.0, 0.0], [0.0, 0.0]]])),
        layer("Masking", I(2, 4, 1, lo=0, hi=2, dtype="float32"), mask_value=1.0),
        layer("ActivityRegularization", F(2, 3), l1=0.1, l2=0.2),
        layer("ActivityRegularization", F(4, 2, 3), l2=0.3),
        layer("Dense", F(4, 3), units=2, activity_regularizer="l2"),
    ]
    for name in (
        "relu relu6 leaky_relu elu selu gelu silu softplus softsign tanh sigmoid "
        "hard_sigmoid hard_silu hard_tanh hard_shrink soft_shrink tanh_shrink celu "
        "squareplus exponential linear log_sigmoid sparse_plus sparse_sigmoid mish "
        "softmax log_softmax glu"
    ).split():
        out.append(layer("Activation", F(3, 6), activation=name))
    out += [
        layer("ReLU", F(3, 4), max_value=1.0, negative_slope=0.1, threshold=0.2),
        layer("ReLU", F(3, 4)),
        layer("LeakyReLU", F(3, 4)),
        layer("LeakyReLU", F(3, 4), negative_slope=0.05),
        layer("PReLU", F(3, 4)),
        layer("PReLU", F(2, 3, 4, 5), shared_axes=[1, 2]),
        layer("ELU", F(3, 4)),
        layer("ELU", F(3, 4), alpha=0.3),
        layer("Softmax", F(3, 4)),
        layer("Softmax", F(2, 3, 4), axis=1),
        layer("Softmax", F(2, 3, 4), axis=[1, 2]),
        layer("Softmax", F(2, 5), call={"mask": HOLES}),
    ]
    for name, config in (
        ("Dropout", {"rate": 0.5}),
        ("AlphaDropout", {"rate": 0.5}),
        ("GaussianDropout", {"rate": 0.5}),
        ("GaussianNoise", {"stddev": 0.5}),
    ):
        out.append(layer(name, F(3, 4), **config))
        out.append(layer(name, F(2, 3, 4), call={"training": False}, seed=3, **config))
    for rank in (1, 2, 3):
        shape = (2, 3, 4, 3, 2)[: rank + 2]
        out.append(layer(f"SpatialDropout{rank}D", F(*shape), rate=0.5))
        out.append(layer(f"SpatialDropout{rank}D", F(*shape), rate=0.2, seed=1))
    return out


def _merging() -> list[Layer]:
    out = []
    for name in "Add Subtract Multiply Average Maximum Minimum".split():
        out.append(layer(name, [F(2, 3), F(2, 3)]))
        out.append(layer(name, [F(2, 3, 4), F(2, 1, 4)]))
        if name != "Subtract":
            out.append(layer(name, [F(2, 3), F(2, 3), F(2, 3)]))
            out.append(layer(name, [F(2, 4, 4), F(2, 4)]))
    return out + [
        layer("Concatenate", [F(2, 3), F(2, 4)]),
        layer("Concatenate", [F(2, 3, 4), F(2, 1, 4), F(2, 2, 4)], axis=1),
        layer("Dot", [F(2, 3), F(2, 3)], axes=1),
        layer("Dot", [F(2, 3, 4), F(2, 5, 4)], axes=2, normalize=True),
        layer("Dot", [F(2, 3, 4), F(2, 4, 5)], axes=[2, 1]),
        layer("Dot", [F(2, 3, 4), F(2, 3)], axes=1),
    ]


def _convolutions() -> list[Layer]:
    c1, c2, c3 = F(2, 9, 4), F(2, 7, 8, 4), F(1, 5, 6, 5, 2)
    f1, f2, f3 = F(2, 4, 9), F(2, 4, 7, 8), F(1, 2, 5, 6, 5)
    return [
        layer("Conv1D", c1, filters=3, kernel_size=3),
        layer(
            "Conv1D", c1, filters=6, kernel_size=3, strides=2, padding="same", groups=2
        ),
        layer(
            "Conv1D", c1, filters=3, kernel_size=3, padding="causal", dilation_rate=2
        ),
        layer("Conv1D", c1, filters=3, kernel_size=2, padding="causal", strides=2),
        layer("Conv1D", f1, filters=3, kernel_size=4, padding="same", **FIRST),
        layer("Conv1D", f1, filters=3, kernel_size=2, padding="causal", **FIRST),
        layer("Conv2D", c2, filters=3, kernel_size=[3, 2]),
        layer(
            "Conv2D", c2, filters=6, kernel_size=3, strides=2, padding="same", groups=2
        ),
        layer(
            "Conv2D", c2, filters=3, kernel_size=2, dilation_rate=[2, 3], use_bias=False
        ),
        layer("Conv2D", f2, filters=3, kernel_size=3, activation="relu", **FIRST),
        layer(
            "Conv2D",
            f2,
            filters=4,
            kernel_size=3,
            strides=[2, 1],
            padding="same",
            groups=4,
            **FIRST,
        ),
        Layer(
            "Conv2D",
            (c2,),
            {"filters": 3, "kernel_size": 3, "dtype": "mixed_float16"},
            tol=(2e-2, 2e-2),
        ),
        layer("Conv3D", c3, filters=3, kernel_size=2),
        layer(
            "Conv3D",
            c3,
            filters=4,
            kernel_size=[2, 3, 1],
            strides=[1, 2, 2],
            padding="same",
            groups=2,
        ),
        layer("Conv3D", f3, filters=3, kernel_size=2, padding="same", **FIRST),
        layer("DepthwiseConv1D", c1, kernel_size=3, depth_multiplier=2),
        layer("DepthwiseConv1D", c1, kernel_size=3, strides=2, padding="same"),
        layer("DepthwiseConv1D", f1, kernel_size=3, padding="same", **FIRST),
        layer(
            "DepthwiseConv2D",
            c2,
            kernel_size=[2, 3],
            depth_multiplier=2,
            activation="tanh",
        ),
        layer("DepthwiseConv2D", c2, kernel_size=3, dilation_rate=2, padding="same"),
        layer("DepthwiseConv2D", f2, kernel_size=3, strides=2, padding="same", **FIRST),
        layer("SeparableConv1D", c1, filters=5, kernel_size=3, depth_multiplier=2),
        layer(
            "SeparableConv1D",
            c1,
            filters=5,
            kernel_size=3,
            padding="same",
            dilation_rate=2,
        ),
        layer(
            "SeparableConv2D", c2, filters=5, kernel_size=3, strides=2, padding="same"
        ),
        layer(
            "SeparableConv2D",
            f2,
            filters=3,
            kernel_size=[2, 3],
            depth_multiplier=2,
            **FIRST,
        ),
        layer("Conv1DTranspose", c1, filters=3, kernel_size=3, strides=2),
        layer(
            "Conv1DTranspose",
            c1,
            filters=3,
            kernel_size=4,
            strides=3,
            padding="same",
            output_padding=1,
        ),
        layer(
            "Conv1DTranspose",
            f1,
            filters=3,
            kernel_size=3,
            strides=2,
            padding="same",
            **FIRST,
        ),
        layer("Conv1DTranspose", c1, filters=3, kernel_size=3, dilation_rate=2),
        layer(
            "Conv2DTranspose",
            F(2, 4, 5, 3),
            filters=2,
            kernel_size=3,
            strides=2,
            padding="same",
        ),
        layer(
            "Conv2DTranspose",
            F(2, 4, 5, 3),
            filters=2,
            kernel_size=[2, 3],
            strides=[3, 2],
        ),
        layer(
            "Conv2DTranspose",
            F(2, 3, 4, 5),
            filters=2,
            kernel_size=3,
            strides=2,
            padding="same",
            output_padding=1,
            **FIRST,
        ),
        layer("Conv3DTranspose", F(1, 3, 4, 3, 2), filters=3, kernel_size=2, strides=2),
        layer(
            "Conv3DTranspose",
            F(1, 3, 4, 3, 2),
            filters=3,
            kernel_size=3,
            strides=[1, 2, 1],
            padding="same",
        ),
    ]


def _pooling() -> list[Layer]:
    out = []
    for kind in ("Max", "Average"):
        out += [
            layer(f"{kind}Pooling1D", F(2, 7, 3), pool_size=2),
            layer(
                f"{kind}Pooling1D", F(2, 7, 3), pool_size=3, strides=2, padding="same"
            ),
            layer(f"{kind}Pooling1D", F(2, 3, 7), pool_size=2, strides=3, **FIRST),
            layer(f"{kind}Pooling2D", F(2, 7, 6, 3), pool_size=[2, 3], strides=[2, 1]),
            layer(
                f"{kind}Pooling2D",
                F(2, 7, 6, 3),
                pool_size=3,
                strides=2,
                padding="same",
            ),
            layer(
                f"{kind}Pooling2D", F(2, 3, 7, 6), pool_size=2, padding="same", **FIRST
            ),
            layer(f"{kind}Pooling3D", F(1, 5, 6, 5, 2), pool_size=2),
            layer(
                f"{kind}Pooling3D",
                F(1, 5, 6, 5, 2),
                pool_size=[2, 3, 1],
                strides=2,
                padding="same",
            ),
            layer(f"{kind}Pooling3D", F(1, 2, 5, 6, 5), pool_size=2, **FIRST),
        ]
        for rank in (1, 2, 3):
            shape = (2, 5, 4, 3, 3)[: rank + 1]
            out += [
                layer(f"Global{kind}Pooling{rank}D", F(*shape, 3)),
                layer(f"Global{kind}Pooling{rank}D", F(*shape, 3), keepdims=True),
                layer(f"Global{kind}Pooling{rank}D", F(2, 3, *shape[1:]), **FIRST),
            ]
            size = [3, 2, 2][:rank]
            out += [
                layer(
                    f"Adaptive{kind}Pooling{rank}D",
                    F(*shape, 3),
                    output_size=size if rank > 1 else 3,
                ),
                layer(
                    f"Adaptive{kind}Pooling{rank}D",
                    F(2, 3, *shape[1:]),
                    output_size=2,
                    **FIRST,
                ),
            ]
    return out + [
        layer("GlobalAveragePooling1D", F(2, 5, 3), call={"mask": HOLES}),
        layer(
            "GlobalAveragePooling1D", F(2, 5, 3), call={"mask": HOLES}, keepdims=True
        ),
    ]


def _normalizations() -> list[Layer]:
    x = F(4, 5, 3)
    return [
        layer("BatchNormalization", F(5, 3)),
        layer("BatchNormalization", F(5, 3), call=TRAINING),
        layer(
            "BatchNormalization", x, call=TRAINING, axis=1, momentum=0.7, epsilon=0.1
        ),
        layer("BatchNormalization", x, call=TRAINING, center=False),
        layer("BatchNormalization", x, scale=False, axis=1),
        layer(
            "BatchNormalization",
            F(2, 5, 3),
            call=TRAINING | {"mask": HOLES},
            momentum=0.5,
        ),
        layer("BatchNormalization", F(2, 3, 4, 3), call=TRAINING),
        layer("BatchNormalization", F(2, 3, 4, 5), call=TRAINING, axis=1),
        layer("BatchNormalization", F(5, 3), call=TRAINING, trainable=False),
        Layer(
            "BatchNormalization",
            (F(6, 3),),
            {"dtype": "mixed_float16"},
            TRAINING,
            tol=HALF,
        ),
        layer("LayerNormalization", F(4, 5)),
        layer("LayerNormalization", x, axis=[1, 2], epsilon=0.1),
        layer("LayerNormalization", x, axis=1, center=False),
        layer("LayerNormalization", x, scale=False),
        Layer("LayerNormalization", (F(4, 6),), {"dtype": "mixed_float16"}, tol=HALF),
        layer("GroupNormalization", F(2, 3, 6), groups=2),
        layer("GroupNormalization", F(2, 3, 4, 6), groups=3, epsilon=0.1, center=False),
        layer("GroupNormalization", F(2, 6, 3, 4), groups=2, axis=1),
        layer("GroupNormalization", F(2, 3, 6), groups=-1, scale=False),
        layer("RMSNormalization", F(4, 5)),
        layer("RMSNormalization", x, axis=[1, 2], epsilon=0.1),
        layer("UnitNormalization", F(4, 5)),
        layer("UnitNormalization", x, axis=[1, 2]),
        layer(
            "SpectralNormalization",
            F(4, 5),
            call={"training": False},
            layer=Sub("Dense", {"units": 3}),
        ),
        Layer(
            "SpectralNormalization",
            (F(2, 5, 4, 2),),
            {
                "layer": Sub("Conv2D", {"filters": 3, "kernel_size": 2}),
                "power_iterations": 3,
            },
            TRAINING,
            calls=2,
        ),
    ]


def _resizing() -> list[Layer]:
    c1, c2, c3 = F(2, 5, 3), F(2, 5, 4, 3), F(1, 4, 5, 4, 2)
    f2, f3 = F(2, 3, 5, 4), F(1, 2, 4, 5, 4)
    return [
        layer("ZeroPadding1D", c1, padding=2),
        layer("ZeroPadding1D", c1, padding=[1, 3]),
        layer("ZeroPadding1D", F(2, 3, 5), padding=[1, 0], **FIRST),
        layer("ZeroPadding2D", c2, padding=[1, 2]),
        layer("ZeroPadding2D", f2, padding=[[1, 0], [2, 3]], **FIRST),
        layer("ZeroPadding3D", c3, padding=1),
        layer("ZeroPadding3D", f3, padding=[[1, 0], [2, 3], [0, 1]], **FIRST),
        layer("Cropping1D", c1, cropping=1),
        layer("Cropping1D", c1, cropping=[0, 2]),
        layer("Cropping2D", c2, cropping=[1, 0]),
        layer("Cropping2D", f2, cropping=[[1, 0], [0, 2]], **FIRST),
        layer("Cropping3D", c3, cropping=1),
        layer("Cropping3D", f3, cropping=[[1, 0], [2, 1], [0, 1]], **FIRST),
        layer("UpSampling1D", c1, size=2),
        layer("UpSampling1D", F(1, 2, 1), size=3),
        layer("UpSampling2D", c2, size=[2, 3]),
        layer("UpSampling2D", f2, size=2, **FIRST),
        layer("UpSampling2D", c2, size=2, interpolation="bilinear"),
        layer("UpSampling2D", c2, size=[1, 2], interpolation="bicubic"),
        layer("UpSampling2D", f2, size=3, interpolation="lanczos3", **FIRST),
        layer("UpSampling2D", c2, size=[3, 2], interpolation="lanczos5"),
        layer("UpSampling3D", c3, size=[1, 2, 3]),
        layer("UpSampling3D", f3, size=2, **FIRST),
    ]


def _recurrent() -> list[Layer]:
    x, m = F(3, 5, 4), mask(5, 3, 1, of=5)
    holes = V(
        [[True, False, True, True, True], [False, True, True, False, True], [True] * 5],
        "bool",
    )
    seq, state = {"return_sequences": True}, {"return_state": True}
    out = []
    for cls, states in (("SimpleRNN", 1), ("LSTM", 2), ("GRU", 1)):
        initial = [F(3, 2)] * states
        out += [
            layer(cls, x, units=2),
            layer(cls, x, units=2, **seq, **state),
            layer(cls, x, units=2, go_backwards=True, **seq),
            layer(cls, x, call={"mask": m}, units=2, **seq, **state),
            layer(cls, x, call={"mask": holes}, units=2),
            layer(cls, x, call={"mask": holes}, units=2, go_backwards=True, **seq),
            layer(cls, x, call={"initial_state": initial}, units=2, **seq, **state),
            layer(cls, x, call={"mask": m}, units=2, unroll=True, **seq),
            layer(cls, x, units=2, activation="relu", use_bias=False, **seq),
            layer(
                cls,
                x,
                call={"training": False},
                units=2,
                dropout=0.5,
                recurrent_dropout=0.3,
            ),
            Layer(cls, (x,), {"units": 2, "stateful": True, **seq}, calls=2),
            Layer(
                cls, (x,), {"units": 2, "stateful": True, **state}, {"mask": m}, calls=3
            ),
        ]
    out += [
        layer("GRU", x, units=2, reset_after=False, **seq, **state),
        layer("GRU", x, call={"mask": m}, units=2, reset_after=False),
        layer("GRU", x, units=2, reset_after=False, use_bias=False),
        layer("GRU", x, units=2, recurrent_activation="hard_sigmoid", **seq),
        layer(
            "LSTM",
            x,
            units=2,
            recurrent_activation="hard_sigmoid",
            unit_forget_bias=False,
        ),
        layer("SimpleRNNCell", F(3, 4), [F(3, 2)], units=2),
        layer(
            "SimpleRNNCell",
            F(3, 4),
            [F(3, 2)],
            units=2,
            activation="relu",
            use_bias=False,
        ),
        layer("GRUCell", F(3, 4), [F(3, 2)], units=2),
        layer("GRUCell", F(3, 4), [F(3, 2)], units=2, reset_after=False),
        layer("LSTMCell", F(3, 4), [F(3, 2), F(3, 2)], units=2),
        layer(
            "LSTMCell",
            F(3, 4),
            [F(3, 2), F(3, 2)],
            units=2,
            recurrent_activation="hard_sigmoid",
            use_bias=False,
        ),
        layer("RNN", x, cell=Sub("GRUCell", {"units": 2}), **seq, **state),
        layer(
            "RNN",
            x,
            call={"mask": holes},
            cell=Sub("LSTMCell", {"units": 2}),
            zero_output_for_mask=True,
            **seq,
        ),
        layer(
            "RNN",
            x,
            cell=Sub(
                "StackedRNNCells",
                {
                    "cells": [
                        Sub("LSTMCell", {"units": 3}),
                        Sub("GRUCell", {"units": 2}),
                    ]
                },
            ),
            **seq,
            **state,
        ),
        layer(
            "RNN",
            x,
            call={"mask": m},
            cell=[Sub("SimpleRNNCell", {"units": 3}), Sub("LSTMCell", {"units": 2})],
        ),
    ]
    for mode in ("concat", "sum", "mul", "ave", None):
        out.append(
            layer(
                "Bidirectional",
                x,
                layer=Sub("LSTM", {"units": 2, **seq}),
                merge_mode=mode,
            )
        )
        out.append(
            layer(
                "Bidirectional",
                x,
                call={"mask": m},
                layer=Sub("GRU", {"units": 2}),
                merge_mode=mode,
            )
        )
    out += [
        layer("Bidirectional", x, layer=Sub("LSTM", {"units": 2, **seq, **state})),
        layer(
            "Bidirectional",
            x,
            layer=Sub("SimpleRNN", {"units": 2, **seq}),
            backward_layer=Sub("GRU", {"units": 3, "go_backwards": True, **seq}),
        ),
        layer("TimeDistributed", x, layer=Sub("Dense", {"units": 3})),
        layer(
            "TimeDistributed",
            F(2, 3, 5, 6, 2),
            layer=Sub("Conv2D", {"filters": 3, "kernel_size": 2}),
        ),
        layer(
            "TimeDistributed",
            x,
            call={"mask": m},
            layer=Sub("Dense", {"units": 2, "activation": "tanh"}),
        ),
        layer(
            "RNN",
            x,
            call={"mask": m},
            cell=Sub(
                "StackedRNNCells",
                {
                    "cells": [
                        Sub("SimpleRNNCell", {"units": 3}),
                        Sub("GRUCell", {"units": 2, "reset_after": False}),
                    ]
                },
            ),
        ),
        layer("ConvLSTM1D", F(2, 3, 6, 2), filters=2, kernel_size=3),
        layer(
            "ConvLSTM1D", F(2, 3, 6, 2), filters=2, kernel_size=2, padding="same", **seq
        ),
        layer(
            "ConvLSTM2D", F(1, 3, 5, 4, 2), filters=2, kernel_size=2, strides=2, **seq
        ),
        layer(
            "ConvLSTM2D",
            F(2, 3, 4, 4, 2),
            filters=2,
            kernel_size=3,
            padding="same",
            activation="relu",
            use_bias=False,
        ),
        layer("ConvLSTM3D", F(1, 2, 3, 4, 3, 1), filters=2, kernel_size=2),
        layer(
            "ConvLSTM3D",
            F(1, 2, 3, 4, 3, 1),
            filters=1,
            kernel_size=2,
            padding="same",
            **seq,
        ),
    ]
    return out


def _attention() -> list[Layer]:
    q, v = F(2, 4, 6), F(2, 5, 6)
    heads = {"num_heads": 2, "key_dim": 3}
    scores = {"return_attention_scores": True}
    causal = {"use_causal_mask": True}
    attend = V(np.tril(np.ones((4, 5))).tolist(), "bool")
    attend = V([np.array(attend.values).tolist()] * 2, "bool")
    return [
        layer("MultiHeadAttention", q, v, **heads),
        layer(
            "MultiHeadAttention",
            q,
            v,
            call=scores,
            **heads,
            value_dim=4,
            output_shape=5,
        ),
        layer(
            "MultiHeadAttention", q, v, F(2, 5, 7), call=scores, **heads, use_bias=False
        ),
        layer("MultiHeadAttention", q, v, call={"attention_mask": attend}, **heads),
        layer("MultiHeadAttention", q, q, call=causal | scores, **heads),
        layer(
            "MultiHeadAttention",
            q,
            v,
            F(2, 5, 6),
            # Not with a query_mask too: real Keras takes no notice of one that is
            # given, only of one that travels with the query.
            call={"value_mask": HOLES, "key_mask": mask(5, 4, of=5)},
            **heads,
        ),
        layer(
            "MultiHeadAttention",
            F(2, 3, 4, 6),
            F(2, 3, 5, 6),
            call=scores,
            **heads,
            attention_axes=[2],
        ),
        layer(
            "MultiHeadAttention",
            F(2, 3, 4, 6),
            F(2, 3, 4, 6),
            **heads,
            attention_axes=[1, 2],
            output_shape=[2, 3],
        ),
        layer(
            "MultiHeadAttention", q, v, call={"training": False}, **heads, dropout=0.5
        ),
        layer("MultiHeadAttention", q, v, call=scores, **heads, use_gate=True),
        layer("MultiHeadAttention", q, v, **heads, sliding_window=2),
        layer(
            "MultiHeadAttention",
            q,
            q,
            call=causal | scores,
            **heads,
            sliding_window=2,
            use_gate=True,
            value_dim=5,
        ),
        layer(
            "MultiHeadAttention",
            F(2, 4, 3, 6),
            F(2, 5, 3, 6),
            call={"attention_mask": attend} | scores,
            **heads,
            attention_axes=1,
        ),
        layer("MultiHeadAttention", q, v, **heads, activity_regularizer="l2"),
        layer(
            "GroupQueryAttention",
            q,
            v,
            head_dim=3,
            num_query_heads=4,
            num_key_value_heads=2,
        ),
        layer(
            "GroupQueryAttention",
            q,
            v,
            F(2, 5, 7),
            call={"query_mask": mask(4, 2, of=4), "value_mask": HOLES} | scores,
            head_dim=3,
            num_query_heads=4,
            num_key_value_heads=2,
            use_gate=True,
            sliding_window=3,
            activity_regularizer="l2",
        ),
        layer(
            "GroupQueryAttention",
            q,
            q,
            call=causal | scores,
            head_dim=3,
            num_query_heads=2,
            num_key_value_heads=1,
            use_bias=False,
        ),
        layer(
            "GroupQueryAttention",
            q,
            v,
            call={"attention_mask": attend},
            head_dim=2,
            num_query_heads=4,
            num_key_value_heads=4,
        ),
        layer("Attention", [q, v]),
        layer("Attention", [q, v, F(2, 5, 6)], call=scores, use_scale=True),
        layer("Attention", [q, v], score_mode="concat", use_scale=True),
        layer("Attention", [q, q], call=causal, use_scale=True),
        layer("Attention", [q, v], call={"mask": [mask(4, 2, of=4), HOLES]}),
        layer("AdditiveAttention", [q, v]),
        layer("AdditiveAttention", [q, v, F(2, 5, 6)], call=scores, use_scale=False),
        layer("AdditiveAttention", [q, q], call=causal),
        layer("AdditiveAttention", [q, v], call={"mask": [mask(4, 2, of=4), HOLES]}),
    ]


CASES: dict[str, Layer] = numbered(
    _core()
    + _merging()
    + _convolutions()
    + _pooling()
    + _normalizations()
    + _resizing()
    + _recurrent()
    + _attention(),
    lambda c: c.cls,
)


def weight_values(key: str, shapes: list, names: list[str]) -> list[np.ndarray]:
    """The weights a layer is given; variances positive."""
    rng = np.random.RandomState(seed_of(f"{key}/weights"))
    out = []
    for shape, name in zip(shapes, names):
        x = rng.uniform(-0.8, 0.8, shape)
        out.append((abs(x) + 0.3 if "variance" in name else x).astype("float32"))
    return out


def cotangents(key: str, shapes: list) -> list[np.ndarray]:
    """What each output is multiplied with before it is summed for the gradients."""
    rng = np.random.RandomState(seed_of(f"{key}/cotangents"))
    return [rng.uniform(-1, 1, s).astype("float32") for s in shapes]


def layer_digest(case: Layer) -> int:
    """Tells whether stored data still belongs to a case."""
    return digest(case.cls, case.args, case.config, case.kwargs, case.calls)
