"""Edit tables of names and versions: Poetry, Pixi, PDM's overrides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name
from tomlkit.items import AbstractTable

from npdoctor.fix.files.loose_version import loosely_admits, loosely_respecified, strict
from npdoctor.fix.files.place import CannotEdit, Pin
from npdoctor.fix.files.toml_file import TomlFile, at, restrung
from npdoctor.fix.files.toml_requirements import Listing
from npdoctor.fix.files.wanted import Wanted
from npdoctor.model.requirement import marker_environment
from npdoctor.model.target import Target

POETRY_GROUP = ("tool", "poetry", "group", "npdoctor", "dependencies")
_DIRECT = ("git", "path", "url", "file", "develop", "editable")


def poetry_tables(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield Poetry's tables of dependencies, each with its dotted name."""
    for name in ("dependencies", "dev-dependencies"):
        yield f"tool.poetry.{name}", at(document, "tool", "poetry", name)
    groups = at(document, "tool", "poetry", "group")
    for group in groups if isinstance(groups, Mapping) else ():
        yield f"tool.poetry.group.{group}.dependencies", at(groups, group, "dependencies")


def pixi_root(toml_path: str) -> tuple[str, ...]:
    """Return under which keys Pixi's tables are."""
    return ("tool", "pixi") if toml_path.endswith("pyproject.toml") else ()


def pixi_tables(document: Any, root: tuple[str, ...], of_conda: bool) -> Iterator[tuple[str, Any]]:
    """Yield Pixi's tables of conda or of PyPI dependencies, of all features and platforms."""
    name = "dependencies" if of_conda else "pypi-dependencies"
    yield name, at(document, *root, name)
    for kind in ("feature", "target"):
        parts = at(document, *root, kind)
        for part in parts if isinstance(parts, Mapping) else ():
            yield f"{kind}.{part}.{name}", at(parts, part, name)


def edit_tables(
    toml: TomlFile, tables: Iterator[tuple[str, Any]], wanted: Wanted, names: Mapping[str, str] | None = None
) -> Listing:
    """Change each wanted name in place wherever a table lists it; `names` are those used in the file."""
    listing = Listing()
    called = {canonicalize_name((names or {}).get(name, name)): name for name in wanted.pins}
    for where, table in tables:
        if not isinstance(table, AbstractTable):
            continue
        for key in list(table):
            pin = wanted.pins.get(called.get(canonicalize_name(key), ""))
            if pin is None:
                continue
            if pin.is_removal:
                del table[key]
                listing.notes.append(f"{toml.path}: {where} listed {pin.name}, which is removed.")
            elif not _edit_value(toml.path, table, key, pin, wanted):
                listing.notes.append(f"{toml.path}: {where} says of {key} what no version can; it stays.")
            listing.names.add(pin.name)
    return listing


def _edit_value(path: str, table: Any, key: str | int, pin: Pin, wanted: Wanted) -> bool:
    """Change one entry; tell whether it is one that has a version."""
    value = table[key]
    if isinstance(value, str):
        new = loosely_respecified(str(value), pin, wanted.is_down(pin))
        if pin.version and not loosely_admits(new, pin.version):
            raise CannotEdit(path, f"would say {key} = {new}, which excludes {pin.name} {pin.version}")
        if new != str(value):
            table[key] = restrung(value, new)
        return True
    if isinstance(value, Mapping):
        if any(word in value for word in _DIRECT) or "version" not in value:
            return False
        return not _concerns(value, wanted.target) or _edit_value(path, value, "version", pin, wanted)
    if isinstance(value, list):
        edited = [_edit_value(path, value, index, pin, wanted) for index in range(len(value))]
        return all(edited)
    return False


def _concerns(value: Mapping[str, Any], target: Target) -> bool:
    """Tell whether an entry with conditions is for this target; one that cannot be judged is."""
    python = strict(str(value.get("python", "*")))
    if python is not None and not python.contains(target.python, prereleases=True):
        return False
    if value.get("platform", "linux") != target.platform.partition("-")[0]:
        return False
    try:
        markers = value.get("markers")
        return not markers or Marker(str(markers)).evaluate(marker_environment(target))
    except (InvalidMarker, ValueError):
        return True


def add_entry(table: Any, key: str, value: str, reason: str) -> None:
    """Add a name with its version at the end of a table, and the reason as a comment."""
    item = tomlkit.string(value)
    if reason:
        item.comment(reason)
    table.add(key, item)
