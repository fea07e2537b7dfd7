"""Hold the verdict on the copy against the verdict on the environment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from npdoctor.fix.rehearsal.ownership import Room
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Severity
from npdoctor.model.mending import Mending
from npdoctor.model.outcome import Died, NoAnswer, Outcome, Raised
from npdoctor.model.plan import Change, Rehearsal
from npdoctor.model.snapshot import Snapshot


def completed(after: Snapshot, before: Snapshot, looked: Collection[str], rooms: Sequence[Room]) -> Snapshot:
    """Return the copy's snapshot with the environment's outcomes for all that was not imported again.

    Judged without them, a distribution that imports well beside a suspect binary would look worse.
    """
    known = {binary.path for binary in after.binaries}
    imports: dict[str, Outcome] = {}
    for binary in before.binaries:
        outcome = before.imports.get(binary.path)
        path = _moved(binary.path, rooms)
        if outcome is not None and path in known and binary.distribution not in looked:
            imports[path] = _with_moved_paths(outcome, rooms)
    smoke = tuple(result for result in before.smoke if result.distribution not in looked)
    return replace(after, imports={**imports, **after.imports}, smoke=(*smoke, *after.smoke))


def unmended(changes: Iterable[Change], rehearsal: Rehearsal) -> Mapping[str, str]:
    """Return by name the new versions that are broken in the copy, so that others may do better.

    NumPy is not among them: what it breaks is for its neighbours to answer.
    """
    return {
        change.name: change.new
        for change in changes
        if change.new
        and not change.is_reinstall
        and change.name != "numpy"
        and change.name in rehearsal.after
    }


def better(one: Mending | None, other: Mending) -> Mending:
    """Return the mending that leaves less broken in the copy; the first where that is equal or not known."""
    if one is None:
        return other
    if one.rehearsal is None or other.rehearsal is None:
        return one
    weights = [(len(r.after), len(r.worse)) for r in (one.rehearsal, other.rehearsal)]
    return other if weights[1] < weights[0] else one


def broken(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return the subjects that are broken, by name."""
    return tuple(sorted({f.subject for f in diagnosis.findings if f.severity is Severity.BROKEN}))


def grown_worse(before: Diagnosis, after: Diagnosis) -> tuple[str, ...]:
    """Return the subjects that are broken or at risk in a graver way, or as gravely for a further reason."""
    earlier, later = _weights(before), _weights(after)
    worse = []
    for subject, (severity, codes) in later.items():
        old, known = earlier.get(subject, (Severity.INFO, frozenset()))
        graver = severity.rank < old.rank or (severity is old and codes > known)
        if severity in (Severity.BROKEN, Severity.WARNING) and graver:
            worse.append(subject)
    return tuple(sorted(worse))


def _weights(diagnosis: Diagnosis) -> dict[str, tuple[Severity, frozenset[str]]]:
    """Return each subject's gravest severity, and the codes of that severity."""
    found: dict[str, tuple[Severity, frozenset[str]]] = {}
    for finding in diagnosis.findings:
        severity, codes = found.get(finding.subject, (finding.severity, frozenset()))
        if finding.severity.rank < severity.rank:
            severity, codes = finding.severity, frozenset()
        if finding.severity is severity:
            codes |= {finding.code}
        found[finding.subject] = (severity, codes)
    return found


def _with_moved_paths(outcome: Outcome, rooms: Sequence[Room]) -> Outcome:
    """Return an outcome as it would have been in the copy: files are named by their place there."""
    if isinstance(outcome, Raised):
        failed_in = _moved(outcome.failed_in, rooms) if outcome.failed_in else None
        links = tuple(
            replace(link, frames=tuple(_moved(frame, rooms) for frame in link.frames))
            for link in outcome.exceptions
        )
        return replace(outcome, exceptions=links, failed_in=failed_in)
    if isinstance(outcome, (Died, NoAnswer)) and outcome.loading:
        return replace(outcome, loading=_moved(outcome.loading, rooms))
    return outcome


def _moved(text: str, rooms: Sequence[Room]) -> str:
    """Replace the folder at the beginning of a path by the one that stands for it in the copy."""
    for room in rooms:
        if text.startswith(f"{room.source}/"):
            return room.destination + text[len(room.source) :]
    return text
