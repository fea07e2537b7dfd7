"""The verdict on one snapshot."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.model.binary import NumpyAbi
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class DistributionState:
    """One distribution as the report lists it; `state` is broken, warning, unknown or ok."""

    name: str
    version: str
    location: str
    numpy_abi: NumpyAbi
    numpy_min: str | None
    extensions: int
    imported: int
    state: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Findings in order of weight, and the state of every distribution."""

    snapshot: Snapshot
    findings: tuple[Finding, ...]
    distributions: tuple[DistributionState, ...]

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return sum(f.severity is severity for f in self.findings)

    @property
    def extensions(self) -> int:
        """Count the extension modules that were to be imported."""
        return sum(d.extensions for d in self.distributions)
