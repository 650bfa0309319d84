"""Checks for your own backends: do they keep the laws of the contract?"""

from keras.testing.backend import check_backend

__all__ = ["check_backend"]
