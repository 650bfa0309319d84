"""Stop when the loss is no number any more."""

from __future__ import annotations

import math

from keras.callbacks.callback import Callback, Logs
from keras.utils import io_utils


class TerminateOnNaN(Callback):
    """Stops training at the first batch after which the loss is NaN or infinite.

    It looks at the loss after every batch, which makes the host wait for each step.

    Args:
        raise_error: whether to raise an error instead of ending `fit` normally.

    Raises:
        RuntimeError: during training, if `raise_error` is true and the loss is
            NaN or infinite.

    Example:
        >>> model.fit(x, y, callbacks=[keras.callbacks.TerminateOnNaN()])
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. "
                f"Loss value: {loss}. Terminating training immediately."
            )
        io_utils.print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
