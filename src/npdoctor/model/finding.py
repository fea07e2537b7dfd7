"""Findings: what is wrong, how much, and by which evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(str, Enum):
    """How much a finding weighs; `unknown` means that npdoctor could not look."""

    BROKEN = "broken"
    WARNING = "warning"
    UNKNOWN = "unknown"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Return 0 for the gravest."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact a person can check. `kind` is binary, import, metadata, nvml, host, file or rule."""

    kind: str
    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Requirements that mend a finding, and how far that was verified.

    `specifier` is what a declaration should say in place of its own, such as `>=1.13.0`.
    """

    pins: tuple[str, ...]
    verified: str = "none"
    specifier: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with one subject.

    `cause` names the subject of the root finding where this one is only its consequence.
    """

    code: str
    severity: Severity
    subject: str
    version: str | None
    title: str
    message: str
    evidence: tuple[Evidence, ...]
    remedy: str = ""
    cause: str | None = None
    fix: Fix | None = None
