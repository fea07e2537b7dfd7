"""Read what pyproject.toml, pixi.toml and Pipfile declare."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from tomlkit.items import String

from npdoctor.fix.files.declared_entry import Entry
from npdoctor.fix.files.loose_version import strict
from npdoctor.fix.files.project import PYPROJECT
from npdoctor.fix.files.requirement_lines import read_written
from npdoctor.fix.files.specifier import is_exact
from npdoctor.fix.files.toml_file import TomlFile, at, requirement_arrays
from npdoctor.fix.files.toml_requirements import CONSTRAINTS
from npdoctor.fix.files.toml_spans import Keys, Span, spans
from npdoctor.fix.files.toml_tables import pixi_root, pixi_tables, poetry_tables
from npdoctor.model.declaration import Declared
from npdoctor.model.requirement import parsed_version

_OVERRIDES = "tool.pdm.resolution.overrides"
_UV_DEV = "tool.uv.dev-dependencies"
_LIMITS = (CONSTRAINTS, "tool.uv.override-dependencies")
_GROUPED = ("project.optional-dependencies", "dependency-groups", "tool.pdm.dev-dependencies")
_POETRY_GROUP = "tool.poetry.group."
_OF_TABLE = ".dependencies"
_PIPFILE = (("packages", ""), ("dev-packages", "dev"))


def declared_in_toml(toml: TomlFile) -> list[Declared]:
    """Return what a TOML file declares; tables that are not known there declare nothing."""
    return [entry.declared for entry in entries_in_toml(toml)]


def entries_in_toml(toml: TomlFile) -> list[Entry]:
    """Return what a TOML file declares, with where each specifier stands."""
    stand = spans(toml.file.text)
    found = [] if not toml.path.endswith(PYPROJECT) else _of_arrays(toml, stand)
    for keys, group, table in _tables(toml):
        is_override = ".".join(map(str, keys)) == _OVERRIDES
        for key in table if isinstance(table, Mapping) else ():
            several = isinstance(table[key], list)
            values = table[key] if several else [table[key]]
            if key == "python":
                continue
            for index, value in enumerate(values):
                here = (*keys, key, index) if several else (*keys, key)
                found.append(_entry(toml, here, str(key), value, group, is_override, stand))
    return found


def _of_arrays(toml: TomlFile, stand: Mapping[Keys, Span]) -> list[Entry]:
    found = []
    for where, array in requirement_arrays(toml.document):
        keys, group = _keys_of(where)
        for index, item in enumerate(array):
            text = str(item)
            written = read_written(text) if isinstance(item, String) else None
            if written is None:
                continue
            specifier = text[written.start : written.end].strip()
            span = stand.get((*keys, index))
            declared = Declared(
                name=written.name,
                specifier=specifier,
                path=toml.path,
                line=span.line if span else 0,
                marker=str(written.requirement.marker or ""),
                extras=tuple(sorted(written.requirement.extras)),
                exact=is_exact(specifier),
                constraint=where in _LIMITS,
                direct=written.requirement.url is not None,
                group=group,
            )
            if span and not declared.direct and toml.file.text[span.start : span.end] == text:
                found.append(Entry(declared, span.start + written.start, span.start + written.end))
            else:
                found.append(Entry(declared))
    return found


def _keys_of(where: str) -> tuple[Keys, str]:
    """Return the keys of an array by its dotted name, and the extra or group that it is of."""
    for prefix in _GROUPED:
        if where.startswith(f"{prefix}."):
            group = where[len(prefix) + 1 :]
            return (*prefix.split("."), group), group
    return tuple(where.split(".")), "dev" if where == _UV_DEV else ""


def _tables(toml: TomlFile) -> Iterator[tuple[Keys, str, Any]]:
    if os.path.basename(toml.path) == "Pipfile":
        for name, group in _PIPFILE:
            yield (name,), group, at(toml.document, name)
        return
    root = pixi_root(toml.path)
    if root:
        for where, table in poetry_tables(toml.document):
            yield *_poetry_keys(where), table
        yield tuple(_OVERRIDES.split(".")), "", at(toml.document, *_OVERRIDES.split("."))
    for of_conda in (True, False):
        for where, table in pixi_tables(toml.document, root, of_conda):
            kind, _, rest = where.partition(".")
            if not rest:
                yield (*root, where), "", table
                continue
            part, _, name = rest.rpartition(".")
            yield (*root, kind, part, name), part if kind == "feature" else "", table


def _poetry_keys(where: str) -> tuple[Keys, str]:
    if where.startswith(_POETRY_GROUP):
        group = where[len(_POETRY_GROUP) : -len(_OF_TABLE)]
        return ("tool", "poetry", "group", group, "dependencies"), group
    return tuple(where.split(".")), "dev" if where.endswith("dev-dependencies") else ""


def _entry(
    toml: TomlFile,
    keys: Keys,
    name: str,
    value: Any,
    group: str,
    constraint: bool,
    stand: Mapping[Keys, Span],
) -> Entry:
    details = value if isinstance(value, Mapping) else {"version": value}
    specifier = str(details.get("version", ""))
    extras = details.get("extras", ())
    here = stand.get(keys)
    span = stand.get((*keys, "version")) if isinstance(value, Mapping) else here
    declared = Declared(
        name=canonicalize_name(name),
        specifier=specifier,
        path=toml.path,
        line=span.line if span else here.line if here else 0,
        marker=_marker(details),
        extras=tuple(sorted(map(str, extras))) if isinstance(extras, list) else (),
        exact=is_exact(specifier) or parsed_version(specifier) is not None,
        constraint=constraint,
        direct="version" not in details,
        group=group,
    )
    if span and not declared.direct and toml.file.text[span.start : span.end] == specifier:
        return Entry(declared, span.start, span.end, loose=True)
    return Entry(declared, loose=True)


def _marker(details: Mapping[str, Any]) -> str:
    """Return under which conditions an entry holds, its `python` and `platform` as markers."""
    python = strict(str(details.get("python", "*"))) or SpecifierSet()
    parts = [f"python_full_version {clause.operator} '{clause.version}'" for clause in python]
    if isinstance(details.get("platform"), str):
        parts.append(f"sys_platform == '{details['platform']}'")
    markers = str(details.get("markers", ""))
    if not parts:
        return markers
    return " and ".join([*sorted(parts), *([f"({markers})"] if markers else [])])
