"""Functions of neural networks: activations, convolutions, losses."""

from keras.ops.activations import (
    celu, elu, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_swish, hard_tanh,
    leaky_relu, log_sigmoid, log_softmax, relu, relu6, selu, sigmoid, silu, soft_shrink,
    softmax, softplus, softsign, sparse_plus, sparse_sigmoid, sparsemax, squareplus,
    swish, tanh_shrink, threshold,
)
from keras.ops.attention import dot_product_attention
from keras.ops.convolution import conv, conv_transpose, depthwise_conv, separable_conv
from keras.ops.ctc import ctc_decode, ctc_loss
from keras.ops.math import multi_hot, one_hot, polar
from keras.ops.losses import (
    binary_crossentropy, categorical_crossentropy, psnr,
    sparse_categorical_crossentropy,
)
from keras.ops.normalization import (
    batch_normalization, layer_normalization, moments, normalize, rms_normalization,
)
from keras.ops.patches import depth_to_space, fold, space_to_depth, unfold
from keras.ops.pooling import (
    adaptive_average_pool, adaptive_max_pool, average_pool, max_pool,
)

__all__ = [
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "batch_normalization",
    "binary_crossentropy", "categorical_crossentropy", "celu", "conv", "conv_transpose",
    "ctc_decode", "ctc_loss", "depth_to_space", "depthwise_conv",
    "dot_product_attention", "elu", "fold", "gelu", "glu", "hard_shrink",
    "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "layer_normalization",
    "leaky_relu", "log_sigmoid", "log_softmax", "max_pool", "moments", "multi_hot",
    "normalize", "one_hot", "polar", "psnr", "relu", "relu6", "rms_normalization",
    "selu", "separable_conv", "sigmoid", "silu", "soft_shrink", "softmax", "softplus",
    "softsign", "space_to_depth", "sparse_categorical_crossentropy", "sparse_plus",
    "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh_shrink", "threshold",
    "unfold",
]
