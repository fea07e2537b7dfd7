from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from npdoctor.tui.face import Face
from npdoctor.tui.keys import KEYS
from npdoctor.tui.state import Failure, State

from . import recorded as r
from .driving import drive, key_line, screen_text, told


def selected(face: Face) -> str:
    row = face.board.row
    assert row is not None
    return row.finding.subject


@pytest.mark.parametrize(
    ("keys", "subject"),
    [
        ((), "pandas"),
        (("j",), "scipy"),
        (("down", "down"), "opencv-python-headless"),
        (("j", "j", "k"), "scipy"),
        (("j", "up"), "pandas"),
        (("G",), "flash-attn"),
        (("end",), "flash-attn"),
        (("G", "g"), "pandas"),
        (("G", "home"), "pandas"),
        (("pagedown",), "flash-attn"),
        (("G", "pageup"), "pandas"),
        (("ctrl+d",), "joblib"),
        (("G", "ctrl+u"), "scipy"),
        (("k",), "pandas"),
        (("G", "j"), "flash-attn"),
    ],
)
def test_keys_move_the_cursor_and_the_detail_follows(keys: tuple[str, ...], subject: str) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        assert selected(face) == subject
        text = screen_text(face)
        finding = next(f for f in r.ALL if f.subject == subject)
        assert f"{finding.code}  {subject} {finding.version}" in text.split("───")[-1]

    drive(r.FINAL, steps)


def test_enter_opens_the_finding_and_esc_comes_back() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j", "enter")
        assert face.board.page == "detail"
        text = screen_text(face)
        assert "▸" not in text
        assert "ImportError: numpy.core.multiarray failed to import" in text
        assert "Esc back" in key_line(face)
        await pilot.press("escape")
        assert face.board.page == ""
        assert selected(face) == "scipy"
        assert "▸" in screen_text(face)

    drive(r.FINAL, steps)


def test_w_shows_the_rule_and_scrolls() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("w")
        assert face.board.page == "why"
        assert "Check it by hand" in screen_text(face)
        assert "j k scroll" in key_line(face)
        await pilot.press("G")
        assert "Seen in" in screen_text(face)
        await pilot.press("k", "k")
        assert "more line" in screen_text(face)
        await pilot.press("escape")
        assert face.board.page == ""

    drive(r.FINAL, steps)


def test_why_from_the_open_finding_goes_back_to_it() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "w", "question_mark")
        assert face.board.page == "help"
        await pilot.press("escape")
        assert face.board.page == "why"
        await pilot.press("escape")
        assert face.board.page == "detail"
        await pilot.press("escape")
        assert face.board.page == ""

    drive(r.FINAL, steps)


def test_help_opens_and_closes_by_its_own_key() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await pilot.press("G")
        text = screen_text(face)
        assert "could not look, never counted as healthy" in text
        await pilot.press("question_mark")
        assert face.board.page == ""

    drive(r.FINAL, steps)


def test_capital_j_and_k_scroll_the_detail_only() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert "J K detail" in key_line(face)
        await pilot.press("J")
        assert face.board.detail.top == 1
        assert selected(face) == "pandas"
        await pilot.press("K", "K")
        assert face.board.detail.top == 0

    drive(r.FINAL, steps)


def test_the_filter_narrows_as_it_is_typed() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("slash")
        assert face.typing
        await pilot.press(*"scip")
        assert [row.finding.subject for row in face.board.list.rows] == ["scipy", "scikit-learn"]
        assert "/ scip" in key_line(face)
        assert "[1 Findings 2 of 6]" in screen_text(face)
        await pilot.press("q")
        assert 'No finding matches "scipq". Esc clears the filter.' in screen_text(face)
        await pilot.press("backspace", "enter")
        assert not face.typing
        assert "Esc all" in key_line(face)
        await pilot.press("j")
        assert selected(face) == "scikit-learn"
        await pilot.press("escape")
        assert len(face.board.list.rows) == 6
        assert selected(face) == "scikit-learn"

    drive(r.FINAL, steps)


def test_escape_while_typing_clears_the_filter() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"is:warning", "escape")
        assert not face.typing
        assert len(face.board.list.rows) == 6
        await pilot.press("slash", "x", "ctrl+u", *"is:w", "enter")
        assert [row.finding.subject for row in face.board.list.rows] == ["joblib"]

    drive(r.FINAL, steps)


def test_p_pauses_and_goes_on() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert "p pause" in key_line(face)
        await pilot.press("p")
        assert face.source.take().paused
        assert "paused" in screen_text(face).splitlines()[1]
        assert "p go on" in key_line(face)
        await pilot.press("p")
        assert not face.source.take().paused

    drive(r.STATIC, steps)


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_q_and_ctrl_c_leave_and_stop_the_examination(key: str) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press(key)

    face, source = drive(r.STATIC, steps)
    assert source.cancelled
    assert face.interrupted == (key == "ctrl+c")


