"""The one bridge to the workflow: examine in a thread, keep the newest state for the screen.

Nothing here imports textual: the examination starts while that is still being loaded.
"""

from __future__ import annotations

import contextlib
import glob
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from npdoctor.checkup import Listener, Request, examine
from npdoctor.errors import EXIT_INTERNAL, Cancelled, NpdoctorError
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding
from npdoctor.model.outcome import Outcome
from npdoctor.model.rules import RuleBook
from npdoctor.model.target import Choice, Target
from npdoctor.probe.control import Control
from npdoctor.report.as_json import spare_installed
from npdoctor.report.redact import Redactor
from npdoctor.tui.state import Failure, State

PATIENCE = 0.8
SCREEN_PATIENCE = 3.0

Examine = Callable[[Request, RuleBook, Listener, Control], Diagnosis]


class Session(Listener):
    """One examination in a thread of its own, and what is known of it so far."""

    live = True

    def __init__(self, redactor: Redactor, request: Request | None = None, work: Examine = examine) -> None:
        self.control = Control()
        self._screen = threading.Event()
        self._stopped = False
        self._redactor = redactor
        self._request = request
        self._work = work
        self._lock = threading.Lock()
        self._state = State()
        self._hidden: dict[Finding, Finding] = {}
        self._spared: object = None
        self._began = time.monotonic()
        self._imports_began: float | None = None
        self._thread = threading.Thread(target=self._run, name="npdoctor-examine", daemon=True)

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
        with self._lock:
            state = self._state
        if state.imported and self._imports_began and not state.ended:
            return replace(state, left=_seconds_left(*state.imported, time.monotonic() - self._imports_began))
        return state

    def pause(self, paused: bool) -> None:
        """Start no further import while paused."""
        self.control.pause(paused)
        self._note(paused=paused)

    def cancel(self) -> None:
        """Stop the examination, without waiting for it."""
        self.control.cancel()
        self._screen.set()

    def stop(self) -> None:
        """End the examination and what it started, within a second."""
        if self._stopped:
            return
        self._stopped = True
        self.control.cancel()
        self._screen.set()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            _end_children()

    # -- what the workflow says ---------------------------------------------------------------------

    def target_chosen(self, choice: Choice) -> None:
        """Keep which interpreter is examined, and why."""
        self._go_on()
        hide = self._redactor.redact
        self._note(choice=replace(choice, executable=hide(choice.executable), why=hide(choice.why)))

    def described(self, target: Target) -> None:
        """Keep what the interpreter says of itself."""
        self._note(target=self._shown(target))
        self._screen.wait(SCREEN_PATIENCE)
        self._go_on()

    def reading(self, done: int, total: int) -> None:
        """Keep how many binaries were read."""
        self._go_on()
        self._note(read=(done, total))

    def verdict(self, diagnosis: Diagnosis, final: bool) -> None:
        """Keep the verdict."""
        self._go_on()
        shown = self._redacted(diagnosis)
        if final:
            self._note(diagnosis=shown, final=True, seconds=round(time.monotonic() - self._began))
        else:
            self._note(diagnosis=shown)

    def importing(self, done: int, total: int, path: str, outcome: Outcome | None) -> None:  # noqa: ARG002
        """Keep how many extension modules were tried."""
        if self._imports_began is None:
            self._imports_began = time.monotonic()
        self._note(imported=(done, total))

    # -- inside the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            from npdoctor.probe.launch import current_folder
            from npdoctor.rulebook.load import load_rule_book

            book = load_rule_book()
            self._note(book=book)
            self._work(self._request or Request(working_folder=current_folder()), book, self, self.control)
        except Cancelled:
            return
        except NpdoctorError as error:
            self._note(failure=Failure(self._redactor.redact(str(error)), error.exit_code))
        except Exception as error:
            self._note(failure=Failure(self._redactor.redact(_own_failure(error)), EXIT_INTERNAL, own=True))

    def _go_on(self) -> None:
        """Leave the workflow where the person has quit before the imports began."""
        if self.control.cancelled:
            raise Cancelled("stopped")

    def _note(self, **changes: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)

    def _redacted(self, diagnosis: Diagnosis) -> Diagnosis:
        if self._spared != diagnosis.snapshot.distributions:
            self._spared = diagnosis.snapshot.distributions
            self._hidden.clear()
            spare_installed(diagnosis, self._redactor)
        for finding in diagnosis.findings:
            if finding not in self._hidden:
                self._hidden[finding] = self._redactor.redact_finding(finding)
        return replace(
            diagnosis,
            findings=tuple(self._hidden[finding] for finding in diagnosis.findings),
            snapshot=replace(diagnosis.snapshot, target=self._shown(diagnosis.snapshot.target)),
        )

    def _shown(self, target: Target) -> Target:
        hide = self._redactor.redact
        return replace(
            target, prefix=hide(target.prefix), executable=hide(target.executable), why=hide(target.why)
        )


def _seconds_left(done: int, total: int, spent: float) -> int | None:
    """Estimate from the pace so far, roughly enough not to change at every look."""
    if spent < 1 or not done:
        return None
    left = spent * (total - done) / done
    return max(1, round(left)) if left < 10 else round(left / 5) * 5


def _own_failure(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" at {os.path.basename(last[0].filename)}:{last[0].lineno}" if last else ""
    words = " ".join(str(error).split())[:200]
    kind = type(error).__name__
    said = f"{kind}: {words}" if words else kind
    return f"npdoctor failed (not your environment): {said}{place}. `npdoctor check` keeps a report of it."


def _end_children() -> None:
    """Kill what the examination could not clear away in time: an interpreter that does not answer."""
    for path in glob.glob("/proc/self/task/*/children"):
        with contextlib.suppress(OSError, ValueError):
            with open(path) as file:
                children = [int(pid) for pid in file.read().split()]
            for child in children:
                _kill(child)


def _kill(child: int) -> None:
    with contextlib.suppress(OSError):
        if os.getpgid(child) == child:
            os.killpg(child, signal.SIGKILL)
        else:
            os.kill(child, signal.SIGKILL)
