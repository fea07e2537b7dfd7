"""Bytes to text and back without losing one: byte order marks, coding cookies, line ends."""

from __future__ import annotations

import codecs
import os
import re
from dataclasses import dataclass

from npdoctor.fix.files.place import CannotEdit

MOST_BYTES = 5_000_000
_COOKIE = re.compile(rb"coding[:=]\s*([-\w.]+)")
_END = re.compile(r"\r\n|\n|\r")
# Longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class FileText:
    """A file as text; `data` None means that it does not exist, `mark` is its byte order mark."""

    path: str
    data: bytes | None
    text: str = ""
    codec: str = "utf-8"
    mark: bytes = b""

    @property
    def line_end(self) -> str:
        """Return the line end that the file uses first, LF where it has none."""
        found = _END.search(self.text)
        return found.group() if found else "\n"

    def encoded(self, text: str) -> bytes:
        """Return other text in the file's encoding; characters it lacks become question marks."""
        return self.mark + text.encode(self.codec, "replace")


def decoded(path: str, data: bytes) -> FileText:
    """Read bytes the way pip does: byte order mark, coding cookie in the first two lines, else UTF-8."""
    mark, codec = next(((m, c) for m, c in _MARKS if data.startswith(m)), (b"", ""))
    named = codec or _cookie(data) or "utf-8"
    try:
        text = data[len(mark) :].decode(named)
        same = text.encode(named) == data[len(mark) :]
    except (UnicodeError, LookupError, ValueError):
        same = False
    if not same:
        how = f"as {named}" if mark or _cookie(data) else "as UTF-8, and it names no other encoding"
        raise CannotEdit(path, f"cannot be read {how}")
    return FileText(path, data, text, named, mark)


def _cookie(data: bytes) -> str:
    for line in data.split(b"\n")[:2]:
        found = _COOKIE.search(line) if line.startswith(b"#") else None
        if found:
            return found.group(1).decode("ascii", "replace")
    return ""


def read_text(path: str) -> FileText:
    """Return a file as text, also one that does not exist; raise CannotEdit for what cannot be read."""
    if not os.path.lexists(path):
        return FileText(path, None)
    if os.path.isdir(path):
        raise CannotEdit(path, "is a folder")
    if not os.path.isfile(path):
        raise CannotEdit(path, "is not a regular file")
    try:
        if os.path.getsize(path) > MOST_BYTES:
            raise CannotEdit(path, "is larger than 5 MB")
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CannotEdit(path, f"cannot be read: {error.strerror or error}") from error
    return decoded(path, data)


def must_be_writable(path: str) -> None:
    """Raise CannotEdit where a file, or the folder it is or would be in, may not be written."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.lexists(path) and not os.access(path, os.W_OK):
        raise CannotEdit(path, "is read-only")
    if not os.path.isdir(folder):
        raise CannotEdit(path, "is in a folder that does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotEdit(path, "is in a read-only folder")
