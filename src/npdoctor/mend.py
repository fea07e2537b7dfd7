"""The workflow of a fix: plan, rehearse, write, apply, take back. Both faces call it."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from npdoctor.checkup import Listener, Request, examine
from npdoctor.diagnose.engine import diagnose
from npdoctor.errors import Cancelled
from npdoctor.fix.engines.choose import NoEngine, choose_engine
from npdoctor.fix.engines.engine import Engine
from npdoctor.fix.engines.locked import Locked
from npdoctor.fix.files.declared import declared
from npdoctor.fix.goal import Choice
from npdoctor.fix.index_wheels import IndexWheels
from npdoctor.fix.known_good import known_good
from npdoctor.fix.limits import limits_for
from npdoctor.fix.planning import Project, make_plan
from npdoctor.fix.rehearsal.affected import affected
from npdoctor.fix.rehearsal.compare import better, broken, completed, grown_worse, unmended
from npdoctor.fix.rehearsal.rehearse import Failed as NoRehearsal
from npdoctor.fix.rehearsal.rehearse import rehearse
from npdoctor.fix.search import Rounds
from npdoctor.fix.write.apply import apply
from npdoctor.fix.write.journal import Journal
from npdoctor.fix.write.outcome import Events, Failed, Refused, Undone, UndoOutcome, overwritten_words
from npdoctor.fix.write.refusals import refusals
from npdoctor.fix.write.texts import write_files
from npdoctor.fix.write.undo import undo
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.mending import Mending
from npdoctor.model.plan import Plan, Verified
from npdoctor.model.rules import RuleBook
from npdoctor.probe.control import Control
from npdoctor.probe.index.config import read_indexes

MOST_TRIES_MORE = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person wants of a fix; `file` is where pins go, None to find it from the project."""

    choice: Choice = field(default_factory=Choice)
    engine: str = "auto"
    file: str | None = None
    rehearse: bool = True


class MendListener(Rounds, Events):
    """Hears how a fix goes; this one says nothing, a face overrides what it shows."""


