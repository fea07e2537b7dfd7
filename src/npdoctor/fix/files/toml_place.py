"""Edit a project that is described in TOML: uv, Poetry, PDM, Pixi, or [project] alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from npdoctor.fix.files.place import Edited, Kind, Pin, Place
from npdoctor.fix.files.requirements_place import edit_requirements
from npdoctor.fix.files.specifier import is_exact
from npdoctor.fix.files.toml_file import TomlFile, at, read_toml, table_at
from npdoctor.fix.files.toml_requirements import Listing, add_constraints, edit_arrays
from npdoctor.fix.files.toml_tables import (
    POETRY_GROUP,
    add_entry,
    edit_tables,
    pixi_root,
    pixi_tables,
    poetry_tables,
)
from npdoctor.fix.files.wanted import Wanted

Editor = Callable[[TomlFile, Wanted], Listing]


def edit_toml(place: Place, wanted: Wanted) -> Edited:
    """Return the edit of a TOML file, and of a constraints file where the project has no room for a name."""
    toml = read_toml(place.path)
    listing = _EDITORS[place.kind](toml, wanted)
    used = frozenset(wanted.pins) | frozenset(wanted.conda.get(name, name) for name in wanted.pins)
    edit = toml.edit(used)
    edits = (edit,) if edit else ()
    commands = place.commands if edit else ()
    notes = tuple(listing.notes)
    if place.constraints:
        apart = Place(Kind.CONSTRAINTS, (place.constraints,), place.why, place.constraints)
        rest = edit_requirements(apart, wanted.only(frozenset(wanted.pins) - listing.names))
        return Edited((*edits, *rest.edits), commands, (*notes, *rest.notes))
    return Edited(edits, commands, notes)


def _unlisted(wanted: Wanted, listing: Listing) -> list[Pin]:
    """Return the pins that the file has no entry for, NumPy's first."""
    found = [p for name, p in wanted.pins.items() if name not in listing.names and not p.is_removal]
    return sorted(found, key=lambda pin: (pin.name != "numpy", is_exact(pin.clause), pin.name))


def _uv(toml: TomlFile, wanted: Wanted) -> Listing:
    listing = edit_arrays(toml, wanted)
    missing = _unlisted(wanted, listing)
    if missing:
        add_constraints(toml, missing)
    return listing


def _project(toml: TomlFile, wanted: Wanted) -> Listing:
    return edit_arrays(toml, wanted)


def _pdm(toml: TomlFile, wanted: Wanted) -> Listing:
    listing = edit_arrays(toml, wanted)
    overrides = at(toml.document, "tool", "pdm", "resolution", "overrides")
    here = edit_tables(toml, iter([("tool.pdm.resolution.overrides", overrides)]), wanted)
    listing.names |= here.names
    listing.notes += here.notes
    for pin in _unlisted(wanted, listing):
        table = table_at(toml.document, "tool", "pdm", "resolution", "overrides")
        add_entry(table, pin.name, _bare(pin), pin.reason)
    return listing


def _poetry(toml: TomlFile, wanted: Wanted) -> Listing:
    listing = edit_arrays(toml, wanted)
    here = edit_tables(toml, poetry_tables(toml.document), wanted)
    listing.names |= here.names
    listing.notes += here.notes
    missing = _unlisted(wanted, listing)
    for pin in missing:
        add_entry(table_at(toml.document, *POETRY_GROUP), pin.name, pin.clause, pin.reason)
    if missing:
        listing.notes.append(
            "Poetry has no constraints: what is not a dependency goes to the group npdoctor."
        )
    return listing


def _pixi(toml: TomlFile, wanted: Wanted) -> Listing:
    root = pixi_root(toml.path)
    listing = edit_arrays(toml, wanted) if root else Listing()
    for of_conda in (True, False):
        names = wanted.conda if of_conda else {}
        here = edit_tables(toml, pixi_tables(toml.document, root, of_conda), wanted, names)
        listing.names |= here.names
        listing.notes += here.notes
    for pin in _unlisted(wanted, listing):
        name = wanted.conda.get(pin.name)
        table = table_at(toml.document, *root, "dependencies" if name else "pypi-dependencies")
        add_entry(table, name or pin.name, pin.clause, pin.reason)
        listing.notes.append(
            f"{toml.path}: {name or pin.name} becomes a dependency: Pixi has no constraints."
        )
    return listing


def _bare(pin: Pin) -> str:
    """Return a pin as PDM's overrides have it: an exact version stands without an operator."""
    return pin.clause.lstrip("=") if is_exact(pin.clause) else pin.clause


_EDITORS: Mapping[Kind, Editor] = {
    Kind.UV: _uv,
    Kind.PROJECT: _project,
    Kind.PDM: _pdm,
    Kind.POETRY: _poetry,
    Kind.PIXI: _pixi,
}
