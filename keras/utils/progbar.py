"""The progress bar: live on a terminal, one line in a file, or silent."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras.utils import io_utils


class Progbar:
    """Shows the progress of a loop, the remaining time, and averages of its values.

    On a terminal and in a notebook the bar is drawn live; elsewhere one line is
    printed at the end. In between, values are averaged over the steps; the last
    update shows its values as they are.

    Args:
        target: number of steps, or `None` if it is not known.
        width: width of the bar in characters.
        verbose: 0 (silent), 1 or "auto" (live where possible), 2 (one line at the end).
        interval: least number of seconds between two drawings.
        stateful_metrics: names of values shown as given, not averaged.
        stateless_metrics: names of the only values to average, instead.
        unit_name: what a step is called.

    Raises:
        ValueError: if `verbose` is not one of the above, or both `stateful_metrics`
            and `stateless_metrics` are given.

    Example:
        >>> bar = keras.utils.Progbar(3, verbose=2)
        >>> for step in range(1, 4):
        ...     bar.update(step, [("loss", 1 / step)])
        3/3 - 0s - ...s/step - loss: 0.3333
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int | str = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar takes `stateful_metrics` or `stateless_metrics`, not both. "
                f"Received: stateful_metrics={stateful_metrics}, "
                f"stateless_metrics={stateless_metrics}"
            )
        if target is not None and not isinstance(target, (int, float, np.number)):
            raise TypeError(
                "Progbar: `target` should be a number of steps or None. "
                f"Received: target={target!r} (of type {type(target).__name__})"
            )

        self.target = target
        self.width = width
        self.verbose = check_verbose(verbose)
        self.interval = interval
        self.stateful_metrics = set(stateful_metrics or ())
        self.stateless_metrics = stateless_metrics
        self.unit_name = unit_name

        # verbose=2 is a line even where a bar could be drawn.
        self.live = self.verbose == 1 and io_utils.can_redraw()
        self._title = ""
        self._sums: dict[str, tuple[float, int]] = {}  # name: (weighted sum, weight)
        self._seen = 0
        self._start = self._last = time.perf_counter()
        self._first: float | None = None  # when step 1, which compiles, was done
        self._next_draw = 0.0  # when a live bar is drawn again, at the latest
        self._next_step = 1  # and after which step

    def start(self, title: str) -> None:
        """Announce the loop: a line above a live bar, the beginning of a line else."""
        if self.live:
            io_utils.print_msg(title)
        else:
            self._title = f"{title} - "

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Record progress, and redraw the bar if it is time.

        Args:
            current: number of steps done so far.
            values: pairs `(name, value)`. Averages weigh a value by the number of
                steps since the last update.
            finalize: whether this is the last update; `None` means that it is if
                `current` has reached `target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target

        weight = max(current - self._seen, 1)
        for name, value in values or ():
            # Reading the value is what waits for the device: the clock comes after.
            value = value if isinstance(value, float) else float(np.mean(value))
            if finalize or self._is_stateful(name):
                self._sums[name] = (value, 1)
            else:
                total, count = self._sums.get(name, (0.0, 0))
                self._sums[name] = (total + value * weight, count + weight)

        now = time.perf_counter()
        if current != self._seen:
            self._last = now
            if current == 1:
                self._first = now
            self._seen = current
        if self.live:
            if finalize or now >= self._next_draw or current == self.target:
                io_utils.draw_line(self._live_line(now, finalize), finalize)
                self._next_draw = now + self.interval
            self._next_step = self._predict_next_step(now)
        elif finalize and self.verbose:
            io_utils.print_msg(self._plain_line(now))

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """`update` by `n` more steps."""
        self.update(self._seen + n, values)

    def due(self, current: int) -> bool:
        """Whether it is time for `update(current, ...)`.

        Cheap, so that a loop need not wait for its values at each step.
        """
        if not self.verbose:
            return False
        if self.target is not None and current >= self.target:
            return True
        return self.live and (
            current >= self._next_step or time.perf_counter() >= self._next_draw
        )

    def steps_until_due(self, current: int) -> int:
        """How many steps may run after `current` before `due` must be asked."""
        ends = [sys.maxsize if self.target is None else self.target]
        if self.live:
            ends.append(self._next_step)
        return int(max(min(ends) - current, 1))

    def _predict_next_step(self, now: float) -> int:
        # Steps may be queued on a device, and the clock of the host says nothing
        # then. What was measured at an update, which waits, is true: run as many
        # steps as fill the interval, and never more than were measured.
        if self._seen < 2:
            return self._seen + 1
        seconds = max(self._seconds_per_unit(), 1e-9)
        steps = int((self._next_draw - now) / seconds) + 1
        return self._seen + min(steps, self._seen)

    def _is_stateful(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name not in self.stateless_metrics
        return name in self.stateful_metrics

    def _seconds_per_unit(self) -> float:
        if not self._seen:
            return 0.0
        if self._first is not None and self._seen > 1:
            return (self._last - self._first) / (self._seen - 1)
        return (self._last - self._start) / self._seen

    def _plain_line(self, now: float) -> str:
        clock = _format_clock(now - self._start)
        gap = " - " if self.verbose == 2 else " "
        return (
            f"{self._title}{self._count().strip()} - {clock}{gap}"
            f"{_format_rate(self._seconds_per_unit(), self.unit_name)}{self._values()}"
        )

    def _live_line(self, now: float, finalize: bool) -> str:
        seconds = self._seconds_per_unit()
        shown = now - self._start
        if self.target is not None and not finalize:
            shown = seconds * max(self.target - self._seen, 0)
        count = self._count()
        known = self.target is not None
        head = _paint(count, "1") if known else count
        clock = _format_clock(shown)
        rate = _format_rate(seconds, self.unit_name)
        bar, values = self._bar(), self._values()
        used = len(f"{count}  {clock} {rate}")
        # A line wider than the terminal cannot be drawn over: shorten it.
        columns = sys.maxsize if finalize else io_utils.line_width()
        if known and used + self.width + 1 + len(values) <= columns:
            head = f"{head} {bar}"
        elif used + len(values) > columns:
            values = values[: max(columns - used - 1, 0)] + "~"
        return f"{head} {_paint(clock, '1')} {rate}{values}"

    def _count(self) -> str:
        if self.target is None:
            return f"{self._seen:7d}/Unknown"
        return f"{self._seen:{len(str(self.target))}d}/{self.target}"

    def _bar(self) -> str:
        share = self._seen / self.target if self.target else 1.0
        done = int(self.width * min(share, 1.0))
        full, rest = ("━", "─") if io_utils.can_encode("━─") else ("=", ".")
        return _paint(full * done, "32") + _paint(rest * (self.width - done), "37")

    def _values(self) -> str:
        text = ""
        for name, (total, count) in self._sums.items():
            mean = total / count
            small = abs(mean) <= 1e-3
            text += f" - {name}: {mean:.4e}" if small else f" - {name}: {mean:.4f}"
        return text


def check_verbose(verbose: int | str) -> int:
    """0, 1 or 2 for a `verbose` argument, where "auto" means 1."""
    if isinstance(verbose, str) and verbose == "auto":
        return 1
    if isinstance(verbose, (int, np.integer)) and verbose in (0, 1, 2):
        return int(verbose)
    raise ValueError(
        '`verbose` should be 0 (silent), 1 (a bar), 2 (a line per epoch) or "auto". '
        f"Received: verbose={verbose!r}"
    )


def _paint(text: str, code: str) -> str:
    if not text or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def _format_clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if seconds > 3600:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    if seconds > 60:
        return f"{minutes}:{rest:02d}"
    return f"{int(seconds)}s"


def _format_rate(seconds: float, unit: str) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/{unit}"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms/{unit}"
    return f"{seconds * 1e6:.0f}us/{unit}"
