"""Calls on sparse and ragged tensors, as text that both sides evaluate.

In an expression `ops`, `layers` and `keras` are Keras's, and

- `s`, `t` are sparse tensors (3, 4) with floats, `n` one with integers,
- `c` a sparse tensor (3, 2, 2), `w` one (4, 5), `e` one (4,), `u` one (3, 1),
- `d`, `z` are dense (3, 4), `z` without zeros; `m` is dense (4, 5), `v` (4,),
- `i` are sparse integers to look up, (3, 4), `j` dense ones, (3, 2),
- `r`, `q` are ragged (3, None) and alike, `k` holds ragged integers.
"""

from __future__ import annotations

import numpy as np

UNARY = """
    abs absolute all amax amin angle any arccos arccosh arcsin arcsinh arctan arctanh
    argmax argmin argsort average bitwise_invert bitwise_not cbrt ceil celu conj
    conjugate copy cos cosh count_nonzero cumprod cumsum deg2rad diag diagonal diff elu
    empty_like erf erfinv exp exp2 expm1 flip floor gelu glu hard_shrink hard_sigmoid
    hard_silu hard_tanh identity imag isfinite isinf isnan isneginf isposinf isreal
    leaky_relu log log10 log1p log2 log_sigmoid log_softmax logical_not logsumexp max
    mean median min nan_to_num negative nonzero norm normalize ones_like prod rad2deg
    ravel real reciprocal relu relu6 round rsqrt selu sigmoid sign signbit silu sin sinc
    sinh size soft_shrink softmax softplus softsign sort sparse_plus sparse_sigmoid
    sparsemax sqrt square squareplus squeeze std stop_gradient sum swish tan tanh
    tanh_shrink trace transpose tril triu trunc unstack var zeros_like
    convert_to_numpy convert_to_tensor is_tensor shape ndim dtype
""".split()
BINARY = """
    add arctan2 divide divide_no_nan equal floor_divide fmax fmin greater greater_equal
    hypot isclose less less_equal logaddexp logical_and logical_or logical_xor maximum
    minimum mod multiply not_equal power subtract true_divide vdot inner outer
""".split()
REDUCTIONS = "all any amax amin count_nonzero max mean min prod std sum var".split()

