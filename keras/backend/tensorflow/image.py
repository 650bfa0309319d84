"""Resampling of images in TensorFlow, where it has a kernel for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras.core.op import OPS

_MODES = {"constant": "CONSTANT", "nearest": "NEAREST", "reflect": "REFLECT"}
_INTERPOLATIONS = ("NEAREST", "BILINEAR")


def _resize(images: Any, size: tuple[int, int], method: str, antialias: bool) -> Any:
    if images.dtype != tf.float32 or method == "nearest":
        return NotImplemented
    if method != "bicubic" or antialias:
        return tf.image.resize(images, size, method, antialias=antialias)

    # `tf.image.resize` would take the kernel from a table of 1024 places.
    old = tf.cast(tf.shape(images)[1:3], tf.float32)
    out = tf.raw_ops.ScaleAndTranslate(
        images=images,
        size=size,
        scale=tf.constant(size, tf.float32) / old,
        translation=tf.zeros(2),
        kernel_type="keyscubic",
        antialias=False,
    )
    out.set_shape((images.shape[0], *size, images.shape[3]))
    return out


def _project(
    images: Any,
    transforms: Any,
    size: Any,
    order: int,
    fill_mode: str,
    fill_value: float,
) -> Any:
    if images.dtype not in (tf.float32, tf.float64) or fill_mode not in _MODES:
        return NotImplemented
    if order == 0 and fill_mode == "reflect":  # it rounds after folding
        return NotImplemented

    @tf.custom_gradient
    def project(images: Any, transforms: Any) -> Any:
        out = tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=tf.cast(transforms, tf.float32),
            output_shape=tf.stack(size),
            fill_value=fill_value,
            interpolation=_INTERPOLATIONS[order],
            fill_mode=_MODES[fill_mode],
        )

        # TensorFlow's own gradient is an approximation, and none for the transforms.
        def gradients(upstream: Any) -> Any:
            body = OPS["_project"].body
            with tf.GradientTape() as tape:
                tape.watch((images, transforms))
                value = body(images, transforms, size, order, fill_mode, fill_value)
            return tape.gradient(value, (images, transforms), upstream)

        return out, gradients

    return project(images, transforms)


TABLE: dict[str, Callable] = {"_project": _project, "_resize": _resize}
