"""A file is replaced whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from npdoctor.replacing import keep_mode, replace_file


def test_what_was_there_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    place, temporary = tmp_path / "file", tmp_path / "file.new"
    temporary.write_bytes(b"left by a crash")
    replace_file(str(place), b"one", str(temporary))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    place.chmod(0o640)
    replace_file(str(place), b"two", str(temporary), 0o666, keep_mode)
    assert (place.read_bytes(), stat.S_IMODE(place.stat().st_mode)) == (b"two", 0o640)
    assert os.listdir(tmp_path) == ["file"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    place, temporary = tmp_path / "file", tmp_path / "file.new"
    place.write_bytes(b"old")

    def fail(old: str, new: str) -> None:
        raise PermissionError(f"{old} and {new}")

    with pytest.raises(PermissionError):
        replace_file(str(place), b"new", str(temporary), take_after=fail)
    assert place.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_temporary_name_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    place, temporary, other = tmp_path / "file", tmp_path / "file.new", tmp_path / "other"
    other.write_bytes(b"precious")
    temporary.symlink_to(other)
    replace_file(str(place), b"new", str(temporary))
    assert (place.read_bytes(), other.read_bytes()) == (b"new", b"precious")
