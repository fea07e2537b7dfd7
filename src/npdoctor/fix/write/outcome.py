"""What became of writing, applying and undoing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from npdoctor.model.mending import Refusal
from npdoctor.model.plan import Conflict, Entry

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Applied:
    """The plan was carried out, and the records in the environment say so.

    `overwritten` are files that the installer replaced though they belong to nothing in the plan, and
    that undoing therefore cannot bring back.
    """

    entry: Entry
    output: str = ""
    overwritten: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The plan must not be carried out, and nothing was begun; the reasons are never empty."""

    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The plan was not carried out, or only in part; nothing was rolled back.

    `output` is the end of what the installer said. `entry` is what undo takes back, None where nothing
    was begun.
    """

    reason: str
    output: str = ""
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The person's files were edited; `entry` is None where no backup was asked for."""

    paths: tuple[str, ...]
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Undone:
    """Everything is as it was before that entry; the counts are of files in the environment.

    `lost` are files that could not be put back, because what was kept of them has gone or was altered.
    """

    entry: Entry
    files: tuple[str, ...] = ()
    restored: int = 0
    removed: int = 0
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoConflict:
    """Something was changed since; nothing was touched."""

    entry: Entry
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class NothingToUndo:
    """There is no such entry, or it was undone before."""

    reason: str


@dataclass(frozen=True, slots=True)
class UndoFailed:
    """Undoing could not be done or not be finished; running it again continues."""

    reason: str
    entry: Entry | None = None


ApplyOutcome: TypeAlias = Applied | Refused | Failed
WriteOutcome: TypeAlias = Written | Failed
UndoOutcome: TypeAlias = Undone | UndoConflict | NothingToUndo | UndoFailed


def overwritten_words(paths: tuple[str, ...]) -> str:
    """Say which files were overwritten and cannot be brought back."""
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return (
        "the install replaced files that belong to nothing in the plan, and undo cannot bring them back: "
        f"{', '.join(paths[:_SHOWN])}{more}"
    )


class Events:
    """Hears how applying and undoing go; this one says nothing."""

    def stage(self, name: str, detail: str = "") -> None:
        """Hear that a stage begins."""

    def output(self, line: str) -> None:
        """Hear a line of the installer, without credentials."""
