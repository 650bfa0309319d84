"""Every public layer once or more: (class, arguments, inputs).

Inputs are a shape, whose first axis is the batch, or an array; a list of them for a
layer of several inputs; `Several` where the call takes several positional arguments.
`Of` stands for a layer among the arguments.
"""

from typing import Any, NamedTuple

import numpy as np

from keras import activations


class Of(NamedTuple):
    """A layer by its class and arguments."""

    name: str
    arguments: dict


class Several(NamedTuple):
    """The positional arguments of a call."""

    inputs: tuple[Any, ...]


# Public names that have no case of their own, and where they are tested.
WITHOUT_A_CASE = {
    "FlaxLayer": "wraps a module of Flax: test_wrappers.py",
    "HashedCrossing": "works on text: test_table_layers.py",
    "Hashing": "works on text: test_table_layers.py",
    "InputLayer": "made by keras.Input: tests/models",
    "InputSpec": "a description, not a layer",
    "JaxLayer": "wraps functions of JAX: test_wrappers.py",
    "Layer": "the base class: tests/layers/test_layer.py",
    "MaxNumBoundingBoxes": "leaves images as they are: test_augmentation.py",
    "StringLookup": "works on text: test_table_layers.py",
    "TFSMLayer": "wraps a SavedModel: test_wrappers.py",
    "TextVectorization": "works on text: test_table_layers.py",
    "TorchModuleWrapper": "wraps a module of PyTorch: test_wrappers.py",
    "Wrapper": "a base class: test_wrappers.py",
}
# Layers that can't be built before every axis but the batch is known.
NEEDS_SIZES = {
    "AdaptiveAveragePooling1D": "the window depends on the size",
    "AdaptiveAveragePooling2D": "the window depends on the size",
    "AdaptiveAveragePooling3D": "the window depends on the size",
    "AdaptiveMaxPooling1D": "the window depends on the size",
    "AdaptiveMaxPooling2D": "the window depends on the size",
    "AdaptiveMaxPooling3D": "the window depends on the size",
    "ConvLSTM1D": "states have the size of the image",
    "ConvLSTM2D": "states have the size of the image",
    "ConvLSTM3D": "states have the size of the image",
    "Dot": "the axes that are multiplied are compared",
    "EinsumDense": "its kernel has the size of named axes",
    "PReLU": "a slope for each element",
}
WORDS = np.array([[3, 0, 8], [1, 5, 5]], "int32")

DROP = {"dropout": 0.3, "recurrent_dropout": 0.2, "seed": 1}

# Colors of two small images.
IMAGES = np.random.default_rng(2).uniform(0, 255, (2, 6, 5, 3)).astype("float32")

