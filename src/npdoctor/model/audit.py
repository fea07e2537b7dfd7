"""The audit of what files declare: each range judged against a NumPy, with what decides it."""

from __future__ import annotations

from dataclasses import dataclass, field

from npdoctor.model.binary import NumpyAbi
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.image import Image
from npdoctor.model.plan import FileEdit


@dataclass(frozen=True, slots=True)
class Source:
    """One audited file: `kind` is requirements, constraints, pyproject, lock or dockerfile.

    `requires` maps each distribution of a lock file to those it requires there. `python` is the range that
    the file sets for the interpreter (Requires-Python), empty where it sets none.
    """

    path: str
    kind: str
    declared: tuple[Declared, ...] = ()
    requires: tuple[tuple[str, tuple[str, ...]], ...] = ()
    python: str = ""
    image: Image | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """What the ranges are judged against, and why that: a NumPy and a Python, as versions."""

    numpy: str
    numpy_why: str
    python: str
    python_why: str


@dataclass(frozen=True, slots=True)
class VersionFact:
    """What is known of one version of a distribution under the wanted NumPy.

    `serves` is None where it is not known. `numpy_abi` is None where nobody looked. `holds_numpy` is the
    specifier its metadata sets for NumPy, empty for none.
    """

    version: str
    serves: bool | None
    numpy_abi: NumpyAbi | None
    evidence: Evidence
    holds_numpy: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One distribution that the files ask for, or that comes with one they ask for (`via`).

    `specifier` is what all lines together admit, `lowest` and `highest` what the ends of that range would
    do. `recommended` is the specifier that is right, None where the declared one is. `state` is broken,
    warning, unknown or ok, `statement` the verdict in a sentence.
    """

    name: str
    specifier: str
    state: str
    statement: str
    group: str = ""
    declared: tuple[Declared, ...] = ()
    via: tuple[str, ...] = ()
    lowest: VersionFact | None = None
    highest: VersionFact | None = None
    recommended: str | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def numpy_abi(self) -> NumpyAbi | None:
        """Return how the version that would be installed today is tied to NumPy, None if nobody looked."""
        return self.highest.numpy_abi if self.highest else None


@dataclass(frozen=True, slots=True)
class Audit:
    """The verdict on the audited files.

    `transitive` says how what comes along was found, and what of it was not. `corrections` are the files
    with the recommended specifiers in them, `notes` what could not be read or followed.
    """

    sources: tuple[Source, ...]
    basis: Basis
    judged: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    transitive: str = ""
    corrections: tuple[FileEdit, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return sum(f.severity is severity for f in self.findings)
