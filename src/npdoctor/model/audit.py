"""The audit of what files declare: each range judged against a NumPy, with what decides it."""

from __future__ import annotations

from collections.abc import Mapping
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
    """What the ranges are judged against, and why that: a NumPy and a Python, as versions.

    `meant` is true where the person or a file names this NumPy, rather than npdoctor taking the newest.
    """

    numpy: str
    numpy_why: str
    python: str
    python_why: str
    meant: bool = False


@dataclass(frozen=True, slots=True)
class VersionFact:
    """What is known of one version of a distribution under the wanted NumPy; `version` is empty for any.

    `serves` is None where it is not known. `numpy_abi` is None where nobody looked. `holds_numpy` is the
    specifier its metadata sets for NumPy, empty for none.
    """

    version: str
    serves: bool | None
    numpy_abi: NumpyAbi | None
    evidence: Evidence
    holds_numpy: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A distribution to judge: `specifier` is what all lines, or all that require it (`via`), admit together.

    `specifier` is None where a line cannot be understood. `direct` is true where a line names a URL or a
    path to take it from, `locked` where a lock file says its one version.
    """

    name: str
    specifier: str | None
    declared: tuple[Declared, ...] = ()
    via: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    direct: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the versions that an Ask admits.

    `highest` is what an install would take, `lowest` the worst of what else is admitted. `floor` is the
    first version from which on releases serve, admitted or not, `ceiling` the first that needs a later
    NumPy than the wanted one; both empty where there is none or it is not known. `held` is true where every
    admitted release keeps the wanted NumPy out by its metadata. `at_risk` tells that what does not serve
    still works in part. `note` says what could not be looked at, or what else is known.
    """

    lowest: VersionFact | None = None
    highest: VersionFact | None = None
    floor: str = ""
    ceiling: str = ""
    held: bool = False
    at_risk: bool = False
    proof: tuple[Evidence, ...] = ()
    note: str = ""


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
    with the recommended specifiers in them, `notes` what could not be read or followed. `assumed` is what
    the person assumed, `online` whether the package index was asked, `unapplied` the lines whose marker
    does not hold.
    """

    sources: tuple[Source, ...]
    basis: Basis
    judged: tuple[Judged, ...]
    findings: tuple[Finding, ...]
    transitive: str = ""
    corrections: tuple[FileEdit, ...] = ()
    notes: tuple[str, ...] = ()
    assumed: Mapping[str, str] = field(default_factory=dict)
    online: bool = False
    unapplied: tuple[Declared, ...] = ()

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return sum(f.severity is severity for f in self.findings)
