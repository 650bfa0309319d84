"""The laws of the contract, for `check_backend`.

Each law is a function of the backend, which is in force while it runs. It reads as what
a plug-in's author may rely on being asked for, and no law looks into a framework.
"""

from keras.testing.backend_laws import evaluation, models, randomness, tensors
from keras.testing.backend_laws.common import LAWS

__all__ = ["LAWS", "evaluation", "models", "randomness", "tensors"]