class Mender:
    """One environment under repair: the verdict on it, the engine, and the person's project folder."""

    def __init__(
        self,
        diagnosis: Diagnosis,
        book: RuleBook,
        wish: Wish,
        request: Request,
        listener: MendListener | None = None,
        control: Control | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.diagnosis = diagnosis
        self.book = book
        self.wish = wish
        self.request = request
        self.listener = listener or MendListener()
        self.control = control or Control()
        self.environ = os.environ if environ is None else environ
        self._engine: Engine | None = None

    def plan(self) -> Mending:
        """Plan, and rehearse the plan unless the person wants none; nothing is changed.

        Versions that the rehearsal shows to be broken are excluded and it is planned again, three times at
        most. Raises ConfigUnreadable where a configuration of the indexes cannot be parsed, and Cancelled.
        """
        target = self.diagnosis.snapshot.target
        folder = self.request.working_folder
        indexes = read_indexes(target.executable, self.environ, folder)
        installed = self.diagnosis.snapshot.distributions
        engine = choose_engine(
            self.wish.engine, target, installed, indexes, folder, self.environ, control=self.control
        )
        plan_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        if isinstance(engine, NoEngine):
            choice = self.wish.choice
            return Mending(Plan(plan_id, choice.strategy, "none", impossible=engine.reason))
        self._engine = engine
        limits = limits_for(target, declared(folder, self.wish.file))
        return self._planned(plan_id, engine, Project(folder, self.wish.file, limits))

    def lock(self, mending: Mending) -> Locked | None:
        """Return what is installed with the plan's changes as lock files; None where there is no plan.

        What no index can give is named as missing, and so is what the index does not answer for.
        """
        if self._engine is None or mending.plan.impossible:
            return None
        pins, lacking = known_good(self.diagnosis.snapshot, mending.plan)
        locked = self._engine.lock(pins)
        return replace(locked, missing=tuple(sorted({*locked.missing, *lacking})))

    def write(self, mending: Mending) -> Mending:
        """Write the pins into the project's files, and nothing else; where they say it already, nothing."""
        if not mending.plan.edits:
            return mending
        prefix = self.diagnosis.snapshot.target.prefix
        done = write_files(mending.plan, Journal.of(self.environ), prefix, self.listener)
        if isinstance(done, Failed):
            return replace(mending, failure=done.reason, entry=done.entry.id if done.entry else None)
        return replace(mending, written=done.paths, entry=done.entry.id if done.entry else None)

    def apply(self, mending: Mending) -> Mending:
        """Write the pins and install, unless that is refused; what got worse is taken back at once."""
        assert self._engine is not None, "apply follows plan"
        snapshot = self.diagnosis.snapshot
        done = apply(
            mending.plan, snapshot, self._engine, self.listener, environ=self.environ, control=self.control
        )
        if isinstance(done, Refused):
            return replace(mending, refusals=done.refusals)
        mending = replace(mending, refusals=())
        if isinstance(done, Failed):
            failure = f"{done.reason}\n{done.output}".strip()
            return self._taken_back(replace(mending, failure=failure), done.entry.id if done.entry else None)
        if done.overwritten:
            notes = (*mending.plan.notes, overwritten_words(done.overwritten))
            mending = replace(mending, plan=replace(mending.plan, notes=notes))
        files = tuple(edit.path for edit in mending.plan.edits)
        applied = replace(mending, applied=True, written=files, entry=done.entry.id)
        self.listener.stage("examining")
        try:
            after = self._after(mending.plan)
        except Cancelled:
            return applied
        left, worse = broken(after), grown_worse(self.diagnosis, after)
        applied = replace(applied, left=left)
        new = [subject for subject in worse if subject in left and subject not in broken(self.diagnosis)]
        if not new:
            return applied
        return self._taken_back(replace(applied, failure=f"{', '.join(new)} got worse."), done.entry.id)

    def _after(self, plan: Plan) -> Diagnosis:
        """Examine again what the plan may have touched; the other imports are those of before."""
        looked = affected(plan, self.diagnosis)
        snapshot = self.diagnosis.snapshot
        seen = self._look(snapshot.target.executable, looked, "after the fix")
        return diagnose(completed(seen.snapshot, snapshot, looked, ()), self.book)

    def _taken_back(self, mending: Mending, entry: str | None) -> Mending:
        """Put everything back where something was begun."""
        if entry is None:
            return mending
        prefix = self.diagnosis.snapshot.target.prefix
        outcome = undo(entry, prefix, False, self.listener, environ=self.environ)
        if isinstance(outcome, Undone):
            return replace(mending, undone=True, applied=False, written=(), left=None, entry=entry)
        return replace(mending, entry=entry)

    def _planned(self, plan_id: str, engine: Engine, project: Project) -> Mending:
        """Plan and rehearse until nothing that was changed stays broken; return the best of the tries."""
        wheels = IndexWheels(engine.offers)
        excluded: dict[str, set[str]] = {}
        best: Mending | None = None
        for _ in range(1 + MOST_TRIES_MORE):
            plan = make_plan(
                plan_id,
                self.diagnosis,
                self.book,
                self.wish.choice,
                engine,
                wheels,
                project,
                self.listener,
                excluded,
            )
            if best and plan.impossible:
                break
            mending = self._rehearsed(plan, engine)
            best = better(best, mending)
            bad = unmended(plan.changes, mending.rehearsal) if mending.rehearsal else {}
            if not bad:
                break
            for name, version in bad.items():
                excluded.setdefault(name, set()).add(version)
        assert best is not None
        return best

    def _rehearsed(self, plan: Plan, engine: Engine) -> Mending:
        if plan.impossible or not (plan.changes or plan.remove):
            return Mending(plan)
        against = refusals(plan, self.diagnosis.snapshot, self.environ)
        if not self.wish.rehearse:
            return Mending(plan, None, against, unrehearsed="it was not asked for.")
        rehearsal = rehearse(
            plan,
            self.diagnosis,
            engine,
            lambda python, only: self._look(python, only, "rehearsal"),
            self.book,
            self.listener.stage,
            self.control,
            environ=self.environ,
        )
        if isinstance(rehearsal, NoRehearsal):
            return Mending(plan, None, against, unrehearsed=rehearsal.reason)
        mended = set(rehearsal.before) - set(rehearsal.after) - set(rehearsal.worse)
        good = tuple(
            replace(c, verified=Verified.REHEARSED)
            if c.new and (c.name in mended or c.name not in rehearsal.after)
            else c
            for c in plan.changes
        )
        return Mending(replace(plan, changes=good), rehearsal, against)

    def _look(self, python: str, only: frozenset[str], why: str) -> Diagnosis:
        request = replace(self.request, python=python, only=only, why=why)
        return examine(request, self.book, Listener(), self.control)


def take_back(
    entry: str | None, prefix: str | None, force: bool = False, listener: MendListener | None = None
) -> UndoOutcome:
    """Undo the newest fix of an environment, or the one with this id."""
    return undo(entry, prefix, force, listener or MendListener())
