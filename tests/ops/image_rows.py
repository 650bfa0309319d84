"""Every function of `keras.ops.image`, a few calls each, by SciPy, Pillow and NumPy."""

from __future__ import annotations

import colorsys

import numpy as np
import scipy.ndimage
from ops.helpers import Row, floats, ints, row
from PIL import Image

IMAGES = floats(2, 5, 7, 3)
GRAY = floats(2, 6, 8, 1)
UNIT = floats(2, 4, 5, 3, low=0.02, high=0.98)
BYTES = ints(2, 5, 7, 3, low=0, high=255).astype("uint8")

# How SciPy calls the ways to continue beyond an edge.
MODES = {
    "constant": "grid-constant",
    "nearest": "nearest",
    "wrap": "grid-wrap",
    "mirror": "mirror",
    "reflect": "reflect",
}
FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos3": Image.Resampling.LANCZOS,
}
# Output to input: a turn, a shift, and a perspective.
MAPS = np.array(
    [
        [0.83, -0.61, 2.27, 0.62, 0.81, -1.71, 0, 0],
        [0.93, 0.21, -0.43, 0.13, 1.12, 0.31, 0.02, 0],
    ],
    "float32",
)
PLACES = np.array([[0.2, 1.7, -0.4, 3.6, 9.1], [1.1, 0.3, 2.5, -1.4, 4.4]], "float32")


def op(name: str, *args, **options) -> Row:
    """A row for a function of `keras.ops.image`."""
    return row(f"image.{name}", *args, **options)


def first(reference):
    """A reference for channels last, for arguments with channels first."""

    def compute(x, *args, data_format=None, **kwargs):
        return np.moveaxis(reference(np.moveaxis(x, 1, -1), *args, **kwargs), -1, 1)

    return compute


# --- sizes ------------------------------------------------------------------------


def pillow_matrix(old: int, new: int, method: str) -> np.ndarray:
    """How Pillow, which widens its kernels, resizes one axis: all of it is linear."""
    one_by_one = Image.fromarray(np.eye(old, dtype="float32"))
    return np.asarray(one_by_one.resize((old, new), FILTERS[method]), "float64")


def resize_like_pillow(x, size, interpolation, antialias=True):
    rows = pillow_matrix(x.shape[1], size[0], interpolation)
    columns = pillow_matrix(x.shape[2], size[1], interpolation)
    return np.einsum("ih,jw,nhwc->nijc", rows, columns, x).astype(x.dtype)


def resize_linearly(x, size, interpolation="bilinear"):
    """Between the centers of pixels."""
    places = [(np.arange(b) + 0.5) * a / b - 0.5 for a, b in zip(x.shape[1:3], size)]
    order = {"nearest": 0, "bilinear": 1}[interpolation]
    return at(x, *np.meshgrid(*places, indexing="ij"), order, "nearest", 0.0)


def crop_and_resize(x, size, crop_to_aspect_ratio):
    return resize_linearly(x[:, :, 1:6], size)  # 5 x 7 to the ratio 1


def pad_and_resize(x, size, pad_to_aspect_ratio, fill_value):
    width = ((0, 0), (1, 1), (0, 0), (0, 0))
    return resize_linearly(np.pad(x, width, constant_values=fill_value), size)


def scale_along(x, output_shape, scale, translation, spatial_dims, method, antialias):
    """Linear interpolation, 0 outside of the axis."""
    for axis, s, t in zip(spatial_dims, scale, translation):
        places = (np.arange(output_shape[axis]) + 0.5 - t) / s - 0.5
        moved = np.moveaxis(x, axis, 0)
        low = np.floor(places).astype(int)
        weight = (places - low).reshape(-1, *[1] * (x.ndim - 1))
        last = x.shape[axis] - 1
        moved = moved[np.clip(low, 0, last)] * (1 - weight) + (
            moved[np.clip(low + 1, 0, last)] * weight
        )
        inside = (places >= -0.5) & (places <= last + 0.5)
        x = np.moveaxis(moved * inside.reshape(weight.shape), 0, axis).astype(x.dtype)
    return x


