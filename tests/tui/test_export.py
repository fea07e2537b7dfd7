"""Exporting: what is shown before, what is written, and that only `a` writes."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from npdoctor.model.finding import Evidence
from npdoctor.tui.face import Face
from npdoctor.tui.saving import export_name, save_export
from npdoctor.tui.state import State

from . import recorded as r
from .driving import drive, key_line, screen_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "maria"))
    monkeypatch.setenv("USER", "maria")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def secretive(home: str) -> Evidence:
    return Evidence("file", f"{home}/x.so", "token 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")


def state() -> State:
    told = replace(r.SCIPY, evidence=(secretive(os.environ["HOME"]),))
    return replace(r.FINAL, diagnosis=r.diagnosis(told, r.JOBLIB))


def test_text_is_saved_for_its_owner_alone(folder: Path) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await pilot.pause()
        shown = screen_text(face)
        assert "Export report" in shown
        assert re.search(r"npdoctor-\d{4}-\d\d-\d\dT\d{4}Z\.txt", shown)
        assert "Hidden before saving" in shown
        assert "1 token" in shown
        assert "a save" in key_line(face)
        await pilot.press("enter", "y", "x", "f", "space")
        assert not list(folder.iterdir())
        await pilot.press("a")
        await pilot.pause()
        (saved,) = folder.iterdir()
        assert saved.name in screen_text(face).replace("\n ", "")
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        text = saved.read_text()
        assert "scipy 1.11.4" in text
        assert "hf_Qw" not in text
        assert os.environ["HOME"] not in text
        await pilot.press("a")
        assert len(list(folder.iterdir())) == 2
        await pilot.press("escape")
        await pilot.pause()
        assert face.board.page == ""

    drive(state(), steps)


def test_json_is_what_check_writes(folder: Path) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("e", "j")
        await pilot.pause()
        assert "▸ json" in screen_text(face)
        await pilot.press("j", "a")
        (saved,) = folder.iterdir()
        assert saved.suffix == ".json"
        document = json.loads(saved.read_text())
        assert [f["subject"] for f in document["findings"]] == ["scipy", "joblib"]
        assert {"kind": "token", "count": 1} in document["redacted"]
        assert document["exit_code"] == 1

    drive(state(), steps)


def test_v_shows_where_without_what(folder: Path) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("e", "v")
        await pilot.pause()
        shown = screen_text(face)
        assert "~/x.so" in shown
        assert " token  1" in shown
        assert "hf_Qw" not in shown
        await pilot.press("escape")
        await pilot.pause()
        assert face.board.page == "export"

    drive(state(), steps)


def test_nothing_hidden_is_said(folder: Path) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await pilot.pause()
        assert "Hidden: nothing was found that had to be." in screen_text(face)
        assert "v " not in key_line(face)
        await pilot.press("v")
        assert face.board.page == "export"

    drive(r.HEALTHY, steps)


def test_an_examination_that_goes_on_is_said(folder: Path) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("e")
        await pilot.pause()
        assert "had not ended" in screen_text(face)

    drive(r.STATIC, steps)


def test_before_the_verdict_there_is_nothing_to_export(folder: Path) -> None:
    async def steps(face: Face, pilot: Pilot[None]) -> None:
        await pilot.press("e", "a")
        assert face.board.page == ""
        assert not list(folder.iterdir())

    drive(r.READING, steps)


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    name = export_name(0, "txt")
    assert name == "npdoctor-1970-01-01T0000Z.txt"
    (tmp_path / name).write_text("mine")
    path = save_export(str(tmp_path), name, "new")
    assert path.endswith("npdoctor-1970-01-01T0000Z-2.txt")
    assert (tmp_path / name).read_text() == "mine"
    assert Path(path).read_text() == "new"
