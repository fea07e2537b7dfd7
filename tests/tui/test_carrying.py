from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from npdoctor.errors import Cancelled
from npdoctor.model.plan import Strategy
from npdoctor.tui.face import Face
from npdoctor.tui.fixing import LEAVING
from npdoctor.tui.work import (
    Carried,
    Carrying,
)

from . import mended as m
from . import recorded as r
from .driving import drive, key_line, planned, reaches, screen_text


def test_a_writes_the_files_only() -> None:
    bench = m.StandInBench()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        await pilot.press("a")
        await reaches(face, pilot, Carried)
        text = screen_text(face)
        assert "✓ Fix 7 is written, 1 file." in text
        assert "Nothing is installed yet." in text
        assert bench.altered == ["write"]
        await pilot.press("escape")
        assert face.board.page == ""
        assert "· Fix 7 written " in screen_text(face).splitlines()[1]

    _, source = drive(r.FINAL, steps, bench=bench)
    assert source.examined == 0


def test_capital_a_asks_once_and_then_installs() -> None:
    bench = m.StandInBench()
    bench.gate.set()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        await pilot.press("A")
        assert not bench.altered
        assert "A again: write 1 file and change 3 distributions. Esc changes nothing." in key_line(face)
        await pilot.press("escape")
        assert face.board.page == "fix"
        assert "A write and install" in key_line(face)
        bench.gate.clear()
        await pilot.press("A", "A")
        await reaches(face, pilot, Carrying)
        while "Downloading" not in screen_text(face):
            face.look()
            await pilot.pause()
        text = screen_text(face)
        assert "Writing 1 file, changing 3 distributions" in text
        assert "✓ keeping what will be replaced" in text
        assert "▸ installing" in text
        assert "Downloading pandas (12.5MiB)" in text
        assert "00:0" in text
        assert text.splitlines()[1].endswith("changing files")
        assert "Esc stop" in key_line(face)
        bench.gate.set()
        await reaches(face, pilot, Carried)
        assert "Fix 7 worked: nothing is broken any more." in screen_text(face)
        assert "u undo" in key_line(face)

    _, source = drive(r.FINAL, steps, bench=bench)
    assert bench.altered == ["apply"]
    assert (source.halted, source.examined) == (1, 1)


def test_esc_while_installing_stops_and_what_was_done_is_put_back() -> None:
    bench = m.StandInBench()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        bench.gate.clear()
        await pilot.press("A", "A")
        await reaches(face, pilot, Carrying)
        await pilot.press("escape")
        assert face.board.page == "fix"
        assert "Stopping at the next step." in screen_text(face)
        assert "Esc" not in key_line(face)
        bench.gate.set()
        await reaches(face, pilot, Carried)
        assert "Everything was put back as it was." in " ".join(screen_text(face).split())

    drive(r.FINAL, steps, bench=bench)


@pytest.mark.parametrize(
    ("becomes", "words"),
    [
        (
            replace(m.GOOD, applied=True, left=("joblib",), entry="7"),
            "Fix 7 is installed, 1 still broken: joblib.",
        ),
        (
            replace(m.GOOD, failure="uv exited 1.\nno space left", undone=True, entry="7"),
            "Fix 7 failed: uv exited 1. Everything was put back as it was.",
        ),
        (
            replace(m.GOOD, failure="uv exited 1.\nno space left", entry="7"),
            "It was not put back: u shows what undoing does.",
        ),
        (
            replace(m.GOOD, failure="uv exited 1."),
            "Fix 7 failed: uv exited 1. It was not put back",
        ),
        (OSError("/home/maria is full"), "OSError: ~ is full"),
        (
            Cancelled("stopped"),
            "Fix 7 failed: It was stopped before its result could be examined. It was not put back",
        ),
    ],
)
def test_every_end_has_its_words(becomes: object, words: str) -> None:
    bench = m.StandInBench()
    assert isinstance(becomes, (type(m.GOOD), Exception))
    bench.becomes = becomes

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        await pilot.press("A", "A")
        await reaches(face, pilot, Carried)
        assert words in " ".join(screen_text(face).split())

    _, source = drive(r.FINAL, steps, bench=bench)
    assert source.examined == 1


def test_what_is_refused_is_not_installed() -> None:
    bench = m.StandInBench()
    bench.plans[Strategy.NEAREST] = m.REFUSED

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        await pilot.press("A", "A")
        assert "a write files" in key_line(face)
        assert "A write" not in key_line(face)
        assert "Debian manages this Python." in screen_text(face)

    drive(r.FINAL, steps, bench=bench)
    assert not bench.altered


def test_quitting_while_files_change_is_asked_once() -> None:
    bench = m.StandInBench()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        bench.gate.clear()
        await pilot.press("A", "A")
        await reaches(face, pilot, Carrying)
        await pilot.press("q")
        assert face.question == LEAVING
        assert "npdoctor fix --undo" in key_line(face)
        assert face.is_running
        await pilot.press("escape")
        assert not face.question
        assert isinstance(face.state.work, Carrying)
        assert not face.state.work.stopping
        await pilot.press("ctrl+c")
        assert face.question == LEAVING
        assert not face.interrupted
        await pilot.press("q")

    _, source = drive(r.FINAL, steps, bench=bench)
    bench.gate.set()
    assert source.cancelled


def test_the_question_is_taken_back_when_the_fix_is_done() -> None:
    bench = m.StandInBench()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        bench.gate.clear()
        await pilot.press("A", "A")
        await reaches(face, pilot, Carrying)
        await pilot.press("q")
        bench.gate.set()
        await reaches(face, pilot, Carried)
        assert not face.question

    _, source = drive(r.FINAL, steps, bench=bench)
    assert not source.cancelled
