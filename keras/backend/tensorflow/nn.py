"""Layers' arithmetic in TensorFlow: activations, convolution, normalization."""

from __future__ import annotations

import sys
from typing import Any

import tensorflow as tf

from keras.backend.tables import functions_of
from keras.backend.tensorflow import shaping
from keras.backend.tensorflow.shaping import moveaxis
from keras.backend.windows import Window, reach, same_pads
from keras.core.variable import MetaFrame, current_frame

_LAYOUTS = ("NC", "NWC", "NHWC", "NDHWC")  # 3-D gradients need it said


def _last(x: Any, window: Window) -> Any:
    """Channels last, the one layout that TensorFlow has on every device."""
    return x if window.channels_last else moveaxis(x, 1, -1)


def _back(x: Any, window: Window) -> Any:
    return x if window.channels_last else moveaxis(x, -1, 1)


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


def _conv(inputs: Any, kernel: Any, window: Window, groups: int) -> Any:
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


def _depthwise(inputs: Any, kernel: Any, window: Window) -> Any:
    *size, inner, multiplier = kernel.shape
    if len(size) == 3:
        grouped = tf.reshape(kernel, (*size, 1, inner * multiplier))
        return _conv(inputs, grouped, window, inner)
    x = _last(inputs, window)
    if len(size) == 1:  # rows of an image one row high
        row = window._replace(
            size=(1, *size),
            strides=(1, *window.strides),
            dilation=(1, *window.dilation),
        )
        out = _depthwise_2d(tf.expand_dims(x, 1), tf.expand_dims(kernel, 0), row)
        return _back(tf.squeeze(out, 1), window)
    return _back(_depthwise_2d(x, kernel, window), window)


def _depthwise_2d(x: Any, kernel: Any, window: Window) -> Any:
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
        pads = same_pads(window, shaping.sizes(x)[1:-1], tf.maximum)
        x = tf.pad(x, [(0, 0), *pads, (0, 0)])
    out = tf.nn.depthwise_conv2d(
        x, kernel, (1, 1, 1, 1), "VALID", dilations=window.dilation
    )
    return out[:, ::rows, ::columns]


def _conv_transpose(inputs: Any, kernel: Any, window: Window, sizes: Any) -> Any:
    x = _last(inputs, window)
    kernel = _spread(kernel, window.dilation)

    # "same" of TensorFlow is ours where the output is the input times the strides.
    batch, *dims, _ = shaping.sizes(x)
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
        tf.stack([batch, *full, kernel.shape[-2]]),
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


def _pick(values: Any, classes: Any, axis: int) -> Any:
    values = moveaxis(values, axis, -1)
    return tf.gather(values, classes, batch_dims=len(values.shape) - 1)


def _batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any = None,
    scale: Any = None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Any:
    values = mean, variance, offset, scale
    if x.dtype != tf.float32 or any(
        v is not None and v.shape.rank != 1 for v in values
    ):
        return NotImplemented
    if isinstance(current_frame(), MetaFrame):  # gradients of its own take long
        return tf.identity(x)
    scale = tf.ones_like(mean) if scale is None else scale
    offset = tf.zeros_like(mean) if offset is None else offset
    return _over_images(_by_given, x, axis, mean, variance, offset, scale, epsilon)


def _over_images(fn: Any, x: Any, axis: int, *rest: Any) -> Any:
    """`fn` of `x` as images with channels last, and its first result turned back."""
    last = moveaxis(x, axis, -1)
    sizes = shaping.sizes(last)
    is_image = len(sizes) == 4
    images = last if is_image else tf.reshape(last, (-1, 1, 1, sizes[-1]))
    out, *more = fn(images, *rest)
    out = moveaxis(out if is_image else tf.reshape(out, sizes), -1, axis)
    return (out, *more) if more else out


