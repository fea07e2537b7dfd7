"""Tell which files go when distributions are left out of a copy."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from npdoctor.model.distribution import Distribution


class CannotBuild(Exception):
    """Say why no copy of the environment can be made."""


@dataclass(frozen=True, slots=True)
class Room:
    """A folder of packages of the target (`source`, as on sys.path), and the copy's that stands for it."""

    source: str
    destination: str


def files_left_out(
    distributions: Iterable[Distribution], names: Collection[str], rooms: Sequence[Room]
) -> frozenset[str]:
    """Return the real paths of files and metadata folders that only the named distributions own.

    So do the copies that an earlier folder hides: in one folder they would stand beside what hides them.
    Raises CannotBuild where a named one has no record of its files.
    """
    sources = {room.source for room in rooms}
    present = [d for d in distributions if d.location in sources]
    going = [d for d in present if d.name in names or _is_hidden(d, present)]
    for distribution in going:
        if distribution.files is None and distribution.name in names:
            raise CannotBuild(
                f"{distribution.name} {distribution.version} has no record of its files, so nobody can "
                f"tell what to leave out ({distribution.metadata_path})."
            )
    kept = {path for d in present if d not in going for path in recorded_paths(d)}
    owned = {path for d in going for path in recorded_paths(d)}
    metadata = {_real(d.location) + d.metadata_path[len(d.location) :] for d in going}
    return frozenset((owned - kept) | metadata)


def recorded_paths(distribution: Distribution) -> Iterator[str]:
    """Yield the recorded files as absolute paths below the real location."""
    root = _real(distribution.location)
    for row in distribution.files or ():
        path = row.path
        if path.startswith("/"):
            yield path
        elif ".." in path or "./" in path or "//" in path:
            yield os.path.normpath(f"{root}/{path}")
        else:
            yield f"{root}/{path}"


def _is_hidden(distribution: Distribution, present: Sequence[Distribution]) -> bool:
    return not distribution.effective and any(
        other.name == distribution.name and other.effective and other.location != distribution.location
        for other in present
    )


def _real(folder: str) -> str:
    return os.path.realpath(folder)
