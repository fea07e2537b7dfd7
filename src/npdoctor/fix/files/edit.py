"""Compute what a project's files would be with pins in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from npdoctor.fix.files.pinned_file import edit_pinned
from npdoctor.fix.files.place import CannotEdit, Edited, Kind, Pin, Place, Refused
from npdoctor.fix.files.requirements_place import edit_requirements
from npdoctor.fix.files.toml_place import edit_toml
from npdoctor.fix.files.wanted import Wanted, by_name
from npdoctor.model.target import Target

_OF_LINES = frozenset({Kind.COMPILED, Kind.REQUIREMENTS, Kind.CONSTRAINTS})


def edit(
    place: Place, pins: Sequence[Pin], target: Target, hashes: Mapping[str, tuple[str, ...]] | None = None
) -> Edited | Refused:
    """Return the edits that bring pins into a place, or the file that cannot be edited; write nothing.

    `hashes` are the sha256 of all files of a pinned version, by normalised name: a line that is pinned by
    hash is refused without them.
    """
    try:
        wanted = Wanted(by_name(pins, place.path), target, place.installed, hashes or {}, place.conda)
        done = _edited(place, wanted)
    except CannotEdit as refusal:
        return Refused(refusal.path, refusal.reason)
    return replace(done, notes=tuple(dict.fromkeys((*place.notes, *done.notes))))


def _edited(place: Place, wanted: Wanted) -> Edited:
    if not wanted.pins:
        return Edited(())
    if place.kind in _OF_LINES:
        return edit_requirements(place, wanted)
    if place.kind is not Kind.CONDA:
        return edit_toml(place, wanted)
    owned = frozenset(wanted.pins) & place.conda.keys()
    parts = []
    if owned:
        parts.append(edit_pinned(place.path, wanted.target.prefix, wanted.only(owned)))
    others = frozenset(wanted.pins) - owned
    if others and place.rest is None:
        names = ", ".join(sorted(others))
        raise CannotEdit(place.path, f"holds what conda installed, and conda did not install {names}")
    if others and place.rest is not None:
        parts.append(_edited(place.rest, wanted.only(others)))
    return Edited(
        tuple(edit for part in parts for edit in part.edits),
        tuple(command for part in parts for command in part.commands),
        tuple(note for part in parts for note in part.notes),
    )
