"""Our names, and those of timm's, torchvision's and Hugging Face's modules."""

import pytest

from keras.applications.weight_maps import weight_map

NAMES = [
    ("ConvNeXtTiny", "timm", "convnext_tiny_stem.convnext_tiny_stem_conv", "stem.0"),
    (
        "ConvNeXtTiny",
        "torchvision",
        "convnext_tiny_downsampling_block_1.convnext_tiny_downsampling_conv_1",
        "features.4.1",
    ),
    ("DenseNet121", "timm", "pool2_conv", "features.transition1.conv"),
    ("EfficientNetB0", "timm", "block3b_project_conv", "blocks.2.1.conv_pwl"),
    ("EfficientNetV2S", "timm", "block1a_project_conv", "blocks.0.0.conv"),
    ("MobileNetV3Large", "timm", "expanded_conv_3_expand", "blocks.2.0.conv_pw"),
    ("VGG16", "torchvision", "block2_conv1", "features.5"),
]


@pytest.mark.parametrize(("architecture", "library", "ours", "theirs"), NAMES)
def test_names_are_those_of_the_library(architecture, library, ours, theirs):
    renamed = weight_map(architecture, library).renamed(f"{ours}.weight")
    assert renamed == f"{theirs}.weight"


def test_modules_that_compute_otherwise_have_no_map():
    with pytest.raises(ValueError, match="no library's weights.*'ResNet50'"):
        weight_map("ResNet50", "torchvision")
    with pytest.raises(ValueError, match="`library` must be one of.*'pytorch'"):
        weight_map("VGG16", "pytorch")
