"""The weights of timm, torchvision and Hugging Face in our architectures.

Each entry is data, a `WeightMap`. Listed are the architectures that compute the same
there: those of PyTorch that pad or stride in another way, such as torchvision's ResNet
and MobileNet, have weights of the same shapes that give other results here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.applications.convnext import LayerScale
from keras.applications.imagenet_utils import MEAN, STDDEV
from keras.core.errors import check_choice
from keras.saving.state_dict import Group, WeightMap

CONVNEXT = {
    r"^\w+_(stem|downsampling_block_\d)\.": "",  # the model inside
    r"^\w+?_(?=stem_|downsampling_|stage_|head_)": "",  # the model's name
    r"_layer_scale\.gamma$": ".scale",
}
# A tensor of torchvision's has two axes more.
SCALE = Group(
    ("gamma",),
    ("gamma",),
    lambda a: [a[0].reshape(-1, 1, 1)],
    lambda a: [a[0].reshape(-1)],
)


def _convnext_timm() -> WeightMap:
    return WeightMap(
        {
            **CONVNEXT,
            r"^stem_conv": "stem.0",
            r"^stem_layernorm": "stem.1",
            r"^downsampling_layernorm_(\d)": r"stages.{1+1}.downsample.0",
            r"^downsampling_conv_(\d)": r"stages.{1+1}.downsample.1",
            r"^stage_(\d)_block_(\d+)_?": r"stages.\1.blocks.\2.",
            r"\.\.scale$": ".gamma",
            r"depthwise_conv": "conv_dw",
            r"(?<=\.)layernorm": "norm",
            r"pointwise_conv_": "mlp.fc",
            r"^head_layernorm": "head.norm",
            r"^head_dense": "head.fc",
        }
    )


def _convnext_torchvision() -> WeightMap:
    return WeightMap(
        {
            **CONVNEXT,
            r"^stem_conv": "features.0.0",
            r"^stem_layernorm": "features.0.1",
            **{
                rf"^downsampling_layernorm_{i}": f"features.{2 * i + 2}.0"
                for i in range(3)
            },
            **{rf"^downsampling_conv_{i}": f"features.{2 * i + 2}.1" for i in range(3)},
            **{
                rf"^stage_{i}_block_(\d+)_?": rf"features.{2 * i + 1}.\1."
                for i in range(4)
            },
            r"\.\.scale$": ".layer_scale",
            r"depthwise_conv": "block.0",
            r"(?<=\.)layernorm": "block.2",
            r"pointwise_conv_1": "block.3",
            r"pointwise_conv_2": "block.5",
            r"^head_layernorm": "classifier.0",
            r"^head_dense": "classifier.2",
        },
        layouts={LayerScale: lambda layer: [SCALE]},
    )


def _convnext_huggingface() -> WeightMap:
    return WeightMap(
        {
            **CONVNEXT,
            r"^stem_conv": "convnext.embeddings.patch_embeddings",
            r"^stem_layernorm": "convnext.embeddings.layernorm",
            r"^downsampling_layernorm_(\d)": (
                r"convnext.encoder.stages.{1+1}.downsampling_layer.0"
            ),
            r"^downsampling_conv_(\d)": (
                r"convnext.encoder.stages.{1+1}.downsampling_layer.1"
            ),
            r"^stage_(\d)_block_(\d+)_?": r"convnext.encoder.stages.\1.layers.\2.",
            r"\.\.scale$": ".layer_scale_parameter",
            r"depthwise_conv": "dwconv",
            r"pointwise_conv_": "pwconv",
            r"^head_layernorm": "convnext.layernorm",
            r"^head_dense": "classifier",
        }
    )


def _densenet() -> WeightMap:
    layer = r"features.denseblock{1-1}.denselayer\2."
    return WeightMap(
        {
            r"^conv1_conv": "features.conv0",
            r"^conv1_bn": "features.norm0",
            r"^conv(\d)_block(\d+)_0_bn": layer + "norm1",
            r"^conv(\d)_block(\d+)_1_bn": layer + "norm2",
            r"^conv(\d)_block(\d+)_(\d)_conv": layer + r"conv\3",
            r"^pool(\d)_bn": r"features.transition{1-1}.norm",
            r"^pool(\d)_conv": r"features.transition{1-1}.conv",
            r"^bn\.": "features.norm5.",
            r"^predictions": "classifier",
        }
    )


def flattened(side: int, channels: int) -> Any:
    """The layout of a dense layer after an image: channels come first there."""

    def layout(layer: Any) -> list[Group]:
        units = layer.units
        there = (units, channels, side, side)
        return [
            Group(
                ("kernel",),
                ("weight",),
                lambda a: [
                    a[0]
                    .reshape(side, side, channels, units)
                    .transpose(3, 2, 0, 1)
                    .reshape(units, -1)
                ],
                lambda a: [
                    a[0].reshape(there).transpose(2, 3, 1, 0).reshape(-1, units)
                ],
            )
        ]

    return layout


def _vgg(counts: tuple[int, ...]) -> WeightMap:
    rule, number = {}, 0
    for i, count in enumerate(counts, 1):
        for j in range(1, count + 1):
            rule[rf"^block{i}_conv{j}\."] = f"features.{number}."
            number += 2
        number += 1  # the pooling
    rule |= {r"^fc1": "classifier.0", r"^fc2": "classifier.3"}
    rule[r"^predictions"] = "classifier.6"
    return WeightMap(rule, layouts={r"^fc1$": flattened(7, 512)})


EXCITED = {"se_reduce": "se.conv_reduce", "se_expand": "se.conv_expand"}
# Of an inverted block: our names, and what timm calls them where it widens or not.
WIDENED = {
    "expand_conv": "conv_pw",
    "expand_bn": "bn1",
    "dwconv2?": "conv_dw",
    "bn": "bn2",
    **EXCITED,
    "project_conv": "conv_pwl",
    "project_bn": "bn3",
}
NOT_WIDENED = {
    "dwconv": "conv_dw",
    "bn": "bn1",
    **EXCITED,
    "project_conv": "conv_pw",
    "project_bn": "bn2",
}
FUSED = {
    "expand_conv": "conv_exp",
    "expand_bn": "bn1",
    "project_conv": "conv_pwl",
    "project_bn": "bn2",
}
ENDS = {
    r"^stem_conv": "conv_stem",
    r"^stem_bn": "bn1",
    r"^top_conv": "conv_head",
    r"^top_bn": "bn2",
    r"^predictions": "classifier",
}
# timm scales pixels outside of the module.
PIXELS = {
    r"^normalization\.mean$": MEAN,
    r"^normalization\.variance$": [s**2 for s in STDDEV],
    r"^normalization\.count$": 0,
}


def _efficientnet(stages: dict[str, dict[str, str]]) -> WeightMap:
    """The names of the parts of a block, by the numbers of the stages."""
    rule = dict(ENDS)
    for numbers, parts in stages.items():
        for ours, theirs in parts.items():
            pattern = rf"^block([{numbers}])([a-z])_{ours}\."
            rule[pattern] = rf"blocks.{{1-1}}.{{2}}.{theirs}."
    return WeightMap(rule, fill=PIXELS)


def _mobilenet_v3(counts: tuple[int, ...]) -> WeightMap:
    """The blocks are numbered through here, and by stages there."""
    places = [(stage, i) for stage, count in enumerate(counts) for i in range(count)]
    names = {
        "expand": "conv_pw",
        "expand_bn": "bn1",
        "depthwise": "conv_dw",
        "depthwise_bn": "bn2",
        "squeeze_excite_conv": "se.conv_reduce",
        "squeeze_excite_conv_1": "se.conv_expand",
        "project": "conv_pwl",
        "project_bn": "bn3",
    }

    first = {
        **names,
        "depthwise_bn": "bn1",
        "project": "conv_pw",
        "project_bn": "bn2",
    }

    rule = {r"^conv\.": "conv_stem.", r"^conv_bn": "bn1"}
    rule |= {rf"^expanded_conv_{k}\.": f"blocks.0.0.{v}." for k, v in first.items()}

    for number, (stage, i) in enumerate(places[1:], 1):
        for ours, theirs in names.items():
            pattern = rf"^expanded_conv_{number}_{ours}\."
            rule[pattern] = f"blocks.{stage}.{i}.{theirs}."

    rule |= {
        r"^conv_1\.": f"blocks.{len(counts)}.0.conv.",
        r"^conv_1_bn": f"blocks.{len(counts)}.0.bn1",
        r"^conv_2": "conv_head",
        r"^logits": "classifier",
    }
    return WeightMap(rule, layouts={r"^logits$": lambda layer: [LINEAR]})


# A convolution with a window of 1 that is a linear layer there.
LINEAR = Group(
    ("kernel",),
    ("weight",),
    lambda a: [a[0][0, 0].T],
    lambda a: [np.asarray(a[0]).T[None, None]],
)
EFFICIENTNET = _efficientnet({"1": NOT_WIDENED, "2-7": WIDENED})
EFFICIENTNET_V2 = _efficientnet(
    {
        "1": {"project_conv": "conv", "project_bn": "bn1"},
        "23": FUSED,
        "4-7": WIDENED,
    }
)

# By the beginning of an architecture's name, and whose modules they are.
MAPS: dict[str, dict[str, WeightMap]] = {
    "ConvNeXt": {
        "huggingface": _convnext_huggingface(),
        "timm": _convnext_timm(),
        "torchvision": _convnext_torchvision(),
    },
    "DenseNet": {"timm": _densenet(), "torchvision": _densenet()},
    "EfficientNetB": {"timm": EFFICIENTNET},
    "EfficientNetV2": {"timm": EFFICIENTNET_V2},
    "MobileNetV3Large": {"timm": _mobilenet_v3((1, 2, 3, 4, 2, 3))},
    "MobileNetV3Small": {"timm": _mobilenet_v3((1, 2, 3, 2, 3))},
    "VGG16": {"torchvision": _vgg((2, 2, 3, 3, 3))},
    "VGG19": {"torchvision": _vgg((2, 2, 4, 4, 4))},
}


def weight_map(architecture: str, library: str) -> WeightMap:
    """How the weights of a library's module correspond to those of an architecture.

    Args:
        architecture: the name of the function in `keras.applications`.
        library: "timm", "torchvision" or "huggingface".

    Returns:
        What `keras.saving.load_state_dict` takes.

    Raises:
        ValueError: the library has no module that computes the same.

    Example:
        >>> from keras.applications.weight_maps import weight_map
        >>> weight_map("DenseNet121", "torchvision").renamed("conv3_block2_0_bn.weight")
        'features.denseblock2.denselayer2.norm1.weight'
    """
    for beginning, maps in MAPS.items():
        if architecture.startswith(beginning):
            check_choice(library, tuple(maps), "library", f"weight_map({architecture})")
            return maps[library]
    known = ", ".join(MAPS)
    raise ValueError(
        f"weight_map: no library's weights are known for {architecture!r}; they are "
        f"for {known}. Write a `keras.saving.WeightMap` for others."
    )
