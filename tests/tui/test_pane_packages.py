from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from npdoctor.model.binary import NumpyAbi
from npdoctor.model.diagnosis import DistributionState
from npdoctor.report.redact import Redactor
from npdoctor.tui import panes
from npdoctor.tui.face import Face
from npdoctor.tui.line import plain, width_of
from npdoctor.tui.packages import Package, package_head, package_line, package_lines, packages_of
from npdoctor.tui.shown import Shown
from npdoctor.tui.signs import ASCII, UNICODE, Signs
from npdoctor.tui.state import State

from . import installed as i
from . import recorded as r
from .driving import drive, key_line, screen_text, told
from .test_goldens import compare

SEEN = replace(
    i.UNDER_WAY, diagnosis=Shown(Redactor(home="/home/maria", user="maria")).diagnosis(i.judged(i.ANSWERS))
)


def names(face: Face) -> list[str]:
    return [row.key for row in face.board.list.rows]


def package(state: State, name: str) -> Package:
    return next(one for one in packages_of(state) if one.key == name)


def told_of(name: str) -> str:
    return "\n".join(plain(line) for line in package_lines(package(SEEN, name), 80, UNICODE))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(("state", "name"), [(i.STATIC, "static"), (i.UNDER_WAY, "live"), (i.FINAL, "final")])
def test_goldens(state: State, name: str, size: tuple[int, int]) -> None:
    compare(f"packages-{name}-{size[0]}x{size[1]}", state, size, "2")


def test_in_ascii_and_in_little_room() -> None:
    compare("packages-ascii-80x24", i.UNDER_WAY, (80, 24), "2", ascii_only=True)
    compare("packages-40x12", i.UNDER_WAY, (40, 12), "2")


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [12, 40, 49, 50, 58, 69, 70, 80, 160])
def test_no_line_is_wider_than_its_place(width: int, signs: Signs) -> None:
    for one in packages_of(SEEN):
        lines = [package_line(one, width, True, signs)]
        if width >= 40:
            lines += [package_head(width), *package_lines(one, width, signs)]
        for line in lines:
            assert width_of(line) <= width, plain(line)
            assert signs is UNICODE or plain(line).isascii()


def test_every_distribution_is_listed_gravest_first() -> None:
    rows = packages_of(i.UNDER_WAY)
    assert {row.key for row in rows} == {d.name for d in i.DISTRIBUTIONS}
    assert [row.key for row in rows][:4] == ["bitsandbytes", "opencv-python", "flash-attn", "mylib"]


def test_what_numpy_a_package_was_built_for_is_in_its_row() -> None:
    lines = {row.key: plain(package_line(row, 80, False, UNICODE)) for row in packages_of(i.UNDER_WAY)}
    assert "numpy1 " in lines["opencv-python"]
    assert "both >=1.19" in lines["scipy"]
    assert "numpy2 >=2.0" in lines["xformers"]
    assert "numpy" not in lines["pydantic-core"]
    assert "2/4" in lines["torchvision"]
    assert "editable" in lines["mylib"]


def test_before_the_imports_nothing_is_said_to_have_failed() -> None:
    assert "-/4" in plain(package_line(package(i.STATIC, "torchvision"), 80, False, UNICODE))
    assert "4, none imported" in "\n".join(
        plain(line) for line in package_lines(package(i.STATIC, "torchvision"), 80, UNICODE)
    )


def test_the_detail_says_what_is_known_and_no_secret() -> None:
    assert "NPD101" in told_of("opencv-python")
    assert "numpy>=1.21" in told_of("opencv-python")
    assert "opencv-python, scipy, torchvision" in told_of("numpy")
    scipy = told_of("scipy")
    assert "12 files" in scipy
    assert "0 of 12 imported" in scipy
    assert "numpy<2.3,>=1.23.5" in scipy
    assert "pytest" not in scipy
    assert "torch==" not in told_of("torchvision")
    assert "git.example" in told_of("private")
    assert "hunter2" not in told_of("private")
    assert "maria" not in told_of("private") + told_of("mylib")
    assert "an editable install" in told_of("mylib")


