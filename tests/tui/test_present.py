from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from npdoctor.model.finding import Severity
from npdoctor.tui.filtering import matching
from npdoctor.tui.keys import KEYS
from npdoctor.tui.line import Line, cut, cut_front, fit, plain, spread, width_of, wrap
from npdoctor.tui.pages import finding_lines, help_lines, rule_lines
from npdoctor.tui.panes import FINDINGS, tabs
from npdoctor.tui.present import (
    closing_line,
    notice,
    one_line,
    row_line,
    rows_of,
    second_line,
    status_line,
    subject_width,
)
from npdoctor.tui.signs import ASCII, UNICODE, Signs, signs_for
from npdoctor.tui.state import Failure, State, code_on_leaving

from . import recorded as r

STATES = [
    r.STARTING, r.CHOSEN, r.DESCRIBED, r.READING, r.STATIC, r.FINAL, r.CLEAN_SO_FAR, r.HEALTHY, r.UNKNOWN_LEFT
]  # fmt: skip


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [12, 20, 40, 59, 60, 80, 100, 160])
@pytest.mark.parametrize("state", STATES)
def test_no_line_is_wider_than_the_terminal(state: State, width: int, signs: Signs) -> None:
    rows = rows_of(state.findings)
    lines = [status_line(state, width, signs), one_line(state, width, signs)]
    if width >= 60:
        lines.append(second_line(state, tabs(state, FINDINGS, len(rows)), width, signs))
    for row in rows:
        lines.append(row_line(row, width, subject_width(rows, width), True, signs))
        if width >= 40:
            lines += finding_lines(row.finding, width, signs)
    lines += help_lines(KEYS, width, signs)
    for line in lines:
        assert width_of(line) <= width, plain(line)
        assert signs is UNICODE or plain(line).isascii(), plain(line)


def test_the_verdict_stands_in_the_first_line_in_words_and_signs() -> None:
    line = plain(status_line(r.FINAL, 80, UNICODE))
    assert "✗4 broken  !1 warn  ?1 unknown  ✓18 ok" in line
    assert "/workspace/venv" in line
    assert plain(status_line(r.FINAL, 80, ASCII)).count("x4 broken") == 1


def test_the_choice_and_its_reason_are_shown() -> None:
    for state, width in ((r.READING, 80), (r.FINAL, 120)):
        assert "chosen: VIRTUAL_ENV" in plain(second_line(state, tabs(state, FINDINGS, 6), width, UNICODE))


def test_nothing_is_counted_before_anything_was_judged() -> None:
    assert "✓" not in plain(status_line(r.READING, 80, UNICODE))
    titles = ["[1", "Findings]", "2", "Packages", "3", "Extensions", "4", "GPU", "5", "History"]
    assert plain(tabs(r.READING, FINDINGS, 0)).split() == titles


@pytest.mark.parametrize(
    ("rooms", "text"),
    [
        ((80, 80), " [1 Findings 6] 2 Packages 24  3 Extensions  4 GPU  5 History"),
        ((50, 60), " [1 Findings 6] 2 Packages  3 Extensions  4 GPU  5 History"),
        ((20, 30), " [1 Findings 6] 2  3  4  5"),
        ((3, 3), " [1 Findings 6] 2  3  4  5"),
    ],
)
def test_the_other_panes_give_way_where_there_is_little_room(rooms: tuple[int, int], text: str) -> None:
    assert plain(tabs(r.FINAL, FINDINGS, 6, rooms)) == text


def test_rows_come_gravest_first_and_each_is_known_by_code_and_subject() -> None:
    rows = rows_of((r.FLASH, r.JOBLIB, r.SCIPY, r.SCIPY))
    assert [row.finding.severity for row in rows] == [
        Severity.BROKEN, Severity.BROKEN, Severity.WARNING, Severity.UNKNOWN
    ]  # fmt: skip
    assert len({row.key for row in rows}) == 4


def test_a_consequence_names_its_cause() -> None:
    (row,) = rows_of((r.SKLEARN,))
    assert "because of scipy" in plain(row_line(row, 100, 24, False, UNICODE))
    assert "scipy" in " ".join(plain(line) for line in finding_lines(r.SKLEARN, 80, UNICODE)[5:6])


def test_the_detail_tells_everything() -> None:
    text = "\n".join(plain(line) for line in finding_lines(r.SCIPY, 80, UNICODE))
    for part in ("NPD101", "scipy 1.11.4", "✗ broken", r.SCIPY.title, "scipy>=1.13.0", "not verified"):
        assert part in text
    for evidence in r.SCIPY.evidence:
        assert evidence.kind in text
        assert evidence.source in text
        assert evidence.detail in text
    assert r.SCIPY.remedy.split(",")[0] in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (r.STARTING, "Choosing a Python"),
        (r.CHOSEN, "Asking /workspace/venv/bin/python"),
        (r.DESCRIBED, "Reading installed packages"),
        (r.READING, "41 of 333 binaries"),
        (r.STATIC, ""),
        (r.FINAL, ""),
        (r.CLEAN_SO_FAR, "Nothing broken so far. 292 of 333 extensions still to check (~30 s)."),
        (replace(r.CLEAN_SO_FAR, paused=True), "Paused, 292 of 333"),
        (r.HEALTHY, "No problems found. 18 packages, 180 extensions imported. Not checked: 0."),
        (r.UNKNOWN_LEFT, "No problems found in what could be checked. 1 thing could not be checked"),
        (State(failure=Failure("No Python at /x. Pass --python PATH.", 3)), "No Python at /x."),
        (replace(r.STATIC, failure=Failure("npdoctor failed", 4, own=True)), "found before stands below"),
    ],
)
def test_every_state_has_its_words(state: State, words: str) -> None:
    assert words in notice(state)
    assert bool(words) == bool(notice(state))


