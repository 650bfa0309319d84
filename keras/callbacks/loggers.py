"""Write the metrics of each epoch to a CSV file, or send them to a server."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras.callbacks.callback import Callback, Logs
from keras.saving.atomic import atomic_file


class CSVLogger(Callback):
    """Appends a row to a CSV file after each epoch.

    Columns are `epoch` and the metrics, also the `val_` ones: validation may run in
    later epochs only. What an epoch did not measure is `NA`. A metric that appears
    later gets a column of its own; the rows before it are filled up.

    Args:
        filename: the file.
        separator: the text between columns.
        append: whether to continue a file that exists (else it is replaced).

    Raises:
        ValueError: if a file to continue is no CSV file with an `epoch` column.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> log = keras.callbacks.CSVLogger("log.csv")
        >>> history = model.fit(x, y, epochs=2, callbacks=[log], verbose=0)
        >>> open("log.csv").readline()
        'epoch,loss,val_loss\\n'
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        separator: str = ",",
        append: bool = False,
    ):
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._rows = 0

    def get_state(self) -> dict[str, Any]:
        return {"keys": self.keys, "rows": self._rows}

    def set_state(self, state: dict[str, Any]) -> None:
        self.keys = state["keys"]
        self._rows = state["rows"]
        if self.keys is None:
            return
        rows = self._read()[1 : self._rows + 1]
        if len(rows) < self._rows:
            warnings.warn(
                f"CSVLogger: {self.filename!r} has {len(rows)} rows of the "
                f"{self._rows} that were written before training was resumed."
            )
        # What was written after the backup is written again; a row cut short by a kill
        # comes after these.
        width = len(self.keys) + 1
        self._replace([["epoch", *self.keys], *(row[:width] for row in rows)])

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.keys = None
        self._rows = 0
        if self.append and os.path.exists(self.filename):
            if rows := self._read():
                if rows[0][0] != "epoch":
                    raise ValueError(
                        f"CSVLogger cannot append to {self.filename!r}: with the "
                        f"separator {self.sep!r} its first column is {rows[0][0]!r}, "
                        "expected 'epoch'."
                    )
                self.keys = rows[0][1:]
                self._rows = len(rows) - 1
        else:
            # Emptied with the first row only: a resumed run still needs the old ones.
            self._add([])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            names = sorted(logs)
            validation = [f"val_{n}" for n in names if not n.startswith("val_")]
            self.keys = names + [n for n in validation if n not in logs]
            self._replace([["epoch", *self.keys]])
        elif new := sorted(set(logs) - set(self.keys)):
            self._add_columns(new)
        cells = [_cell(logs.get(key, "NA")) for key in self.keys or ()]
        self._add([[epoch, *cells]])
        self._rows += 1

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.keys is None and not self.append:
            self._replace([])

    def _add_columns(self, new: list[str]) -> None:
        self.keys = [*(self.keys or ()), *new]
        rows = [row + ["NA"] * len(new) for row in self._read()[1:]]
        self._replace([["epoch", *self.keys], *rows])

    def _read(self) -> list[list[str]]:
        with open(self.filename, newline="") as file:
            return [row for row in csv.reader(file, delimiter=self.sep) if row]

    def _replace(self, rows: Iterable[list[Any]]) -> None:
        """Replace the file atomically: a kill leaves the old one or the new one."""
        with atomic_file(self.filename) as path, open(path, "w", newline="") as file:
            csv.writer(file, delimiter=self.sep).writerows(rows)

    def _add(self, rows: Iterable[list[Any]]) -> None:
        """Write at the end: all of it, or after an error nothing."""
        with open(self.filename, "a", newline="") as file:
            size = file.tell()
            try:
                csv.writer(file, delimiter=self.sep).writerows(rows)
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                with contextlib.suppress(OSError):
                    file.close()  # tries once more to write what is left
                os.truncate(self.filename, size)
                raise type(error)(
                    error.errno,
                    f"CSVLogger could not write to {self.filename!r}: {error.strerror}"
                    ". The rows that were there are unchanged.",
                ) from error


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
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> monitor = keras.callbacks.RemoteMonitor("http://localhost:9000")
        >>> history = model.fit(x, y, callbacks=[monitor], verbose=0)
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
            body = text
            kind = "application/json"
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


def _cell(value: Any) -> Any:
    if np.ndim(value):
        return f'"[{", ".join(str(item) for item in np.asarray(value).tolist())}]"'
    return value
