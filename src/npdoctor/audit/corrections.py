"""Write recommended ranges into the files that declare others: their edits, and what is left to a person."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.utils import canonicalize_name

from npdoctor.audit.corrected_range import bounded_above, corrected_range, floor_of, overlap
from npdoctor.audit.file_entries import entries_of
from npdoctor.audit.image.correct import corrected
from npdoctor.audit.lock_commands import lock_again
from npdoctor.audit.source_files import CannotRead, read_file
from npdoctor.fix.files.compiled import compiled
from npdoctor.fix.files.declared_entry import Entry
from npdoctor.fix.files.encoding import FileText, must_be_writable
from npdoctor.fix.files.place import CannotEdit
from npdoctor.fix.files.specifier import Splice, spliced
from npdoctor.model.audit import Source
from npdoctor.model.declaration import Declared
from npdoctor.model.plan import FileEdit


def corrections(
    sources: Sequence[Source], wanted: Mapping[str, str], folder: str, python: str = ""
) -> tuple[tuple[FileEdit, ...], tuple[str, ...]]:
    """Return the edits that bring recommended ranges, by name, into the files, and what was not edited.

    Only the characters of specifiers change. A name that no file lists goes to the first constraints file.
    With `python`, such as 3.11, lines whose marker excludes it stay. Notes tell paths from `folder`.
    """
    ranges: dict[str, str] = {canonicalize_name(name): told for name, told in sorted(wanted.items()) if told}
    if not ranges:
        return (), ()
    correcting = _Correcting(sources, ranges, os.path.abspath(folder), python)
    correcting.bounded = correcting.names_bounded()
    for source in sources:
        correcting.read(source)
    correcting.put_unlisted()
    edits = {path: edit for path, edit in correcting.edits.items() if edit.after != edit.before}
    return tuple(edits.values()), tuple(dict.fromkeys(correcting.notes))


@dataclass(slots=True)
class _Correcting:
    """The sources, the names that a line bounds from above, the edits so far by path, and the notes."""

    sources: Sequence[Source]
    wanted: Mapping[str, str]
    folder: str
    python: str
    edits: dict[str, FileEdit] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    bounded: frozenset[str] = frozenset()

    def names_bounded(self) -> frozenset[str]:
        """Return the names that some line, which need not be said twice, bounds as low as is wanted."""
        lines = (one for source in self.sources if source.kind != "lock" for one in self._concerned(source))
        return frozenset(one.name for one in lines if bounded_above(one.specifier, self.wanted[one.name]))

    def read(self, source: Source) -> None:
        """Add what is to be done about one source."""
        try:
            file = read_file(source.path)
            made = compiled(file.text) if source.kind in ("requirements", "constraints") else None
            if source.kind == "lock":
                self._lock(source, file)
            elif made is not None:
                if any(self._new(one, False) != one.specifier for one in self._concerned(source)):
                    self.notes.append(f"{self._shown(source.path)} {made.advice}.")
            elif source.image is not None:
                text, notes = corrected(file.text, source.image, self._of_image(source))
                self.notes += notes
                self._edit(file, text)
            else:
                self._file(source, file)
        except CannotRead as refusal:
            self.notes.append(f"{self._shown(source.path)} {refusal}: it is not corrected.")
        except CannotEdit as refusal:
            self.notes.append(f"{self._shown(refusal.path)} {refusal.reason}: it is not corrected.")

    def put_unlisted(self) -> None:
        """Add to a constraints file what no file lists, or say that a person has to."""
        listed = {one.name for s in self.sources if s.kind != "lock" for one in s.declared}
        missing = sorted(self.wanted.keys() - listed)
        lines = [f"{name}{self.wanted[name]}" for name in missing]
        for source in self.sources if missing else ():
            try:
                file = read_file(source.path) if source.kind == "constraints" else None
                if file is None or compiled(file.text) is not None:
                    continue
                self._append(file, lines)
            except (CannotRead, CannotEdit):
                continue
            added = ", ".join(missing)
            self.notes.append(f"{self._shown(source.path)} gets {added}, which no file lists.")
            return
        for name, line in zip(missing, lines, strict=True):
            self.notes.append(f"No file lists {name}. Add to a constraints file: {line}")

    def _lock(self, source: Source, file: FileText) -> None:
        wrong = [one for one in self._concerned(source) if self._new(one, False) != one.specifier]
        if not wrong:
            return
        names = tuple(dict.fromkeys(one.name for one in wrong))
        files = (
            other.path
            for other in self.sources
            if other.kind != "lock" and any(one.name in names for one in other.declared)
        )
        what = ", ".join(dict.fromkeys(f"{one.name}{one.specifier}" for one in wrong))
        how = lock_again(file.text, names, tuple(dict.fromkeys(map(self._shown, files))))
        self.notes.append(f"{self._shown(source.path)} locks {what}. {how}.")

    def _file(self, source: Source, file: FileText) -> None:
        entries = entries_of(file, source.kind == "constraints")
        splices = {}
        for entry in entries:
            one = entry.declared
            if one.name not in self.wanted or not self._applies(one):
                continue
            here = f"{self._shown(one.path)}:{one.line}"
            new = self._new(one, entry.loose)
            if one.direct:
                self.notes.append(f"{here} takes {one.name} from a URL or path and stays as it is.")
            elif new is None:
                self.notes.append(f"{here} says of {one.name} what cannot be followed and stays as it is.")
            elif new != one.specifier and one.hashed:
                how = f"{one.name}{self.wanted[one.name]} in what it is compiled from, and compile it again"
                self.notes.append(f"{here} pins {one.name} by hash and stays as it is. Ask for {how}.")
            elif new != one.specifier and entry.start < 0:
                self.notes.append(f"{here} stays as it is: write {one.name}{new} by hand.")
            elif new != one.specifier:
                splices[entry.start] = Splice(entry.start, entry.end, new)
        text = spliced(file.text, list(splices.values()))
        if text != file.text:
            _must_say_the_same(file, text, entries, source.kind == "constraints")
        self._edit(file, text)

    def _of_image(self, source: Source) -> dict[str, str]:
        """Return what the steps of an image should say, the same for all that name one distribution."""
        found: dict[str, set[str]] = {}
        for one in self._concerned(source):
            found.setdefault(one.name, set()).add(self._new(one, False) or one.specifier)
        said = {(one.name, one.specifier) for one in source.declared}
        return {
            name: next(iter(new)) if len(new) == 1 else self.wanted[name]
            for name, new in found.items()
            if {(name, text) for text in new} - said
        }

    def _new(self, one: Declared, loose: bool) -> str | None:
        """Return what a line should say; an upper bound that another line sets is not said again."""
        wanted = self.wanted[one.name]
        if one.name in self.bounded and not one.exact:
            floored = corrected_range(one.specifier, floor_of(wanted), loose)
            if floored is not None and overlap(floored, wanted):
                return floored
        return corrected_range(one.specifier, wanted, loose)

    def _concerned(self, source: Source) -> list[Declared]:
        return [one for one in source.declared if one.name in self.wanted and self._applies(one)]

    def _applies(self, one: Declared) -> bool:
        """Tell whether a line may hold for the Python; what cannot be judged may."""
        if not one.marker or not self.python:
            return True
        series = ".".join(self.python.split(".")[:2])
        full = self.python if self.python.count(".") > 1 else f"{series}.99"
        linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "extra": ""}
        try:
            return Marker(one.marker).evaluate(
                {**linux, "python_version": series, "python_full_version": full}
            )
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName):
            return True

    def _append(self, file: FileText, lines: Iterable[str]) -> None:
        done = self.edits.get(file.path)
        text = file.text
        if done is not None and done.after is not None:
            text = done.after[len(file.mark) :].decode(file.codec)
        gap = "" if not text or text.endswith(("\n", "\r")) else file.line_end
        self._edit(file, text + gap + "".join(line + file.line_end for line in lines))

    def _edit(self, file: FileText, text: str) -> None:
        if text == file.text:
            return
        must_be_writable(file.path)
        self.edits[file.path] = FileEdit(file.path, file.data, file.encoded(text))

    def _shown(self, path: str) -> str:
        inside = os.path.join(self.folder, "")
        return path[len(inside) :] if path.startswith(inside) else path


def _must_say_the_same(file: FileText, text: str, entries: Sequence[Entry], constraint: bool) -> None:
    """Raise CannotEdit where a text declares anything but the same with other specifiers."""
    after = entries_of(replace(file, text=text), constraint)
    told = [[replace(e.declared, specifier="", exact=False) for e in read] for read in (entries, after)]
    if told[0] != told[1]:
        raise CannotEdit(file.path, "internal check: the edit would change more than specifiers")
