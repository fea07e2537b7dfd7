from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from npdoctor.checkup import Listener, Request
from npdoctor.errors import Cancelled, RuleBookError, TargetError
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.rules import RuleBook
from npdoctor.probe.control import Control
from npdoctor.report.redact import Redactor
from npdoctor.tui.present import closing_line
from npdoctor.tui.session import Session
from npdoctor.tui.signs import UNICODE
from npdoctor.tui.state import State
from npdoctor.tui.work import Carrying, Order, Planned

from . import mended as m
from . import recorded as r


def until(session: Session, reached: Callable[[State], bool]) -> State:
    """Wait until the session says so, at most five seconds."""
    end = time.monotonic() + 5
    while not reached(state := session.take()):
        assert time.monotonic() < end, state
        time.sleep(0.01)
    return state


def test_the_stages_arrive_and_every_text_is_redacted() -> None:
    secret = replace(
        r.SCIPY,
        message="in /home/maria/lib with hf_abcdefghijklmnopqrstuvwxyz0123456789",
        evidence=(replace(r.SCIPY.evidence[0], detail="/home/maria/x"),),
    )
    choice = replace(r.CHOICE, executable="/home/maria/venv/bin/python")
    target = replace(r.TARGET, prefix="/home/maria/venv")

    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        listener.target_chosen(choice)
        listener.described(target)
        listener.reading(3, 3)
        found = r.diagnosis(secret)
        found = replace(found, snapshot=replace(found.snapshot, target=target))
        listener.verdict(found, False)
        listener.importing(1, 1, "x", None)
        listener.verdict(found, True)
        return found

    session = Session(Redactor(home="/home/maria", user="maria"), Request(), work)
    session.start()
    state = until(session, lambda s: s.final)
    assert state.imported == (1, 1)
    assert state.read == (3, 3)
    assert state.choice is not None
    assert state.choice.executable == "~/venv/bin/python"
    assert state.target is not None
    assert state.target.prefix == "~/venv"
    shown = repr(state.findings) + repr(state.choice) + repr(state.target)
    assert "maria" not in shown
    assert "hf_abc" not in shown
    assert state.book is not None
    assert "NPD101" in state.book.codes


@pytest.mark.parametrize(
    ("error", "code", "own"),
    [
        (TargetError("No Python at /home/maria/venv/bin/python."), 3, False),
        (RuleBookError("rules.toml: code 3: title: is missing"), 4, False),
        (KeyError("hf_abcdefghijklmnopqrstuvwxyz0123456789"), 4, True),
    ],
)
def test_a_failure_is_said_in_words(error: Exception, code: int, own: bool) -> None:
    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        raise error

    session = Session(Redactor(home="/home/maria", user="maria"), Request(), work)
    session.start()
    failure = until(session, lambda s: s.ended).failure
    assert failure is not None
    assert (failure.exit_code, failure.own) == (code, own)
    assert "maria" not in failure.words
    assert "hf_abc" not in failure.words
    assert not own or "npdoctor failed (not your environment): KeyError" in failure.words


def test_leaving_stops_at_the_next_word() -> None:
    said = threading.Event()
    ended = threading.Event()

    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        try:
            while True:
                listener.reading(1, 2)
                said.set()
                time.sleep(0.01)
        except Cancelled:
            ended.set()
            raise

    session = Session(Redactor(), Request(), work)
    session.start()
    assert said.wait(5)
    session.stop()
    assert ended.is_set()
    assert session.take().failure is None


def test_leaving_ends_what_does_not_answer() -> None:
    started: list[subprocess.Popen[bytes]] = []

    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
        )
        started.append(child)
        child.wait()
        raise Cancelled("stopped")

    session = Session(Redactor(), Request(), work)
    session.start()
    until(session, lambda _: bool(started))
    began = time.monotonic()
    session.stop()
    assert time.monotonic() - began < 1
    assert started[0].wait(5) == -9


