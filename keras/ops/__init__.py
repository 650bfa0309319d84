"""Functions on tensors: NumPy's, and those of neural networks, on every backend."""

from keras.ops import linalg, nn, numpy
from keras.ops.autodiff import custom_gradient, grad, jvp, value_and_grad
from keras.ops.control import (
    associative_scan, cond, fori_loop, map, scan, switch, vectorized_map, vmap,
    while_loop,
)
from keras.ops.core import (
    cast, convert_to_numpy, convert_to_tensor, dtype, is_tensor, saturate_cast, scatter,
    scatter_update, shape, slice, slice_update, stop_gradient, unstack, view_as_complex,
    view_as_real,
)
from keras.ops.fourier import (
    extract_sequences, fft, fft2, ifft2, irfft, istft, rfft, stft,
)
from keras.ops.linalg import (
    cholesky, cholesky_inverse, det, eig, eigh, inv, logdet, lstsq, lu_factor,
    matrix_rank, norm, pinv, qr, solve, solve_triangular, svd,
)
from keras.ops.math import (
    cdist, erf, erfc, erfinv, in_top_k, logsumexp, rsqrt, segment_max, segment_min,
    segment_prod, segment_sum, top_k,
)
from keras.ops.shaping import rearrange
from keras.ops.nn import *
from keras.ops.numpy import *

__all__ = [
    "associative_scan", "cast", "cdist", "cholesky", "cholesky_inverse", "cond",
    "convert_to_numpy", "convert_to_tensor", "custom_gradient", "det", "dtype", "eig",
    "eigh", "erf", "erfc", "erfinv", "extract_sequences", "fft", "fft2", "fori_loop",
    "grad", "ifft2", "in_top_k", "inv", "irfft", "is_tensor", "istft", "jvp", "linalg",
    "logdet", "logsumexp", "lstsq", "lu_factor", "map", "matrix_rank", "nn", "norm",
    "numpy", "pinv", "qr", "rearrange", "rfft", "rsqrt", "saturate_cast", "scan",
    "scatter", "scatter_update", "segment_max", "segment_min", "segment_prod",
    "segment_sum", "shape", "slice", "slice_update", "solve", "solve_triangular",
    "stft", "stop_gradient", "svd", "switch", "top_k", "unstack", "value_and_grad",
    "vectorized_map", "view_as_complex", "view_as_real", "vmap",
    "while_loop",
]
__all__ += nn.__all__
__all__ += numpy.__all__
