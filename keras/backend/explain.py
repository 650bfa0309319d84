"""Words for `model.engine.explain()`: how a backend runs a function it compiled."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def described(step: Callable, how: str) -> Callable:
    """Let a step that is left as it is say how it runs, for `model.engine.explain()`.

    `{code}` in the text stands for the objects whose code is not repeatable.
    """

    @functools.wraps(step)
    def run(data: Any) -> Any:
        return step(data)

    run.explain = lambda: how  # type: ignore[attr-defined]
    return run


def counted(shapes: int) -> str:
    """For how many sets of shapes something is compiled, in words; "" if for none."""
    if not shapes:
        return ""
    return " for 1 set of shapes" if shapes == 1 else f" for {shapes} sets of shapes"
