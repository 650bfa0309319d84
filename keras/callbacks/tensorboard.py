"""The callback that writes for TensorBoard."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras.callbacks.callback import Callback, Logs
from keras.callbacks.event_file import EventFile
from keras.core.errors import check_number, optional_import


class TensorBoard(Callback):
    """Writes curves, weights, the graph and profiles for TensorBoard.

    It works on every backend and needs the package `tensorboard`, not TensorFlow
    (`pip install "keras[tensorboard]"`). Look at what it writes, also while training
    goes on, with `tensorboard --logdir logs`.

    The curves of training are in the run `train`, those of validation in the run
    `validation`: `epoch_<metric>` over the epochs, `batch_<metric>` over the batches,
    counted from 1, and `evaluation_<metric>_vs_iterations` for each evaluation.
    `epoch_learning_rate` is the learning rate.

    With `update_freq="epoch"` no batch is waited for. A run that is resumed by
    `BackupAndRestore` goes on counting where it was.

    Args:
        log_dir: the folder to write to. Give each run a folder of its own.
        histogram_freq: every how many epochs the distribution of each weight is
            written; 0 for never.
        write_graph: whether to write the graph of layers.
        write_images: whether weights are also written as images, where histograms are.
        write_steps_per_second: whether to write how fast training goes.
        update_freq: "epoch", "batch", or every how many batches the metrics are
            written.
        profile_batch: the batch to profile, or the first and the last one as a pair or
            as "10,20", counted from 1 over all epochs; 0 for none. The profile is made
            by the framework's profiler and shown by the package `xprof`.
        embeddings_freq: every how many epochs the weights of embedding layers are
            written for the projector; 0 for never.
        embeddings_metadata: a file with a label for each row of the embedding, or a
            dict from layers' names to such files.

    Raises:
        ImportError: the package `tensorboard` is not installed.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> board = keras.callbacks.TensorBoard("logs", histogram_freq=1)
        >>> history = model.fit(x, y, epochs=2, callbacks=[board], verbose=0)

    A subclass writes more with `self.summary`, an object with the methods `scalar`,
    `histogram`, `image` and `text`:

        >>> class WithNorm(keras.callbacks.TensorBoard):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         super().on_epoch_end(epoch, logs)
        ...         norm = np.linalg.norm(self.model.layers[0].kernel)
        ...         self.summary.scalar("norm", norm, step=epoch)
        >>> history = model.fit(x, y, callbacks=[WithNorm("logs")], verbose=0)
    """

    _memory = ("_steps", "_epoch_start")

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int | str | tuple[int, int] = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | Mapping[str, str] | None = None,
    ):
        super().__init__()
        optional_import("tensorboard", "tensorboard", "TensorBoard")
        who = "TensorBoard"
        is_count = type(update_freq) is int and update_freq > 0
        if update_freq not in ("epoch", "batch") and not is_count:
            raise ValueError(
                f"{who}: `update_freq` must be 'epoch', 'batch' or a positive integer; "
                f"received {update_freq!r}."
            )

        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = check_number(
            histogram_freq or 0, "histogram_freq", who, least=0
        )
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.profile_batch = profile_batch
        self.embeddings_freq = check_number(
            embeddings_freq or 0, "embeddings_freq", who, least=0
        )
        self.embeddings_metadata = embeddings_metadata

        self._interval = (
            sys.maxsize if isinstance(self.update_freq, str) else self.update_freq
        )
        self._profiled = _first_and_last(profile_batch)
        self._profiler: contextlib.ExitStack | None = None
        self._files: dict[str, EventFile] = {}
        self._has_graph = False
        self._in_fit = False
        self._steps = 0  # trained since the first epoch
        self._epoch_start = 0  # of these, before this epoch
        self._clock = (0, 0.0)  # steps and seconds when the speed was measured last
        self._epoch_clock = (0, 0.0)

    @property
    def summary(self) -> Summary:
        """What writes values of your own, into the run `train`."""
        return Summary(self._file("train"))

    def _file(self, run: str) -> EventFile:
        if run not in self._files:
            self._files[run] = EventFile(os.path.join(self.log_dir, run))
        return self._files[run]

    # Steps

    def batch_end_due(self, batch: int) -> bool:
        self._steps = self._epoch_start + batch + 1
        return self._steps in self._boundaries(self._steps - 1)

    def steps_until_batch_end(self, batch: int) -> int:
        done = self._epoch_start + batch
        return min(self._boundaries(done)) - done

    def _boundaries(self, done: int) -> list[int]:
        """After which steps something is to be done, of those that follow."""
        first, last = self._profiled
        following = [(done // self._interval + 1) * self._interval]
        following += [step for step in (first - 1, last) if step > done]
        return following

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit = True
        self._steps = self._epoch_start = 0
        if self.write_graph and not self._has_graph:
            self._write_graph()
        if self._profiled[0] == 1:
            self._start_profile()

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self._clock = self._epoch_clock = (self._steps, time.perf_counter())

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch_start = self._steps
        self._epoch_clock = self._clock = (self._steps, time.perf_counter())

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self.batch_end_due(batch):
            return
        if self._steps % self._interval == 0:
            file, step = self._file("train"), self._steps
            for name, value in (logs or {}).items():
                file.scalar(f"batch_{name}", value, step)
            if self.write_steps_per_second:
                self._clock, rate = self._speed(self._clock)
                file.scalar("batch_steps_per_second", rate, step)

        if self._steps == self._profiled[1]:
            self._stop_profile()
        elif self._steps == self._profiled[0] - 1:
            self._start_profile()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        train = self._file("train")
        for name, value in logs.items():
            if name.startswith("val_"):
                file = self._file("validation")
                file.scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
            else:
                train.scalar(f"epoch_{name}", value, epoch)
        if (rate := self._learning_rate()) is not None:
            train.scalar("epoch_learning_rate", rate, epoch)
        if self.write_steps_per_second:
            _, rate = self._speed(self._epoch_clock)
            train.scalar("epoch_steps_per_second", rate, epoch)

        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()
        for file in self._files.values():
            file.flush()

    def on_test_end(self, logs: Logs | None = None) -> None:
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is None:
            return
        file, step = self._file("validation"), int(optimizer.iterations)
        for name, value in (logs or {}).items():
            file.scalar(f"evaluation_{name}_vs_iterations", value, step)
        if not self._in_fit:
            self._close()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._in_fit = False
        if self._profiler is not None:
            self._stop_profile()
        self._close()

    def _close(self) -> None:
        for file in self._files.values():
            file.close()

    def _speed(self, since: tuple[int, float]) -> tuple[tuple[int, float], float]:
        """The present steps and time, and steps a second since then."""
        now = time.perf_counter()
        steps, seconds = since
        return (self._steps, now), (self._steps - steps) / max(now - seconds, 1e-9)

    def _learning_rate(self) -> float | None:
        optimizer = getattr(self.model, "optimizer", None)
        rate = getattr(optimizer, "learning_rate", None)
        return None if rate is None else float(np.asarray(rate))

    # Profiles

    def _start_profile(self) -> None:
        self._profiler = contextlib.ExitStack()
        folder = self._file("train").folder
        self._profiler.enter_context(self.model._backend.profile(folder))

    def _stop_profile(self) -> None:
        assert self._profiler is not None
        # Steps that are still running on the device belong to the profile.
        self.model._backend.block([v.value for v in self.model.trainable_variables])
        self._profiler.close()
        self._profiler = None

    # Weights

    def _write_graph(self) -> None:
        try:
            config = self.model.to_json()
        except NotImplementedError:  # a model of one's own code may have no config
            return
        self._file("train").graph(config)
        self._has_graph = True

    def _write_weights(self, epoch: int) -> None:
        file = self._file("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                values = np.asarray(weight.numpy(), "float32")
                file.histogram(f"{weight.path}/histogram", values, epoch)
                if self.write_images and (images := _as_images(values)) is not None:
                    file.images(f"{weight.path}/image", images, epoch)

    def _write_embeddings(self) -> None:
        """The tables as text, and what tells the projector of them."""
        projector = optional_import(
            "tensorboard.plugins.projector.projector_config_pb2",
            "tensorboard",
            "TensorBoard's projector",
        )
        text_format = optional_import(
            "google.protobuf.text_format", "tensorboard", "TensorBoard's projector"
        )
        folder = self._file("train").folder
        os.makedirs(folder, exist_ok=True)
        config = projector.ProjectorConfig()
        for layer in self._embeddings():
            table = np.asarray(layer.embeddings.numpy(), "float32")
            path = f"{layer.name}.tsv"
            np.savetxt(os.path.join(folder, path), table, delimiter="\t", fmt="%.7g")
            entry = config.embeddings.add(
                tensor_name=layer.embeddings.path,
                tensor_path=path,
                tensor_shape=table.shape,
            )
            metadata = self.embeddings_metadata
            if isinstance(metadata, Mapping):
                metadata = metadata.get(layer.name)
            if metadata is not None:
                entry.metadata_path = os.path.abspath(metadata)

        with open(os.path.join(folder, "projector_config.pbtxt"), "w") as file:
            file.write(text_format.MessageToString(config))

    def _embeddings(self) -> list[Any]:
        layers = [
            layer
            for layer in self.model._flatten_layers(include_self=False)
            if len(getattr(getattr(layer, "embeddings", None), "shape", ())) == 2
        ]
        if isinstance(self.embeddings_metadata, Mapping):
            names = [layer.name for layer in layers]
            if unknown := set(self.embeddings_metadata) - set(names):
                raise ValueError(
                    f"TensorBoard: `embeddings_metadata` names the layers "
                    f"{sorted(unknown)}; the embedding layers of the model are {names}."
                )
        return layers


class Summary:
    """Writes values under TensorBoard's own names for them.

    Args:
        file: the event file.
    """

    def __init__(self, file: EventFile) -> None:
        self._file = file

    def scalar(self, name: str, data: Any, step: int) -> None:
        """Write a number."""
        self._file.scalar(name, np.asarray(data, "float32"), step)

    def histogram(self, name: str, data: Any, step: int, buckets: int = 30) -> None:
        """Write the distribution of the elements of an array."""
        self._file.histogram(name, np.asarray(data, "float32"), step, buckets)

    def image(self, name: str, data: Any, step: int, max_outputs: int = 3) -> None:
        """Write images: an array (batch, height, width, channels) from 0 to 1."""
        self._file.images(name, data, step, max_outputs)

    def text(self, name: str, data: str, step: int) -> None:
        """Write text, in Markdown."""
        self._file.text(name, data, step)


def _first_and_last(profile_batch: Any) -> tuple[int, int]:
    """The batches to profile, (0, 0) for none."""
    value = profile_batch
    try:
        if isinstance(value, str):
            value = [int(part) for part in value.split(",")]
        first, last = value if isinstance(value, (list, tuple)) else (value, value)
        first, last = int(first), int(last)
    except (TypeError, ValueError):
        first, last = 1, 0
    if not (first == last == 0 or 1 <= first <= last):
        raise ValueError(
            "TensorBoard: `profile_batch` must be the number of a batch, a pair of the "
            f"first and the last one, or 0; received {profile_batch!r}."
        )
    return first, last


def _as_images(values: np.ndarray) -> np.ndarray | None:
    """A weight as images (batch, height, width, 1), black to white; None if it is none.

    A vector is a column, a matrix one image with the longer side from left to right. A
    kernel of a convolution is one image for each pair of channels.
    """
    values = np.squeeze(values)
    if values.ndim == 0 or values.ndim > 4:
        return None
    if values.ndim == 1:
        images = values[None, :, None]
    elif values.ndim == 2:
        images = (values.T if values.shape[0] > values.shape[1] else values)[None]
    else:
        images = np.moveaxis(values.reshape(*values.shape[:2], -1), -1, 0)

    low, high = values.min(), values.max()
    return ((images - low) / (high - low if high > low else 1.0))[..., None]
