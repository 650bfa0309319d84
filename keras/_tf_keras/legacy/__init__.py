"""What `tf.keras` kept of Keras 2 and `keras` does not have, on every backend."""
