"""The difference between two states of a file, as text."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterator

from npdoctor.model.plan import FileEdit
from npdoctor.report.prose import printable

NO_END = "\\ No newline at end of file"


def unified_diff(edit: FileEdit, context: int = 3) -> tuple[str, ...]:
    """Return the lines of a unified diff; /dev/null stands for a file that is not there."""
    before, after = _lines(edit.before), _lines(edit.after)
    names = (
        edit.path if edit.before is not None else "/dev/null",
        edit.path if edit.after is not None else "/dev/null",
    )
    diff = difflib.unified_diff(before, after, *names, lineterm="", n=context)
    return tuple(_marked(diff))


def _marked(diff: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(diff):
        if number > 1 and not line.startswith("@@") and not line.endswith("\n"):
            yield printable(line)
            yield NO_END
        else:
            yield printable(line.rstrip("\r\n"))


def _lines(content: bytes | None) -> list[str]:
    return _text(content or b"").splitlines(keepends=True)


def _text(content: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")