@pytest.mark.parametrize(
    ("state", "interrupted", "code"),
    [
        (r.FINAL, False, 1),
        (r.FINAL, True, 1),
        (r.HEALTHY, False, 0),
        (r.HEALTHY, True, 0),
        (r.UNKNOWN_LEFT, False, 0),
        (r.STATIC, False, 1),
        (r.STATIC, True, 130),
        (r.CLEAN_SO_FAR, False, 130),
        (r.READING, False, 130),
        (State(failure=Failure("no", 3)), False, 3),
        (replace(r.STATIC, failure=Failure("no", 4, own=True)), True, 4),
    ],
)
def test_the_exit_code_is_that_of_the_verdict(state: State, interrupted: bool, code: int) -> None:
    assert code_on_leaving(state, interrupted) == code


def test_one_line_stays_in_the_scrollback() -> None:
    assert closing_line(r.FINAL, UNICODE) == "npdoctor: 4 broken, 1 warning, 1 unknown · npdoctor check"
    assert "left after 41 of 333 imports" in closing_line(r.STATIC, UNICODE)
    assert closing_line(r.READING, UNICODE) == "npdoctor: left before anything was found."
    assert closing_line(State(failure=Failure("No Python at /x.", 3)), UNICODE) == "No Python at /x."


@pytest.mark.parametrize(
    ("wanted", "subjects"),
    [
        ("scipy", ["scipy", "scikit-learn"]),
        ("SCIPY !scikit", ["scipy"]),
        ("is:warning", ["joblib"]),
        ("is:b !scipy", ["pandas", "opencv-python-headless"]),
        ("!is:broken", ["joblib", "flash-attn"]),
        ("pandas|flash", ["pandas", "flash-attn"]),
        ("npd201", ["joblib"]),
        ("!", [r.subject for r in r.ALL]),
        ("|", [r.subject for r in r.ALL]),
        ("tortch", []),
    ],
)
def test_the_filter(wanted: str, subjects: list[str]) -> None:
    assert [row.finding.subject for row in matching(rows_of(r.ALL), wanted)] == subjects


def test_ascii_is_chosen_by_wish_or_encoding() -> None:
    assert signs_for({}, "utf-8") is UNICODE
    assert signs_for({}, "UTF8") is UNICODE
    assert signs_for({"NPDOCTOR_ASCII": "1"}, "utf-8") is ASCII
    assert signs_for({"NPDOCTOR_ASCII": "0"}, "utf-8") is UNICODE
    assert signs_for({}, "iso-8859-1") is ASCII
    assert signs_for({}, None) is ASCII


def test_what_would_steer_the_terminal_is_taken_out() -> None:
    evil = replace(r.SCIPY, title="\x1b[2Jgone\x07", message="a\x1b]0;x\x07b\nc", subject="sci\rpy")
    (row,) = rows_of((evil,))
    lines = [row_line(row, 80, 20, False, UNICODE), *finding_lines(evil, 80, UNICODE)]
    for line in lines:
        assert not set(plain(line)) & set("\x1b\x07\r\n"), plain(line)


def test_a_rule_page_tells_how_to_check_by_hand() -> None:
    text = "\n".join(plain(line) for line in rule_lines(r.CODES["NPD101"], 80, UNICODE))
    for part in ("What it means", "Check it by hand", "What mends it", "When this is wrong", "numpy#26717"):
        assert part in text


def test_every_key_is_named_in_the_help() -> None:
    text = "\n".join(plain(line) for line in help_lines(KEYS, 80, UNICODE))
    for key in KEYS:
        for name in key.shown.split():
            assert name in text


@given(st.text(max_size=200), st.integers(2, 60))
def test_wrapping_loses_nothing_but_spaces_and_never_overflows(text: str, width: int) -> None:
    text = UNICODE.text(text)
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width for line in lines)


@given(st.text(max_size=80), st.integers(1, 60))
def test_cutting_never_overflows(text: str, width: int) -> None:
    text = UNICODE.text(text)
    assert cell_len(cut(text, width, "…")) <= width
    assert cell_len(cut_front(text, width, "...")) <= width
    line: Line = ((text, ""), ("tail", "strong"))
    assert width_of(fit(line, width, "…")) <= width
    assert width_of(spread(line, (("right", ""),), width, "…")) <= width


def test_a_long_path_breaks_at_its_marks() -> None:
    assert wrap("skimage/_shared/interpolation.cpython-311-x86_64-linux-gnu.so", 40) == [
        "skimage/_shared/interpolation.cpython-",
        "311-x86_64-linux-gnu.so",
    ]