def test_ctrl_c_leaves_even_while_a_filter_is_typed() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("slash", "q", "ctrl+c")

    face, source = drive(r.STATIC, steps)
    assert source.cancelled
    assert face.interrupted


def test_the_cursor_stays_on_its_finding_when_others_arrive() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j")
        assert selected(face) == "joblib"
        await told(face, pilot, replace(r.STATIC, diagnosis=r.diagnosis(*r.ALL)))
        assert selected(face) == "joblib"
        assert face.board.list.cursor == 4
        await told(face, pilot, replace(r.STATIC, diagnosis=r.diagnosis(r.SCIPY, r.PANDAS)))
        assert selected(face) == "pandas"

    drive(replace(r.STATIC, diagnosis=r.diagnosis(r.SCIPY, r.JOBLIB)), steps)


def test_the_scroll_stays_when_others_arrive() -> None:
    many = tuple(replace(r.JOBLIB, subject=f"package-{n:02}") for n in range(40))

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("pagedown", "pagedown", "k")
        before = (selected(face), face.board.list.cursor - face.board.list.top)
        await told(face, pilot, replace(r.STATIC, diagnosis=r.diagnosis(r.SCIPY, r.PANDAS, *many)))
        assert (selected(face), face.board.list.cursor - face.board.list.top) == before

    drive(replace(r.STATIC, diagnosis=r.diagnosis(*many)), steps)


def test_a_row_changes_in_place() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        worse = replace(r.SCIPY, title="importing it ended the process")
        await told(face, pilot, replace(r.STATIC, diagnosis=r.diagnosis(r.PANDAS, worse)))
        assert "ended the process" in screen_text(face).splitlines()[3]

    drive(replace(r.STATIC, diagnosis=r.diagnosis(r.PANDAS, r.SCIPY)), steps)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (r.STARTING, "Choosing a Python…"),
        (r.READING, "41 of 333 binaries"),
        (r.CLEAN_SO_FAR, "Nothing broken so far."),
        (r.HEALTHY, "No problems found. 18 packages"),
        (r.UNKNOWN_LEFT, "1 thing could not be checked - see ? rows."),
        (State(failure=Failure("No Python at /x. Pass --python PATH.", 3)), "No Python at /x."),
        (State(failure=Failure("npdoctor failed (not your environment): KeyError", 4, True)), "KeyError"),
    ],
)
def test_every_state_is_said_on_the_screen(state: State, words: str) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert words in " ".join(screen_text(face).split())
        assert "q quit" in key_line(face)

    drive(state, steps)


def test_a_failure_later_on_keeps_what_was_found() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await told(face, pilot, replace(r.STATIC, failure=Failure("npdoctor failed: KeyError", 4, True)))
        text = screen_text(face)
        assert "npdoctor failed: KeyError" in text
        assert "scipy 1.11.4" in text
        assert "p pause" not in key_line(face)

    drive(r.STATIC, steps)


@pytest.mark.parametrize("state", [r.STARTING, r.STATIC, r.FINAL, r.HEALTHY])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 8), (20, 4)])
def test_every_key_that_is_shown_does_something(state: State, size: tuple[int, int]) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        works = face.working()
        assert {"quit", "interrupt"} <= works
        if size != (20, 4):
            line = key_line(face)
            for key in KEYS:
                if key.hint and key.action not in works:
                    assert f"{key.shown} {key.hint}" not in line
        if not state.findings:
            assert not works & {"down", "open", "filter", "why"}

    drive(state, steps, size)


def test_no_more_looks_after_the_last_word() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await told(face, pilot, r.FINAL)
        source = face.source
        looked = getattr(source, "looked", 0)
        await pilot.pause(0.6)
        assert getattr(source, "looked", 0) == looked

    drive(r.STATIC, steps)


def test_the_layout_follows_the_size() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("j")
        for size in ((200, 60), (20, 4), (40, 8), (60, 15), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert selected(face) == "scipy"
            lines = screen_text(face).splitlines()
            assert len(lines) == size[1]
            assert all(len(line) <= size[0] for line in lines)
            assert lines[0].endswith("✓18 ok") == (size[0] >= 60)
            assert ("Findings" in lines[1]) == (size[0] >= 60)
        assert face.board.can_scroll_detail

    drive(r.FINAL, steps)


def test_a_defect_of_the_screen_shows_no_values() -> None:
    class Broken(Exception):
        pass

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        def fail() -> None:
            raise Broken("hf_secret")

        face.call_later(fail)
        await pilot.pause()

    with pytest.raises(Broken):
        drive(r.FINAL, steps)
