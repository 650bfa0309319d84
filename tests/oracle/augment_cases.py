"""The image layers whose results for a given draw are compared with Keras 3.15.1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .losses_cases import numbered
from .spec import digest, seed_of


@dataclass(frozen=True)
class Augment:
    """`cls(**config)` on a batch of images with labels, boxes and masks.

    `size`: height and width. `parts`: what is transformed, without the images.
    `tol`: (rtol, atol) of values from 0 to 255.
    """

    cls: str
    config: dict = field(default_factory=dict)
    size: tuple[int, int] = (8, 10)
    parts: tuple[str, ...] = ("labels", "bounding_boxes", "segmentation_masks")
    channels: int = 3
    dtype: str = "float32"
    high: float = 255.0
    tol: tuple[float, float] = (1e-4, 2e-2)


ALONE: dict[str, Any] = {"parts": ()}
BOXES = ("bounding_boxes",)
MASKS = ("labels", "segmentation_masks")


def case(cls: str, config: dict | None = None, **options: Any) -> Augment:
    return Augment(cls, config or {}, **options)


def data_of(key: str, spec: Augment, batch: int = 3) -> dict:
    """Images and what belongs to them, as NumPy arrays."""
    rng = np.random.RandomState(seed_of(key) % 2**32)
    height, width = spec.size
    images = rng.uniform(0, spec.high, (batch, height, width, spec.channels))
    masks = rng.randint(0, 4, (batch, height, width, 1)).astype("float32")
    left = rng.uniform(0, width - 2, (batch, 3))
    top = rng.uniform(0, height - 2, (batch, 3))
    right = rng.uniform(left + 1, width)
    bottom = rng.uniform(top + 1, height)
    boxes = np.stack([left, top, right, bottom], -1).astype("float32")
    classes = rng.randint(0, 5, (batch, 3)).astype("float32")
    boxes = _in_format(boxes, spec.config.get("bounding_box_format", "xyxy"), spec.size)
    boxes[0, 2], classes[0, 2] = -1, -1  # no box
    if spec.config.get("data_format") == "channels_first":
        images, masks = images.transpose(0, 3, 1, 2), masks.transpose(0, 3, 1, 2)
    return {
        "images": np.floor(images).astype(spec.dtype)
        if "int" in spec.dtype
        else images.astype(spec.dtype),
        "labels": np.eye(5, dtype="float32")[rng.randint(0, 5, batch)],
        "bounding_boxes": {"boxes": boxes, "labels": classes},
        "segmentation_masks": masks,
    }


def _in_format(corners: np.ndarray, name: str, size: tuple[int, int]) -> np.ndarray:
    """Left, top, right and bottom in another format."""
    left, top, right, bottom = np.moveaxis(corners, -1, 0)
    height, width = size
    columns = {
        "xyxy": (left, top, right, bottom),
        "yxyx": (top, left, bottom, right),
        "xywh": (left, top, right - left, bottom - top),
        "center_xywh": (
            (left + right) / 2,
            (top + bottom) / 2,
            right - left,
            bottom - top,
        ),
        "rel_xyxy": (left / width, top / height, right / width, bottom / height),
    }[name]
    return np.stack(columns, -1).astype("float32")


FIRST = {"data_format": "channels_first"}
ONE = {"value_range": (0, 1)}


def _sizes() -> list[Augment]:
    out = [
        case("Resizing", {"height": 5, "width": 6, "interpolation": name}, **opt)
        for name in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        for opt in ({}, {"size": (5, 4)}, {"dtype": "uint8", "parts": ()})
    ]
    for keep in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
        for size in ((8, 10), (13, 5)):
            out.append(
                case("Resizing", {"height": 6, "width": 7, keep: True}, size=size)
            )
    out += [
        case("Resizing", {"height": 4, "width": 9, "antialias": True, **FIRST}),
        case(
            "Resizing",
            {"height": 9, "width": 9, "pad_to_aspect_ratio": True, "fill_value": 7.0},
        ),
        case("CenterCrop", {"height": 5, "width": 6}),
        case("CenterCrop", {"height": 5, "width": 7, **FIRST}),
        case("CenterCrop", {"height": 12, "width": 6}, parts=BOXES),
        case("CenterCrop", {"height": 12, "width": 15}, size=(9, 14), parts=BOXES),
        case("RandomCrop", {"height": 5, "width": 6}, parts=MASKS),
        case("RandomCrop", {"height": 8, "width": 4, **FIRST}, parts=MASKS),
        case("RandomCrop", {"height": 12, "width": 6}, **ALONE),
        case("RandomCrop", {"height": 12, "width": 15}, size=(9, 14), **ALONE),
        case("MaxNumBoundingBoxes", {"max_number": 2}, parts=BOXES),
        case("MaxNumBoundingBoxes", {"max_number": 5}, parts=BOXES),
        case(
            "MaxNumBoundingBoxes",
            {"max_number": 4, "fill_value": -7},
            parts=BOXES,
        ),
    ]
    return out


GEOMETRY = [
    *(
        {"interpolation": i, "fill_mode": m}
        for i in ("nearest", "bilinear")
        for m in ("reflect", "wrap", "constant", "nearest")
    ),
    {"fill_mode": "constant", "fill_value": 9.0, **FIRST},
]


def _geometry() -> list[Augment]:
    out = [
        case("RandomFlip", {"mode": mode})
        for mode in ("horizontal", "vertical", "horizontal_and_vertical")
    ]
    out += [case("RandomFlip", {"mode": "horizontal", **FIRST})]
    for cls, config in (
        ("RandomRotation", {"factor": 0.3}),
        ("RandomZoom", {"height_factor": 0.4}),
        ("RandomZoom", {"height_factor": (-0.3, 0.1), "width_factor": 0.4}),
        ("RandomTranslation", {"height_factor": 0.4, "width_factor": 0.3}),
        ("RandomShear", {"x_factor": 0.5, "y_factor": 0.3}),
    ):
        extras = GEOMETRY if cls == "RandomRotation" else GEOMETRY[::4]
        size = (9, 9) if cls == "RandomShear" else (8, 10)
        out += [case(cls, {**config, **extra}, size=size) for extra in extras]
    out += [
        case("RandomRotation", {"factor": (0.1, 0.4)}, size=(9, 9)),
        case("RandomShear", {"x_factor": (0.1, 0.4)}, parts=MASKS),
        case("RandomPerspective", {"factor": (0.6, 1.0), "scale": 0.3}),
        case("RandomPerspective", {"factor": (0.6, 1.0), "scale": 0.6}),
        case(
            "RandomPerspective",
            {"factor": (0.9, 1.0), "interpolation": "nearest", "fill_value": 5.0},
        ),
        case("RandomPerspective", {"factor": (0.9, 1.0), "scale": 0.5, **FIRST}),
    ]
    for form in ("xywh", "center_xywh", "rel_xyxy", "yxyx"):
        for cls, config in (
            ("RandomFlip", {}),
            ("RandomRotation", {"factor": 0.1}),
            ("RandomZoom", {"height_factor": 0.4}),
            ("RandomTranslation", {"height_factor": 0.4, "width_factor": 0.3}),
            ("RandomPerspective", {"factor": (0.9, 1.0), "scale": 0.3}),
            ("CenterCrop", {"height": 5, "width": 6}),
            ("Resizing", {"height": 5, "width": 6}),
        ):
            out.append(
                case(
                    cls,
                    {**config, "bounding_box_format": form},
                    parts=BOXES,
                )
            )
    return out


def _colors() -> list[Augment]:
    out = []
    for cls, configs in {
        "RandomBrightness": [{"factor": 0.5}, {"factor": (-0.9, 0.2)}],
        "RandomContrast": [{"factor": 0.5}, {"factor": (0.2, 0.9)}],
        "RandomSaturation": [{"factor": 0.5}, {"factor": (0.2, 0.4)}],
        "RandomHue": [{"factor": 0.5}, {"factor": (0.5, 1.0)}],
        "RandomSharpness": [{"factor": 0.5}, {"factor": (0.8, 1.0)}],
        "RandomColorDegeneration": [{"factor": 0.5}, {"factor": (0.5, 1.0)}],
        "RandomInvert": [{}, {"factor": (0.9, 1.0)}],
        "RandomPosterization": [{"factor": 4}, {"factor": (2, 8)}],
        "RandomErasing": [
            {},
            {"factor": (0.9, 1.0), "scale": (0.2, 0.5)},
            {"factor": (0.9, 1.0), "scale": 0.5, "fill_value": 3.0},
        ],
        "RandomGaussianBlur": [
            {"factor": (0.9, 1.0)},
            {"factor": (0.9, 1.0), "kernel_size": (5, 3), "sigma": (0.5, 2.0)},
        ],
        "Solarization": [
            {},
            {"addition_factor": 0.3, "threshold_factor": 0.6},
            {"addition_factor": (0.1, 0.2), "threshold_factor": (0.5, 0.9)},
        ],
        "Equalization": [{"bins": 16}, {"bins": 32}],
        "AutoContrast": [{}],
        "ContrastLimitedAdaptiveHistogramEqualization": [
            {"tile_grid_size": (2, 2)},
            {"tile_grid_size": (3, 2), "clip_limit": 1.5},
        ],
    }.items():
        for config in configs:
            out.append(case(cls, config, **ALONE))
            out.append(
                case(cls, {**config, **ONE}, high=1.0, tol=(1e-4, 2e-4), **ALONE)
            )
        if cls != "AutoContrast":
            out.append(case(cls, {**configs[0], **FIRST}, **ALONE))
        if cls not in ("RandomBrightness", "RandomSaturation"):
            out.append(case(cls, configs[0], dtype="uint8", **ALONE))
    out += [
        case("RandomGrayscale", {"factor": 0.7}),
        case("RandomGrayscale", {"factor": 1.0, **FIRST}),
        case("RandomGrayscale", {"factor": 0.7}, dtype="uint8", **ALONE),
        case("RandomBrightness", {"factor": 0.5}, channels=1, **ALONE),
        case("RandomBrightness", {"factor": (0.1, 0.5)}, dtype="uint8", **ALONE),
        case("RandomBrightness", {"factor": 0.5}),
        case("RandomContrast", {"factor": 0.5}, channels=4, **ALONE),
        case("RandomSharpness", {"factor": 0.9}, channels=1, **ALONE),
        case("Equalization", channels=1, tol=(0, 1.01), **ALONE),
        case("Equalization", dtype="uint8", tol=(0, 1.01), **ALONE),
        case("AutoContrast", channels=1, **ALONE),
        case("ContrastLimitedAdaptiveHistogramEqualization", size=(17, 20), **ALONE),
    ]
    return out


def _mixes() -> list[Augment]:
    return [
        case("MixUp", parts=("labels",)),
        case("MixUp", {"alpha": 2.0}, parts=("labels",)),
        case("MixUp", {"alpha": 2.0, **FIRST}, parts=("labels",)),
        case("CutMix", parts=("labels",)),
        case("CutMix", {"factor": (0.5, 2.0)}, parts=("labels",)),
        case("CutMix", {**FIRST}, parts=("labels",)),
        *(case("RandAugment", {"num_ops": n}, **ALONE) for n in (1, 2, 3, 4)),
        case("RandAugment", {"num_ops": 3, "factor": 0.9, **ONE}, high=1.0, **ALONE),
        case("RandomColorJitter", **ALONE),
        case("AugMix", {"all_ops": False, "num_chains": 2}, **ALONE),
    ]


CASES: dict[str, Augment] = numbered(
    [*_sizes(), *_geometry(), *_colors(), *_mixes()], lambda c: c.cls
)


def augment_digest(spec: Augment) -> int:
    """Tells whether stored data still belongs to a case."""
    return digest(spec)
