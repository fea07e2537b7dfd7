"""Read what pyproject.toml and pixi.toml declare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name
from tomlkit.items import String

from npdoctor.fix.files.project import PYPROJECT
from npdoctor.fix.files.requirement_lines import read_written
from npdoctor.fix.files.specifier import is_exact
from npdoctor.fix.files.toml_file import TomlFile, at, requirement_arrays
from npdoctor.fix.files.toml_requirements import CONSTRAINTS
from npdoctor.fix.files.toml_tables import pixi_root, pixi_tables, poetry_tables
from npdoctor.model.declaration import Declared
from npdoctor.model.requirement import parsed_version

_OVERRIDES = "tool.pdm.resolution.overrides"


def declared_in_toml(toml: TomlFile) -> list[Declared]:
    """Return what a TOML file declares; tables that are not known there declare nothing."""
    lines = _Lines(toml.file.text)
    found = [] if not toml.path.endswith(PYPROJECT) else _of_arrays(toml, lines)
    for where, table in _tables(toml):
        for key in table if isinstance(table, Mapping) else ():
            number = lines.of(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]")
            values = table[key] if isinstance(table[key], list) else [table[key]]
            if key != "python":
                found += [_entry(toml.path, key, value, number, where == _OVERRIDES) for value in values]
    return found


def _of_arrays(toml: TomlFile, lines: _Lines) -> list[Declared]:
    found = []
    for where, array in requirement_arrays(toml.document):
        for item in array:
            written = read_written(str(item)) if isinstance(item, String) else None
            if written is None:
                continue
            specifier = str(item)[written.start : written.end].strip()
            found.append(
                Declared(
                    name=written.name,
                    specifier=specifier,
                    path=toml.path,
                    line=lines.of(rf".*{re.escape(item.as_string())}"),
                    marker=str(written.requirement.marker or ""),
                    extras=tuple(sorted(written.requirement.extras)),
                    exact=is_exact(specifier),
                    constraint=where == CONSTRAINTS,
                    direct=written.requirement.url is not None,
                )
            )
    return found


def _tables(toml: TomlFile) -> Iterator[tuple[str, Any]]:
    root = pixi_root(toml.path)
    if root:
        yield from poetry_tables(toml.document)
        yield _OVERRIDES, at(toml.document, *_OVERRIDES.split("."))
    for of_conda in (True, False):
        yield from pixi_tables(toml.document, root, of_conda)


def _entry(path: str, key: str, value: Any, line: int, constraint: bool) -> Declared:
    details = value if isinstance(value, Mapping) else {"version": value}
    specifier = str(details.get("version", ""))
    extras = details.get("extras", ())
    return Declared(
        name=canonicalize_name(key),
        specifier=specifier,
        path=path,
        line=line,
        marker=str(details.get("markers", "")),
        extras=tuple(sorted(map(str, extras))) if isinstance(extras, list) else (),
        exact=is_exact(specifier) or parsed_version(specifier) is not None,
        constraint=constraint,
        direct="version" not in details,
    )


class _Lines:
    """Find the line where something stands, each line once."""

    def __init__(self, text: str) -> None:
        self._waiting = list(enumerate(text.splitlines(), start=1))

    def of(self, pattern: str) -> int:
        """Return the number of the first line not taken yet that matches, 0 for none."""
        for position, (number, line) in enumerate(self._waiting):
            if re.match(pattern, line):
                # A line may list more than one: it stays, behind those that come later.
                del self._waiting[position]
                self._waiting.append((number, line))
                return number
        return 0
