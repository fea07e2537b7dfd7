"""Installed distributions, as their metadata records them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DirectUrl:
    """Where a distribution came from, if not from an index (PEP 610)."""

    url: str
    editable: bool
    vcs: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One row of RECORD: a path relative to the distribution's location, and the size in bytes."""

    path: str
    size: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class FileDamage:
    """A recorded file that is missing, or whose size or content differs from its record."""

    path: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed distribution; `name` is normalised as PEP 503 says.

    `effective` is false for a copy that another one, earlier on sys.path, hides.
    `files` is None where the install recorded none.
    """

    name: str
    raw_name: str
    version: str
    location: str
    metadata_path: str
    installer: str | None
    requires: tuple[str, ...]
    requires_python: str | None
    files: tuple[RecordedFile, ...] | None
    direct_url: DirectUrl | None
    effective: bool
    damage: tuple[FileDamage, ...] = ()


@dataclass(frozen=True, slots=True)
class Leftover:
    """A folder such as `~umpy-1.26.4.dist-info` that an interrupted install left behind."""

    path: str
    meant: str


@dataclass(frozen=True, slots=True)
class UnreadableMetadata:
    """A metadata folder that could not be read, and why."""

    path: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two distributions that recorded the same files; the later install overwrote the earlier one's."""

    first: str
    second: str
    location: str
    count: int
    examples: tuple[str, ...]
