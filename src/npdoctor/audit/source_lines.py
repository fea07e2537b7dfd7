"""Read requirements and constraints files: what they list, and the files that they lead to."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import replace
from urllib.parse import unquote

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from npdoctor.audit.source_files import must_have_lines
from npdoctor.fix.files.declared import entries_in_lines
from npdoctor.fix.files.declared_entry import Entry
from npdoctor.fix.files.encoding import FileText
from npdoctor.fix.files.includes import Reached
from npdoctor.fix.files.requirement_lines import AnyLine, Include, Listed, Other, read_lines
from npdoctor.model.audit import Source
from npdoctor.model.declaration import Declared

_MOST_UNREAD = 10
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_EDITABLE = ("-e", "--editable")
_EXTRAS = re.compile(r"\[[^\]]*\]\s*$")
_URL = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def line_entries(file: FileText, constraint: bool) -> tuple[list[Entry], list[str]]:
    """Return what a requirements file declares with where it stands, and what could not be read of it.

    A wheel that is named by its URL or path is declared in its version. Raises CannotRead for a line that
    is too long.
    """
    must_have_lines(file.text)
    reached = Reached(file, read_lines(file.text), constraint)
    listed, unread = entries_in_lines(reached)
    urls = {line.number: line.written.requirement.url for line in reached.lines if isinstance(line, Listed)}
    found = [replace(e, declared=_with_version(e.declared, urls.get(e.declared.line) or "")) for e in listed]
    found += [Entry(one) for line in reached.lines for one in _unnamed(file.path, line, constraint)]
    if len(unread) > _MOST_UNREAD:
        unread[_MOST_UNREAD:] = [f"{file.path}: {len(unread) - _MOST_UNREAD} more lines could not be read."]
    return sorted(found, key=lambda entry: entry.declared.line), unread


def line_source(file: FileText, constraint: bool) -> tuple[Source, tuple[tuple[str, bool, int], ...]]:
    """Return a requirements file as a source, and what it leads to: the name, if as constraints, the line.

    What it leads to are the files that it includes and the folders that it installs projects from.
    """
    entries, notes = line_entries(file, constraint)
    lines = read_lines(file.text)
    named = [
        *(
            (line.file, line.constraint or constraint, line.number)
            for line in lines
            if isinstance(line, Include)
        ),
        *((folder, False, line.number) for line in lines if (folder := _folder(file.path, line))),
    ]
    kind = "constraints" if constraint else "requirements"
    declared = tuple(entry.declared for entry in entries)
    return Source(file.path, kind, declared, notes=tuple(notes)), tuple(named)


def _unnamed(path: str, line: AnyLine, constraint: bool) -> list[Declared]:
    """Return what a line declares that takes a distribution from a URL or path without naming it first."""
    if not isinstance(line, Other):
        return []
    what = _installed_from(line)
    egg = _EGG.search(what)
    found = Declared("", "", path, line.number, constraint=constraint, direct=True)
    if egg:
        return [_with_version(replace(found, name=canonicalize_name(egg.group(1))), what)]
    named = _with_version(found, what)
    return [named] if named.name else []


def _with_version(declared: Declared, url: str) -> Declared:
    """Return what is taken from a wheel or archive with the version that the file's name tells."""
    if not declared.direct or not url:
        return declared
    file = unquote(url.partition("#")[0].partition("?")[0]).rpartition("/")[2].rstrip()
    file = _EXTRAS.sub("", file)
    try:
        if file.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(file)
        else:
            name, version = parse_sdist_filename(file)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return declared
    if declared.name not in ("", name):
        return declared
    return replace(declared, name=name, specifier=f"=={version}", exact=True)


def _folder(path: str, line: AnyLine) -> str:
    """Return the folder of a project that a line installs, as written; empty for none."""
    what = _EXTRAS.sub("", _installed_from(line)) if isinstance(line, Other) else ""
    if not what or _URL.match(what):
        return ""
    return what if os.path.isdir(os.path.join(os.path.dirname(path), what)) else ""


def _installed_from(line: Other) -> str:
    """Return the URL or path that a line installs, empty for a line that installs nothing."""
    text = line.joined.partition(" ;")[0].strip()
    if not text or len(text) > 10_000:
        return ""
    try:
        words = shlex.split(text)
    except ValueError:
        return ""
    if words and words[0] in _EDITABLE:
        return words[1] if len(words) > 1 else ""
    if words and words[0].startswith("--editable="):
        return words[0].partition("=")[2]
    return words[0] if words and not words[0].startswith("-") else ""