def test_enter_opens_the_package() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("2", "j", "enter")
        assert face.board.page == "detail"
        assert "built for NumPy 1" in screen_text(face)
        await pilot.press("escape")
        assert face.board.page == ""
        assert face.board.pane is panes.PACKAGES

    drive(i.UNDER_WAY, steps)


def test_nothing_is_fixed_or_explained_from_here() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert {"fix", "mark", "why"} <= face.working()
        await pilot.press("2")
        assert not face.working() & {"fix", "mark", "why"}

    drive(i.UNDER_WAY, steps)


def test_the_cursor_stays_on_its_package_while_the_verdict_changes() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("2", *"jjjj")
        selected = face.board.selected
        assert selected
        assert selected.key == "numpy"
        await told(face, pilot, i.UNDER_WAY)
        assert face.board.selected
        assert face.board.selected.key == "numpy"
        assert "✗ bitsandbytes" in screen_text(face)

    drive(i.STATIC, steps)


def test_the_orders_follow_one_another_and_can_be_turned_round() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        assert "sort ‹state›" in screen_text(face)
        await pilot.press("s")
        assert "sort ‹name›" in screen_text(face)
        assert names(face) == sorted(names(face))
        await pilot.press("S")
        assert "sort ‹name› reversed" in screen_text(face)
        assert names(face) == sorted(names(face), reverse=True)
        await pilot.press("s")
        assert "sort ‹version›" in screen_text(face)
        assert names(face)[:2] == ["xformers", "mylib"]
        assert names(face)[-1] == "opencv-python"
        await pilot.press("s")
        assert names(face)[:2] == ["scipy", "torchvision"]
        await pilot.press("s", "1", "2")
        assert names(face)[0] == "bitsandbytes"

    drive(i.UNDER_WAY, steps)


def test_findings_have_orders_too() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert "sort" not in screen_text(face).splitlines()[-14]
        await pilot.press("s")
        assert "sort ‹name›" in screen_text(face)
        subjects = [row.finding.subject for row in face.board.list.rows]
        assert subjects == sorted(subjects)
        await pilot.press("s", "s")
        assert "sort ‹" not in screen_text(face)

    drive(r.FINAL, steps)


def test_each_pane_keeps_its_own_filter() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("2", "slash", *"is:broken !opencv", "enter")
        assert names(face) == ["bitsandbytes"]
        assert "[2 Packages 1 of 11]" in screen_text(face)
        await pilot.press("1")
        assert face.filter == ""
        assert len(face.board.list.rows) == len(i.UNDER_WAY.findings)
        await pilot.press("2")
        assert names(face) == ["bitsandbytes"]
        await pilot.press("escape", "slash", *"nosuch", "enter")
        assert 'No package matches "nosuch". Esc clears the filter.' in screen_text(face)
        assert "/ filter" in key_line(face)
        await pilot.press("escape")
        assert len(names(face)) == 11

    drive(i.UNDER_WAY, steps)


def test_twenty_thousand_rows_build_only_those_in_view(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []

    def count(one: Package, width: int, selected: bool, signs: Signs) -> object:
        built.append(one.key)
        return package_line(one, width, selected, signs)

    monkeypatch.setattr(panes, "package_line", count)
    many = tuple(
        DistributionState(f"package-{n:05}", "1.0", "", NumpyAbi.NONE, None, 0, 0, "ok")
        for n in range(20_000)
    )
    state = replace(i.FINAL, diagnosis=replace(i.FINAL.diagnosis or i.judged({}), distributions=many))

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await pilot.pause()
        for key, first in (("j", "package-00000"), ("G", "package-19999"), ("s", ""), ("S", "")):
            built.clear()
            await pilot.press(key)
            assert 0 < len(built) <= 2 * face.board.list.size.height
            assert not first or first in built
        assert len(face.board.list.rows) == 20_000

    drive(state, steps)
