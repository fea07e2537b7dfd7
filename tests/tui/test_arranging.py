"""Where the detail stands, in how much room, the colours, the mouse, and the commands by name."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from rich.color import Color
from textual.pilot import Pilot

from npdoctor.config import Config
from npdoctor.tui.canvas import STYLES
from npdoctor.tui.face import Face
from npdoctor.tui.keys import KEYS
from npdoctor.tui.palette import NAMES
from npdoctor.tui.settings import Settings
from npdoctor.tui.state import Failure, State
from npdoctor.tui.themes import THEMES, Theme, theme_named

from . import recorded as r
from .driving import Recorded, drive, key_line, screen_text


def test_p_moves_the_detail_right_off_and_below() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        seen = []
        for _ in range(4):
            seen.append(face.board.placed)
            await pilot.press("P")
            await pilot.pause()
        assert seen == ["bottom", "off", "right", "bottom"]
        assert "was compiled against" not in screen_text(face)
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert face.board.placed == "off"
        await pilot.press("P")
        await pilot.pause()
        assert face.board.placed == "right"
        assert "│ NPD101  pandas 2.1.4" in screen_text(face)

    drive(r.FINAL, steps)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_detail_grows_and_shrinks_within_bounds(size: tuple[int, int]) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        async def area(*keys: str) -> int:
            await pilot.press(*keys)
            await pilot.pause()
            assert face.board.list.size.area > 0
            return face.board.detail.size.area

        usual = await area()
        more = await area("+")
        assert more > usual
        assert await area("_") == usual
        assert await area("_") < usual
        least = await area(*["_"] * 7)
        assert least > 0
        assert await area("+") > least
        most = await area(*["+"] * 12)
        assert await area("_") < most

    drive(r.FINAL, steps, size)


def test_nothing_to_arrange_where_there_is_no_room() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert not face.working() & {"layout", "bigger", "smaller"}
        await pilot.press("P", "+")
        assert face.board.placed == "off"

    drive(r.FINAL, steps, (40, 8))


def _light(colour: str) -> float:
    channels = []
    for part in Color.parse(colour).get_truecolor():
        share = part / 255
        channels.append(share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4)
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


@pytest.mark.parametrize(
    "theme", [theme for theme in THEMES if theme.background], ids=lambda theme: theme.name
)
def test_every_colour_of_a_theme_can_be_read_on_its_background(theme: Theme) -> None:
    ground = _light(theme.background)
    for colour in (theme.foreground, *theme.colours.values()):
        lighter, darker = max(ground, _light(colour)), min(ground, _light(colour))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (theme.name, colour)


def test_every_theme_paints_every_role() -> None:
    roles = set(THEMES[0].roles)
    assert all(set(theme.roles) == roles for theme in THEMES)
    assert all(style.color is None for style in THEMES[-1].roles.values())


def test_t_goes_through_the_themes_and_the_config_file_chooses_one() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert face.worn.name == "light"
        assert STYLES["broken"] == face.worn.roles["broken"]
        assert face.screen.styles.background.hex.lower() == face.worn.background
        for following in [*THEMES[2:], THEMES[0]]:
            await pilot.press("t")
            assert face.worn is following
            assert STYLES["broken"] == following.roles["broken"]
            assert f"Theme {following.name}" in screen_text(face)

    drive(r.FINAL, steps, settings=Settings(Config("", theme="light")))


def test_a_theme_that_there_is_not_is_said() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert "theme: there is no 'pink'. There are terminal," in " ".join(screen_text(face).split())
        assert face.worn is THEMES[0]

    drive(r.FINAL, steps, settings=Settings(Config("", theme="pink")))
    assert theme_named("pink") is None


def test_no_color_says_why_no_theme_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        await pilot.press("t")
        assert "NO_COLOR is set" in screen_text(face)

    drive(r.FINAL, steps)


def test_a_click_chooses_and_opens_and_the_wheel_scrolls() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.click("#list", offset=(10, 3))
        assert face.board.list.cursor == 3
        assert face.board.page == ""
        await pilot.click("#list", offset=(10, 3))
        assert face.board.page == "detail"
        await pilot.press("escape")
        await pilot.click("#list", offset=(10, 9))
        assert face.board.list.cursor == 3
        second = screen_text(face).splitlines()[1]
        await pilot.click("#status", offset=(second.index("Packages"), 1))
        assert face.board.pane.name == "packages"
        second = screen_text(face).splitlines()[1]
        await pilot.click("#status", offset=(second.index("1 Findings"), 1))
        assert face.board.pane.name == "findings"

    drive(r.FINAL, steps)


def test_every_command_has_a_name_of_its_own() -> None:
    named = [key.action for key in KEYS if key.group != "move" and key.action not in ("palette", "interrupt")]
    assert set(named) <= set(NAMES)
    assert len(set(NAMES.values())) == len(NAMES)


def test_a_command_is_found_by_its_words_and_run() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("colon", *"other way", "space")
        assert "No command has these words" in screen_text(face)
        assert "Enter runs it" in key_line(face)
        await pilot.press("ctrl+u", *"why this", "enter")
        await pilot.pause()
        assert face.board.page == "why"
        assert not face.typing
        await pilot.press("escape", "ctrl+p", *"explain npd109", "enter")
        await pilot.pause()
        assert face.board.page == "rule"
        assert "Import gave no answer in time" in screen_text(face)
        await pilot.press("escape", "colon", *"theme dark", "enter")
        await pilot.pause()
        assert face.worn.name == "dark"
        await pilot.press("colon", *"qqq", "escape")
        assert face.board.page == ""
        assert face.is_running

    drive(r.FINAL, steps)


@pytest.mark.parametrize("size", [(80, 24), (40, 8), (20, 5)])
def test_the_chosen_command_stays_in_view(size: tuple[int, int]) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("colon", *["down"] * 24)
        marked = [line for line in screen_text(face).splitlines() if line.startswith("▸")]
        assert len(marked) == 1

    drive(r.FINAL, steps, size)


def test_where_no_python_is_another_can_be_chosen() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        source = face.source
        assert isinstance(source, Recorded)
        assert ": choose another Python" in key_line(face)
        await pilot.press("colon", "enter")
        await pilot.pause()
        assert [asked.split()[0] for asked in source.asked] == ["all"]
        assert source.asked[0].split()[1].startswith("/")

    drive(State(failure=Failure("No Python at /x. Pass --python PATH.", 3)), steps)


def test_the_help_sorts_by_what_works_where_it_was_asked_for() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("w", "question_mark")
        groups = {key.action: key.group for key in face.board.key_table if key.meaning}
        assert groups["copy"] == "share"
        assert groups["fix"] == groups["filter"] == "else"
        await pilot.press("escape", "escape", "question_mark")
        groups = {key.action: key.group for key in face.board.key_table if key.meaning}
        assert groups["fix"] == "fix"
        assert groups["pause"] == "else"

    drive(r.FINAL, steps)


def test_a_key_that_is_held_down_changes_nothing() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        while "A write and install" not in key_line(face):
            await pilot.pause(0.01)
            face.look()
        times = itertools.chain((100.0, 100.6, 100.63, 100.66), itertools.count(102.0))
        face.clock = times.__next__
        await pilot.press("A", "A", "A", "A")
        assert "Let the key go" in key_line(face)
        assert not face.source.repair.altering
        assert not face.source.repair.has_altered
        await pilot.press("A")
        assert face.source.repair.has_altered

    drive(r.FINAL, steps, (120, 40))


def test_states_of_the_target_are_said_in_the_second_line() -> None:
    found = r.diagnosis(r.SCIPY)
    npdoctor = replace(found.distributions[-1], name="npdoctor")
    inside = replace(found, distributions=(*found.distributions, npdoctor))

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        second = screen_text(face).splitlines()[1]
        assert "read-only" in second
        assert "npdoctor is inside" in second

    drive(replace(r.FINAL, diagnosis=inside, locked="/opt/venv"), steps, (160, 40))

    async def neither(face: Face, pilot: Pilot[None]) -> None:
        second = screen_text(face).splitlines()[1]
        assert "read-only" not in second
        assert "npdoctor is inside" not in second

    drive(r.FINAL, neither, (160, 40))
