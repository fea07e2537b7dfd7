"""Everything the probe saw, frozen: the one input of judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from npdoctor.model.binary import Binary, UnreadBinary
from npdoctor.model.cuda import CudaBuilds
from npdoctor.model.distribution import Distribution, Leftover, Overlap, UnreadableMetadata
from npdoctor.model.gpu import GpuFacts
from npdoctor.model.host import Host
from npdoctor.model.machine import AssumedMachine
from npdoctor.model.outcome import Outcome
from npdoctor.model.target import Target


@dataclass(frozen=True, slots=True)
class NumpyOnDisk:
    """The files of the numpy package that would be imported.

    `file_version` is what numpy/version.py says, `cores` are the C cores found (relative paths),
    `unowned` counts files in the folder that no record names.
    """

    folder: str
    file_version: str | None
    cores: tuple[str, ...]
    unowned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shadow:
    """A top-level module found at `by` before the one that `distribution` installed at `path`."""

    module: str
    distribution: str | None
    path: str | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """What became of one functional test of the rule book."""

    id: str
    distribution: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ProbeFailure:
    """A look that failed by npdoctor's own fault; the others went on."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The target as it was found.

    `imports` is keyed by the path of the extension file. `libraries_known` is false where the dynamic
    loader's search could not be followed, so that no missing library can be named. `gpus` and `cuda` are
    None where they were not looked at.
    """

    target: Target
    distributions: tuple[Distribution, ...]
    leftovers: tuple[Leftover, ...]
    unreadable: tuple[UnreadableMetadata, ...]
    binaries: tuple[Binary, ...]
    unread: tuple[UnreadBinary, ...]
    numpy: NumpyOnDisk | None
    overlaps: tuple[Overlap, ...]
    shadows: tuple[Shadow, ...]
    host: Host
    failures: tuple[ProbeFailure, ...] = ()
    imports: Mapping[str, Outcome] = field(default_factory=dict)
    smoke: tuple[SmokeResult, ...] = ()
    assumed: Mapping[str, str] = field(default_factory=dict)
    libraries_known: bool = True
    gpus: GpuFacts | None = None
    cuda: CudaBuilds | None = None
    machine: AssumedMachine | None = None

    def effective(self) -> dict[str, Distribution]:
        """Return the distributions that an import would find, by normalised name."""
        return {d.name: d for d in self.distributions if d.effective}

    def version_of(self, name: str) -> str | None:
        """Return the version of a distribution, as assumed or else as installed."""
        if name in self.assumed:
            return self.assumed[name]
        if name == "numpy" and self.numpy and self.numpy.file_version:
            return self.numpy.file_version
        found = self.effective().get(name)
        return found.version if found else None
