"""Read a file that is to be audited, or say in a line why it cannot be."""

from __future__ import annotations

import os

from npdoctor.fix.files.encoding import FileText, decoded
from npdoctor.fix.files.place import CannotEdit

MOST_BYTES = 50_000_000
_LONGEST_LINE = 100_000


class CannotRead(Exception):
    """Carry why a file cannot be read, in words that follow its path."""


def read_file(path: str) -> FileText:
    """Return a file as text; raise CannotRead for one that is missing, no text, or beyond all measure."""
    if not os.path.lexists(path):
        raise CannotRead("does not exist")
    if os.path.isdir(path):
        raise CannotRead("is a folder: name a file in it")
    if not os.path.isfile(path):
        raise CannotRead("is a link that leads nowhere" if os.path.islink(path) else "is not a regular file")
    try:
        if os.path.getsize(path) > MOST_BYTES:
            raise CannotRead(f"is larger than {MOST_BYTES // 1_000_000} MB")
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
        found = decoded(path, data)
    except OSError as error:
        raise CannotRead(f"cannot be read: {error.strerror or error}") from error
    except CannotEdit as refusal:
        raise CannotRead(refusal.reason) from refusal
    if "\0" in found.text:
        raise CannotRead("is not a text file")
    return found


def must_have_lines(text: str) -> None:
    """Raise CannotRead where a line, with those that continue it, is longer than any requirement is."""
    length = 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        length += len(line)
        if length > _LONGEST_LINE:
            raise CannotRead(f"has a line {number} of more than {_LONGEST_LINE:,} characters")
        if not line.rstrip("\r\n").endswith("\\"):
            length = 0