SCALE = np.array([1.31, 0.62], "float32")
SHIFT = np.array([-0.72, 0.43], "float32")
SIZES = [
    *(
        op("resize", IMAGES, (9, 4), m, expected=resize_linearly)
        for m in ("nearest", "bilinear")
    ),
    *(
        op("resize", IMAGES, (11, 8), m, True, expected=resize_like_pillow)
        for m in FILTERS
    ),
    *(
        op("resize", IMAGES, (2, 3), m, True, expected=resize_like_pillow)
        for m in FILTERS
    ),
    op(
        "resize",
        np.moveaxis(IMAGES, -1, 1).copy(),
        (4, 9),
        data_format="channels_first",
        expected=first(resize_linearly),
    ),
    op("resize", IMAGES, (4, 4), crop_to_aspect_ratio=True, expected=crop_and_resize),
    op(
        "resize",
        IMAGES,
        (4, 4),
        pad_to_aspect_ratio=True,
        fill_value=2.5,
        expected=pad_and_resize,
    ),
    op(
        "scale_and_translate",
        GRAY,
        (2, 8, 5, 1),
        SCALE,
        SHIFT,
        (1, 2),
        "linear",
        False,
        expected=scale_along,
        grad=(0,),
    ),
    op(
        "crop_images",
        IMAGES,
        1,
        2,
        target_height=3,
        target_width=4,
        expected=lambda x, *_, **__: x[:, 1:4, 2:6],
    ),
    op(
        "crop_images",
        IMAGES,
        bottom_cropping=1,
        target_height=3,
        left_cropping=2,
        right_cropping=1,
        expected=lambda x, **_: x[:, 1:4, 2:6],
    ),
    op(
        "pad_images",
        IMAGES,
        1,
        2,
        target_height=8,
        target_width=9,
        expected=lambda x, *_, **__: np.pad(x, ((0, 0), (1, 2), (2, 0), (0, 0))),
    ),
]

# --- geometry ---------------------------------------------------------------------


def at(x, rows, columns, order, mode, fill):
    """The values of a batch of images at places, by SciPy."""
    rows, columns = np.broadcast_arrays(rows, columns)
    rows = np.broadcast_to(rows, (len(x), *rows.shape[-2:]))
    columns = np.broadcast_to(columns, rows.shape)
    out = np.empty((*rows.shape, x.shape[-1]), x.dtype)
    for n in range(len(x)):
        for c in range(x.shape[-1]):
            out[n, ..., c] = scipy.ndimage.map_coordinates(
                x[n, ..., c],
                [rows[n], columns[n]],
                order=order,
                mode=MODES[mode],
                cval=fill,
            )
    return out


def affine(x, maps, interpolation="bilinear", fill_mode="constant", fill_value=0.0):
    y, x_ = np.meshgrid(*map(np.arange, x.shape[1:3]), indexing="ij")
    a0, a1, a2, b0, b1, b2, c0, c1 = (maps[:, i, None, None] for i in range(8))
    depth = c0 * x_ + c1 * y + 1
    rows = (b0 * x_ + b1 * y + b2) / depth
    columns = (a0 * x_ + a1 * y + a2) / depth
    order = {"nearest": 0, "bilinear": 1}[interpolation]
    return at(x, rows, columns, order, fill_mode, fill_value)


def perspective(x, start, end, interpolation="bilinear", fill_value=0.0):
    """By the eight equations for the map from `end` to `start`."""
    maps = []
    for source, target in zip(start, end):
        lines, values = [], []
        for (u, v), (p, q) in zip(source, target):
            lines += [[p, q, 1, 0, 0, 0, -u * p, -u * q]]
            lines += [[0, 0, 0, p, q, 1, -v * p, -v * q]]
            values += [u, v]
        maps.append(np.linalg.solve(np.array(lines, "float64"), values))
    return affine(x, np.array(maps), interpolation, "constant", fill_value)


def coordinates(x, places, order, fill_mode="constant", fill_value=0.0):
    return scipy.ndimage.map_coordinates(
        x, places, order=order, mode=MODES[fill_mode], cval=fill_value
    )


START = np.array([[[0, 0], [6, 0], [0, 4], [6, 4]]] * 2, "float32")
END = START + floats(2, 4, 2, low=-0.9, high=0.9)
GEOMETRY = [
    *(
        op(
            "affine_transform",
            IMAGES,
            MAPS,
            i,
            m,
            0.5,
            expected=affine,
            grad=(0, 1) if i == "bilinear" else (0,),
        )
        for i in ("bilinear", "nearest")
        for m in MODES
    ),
    op(
        "affine_transform",
        np.moveaxis(IMAGES, -1, 1).copy(),
        MAPS,
        data_format="channels_first",
        expected=first(affine),
    ),
    op(
        "perspective_transform",
        IMAGES,
        START,
        END,
        fill_value=0.5,
        rtol=1e-4,
        expected=perspective,
    ),
    op(
        "perspective_transform",
        IMAGES,
        START,
        END,
        "nearest",
        grad=(0,),
        expected=perspective,
    ),
    *(
        op(
            "map_coordinates",
            floats(4, 5),
            PLACES,
            order,
            m,
            0.5,
            symbolic=False,
            expected=coordinates,
            grad=(0, 1) if order else (0,),
        )
        for order in (0, 1)
        for m in MODES
    ),
    op(
        "map_coordinates",
        floats(3, 4, 5),
        floats(3, 2, 3, low=-1, high=4),
        1,
        "nearest",
        symbolic=False,
        expected=coordinates,
    ),
]

