"""Keys of the config file: what they do, what is shown, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from npdoctor.config import Config
from npdoctor.tui.face import Face
from npdoctor.tui.keymap import Keymap, keymap_of
from npdoctor.tui.keys import KEYS
from npdoctor.tui.settings import Settings, read_settings
from npdoctor.tui.work import Planned

from . import recorded as r
from .driving import drive, key_line, reaches, screen_text


def settings(**keys: str) -> Settings:
    return Settings(Config("", keys=keys))


def test_without_a_wish_nothing_differs() -> None:
    assert keymap_of({}) == Keymap(KEYS)


def test_a_remapped_key_works_and_the_usual_one_does_not() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        assert face.board.page == ""
        await pilot.press("H")
        assert face.board.page == "help"
        assert "H help" in key_line(face)
        await pilot.press("H", "f")
        assert face.board.page == ""
        await pilot.press("comma")
        await reaches(face, pilot, Planned)
        assert ", fix" not in key_line(face)
        await pilot.press("escape")
        await pilot.pause()
        assert ", fix" in key_line(face)
        await pilot.press("ctrl+t")
        assert face.board.list.cursor == 1
        await pilot.press("up")
        assert face.board.list.cursor == 0

    drive(r.FINAL, steps, settings=settings(help="H", fix=",", down="ctrl+t,n"), size=(120, 40))


def test_help_and_key_line_show_the_keys_as_they_are() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("?")
        await pilot.pause()
        text = screen_text(face)
        assert "ctrl+t n k up" in text
        assert "j k down up" not in text
        assert "ctrl+y " in text
        await pilot.press("backspace")
        assert face.board.page == ""

    chosen = settings(down="ctrl+t,n", copy="ctrl+y", close="backspace")
    drive(r.FINAL, steps, settings=chosen, size=(120, 60))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"fix": "q"}, "[keys] fix: q is already quit."),
        ({"fix": "?"}, "[keys] fix: ? is already help."),
        ({"dance": "d"}, "[keys] dance: there is no such binding."),
        ({"fix": "hyper+f"}, "[keys] fix: 'hyper+f' is no key."),
        ({"fix": "nonsense"}, "[keys] fix: 'nonsense' is no key."),
        ({"fix": "Z", "quit": "Z"}, "is already"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_key_stays(keys: dict[str, str], said: str) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        assert said in screen_text(face)
        await pilot.press("down")
        await pilot.pause()
        assert said not in screen_text(face)
        await pilot.press("up", "f" if len(keys) == 1 else "Z")
        if len(keys) == 1:
            assert face.board.page == "fix"

    drive(r.FINAL, steps, settings=settings(**keys))


def test_keys_may_change_places() -> None:
    keymap = keymap_of({"fix": "w", "why": "f"})
    assert not keymap.complaints
    assert {key.action: key.shown for key in keymap.keys}["fix"] == "w"


def test_keys_that_share_a_key_stay_apart() -> None:
    keymap = keymap_of({"write": "W"})
    assert not keymap.complaints
    assert keymap.bindings["npd.write"] == "W"
    assert keymap.bindings["npd.save"] == "a"


@pytest.mark.parametrize(
    "key", ["pagedown", "f5", "ctrl+shift+up", "question_mark", "é", "F", "plus", "space", "ctrl+at", "!"]
)
def test_these_are_keys(key: str) -> None:
    assert not keymap_of({"export": key}, tuple(k for k in KEYS if k.action == "export")).complaints


def test_a_config_that_cannot_be_read_is_said_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[keys\n")
    read = read_settings({"NPDOCTOR_CONFIG": str(path)})
    assert not read.config.keys

    async def steps(face: Face, pilot: Pilot[None]) -> None:
        text = " ".join(screen_text(face).split())
        assert "The config file is not used." in text
        assert "not valid TOML" in text
        await pilot.press("f")
        assert face.board.page == "fix"

    drive(r.FINAL, steps, settings=read)


def test_unknown_names_are_said(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[colours]\na = 1\n[keys]\nfix = "F"\n')
    read = read_settings({"NPDOCTOR_CONFIG": str(path)})
    assert read.config.keys == {"fix": "F"}
    assert read.complaints[0].endswith("unknown: colours.")


def test_the_words_of_a_preview_name_the_keys_as_they_are() -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("f")
        await reaches(face, pilot, Planned)
        text = screen_text(face)
        assert "ctrl+w plans the next" in text
        assert "ctrl+z, or npdoctor" not in text
        assert "Z, or npdoctor fix --undo" in " ".join(text.split())
        await pilot.press("I")
        assert "I again: " in key_line(face)

    chosen = settings(strategy="ctrl+w", undo="Z", install="I")
    drive(r.FINAL, steps, settings=chosen, size=(120, 60))
