"""Where TensorFlow looks for Keras: `tf.keras` and `tensorflow.keras`."""