CALLS = [
    *(f"ops.{name}(s)" for name in UNARY),
    *(f"ops.{name}(n)" for name in ("abs", "exp", "sqrt", "mean", "sum", "square")),
    *(
        f"ops.{name}({pair})"
        for name in BINARY
        for pair in ("s, t", "s, d", "d, s", "s, z", "s, 2.0", "2.0, s")
    ),
    *(f"ops.{name}(s, u)" for name in ("add", "multiply", "subtract", "maximum")),
    *(f"ops.{name}(s, v)" for name in ("add", "multiply", "divide", "maximum")),
    *(f"ops.{name}(n, n)" for name in ("add", "multiply", "divide", "floor_divide")),
    *(
        f"ops.{name}({x}, axis={axis}{keep})"
        for name in REDUCTIONS
        for x, axis in (("s", 0), ("s", -1), ("s", "(0, 1)"), ("c", "(0, 2)"))
        for keep in ("", ", keepdims=True")
    ),
    *(
        f"ops.{name}({pair})"
        for name in ("matmul", "dot", "tensordot")
        for pair in ("s, m", "s, w", "d, w", "s, v", "d, e", "v, e", "e, v", "e, e")
    ),
    "ops.matmul(c, ops.ones((2, 3)))",
    "ops.matmul(ops.ones((3, 4, 2)), c)",
    "ops.matmul(c, c)",
    "ops.tensordot(c, m, 0)",
    "ops.tensordot(c, ops.ones((2, 2, 5)), 2)",
    "ops.einsum('ij,jk->ik', s, m)",
    "ops.einsum('ij->i', s)",
    "s + t",
    "s * d",
    "d * s",
    "s @ m",
    "-s",
    "s + 1.0",
    "s * 2.0",
    "s / 2.0",
    "ops.cast(s, 'int32')",
    "ops.cast(n, 'float32')",
    "ops.cast(s, 'bool')",
    "ops.clip(s, -1.0, 1.0)",
    "ops.clip(s, 0.5, 1.0)",
    "ops.leaky_relu(s, 0.3)",
    "ops.threshold(s, 0.5, 0.0)",
    "ops.where(s, 1.0, 0.0)",
    "ops.where(d, s, t)",
    "ops.full_like(s, 2.0)",
    "ops.zeros_like(s, dtype='int32')",
    "ops.transpose(c)",
    "ops.transpose(c, (1, 2, 0))",
    "ops.swapaxes(s, 0, 1)",
    "ops.moveaxis(c, 0, -1)",
    "ops.reshape(s, (4, 3))",
    "ops.reshape(s, (2, -1))",
    "ops.reshape(s, (-1,))",
    "ops.reshape(c, (3, 4))",
    "ops.squeeze(u)",
    "ops.squeeze(u, axis=1)",
    "ops.squeeze(u, axis=-1)",
    "ops.expand_dims(s, 0)",
    "ops.expand_dims(s, -1)",
    "ops.expand_dims(s, (0, 2))",
    "ops.broadcast_to(s, (2, 3, 4))",
    "ops.broadcast_to(u, (3, 4))",
    "ops.concatenate([s, t])",
    "ops.concatenate([s, t], axis=-1)",
    "ops.concatenate([s, u], axis=1)",
    "ops.concatenate([s, d], axis=-1)",
    "ops.concatenate([s, n], axis=-1)",
    "ops.append(s, t)",
    "ops.append(s, t, axis=0)",
    "ops.stack([s, t])",
    "ops.stack([s, d])",
    "ops.vstack([s, t])",
    "ops.hstack([s, t])",
    "ops.split(s, 2, axis=1)",
    "ops.array_split(s, 3)",
    "ops.tile(s, (2, 1))",
    "ops.repeat(s, 2, axis=0)",
    "ops.flip(s, 0)",
    "ops.roll(s, 1, axis=1)",
    "ops.pad(s, ((1, 1), (0, 2)))",
    "ops.slice(s, (0, 1), (2, 2))",
    "ops.get_item(s, 0)",
    "s[0]",
    "s[:2]",
    "s[1:, ::2]",
    "ops.take(m, i, axis=0)",
    "ops.take(v, i)",
    "ops.take(m, i, axis=1)",
    "ops.take(s, j, axis=0)",
    "ops.take(s, j, axis=1)",
    "ops.take(w, i, axis=0)",
    "ops.take_along_axis(s, j, axis=1)",
    "ops.one_hot(i, 4)",
    "ops.one_hot(j, 4, sparse=True)",
    "ops.one_hot(j, 4, axis=1, sparse=True)",
    "ops.one_hot(j, 4, dtype='int32', sparse=True)",
    "ops.one_hot(j - 1, 3, sparse=True)",
    "ops.multi_hot(j, 4, sparse=True)",
    "ops.multi_hot(j, 4, axis=0, sparse=True)",
    "ops.multi_hot(j[0], 4, sparse=True)",
    "ops.multi_hot(i, 4)",
    "ops.bincount(i, minlength=5)",
    "ops.bincount(i[0], minlength=5)",
    "ops.bincount(j, minlength=5, sparse=True)",
    "ops.bincount(j[0], minlength=5, sparse=True)",
    "ops.bincount(j, minlength=2, sparse=True)",
    "ops.bincount(j, weights=ops.cast(j, 'float32'), minlength=5, sparse=True)",
    "ops.convert_to_tensor(s, sparse=False)",
    "ops.convert_to_tensor(s, sparse=True)",
    "ops.convert_to_tensor(s, 'int32')",
    "ops.convert_to_tensor(d, sparse=True)",
    "ops.convert_to_tensor(d, sparse=False)",
    "ops.convert_to_tensor(SCIPY)",
    "ops.convert_to_tensor(SCIPY, sparse=True)",
    "ops.conv(ops.expand_dims(s, -1), ops.ones((2, 1, 1)))",
    "ops.mean_squared_error(d, s)",
    "ops.binary_crossentropy(ops.abs(s) > 0, ops.sigmoid(s))",
    "ops.segment_sum(s, ops.array([0, 0, 1]), 2)",
    "ops.top_k(s, 2)",
    "ops.saturate_cast(s, 'int8')",
    "ops.linspace(s, t, 3)",
    "ops.logaddexp(s, t)",
    "ops.isin(s, [0.0])",
]
LAYERS = [
    "layers.Dense(3, kernel_initializer='ones')(s)",
    "layers.Dense(3, kernel_initializer='ones')(c)",
    "layers.EinsumDense('ab,bc->ac', 3, kernel_initializer='ones')(s)",
    "layers.Embedding(6, 2, embeddings_initializer='ones')(i)",
    "layers.Embedding(6, 2, embeddings_initializer='ones', mask_zero=True)(i)",
    "layers.Add()([s, t])",
    "layers.Add()([s, d])",
    "layers.Subtract()([s, t])",
    "layers.Subtract()([s, d])",
    "layers.Multiply()([s, t])",
    "layers.Multiply()([s, d])",
    "layers.Average()([s, t])",
    "layers.Average()([s, d])",
    "layers.Maximum()([s, t])",
    "layers.Maximum()([s, d])",
    "layers.Minimum()([s, t])",
    "layers.Minimum()([s, d])",
    "layers.Concatenate()([s, t])",
    "layers.Concatenate(axis=0)([s, t])",
    "layers.Concatenate()([s, d])",
    "layers.Dot(axes=1)([s, t])",
    "layers.Dot(axes=1)([s, d])",
    "layers.Flatten()(c)",
    "layers.Flatten()(s)",
    "layers.Reshape((2, 2))(s)",
    "layers.Reshape((4,))(c)",
    "layers.Permute((2, 1))(c)",
    "layers.RepeatVector(2)(s)",
    "layers.Activation('relu')(s)",
    "layers.Activation('sigmoid')(s)",
    "layers.Activation('softmax')(s)",
    "layers.ReLU()(s)",
    "layers.LeakyReLU()(s)",
    "layers.ELU()(s)",
    "layers.Softmax()(s)",
    "layers.Dropout(0.5)(s)",
    "layers.Dropout(0.5)(s, training=True)",
    "layers.BatchNormalization()(s)",
    "layers.LayerNormalization()(s)",
    "layers.UnitNormalization()(s)",
    "layers.Rescaling(2.0)(s)",
    "layers.Normalization(mean=0.0, variance=4.0)(s)",
    "layers.CategoryEncoding(6, output_mode='multi_hot')(i)",
    "layers.CategoryEncoding(6, output_mode='count')(i)",
    "layers.CategoryEncoding(6, output_mode='one_hot', sparse=True)(j)",
    "layers.CategoryEncoding(6, output_mode='multi_hot', sparse=True)(j)",
    "layers.CategoryEncoding(6, output_mode='count', sparse=True)(j)",
    "layers.GaussianNoise(0.5)(s)",
    "layers.Identity()(s)",
    "layers.Masking()(ops.expand_dims(s, -1))",
    "layers.Lambda(lambda x: x * 2.0)(s)",
    "layers.GlobalAveragePooling1D()(c)",
    "layers.GlobalMaxPooling1D()(c)",
    "layers.Cropping1D(1)(c)",
    "layers.ZeroPadding1D(1)(c)",
    "layers.UpSampling1D(2)(c)",
]
RAGGED = [
    *(f"ops.{name}(r)" for name in UNARY),
    *(f"ops.{n}({p})" for n in BINARY for p in ("r, q", "r, 2.0", "2.0, r")),
    *(f"ops.{n}(r, axis={a})" for n in REDUCTIONS for a in (0, 1, -1)),
    *(f"ops.{n}(r, axis=1, keepdims=True)" for n in REDUCTIONS),
    "r + q",
    "r * 2.0",
    "r[0]",
    "r[:, :1]",
    "ops.cast(r, 'int32')",
    "ops.expand_dims(r, -1)",
    "ops.expand_dims(r, 1)",
    "ops.concatenate([r, q], axis=1)",
    "ops.concatenate([r, q], axis=0)",
    "ops.stack([r, q])",
    "ops.tile(r, (1, 2))",
    "ops.where(r > 0, r, q)",
    "ops.clip(r, 0.0, 1.0)",
    "ops.take(m, k, axis=0)",
    "ops.one_hot(k, 4)",
    "ops.matmul(ops.expand_dims(r, -1), ops.ones((1, 2)))",
    "ops.convert_to_tensor(r, ragged=True)",
    "ops.convert_to_tensor(r, ragged=False)",
    "ops.convert_to_tensor(r, sparse=False)",
    "ops.leaky_relu(r, 0.3)",
    "layers.Embedding(6, 2, embeddings_initializer='ones')(k)",
    "layers.Dense(3, kernel_initializer='ones')(ops.expand_dims(r, -1))",
    "layers.Add()([r, q])",
    "layers.Multiply()([r, q])",
    "layers.Average()([r, q])",
    "layers.Maximum()([r, q])",
    "layers.Concatenate(axis=1)([r, q])",
    "layers.Activation('relu')(r)",
    "layers.Activation('sigmoid')(r)",
    "layers.Rescaling(2.0)(r)",
    "layers.Identity()(r)",
    "layers.GlobalAveragePooling1D()(ops.expand_dims(r, -1))",
    "layers.Dropout(0.5)(r)",
]
# Of a symbolic call the shape, the type, and whether the result is sparse or ragged.
SYMBOLIC_SHAPES = {
    **{"s": (None, 4), "t": (None, 4), "n": (None, 4), "c": (None, 2, 2)},
    **{"w": (4, 5), "e": (4,), "u": (None, 1), "i": (None, 4)},
    **{"d": (None, 4), "z": (None, 4), "m": (4, 5), "v": (4,), "j": (None, 2)},
}
INTEGERS = frozenset("nijk")
SPARSE = frozenset("stncweui")
DENSE = frozenset("dzmvj")


