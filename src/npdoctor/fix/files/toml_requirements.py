"""Edit the arrays of requirements in pyproject.toml: [project], dependency groups, uv and PDM."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.items import Array

from npdoctor.fix.files.place import CannotEdit, Pin
from npdoctor.fix.files.requirement_lines import applies, read_written
from npdoctor.fix.files.specifier import holds, spliced
from npdoctor.fix.files.toml_file import TomlFile, requirement_arrays, restrung, table_at
from npdoctor.fix.files.wanted import Wanted

CONSTRAINTS = "tool.uv.constraint-dependencies"


@dataclass(slots=True)
class Listing:
    """Which of the wanted names a file lists, and what else to know."""

    names: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def edit_arrays(toml: TomlFile, wanted: Wanted) -> Listing:
    """Change each wanted name in place wherever an array lists it."""
    listing = Listing()
    for where, array in requirement_arrays(toml.document):
        gone = []
        for index, item in enumerate(array):
            written = read_written(str(item)) if isinstance(item, str) else None
            pin = wanted.pins.get(written.name) if written else None
            if written is None or pin is None:
                continue
            if not applies(written, wanted.target):
                note = f"{toml.path}: {where} lists {pin.name} for another Python or platform; that stays."
                listing.notes.append(note)
                continue
            listing.names.add(pin.name)
            if written.requirement.url is not None:
                listing.notes.append(f"{toml.path}: {where} takes {pin.name} from a URL; that stays.")
            elif pin.is_removal:
                listing.notes.append(f"{toml.path}: {where} listed {pin.name}, which is removed.")
                gone.append(index)
            else:
                _edit_item(toml.path, array, index, pin, wanted, is_constraint=where == CONSTRAINTS)
        for index in reversed(gone):
            del array[index]
    return listing


def _edit_item(path: str, array: Array, index: int, pin: Pin, wanted: Wanted, is_constraint: bool) -> None:
    """Change one requirement; a constraint is replaced as a whole by what the pin says."""
    old = str(array[index])
    written = read_written(old)
    if written is None:
        return
    if is_constraint:
        new = old[: written.start] + pin.clause + old[written.end :]
    else:
        new = spliced(old, wanted.splices(old, written, pin))
    after = read_written(new)
    if after is None or not holds(new[after.start : after.end], pin):
        raise CannotEdit(path, f"would say {new}, which excludes {pin.name} {pin.version or pin.specifier}")
    if new != old:
        array[index] = restrung(array[index], new)


def add_constraints(toml: TomlFile, pins: Iterable[Pin]) -> None:
    """Add to uv's constraints, each with its reason."""
    table = table_at(toml.document, "tool", "uv")
    if "constraint-dependencies" not in table:
        table.add("constraint-dependencies", tomlkit.array())
    array: Any = table["constraint-dependencies"]
    was_empty = len(array) == 0
    for pin in pins:
        array.add_line(f"{pin.name}{pin.clause}", comment=pin.reason or None)
    if was_empty:
        array.add_line(indent="")
