"""Where a finding is, as a file that a program can be pointed to."""

from __future__ import annotations

import re
from dataclasses import dataclass

from npdoctor.model.finding import Finding
from npdoctor.model.snapshot import Snapshot

_DECLARED = re.compile(r"(?P<path>.+?):(?P<line>[1-9]\d*)")


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file; `line` counts from 1, 0 where there is none. `installed` is a path below the environment."""

    path: str
    line: int = 0
    installed: bool = False


def place_of(finding: Finding, snapshot: Snapshot | None, project: str = "") -> FilePlace:
    """Return the declaring file and line, else an installed file, else the environment itself.

    `project` is the file to name for what no line declares.
    """
    if finding.code.startswith("NPD5"):
        for evidence in finding.evidence:
            if evidence.kind == "file" and evidence.source:
                found = _DECLARED.fullmatch(evidence.source)
                return FilePlace(found["path"], int(found["line"])) if found else FilePlace(evidence.source)
        return FilePlace(project or ".")
    if snapshot is None:
        return FilePlace("pyvenv.cfg", installed=True)
    return FilePlace(_installed(finding, snapshot), installed=True)


def _installed(finding: Finding, snapshot: Snapshot) -> str:
    """Prefer a binary that was read, then what the install recorded."""
    prefix = snapshot.target.prefix
    distribution = snapshot.effective().get(finding.subject)
    location = distribution.location if distribution else ""
    for evidence in finding.evidence:
        if evidence.kind in ("binary", "file") and evidence.source:
            path = evidence.source if evidence.source.startswith("/") else f"{location}/{evidence.source}"
            if location or evidence.source.startswith("/"):
                return _below(path, prefix)
    if distribution and distribution.metadata_path:
        return _below(distribution.metadata_path, prefix)
    return _below(snapshot.target.executable, prefix)


def _below(path: str, prefix: str) -> str:
    return path[len(prefix) :].lstrip("/") if path.startswith(prefix.rstrip("/") + "/") else path.lstrip("/")
