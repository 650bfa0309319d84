"""TensorBoard's event files, written by TensorBoard's own code, without TensorFlow.

The package `tensorboard` has the protocol buffers of its files, the plugins' functions
that make them of arrays, and the format of records. All of these work without
TensorFlow, which TensorBoard's ready-made writer would import wherever it is installed.
So this module opens the file and leaves the rest to them.
"""

from __future__ import annotations

import importlib
import io
import itertools
import os
import socket
import time
from typing import Any

import numpy as np

from keras.core.errors import optional_import

_numbers = itertools.count()


class EventFile:
    """An event file in a folder, made when the first event is written.

    Args:
        folder: where TensorBoard looks for it; a run of its own.

    Example:
        >>> events = EventFile("logs/train")
        >>> events.scalar("loss", 0.5, step=1)
        >>> events.histogram("kernel", np.arange(10), step=1)
        >>> events.close()
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = os.fspath(folder)
        self._records: Any = None

    def scalar(self, tag: str, value: Any, step: int) -> None:
        """Write a number."""
        summary = _tensorboard("plugins.scalar.summary_v2")
        self.add(summary.scalar_pb(tag, value), step)

    def histogram(self, tag: str, values: Any, step: int, buckets: int = 30) -> None:
        """Write the distribution of the elements of an array; NaN are left out."""
        values = np.asarray(values, "float64")
        summary = _tensorboard("plugins.histogram.summary_v2")
        finite = values[np.isfinite(values)]
        self.add(summary.histogram_pb(tag, finite, buckets), step)

    def images(self, tag: str, images: Any, step: int, max_outputs: int = 3) -> None:
        """Write images.

        Args:
            tag: the name.
            images: an array (batch, height, width, channels) with values from 0 to 1,
                or uint8 values; 1, 3 or 4 channels.
            step: the step.
            max_outputs: how many of the batch are written.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8:
            images = (np.clip(images, 0, 1) * 255).round().astype(np.uint8)
        height, width = images.shape[1:3]
        encoded = [_png(image) for image in images[:max_outputs]]
        size = [b"%d" % width, b"%d" % height]
        self._tensor("image", tag, [*size, *encoded], step)

    def text(self, tag: str, value: Any, step: int) -> None:
        """Write text, in Markdown."""
        self._tensor("text", tag, value, step)

    def graph(self, config: str, step: int = 0) -> None:
        """Write a model's graph of layers, given as the JSON text of its config."""
        protos = _tensorboard("compat.proto.summary_pb2")
        plugin = _tensorboard("plugins.graph.metadata").PLUGIN_NAME_KERAS_MODEL
        data = protos.SummaryMetadata.PluginData(plugin_name=plugin, content=b"1")
        metadata = protos.SummaryMetadata(plugin_data=data)
        self._value("keras", metadata, config, step)

    def add(self, summary: Any, step: int) -> None:
        """Write a summary, one of TensorBoard's protocol buffers."""
        event = _tensorboard("compat.proto.event_pb2").Event
        self._write(event(wall_time=time.time(), step=int(step), summary=summary))

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._records is not None:
            self._records.flush()

    def close(self) -> None:
        """Close the file."""
        if self._records is not None:
            self._records.close()
            self._records = None

    def _tensor(self, plugin: str, tag: str, value: Any, step: int) -> None:
        metadata = _tensorboard(f"plugins.{plugin}.metadata").create_summary_metadata(
            display_name=None, description=None
        )
        self._value(tag, metadata, value, step)

    def _value(self, tag: str, metadata: Any, value: Any, step: int) -> None:
        summary = _tensorboard("compat.proto.summary_pb2").Summary()
        tensor = _tensorboard("util.tensor_util").make_tensor_proto(value)
        summary.value.add(tag=tag, metadata=metadata, tensor=tensor)
        self.add(summary, step)

    def _write(self, event: Any) -> None:
        if self._records is None:
            self._records = self._open()
        self._records.write(event.SerializeToString())

    def _open(self) -> Any:
        os.makedirs(self.folder, exist_ok=True)
        # The name must hold "tfevents"; two files of one second need different ones.
        name = (
            f"events.out.tfevents.{time.time():.0f}.{socket.gethostname()}."
            f"{os.getpid()}.{next(_numbers)}.v2"
        )
        writer = _tensorboard("summary.writer.record_writer").RecordWriter
        records = writer(open(os.path.join(self.folder, name), "xb"))
        event = _tensorboard("compat.proto.event_pb2").Event
        first = event(wall_time=time.time(), file_version="brain.Event:2")
        records.write(first.SerializeToString())
        return records


def _tensorboard(module: str) -> Any:
    """A module of the package `tensorboard`."""
    optional_import("tensorboard", "tensorboard", "Writing for TensorBoard")
    return importlib.import_module(f"tensorboard.{module}")


def _png(image: np.ndarray) -> bytes:
    """An image as the bytes of a PNG file."""
    pillow = optional_import("PIL.Image", "tensorboard", "TensorBoard's images")
    if image.shape[-1] == 1:
        image = image[..., 0]
    stream = io.BytesIO()
    pillow.fromarray(image).save(stream, format="PNG")
    return stream.getvalue()
