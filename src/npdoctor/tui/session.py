"""The one bridge to the workflow: examine in a thread, keep the newest state for the screen.

Nothing here imports textual: the examination starts while that is still being loaded.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from npdoctor.checkup import Listener, Request, examine
from npdoctor.config import Config, Ignore, add_ignore, load_config, remove_ignore
from npdoctor.errors import EXIT_INTERNAL, Cancelled, NpdoctorError
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding
from npdoctor.model.outcome import Outcome
from npdoctor.model.target import Choice, Target
from npdoctor.probe.control import Control
from npdoctor.report.ignored import Ignored, without_ignored
from npdoctor.report.redact import Redactor
from npdoctor.tui.again import Trying, came_of_it, has_imports, time_for, tried_again
from npdoctor.tui.bench import Bench, Case, Examine
from npdoctor.tui.children import end_children
from npdoctor.tui.failing import own_failure
from npdoctor.tui.gpu.watching import GpuWatch
from npdoctor.tui.lens import Lenses
from npdoctor.tui.repair import Repair
from npdoctor.tui.shown import Shown
from npdoctor.tui.state import Again, Failure, State

PATIENCE = 0.8
HALT_PATIENCE = 5.0
SCREEN_PATIENCE = 3.0


class Session(Listener):
    """One examination in a thread of its own, what is known of it so far, and the fixes it leads to.

    `defects` are the failures of npdoctor itself that were met on the way.
    """

    live = True

    def __init__(
        self,
        redactor: Redactor,
        request: Request | None = None,
        work: Examine = examine,
        bench: Bench | None = None,
        config: Config | None = None,
    ) -> None:
        self.repair = Repair(self, redactor, bench)
        self.control = Control()
        self.defects: list[Exception] = []
        self._gpus = GpuWatch(redactor.redact)
        self._screen = threading.Event()
        self._stopped = False
        self._redactor = redactor
        self._request = request
        self._work = work
        self._lock = threading.Lock()
        self._state = State()
        self._case: Case | None = None
        self._chosen: Choice | None = None
        self._prefix: str | None = None
        self._shown = Shown(redactor)
        self._config = config or Config("")
        self._judging = threading.Lock()
        self._lenses = Lenses(lambda seen: self._seen(seen)[0], self._defect)
        self._starting_over = threading.Lock()
        self._began = time.monotonic()
        self._imports_began: float | None = None
        self._thread = self._make_thread()

    def start(self, screen_follows: bool = False) -> None:
        """Begin to examine; what would only delay a screen that follows waits until that is up."""
        if not screen_follows:
            self._screen.set()
        self._thread.start()

    def screen_is_up(self) -> None:
        """Go on with what was waiting for the screen."""
        self._screen.set()

    def take(self) -> State:
        """Return the newest state."""
        work, history = self.repair.take()
        with self._lock:
            state = self._gpus.over(self._lenses.over(replace(self._state, work=work, history=history)))
        if state.imported and self._imports_began and not state.ended:
            return replace(state, left=_seconds_left(*state.imported, time.monotonic() - self._imports_began))
        return state

    def turn_lens(self) -> None:
        """Show the environment as if the other NumPy were installed, or again as it is."""
        self._lenses.turn(self._case)

    def watch_gpus(self, every: float | None, news: Callable[[], None]) -> None:
        """Sample the GPUs every so many seconds, None for not at all; `news` is called in another thread."""
        self._gpus.pace(None if self._stopped else every, news)

    def pause(self, paused: bool) -> None:
        """Start no further import while paused."""
        self.control.pause(paused)
        self._note(paused=paused)

    def cancel(self) -> None:
        """Stop the examination, without waiting for it."""
        self.control.cancel()
        self.repair.clear()
        self._screen.set()

    def stop(self) -> None:
        """End the examination, a fix and what they started, within two seconds."""
        if self._stopped:
            return
        self._stopped = True
        self._lenses.put_away()  # the last word is of what is there
        self.control.cancel()
        self._screen.set()
        self._gpus.stop()
        fixed = self.repair.stop(PATIENCE)
        self._thread.join(PATIENCE)
        if self._thread.is_alive() or not fixed:
            end_children()

    # -- what is ignored ----------------------------------------------------------------------------

    @property
    def ignores(self) -> tuple[Ignore, ...]:
        """Return what the person has chosen to ignore."""
        return self._config.ignores

    def ignore(self, finding: Finding, reason: str) -> str:
        """Write a finding to the config file, under its own subject; return the path."""
        with self._judging:
            own = self._as_it_is(finding)
            add_ignore(self._config.path, Ignore(own.code, own.subject, reason))
            return self._read_ignores()

    def count_again(self, finding: Finding) -> str:
        """Take a finding out of the config file, under its own subject; return the path."""
        with self._judging:
            own = self._as_it_is(finding)
            remove_ignore(self._config.path, own.code, own.subject)
            return self._read_ignores()

    def _as_it_is(self, finding: Finding) -> Finding:
        """Return a finding of the state as the examination made it, not redacted."""
        found = self._case.diagnosis if self._case else None
        pairs = zip(found.findings, self._shown.diagnosis(found).findings, strict=True) if found else ()
        return next((own for own, shown in pairs if shown == finding), finding)

    def _read_ignores(self) -> str:
        self._config = load_config(self._config.path)
        if self._case:
            self._note_verdict(self._case.diagnosis)
        return self._config.path

    # -- looking again ------------------------------------------------------------------------------

    def try_again(self, name: str) -> None:
        """Import one distribution again; one that gave no answer gets more time."""
        case = self._case
        if self._stopped or case is None or not case.final or self._thread.is_alive():
            return
        if self.repair.altering or not has_imports(case.diagnosis, name):
            return
        self.control = Control()
        self._note(again=Again(name))
        self._thread = self._make_thread(lambda: self._try_again(case, name))
        self._thread.start()

    def start_over(self, python: str = "") -> None:
        """Examine everything anew, or another interpreter where one is named; nobody waits for it."""
        if not self.repair.altering:
            self.repair.clear()
            self._make_thread(lambda: self._start_over(python)).start()

    def _try_again(self, case: Case, name: str) -> None:
        try:
            request = replace(self._examined(), timeout=time_for(case.diagnosis, name, case.request.timeout))
            listener = Trying(lambda done, total: self._note(again=Again(name, (done, total))))
            found = tried_again(case, request, name, self._work, listener, self.control)
            with self._judging:
                self._case = replace(case, diagnosis=found)
                said = came_of_it(found, name, request.timeout)
                self._note_verdict(found, again=Again(name, said=said))
        except Cancelled:
            self._note(again=None)
        except NpdoctorError as error:
            words = f"{name} could not be tried again: {error}"
            self._note(again=Again(name, said=self._redactor.redact(words)))
        except Exception as error:
            self._note(again=Again(name, said=self._defect(error)))

    def _start_over(self, python: str) -> None:
        with self._starting_over:
            self.halt()
            if python and self._request:
                self._request = replace(self._request, python=python, why="chosen on the screen")
                self._chosen = None
            self.examine_again()

    def _examined(self) -> Request:
        """Return what was asked for, with the interpreter that this led to."""
        request = self._request or Request()
        if self._chosen is None:
            return request
        return replace(request, python=self._chosen.executable, why=self._chosen.why)

    # -- what a fix asks for ------------------------------------------------------------------------

    def newest(self) -> Case | None:
        """Return the newest verdict as it is, not redacted."""
        return self._case

    def prefix(self) -> str | None:
        """Return the folder of the environment."""
        return self._prefix

    def halt(self) -> None:
        """End the examination and wait for its end: what it imports is about to change."""
        self.control.cancel()
        self._thread.join(HALT_PATIENCE)
        if self._thread.is_alive():
            end_children()
            self._thread.join(PATIENCE)

    def examine_again(self) -> None:
        """Examine the same interpreter anew."""
        if self._stopped:
            return
        if self._request:
            self._request = self._examined()
        self.control = Control()
        self._lenses.put_away()
        self._case = None
        self._imports_began = None
        self._began = time.monotonic()
        with self._lock:
            self._state = State(book=self._state.book)
        self._thread = self._make_thread()
        self._thread.start()
        if self._stopped:
            self.control.cancel()

    # -- what the workflow says ---------------------------------------------------------------------

    def target_chosen(self, choice: Choice) -> None:
        """Keep which interpreter is examined, and why."""
        self._go_on()
        self._chosen = choice
        hide = self._redactor.redact
        self._note(choice=replace(choice, executable=hide(choice.executable), why=hide(choice.why)))

    def described(self, target: Target) -> None:
        """Keep what the interpreter says of itself, and which fixes it has had."""
        self._prefix = target.prefix
        self._note(target=self._shown.target(target), locked=self._redactor.redact(_locked(target)))
        self._screen.wait(SCREEN_PATIENCE)
        self._go_on()
        self.repair.read_history()

    def reading(self, done: int, total: int) -> None:
        """Keep how many binaries were read."""
        self._go_on()
        self._note(read=(done, total))

    def verdict(self, diagnosis: Diagnosis, final: bool) -> None:
        """Keep the verdict."""
        self._go_on()
        with self._judging:
            if self._state.book and self._request:
                self._case = Case(diagnosis, self._state.book, self._request, final)
            if final:
                self._note_verdict(diagnosis, final=True, seconds=round(time.monotonic() - self._began))
            else:
                self._note_verdict(diagnosis)

    def importing(self, done: int, total: int, path: str, outcome: Outcome | None) -> None:  # noqa: ARG002
        """Keep how many extension modules were tried."""
        if self._imports_began is None:
            self._imports_began = time.monotonic()
        self._note(imported=(done, total))

    # -- inside the thread --------------------------------------------------------------------------

    def _make_thread(self, work: Callable[[], None] | None = None) -> threading.Thread:
        return threading.Thread(target=work or self._run, name="npdoctor-examine", daemon=True)

    def _defect(self, error: Exception) -> str:
        """Keep a failure of npdoctor itself, and return what is said of it."""
        self.defects.append(error)
        return self._redactor.redact(own_failure(error))

    def _run(self) -> None:
        try:
            from npdoctor.probe.launch import current_folder
            from npdoctor.rulebook.load import load_rule_book

            book = load_rule_book()
            self._note(book=book)
            self._request = self._request or Request(working_folder=current_folder())
            self._work(self._request, book, self, self.control)
        except Cancelled:
            return
        except NpdoctorError as error:
            self._note(failure=Failure(self._redactor.redact(str(error)), error.exit_code))
        except Exception as error:
            self._note(failure=Failure(self._defect(error), EXIT_INTERNAL, own=True))

    def _go_on(self) -> None:
        """Leave the workflow where the person has quit before the imports began."""
        if self.control.cancelled:
            raise Cancelled("stopped")

    def _note_verdict(self, diagnosis: Diagnosis, **changes: Any) -> None:
        shown, ignored = self._seen(diagnosis)
        self._note(diagnosis=shown, ignored=ignored, **changes)

    def _seen(self, diagnosis: Diagnosis) -> tuple[Diagnosis, tuple[Ignored, ...]]:
        """Return the verdict without what is ignored, and that, both redacted."""
        kept, ignored = without_ignored(diagnosis, self._config.ignores)
        shown = self._shown.diagnosis(kept)
        if not ignored:
            return shown, ()
        findings = self._shown.diagnosis(
            replace(diagnosis, findings=tuple(i.finding for i in ignored))
        ).findings
        reasons = (self._redactor.redact(i.reason) for i in ignored)
        return shown, tuple(map(Ignored, findings, reasons))

    def _note(self, **changes: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)


def _seconds_left(done: int, total: int, spent: float) -> int | None:
    """Estimate from the pace so far, roughly enough not to change at every look."""
    if spent < 1 or not done:
        return None
    left = spent * (total - done) / done
    return max(1, round(left)) if left < 10 else round(left / 5) * 5


def _locked(target: Target) -> str:
    """Return a folder of packages that cannot be written to; empty where all can, or are not there."""
    folders = (folder for folder in target.site_packages if os.path.isdir(folder))
    return next((folder for folder in folders if not os.access(folder, os.W_OK | os.X_OK)), "")
