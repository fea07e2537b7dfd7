"""Gather what the audited files ask for, one entry for each distribution; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.markers import InvalidMarker, Marker

from npdoctor.audit.ranges import is_empty, merged
from npdoctor.model.audit import Ask, Source
from npdoctor.model.declaration import Declared
from npdoctor.model.requirement import marker_environment
from npdoctor.model.target import Target


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be judged, the lines that limit NumPy itself, and those whose marker does not hold.

    What a Dockerfile's own steps say of NumPy is not among them: that is judged as a step (NPD504).
    """

    asks: tuple[Ask, ...]
    numpy: tuple[Declared, ...]
    unapplied: tuple[Declared, ...]


def asked(sources: Sequence[Source], target: Target) -> Asked:
    """Return what the sources ask for, in the order of names, and the lines about NumPy itself."""
    environment = marker_environment(target)
    lines = tuple(line for source in sources for line in source.declared)
    unapplied = tuple(line for line in lines if not _applies(line, environment))
    by_name: dict[str, list[Declared]] = {}
    for line in lines:
        if line not in unapplied:
            by_name.setdefault(line.name, []).append(line)
    numpy = tuple(by_name.pop("numpy", ()))
    images = frozenset(source.path for source in sources if source.image)
    asks = tuple(_ask(name, by_name[name], images) for name in sorted(by_name))
    return Asked(asks, tuple(line for line in numpy if line.path not in images), unapplied)


def _applies(line: Declared, environment: dict[str, str]) -> bool:
    """Tell whether a line holds for the target; a marker that cannot be understood is taken to hold."""
    try:
        return not line.marker or bool(Marker(line.marker).evaluate(dict(environment)))
    except InvalidMarker:
        return True


def _ask(name: str, lines: list[Declared], images: frozenset[str]) -> Ask:
    """Join the lines of one distribution.

    A step of a Dockerfile that contradicts the files is judged as a step (NPD504), not as a limit here.
    """
    files = [line for line in lines if line.path not in images]
    specifier = merged(line.specifier for line in lines if not line.direct)
    if files and len(files) < len(lines) and specifier and is_empty(specifier):
        specifier = merged(line.specifier for line in files if not line.direct)
    return Ask(
        name,
        specifier,
        tuple(lines),
        extras=tuple(sorted({extra for line in lines for extra in line.extras})),
        direct=any(line.direct for line in lines),
        locked=any(line.locked for line in lines),
    )
