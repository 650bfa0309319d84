"""`check_backend`: whether a backend keeps the laws of the contract."""

from __future__ import annotations

from collections.abc import Iterable

from keras.core import backends
from keras.core.scope import backend_scope
from keras.testing.backend_laws import LAWS
from keras.testing.backend_laws.report import Finding, Report


def check_backend(name: str, groups: Iterable[str] | None = None) -> Report:
    """Run the laws of `keras.backend.contract.Backend` on a backend.

    Whoever writes a backend is done when this passes. The laws come in the groups
    "members", "tensors", "ops", "shapes", "variables", "random", "control",
    "gradients", "steps", "devices" and "models", the order in which to write one, so
    that a backend which is half written can be checked as far as it goes.

    Ops are compared with NumPy, gradients with finite differences, portable random
    numbers with Threefry bit for bit, compiled steps with plain ones. What a backend
    says it does not have (`HAS_GRADIENTS = False`) is skipped, and the report says so.

    Args:
        name: the name of a built-in or registered backend, or of a plug-in.
        groups: the names of the groups to run; by default all.

    Returns:
        The report: `print(report)` shows a line for each group.

    Raises:
        AssertionError: laws that do not hold; the message is the report.
        ValueError: there is no such backend or group.

    Example:
        >>> print(keras.testing.check_backend("jax", ["members", "devices"]))
        The backend 'jax'
          members  2 hold
          devices  2 hold
    """
    chosen = list(LAWS.groups if groups is None else groups)
    if unknown := [group for group in chosen if group not in LAWS.groups]:
        raise ValueError(
            f"check_backend: there are no groups {unknown}; the groups are "
            f"{LAWS.groups}."
        )

    backend = backends.load(name)
    findings: list[Finding] = []
    with backend_scope(backend):
        findings += LAWS.run(backend, chosen)
    report = Report(f"The backend {name!r}", findings)
    report.raise_for_failures()
    return report
