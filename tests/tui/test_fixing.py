from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot

from npdoctor.errors import Cancelled
from npdoctor.model.plan import Strategy
from npdoctor.tui.face import Face
from npdoctor.tui.fixing import order_for
from npdoctor.tui.present import rows_of
from npdoctor.tui.work import (
    NotPlanned,
    Order,
    Planned,
    Planning,
)

from . import mended as m
from . import recorded as r
from .driving import Recorded, drive, key_line, planned, reaches, screen_text


def asked_of(face: Face) -> list[tuple[str, object]]:
    source = face.source
    assert isinstance(source, Recorded)
    bench = source.repair._bench
    assert isinstance(bench, m.StandInBench)
    return bench.asked


def test_what_a_fix_is_asked_for() -> None:
    pandas, scipy, *_, joblib, flash = rows_of(r.ALL)
    assert order_for(pandas, ()) == Order()
    assert order_for(joblib, ()) == Order(subjects=("joblib",))
    assert order_for(flash, ()) is None
    assert order_for(None, ()) is None
    assert order_for(flash, (scipy, pandas)) == Order(subjects=("scipy", "pandas"))


def test_f_on_a_broken_finding_plans_for_all_of_them_and_marks_that_one() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        work = await planned(face, pilot, "j")
        assert face.board.page == "fix"
        assert asked_of(face) == [("plan", ("nearest", frozenset()))]
        assert work.possible == ((Strategy.NEAREST, True),)
        text = screen_text(face)
        assert "PREVIEW - nothing is written" in text
        assert "▸scipy" in text
        assert " ▸pandas" not in text
        assert "may not fit together" in text

    drive(r.FINAL, steps)


def test_space_marks_and_f_plans_for_what_is_marked() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j", "space", "G", "k", "space")
        lines = screen_text(face).splitlines()
        assert "✗*NPD101  scipy" in lines[3]
        assert "f fix 2 marked" in key_line(face)
        await pilot.press("space", "space", "g", "space", "space")
        await planned(face, pilot)
        assert asked_of(face) == [("plan", ("nearest", frozenset({"scipy", "joblib"})))]
        assert "Fix scipy, joblib" in screen_text(face)

    drive(r.FINAL, steps)


def test_a_consequence_is_planned_for_by_its_cause() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot, "j", "j", "j", "space")
        assert asked_of(face) == [("plan", ("nearest", frozenset({"scipy"})))]

    drive(r.FINAL, steps)


def test_a_warning_is_planned_for_alone_and_what_is_unknown_not_at_all() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("G", "f", "space")
        assert face.board.page == ""
        assert not face.board.marked
        assert "f fix" not in key_line(face)
        await planned(face, pilot, "k")
        assert asked_of(face) == [("plan", ("nearest", frozenset({"joblib"})))]

    drive(r.FINAL, steps)


def test_planning_is_shown_step_by_step_and_esc_cancels_it() -> None:
    bench = m.StandInBench()
    bench.gate.clear()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        await reaches(face, pilot, Planning)
        while "reading 3 wheels" not in screen_text(face):
            face.look()
            await pilot.pause()
        text = screen_text(face)
        assert "✓ round 1: resolving" in text
        assert "▸ round 2: reading 3 wheels on the index" in text
        assert "Esc cancel" in key_line(face)
        await pilot.press("escape")
        assert face.board.page == ""
        assert face.state.work is None
        bench.gate.set()
        await asyncio.sleep(0.05)
        face.look()
        assert face.state.work is None

    drive(r.FINAL, steps, bench=bench)


def test_s_goes_through_the_ways_and_each_is_planned_once() -> None:
    bench = m.StandInBench()
    bench.plans[Strategy.LATEST] = m.IMPOSSIBLE

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        assert "[nearest ✓]" in screen_text(face)
        for way in ("latest", "back", "nearest", "latest"):
            await pilot.press("s")
            await reaches(face, pilot, Planned)
            assert f"[{way}" in screen_text(face)
        text = screen_text(face)
        assert "No plan this way." in text
        assert "pandas>=3 needs Python 3.12." in text
        assert " nearest ✓  [latest ✗]  back ✓" in text
        assert "a write" not in key_line(face)
        assert "A write" not in key_line(face)
        await pilot.press("escape")
        await planned(face, pilot)
        assert [what for what, _ in bench.asked] == ["plan"] * 3

    drive(r.FINAL, steps, bench=bench)


def test_other_findings_make_what_was_planned_void() -> None:
    bench = m.StandInBench()

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        work = await planned(face, pilot)
        assert work.early
        assert "The examination had not ended" in screen_text(face)
        await pilot.press("escape")
        source = face.source
        assert isinstance(source, Recorded)
        source.state = r.FINAL
        work = await planned(face, pilot)
        assert not work.early
        assert len(bench.asked) == 2

    drive(r.STATIC, steps, bench=bench)


@pytest.mark.parametrize(
    ("error", "words"), [(OSError("/home/maria/x is full"), "OSError: ~/x is full"), (Cancelled("x"), "")]
)
def test_a_failure_to_plan_is_said_and_f_tries_again(error: Exception, words: str) -> None:
    bench = m.StandInBench()
    bench.plans[Strategy.NEAREST] = error

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        await reaches(face, pilot, NotPlanned if words else type(None))
        if words:
            assert words in screen_text(face)
            assert "f plan again" in key_line(face)
            bench.plans[Strategy.NEAREST] = m.GOOD
            await planned(face, pilot)

    drive(r.FINAL, steps, bench=bench)


def test_the_preview_scrolls() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await planned(face, pilot)
        full = face.board.full
        await pilot.press("J")
        assert full.top == 1
        await pilot.press("K")
        assert full.top == 0
        await pilot.press("pagedown")
        assert full.top > 5
        await pilot.press("pageup")
        assert full.top == 0
        await pilot.press("G")
        assert "Only you can do this" in screen_text(face)
        assert "npdoctor fix --undo" in screen_text(face)

    drive(r.FINAL, steps)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12), (20, 4)])
def test_what_is_shown_fits_the_terminal_and_keys_that_are_shown_work(size: tuple[int, int]) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        if size == (20, 4):
            assert face.board.page == ""
            return
        await reaches(face, pilot, Planned)
        for keys in ((), ("A",), ("A",), ("u",), ("escape",), ("5",)):
            await pilot.press(*keys)
            await asyncio.sleep(0.05)
            face.look()
            await pilot.pause()
            lines = screen_text(face).splitlines()
            assert len(lines) == size[1]
            assert all(len(line) <= size[0] for line in lines)
            assert "quit" in lines[-1] or face.question

    drive(r.FINAL, steps, size)
