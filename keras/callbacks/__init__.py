"""Callbacks: code that runs as training goes on."""

from keras.callbacks.backup_and_restore import BackupAndRestore
from keras.callbacks.callback import Callback, LambdaCallback
from keras.callbacks.callback_list import CallbackList
from keras.callbacks.history import History
from keras.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from keras.callbacks.loggers import CSVLogger, RemoteMonitor
from keras.callbacks.model_checkpoint import ModelCheckpoint
from keras.callbacks.orbax_checkpoint import OrbaxCheckpoint
from keras.callbacks.progbar_logger import ProgbarLogger
from keras.callbacks.stopping import EarlyStopping, TerminateOnNaN
from keras.callbacks.swap_ema_weights import SwapEMAWeights
from keras.callbacks.tensorboard import TensorBoard

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "OrbaxCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
