"""Callbacks: code that runs as training goes on."""

from keras.callbacks.backup_and_restore import BackupAndRestore
from keras.callbacks.callback import Callback
from keras.callbacks.callback_list import CallbackList
from keras.callbacks.csv_logger import CSVLogger
from keras.callbacks.early_stopping import EarlyStopping
from keras.callbacks.history import History
from keras.callbacks.lambda_callback import LambdaCallback
from keras.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from keras.callbacks.model_checkpoint import ModelCheckpoint
from keras.callbacks.progbar_logger import ProgbarLogger
from keras.callbacks.remote_monitor import RemoteMonitor
from keras.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping",
    "History", "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau", "RemoteMonitor", "TerminateOnNaN",
]
