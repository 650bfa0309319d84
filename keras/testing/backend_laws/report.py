"""What a check of many laws found, and how it is printed."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any


class Skip(Exception):
    """A law that does not apply; the message is the reason."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """What became of one law.

    Args:
        group: the part of the contract it belongs to.
        law: the law, in words.
        outcome: "holds", "fails" or "skipped".
        detail: the error, or the reason for the skip.
    """

    group: str
    law: str
    outcome: str
    detail: str = ""


class Report:
    """The findings of a check, in order.

    Printed, it has a line for each group, and a paragraph for each law that fails.
    """

    def __init__(self, subject: str, findings: Iterable[Finding]) -> None:
        self.subject = subject
        self.findings = list(findings)

    @property
    def failures(self) -> list[Finding]:
        """The laws that do not hold."""
        return [f for f in self.findings if f.outcome == "fails"]

    @property
    def skipped(self) -> list[Finding]:
        """The laws that do not apply, with their reasons."""
        return [f for f in self.findings if f.outcome == "skipped"]

    def raise_for_failures(self) -> None:
        """Raise an AssertionError with the whole report if a law does not hold."""
        if self.failures:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        groups = list(dict.fromkeys(f.group for f in self.findings))
        width = max((len(group) for group in groups), default=0)
        lines = [self.subject]
        lines += [f"  {group:{width}}  {self._summary(group)}" for group in groups]

        for finding in self.failures:
            detail = finding.detail.strip().replace("\n", "\n    ")
            lines += ["", f"{finding.group}: {finding.law}", f"    {detail}"]
        return "\n".join(lines)

    def _summary(self, group: str) -> str:
        """Such as `12 hold, 1 fails, 3 skipped (no gradients)`."""
        mine = [f for f in self.findings if f.group == group]
        count = {
            outcome: sum(f.outcome == outcome for f in mine)
            for outcome in ("holds", "fails", "skipped")
        }
        parts = [f"{count['holds']} hold"]
        if count["fails"]:
            parts.append(f"{count['fails']} FAIL")
        if count["skipped"]:
            reasons = {f.detail for f in mine if f.outcome == "skipped"}
            parts.append(f"{count['skipped']} skipped ({'; '.join(sorted(reasons))})")
        return ", ".join(parts)


class Laws:
    """Functions that say what must hold, in groups.

    A law is a function of the subject, and of a case where it is given a table. Its
    docstring's first line is the law. It returns where the law holds, and raises where
    it does not, or `Skip` where it does not apply.

    Args:
        groups: the names of the groups, in the order in which they run.
    """

    def __init__(self, *groups: str) -> None:
        self._groups: dict[str, list[tuple[Callable[..., None], Sequence[Any]]]] = {
            group: [] for group in groups
        }

    @property
    def groups(self) -> list[str]:
        """The names of the groups, in the order in which they run."""
        return list(self._groups)

    def add(self, group: str, cases: Sequence[Any] = ()) -> Callable[..., Any]:
        """A decorator that adds a law to a group, to be run on each of the cases."""

        def register(law: Callable[..., None]) -> Callable[..., None]:
            self._groups[group].append((law, cases))
            return law

        return register

    def run(self, subject: Any, groups: Iterable[str]) -> Iterable[Finding]:
        """What becomes of each law of these groups."""
        for group in groups:
            for law, cases in self._groups[group]:
                text = inspect.getdoc(law) or law.__name__
                words = text.partition("\n")[0].rstrip(".")
                if not cases:
                    yield _finding(group, words, law, subject)
                for case in cases:
                    yield _finding(group, f"{words} [{case}]", law, subject, case)


def _finding(group: str, words: str, law: Callable[..., None], *args: Any) -> Finding:
    try:
        law(*args)
    except Skip as reason:
        return Finding(group, words, "skipped", str(reason))
    except Exception as error:
        detail = str(error)
        if not isinstance(error, AssertionError):
            detail = f"{type(error).__name__}: {error}"
        return Finding(group, words, "fails", detail)
    return Finding(group, words, "holds")
