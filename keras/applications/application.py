"""What surrounds the blocks of an image classifier, written once for all architectures.

An architecture is a function that makes a feature map of an image. `application` turns
it into a public function with Keras's signature: it checks the arguments, finds the
shape of the image, adds the classifier or the pooling, and loads weights.

    @application(standard, "vgg16", top=top, files=files)
    def VGG16(image):
        '''VGG with 16 layers (Simonyan & Zisserman, 2014, arXiv:1409.1556).'''
        return vgg(image, (2, 2, 3, 3, 3))

The functions that describe an architecture name the arguments that they want, such as
`alpha` or `include_preprocessing`, and get them by these names.
"""

from __future__ import annotations

import inspect
import os
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ParamSpec

from keras import activations, layers
from keras.applications.files import PublishedFile
from keras.core.errors import check_choice, check_positive_int
from keras.core.naming import auto_name
from keras.core.settings import image_data_format
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike, Shape, ShapeLike
from keras.models import Model
from keras.utils import get_source_inputs

P = ParamSpec("P")
# A part of an architecture: called with a tensor and the arguments that it names.
Part = Callable[..., KerasTensor]
Weights = str | os.PathLike | None
IMAGENET = "imagenet"
CLASSES = 1000  # of ImageNet

# What the arguments mean, for the docstrings.
MEANINGS = {
    "include_top": "whether the classifier is part of the model.",
    "weights": "None for random ones, 'imagenet' for those trained on ImageNet "
    "(downloaded once), or the path of a file of weights.",
    "input_tensor": "a symbolic tensor to use as the image.",
    "input_shape": "the shape of one image; without a classifier its sides may be any "
    "from the least on, or None.",
    "pooling": "without a classifier: None for the feature map, 'avg' or 'max' for one "
    "vector an image.",
    "classes": "the number of classes of the classifier.",
    "classifier_activation": "the classifier's activation; None gives logits.",
    "include_preprocessing": "whether the model scales pixels from 0 to 255 itself.",
    "name": "the model's name.",
}


@dataclass(frozen=True)
class Arguments:
    """What a user asked of an architecture; `own` are the arguments it alone has."""

    include_top: bool
    weights: Weights
    input_tensor: Any
    input_shape: ShapeLike | None
    pooling: str | None
    classes: int
    classifier_activation: ActivationLike
    name: str | None
    own: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, given: dict[str, Any]) -> Arguments:
        """Sort what a function was called with (its `locals()`)."""
        common = [name for name in cls.__annotations__ if name in given]
        return cls(**{name: given.pop(name) for name in common}, own=given)


def standard(
    include_top: bool = True,
    weights: Weights = IMAGENET,
    input_tensor: Any = None,
    input_shape: ShapeLike | None = None,
    pooling: str | None = None,
    classes: int = CLASSES,
    classifier_activation: ActivationLike = "softmax",
    name: str | None = None,
) -> Arguments:
    """The signature that most architectures have."""
    return Arguments.of(locals())


# Ends


@dataclass(frozen=True)
class Top:
    """The usual classifier: average pooling, perhaps dropout, one dense layer.

    Attributes:
        pool: the name of the pooling layer; None for an automatic one.
        dropout: the rate of a dropout layer, `top_dropout`; 0 for none.
        dense: more arguments of the dense layer, `predictions`.
    """

    pool: str | None = "avg_pool"
    dropout: float = 0.0
    dense: dict[str, Any] = field(default_factory=dict)

    def __call__(
        self, x: KerasTensor, classes: int, classifier_activation: ActivationLike
    ) -> KerasTensor:
        x = layers.GlobalAveragePooling2D(name=self.pool)(x)
        if self.dropout > 0:
            x = layers.Dropout(self.dropout, name="top_dropout")(x)
        return layers.Dense(
            classes, activation=classifier_activation, name="predictions", **self.dense
        )(x)


@dataclass(frozen=True)
class Pooled:
    """What stands in the classifier's place: pooling over the image, or nothing.

    Attributes:
        avg, max: the names of the pooling layers; None for automatic ones.
    """

    avg: str | None = None
    max: str | None = None

    def __call__(self, x: KerasTensor, pooling: str | None) -> KerasTensor:
        if pooling == "avg":
            return layers.GlobalAveragePooling2D(name=self.avg)(x)
        if pooling == "max":
            return layers.GlobalMaxPooling2D(name=self.max)(x)
        return x


TOP, POOLED = Top(), Pooled()

# The whole


