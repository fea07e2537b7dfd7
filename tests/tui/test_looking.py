"""Looking again: one distribution with more time, everything, another interpreter; and what is said of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from npdoctor.checkup import Listener, Request
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.outcome import Imported, NoAnswer, Outcome
from npdoctor.report.redact import Redactor
from npdoctor.tui.again import LONGER, came_of_it, has_imports, time_for
from npdoctor.tui.face import Face
from npdoctor.tui.session import Session
from npdoctor.tui.state import Again, State

from . import installed
from . import recorded as r
from .driving import Recorded, drive, key_line, screen_text, told

PATH = installed.binary("flash-attn", "flash_attn_2_cuda").path


def seen(outcome: Outcome) -> Diagnosis:
    """Return a verdict on an environment with one extension module, which gave this answer."""
    found = r.diagnosis(r.FLASH)
    binary = installed.binary("flash-attn", "flash_attn_2_cuda")
    snapshot = replace(found.snapshot, binaries=(binary,), imports={binary.path: outcome})
    return replace(found, snapshot=snapshot)


def test_what_was_silent_gets_a_minute_and_no_other_does() -> None:
    silent = seen(NoAnswer(20.0))
    assert time_for(silent, "flash-attn", 20.0) == LONGER
    assert time_for(silent, "flash-attn", 90.0) == 90.0
    assert time_for(silent, "scipy", 20.0) == 20.0
    assert time_for(seen(Imported(0.1)), "flash-attn", 20.0) == 20.0
    assert has_imports(silent, "flash-attn")
    assert not has_imports(silent, "host")


def test_silence_is_said_not_to_be_breakage() -> None:
    said = came_of_it(seen(NoAnswer(60.0)), "flash-attn", 60.0)
    assert said.startswith("flash-attn was tried again: 0 of 1 import work.")
    assert "No answer from 1 in 60 s. That is not the same as broken." in said
    well = came_of_it(seen(Imported(0.1)), "flash-attn", 60.0)
    assert "1 of 1 import" in well
    assert "No answer" not in well


def test_the_keys_ask_for_what_is_under_the_cursor() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        source = face.source
        assert isinstance(source, Recorded)
        await pilot.press("j", "r")
        assert source.asked == ["scipy"]
        assert face.state.is_trying
        assert "trying scipy" in screen_text(face)
        await pilot.press("r", "R")
        assert source.asked == ["scipy"]
        over = replace(source.state, again=Again("scipy", said="scipy was tried again: 4 of 4 work."))
        await told(face, pilot, over)
        assert "scipy was tried again: 4 of 4 work." in screen_text(face)
        await pilot.press("R")
        assert source.asked == ["scipy", "all"]

    drive(r.FINAL, steps)


def test_the_other_panes_ask_too() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        source = face.source
        assert isinstance(source, Recorded)
        await pilot.press("2", "j", "r")
        assert len(source.asked) == 1
        assert source.asked[0] in {d.name for d in r.diagnosis(*r.ALL).distributions}

    drive(r.FINAL, steps)


@pytest.mark.parametrize("state", [r.STARTING, r.STATIC])
def test_neither_key_works_before_the_end(state: State) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        source = face.source
        assert isinstance(source, Recorded)
        await pilot.press("r", "R")
        assert source.asked == []
        assert "re-probe" not in key_line(face)

    drive(state, steps, (200, 40))


class Examined:
    """An examination that answers at once, and remembers what it was asked for."""

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.outcomes = list(outcomes)
        self.requests: list[Request] = []

    def __call__(self, request: Request, book: object, listener: Listener, control: object) -> Diagnosis:
        self.requests.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        found = seen(outcome)
        listener.target_chosen(r.CHOICE)
        listener.importing(1, 1, PATH, outcome)
        listener.verdict(found, True)
        return found


def opened(work: Examined) -> Session:
    session = Session(Redactor(), Request(working_folder=os.sep), work=work)
    session.start()
    until(lambda: session.take().ended)
    return session


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_session_tries_one_again_with_sixty_seconds() -> None:
    work = Examined(NoAnswer(20.0), Imported(0.2))
    session = opened(work)
    session.try_again("no-such-thing")
    assert session.take().again is None
    until(lambda: not session._thread.is_alive())
    session.try_again("flash-attn")
    until(lambda: not session.take().is_trying)
    again = session.take().again
    assert again
    assert again.said == "flash-attn was tried again: 1 of 1 import work."
    asked = work.requests[1]
    assert (asked.only, asked.timeout, asked.python) == (
        frozenset({"flash-attn"}),
        60.0,
        r.CHOICE.executable,
    )
    found = session.take().diagnosis
    assert found
    assert isinstance(found.snapshot.imports[PATH], Imported)
    session.stop()


def test_a_defect_while_trying_again_keeps_the_verdict_and_is_kept_for_a_report() -> None:
    work = Examined(NoAnswer(20.0), KeyError("boom"))
    session = opened(work)
    until(lambda: not session._thread.is_alive())
    session.try_again("flash-attn")
    until(lambda: not session.take().is_trying)
    state = session.take()
    assert state.again
    assert "npdoctor failed (not your environment): KeyError" in state.again.said
    assert state.final
    assert state.diagnosis
    assert [type(error) for error in session.defects] == [KeyError]
    session.stop()


def test_everything_again_and_another_interpreter() -> None:
    work = Examined(Imported(0.1), Imported(0.1), Imported(0.1))
    session = opened(work)
    session.start_over()
    until(lambda: len(work.requests) == 2 and session.take().final)
    assert work.requests[1].python == r.CHOICE.executable
    session.start_over("/usr/bin/python3")
    until(lambda: len(work.requests) == 3 and session.take().final)
    assert work.requests[2].python == "/usr/bin/python3"
    assert work.requests[2].why == "chosen on the screen"
    session.stop()
