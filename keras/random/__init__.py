"""Random draws, reproducible from seeds."""

from keras.random.seed_generator import SeedGenerator

__all__ = ["SeedGenerator"]
