"""Send the metrics of each epoch to a server."""

from __future__ import annotations

import json
import warnings

import numpy as np

from keras.callbacks.callback import Callback, Logs


class RemoteMonitor(Callback):
    """Sends the metrics of each epoch to a server by HTTP POST.

    What is sent is a JSON object with `epoch` and the metrics: as the body if
    `send_as_json`, else as the form field `field`. A server that does not answer
    within ten seconds causes a warning; training goes on.

    Args:
        root: address of the server, http or https.
        path: path below it.
        field: name of the form field.
        headers: dict of HTTP headers to add.
        send_as_json: whether the body is JSON instead of a form.

    Raises:
        ValueError: if `root` is not an http address.

    Example:
        >>> monitor = keras.callbacks.RemoteMonitor("http://localhost:9000")
        >>> model.fit(x, y, callbacks=[monitor])
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ):
        super().__init__()
        if not root.startswith(("http://", "https://")):
            raise ValueError(
                "RemoteMonitor: `root` should start with http:// or https://. "
                f"Received: root={root!r}"
            )
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        # Imported late: it takes longer than all other callbacks together.
        import urllib.parse
        import urllib.request

        metrics = {name: np.asarray(v).tolist() for name, v in (logs or {}).items()}
        text = json.dumps({"epoch": epoch, **metrics})
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body = urllib.parse.urlencode({self.field: text})
            kind = "application/x-www-form-urlencoded"
        request = urllib.request.Request(
            self.root + self.path,
            data=body.encode(),
            headers={"Content-Type": kind, **(self.headers or {})},
        )
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except OSError as error:  # no connection, no answer, or a refusal
            warnings.warn(
                "Could not reach RemoteMonitor root server at "
                f"{self.root} ({error}). The metrics of epoch {epoch} are not sent."
            )
