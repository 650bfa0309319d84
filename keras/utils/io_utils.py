"""Messages to the user: on standard output, or in the log `"keras"`."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
from typing import TextIO

from keras.core.settings import settings

# The stream whose last line is unfinished (a progress bar), and that line's width.
_live: tuple[TextIO, int] | None = None
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def print_msg(message: str, line_break: bool = True) -> None:
    """Write a message to standard output, or to the log if that was asked for.

    A progress bar on the current line gives way: the message replaces it, and the bar
    is drawn again below at its next update.

    Args:
        message: the text. Characters which the stream cannot encode become "?".
        line_break: whether to end the line.
    """
    global _live
    if not settings.interactive_logging:
        logging.getLogger("keras").info(message)
        return
    stream = sys.stdout
    width = _live_width(stream)
    clear = "\r" + " " * width + "\r" if width else ""
    _live = None
    _write(stream, clear + message + ("\n" if line_break else ""))


def draw_line(text: str, finish: bool = False) -> None:
    """Draw `text` over the current line of standard output.

    Args:
        text: one line, which may hold colour codes.
        finish: whether to end the line; if not, the next call draws over it.
    """
    global _live
    stream = sys.stdout
    width = len(_COLOUR.sub("", text))
    padding = " " * (_live_width(stream) - width)
    _live = None if finish else (stream, width)
    _write(stream, "\r" + text + padding + ("\n" if finish else ""))


def can_redraw() -> bool:
    """Whether standard output shows a line drawn over an earlier one.

    True of terminals and notebooks; false of files, pipes and dumb terminals.
    """
    stream = sys.stdout
    if not settings.interactive_logging or stream is None:
        return False
    if type(stream).__module__.startswith("ipykernel"):
        return True
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and os.environ.get("TERM") != "dumb"


def line_width() -> int:
    """How many columns a line drawn over may have; notebooks have no limit."""
    if not sys.stdout.isatty():
        return sys.maxsize
    # A full line would take the cursor to the next.
    return shutil.get_terminal_size().columns - 1


def can_encode(text: str) -> bool:
    """Whether standard output has all the characters of `text`."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _live_width(stream: TextIO) -> int:
    # Standard output may have been replaced since the line was drawn.
    return _live[1] if _live is not None and _live[0] is stream else 0


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # a windowed Python has no standard output
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding
        stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
