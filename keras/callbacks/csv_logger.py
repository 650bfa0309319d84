"""Write the metrics of each epoch to a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Appends a row to a CSV file after each epoch.

    Columns are `epoch` and the metrics, also the `val_` ones: validation may run in
    later epochs only. What an epoch did not measure is `NA`. A metric that appears
    later gets a column of its own; the rows before it are filled up.

    Args:
        filename: the file.
        separator: what stands between columns.
        append: whether to continue a file that exists (else it is replaced).

    Raises:
        ValueError: if a file to continue is no CSV file with an `epoch` column.

    Example:

    >>> model.fit(x, y, callbacks=[keras.callbacks.CSVLogger("log.csv")])
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

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.keys = None
        if self.append and os.path.exists(self.filename):
            if rows := self._read():
                if rows[0][0] != "epoch":
                    raise ValueError(
                        f"CSVLogger cannot append to {self.filename!r}: with the "
                        f"separator {self.sep!r} its first column is {rows[0][0]!r}, "
                        "expected 'epoch'."
                    )
                self.keys = rows[0][1:]
        else:
            self._write([], "w")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            names = sorted(logs)
            validation = [f"val_{n}" for n in names if not n.startswith("val_")]
            self.keys = names + [n for n in validation if n not in logs]
            self._write([["epoch", *self.keys]], "w")
        elif new := sorted(set(logs) - set(self.keys)):
            self._add_columns(new)
        cells = [_cell(logs.get(key, "NA")) for key in self.keys or ()]
        self._write([[epoch, *cells]], "a")

    def _add_columns(self, new: list[str]) -> None:
        self.keys = [*(self.keys or ()), *new]
        rows = [row + ["NA"] * len(new) for row in self._read()[1:]]
        # Beside the file, then in its place: a kill here must not lose the rows.
        beside = f"{self.filename}.new"
        self._write([["epoch", *self.keys], *rows], "w", beside)
        os.replace(beside, self.filename)

    def _read(self) -> list[list[str]]:
        with open(self.filename, newline="") as file:
            return [row for row in csv.reader(file, delimiter=self.sep) if row]

    def _write(
        self, rows: Iterable[list[Any]], mode: str, filename: str | None = None
    ) -> None:
        with open(filename or self.filename, mode, newline="") as file:
            csv.writer(file, delimiter=self.sep).writerows(rows)


def _cell(value: Any) -> Any:
    if np.ndim(value):
        return f'"[{", ".join(str(item) for item in np.asarray(value).tolist())}]"'
    return value
