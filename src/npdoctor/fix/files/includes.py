"""Follow the files that a requirements file includes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from npdoctor.fix.files.encoding import FileText, read_text
from npdoctor.fix.files.place import CannotEdit
from npdoctor.fix.files.requirement_lines import AnyLine, Include, read_lines

_DEEPEST = 20
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reached:
    """A file that was reached, its lines, and whether only as constraints."""

    file: FileText
    lines: tuple[AnyLine, ...]
    constraint: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """The files that one leads to, itself first, and what could not be followed."""

    reached: tuple[Reached, ...]
    notes: tuple[str, ...]


def walk(path: str, constraint: bool = False) -> Walk:
    """Return a requirements file and what it includes, each once; raise CannotEdit if it cannot be read."""
    first = _read(path, constraint)
    reached, notes = {os.path.realpath(path): first}, list[str]()
    waiting = [(first, 0)]
    while waiting:
        origin, depth = waiting.pop(0)
        for line in origin.lines:
            if not isinstance(line, Include):
                continue
            here = f"{origin.file.path}:{line.number}"
            if _URL.match(line.file):
                notes.append(f"{here} includes a URL, which was not fetched.")
                continue
            wanted = os.path.join(os.path.dirname(origin.file.path), line.file)
            known = os.path.realpath(wanted)
            if known in reached:
                continue
            if not os.path.lexists(wanted):
                notes.append(f"{here} includes {line.file}, which does not exist.")
            elif depth >= _DEEPEST:
                notes.append(f"{here} includes {line.file}, too deep to be followed.")
            else:
                try:
                    found = _read(os.path.normpath(wanted), line.constraint or origin.constraint)
                except CannotEdit as refusal:
                    notes.append(f"{here} includes {line.file}, which {refusal.reason}.")
                    continue
                reached[known] = found
                waiting.append((found, depth + 1))
    return Walk(tuple(reached.values()), tuple(notes))


def _read(path: str, constraint: bool) -> Reached:
    file = read_text(path)
    return Reached(file, read_lines(file.text), constraint)
