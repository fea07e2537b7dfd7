"""Read what setup.cfg declares for setuptools: install_requires, extras_require, python_requires."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass

from npdoctor.audit.source_files import CannotRead
from npdoctor.fix.files.declared_entry import Entry
from npdoctor.fix.files.encoding import FileText
from npdoctor.fix.files.requirement_lines import read_written
from npdoctor.fix.files.specifier import is_exact
from npdoctor.model.audit import Source
from npdoctor.model.declaration import Declared

_SECTION = re.compile(r"\[([^\]]+)\]")
_KEY = re.compile(r"([^\s=:#;\[][^=:]*?)[ \t]*[=:][ \t]*")
_FILE = re.compile(r"file:\s*(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One line of a value: the section and key that it is of, what it says, and where that begins."""

    section: str
    key: str
    text: str
    start: int
    line: int


def setup_cfg_source(file: FileText) -> tuple[Source, tuple[str, ...]]:
    """Return setup.cfg as a source, and the files it takes requirements from; raises as its entries do."""
    entries, notes, files = _read(file)
    declared = tuple(entry.declared for entry in entries)
    pieces = _pieces(file.text)
    python = next((p.text for p in pieces if (p.section, p.key) == ("options", "python_requires")), "")
    return Source(file.path, "pyproject", declared, python=python, notes=tuple(notes)), tuple(files)


def setup_cfg_entries(file: FileText) -> list[Entry]:
    """Return what setup.cfg declares with where it stands; raise CannotRead for one that is malformed."""
    return _read(file)[0]


def _read(file: FileText) -> tuple[list[Entry], list[str], list[str]]:
    try:
        configparser.RawConfigParser(strict=False).read_string(file.text, file.path)
    except (configparser.Error, AttributeError) as error:
        line = getattr(error, "lineno", None) or next(iter(getattr(error, "errors", [])), (0,))[0]
        raise CannotRead(f"is not valid, see line {line}" if line else "is not valid") from error
    found, notes, files = list[Entry](), list[str](), list[str]()
    for piece in _pieces(file.text):
        is_extra = piece.section == "options.extras_require"
        if not is_extra and (piece.section, piece.key) != ("options", "install_requires"):
            continue
        of_file = _FILE.match(piece.text)
        if of_file:
            files += [name.strip() for name in of_file.group(1).split(",") if name.strip()]
            continue
        entry = _entry(file.path, piece, piece.key if is_extra else "")
        if entry is None:
            notes.append(f"{file.path}:{piece.line} could not be read as a requirement.")
        else:
            found.append(entry)
    return found, notes, files


def _entry(path: str, piece: _Piece, group: str) -> Entry | None:
    written = read_written(piece.text)
    if written is None:
        return None
    specifier = piece.text[written.start : written.end].strip()
    declared = Declared(
        written.name,
        specifier,
        path,
        piece.line,
        str(written.requirement.marker or ""),
        tuple(sorted(written.requirement.extras)),
        exact=is_exact(specifier),
        direct=written.requirement.url is not None,
        group=group,
    )
    if declared.direct:
        return Entry(declared)
    return Entry(declared, piece.start + written.start, piece.start + written.end)


def _pieces(text: str) -> Iterator[_Piece]:
    section, key, offset = "", "", 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        start = offset
        offset += len(line)
        body = line.rstrip()
        if not body or body.lstrip()[0] in "#;":
            continue
        if not line[0].isspace():
            head, named = _SECTION.match(body), _KEY.match(body)
            section = head.group(1) if head else section
            key = named.group(1).lower() if named and not head else ""
            skipped = named.end() if named and not head else len(body)
        else:
            skipped = len(body) - len(body.lstrip())
        if body[skipped:] and key:
            yield _Piece(section, key, body[skipped:], start + skipped, number)
