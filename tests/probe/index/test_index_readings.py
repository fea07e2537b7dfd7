"""What is remembered of wheels, and what is not believed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from npdoctor.model.binary import NumpyAbi, NumpyApi, NumpyUse
from npdoctor.model.index import Wheel
from npdoctor.probe.index.reading import Member, UnreadMember, WheelReading
from npdoctor.probe.index.readings import Readings

WHEEL = Wheel("demo", "1.0", "demo-1.0-py3-none-any.whl", "https://h/demo.whl", "a" * 64, 7)
USE = NumpyUse(NumpyAbi.BOTH, NumpyApi.IMPORT_ARRAY, "1.20", ("numpy._core._multiarray_umath",))
PART = WheelReading(
    WHEEL,
    (Member("demo/a.so", 5, USE), Member("demo/b.so", 6, None)),
    (),
    9,
    ("numpy>=1.20",),
    ">=3.9",
    ("demo/a.so", "demo/é.py"),
    requests=3,
    received=99,
)
COMPLETE = replace(PART, compiled=2)


@pytest.fixture
def readings(tmp_path: Path) -> Readings:
    return Readings(str(tmp_path / "cache"))


def test_a_reading_is_found_for_the_same_question(readings: Readings) -> None:
    readings.keep(PART, ("a", "b"), 6)
    found = readings.find(WHEEL, ("b", "a"), 6)
    assert found == PART
    assert found is not None
    assert (found.requests, found.received) == (0, 0)
    assert readings.find(WHEEL, ("a",), 6) is None
    assert readings.find(WHEEL, ("a", "b"), None) is None
    assert readings.find(replace(WHEEL, sha256="b" * 64), ("a", "b"), 6) is None


def test_a_complete_reading_answers_every_question(readings: Readings) -> None:
    readings.keep(COMPLETE, (), 6)
    for prefer, most in (((), 6), (("x",), 6), ((), None)):
        assert readings.find(WHEEL, prefer, most) == COMPLETE


@pytest.mark.parametrize("sha256", [None, "", "../../x", "a" * 63])
def test_a_wheel_without_a_hash_is_not_remembered(tmp_path: Path, sha256: str | None) -> None:
    readings, wheel = Readings(str(tmp_path / "cache")), replace(WHEEL, sha256=sha256)
    readings.keep(replace(COMPLETE, wheel=wheel), (), 6)
    assert readings.find(wheel, (), 6) is None
    assert list(tmp_path.rglob("*")) == []


def test_a_failure_is_not_remembered(readings: Readings) -> None:
    readings.keep(replace(PART, unread=(UnreadMember("demo/c.so", "cut short"),)), (), 6)
    assert readings.find(WHEEL, (), 6) is None


def test_what_is_damaged_is_not_believed(readings: Readings, tmp_path: Path) -> None:
    readings.keep(COMPLETE, (), 6)
    (file,) = (tmp_path / "cache").iterdir()
    stored = json.loads(file.read_text())
    changes: tuple[dict[str, object], ...] = (
        {"format": 0},
        {"members": 3},
        {"members": [{}]},
        {"members": [{"path": "a", "size": 1, "numpy": {"abi": "x", "api": "cython", "minimum": 0}}]},
        {"compiled": "2"},
        {"names": None},
    )
    damaged = [json.dumps({**stored, **change}).encode() for change in changes]
    for content in (*damaged, b"", b"\xff\xfe", b"{", b"[]", b"null", b"7"):
        file.write_bytes(content)
        assert readings.find(WHEEL, (), 6) is None
    readings.keep(COMPLETE, (), 6)
    assert readings.find(WHEEL, (), 6) == COMPLETE
    assert len(list(file.parent.iterdir())) == 1


def test_it_lies_in_the_cache_of_the_person(
    plain_environment: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Readings().keep(COMPLETE, (), 6)
    assert len(list((plain_environment / ".cache/npdoctor/wheels").iterdir())) == 1
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Readings().find(WHEEL, (), 6) is None
    Readings().keep(COMPLETE, (), 6)
    assert len(list((tmp_path / "npdoctor/wheels").iterdir())) == 1


def test_a_home_that_cannot_be_written_to_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file/below", Path("/proc/npdoctor")):
        readings = Readings(os.fspath(folder))
        readings.keep(COMPLETE, (), 6)
        assert readings.find(WHEEL, (), 6) is None