def test_reading_waits_for_the_screen_that_follows() -> None:
    read = threading.Event()

    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        listener.described(r.TARGET)
        read.set()
        listener.verdict(r.diagnosis(), True)
        return r.diagnosis()

    session = Session(Redactor(), Request(), work)
    session.start(screen_follows=True)
    until(session, lambda s: s.target is not None)
    assert not read.wait(0.1)
    session.screen_is_up()
    until(session, lambda s: s.final)


def test_pausing_reaches_the_probe() -> None:
    session = Session(Redactor(), Request())
    session.pause(True)
    assert session.control.paused
    assert session.take().paused
    session.pause(False)
    assert not session.control.paused


def test_the_bridge_does_not_load_textual() -> None:
    code = "import sys, npdoctor.tui.session, npdoctor.tui.app; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_examination_is_made_again_of_the_same_interpreter() -> None:
    asked: list[tuple[str | None, str]] = []
    found = [r.diagnosis(r.SCIPY), r.diagnosis()]

    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        asked.append((request.python, request.why))
        listener.target_chosen(r.CHOICE)
        listener.described(r.TARGET)
        listener.verdict(found[len(asked) - 1], True)
        return found[len(asked) - 1]

    session = Session(Redactor(), Request(), work, m.StandInBench(history=(m.ENTRY,)))
    session.start()
    state = until(session, lambda s: s.final)
    assert len(state.findings) == 1
    assert state.history == (m.ENTRY,)
    session.examine_again()
    until(session, lambda s: s.final and not s.findings)
    assert asked == [(None, ""), (r.CHOICE.executable, r.CHOICE.why)]
    session.stop()
    session.examine_again()
    assert len(asked) == 2


def test_a_fix_works_on_what_is_not_redacted_and_waits_for_the_examination_to_end() -> None:
    ended = threading.Event()
    broken = replace(r.SCIPY, subject="scipy", message="in /home/maria/lib")

    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        listener.target_chosen(r.CHOICE)
        listener.described(replace(r.TARGET, prefix="/home/maria/venv"))
        listener.verdict(r.diagnosis(broken), False)
        while not control.cancelled:
            time.sleep(0.01)
        ended.set()
        raise Cancelled("stopped")

    session = Session(Redactor(home="/home/maria", user="maria"), Request(), work, m.StandInBench())
    session.start()
    state = until(session, lambda s: s.diagnosis is not None)
    case = session.newest()
    assert case is not None
    assert case.diagnosis.findings == (broken,)
    assert not case.final
    assert session.prefix() == "/home/maria/venv"
    assert "maria" not in repr(state.findings)
    session.halt()
    assert ended.is_set()
    session.stop()


def test_leaving_while_a_fix_is_carried_out_stops_it() -> None:
    bench = m.StandInBench()

    def work(request: Request, book: RuleBook, listener: Listener, control: Control) -> Diagnosis:
        listener.target_chosen(r.CHOICE)
        listener.described(r.TARGET)
        listener.verdict(r.diagnosis(r.SCIPY), True)
        return r.diagnosis(r.SCIPY)

    session = Session(Redactor(), Request(), work, bench)
    session.start()
    until(session, lambda s: s.final)
    session.repair.plan(Order())
    until(session, lambda s: isinstance(s.work, Planned))
    bench.gate.clear()
    session.repair.carry_out(install=True)
    state = until(session, lambda s: isinstance(s.work, Carrying))
    assert "npdoctor fix --undo" in closing_line(state, UNICODE)
    assert session.repair.has_altered
    began = time.monotonic()
    session.stop()
    assert time.monotonic() - began < 2
    bench.gate.set()


def test_what_only_a_fix_needs_is_not_loaded_before_it() -> None:
    late = ("npdoctor.mend", "npdoctor.fix.planning", "npdoctor.tui.veil", "npdoctor.tui.listening")
    imports = "import sys, npdoctor.tui.session, npdoctor.tui.face"
    code = f"{imports}; sys.exit(any(m in sys.modules for m in {late}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