@dataclass(frozen=True)
class Architecture:
    """An image classifier, and what is particular about its arguments.

    Its functions get the arguments by name, and of these too: `title`; `size`, what
    the attribute `size` gave; `side`, the height of the image, or None.

    Attributes:
        title: the name of the public function.
        name: that of its models, or a function that gives it.
        features: makes a feature map of an image.
        top: makes the scores of the classes of a feature map.
        pooled: what stands in the top's place without one.
        files: gives the official weights.
        check: refuses arguments that do not go together.
        size: the side of images by default, or a function that gives it.
        least: the smallest side that fits through the network.
        fixed: whether images have that size by default; None: only with a top.
    """

    title: str
    name: str | Callable[..., str]
    features: Part
    top: Part
    pooled: Part
    files: Callable[..., PublishedFile]
    check: Callable[..., None]
    size: int | Callable[..., int]
    least: int
    fixed: bool | None

    def build(self, arguments: Arguments) -> Model:
        """The model, with its weights."""
        self._check(arguments)
        given = {**vars(arguments), **arguments.own, "title": self.title}
        call_with(self.check, **given)

        size = self.size
        if callable(size):
            size = call_with(size, **given, side=_given_side(arguments))
        image = self._image(arguments, size)
        given |= {"size": size, "side": spatial(image.shape)[0]}
        name = arguments.name or self.name
        given["name"] = name = call_with(name, **given) if callable(name) else name

        x = call_with(self.features, image, **given)
        x = call_with(self.top if arguments.include_top else self.pooled, x, **given)

        inputs = image if arguments.input_tensor is None else get_source_inputs(image)
        model = Model(inputs, x, name=name)
        if arguments.weights is not None:
            self._load(model, arguments, given)
        return model

    def _check(self, arguments: Arguments) -> None:
        """Refuse arguments that contradict each other, before anything is built."""
        weights = arguments.weights
        if weights is not None and weights != IMAGENET and not os.path.exists(weights):
            raise ValueError(
                f"{self.title}: `weights` must be None, 'imagenet' or the path of a "
                f"file; received {str(weights)!r}, and there is no such file."
            )
        check_choice(arguments.pooling, (None, "avg", "max"), "pooling", self.title)
        check_positive_int(arguments.classes, "classes", self.title)
        if weights is None or not arguments.include_top:
            return

        if weights == IMAGENET and arguments.classes != CLASSES:
            raise ValueError(
                f"{self.title}: the weights 'imagenet' are for {CLASSES} classes; "
                f"received classes={arguments.classes}. Pass `include_top=False` and "
                "add a classifier of your own, or pass `weights=None`."
            )
        activation = activations.get(arguments.classifier_activation)
        if activation not in (activations.softmax, activations.linear):
            raise ValueError(
                f"{self.title}: with weights, `classifier_activation` must be "
                f"'softmax' or None; received {arguments.classifier_activation!r}."
            )

    # The image

    def _image(self, arguments: Arguments, size: int) -> KerasTensor:
        """The symbolic image, of a shape that was checked."""
        tensor = arguments.input_tensor
        if tensor is not None and not isinstance(tensor, KerasTensor):
            raise ValueError(
                f"{self.title}: `input_tensor` must be a symbolic tensor, made by "
                f"keras.Input or a layer; received {type(tensor).__name__}."
            )

        shape = arguments.input_shape
        if tensor is not None and shape is None:
            self._check_shape(tensor.shape[1:], arguments, "input_tensor")
        if shape is None:
            static = arguments.include_top if self.fixed is None else self.fixed
            shape = image_shape(size if static else None)
        else:
            shape = tuple(shape)
            self._check_shape(shape, arguments, "input_shape")
            self._check_top(shape, arguments, size)
        if tensor is not None:
            return tensor
        return layers.Input(shape, name=auto_name("input_layer"))  # as in Keras

    def _check_shape(self, shape: Shape, arguments: Arguments, what: str) -> None:
        """Refuse images that do not fit through the network."""
        if len(shape) != 3 or not all(n is None or isinstance(n, int) for n in shape):
            raise ValueError(
                f"{self.title}: `{what}` must have the axes {image_shape('side')}; "
                f"received {shape}."
            )
        sides = spatial((None, *shape))
        if any(side is not None and side < self.least for side in sides):
            raise ValueError(
                f"{self.title}: the sides of an image must be at least {self.least}; "
                f"received {what}={shape}."
            )
        channels = shape[channel_axis() - 1]
        if channels != 3 and arguments.weights == IMAGENET:
            raise ValueError(
                f"{self.title}: the weights 'imagenet' are for images of 3 channels; "
                f"received {what}={shape}."
            )

    def _check_top(self, shape: Shape, arguments: Arguments, size: int) -> None:
        """Refuse a shape that the classifier, or its weights, cannot take."""
        if not arguments.include_top:
            return
        if None in shape and self.fixed is not False:
            raise ValueError(
                f"{self.title}: with `include_top=True` the size of the image must be "
                f"known; received input_shape={shape}."
            )
        if arguments.weights == IMAGENET and shape != image_shape(size):
            raise ValueError(
                f"{self.title}: the classifier of the weights 'imagenet' is for images "
                f"of shape {image_shape(size)}; received input_shape={shape}. Pass "
                "`include_top=False` for other sizes."
            )

    # The weights

    def _load(self, model: Model, arguments: Arguments, given: dict[str, Any]) -> None:
        """Load the weights that were asked for."""
        path = arguments.weights or ""
        if path == IMAGENET:
            path = call_with(self.files, **given).fetch(self.title)
        try:
            model.load_weights(path)
        except ValueError as error:
            error.add_note(
                f"{self.title} was built with include_top={arguments.include_top}, "
                f"classes={arguments.classes}. The weights of {os.fspath(path)!r} are "
                "for another architecture, or for other arguments."
            )
            raise


