"""VGG with 19 layers."""

from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.applications.vgg import VGG19

preprocess_input = preprocessing("caffe")

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]
