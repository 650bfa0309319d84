"""Layers' arithmetic in TensorFlow: activations, convolution, normalization."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras.backend.windows import Window, reach, same_pads

_LAYOUTS = ("NC", "NWC", "NHWC", "NDHWC")  # 3-D gradients need it said


def _last(x: Any, window: Window) -> Any:
    """Channels last, the one layout that TensorFlow has on every device."""
    if window.channels_last:
        return x
    rank = len(window.size)
    return tf.transpose(x, (0, *range(2, rank + 2), 1))


def _back(x: Any, window: Window) -> Any:
    if window.channels_last:
        return x
    rank = len(window.size)
    return tf.transpose(x, (0, rank + 1, *range(1, rank + 1)))


def _spread(kernel: Any, dilation: tuple[int, ...]) -> Any:
    """The kernel with the zeros of its dilation written out."""
    for axis, step in enumerate(dilation):
        if step == 1:
            continue
        dims = list(kernel.shape)
        wide = tf.expand_dims(kernel, axis + 1)
        fill = [(0, 0)] * len(wide.shape)
        fill[axis + 1] = (0, step - 1)
        kernel = tf.reshape(
            tf.pad(wide, fill), [*dims[:axis], dims[axis] * step, *dims[axis + 1 :]]
        )
        kernel = tf.gather(kernel, tf.range((dims[axis] - 1) * step + 1), axis=axis)
    return kernel


def conv(inputs: Any, kernel: Any, window: Window, groups: int) -> Any:
    x = _last(inputs, window)
    dilation = window.dilation
    if max(window.strides) > 1 and max(dilation) > 1:
        kernel, dilation = _spread(kernel, dilation), (1,) * len(dilation)

    def run(x: Any, kernel: Any) -> Any:
        return tf.nn.convolution(
            x,
            kernel,
            window.strides,
            window.padding.upper(),
            _LAYOUTS[len(dilation)],
            dilation,
        )

    if groups == 1:
        return _back(run(x, kernel), window)
    # On the CPU, TensorFlow has no gradient of a convolution in groups.
    parts = zip(tf.split(x, groups, axis=-1), tf.split(kernel, groups, axis=-1))
    return _back(tf.concat([run(*part) for part in parts], axis=-1), window)


def depthwise(inputs: Any, kernel: Any, window: Window) -> Any:
    *size, inner, multiplier = kernel.shape
    if len(size) == 3:
        grouped = tf.reshape(kernel, (*size, 1, inner * multiplier))
        return conv(inputs, grouped, window, inner)
    x = _last(inputs, window)
    strides, dilation = window.strides, window.dilation
    if len(size) == 1:
        x, kernel = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0)
        strides, dilation = (strides[0],) * 2, (1, *dilation)
        window = window._replace(
            size=(1, *size), strides=(1, strides[0]), dilation=dilation
        )
        out = _depthwise(x, kernel, window)
        out = tf.squeeze(out, 1)
        return out if window.channels_last else tf.transpose(out, (0, 2, 1))
    return _back(_depthwise(x, kernel, window), window)


def _depthwise(x: Any, kernel: Any, window: Window) -> Any:
    """TensorFlow wants equal strides, and none with dilation: else it is cut out."""
    rows, columns = window.strides
    padding = window.padding.upper()
    if x.shape[1] == 1 and window.size[0] == 1 and max(window.dilation) == 1:
        rows = columns  # one row: any step will do
    if rows == columns and (rows == 1 or max(window.dilation) == 1):
        return tf.nn.depthwise_conv2d(
            x, kernel, (1, rows, columns, 1), padding, dilations=window.dilation
        )
    if padding == "SAME":
        pads = _same(x, window)
        x = tf.pad(x, [(0, 0), *pads, (0, 0)])
    out = tf.nn.depthwise_conv2d(
        x, kernel, (1, 1, 1, 1), "VALID", dilations=window.dilation
    )
    return out[:, ::rows, ::columns]


def _same(x: Any, window: Window) -> Any:
    dims = x.shape[1:-1]
    if None not in dims:
        return same_pads(window, tuple(dims))
    found = tf.shape(x)
    pads = []
    for i, (s, k) in enumerate(zip(window.strides, reach(window))):
        n = found[i + 1]
        total = tf.maximum((-(-n // s) - 1) * s + k - n, 0)
        pads.append((total // 2, total - total // 2))
    return pads


def conv_transpose(inputs: Any, kernel: Any, window: Window, sizes: Any) -> Any:
    x = _last(inputs, window)
    kernel = _spread(kernel, window.dilation)
    found = tf.shape(x)
    dims = [n if n is not None else found[i + 1] for i, n in enumerate(x.shape[1:-1])]
    same = window.padding == "same" and all(
        isinstance(n, int) and size == n * s or size is n * s
        for n, s, (_, size) in zip(dims, window.strides, sizes)
    )
    reaches = reach(window)
    full = [
        n * s if same else (n - 1) * s + k
        for n, s, k in zip(dims, window.strides, reaches)
    ]
    out = tf.nn.conv_transpose(
        x,
        kernel,
        tf.stack([found[0], *full, kernel.shape[-2]]),
        window.strides,
        "SAME" if same else "VALID",
    )
    if not same:
        out = _cut(out, full, sizes)
    out.set_shape((x.shape[0], *_static(sizes), kernel.shape[-2]))
    return _back(out, window)


def _static(sizes: Any) -> list[int | None]:
    return [size if isinstance(size, int) else None for _, size in sizes]


def _cut(out: Any, full: list, sizes: Any) -> Any:
    """Cut each axis at the front, then cut or fill it at the end."""
    for axis, (length, (front, size)) in enumerate(zip(full, sizes), start=1):
        pads = [(0, 0)] * len(out.shape)
        end = front + size
        if not isinstance(end, int) or not isinstance(length, int):
            pads[axis] = (0, tf.maximum(end - length, 0))
            out = tf.pad(out, pads)
        elif end > length:
            pads[axis] = (0, end - length)
            out = tf.pad(out, pads)
        where = [slice(None)] * axis + [slice(front, end)]
        out = out[tuple(where)]
    return out


def _pool(fn: Any, inputs: Any, window: Window) -> Any:
    x = _last(inputs, window)
    layout = _LAYOUTS[len(window.size)]
    out = fn(x, window.size, window.strides, window.padding.upper(), layout)
    return _back(out, window)


def _wide(x: Any) -> Any:
    return tf.cast(x, "float32") if x.dtype in (tf.float16, tf.bfloat16) else x


def moments(x: Any, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    wide = _wide(x)
    mean, variance = tf.nn.moments(wide, axes, keepdims=keepdims)
    if wide is x:
        return mean, variance
    return tf.saturate_cast(mean, x.dtype), tf.saturate_cast(variance, x.dtype)


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any = None,
    scale: Any = None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Any:
    if axis != len(x.shape) - 1:
        shape = [1] * len(x.shape)
        shape[axis] = -1
        mean, variance, offset, scale = (
            v if v is None or len(v.shape) == len(x.shape) else tf.reshape(v, shape)
            for v in (mean, variance, offset, scale)
        )
    return tf.nn.batch_normalization(x, mean, variance, offset, scale, epsilon)


def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axes: tuple[int, ...] = (),
    epsilon: float = 0.0,
) -> Any:
    wide = _wide(x)
    mean, variance = tf.nn.moments(wide, axes, keepdims=True)
    shape = [d if a in axes else 1 for a, d in enumerate(x.shape)]
    gamma, beta = (
        v if v is None else tf.reshape(tf.cast(v, wide.dtype), shape)
        for v in (gamma, beta)
    )
    out = tf.nn.batch_normalization(wide, mean, variance, beta, gamma, epsilon)
    return tf.cast(out, x.dtype)


def pick(values: Any, classes: Any, axis: int) -> Any:
    rank = len(values.shape)
    if axis != rank - 1:
        order = [a for a in range(rank) if a != axis] + [axis]
        values = tf.transpose(values, order)
    return tf.gather(values, classes, batch_dims=rank - 1)


def sparse_softmax_crossentropy(target: Any, logits: Any, axis: int) -> Any:
    rank = len(logits.shape)
    if axis != rank - 1:
        logits = tf.transpose(logits, [a for a in range(rank) if a != axis] + [axis])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)


def ctc_loss(
    target: Any, output: Any, target_length: Any, output_length: Any, blank: int
) -> Any:
    return tf.nn.ctc_loss(
        target,
        output,
        target_length,
        output_length,
        logits_time_major=False,
        blank_index=blank,
    )


def elu(x: Any, alpha: float = 1.0) -> Any:
    return (
        tf.nn.elu(x)
        if alpha == 1
        else tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0)))
    )


def celu(x: Any, alpha: float = 1.0) -> Any:
    # The exponent is kept at 0 or less: beyond, its gradient would be 0 * inf.
    return tf.nn.relu(x) + alpha * tf.math.expm1(tf.minimum(x, 0) / alpha)


def hard_sigmoid(x: Any) -> Any:
    return tf.nn.relu6(x + 3) / 6


def hard_tanh(x: Any) -> Any:
    return tf.minimum(x, 1) if x.dtype.is_unsigned else tf.clip_by_value(x, -1, 1)


def one_hot(x: Any, num_classes: int, axis: int, dtype: str) -> Any:
    if dtype == "bool":
        return tf.one_hot(x, num_classes, True, False, axis)
    return tf.one_hot(x, num_classes, axis=axis, dtype=dtype)


TABLE: dict = {
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "sigmoid": tf.sigmoid,
    "softplus": tf.math.softplus,
    "softsign": tf.nn.softsign,
    "silu": tf.nn.silu,
    "log_sigmoid": tf.math.log_sigmoid,
    "leaky_relu": lambda x, negative_slope=0.2: tf.nn.leaky_relu(x, negative_slope),
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "hard_tanh": hard_tanh,
    "elu": elu,
    "selu": tf.nn.selu,
    "celu": celu,
    "gelu": lambda x, approximate=True: tf.nn.gelu(x, approximate),
    "_softmax": lambda x, axis: tf.nn.softmax(x, axis),
    "_log_softmax": lambda x, axis: tf.nn.log_softmax(x, axis),
    "_conv": conv,
    "_depthwise": depthwise,
    "_conv_transpose": conv_transpose,
    "_max_pool": lambda inputs, window: _pool(tf.nn.max_pool, inputs, window),
    "_average_pool": lambda inputs, window: _pool(tf.nn.avg_pool, inputs, window),
    "_moments": moments,
    "_batch_normalization": batch_normalization,
    "_layer_normalization": layer_normalization,
    "_sigmoid_crossentropy": tf.nn.sigmoid_cross_entropy_with_logits,
    "_sparse_softmax_crossentropy": sparse_softmax_crossentropy,
    "_pick": pick,
    "_ctc_loss": ctc_loss,
    "_one_hot": one_hot,
}
