"""Layers that prepare data: on the host, in a `tf.data` pipeline, or in a model."""
