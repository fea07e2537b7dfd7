"""Plans: what would be changed to mend an environment, and how far that was verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from npdoctor.model.index import Wheel


class Strategy(str, Enum):
    """Which way to mend: keep NumPy's major and change little, take the newest, or hold NumPy below 2."""

    NEAREST = "nearest"
    LATEST = "latest"
    BACK = "back"


class Verified(str, Enum):
    """How far a change was verified: not at all, by the wheel's own binaries, or by a rehearsal."""

    NONE = "none"
    BINARY = "binary"
    REHEARSED = "rehearsed"


@dataclass(frozen=True, slots=True)
class Change:
    """One distribution that changes: `old` None means that it is new, `new` None that it goes.

    With `old` equal to `new` it is removed completely and installed again.
    """

    name: str
    old: str | None
    new: str | None
    why: str
    verified: Verified = Verified.NONE
    wheel: Wheel | None = None

    @property
    def is_reinstall(self) -> bool:
        """Tell whether the same version is installed again."""
        return self.old is not None and self.old == self.new


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file of the person's project before and after; None means that it does not exist."""

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What mends an environment.

    `changes` are in the order of names. `remove` are leftover paths to delete. `pins` are exact
    requirements. `commands` are those that would do by hand what applying does, or that a lock file
    needs afterwards. `steps` is what only a person can do, `unmended` which broken subjects need that.
    `subjects` is what the plan is for. `impossible` says why nothing could be planned for them, empty
    otherwise.
    """

    id: str
    strategy: Strategy
    engine: str
    subjects: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    remove: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    edits: tuple[FileEdit, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    steps: tuple[str, ...] = ()
    unmended: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    impossible: str = ""

    @property
    def rollback(self) -> tuple[str, ...]:
        """Return the exact pins of the other direction."""
        return tuple(f"{c.name}=={c.old}" for c in self.changes if c.old and c.old != c.new)

    @property
    def download(self) -> int:
        """Return the bytes of the wheels, as far as their sizes are known."""
        return sum(c.wheel.size or 0 for c in self.changes if c.wheel)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the same examination says before and after, in a copy of the environment.

    `before` and `after` are the subjects that are broken. `approximate` says why the copy is not quite
    the environment, empty where it is. `seconds` counts building the copy and installing into it.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    worse: tuple[str, ...] = ()
    approximate: str = ""
    seconds: float = 0.0


class Stage(str, Enum):
    """How far an application of a plan has come; written to the journal before each stage begins."""

    PREPARING = "preparing"
    READY = "ready"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Entry:
    """One application in the journal; `when` is in seconds since 1970."""

    id: str
    when: float
    prefix: str
    stage: Stage
    changes: tuple[Change, ...] = ()
    files: tuple[str, ...] = ()
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that was changed since, so that undoing would overwrite it; both states in words or bytes."""

    subject: str
    expected: str
    found: str
    before: bytes | None = field(default=None, repr=False)
    now: bytes | None = field(default=None, repr=False)
