"""Where fixes are made: the workflow, loaded only in the thread that needs it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from npdoctor.checkup import Listener, Request
from npdoctor.fix.write.outcome import UndoOutcome
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.mending import Mending
from npdoctor.model.plan import Entry, Strategy
from npdoctor.model.rules import RuleBook
from npdoctor.probe.control import Control

Examine = Callable[[Request, RuleBook, Listener, Control], Diagnosis]


@dataclass(frozen=True, slots=True)
class Case:
    """The newest verdict as it is, not redacted; `final` where the examination has ended."""

    diagnosis: Diagnosis
    book: RuleBook
    request: Request
    final: bool


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears how a fix goes: of its rounds and stages, and of the installer's lines."""

    step: Callable[[str], None]
    line: Callable[[str], None]


class Fixer(Protocol):
    """Plans for one case and one strategy, and carries out what it planned."""

    def plan(self) -> Mending:
        """Plan and rehearse; nothing is changed."""

    def write(self, mending: Mending) -> Mending:
        """Write the project's files."""

    def apply(self, mending: Mending) -> Mending:
        """Write and install."""


class Bench(Protocol):
    """Makes fixes, takes them back, and knows which were made."""

    def fixer(
        self, case: Case, strategy: Strategy, only: frozenset[str], ears: Ears, control: Control
    ) -> Fixer:
        """Return who plans for these subjects, or for all that is broken."""

    def take_back(self, entry_id: str, prefix: str, ears: Ears) -> UndoOutcome:
        """Undo one fix."""

    def entries(self, prefix: str) -> tuple[Entry, ...]:
        """Return the fixes of an environment, newest first."""


class WorkflowBench:
    """The workflow itself."""

    def fixer(
        self, case: Case, strategy: Strategy, only: frozenset[str], ears: Ears, control: Control
    ) -> Fixer:
        """Return the Mender for this case."""
        from npdoctor.fix.goal import Choice
        from npdoctor.mend import Mender, Wish
        from npdoctor.tui.listening import Listening

        wish = Wish(Choice(strategy, only))
        return Mender(case.diagnosis, case.book, wish, case.request, Listening(ears), control)

    def take_back(self, entry_id: str, prefix: str, ears: Ears) -> UndoOutcome:
        """Undo one fix, and touch nothing where something was changed since."""
        from npdoctor.mend import take_back
        from npdoctor.tui.listening import Listening

        return take_back(entry_id, prefix, listener=Listening(ears))

    def entries(self, prefix: str) -> tuple[Entry, ...]:
        """Read the journal."""
        from npdoctor.fix.write.journal import entries

        return entries(prefix, os.environ)
