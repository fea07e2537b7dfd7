from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from npdoctor.model.diagnosis import Diagnosis
from npdoctor.tui.extensions import Extension, extensions_of, last_answer
from npdoctor.tui.face import Face
from npdoctor.tui.import_lines import extension_head, extension_line, extension_lines
from npdoctor.tui.line import plain, width_of
from npdoctor.tui.signs import ASCII, UNICODE, Signs
from npdoctor.tui.state import State

from . import installed as i
from . import recorded as r
from .driving import drive, screen_text, told
from .test_goldens import compare


def row(state: State, name: str) -> Extension:
    return next(one for one in extensions_of(state) if one.name == name)


def words(state: State) -> dict[str, str]:
    return {one.name: one.state for one in extensions_of(state)}


def shown(state: State, name: str) -> str:
    return "\n".join(plain(line) for line in extension_lines(row(state, name), 100, UNICODE))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(("state", "name"), [(i.STATIC, "static"), (i.UNDER_WAY, "live"), (i.FINAL, "final")])
def test_goldens(state: State, name: str, size: tuple[int, int]) -> None:
    compare(f"extensions-{name}-{size[0]}x{size[1]}", state, size, "3")


def test_in_ascii_and_in_little_room() -> None:
    compare("extensions-ascii-80x24", i.UNDER_WAY, (80, 24), "3", ascii_only=True)
    compare("extensions-40x12", i.UNDER_WAY, (40, 12), "3")


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [12, 40, 49, 50, 58, 69, 70, 80, 160])
def test_no_line_is_wider_than_its_place(width: int, signs: Signs) -> None:
    for one in extensions_of(i.FINAL):
        lines = [extension_line(one, width, True, signs)]
        if width >= 40:
            lines += [extension_head(width), *extension_lines(one, width, signs)]
        for line in lines:
            assert width_of(line) <= width, plain(line)
            assert signs is UNICODE or plain(line).isascii()


def test_each_distribution_has_the_word_for_how_it_stands() -> None:
    assert words(i.UNDER_WAY) == {
        "opencv-python": "fail",
        "bitsandbytes": "crash",
        "flash-attn": "slow",
        "torchvision": "run",
        "scipy": "wait",
        "xformers": "wait",
        "numpy": "ok",
        "pydantic-core": "ok",
        "uvloop": "ok",
    }
    assert list(words(i.UNDER_WAY))[:4] == ["opencv-python", "bitsandbytes", "flash-attn", "torchvision"]


def test_what_was_not_tried_is_never_ok() -> None:
    assert words(i.FINAL)["xformers"] == "skip"
    assert last_answer(row(i.FINAL, "xformers")) == "its process could not be started"
    never = replace(i.UNDER_WAY, final=True)
    assert words(never)["scipy"] == "skip"
    assert words(never)["torchvision"] == "skip"
    assert words(never)["numpy"] == "ok"


def test_nothing_runs_while_the_imports_rest() -> None:
    assert words(replace(i.UNDER_WAY, paused=True))["torchvision"] == "wait"
    assert words(i.UNDER_WAY)["torchvision"] == "run"


def test_a_module_that_may_fail_does_not_count_against_its_package() -> None:
    assert words(i.UNDER_WAY)["uvloop"] == "ok"
    assert last_answer(row(i.UNDER_WAY, "uvloop")) == "imported, 1 optional not"
    assert words(replace(i.UNDER_WAY, book=r.BOOK))["uvloop"] == "fail"


def test_a_file_for_another_python_is_listed() -> None:
    stray = i.binary("scipy", "scipy.old", tag="39")
    found = i.snapshot(i.ANSWERS)
    state = replace(
        i.UNDER_WAY, diagnosis=Diagnosis(replace(found, binaries=(*found.binaries, stray)), (), ())
    )
    assert "0/13" in plain(extension_line(row(state, "scipy"), 80, False, UNICODE))
    assert "cp311 cp39" in plain(extension_line(row(state, "scipy"), 120, False, UNICODE))


def test_a_row_says_what_was_built_how_long_it_took_and_what_it_answered() -> None:
    lines = {one.name: plain(extension_line(one, 120, False, UNICODE)) for one in extensions_of(i.UNDER_WAY)}
    for name, parts in {
        "opencv-python": ("✗ fail", "cp311 numpy 1 ", "0.31 s", "ImportError"),
        "bitsandbytes": ("✗ crash", "cuda 12", "SIGSEGV"),
        "flash-attn": ("? slow", "torch", "20.00 s", "no answer in 20 s"),
        "torchvision": ("# run", "2/4", "1.10 s", "part1.cpython"),
        "scipy": (". wait", "0/12", "numpy 1.19+"),
        "numpy": ("✓ ok", "0.22 s", "imported"),
    }.items():
        for part in parts:
            assert part in lines[name], lines[name]


def test_the_detail_lists_every_file_what_failed_first() -> None:
    text = shown(i.UNDER_WAY, "bitsandbytes")
    assert text.index("✗ crash bitsandbytes/c0") < text.index("✓ ok    bitsandbytes/c1")
    assert "killed by SIGSEGV" in text
    assert "may still crash when it is used" in text
    assert shown(i.UNDER_WAY, "scipy").count(". wait ") == 13
    assert "optional: ImportError: no such kernel" in shown(i.UNDER_WAY, "uvloop")


def test_rows_follow_the_imports_and_the_cursor_its_row() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("3")
        assert "[3 Extensions 0/27]" in screen_text(face)
        while getattr(face.board.selected, "name", "") != "torchvision":
            await pilot.press("j")
        await told(face, pilot, i.UNDER_WAY)
        assert getattr(face.board.selected, "name", "") == "torchvision"
        assert "[3 Extensions 11/27]" in screen_text(face)
        assert "▸# run    torchvision" in screen_text(face)
        await told(face, pilot, i.FINAL)
        assert "[3 Extensions 27]" in screen_text(face)
        assert "▸✓ ok     torchvision" in screen_text(face)

    drive(i.STATIC, steps)


def test_the_filter_takes_states_names_and_answers() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        for typed, expected in (
            ("is:crash", ["bitsandbytes"]),
            ("is:broken", ["opencv-python", "bitsandbytes"]),
            ("is:unknown", ["flash-attn"]),
            ("torch !is:slow", ["torchvision"]),
            ("sigsegv", ["bitsandbytes"]),
        ):
            await pilot.press("3", "slash", "ctrl+u", *typed, "enter")
            assert [one.name for one in face.board.list.rows] == expected
            await pilot.press("escape")

    drive(i.UNDER_WAY, steps)


def test_the_most_files_come_first_when_asked_for() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("3", "s", "s", "s")
        assert "sort ‹extensions›" in screen_text(face)
        assert [one.name for one in face.board.list.rows][:2] == ["scipy", "torchvision"]

    drive(i.UNDER_WAY, steps)


def test_an_environment_without_extensions_says_so() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("3")
        assert "No compiled extensions here: nothing to probe." in screen_text(face)

    drive(r.HEALTHY, steps)
