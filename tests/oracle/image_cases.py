"""The calls on images and boxes whose results are compared with Keras 3.15.1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .spec import A, Case, F, I, V, number

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
METHODS = ("linear", "bilinear", "cubic", "bicubic", "lanczos3", "lanczos5")


def image(name: str, *args: Any, **kwargs: Any) -> Case:
    """A call of `keras.ops.image`; all tensors share the batch, if there is one."""
    sym: bool | str = True
    if name in ("affine_transform", "perspective_transform"):
        sym = "all" if len(args[0].shape) == 4 else False
    elif name == "map_coordinates":
        sym = False
    return Case(f"ops.image.{name}", args, kwargs, sym=sym)


def right_in_tensorflow(name: str, *args: Any, **kwargs: Any) -> Case:
    """A call that real Keras gets wrong on JAX and PyTorch.

    There its blur mixes the channels (in TensorFlow it takes the deviations in the
    wrong order, so only equal ones are compared), its Sobel filter finds edges at the
    border, and a map is affine even where the last two numbers make it projective.
    """
    return replace(image(name, *args, **kwargs), prefer="tensorflow")


def boxes(name: str, *args: Any, **kwargs: Any) -> Case:
    """A call of `keras.utils.bounding_boxes`, which takes no symbolic tensors."""
    return Case(f"utils.bounding_boxes.{name}", args, kwargs, sym=False)


def bytes_of(*shape: int) -> A:
    """Pixels of 8 bits."""
    return A(shape, "uint8", 0, 255)


TYPES = ("uint8", "int32", "float16", "bfloat16", "float32", "float64")


def typed(dtype: str, *shape: int) -> A:
    """Pixels of any type."""
    return A(shape, dtype, 0, 255 if "int" in dtype else 4)


# Maps from output to input: nothing, a shift, a turn with a shift, a perspective.
SAME = [1.0, 0, 0, 0, 1, 0, 0, 0]
SHIFT = [1.0, 0, 1.25, 0, 1, -2.4, 0, 0]
TURN = [0.83, -0.61, 2.27, 0.62, 0.81, -1.71, 0, 0]
FAR = [0.73, 0.11, -6.34, -0.21, 1.43, 9.13, 0, 0]
VIEW = [0.9, 0.2, -0.4, 0.1, 1.1, 0.3, 0.02, -0.01]
START = [[0.0, 0.0], [6.0, 0.0], [0.0, 5.0], [6.0, 5.0]]
END = [[0.5, 0.2], [5.0, 0.9], [0.3, 4.1], [5.7, 4.8]]
PLACES = [[0.2, 1.7, -0.4, 3.6, 9.0, -7.3], [1.1, 0.0, 2.5, -1.4, 4.4, 12.0]]

SIZES = [
    *(image("resize", F(2, 5, 7, 3), (9, 4), m) for m in INTERPOLATIONS),
    *(image("resize", F(2, 12, 11, 1), (5, 4), m, True) for m in INTERPOLATIONS[1:]),
    *(image("resize", typed(t, 1, 6, 5, 2), (4, 8)) for t in TYPES),
    *(image("resize", typed(t, 1, 6, 5, 2), (4, 8), "nearest") for t in TYPES[:3]),
    image("resize", bytes_of(1, 6, 5, 3), (9, 7), "bicubic"),
    image("resize", F(5, 7, 3), (4, 4)),
    image("resize", F(2, 3, 5, 7), (4, 9), data_format="channels_first"),
    image("resize", F(3, 5, 7), (4, 9), data_format="channels_first"),
    image("resize", F(2, 9, 7, 3), (4, 6), crop_to_aspect_ratio=True),
    image("resize", F(2, 7, 10, 3), (6, 4), crop_to_aspect_ratio=True),
    image("resize", F(2, 9, 7, 3), (4, 6), pad_to_aspect_ratio=True),
    image("resize", F(2, 7, 10, 3), (6, 4), pad_to_aspect_ratio=True, fill_value=2.5),
    image("resize", F(9, 6, 3), (5, 5), pad_to_aspect_ratio=True, fill_value=-1.0),
    image(
        "resize",
        F(2, 3, 9, 7),
        (5, 6),
        crop_to_aspect_ratio=True,
        data_format="channels_first",
    ),
    *(
        image(
            "scale_and_translate",
            F(2, 6, 5, 2),
            (2, 8, 4, 2),
            V([1.3, 0.6]),
            V([-0.7, 0.4]),
            (1, 2),
            m,
        )
        for m in METHODS
    ),
    image(
        "scale_and_translate",
        F(6, 5),
        (4, 7),
        V([0.5, 2.0]),
        V([0.5, -1.0]),
        (0, 1),
        "linear",
        False,
    ),
    image(
        "crop_images", F(2, 6, 7, 3), 1, 2, None, None, target_height=3, target_width=4
    ),
    image("crop_images", F(6, 7, 3), 1, None, 2, 3, target_width=2),
    image("crop_images", F(2, 3, 6, 7), 1, 2, 1, 1, data_format="channels_first"),
    image(
        "pad_images", F(2, 3, 4, 3), 1, 2, None, None, target_height=6, target_width=7
    ),
    image("pad_images", F(3, 4, 3), 1, None, 2, 3, target_width=9),
    image("pad_images", F(2, 3, 3, 4), 1, 2, 1, 1, data_format="channels_first"),
]

GEOMETRY = [
    *(
        image("affine_transform", F(4, 6, 7, 3), V([SAME, SHIFT, TURN, FAR]), i, f, 0.5)
        for i in ("nearest", "bilinear")
        for f in FILL_MODES
    ),
    right_in_tensorflow("affine_transform", F(1, 6, 7, 3), V([VIEW]), "bilinear"),
    right_in_tensorflow("affine_transform", F(1, 6, 7, 3), V([VIEW]), "nearest"),
    image("affine_transform", F(6, 7, 3), V(TURN)),
    image(
        "affine_transform",
        F(2, 3, 6, 7),
        V([SHIFT, TURN]),
        data_format="channels_first",
    ),
    *(image("affine_transform", typed(t, 1, 6, 7, 2), V([TURN])) for t in TYPES),
    *(
        image("affine_transform", typed(t, 1, 6, 7, 2), V([TURN]), "nearest")
        for t in TYPES[:2]
    ),
    *(
        image("perspective_transform", F(1, 6, 7, 3), V([START]), V([END]), i, 0.5)
        for i in ("nearest", "bilinear")
    ),
    image("perspective_transform", F(6, 7, 3), V(END), V(START)),
    image(
        "perspective_transform",
        F(2, 3, 6, 7),
        V([START, END]),
        V([END, START]),
        data_format="channels_first",
    ),
    image("perspective_transform", bytes_of(1, 6, 7, 3), V([START]), V([END])),
    *(
        image("map_coordinates", F(4, 5), V(PLACES), o, f, 0.5)
        for o in (0, 1)
        for f in FILL_MODES
    ),
    image("map_coordinates", F(5), V([[0.3, 2.2, 7.7]]), 1),
    image("map_coordinates", F(3, 4, 5), F(3, 2, 3, lo=0, hi=3), 1, "nearest"),
    *(image("map_coordinates", typed(t, 4, 5), V(PLACES), 1) for t in TYPES),
]

FILTERS = [
    right_in_tensorflow("gaussian_blur", F(2, 6, 7, 3)),
    right_in_tensorflow("gaussian_blur", F(1, 8, 9, 2), (5, 5), (1.7, 1.7)),
    right_in_tensorflow("gaussian_blur", F(2, 3, 6, 7), data_format="channels_first"),
    *(right_in_tensorflow("gaussian_blur", typed(t, 1, 6, 5, 2)) for t in TYPES[2:]),
    right_in_tensorflow("sobel_edges", F(2, 6, 7, 3)),
    right_in_tensorflow("sobel_edges", F(2, 3, 6, 7), data_format="channels_first"),
    *(right_in_tensorflow("sobel_edges", typed(t, 1, 6, 5, 2)) for t in TYPES[2:]),
    image("ssim", F(2, 13, 12, 3, lo=0, hi=1), F(2, 13, 12, 3, lo=0, hi=1)),
    image(
        "ssim",
        F(2, 8, 9, 1, lo=0, hi=255),
        F(2, 8, 9, 1, lo=0, hi=255),
        255.0,
        5,
        1.0,
        0.02,
        0.05,
    ),
    image("ssim", F(13, 12, 3, lo=0, hi=1), F(13, 12, 3, lo=0, hi=1)),
    image(
        "ssim",
        F(2, 3, 13, 12, lo=0, hi=1),
        F(2, 3, 13, 12, lo=0, hi=1),
        data_format="channels_first",
    ),
]

COLORS = [
    *(
        image(n, F(2, 4, 5, 3, lo=0, hi=1))
        for n in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb")
    ),
    *(
        image(n, F(4, 5, 3, lo=0, hi=1))
        for n in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb")
    ),
    *(
        image(n, F(2, 3, 4, 5, lo=0, hi=1), data_format="channels_first")
        for n in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb")
    ),
    *(image("rgb_to_grayscale", typed(t, 1, 4, 5, 3)) for t in TYPES),
    *(image("rgb_to_hsv", A((1, 4, 5, 3), t, 0, 1)) for t in TYPES[2:]),
    *(image("hsv_to_rgb", A((1, 4, 5, 3), t, 0, 1)) for t in TYPES[2:]),
    image(
        "rgb_to_hsv", V([[[0.0, 0, 0], [0.5, 0.5, 0.5], [1, 0, 0], [0.2, 0.7, 0.7]]])
    ),
    image(
        "hsv_to_rgb", V([[[1.0, 1, 1], [0.5, 0, 0.5], [1.2, 1, 1], [-0.3, 0.7, 0.7]]])
    ),
]

PATCHES = [
    image("extract_patches", F(2, 7, 8, 3), (3, 2)),
    image("extract_patches", F(2, 7, 8, 2), 3, strides=2, padding="same"),
    image("extract_patches", F(2, 7, 8, 2), 2, strides=(1, 3), dilation_rate=1),
    image("extract_patches", F(2, 7, 8, 2), 2, strides=1, dilation_rate=2),
    image("extract_patches", F(7, 8, 2), 3),
    image("extract_patches", F(2, 3, 7, 8), (3, 2), data_format="channels_first"),
    image("extract_patches", bytes_of(2, 7, 8, 3), (3, 2)),
    image("extract_patches_3d", F(2, 5, 6, 4, 2), (2, 3, 2)),
    image("extract_patches_3d", F(2, 5, 6, 4, 2), 3, strides=2, padding="same"),
    image("extract_patches_3d", F(5, 6, 4, 2), 2, strides=1),
    image("extract_patches_3d", F(2, 2, 5, 6, 4), 2, data_format="channels_first"),
]

# --- boxes ------------------------------------------------------------------------
FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
XYXY = V([[[2.0, 3, 14, 17], [5, 1, 9, 30], [-3, 4, 25, 6]], [[0, 0, 20, 30]] * 3])
OTHER = V([[[1.0, 5, 11, 19], [7, 7, 8, 8]], [[30, 30, 31, 33], [0, 0, 10, 30]]])
FLAT = V([[2.0, 3, 14, 17], [5, 1, 9, 30], [0, 4, 20, 6]])
FLAT2 = V([[1.0, 5, 11, 19], [5, 1, 9, 30], [3, 2, 18, 9]])
MASKED = V([[[2.0, 3, 14, 17], [-1, -1, -1, -1]], [[-1, -1, -1, -1], [0, 0, 20, 30]]])
HW = {"height": 40, "width": 20}
LABELS = V([[1, 2, 0], [3, -1, 4]], "int32")
STILL = {
    **dict(angle=0.0, translate_x=0.0, translate_y=0.0),
    **dict(scale=1.0, shear_x=0.0, shear_y=0.0),
}
MAPS = (
    dict(angle=30.0),
    dict(angle=-70.0, scale=1.3),
    dict(translate_x=0.3, translate_y=-0.2),
    dict(scale=0.5),
    dict(shear_x=20.0),
    dict(shear_y=-15.0),
    dict(angle=15.0, shear_x=10.0, shear_y=5.0, scale=0.8, translate_x=0.1),
    dict(angle=30.0, center_x=0.2, center_y=0.7),
)
ENCODINGS = ("center_yxhw", "center_xywh")
VARIANCES = (None, [0.1, 0.1, 0.2, 0.2])

BOXES = [
    *(boxes("convert_format", XYXY, "xyxy", f, **HW) for f in FORMATS),
    *(boxes("convert_format", XYXY, f, "xyxy", **HW) for f in FORMATS),
    *(boxes("convert_format", FLAT, f, "yxyx", **HW) for f in FORMATS),
    boxes("convert_format", FLAT, "xyxy", "xywh", dtype="float16"),
    boxes("convert_format", A((3, 4), "int32", 0, 9), "xyxy", "xywh"),
    boxes("compute_iou", XYXY, OTHER, "xyxy"),
    boxes("compute_iou", FLAT, FLAT2, "xyxy"),
    boxes("compute_iou", FLAT, OTHER, "xyxy"),
    boxes("compute_iou", FLAT, FLAT2, "yxyx"),
    boxes("compute_iou", FLAT, FLAT2, "center_xywh"),
    boxes(
        "compute_iou",
        F(2, 3, 4, lo=0, hi=1),
        F(2, 2, 4, lo=0, hi=1),
        "rel_xywh",
        image_shape=(40, 20, 3),
    ),
    boxes("compute_iou", MASKED, OTHER, "xyxy", use_masking=True),
    boxes("compute_iou", MASKED, MASKED, "xyxy", use_masking=True, mask_val=-1),
    boxes("compute_iou", MASKED, OTHER, "xyxy", use_masking=True, mask_val=-5),
    boxes("compute_ciou", FLAT, FLAT2, "xyxy"),
    boxes("compute_ciou", XYXY, XYXY, "xywh"),
    boxes("clip_to_image_size", {"boxes": XYXY, "labels": LABELS}, 10, 12),
    boxes(
        "clip_to_image_size",
        {"boxes": F(3, 4), "labels": I(3, lo=0, hi=3)},
        bounding_box_format="rel_xyxy",
    ),
    *(
        boxes(
            "affine_transform",
            XYXY,
            **{k: V([v, 2 * v]) for k, v in {**STILL, **m}.items()},
            height=40,
            width=20,
        )
        for m in MAPS
    ),
    boxes("crop", XYXY, 2, 3, 12, 10),
    boxes("crop", FLAT, 2, 3, 12, 10),
    boxes("pad", XYXY, 2, 3),
    boxes("pad", FLAT, 2, 3, 40, 20),
    *(
        boxes("encode_box_to_deltas", FLAT, FLAT2, "xyxy", "xyxy", e, variance=v)
        for e in ENCODINGS
        for v in VARIANCES
    ),
    boxes("encode_box_to_deltas", FLAT, XYXY, "xyxy", "xyxy"),
    boxes("encode_box_to_deltas", FLAT, V([[[0.0, 0, 0, 0]] * 3]), "xyxy", "xyxy"),
    boxes("encode_box_to_deltas", FLAT2, FLAT, "xywh", "center_yxhw"),
    *(
        boxes(
            "decode_deltas_to_boxes",
            FLAT,
            F(2, 3, 4),
            "xyxy",
            f,
            e,
            variance=v,
            image_shape=(40, 20, 3),
        )
        for f in ("xyxy", "rel_xywh")
        for e in ENCODINGS
        for v in VARIANCES
    ),
]

CASES: dict[str, Case] = number(SIZES + GEOMETRY + FILTERS + COLORS + PATCHES + BOXES)


def sweeps() -> dict[str, dict[str, tuple]]:
    """There are none: the types are among the cases."""
    return {}
