"""Read what the files of a project declare."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass

from npdoctor.fix.files.block import find_block
from npdoctor.fix.files.compiled import compiled
from npdoctor.fix.files.declared_entry import Entry
from npdoctor.fix.files.declared_toml import declared_in_toml
from npdoctor.fix.files.includes import Reached, walk
from npdoctor.fix.files.place import CannotEdit
from npdoctor.fix.files.requirement_lines import Listed, Unread
from npdoctor.fix.files.requirement_places import CONSTRAINTS, requirement_files
from npdoctor.fix.files.specifier import Splice, is_exact
from npdoctor.fix.files.toml_file import read_toml
from npdoctor.model.declaration import Declared


@dataclass(frozen=True, slots=True)
class Declarations:
    """What the files declare, and what of them could not be read."""

    declared: tuple[Declared, ...]
    notes: tuple[str, ...]


def declared(folder: str, file: str | None = None) -> tuple[Declared, ...]:
    """Return what the files of a project, or one file of it, declare, without the notes."""
    return read_declared(folder, file).declared


def read_declared(folder: str, file: str | None = None) -> Declarations:
    """Return what the files of a project declare: pyproject.toml, pixi.toml, requirements, constraints.

    Compiled files are left out unless `file` names one: they hold every version that was found, not what
    the person asked for.
    """
    folder = os.path.abspath(folder)
    paths = [os.path.join(folder, os.path.expanduser(file))] if file is not None else _files(folder)
    found: list[Declared] = []
    notes: list[str] = []
    seen: set[str] = set()
    for path in paths:
        if os.path.realpath(path) in seen:
            continue
        try:
            if path.endswith(".toml"):
                toml = read_toml(path)
                found += declared_in_toml(toml)
                if toml.file.data is None:
                    notes.append(f"{path} does not exist.")
            else:
                _read(path, file is not None, seen, found, notes)
        except CannotEdit as refusal:
            notes.append(f"{refusal.path} {refusal.reason}.")
    return Declarations(tuple(found), tuple(dict.fromkeys(notes)))


def _files(folder: str) -> list[str]:
    fixed = ("pyproject.toml", "pixi.toml")
    sources = sorted(glob.glob(os.path.join(glob.escape(folder), "requirements*.in")))
    paths = [os.path.join(folder, name) for name in fixed]
    paths += [*sources, *requirement_files(folder), os.path.join(folder, CONSTRAINTS)]
    return [path for path in paths if os.path.lexists(path)]


def _read(path: str, named: bool, seen: set[str], found: list[Declared], notes: list[str]) -> None:
    walked = walk(path, constraint="constraint" in os.path.basename(path))
    if walked.reached[0].file.data is None:
        notes.append(f"{path} does not exist.")
    notes += walked.notes
    for reached in walked.reached:
        known = os.path.realpath(reached.file.path)
        if known in seen:
            continue
        seen.add(known)
        made = compiled(reached.file.text)
        if made is not None and not named:
            notes.append(f"{reached.file.path} was compiled by {made.program} and is left out.")
            continue
        entries, unread = entries_in_lines(reached)
        found += [entry.declared for entry in entries]
        notes += unread


def entries_in_lines(reached: Reached) -> tuple[list[Entry], list[str]]:
    """Return what the lines of a file declare, and what of them could not be read."""
    path, found, notes = reached.file.path, list[Entry](), list[str]()
    try:
        block = find_block(path, reached.lines)
    except CannotEdit as refusal:
        notes.append(f"{refusal.path}: {refusal.reason}.")
        block = range(0)
    for index, line in enumerate(reached.lines):
        if isinstance(line, Unread):
            notes.append(f"{path}:{line.number} could not be read as a requirement.")
        if isinstance(line, Listed):
            found.append(_entry(path, line, reached.constraint, index in block))
    return found, notes


def _entry(path: str, line: Listed, constraint: bool, from_fix: bool) -> Entry:
    requirement = line.written.requirement
    start, end = line.written.start, line.written.end
    specifier = line.joined[start:end].strip()
    declared = Declared(
        name=line.name,
        specifier=specifier,
        path=path,
        line=line.number,
        marker=str(requirement.marker or ""),
        extras=tuple(sorted(requirement.extras)),
        exact=is_exact(specifier),
        hashed=bool(line.hashes),
        constraint=constraint,
        direct=requirement.url is not None,
        from_fix=from_fix,
    )
    if declared.direct:
        return Entry(declared)
    place = line.located(Splice(start, end, ""))
    return Entry(declared, place.start, place.end)
