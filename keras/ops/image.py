"""Operations on images: sizes, geometry, filters and colors."""

from keras.ops.colors import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from keras.ops.elastic import elastic_transform
from keras.ops.filters import gaussian_blur, sobel_edges, ssim
from keras.ops.framing import crop_images, pad_images
from keras.ops.patches import extract_patches, extract_patches_3d
from keras.ops.resizing import resize, scale_and_translate
from keras.ops.sampling import (
    affine_transform,
    map_coordinates,
    perspective_transform,
)

__all__ = [
    "affine_transform",
    "crop_images",
    "elastic_transform",
    "extract_patches",
    "extract_patches_3d",
    "gaussian_blur",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "perspective_transform",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
    "sobel_edges",
    "ssim",
]
