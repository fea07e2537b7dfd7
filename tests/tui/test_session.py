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
from npdoctor.tui.session import Session
from npdoctor.tui.state import State

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
