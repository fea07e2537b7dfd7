"""Edit a project of requirements files: listed names in place, the others in a constraints file."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field

from npdoctor.fix.files.block import find_block, names_in_block, with_block
from npdoctor.fix.files.compiled import compiled
from npdoctor.fix.files.encoding import FileText, must_be_writable, read_text
from npdoctor.fix.files.includes import Reached, walk
from npdoctor.fix.files.place import CannotEdit, Edited, Kind, Place
from npdoctor.fix.files.requirement_lines import Include, read_lines
from npdoctor.fix.files.requirements_file import must_agree, rewritten
from npdoctor.fix.files.wanted import Wanted
from npdoctor.model.plan import FileEdit


@dataclass(slots=True)
class _Draft:
    """A file on its way: as it is, and the text that it will have."""

    file: FileText
    text: str


@dataclass(slots=True)
class _Drafts:
    """All files of one edit by real path, in the order in which they were reached."""

    wanted: Wanted
    found: dict[str, _Draft] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    commands: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, reached: Reached, is_needed: bool) -> None:
        """Edit the lines of a file not reached before; refuse a compiled one only if it is needed."""
        path = os.path.realpath(reached.file.path)
        if path in self.found:
            return
        made = compiled(reached.file.text)
        if made and is_needed:
            raise CannotEdit(reached.file.path, made.advice)
        if made:
            self.notes.append(f"{reached.file.path} {made.advice}.")
            self.commands += [made.command] if made.command else []
            return
        done = rewritten(reached.file.path, reached.file.text, reached.lines, self.wanted)
        self.found[path] = _Draft(reached.file, done.text)
        self.listed |= done.listed
        self.notes += done.notes


def edit_requirements(place: Place, wanted: Wanted) -> Edited:
    """Return the edits of the files that list the pins, and of the constraints file for the others."""
    drafts = _Drafts(wanted)
    reached_from_main: set[str] = set()
    for path in place.files:
        found = walk(path, constraint=place.kind is Kind.CONSTRAINTS)
        drafts.notes += found.notes
        for index, reached in enumerate(found.reached):
            drafts.add(reached, is_needed=path == place.path and index == 0)
            if path == place.path:
                reached_from_main.add(os.path.realpath(reached.file.path))
    constraints = os.path.realpath(place.constraints)
    if constraints not in drafts.found:
        file = read_text(place.constraints)
        _edit_apart(drafts, Reached(file, read_lines(file.text), True))
    has_block = _put_in_block(drafts, drafts.found[constraints])
    if has_block and constraints not in reached_from_main:
        _name_constraints(place, drafts)
    if has_block and place.kind is Kind.CONSTRAINTS:
        drafts.notes.append(f"Give pip or uv `-c {os.path.basename(place.constraints)}` to install with it.")
    edits = [_edit(path, draft, wanted) for path, draft in drafts.found.items()]
    changed = tuple(edit for edit in edits if edit is not None)
    commands = (*drafts.commands, *place.commands) if changed else ()
    return Edited(changed, tuple(dict.fromkeys(commands)), tuple(dict.fromkeys(drafts.notes)))


def _edit_apart(drafts: _Drafts, constraints: Reached) -> None:
    """Edit the constraints file where no requirements file names it; refuse only if it is needed."""
    block = find_block(constraints.file.path, constraints.lines)
    inside = names_in_block(constraints.lines, block, drafts.wanted.target)
    unlisted = {name for name, pin in drafts.wanted.pins.items() if not pin.is_removal} - drafts.listed
    drafts.add(constraints, is_needed=bool(unlisted or inside & drafts.wanted.pins.keys()))
    drafts.found.setdefault(
        os.path.realpath(constraints.file.path), _Draft(constraints.file, constraints.file.text)
    )


def _put_in_block(drafts: _Drafts, draft: _Draft) -> bool:
    """Put into the block what no file lists, and what it has already; tell whether there is a block."""
    wanted = drafts.wanted
    lines = read_lines(draft.text)
    inside = names_in_block(lines, find_block(draft.file.path, lines), wanted.target)
    pins = {
        name: pin
        for name, pin in wanted.pins.items()
        if not pin.is_removal and (name not in drafts.listed or name in inside)
    }
    removed = frozenset(name for name, pin in wanted.pins.items() if pin.is_removal) & inside
    drafts.notes += [
        f"{draft.file.path}: the pin of {name}, which is removed, goes." for name in sorted(removed)
    ]
    if pins or removed:
        draft.text = with_block(draft.file, draft.text, pins, removed, wanted.target)
    return bool(pins)


def _name_constraints(place: Place, drafts: _Drafts) -> None:
    """Add the line that names the constraints file to the main requirements file."""
    draft = drafts.found[os.path.realpath(place.path)]
    end = draft.file.line_end
    relative = os.path.relpath(place.constraints, os.path.dirname(place.path))
    line = f"-c {shlex.quote(relative)}"
    if draft.text and not draft.text.endswith(("\n", "\r")):
        draft.text += end + line
    else:
        draft.text += line + end
    drafts.notes.append(f"{place.path} gets the line `{line}`.")


def _edit(path: str, draft: _Draft, wanted: Wanted) -> FileEdit | None:
    if draft.text == draft.file.text:
        return None
    must_be_writable(path)
    _must_be_proven(draft, wanted)
    after = draft.file.encoded(draft.text)
    return FileEdit(path, draft.file.data, after)


def _must_be_proven(draft: _Draft, wanted: Wanted) -> None:
    """Check the new text against the old one, without the line that names the constraints file."""
    after = read_lines(draft.text)
    before = sum(isinstance(line, Include) for line in read_lines(draft.file.text))
    text = draft.text
    if sum(isinstance(line, Include) for line in after) == before + 1 and isinstance(after[-1], Include):
        text = draft.text[: after[-1].start]
    must_agree(draft.file.path, draft.file.text, text, wanted)
