"""Ignoring: a reason is asked for, written to the config file, and every count goes without the finding."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from npdoctor.checkup import Listener, Request
from npdoctor.config import Config, Ignore, config_path, load_config
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.report.redact import Redactor
from npdoctor.tui.face import Face
from npdoctor.tui.session import Session
from npdoctor.tui.state import code_on_leaving

from . import recorded as r
from .driving import drive, key_line, planned, screen_text


def ignores() -> tuple[Ignore, ...]:
    return load_config(config_path(os.environ)).ignores


def test_a_reason_is_asked_for_and_written() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j", "x")
        assert "Why ignore NPD101?" in key_line(face)
        await pilot.press("enter")
        assert "A reason is needed" in key_line(face)
        assert not ignores()
        await pilot.press(*"no q", "space", "enter")
        await pilot.pause()
        assert ignores() == (Ignore("NPD101", "scipy", "no q"),)
        text = screen_text(face)
        assert "is ignored. Written to" in " ".join(text.split())
        assert "✗3 broken" in text
        last = [line for line in text.splitlines() if "ignored: no q" in line]
        assert last[0].startswith(" - NPD101  scipy 1.11.4")
        assert text.index("flash-attn") < text.index("ignored: no q")
        row = face.board.row
        assert row
        assert row.finding.subject == "opencv-python-headless"
        await pilot.press("G", "x", "space", "f")
        assert "Why ignore" not in key_line(face)
        assert face.board.page == ""
        assert not face.board.marked
        await pilot.press("escape", "enter")
        await pilot.pause()
        await pilot.press("G")
        await pilot.pause()
        assert "Ignored no q" in " ".join(screen_text(face).split())

    drive(r.FINAL, steps)


def test_escape_writes_nothing_and_typing_reaches_no_other_key() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("x", *"qfaA", "backspace", "escape")
        assert not ignores()
        assert face.is_running
        assert "Enter open" in key_line(face)
        await pilot.press("slash", *"scipy", "enter")
        assert face.filter == "scipy"

    drive(r.FINAL, steps)


def test_a_config_that_cannot_be_understood_is_left_alone() -> None:
    path = Path(config_path(os.environ))
    path.parent.mkdir(parents=True)
    path.write_text("[keys\n")

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("x", "z", "enter")
        await pilot.pause()
        assert "Not ignored:" in screen_text(face)
        assert path.read_text() == "[keys\n"

    drive(r.FINAL, steps)


def test_a_fix_of_all_leaves_out_what_is_ignored() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j", "x", "z", "enter")
        work = await planned(face, pilot, "g")
        assert work.order.subjects == ("pandas", "opencv-python-headless", "scikit-learn")

    drive(r.FINAL, steps)


def test_x_on_an_ignored_finding_takes_it_back_when_asked_twice() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j", "x", *"no q", "enter")
        await pilot.pause()
        await pilot.press("G", "x")
        assert "x again: NPD101 scipy counts again. Esc leaves it ignored." in key_line(face)
        await pilot.press("f")
        assert face.board.page == ""
        await pilot.press("escape")
        assert len(ignores()) == 1
        await pilot.press("x", "x")
        await pilot.pause()
        assert not ignores()
        text = screen_text(face)
        assert "counts again. Taken out of" in " ".join(text.split())
        assert "✗4 broken" in text
        await pilot.press("s", "s")
        assert "Enter open" in key_line(face)

    drive(r.FINAL, steps)


def test_what_is_ignored_stays_last_in_every_order() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j", "j", "x", *"no", "enter")
        await pilot.pause()
        for keys in (("s",), ("s",), ("S",), ("s",), ("S",)):
            await pilot.press(*keys)
            rows = face.board.list.rows
            assert [bool(row.reason) for row in rows] == [False] * 5 + [True]

    drive(r.FINAL, steps)


def test_the_session_reads_writes_and_redacts() -> None:
    own = replace(r.SCIPY, subject="/home/maria/lib/scipy.so")
    found = r.diagnosis(own, r.JOBLIB)

    def work(request: Request, book: Any, listener: Listener, control: Any) -> Diagnosis:
        listener.verdict(found, True)
        return found

    path = config_path(os.environ)
    config = Config(path, (Ignore("NPD201", "joblib", "maria knows why"),))
    Path(path).parent.mkdir(parents=True)
    Path(path).write_text(
        '# mine\n[[ignore]]\ncode = "NPD201"\nsubject = "joblib"\nreason = "maria knows why"\n'
    )
    session = Session(Redactor(home="/home/maria", user="maria"), work=work, config=config)
    session.start()
    end = time.monotonic() + 10
    while not session.take().final:
        assert time.monotonic() < end
        time.sleep(0.01)
    state = session.take()
    (finding,) = state.findings
    assert finding.subject == "~/lib/scipy.so"
    assert [i.reason for i in state.ignored] == ["<user> knows why"]
    assert code_on_leaving(state) == 1
    assert session.ignore(finding, "a test") == path
    state = session.take()
    assert not state.findings
    assert [i.finding.subject for i in state.ignored] == ["~/lib/scipy.so", "joblib"]
    assert code_on_leaving(state) == 0
    assert Ignore("NPD101", "/home/maria/lib/scipy.so", "a test") in ignores()
    session.count_again(finding)
    assert [f.subject for f in session.take().findings] == ["~/lib/scipy.so"]
    assert [ignore.subject for ignore in ignores()] == ["joblib"]
    assert Path(path).read_text().startswith("# mine\n")
    session.stop()
