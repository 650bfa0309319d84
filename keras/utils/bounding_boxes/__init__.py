"""Bounding boxes: formats, overlap, geometry, and encoding for detectors."""

from keras.utils.bounding_boxes.encoding import (
    decode_deltas_to_boxes,
    encode_box_to_deltas,
)
from keras.utils.bounding_boxes.formats import convert_format
from keras.utils.bounding_boxes.geometry import (
    affine_transform,
    clip_to_image_size,
    crop,
    pad,
)
from keras.utils.bounding_boxes.overlap import compute_ciou, compute_iou

__all__ = [
    "affine_transform",
    "clip_to_image_size",
    "compute_ciou",
    "compute_iou",
    "convert_format",
    "crop",
    "decode_deltas_to_boxes",
    "encode_box_to_deltas",
    "pad",
]