CASES = [
    ("AugMix", {"num_chains": 2, "seed": 1}, IMAGES),
    ("AutoContrast", {}, IMAGES),
    ("CenterCrop", {"height": 3, "width": 4}, IMAGES),
    (
        "ContrastLimitedAdaptiveHistogramEqualization",
        {"tile_grid_size": (2, 2)},
        IMAGES,
    ),
    ("CutMix", {"seed": 1}, IMAGES),
    ("Equalization", {"bins": 16}, IMAGES),
    ("MixUp", {"alpha": 0.5, "seed": 1}, IMAGES),
    ("RandAugment", {"num_ops": 1, "factor": (0.1, 0.3), "seed": 1}, IMAGES),
    ("RandomBrightness", {"factor": 0.2}, IMAGES),
    ("RandomColorDegeneration", {"factor": (0.2, 0.5)}, IMAGES),
    ("RandomColorJitter", {"hue_factor": 0.2, "contrast_factor": (0.1, 0.2)}, IMAGES),
    ("RandomContrast", {"factor": (0.1, 0.2), "value_range": (0, 1)}, IMAGES),
    ("RandomCrop", {"height": 3, "width": 4}, IMAGES),
    ("RandomElasticTransform", {"scale": 0.5}, IMAGES),
    ("RandomErasing", {"fill_value": 3.0, "scale": 0.5}, IMAGES),
    ("RandomFlip", {"mode": "vertical", "seed": 1}, IMAGES),
    ("RandomGaussianBlur", {"kernel_size": (5, 3), "sigma": (0.5, 1.0)}, IMAGES),
    ("RandomGrayscale", {"factor": 0.3}, IMAGES),
    ("RandomHue", {"factor": 0.3}, IMAGES),
    ("RandomInvert", {"factor": 0.3}, IMAGES),
    ("RandomPerspective", {"scale": 0.5, "fill_value": 2.0}, IMAGES),
    ("RandomPosterization", {"factor": 4}, IMAGES),
    ("RandomRotation", {"factor": (0.1, 0.2), "fill_mode": "wrap"}, IMAGES),
    ("RandomSaturation", {"factor": 0.3}, IMAGES),
    ("RandomSharpness", {"factor": 0.3}, IMAGES),
    ("RandomShear", {"x_factor": 0.3, "interpolation": "nearest"}, IMAGES),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": (0.1, 0.2)}, IMAGES),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": 0.1}, IMAGES),
    ("Resizing", {"height": 4, "width": 3, "crop_to_aspect_ratio": True}, IMAGES),
    ("Solarization", {"addition_factor": 0.3}, IMAGES),
    (
        "Pipeline",
        {
            "layers": [
                Of("Rescaling", {"scale": 0.5}),
                Of("Resizing", {"height": 4, "width": 3}),
            ]
        },
        IMAGES,
    ),
    ("Rescaling", {"scale": 0.5, "offset": 1.0}, (2, 3)),
    ("Activation", {"activation": "relu"}, (2, 3)),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, (2, 3)),
    ("AdaptiveAveragePooling1D", {"output_size": 3}, (2, 7, 4)),
    ("AdaptiveAveragePooling2D", {"output_size": (3, 2)}, (2, 7, 5, 4)),
    ("AdaptiveAveragePooling3D", {"output_size": 2}, (2, 5, 4, 3, 2)),
    ("AdaptiveMaxPooling1D", {"output_size": 3}, (2, 7, 4)),
    ("AdaptiveMaxPooling2D", {"output_size": (3, 2)}, (2, 7, 5, 4)),
    ("AdaptiveMaxPooling3D", {"output_size": 2}, (2, 5, 4, 3, 2)),
    ("Add", {}, [(2, 3), (2, 3)]),
    ("AdditiveAttention", {}, [(2, 4, 6), (2, 5, 6)]),
    ("Add", {}, [(2, 4), (2, 3, 4)]),
    ("AlphaDropout", {"rate": 0.3, "seed": 1}, (2, 3)),
    ("Attention", {"use_scale": True}, [(2, 4, 6), (2, 5, 6), (2, 5, 6)]),
    ("Average", {}, [(2, 3), (2, 3), (2, 1)]),
    ("AveragePooling1D", {"pool_size": 2}, (2, 7, 4)),
    ("AveragePooling2D", {"pool_size": 2, "padding": "same"}, (2, 7, 5, 4)),
    ("AveragePooling3D", {"pool_size": 2, "strides": 1}, (2, 5, 4, 3, 2)),
    ("BatchNormalization", {}, (4, 3)),
    ("BatchNormalization", {"axis": 1, "scale": False}, (4, 3, 5)),
    ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmax": 2.0}}, (4, 3)),
    ("Bidirectional", {"layer": Of("LSTM", {"units": 3, **DROP})}, (2, 3, 4)),
    (
        "Bidirectional",
        {
            "layer": Of("SimpleRNN", {"units": 3, "return_sequences": True, **DROP}),
            "merge_mode": "mul",
        },
        (2, 3, 4),
    ),
    ("CategoryEncoding", {"num_tokens": 9}, WORDS),
    ("CategoryEncoding", {"num_tokens": 9, "output_mode": "one_hot"}, WORDS),
    ("Concatenate", {}, [(2, 3), (2, 4)]),
    ("Concatenate", {"axis": 1}, [(2, 3, 4), (2, 1, 4)]),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal"}, (2, 7, 4)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "activation": "relu"}, (2, 7, 5, 4)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2}, (2, 7, 5, 4)),
    ("Conv3D", {"filters": 3, "kernel_size": 2, "strides": 2}, (2, 5, 4, 3, 2)),
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2}, (2, 7, 4)),
    (
        "Conv2DTranspose",
        {"filters": 4, "kernel_size": 3, "strides": 2, "output_padding": 1},
        (2, 7, 5, 4),
    ),
    (
        "Conv3DTranspose",
        {"filters": 3, "kernel_size": 2, "padding": "same"},
        (2, 5, 4, 3, 2),
    ),
    ("ConvLSTM1D", {"filters": 3, "kernel_size": 2, **DROP}, (2, 3, 5, 4)),
    (
        "ConvLSTM2D",
        {"filters": 2, "kernel_size": 2, "data_format": "channels_first", **DROP},
        (2, 3, 2, 4, 5),
    ),
    (
        "ConvLSTM3D",
        {"filters": 2, "kernel_size": 2, "return_sequences": True, **DROP},
        (2, 3, 3, 4, 3, 2),
    ),
    ("Cropping1D", {"cropping": (1, 2)}, (2, 7, 4)),
    ("Cropping2D", {"cropping": ((1, 0), (0, 2))}, (2, 7, 5, 4)),
    ("Cropping3D", {"cropping": (1, 1, 0)}, (2, 5, 4, 3, 2)),
    ("Dense", {"units": 4, "use_bias": False}, (2, 3)),
    ("Dense", {"units": 4, "kernel_regularizer": "l2"}, (2, 5, 3)),
    ("DepthwiseConv1D", {"kernel_size": 3}, (2, 7, 4)),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}, (2, 7, 5, 4)),
    ("Discretization", {"bin_boundaries": [1.5, 4.0, 5.0]}, WORDS),
    ("Discretization", {"bin_boundaries": [3], "output_mode": "count"}, WORDS),
    ("Dot", {"axes": (2, 1)}, [(2, 3, 4), (2, 4, 5)]),
    ("Dot", {"axes": 1, "normalize": True}, [(2, 3), (2, 3)]),
    ("Dropout", {"rate": 0.3, "noise_shape": (None, 1), "seed": 1}, (2, 3)),
    ("ELU", {"alpha": 0.5}, (2, 3)),
    (
        "EinsumDense",
        {"equation": "abc,cde->abde", "output_shape": (None, 2, 4), "bias_axes": "de"},
        (2, 3, 5),
    ),
    (
        "EinsumDense",
        {"equation": "ab...,bc->ac...", "output_shape": 4, "bias_axes": "c"},
        (2, 3, 5),
    ),
    ("Embedding", {"input_dim": 9, "output_dim": 4, "mask_zero": True}, WORDS),
    ("Flatten", {}, (2, 3, 4)),
    ("GRUCell", {"units": 3, **DROP}, Several(((2, 4), [(2, 3)]))),
    ("GRU", {"units": 3, "return_sequences": True, **DROP}, (2, 3, 4)),
    ("GRU", {"units": 3, "reset_after": False, **DROP}, (2, 3, 4)),
    ("GaussianDropout", {"rate": 0.3}, (2, 3)),
    ("GaussianNoise", {"stddev": 0.3}, (2, 3)),
    ("GlobalAveragePooling1D", {}, (2, 7, 4)),
    ("GlobalAveragePooling2D", {"keepdims": True}, (2, 7, 5, 4)),
    ("GlobalAveragePooling3D", {}, (2, 5, 4, 3, 2)),
    ("GlobalMaxPooling1D", {}, (2, 7, 4)),
    ("GlobalMaxPooling2D", {"keepdims": True}, (2, 7, 5, 4)),
    ("GlobalMaxPooling3D", {}, (2, 5, 4, 3, 2)),
    (
        "GroupQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        Several(((2, 4, 6), (2, 5, 6))),
    ),
    ("GroupNormalization", {"groups": 2}, (2, 7, 5, 4)),
    ("GroupNormalization", {"groups": -1, "axis": 1}, (2, 3, 4)),
    ("Identity", {}, (2, 3)),
    ("IntegerLookup", {"vocabulary": [1, 5, 8]}, WORDS),
    ("IntegerLookup", {"vocabulary": [1, 5], "output_mode": "count"}, WORDS),
    ("LSTM", {"units": 3, "dropout": 0.3, "go_backwards": True}, (2, 3, 4)),
    ("LSTMCell", {"units": 3, **DROP}, Several(((2, 4), [(2, 3), (2, 3)]))),
    ("Lambda", {"function": activations.relu}, (2, 3)),
    ("LayerNormalization", {}, (2, 3)),
    ("LayerNormalization", {"axis": (1, 2), "center": False}, (2, 3, 4)),
    ("LayerNormalization", {"rms_scaling": True}, (2, 3)),
    ("LeakyReLU", {"negative_slope": 0.1}, (2, 3)),
    ("Masking", {"mask_value": 1.0}, (2, 3, 4)),
    ("MaxPooling1D", {}, (2, 7, 4)),
    ("MaxPooling2D", {"strides": (1, 2), "padding": "same"}, (2, 7, 5, 4)),
    ("MaxPooling3D", {}, (2, 5, 4, 3, 2)),
    ("Maximum", {}, [(2, 3), (2, 3)]),
    (
        "MelSpectrogram",
        {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 4},
        (2, 64),
    ),
    ("Minimum", {}, [(2, 3), (2, 3)]),
    (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "dropout": 0.3, "seed": 1},
        Several(((2, 4, 6), (2, 5, 6))),
    ),
    (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 2, "attention_axes": 2},
        Several(((2, 3, 4, 6), (2, 3, 5, 6))),
    ),
    ("Multiply", {}, [(2, 3), (2, 3), (2, 3)]),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": 4.0}, (2, 3)),
    ("Normalization", {"mean": 1.0, "variance": 4.0, "axis": None}, (2, 3)),
    ("PReLU", {"shared_axes": [1]}, (2, 3, 4)),
    ("Permute", {"dims": (2, 1)}, (2, 3, 4)),
    ("RMSNormalization", {"axis": -1}, (2, 3)),
    ("RNN", {"cell": Of("LSTMCell", {"units": 3, **DROP})}, (2, 3, 4)),
    ("ReLU", {"max_value": 2.0, "negative_slope": 0.1, "threshold": 0.5}, (2, 3)),
    ("RepeatVector", {"n": 3}, (2, 3)),
    ("Reshape", {"target_shape": (2, -1)}, (2, 3, 4)),
    ("ReversibleEmbedding", {"input_dim": 9, "output_dim": 4}, WORDS),
    ("STFTSpectrogram", {"frame_length": 8}, (2, 32, 1)),
    ("SeparableConv1D", {"filters": 5, "kernel_size": 3}, (2, 7, 4)),
    (
        "SeparableConv2D",
        {"filters": 5, "kernel_size": (3, 2), "strides": 2, "padding": "same"},
        (2, 7, 5, 4),
    ),
    ("SimpleRNN", {"units": 3, "unroll": True, **DROP}, (2, 3, 4)),
    ("Softmax", {"axis": [1, 2]}, (2, 3, 4)),
    ("SimpleRNNCell", {"units": 3, **DROP}, Several(((2, 4), [(2, 3)]))),
    ("SpectralNormalization", {"layer": Of("Dense", {"units": 4})}, (2, 3)),
    (
        "StackedRNNCells",
        {
            "cells": [
                Of("GRUCell", {"units": 3, **DROP}),
                Of("LSTMCell", {"units": 2, **DROP}),
            ]
        },
        Several(((5, 4), [[(5, 3)], [(5, 2), (5, 2)]])),
    ),
    ("SpatialDropout1D", {"rate": 0.3, "seed": 3}, (2, 7, 4)),
    ("SpatialDropout2D", {"rate": 0.3}, (2, 7, 5, 4)),
    ("SpatialDropout3D", {"rate": 0.3}, (2, 5, 4, 3, 2)),
    ("Subtract", {}, [(2, 3), (2, 3)]),
    ("TimeDistributed", {"layer": Of("Dense", {"units": 3})}, (2, 3, 4)),
    ("UnitNormalization", {"axis": [-1]}, (2, 3)),
    ("UpSampling1D", {"size": 3}, (2, 7, 4)),
    ("UpSampling2D", {"size": (2, 3)}, (2, 7, 5, 4)),
    ("UpSampling3D", {}, (2, 5, 4, 3, 2)),
    ("ZeroPadding1D", {"padding": (1, 2)}, (2, 7, 4)),
    ("ZeroPadding2D", {"padding": ((1, 0), (0, 2))}, (2, 7, 5, 4)),
    ("ZeroPadding3D", {"padding": 1}, (2, 5, 4, 3, 2)),
]
