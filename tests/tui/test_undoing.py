from __future__ import annotations

import pytest
from textual.pilot import Pilot

from npdoctor.fix.write.outcome import UndoFailed
from npdoctor.tui.face import Face
from npdoctor.tui.work import (
    Carried,
    Clashed,
    NotTakenBack,
    TakenBack,
    TakingBack,
)

from . import mended as m
from . import recorded as r
from .driving import drive, key_line, planned, reaches, screen_text


def with_history() -> m.StandInBench:
    return m.StandInBench(history=(m.ENTRY, m.OLDER, m.CUT_OFF))


def test_u_shows_what_the_newest_fix_would_put_back_and_capital_a_does_it() -> None:
    bench = with_history()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("u")
        assert face.board.page == "undo"
        text = screen_text(face)
        assert "Undo fix 7" in text
        assert "PREVIEW - nothing is undone" in text
        assert "pandas  2.2.3 → 2.1.4" in text
        assert "tzdata  2025.2 → not installed" in text
        await pilot.press("enter", "a", "A", "escape")
        assert not bench.altered
        bench.gate.clear()
        await pilot.press("A")
        assert "A again: undo fix 7. Esc changes nothing." in key_line(face)
        await pilot.press("A")
        await reaches(face, pilot, TakingBack)
        assert "Esc" not in key_line(face)
        await pilot.press("escape")
        assert face.board.page == "undo"
        bench.gate.set()
        await reaches(face, pilot, TakenBack)
        text = screen_text(face)
        assert "✓ Fix 7 is undone." in text
        assert "812 files of the environment put back, 790 removed." in text
        await pilot.press("escape")
        assert "· Fix 7 undone " in screen_text(face).splitlines()[1]

    _, source = drive(r.FINAL, steps, bench=bench)
    assert bench.asked == [("undo", "7")]
    assert (source.halted, source.examined) == (1, 1)


def test_a_conflict_shows_both_states() -> None:
    bench = with_history()
    bench.undoing = m.CONFLICT

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("u", "A", "A")
        await reaches(face, pilot, Clashed)
        text = screen_text(face)
        assert "Fix 7 is not undone, nothing was touched." in text
        for words in (
            "expected  the file as npdoctor wrote it",
            "found     edited since",
            "+rich",
            "-pandas==2.1.4",
        ):
            assert words in text
        await pilot.press("G")
        assert "version 1.14.0" in screen_text(face)

    drive(r.FINAL, steps, bench=bench)


@pytest.mark.parametrize("problem", [UndoFailed("The kept files have gone."), OSError("the disk is full")])
def test_a_failed_undo_says_why(problem: UndoFailed | OSError) -> None:
    bench = with_history()
    bench.undoing = problem

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("u", "A", "A")
        await reaches(face, pilot, NotTakenBack)
        text = screen_text(face)
        assert "Fix 7 is not undone." in text
        assert "have gone" in text or "the disk is full" in text

    drive(r.FINAL, steps, bench=bench)


def test_u_after_a_fix_undoes_that_one_and_esc_leads_back_to_the_findings() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        await pilot.press("A", "A")
        await reaches(face, pilot, Carried)
        await pilot.press("u")
        assert face.board.page == "undo"
        assert "Undo fix 7" in screen_text(face)
        await pilot.press("escape")
        assert face.board.page == ""

    drive(r.FINAL, steps)


def test_nothing_to_undo_is_no_key() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert "u undo" not in key_line(face)
        await pilot.press("u")
        assert face.board.page == ""
        await pilot.press("5")
        assert "Nothing was fixed here yet." in screen_text(face)

    drive(r.FINAL, steps)


def test_the_history_has_its_pane() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j", "5")
        lines = screen_text(face).splitlines()
        assert "[5 History 3]" in lines[1]
        assert "WHEN" in lines[2]
        assert lines[3].startswith("▸ 7")
        assert lines[3].endswith("applied")
        assert lines[4].endswith("undone")
        assert lines[5].endswith("cut off")
        await pilot.press("j")
        assert "u undo" not in key_line(face)
        await pilot.press("enter")
        assert "Fix 6" in screen_text(face)
        await pilot.press("escape", "j", "u")
        assert "Undo fix 5" in screen_text(face)
        await pilot.press("escape", "1")
        row = face.board.row
        assert row is not None
        assert row.finding.subject == "scipy"
        await pilot.press("shift+tab")
        past = face.board.past
        assert past is not None
        assert past.entry.id == "5"
        await pilot.press("tab")
        assert face.board.pane.name == "findings"

    drive(r.FINAL, steps, bench=with_history())