# --- filters ----------------------------------------------------------------------


def gaussian(size, sigma):
    values = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / sigma) ** 2)
    return values / values.sum()


def blur(x, sizes=(3, 3), sigmas=(1.0, 1.0)):
    for axis, size, sigma in zip((1, 2), sizes, sigmas):
        # SciPy centers an even kernel one place further.
        origin = 0 if size % 2 else -1
        x = scipy.ndimage.correlate1d(
            x, gaussian(size, sigma), axis, mode="constant", origin=origin
        )
    return x


def sobel(x):
    kernel = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], x.dtype)
    slopes = [
        scipy.ndimage.correlate(x, k[None, :, :, None], mode="mirror")
        for k in (kernel, kernel.T)
    ]
    return np.stack(slopes, -1)


def similarity(a, b, max_val=1.0, size=11, sigma=1.5, k1=0.01, k2=0.03):
    """The formula of the paper, with windows that lie inside."""

    def mean(x):
        taps = gaussian(size, sigma)
        for axis in (1, 2):
            windows = np.lib.stride_tricks.sliding_window_view(x, size, axis)
            x = windows @ taps
        return x

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    ma, mb = mean(a), mean(b)
    va, vb, ab = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    out = (2 * ma * mb + c1) * (2 * ab + c2)
    out = out / (ma**2 + mb**2 + c1) / (va + vb + c2)
    return out.mean((1, 2, 3)).astype(a.dtype)


FILTERED = [
    op("gaussian_blur", IMAGES, expected=blur),
    op("gaussian_blur", IMAGES, (4, 3), (1.3, 0.7), expected=blur),
    op("gaussian_blur", floats(1, 9, 8, 2), (13, 15), (2.0, 3.0), expected=blur),
    op(
        "gaussian_blur",
        np.moveaxis(IMAGES, -1, 1).copy(),
        data_format="channels_first",
        expected=first(blur),
    ),
    op("sobel_edges", IMAGES, expected=sobel),
    op(
        "ssim",
        floats(2, 13, 12, 2, low=0, high=1),
        floats(2, 13, 12, 2, low=0, high=1),
        rtol=1e-4,
        expected=similarity,
    ),
    op(
        "ssim",
        UNIT,
        UNIT[::-1].copy(),
        2.0,
        3,
        0.8,
        0.02,
        0.05,
        rtol=1e-4,
        expected=similarity,
    ),
]

# --- colors and patches -----------------------------------------------------------


def pixel_by_pixel(convert):
    def compute(x):
        pixels = [convert(*pixel) for pixel in x.reshape(-1, 3)]
        return np.array(pixels).reshape(x.shape).astype(x.dtype)

    return compute


def windows(x, size, strides=None, dilation_rate=1, **_):
    """Patches, ordered by row, column and channel; `size` is a tuple."""
    strides = size if strides is None else strides
    spread = tuple((k - 1) * dilation_rate + 1 for k in size)
    axes = tuple(range(1, x.ndim - 1))
    found = np.lib.stride_tricks.sliding_window_view(x, spread, axes)
    ahead = tuple(slice(None, None, s) for s in strides)
    inside = (slice(None, None, dilation_rate),) * len(size)
    found = found[(slice(None), *ahead, slice(None), *inside)]
    found = np.moveaxis(found, len(size) + 1, -1)
    return found.reshape(*found.shape[: len(size) + 1], -1)


def windows_around(x, size, strides, padding):
    """Those of size 3 that begin at every second pixel, with zeros around."""
    wide = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return windows(wide, (3, 3), (2, 2))


REST = [
    op(
        "rgb_to_grayscale",
        UNIT,
        expected=lambda x: x @ np.array([[0.2989], [0.5870], [0.1140]], x.dtype),
    ),
    op("rgb_to_hsv", UNIT, expected=pixel_by_pixel(colorsys.rgb_to_hsv)),
    op("hsv_to_rgb", UNIT, expected=pixel_by_pixel(colorsys.hsv_to_rgb)),
    op(
        "hsv_to_rgb",
        np.moveaxis(UNIT, -1, 1).copy(),
        data_format="channels_first",
        expected=first(pixel_by_pixel(colorsys.hsv_to_rgb)),
    ),
    op("extract_patches", IMAGES, (2, 3), expected=windows),
    op("extract_patches", IMAGES, (2, 3), (1, 2), 2, expected=windows),
    op("extract_patches", IMAGES, 3, 2, padding="same", expected=windows_around),
    op("extract_patches_3d", floats(2, 4, 5, 6, 2), (2, 3, 2), expected=windows),
]

ROWS = [*SIZES, *GEOMETRY, *FILTERED, *REST]
