"""What the screen knows of a fix at one moment: planned, carried out, taken back; all of it is redacted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from npdoctor.model.mending import Mending
from npdoctor.model.plan import Entry, Strategy


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be planned; without subjects it is everything that is broken."""

    strategy: Strategy = Strategy.NEAREST
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A mending as it is shown; `diffs` stand for the edits of its plan, which hold the files whole."""

    mending: Mending
    diffs: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Planning:
    """A plan is being made; `heard` is what was done so far, `seconds` since it began."""

    order: Order
    heard: tuple[str, ...] = ()
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan was made or is impossible; `early` where the examination had not ended.

    `possible` says of each way that was planned whether there is a plan.
    """

    order: Order
    sheet: Sheet
    early: bool = False
    possible: tuple[tuple[Strategy, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class NotPlanned:
    """Planning failed, which says nothing of the environment."""

    order: Order
    reason: str


@dataclass(frozen=True, slots=True)
class Carrying:
    """A plan is being written, or installed too; `line` is the installer's last word."""

    order: Order
    sheet: Sheet
    install: bool
    heard: tuple[str, ...] = ()
    line: str = ""
    seconds: int = 0
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of carrying a plan out."""

    order: Order
    sheet: Sheet
    install: bool


@dataclass(frozen=True, slots=True)
class TakingBack:
    """A fix is being undone."""

    entry: Entry
    heard: tuple[str, ...] = ()
    line: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A fix is undone; the counts are of files in the environment, `lost` could not be put back."""

    entry: Entry
    files: tuple[str, ...] = ()
    restored: int = 0
    removed: int = 0
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """Something that was changed since the fix; `diff` leads from before the fix to what is there."""

    subject: str
    expected: str
    found: str
    diff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clashed:
    """A fix is not undone and nothing was touched: undoing would overwrite what was changed since."""

    entry: Entry
    clashes: tuple[Clash, ...]


@dataclass(frozen=True, slots=True)
class NotTakenBack:
    """A fix is not undone, or not wholly, and why."""

    entry: Entry
    reason: str


Undoing: TypeAlias = TakenBack | Clashed | NotTakenBack
Work: TypeAlias = Planning | Planned | NotPlanned | Carrying | Carried | TakingBack | Undoing
Running = (Planning, Carrying, TakingBack)