def arrays() -> dict[str, np.ndarray]:
    """The dense form of every tensor but the ragged ones."""
    rng = np.random.default_rng(3)

    def some(shape: tuple[int, ...], filled: float = 0.4) -> np.ndarray:
        values = rng.normal(size=shape).astype("float32").round(2)
        return values * (rng.uniform(size=shape) < filled)

    found = {
        "s": some((3, 4)),
        "t": some((3, 4)),
        "n": (some((3, 4)) * 5).astype("int32"),
        "c": some((3, 2, 2)),
        "w": some((4, 5)),
        "e": some((4,), 0.6),
        "u": some((3, 1), 0.6),
        "i": (rng.integers(0, 4, (3, 4)) * (rng.uniform(size=(3, 4)) < 0.5)),
        "d": some((3, 4), 0.7),
        "z": np.abs(some((3, 4), 1.0)) + np.float32(0.5),
        "m": some((4, 5), 1.0),
        "v": some((4,), 0.8),
        "j": rng.integers(0, 4, (3, 2)),
    }
    return {k: v.astype("int32") if k in "ij" else v for k, v in found.items()}


# The rows of the ragged tensors.
ROWS = {
    "r": [[1.0, -2.0], [], [3.0, 0.5, -1.5]],
    "q": [[0.5, 4.0], [], [-1.0, 2.5, 0.0]],
    "k": [[1, 0], [], [3, 2, 2]],
}
