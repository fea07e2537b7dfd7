"""Plan, carry out and undo in threads, and keep the newest state of it for the screen.

Nothing is written but by `carry_out` and `take_back`. What only a fix needs is imported when there is one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from npdoctor.errors import Cancelled, NpdoctorError
from npdoctor.model.finding import Finding
from npdoctor.model.mending import Mending
from npdoctor.model.plan import Entry, Strategy
from npdoctor.probe.control import Control
from npdoctor.report.redact import Redactor
from npdoctor.tui.bench import Bench, Case, Ears, Fixer, WorkflowBench
from npdoctor.tui.failing import own_failure
from npdoctor.tui.work import (
    Carried,
    Carrying,
    NotPlanned,
    NotTakenBack,
    Order,
    Planned,
    Planning,
    Running,
    Sheet,
    TakingBack,
    Work,
)

MOST_HEARD = 8


class Patient(Protocol):
    """The examination that a fix works on."""

    def newest(self) -> Case | None:
        """Return the newest verdict, None before there is one."""

    def prefix(self) -> str | None:
        """Return the folder of the environment, None before it is known."""

    def halt(self) -> None:
        """End the examination: what it imports is about to change."""

    def examine_again(self) -> None:
        """Examine anew."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """What goes on; only the present job is heard. Carrying out goes on as the job that planned."""

    control: Control = field(default_factory=Control)


@dataclass(frozen=True, slots=True)
class _Made:
    job: _Job
    fixer: Fixer
    mending: Mending
    sheet: Sheet
    early: bool


class Repair:
    """One job at a time: a plan, its application, or an undo.

    `has_altered` tells whether anything was begun that changes files, `defects` are failures of npdoctor.
    """

    def __init__(self, patient: Patient, redactor: Redactor, bench: Bench | None = None) -> None:
        self._patient = patient
        self._redactor = redactor
        self._bench = bench or WorkflowBench()
        self._lock = threading.Lock()
        self._work: Work | None = None
        self._history: tuple[Entry, ...] | None = None
        self._findings: tuple[Finding, ...] = ()
        self._made: dict[Order, _Made] = {}
        self._job = _Job()
        self.has_altered = False
        self.defects: list[Exception] = []
        self._began = 0.0
        self._thread: threading.Thread | None = None

    def take(self) -> tuple[Work | None, tuple[Entry, ...] | None]:
        """Return what goes on or came of it last, and the fixes made so far, newest first."""
        with self._lock:
            work, history = self._work, self._history
        if isinstance(work, Running):
            work = replace(work, seconds=int(time.monotonic() - self._began))
        return work, history

    @property
    def altering(self) -> bool:
        """Tell whether something is being written or undone."""
        return isinstance(self._work, (Carrying, TakingBack))

    def plan(self, order: Order) -> None:
        """Plan, or show again what was planned for the same findings."""
        case = self._patient.newest()
        if case is None or self.altering:
            return
        self.clear()
        if case.diagnosis.findings != self._findings:
            self._findings = case.diagnosis.findings
            self._made.clear()
        made = self._made.get(order)
        if made:
            self._begin(made.job, self._planned(order, made))
            return
        job = self._begin(_Job(), Planning(order))
        self._run(lambda: self._plan(order, case, job))

    def carry_out(self, install: bool) -> None:
        """Write the files of the plan that is shown, and install it where asked to."""
        work = self._work
        made = self._made.get(work.order) if isinstance(work, Planned) else None
        if isinstance(work, Planned) and made:
            order, kept = work.order, made
            self.has_altered = True
            self._begin(made.job, Carrying(order, work.sheet, install))
            self._run(lambda: self._carry_out(order, kept, install))

    def take_back(self, entry: Entry) -> None:
        """Undo a fix."""
        prefix = self._patient.prefix()
        if prefix is not None and not self.altering:
            self.has_altered = True
            job = self._begin(_Job(), TakingBack(entry))
            self._run(lambda: self._take_back(entry, prefix, job))

    def clear(self) -> None:
        """Forget what is shown, and stop planning; what is being written goes on."""
        if self.altering:
            return
        if isinstance(self._work, Planning):
            self._job.control.cancel()
        self._begin(_Job(), None)

    def stop_carrying(self) -> None:
        """Ask an application to stop and put back what it did."""
        with self._lock:
            if isinstance(self._work, Carrying):
                self._job.control.cancel()
                self._work = replace(self._work, stopping=True)

    def read_history(self) -> None:
        """Read which fixes were made; what cannot be read leaves the history as it was."""
        prefix = self._patient.prefix()
        if prefix is None:
            return
        try:
            found = self._bench.entries(prefix)
        except (OSError, NpdoctorError):
            return
        from npdoctor.tui.veil import shown_entry

        shown = tuple(shown_entry(entry, self._redactor) for entry in found)
        with self._lock:
            self._history = shown

    def stop(self, patience: float) -> bool:
        """Cancel what runs and wait this many seconds; tell whether it has ended."""
        self._job.control.cancel()
        thread = self._thread
        if thread is not None:
            thread.join(patience)
        return thread is None or not thread.is_alive()

    # -- inside the thread --------------------------------------------------------------------------

    def _plan(self, order: Order, case: Case, job: _Job) -> None:
        try:
            only = self._subjects(order, case)
            fixer = self._bench.fixer(case, order.strategy, only, self._ears(job), job.control)
            mending = fixer.plan()
            made = _Made(job, fixer, mending, self._sheet(mending), not case.final)
        except Cancelled:
            self._end(job, None)
        except Exception as error:
            self._end(job, NotPlanned(order, self._reason(error)))
        else:
            if job is self._job:
                self._made[order] = made
                self._end(job, self._planned(order, made))

    def _carry_out(self, order: Order, made: _Made, install: bool) -> None:
        mending = made.mending
        known = {entry.id for entry in self._history or ()}
        try:
            if install:
                self._patient.halt()
            mending = made.fixer.apply(mending) if install else made.fixer.write(mending)
        except Cancelled:
            mending = replace(mending, failure="It was stopped before its result could be examined.")
        except Exception as error:
            mending = replace(mending, failure=self._reason(error))
        self._made.clear()
        self.read_history()
        if mending.failure and mending.entry is None:
            new = next((entry.id for entry in self._history or () if entry.id not in known), None)
            mending = replace(mending, entry=new)
        self._end(made.job, Carried(order, self._sheet(mending), install))
        if install:
            self._patient.examine_again()

    def _take_back(self, entry: Entry, prefix: str, job: _Job) -> None:
        try:
            from npdoctor.tui.veil import end_of

            self._patient.halt()
            outcome = self._bench.take_back(entry.id, prefix, self._ears(job))
            end: Work = end_of(entry, outcome, self._redactor)
        except Exception as error:
            end = NotTakenBack(entry, self._reason(error))
        self._made.clear()
        self.read_history()
        self._end(job, end)
        self._patient.examine_again()

    def _sheet(self, mending: Mending) -> Sheet:
        from npdoctor.tui.veil import sheet_of

        return sheet_of(mending, self._redactor)

    def _subjects(self, order: Order, case: Case) -> frozenset[str]:
        """Return the subjects as they are called; a consequence stands for its cause."""
        hide = self._redactor.redact
        findings = case.diagnosis.findings
        return frozenset(f.cause or f.subject for f in findings if hide(f.subject) in order.subjects)

    def _reason(self, error: Exception) -> str:
        words = " ".join(str(error).split())[:400]
        if not isinstance(error, NpdoctorError):
            self.defects.append(error)
            words = own_failure(error)
        return self._redactor.redact(words)

    # -- the state ----------------------------------------------------------------------------------

    def _begin(self, job: _Job, work: Work | None) -> _Job:
        with self._lock:
            self._job, self._work, self._began = job, work, time.monotonic()
        return job

    def _end(self, job: _Job, work: Work | None) -> None:
        with self._lock:
            if job is self._job:
                self._work = work

    def _run(self, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=work, name="npdoctor-fix", daemon=True)
        self._thread.start()

    def _planned(self, order: Order, made: _Made) -> Planned:
        possible = tuple(
            (strategy, not one.mending.plan.impossible)
            for strategy in Strategy
            if (one := self._made.get(replace(order, strategy=strategy)))
        )
        return Planned(order, made.sheet, made.early, possible)

    def _ears(self, job: _Job) -> Ears:
        """Return ears that are deaf while another job goes on."""
        return Ears(lambda words: self._hear(job, words), lambda words: self._hear_line(job, words))

    def _hear(self, job: _Job, words: str) -> None:
        with self._lock:
            if job is self._job and isinstance(self._work, Running):
                heard = (*self._work.heard, self._redactor.redact(words))[-MOST_HEARD:]
                self._work = replace(self._work, heard=heard)

    def _hear_line(self, job: _Job, words: str) -> None:
        with self._lock:
            if job is self._job and isinstance(self._work, (Carrying, TakingBack)):
                self._work = replace(self._work, line=self._redactor.redact(words))