def _by_given(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, epsilon: float
) -> Any:
    """One kernel; its own gradient takes the mean and the variance for constants."""

    @tf.custom_gradient
    def normalize(x: Any, mean: Any, variance: Any, offset: Any, scale: Any) -> Any:
        def gradients(upstream: Any) -> Any:
            inverse = tf.math.rsqrt(variance + epsilon)
            factor = inverse * scale
            total = tf.reduce_sum(upstream, (0, 1, 2))
            along = tf.reduce_sum(upstream * (x - mean), (0, 1, 2))
            return (
                upstream * factor,
                -factor * total,
                -0.5 * inverse**2 * factor * along,
                total,
                inverse * along,
            )

        out = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=scale,
            offset=offset,
            mean=mean,
            variance=variance,
            epsilon=epsilon,
            is_training=False,
        )
        return out.y, gradients

    return (normalize(x, mean, variance, offset, scale),)


def _batch_normalization_by_itself(
    x: Any, offset: Any = None, scale: Any = None, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    if x.dtype == tf.float64:  # for which there is no kernel
        return NotImplemented
    out, mean, variance = _over_images(_by_itself, x, axis, offset, scale, epsilon)
    return out, tf.stop_gradient(mean), tf.stop_gradient(variance)


def _by_itself(x: Any, offset: Any, scale: Any, epsilon: float) -> Any:
    """One kernel, whose variance is that of a sample: the sum over n - 1."""
    channels = x.shape[-1]
    out = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=tf.ones(channels) if scale is None else tf.cast(scale, tf.float32),
        offset=tf.zeros(channels) if offset is None else tf.cast(offset, tf.float32),
        mean=[],
        variance=[],
        epsilon=epsilon,
        is_training=True,
    )
    count = tf.cast(tf.size(x) / channels, tf.float32)
    variance = out.batch_variance * ((count - 1) / count)
    return out.y, tf.cast(out.batch_mean, x.dtype), tf.cast(variance, x.dtype)


TABLE: dict = {
    **functions_of(
        tf.nn,
        """
        _log_softmax=log_softmax _sigmoid_crossentropy=sigmoid_cross_entropy_with_logits
        _softmax=softmax relu relu6 selu sigmoid silu softplus softsign
        """,
    ),
    **functions_of(
        sys.modules[__name__],
        """
        _batch_normalization _batch_normalization_by_itself _conv _conv_transpose
        _depthwise _pick
        """,
    ),
    "_average_pool": lambda inputs, window: _pool(tf.nn.avg_pool, inputs, window),
    "_ctc_loss": lambda target, output, target_length, output_length, blank: (
        tf.nn.ctc_loss(
            target, output, target_length, output_length, False, blank_index=blank
        )
    ),
    "_max_pool": lambda inputs, window: _pool(tf.nn.max_pool, inputs, window),
    "_sparse_softmax_crossentropy": lambda target, logits, axis: (
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            target, moveaxis(logits, axis, -1)
        )
    ),
    # The exponent is kept at 0 or less: beyond, its gradient would be 0 * inf.
    "celu": lambda x, alpha=1.0: (
        tf.nn.relu(x) + alpha * tf.math.expm1(tf.minimum(x, 0) / alpha)
    ),
    "elu": lambda x, alpha=1.0: (
        tf.nn.elu(x)
        if alpha == 1
        else tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0)))
    ),
    "gelu": lambda x, approximate=True: tf.nn.gelu(x, approximate),
    "hard_sigmoid": lambda x: tf.nn.relu6(x + 3) / 6,
    "hard_silu": lambda x: x * tf.nn.relu6(x + 3) / 6,
    "hard_tanh": lambda x: (
        tf.minimum(x, 1) if x.dtype.is_unsigned else tf.clip_by_value(x, -1, 1)
    ),
    "leaky_relu": lambda x, negative_slope=0.2: tf.nn.leaky_relu(x, negative_slope),
    "log_sigmoid": tf.math.log_sigmoid,
}
