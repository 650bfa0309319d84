from keras.ops.numpy import *  # noqa