def application(
    signature: Callable[P, Arguments],
    name: str | Callable[..., str],
    files: Callable[..., PublishedFile],
    top: Part = TOP,
    pooled: Part = POOLED,
    check: Callable[..., None] = lambda: None,
    size: int | Callable[..., int] = 224,
    least: int = 32,
    fixed: bool | None = None,
    title: str | None = None,
    summary: str | None = None,
    meanings: Mapping[str, str] = MEANINGS,
) -> Callable[[Part], Callable[P, Model]]:
    """Make a public function of one that makes a feature map of an image.

    Args:
        signature: takes the arguments of the public function.
        title: the function's name; by default that of the decorated one.
        summary: the beginning of its docstring; by default that of the decorated one.
        meanings: the lines of the docstring about the function's own arguments.
        name, files, top, pooled, check, size, least, fixed: as in `Architecture`.

    Returns:
        A decorator.
    """

    def decorate(features: Part) -> Callable[P, Model]:
        public = title or features.__name__
        architecture = Architecture(
            public, name, features, top, pooled, files, check, size, least, fixed
        )

        def build(*args: P.args, **kwargs: P.kwargs) -> Model:
            return architecture.build(signature(*args, **kwargs))

        build.__name__ = build.__qualname__ = public
        build.__module__ = features.__module__
        text = summary or inspect.getdoc(features) or ""
        build.__doc__ = _document(text, signature, {**MEANINGS, **meanings})
        build.__signature__ = _signature(signature, name)  # type: ignore[attr-defined]
        return build

    return decorate


# Helpers


def channel_axis() -> int:
    """The axis of the channels of a batch of images."""
    return 3 if image_data_format() == "channels_last" else 1


def image_shape(side: Any, channels: int = 3) -> Any:
    """The shape of a square image in the data format in force."""
    return (side, side, channels) if channel_axis() == 3 else (channels, side, side)


def channels(x: KerasTensor) -> int:
    """The number of channels of a batch of images."""
    size = x.shape[channel_axis()]
    assert size is not None, "the number of channels is known behind a convolution"
    return size


def spatial(shape: Shape) -> Shape:
    """The height and the width of a batch of images of this shape."""
    return shape[1:3] if channel_axis() == 3 else shape[2:4]


def _given_side(arguments: Arguments) -> int | None:
    """The side of the square images that are asked for, or None."""
    if arguments.input_shape is not None:
        return _square_side((None, *arguments.input_shape))
    if isinstance(arguments.input_tensor, KerasTensor):
        return _square_side(arguments.input_tensor.shape)
    return None


def _square_side(shape: Shape) -> int | None:
    height, width = spatial(shape)
    return height if height == width else None


def call_with(part: Callable[..., Any], *tensors: KerasTensor, **given: Any) -> Any:
    """Call a function with those of the arguments that it names."""
    names = inspect.signature(part).parameters.keys() & given.keys()
    return part(*tensors, **{name: given[name] for name in names})


def _signature(build: Callable[..., Arguments], name: Any) -> inspect.Signature:
    """The public signature, with the default name that models get."""
    signature = inspect.signature(build)
    default = name if isinstance(name, str) else None
    parameters = [
        p.replace(default=default) if p.name == "name" else p
        for p in signature.parameters.values()
    ]
    return signature.replace(parameters=parameters, return_annotation=Model)


def _document(
    text: str, build: Callable[..., Arguments], meanings: Mapping[str, str]
) -> str:
    """A docstring with the arguments added."""
    lines = [
        textwrap.fill(
            f"{name}: {meanings[name]}",
            88,
            initial_indent="    ",
            subsequent_indent="        ",
        )
        for name in inspect.signature(build).parameters
    ]
    return "\n".join([text, "", "Args:", *lines, "", "Returns:", "    A model."])
