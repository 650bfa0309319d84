"""One small model for each public layer class and optimizer; both Kerases build them.

`LAYERS[name]` makes a layer and says what it is called on; `OPTIMIZERS[name]` makes an
optimizer. A class that one side does not have is left out there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import keras
from keras import layers, optimizers

F = "float32"
LAYERS: dict[str, tuple[Callable[[], Any], list[tuple[int, ...]], dict[str, Any]]] = {}
OPTIMIZERS: dict[str, Callable[[], Any]] = {}


def entry(name: str, *shapes: tuple[int, ...], **config: Any) -> None:
    """A class called on floats of some shapes (with the batch axis), one by one."""
    call = config.pop("call", {})
    LAYERS[name] = (lambda: getattr(layers, name)(**_made(config)), list(shapes), call)


def _made(config: dict[str, Any]) -> dict[str, Any]:
    return {k: v() if callable(v) else v for k, v in config.items()}


ROW, STEPS, IMAGE, VOLUME = (3, 6), (2, 5, 4), (2, 8, 6, 4), (1, 4, 4, 4, 2)
OF_RANK = {1: (2, 8, 4), 2: IMAGE, 3: VOLUME}

entry("Activation", ROW, activation="tanh")
entry("ActivityRegularization", ROW, l1=0.1, l2=0.2)
entry("AlphaDropout", ROW, rate=0.3)
entry("Dense", ROW, units=3, activation="relu", kernel_regularizer="l2")
entry("Dropout", ROW, rate=0.3, seed=1)
entry("EinsumDense", STEPS, equation="abc,cd->abd", output_shape=(None, 3))
entry("ELU", ROW, alpha=0.5)
entry("Embedding", ("int", 2, 5), input_dim=7, output_dim=3)
entry("ReversibleEmbedding", ("int", 2, 5), input_dim=7, output_dim=3)
entry("Flatten", IMAGE)
entry("GaussianDropout", ROW, rate=0.3)
entry("GaussianNoise", ROW, stddev=0.3)
entry("Identity", ROW)
entry("LeakyReLU", ROW, negative_slope=0.2)
entry("Masking", STEPS, mask_value=0.0)
entry("Permute", IMAGE, dims=(3, 1, 2))
entry("PReLU", IMAGE, shared_axes=[1, 2])
entry("ReLU", ROW, max_value=1.0, negative_slope=0.1, threshold=0.2)
entry("RepeatVector", ROW, n=3)
entry("Reshape", IMAGE, target_shape=(4, -1))
entry("Softmax", ROW)
entry("BatchNormalization", IMAGE, epsilon=0.01)
entry("GroupNormalization", IMAGE, groups=2)
entry("LayerNormalization", STEPS, axis=-1)
entry("RMSNormalization", STEPS)
entry("UnitNormalization", STEPS)
entry("SpectralNormalization", IMAGE, layer=lambda: layers.Conv2D(3, 2))
for merge in ("Add", "Average", "Maximum", "Minimum", "Multiply"):
    entry(merge, ROW, ROW, ROW)
entry("Subtract", ROW, ROW)
entry("Concatenate", STEPS, STEPS, axis=1)
entry("Dot", STEPS, STEPS, axes=2, normalize=True)
entry("Attention", STEPS, STEPS, use_scale=True)
entry("AdditiveAttention", STEPS, STEPS)
entry("MultiHeadAttention", STEPS, STEPS, num_heads=2, key_dim=3, call={"apart": True})
for name in ("GroupQueryAttention", "GroupedQueryAttention"):
    entry(
        name,
        STEPS,
        STEPS,
        head_dim=3,
        num_query_heads=4,
        num_key_value_heads=2,
        call={"apart": True},
    )
for rank, shape in OF_RANK.items():
    entry(f"Conv{rank}D", shape, filters=3, kernel_size=2, padding="same")
    entry(f"Conv{rank}DTranspose", shape, filters=3, kernel_size=2, strides=2)
    entry(f"AveragePooling{rank}D", shape, pool_size=2)
    entry(f"MaxPooling{rank}D", shape, pool_size=2, strides=1)
    entry(f"GlobalAveragePooling{rank}D", shape, keepdims=True)
    entry(f"GlobalMaxPooling{rank}D", shape)
    entry(f"AdaptiveAveragePooling{rank}D", shape, output_size=2)
    entry(f"AdaptiveMaxPooling{rank}D", shape, output_size=2)
    entry(f"ZeroPadding{rank}D", shape, padding=1)
    entry(f"Cropping{rank}D", shape, cropping=1)
    entry(f"UpSampling{rank}D", shape, size=2)
    entry(f"SpatialDropout{rank}D", shape, rate=0.2)
    steps = (2, 3, *shape[1:])
    entry(f"ConvLSTM{rank}D", steps, filters=2, kernel_size=2)
for rank in (1, 2):
    entry(f"DepthwiseConv{rank}D", OF_RANK[rank], kernel_size=2, depth_multiplier=2)
    entry(f"SeparableConv{rank}D", OF_RANK[rank], filters=3, kernel_size=2)
for name in ("SimpleRNN", "GRU", "LSTM"):
    entry(name, STEPS, units=3, return_sequences=True)
    cell = f"{name}Cell"
    LAYERS[cell] = (lambda c=cell: layers.RNN(getattr(layers, c)(3)), [STEPS], {})
LAYERS["RNN"] = (lambda: layers.RNN(layers.LSTMCell(3)), [STEPS], {})
LAYERS["StackedRNNCells"] = (
    lambda: layers.RNN(layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)])),
    [STEPS],
    {},
)
entry("Bidirectional", STEPS, layer=lambda: layers.GRU(2), merge_mode="sum")
entry("TimeDistributed", STEPS, layer=lambda: layers.Dense(2))
entry("InputLayer", ROW, call={"input": True})

# Preprocessing: what draws at random does nothing when it predicts.
entry("Normalization", ROW, mean=0.5, variance=2.0)
entry("Rescaling", IMAGE, scale=2.0, offset=1.0)
entry("Resizing", IMAGE, height=4, width=5)
entry("CenterCrop", IMAGE, height=4, width=4)
entry("Discretization", ROW, bin_boundaries=[-0.5, 0.0, 0.7])
entry("CategoryEncoding", ("int", 2, 5), num_tokens=7, output_mode="count")
entry("Hashing", ("int", 2, 5), num_bins=3)
entry("IntegerLookup", ("int", 2, 5), vocabulary=[2, 4, 6])
entry("MelSpectrogram", (2, 600), sequence_stride=128, fft_length=256, num_mel_bins=8)
entry("STFTSpectrogram", (2, 64, 1), frame_length=16, frame_step=8, fft_length=16)
for name, config in {
    "RandomBrightness": {"factor": 0.2},
    "RandomContrast": {"factor": 0.2},
    "RandomCrop": {"height": 4, "width": 4},
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.2},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "RandomShear": {"x_factor": 0.1},
    "RandomErasing": {},
    "RandomGaussianBlur": {},
    "RandomPerspective": {},
    "RandomElasticTransform": {},
    "RandomInvert": {},
    "CutMix": {},
    "MixUp": {},
}.items():
    entry(name, IMAGE, **config)
for name in (
    "RandomColorDegeneration",
    "RandomGrayscale",
    "RandomHue",
    "RandomPosterization",
    "RandomSaturation",
    "RandomSharpness",
):
    extra = {"value_range": (0, 255)} if "Grayscale" not in name else {}
    extra |= {"factor": 0.3} if "Posterization" not in name else {"factor": 3}
    entry(name, (2, 8, 6, 3), **extra)
for name in ("AugMix", "AutoContrast", "Equalization", "RandAugment", "Solarization"):
    entry(name, (2, 8, 6, 3))
entry("RandomColorJitter", (2, 8, 6, 3), brightness_factor=0.2)

# Not a layer of a model that a file can hold, or made of code.
LEFT_OUT = {
    "Layer": "abstract",
    "Wrapper": "abstract",
    "Lambda": "Python code; never loaded from a file",
    "TFSMLayer": "names a directory; never opened for a file",
    "FlaxLayer": "wraps another library's code",
    "JaxLayer": "wraps a Python function",
    "TorchModuleWrapper": "wraps another library's code",
    "Pipeline": "its layers stand here one by one",
    "MaxNumBoundingBoxes": "takes no arrays",
    "HashedCrossing": "takes text",
    "StringLookup": "takes text",
    "TextVectorization": "takes text",
    "ContrastLimitedAdaptiveHistogramEqualization": "works on whole numbers alone",
}

for name, config in {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adam": {"amsgrad": True, "use_ema": True},
    "AdamW": {},
    "Adamax": {},
    "Nadam": {},
    "Adagrad": {},
    "Adadelta": {},
    "Adafactor": {},
    "Ftrl": {"l1_regularization_strength": 0.01},
    "Lamb": {},
    "Lion": {},
    "Muon": {},
    "ScheduleFreeAdamW": {},
}.items():
    OPTIMIZERS[name] = lambda n=name, c=config: getattr(optimizers, n)(
        learning_rate=0.05, **c
    )
OPTIMIZERS["LossScaleOptimizer"] = lambda: optimizers.LossScaleOptimizer(
    optimizers.SGD(0.05, momentum=0.9)
)
OPTIMIZERS["a schedule"] = lambda: optimizers.Adam(
    optimizers.schedules.CosineDecay(0.1, 20, warmup_target=0.2, warmup_steps=4)
)
NO_OPTIMIZERS = {
    "Optimizer": "abstract",
    "MultiOptimizer": "internal",
    "OptimizerMap": "internal",
}


def layer_model(name: str) -> tuple[Any, list[np.ndarray]]:
    """A functional model around the layer, with random weights, and its data."""
    make, shapes, call = LAYERS[name]
    rng = np.random.default_rng(len(name))
    data, inputs = [], []
    for shape in shapes:
        if shape[0] == "int":
            data.append(rng.integers(0, 7, shape[1:]).astype("int32"))
            inputs.append(keras.Input(shape[2:], dtype="int32"))
        else:
            data.append(rng.normal(size=shape).astype(F))
            inputs.append(keras.Input(shape[1:]))
    if call.get("input"):
        outputs: Any = inputs[0] * 2.0
    elif call.get("apart"):
        outputs = make()(*inputs)
    else:
        outputs = make()(inputs if len(inputs) > 1 else inputs[0])
    model = keras.Model(inputs, outputs, name=name.lower())
    _randomize(model, rng)
    return model, data


def optimizer_model(name: str) -> tuple[Any, list[np.ndarray]]:
    """A small network trained for three steps, and its data."""
    rng = np.random.default_rng(len(name))
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, activation="tanh"), layers.Dense(1)]
    )
    _randomize(model, rng)
    model.compile(OPTIMIZERS[name](), "mse", metrics=["mae"])
    x, y = rng.normal(size=(6, 3)).astype(F), rng.normal(size=(6, 1)).astype(F)
    model.run_eagerly = True
    for i in range(3):
        model.train_on_batch(x[2 * i : 2 * i + 2], y[2 * i : 2 * i + 2])
    return model, [x]


def _randomize(model: Any, rng: np.random.Generator) -> None:
    for variable in model.weights:
        if variable.dtype == F:
            # Positive, for variances; small, so that no activation saturates.
            variable.assign(rng.uniform(0.1, 0.6, size=variable.shape).astype(F))
