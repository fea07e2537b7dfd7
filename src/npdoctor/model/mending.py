"""What became of a fix: planned, rehearsed, written, applied, taken back."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.model.plan import Plan, Rehearsal


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plan is not applied, and what to do about it; each one sentence or two."""

    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Mending:
    """A plan and how far it has come.

    `left` names the subjects that stay broken, None where that was not examined. `written` are the files
    that were written. `failure` says what went wrong while applying, `undone` whether it was taken back.
    """

    plan: Plan
    rehearsal: Rehearsal | None = None
    refusals: tuple[Refusal, ...] = ()
    written: tuple[str, ...] = ()
    applied: bool = False
    entry: str | None = None
    left: tuple[str, ...] | None = None
    failure: str = ""
    undone: bool = False
    unrehearsed: str = ""
