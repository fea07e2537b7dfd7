"""Read the files that are to be audited, and those that they lead to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from npdoctor.audit.conda_environment import conda_source
from npdoctor.audit.context_files import OF_PROJECT, context_file, file_at
from npdoctor.audit.image.order import commands_of
from npdoctor.audit.image.read import read_image
from npdoctor.audit.locks import lock_source
from npdoctor.audit.projects import toml_source
from npdoctor.audit.setup_cfg import setup_cfg_source
from npdoctor.audit.source_files import CannotRead, read_file
from npdoctor.audit.source_kinds import Reader, reader_of
from npdoctor.audit.source_lines import line_source
from npdoctor.errors import UsageError
from npdoctor.fix.files.encoding import FileText
from npdoctor.model.audit import Source
from npdoctor.model.image import Act, Command

_MOST_FILES = 200
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_NO_READER = (
    "is none of requirements, constraints, pyproject.toml, setup.cfg, pixi.toml, Pipfile, a lock file, "
    "a conda environment or a Dockerfile"
)


def read_sources(paths: Sequence[str], folder: str) -> tuple[Source, ...]:
    """Return the files named, relative to a folder, each followed by those that it leads to; each file once.

    Raises UsageError for a file named that cannot be read. What a file leads to and cannot be read is a
    note of that file.
    """
    reading = _Reading(os.path.abspath(folder))
    for path in paths:
        whole = os.path.normpath(os.path.join(reading.folder, os.path.expanduser(path)))
        try:
            reading.add(whole, "constraint" in os.path.basename(whole))
        except CannotRead as refusal:
            raise UsageError(f"{path} {refusal}.") from refusal
    return tuple(reading.found)


@dataclass(frozen=True, slots=True)
class _Lead:
    """A file or folder that a file leads to: as written, its line, whether it only constrains."""

    name: str
    line: int
    constraint: bool = False


@dataclass(slots=True)
class _Reading:
    """The sources so far, and the real paths of the files that they are."""

    folder: str
    found: list[Source] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def add(self, path: str, constraint: bool) -> None:
        """Read a file and what it leads to; raise CannotRead where the file itself cannot be read."""
        waiting: list[tuple[int, _Lead]] = self._one(path, constraint)
        while waiting:
            origin, lead = waiting.pop(0)
            source = self.found[origin]
            here = f"{source.path}:{lead.line}" if lead.line else source.path
            for note in self._follow(source, lead, waiting):
                noted = (*self.found[origin].notes, f"{here} {note}")
                self.found[origin] = replace(self.found[origin], notes=tuple(dict.fromkeys(noted)))

    def _follow(self, source: Source, lead: _Lead, waiting: list[tuple[int, _Lead]]) -> Iterator[str]:
        if _URL.match(lead.name):
            yield "names a URL, which was not fetched."
            return
        path, note = self._located(source, lead.name)
        if note:
            yield note
        if not path:
            return
        if len(self.found) >= _MOST_FILES:
            yield f"names {lead.name}: more than {_MOST_FILES} files are not followed."
            return
        try:
            waiting += self._one(path, lead.constraint)
        except CannotRead as refusal:
            yield f"names {lead.name}, which {refusal}."

    def _located(self, source: Source, name: str) -> tuple[str, str]:
        """Return the path that a name leads to, empty for none, and what is to be said of that."""
        beside = os.path.dirname(source.path)
        if source.image is None:
            place = os.path.join(beside, name)
            found = file_at(place)
            why = "is not a file" if os.path.lexists(place) else "does not exist"
            return found, "" if found else f"names {name}, which {why}."
        found = context_file(source.image, name, beside, self.folder)
        if not found:
            return "", f"installs from {name}, which is not beside it."
        read = os.path.relpath(found, beside)
        known = os.path.basename(read) in OF_PROJECT or read == os.path.normpath(name)
        return found, "" if known else f"installs from {name}: {read} was read for it."

    def _one(self, path: str, constraint: bool) -> list[tuple[int, _Lead]]:
        """Read one file that was not read yet; return what it leads to, with its place in the list."""
        known = os.path.realpath(path)
        if known in self.seen:
            return []
        file = read_file(path)
        source, leads = _read(file, constraint)
        self.seen.add(known)
        self.found.append(source)
        return [(len(self.found) - 1, lead) for lead in leads]


def _read(file: FileText, constraint: bool) -> tuple[Source, tuple[_Lead, ...]]:
    reader = reader_of(file.path, file.text)
    if reader is None:
        raise CannotRead(_NO_READER)
    if reader in (Reader.LINES, Reader.CONDA):
        source, named = conda_source(file) if reader is Reader.CONDA else line_source(file, constraint)
        return source, tuple(_Lead(name, line, limits) for name, limits, line in named)
    if reader is Reader.LOCK:
        return lock_source(file), ()
    if reader is Reader.DOCKERFILE:
        return _image_source(file)
    source, files = toml_source(file) if reader is Reader.TOML else setup_cfg_source(file)
    return source, tuple(_Lead(name, 0) for name in files)


def _image_source(file: FileText) -> tuple[Source, tuple[_Lead, ...]]:
    image = read_image(file.path, file.text)
    commands = [command for command in commands_of(image) if command.act is Act.INSTALL]
    declared = tuple(one for command in commands for one in command.declared)
    leads = tuple(lead for command in commands for lead in _leads(command))
    return Source(file.path, "dockerfile", declared, image=image, notes=image.notes), leads


def _leads(command: Command) -> Iterator[_Lead]:
    for name in command.files:
        yield _Lead(name, command.line)
    for name in command.constraints:
        yield _Lead(name, command.line, constraint=True)
