"""Encodings, line ends, and files that are refused."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest
from files_build import NUMPY, SCIPY, edited, no_place, pin, project, refused

TEXT = "# café\r\nnumpy<2\nscipy==1.10"
AFTER = "# café\r\nnumpy>=2.1.3,<3\nscipy==1.13.0"


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_the_encoding_survives(tmp_path: Path, mark: bytes, codec: str) -> None:
    project(tmp_path, {"requirements.txt": mark + TEXT.encode(codec)})
    (change,) = edited(tmp_path, NUMPY, SCIPY).edits
    assert change.after == mark + AFTER.encode(codec)


def test_a_coding_cookie_is_obeyed_and_survives_an_added_line(tmp_path: Path) -> None:
    text = "# -*- coding: latin-1 -*-\n# café\nscipy==1.10\n"
    project(tmp_path, {"requirements.txt": text.encode("latin-1")})
    changes = {os.path.basename(c.path): c.after for c in edited(tmp_path, SCIPY, NUMPY).edits}
    expected = text.replace("1.10", "1.13.0") + "-c constraints.txt\n"
    assert changes["requirements.txt"] == expected.encode("latin-1")


def test_a_reason_that_the_encoding_lacks_does_not_stop_the_edit(tmp_path: Path) -> None:
    project(tmp_path, {"constraints.txt": b"# coding: ascii\n"})
    (change,) = edited(tmp_path, pin("scipy", "1.13.0", reason="wäre")).edits
    assert change.after is not None
    assert b"scipy==1.13.0  # w?re\n" in change.after


def test_the_block_takes_the_line_ends_of_its_file(tmp_path: Path) -> None:
    project(tmp_path, {"constraints.txt": b"pillow<11\r\n"})
    (change,) = edited(tmp_path, SCIPY).edits
    assert change.after is not None
    assert change.after.count(b"\n") == change.after.count(b"\r\n") == 5


@pytest.mark.parametrize("reason", ["two\nlines", "ends with \\", "tab\there", "\x00"])
def test_a_reason_cannot_leave_its_comment(tmp_path: Path, reason: str) -> None:
    project(tmp_path, {})
    (change,) = edited(tmp_path, pin("scipy", "1.13.0", reason=reason), pin("zarr", "2.0")).edits
    assert change.after is not None
    lines = change.after.decode().splitlines()
    assert len(lines) == 4
    assert lines[2] == "zarr==2.0"
    assert not lines[1].endswith("\\")


@pytest.mark.parametrize("content", [b"scipy\n\xff\xfe\xff", b"# coding: nonsense\nscipy\n", b"\xff\xfeabc"])
def test_what_cannot_be_decoded_is_refused(tmp_path: Path, content: bytes) -> None:
    project(tmp_path, {"requirements.txt": content})
    assert "cannot be read as" in refused(tmp_path, SCIPY).reason


def test_a_file_over_5_mb_is_refused(tmp_path: Path) -> None:
    project(tmp_path, {"requirements.txt": b"#" * 5_000_001})
    assert "larger" in refused(tmp_path, SCIPY).reason
    project(tmp_path, {"requirements.txt": b"#" * 4_999_980 + b"\nscipy\n"})
    assert len(edited(tmp_path, SCIPY).edits) == 1


def test_a_folder_and_a_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").mkdir()
    assert refused(tmp_path, SCIPY).reason == "is a folder"
    assert "is a folder" in no_place(tmp_path, "constraints.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert "not a regular file" in no_place(tmp_path, "pipe.txt")


@pytest.mark.parametrize("what", ["requirements.txt", ""])
def test_what_may_not_be_written_is_refused(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, {"requirements.txt": "scipy\n"})
    locked = os.path.realpath(tmp_path / what)
    real = os.access

    def access(path: str, mode: int) -> bool:
        # Root may write everything: what the system would answer others is said here.
        return real(path, mode) and not (os.path.realpath(path) == locked and mode & os.W_OK)

    monkeypatch.setattr(os, "access", access)
    assert "read-only" in refused(tmp_path, SCIPY).reason


def test_a_link_is_followed_to_the_file(tmp_path: Path) -> None:
    project(tmp_path, {"real/reqs.txt": "scipy\n"})
    (tmp_path / "requirements.txt").symlink_to("real/reqs.txt")
    (change,) = edited(tmp_path, SCIPY).edits
    assert change.path == str((tmp_path / "real/reqs.txt").resolve())


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").symlink_to("gone.txt")
    assert "not a regular file" in refused(tmp_path, SCIPY).reason
