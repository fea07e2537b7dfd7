"""Edit files of a project alone, as `--write` does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from installing import plan_for
from npdoctor.fix.write import durable, texts
from npdoctor.fix.write.journal import Journal, entries
from npdoctor.fix.write.outcome import Failed, Undone, Written
from npdoctor.fix.write.texts import write_files
from npdoctor.fix.write.undo import undo
from npdoctor.model.plan import FileEdit, Plan


def edit(path: Path, before: bytes | None, after: bytes | None) -> FileEdit:
    return FileEdit(str(path), before, after)


def environ(tmp_path: Path) -> dict[str, str]:
    return {"NPDOCTOR_HOME": str(tmp_path / "state")}


def test_files_alone_are_written_and_undone(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one.txt", "two.txt", "three.txt"))
    one.write_bytes(b"\xef\xbb\xbfa==1\r\n")
    three.write_bytes(b"gone")
    three.chmod(0o600)
    plan = plan_for(
        edits=[edit(one, one.read_bytes(), b"a==2"), edit(two, None, b"new"), edit(three, b"gone", None)]
    )
    journal = Journal.of(environ(tmp_path))
    written = write_files(plan, journal, str(tmp_path / "env"))
    assert isinstance(written, Written)
    assert (one.read_bytes(), two.read_bytes(), three.exists()) == (b"a==2", b"new", False)
    assert [e.files for e in entries(None, environ(tmp_path))] == [(str(one), str(two), str(three))]
    assert isinstance(undo(None, str(tmp_path / "env"), environ=environ(tmp_path)), Undone)
    assert (one.read_bytes(), two.exists(), three.read_bytes()) == (b"\xef\xbb\xbfa==1\r\n", False, b"gone")
    assert three.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("found", [b"other", None])
def test_a_file_that_changed_since_the_preview_is_not_written(tmp_path: Path, found: bytes | None) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_bytes(b"1")
    if found is not None:
        second.write_bytes(found)
    plan = plan_for(edits=[edit(first, b"1", b"2"), edit(second, b"old", b"new")])
    outcome = write_files(plan, Journal.of(environ(tmp_path)), str(tmp_path))
    assert isinstance(outcome, Failed)
    assert "changed since the preview" in outcome.reason
    assert first.read_bytes() == b"1"
    assert entries(None, environ(tmp_path)) == ()


def _odd(tmp_path: Path, kind: str) -> Plan:
    path = tmp_path / "odd"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "no folder":
        path = tmp_path / "missing/odd"
    return plan_for(edits=[edit(path, None, b"new")])


@pytest.mark.parametrize("kind", ["folder", "pipe", "no folder"])
def test_what_is_no_file_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    outcome = write_files(_odd(tmp_path, kind), None)
    assert isinstance(outcome, Failed)
    assert "odd cannot be" in outcome.reason


def test_a_write_that_fails_half_way_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    real = durable.replace_text

    def fail(path: str, data: bytes, temporary: str) -> None:
        if path == str(second):
            raise OSError(28, "No space left on device")
        real(path, data, temporary)

    monkeypatch.setattr(texts, "replace_text", fail)
    plan = plan_for(edits=[edit(first, b"1", b"one"), edit(second, b"2", b"two")])
    outcome = write_files(plan, Journal.of(environ(tmp_path)), str(tmp_path))
    assert isinstance(outcome, Failed)
    assert "No space left" in outcome.reason
    assert outcome.entry
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"2")
    assert isinstance(undo(None, str(tmp_path), environ=environ(tmp_path)), Undone)
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
