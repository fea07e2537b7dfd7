"""Read and write TOML files of a project so that what is not edited keeps its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from packaging.utils import canonicalize_name
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, String, Table

from npdoctor.fix.files.encoding import FileText, must_be_writable, read_text
from npdoctor.fix.files.place import CannotEdit
from npdoctor.fix.files.requirement_lines import read_written
from npdoctor.model.plan import FileEdit

AnyTable = Table | InlineTable | tomlkit.TOMLDocument


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A TOML file as a document that keeps its layout."""

    file: FileText
    document: tomlkit.TOMLDocument

    @property
    def path(self) -> str:
        """Return the path of the file."""
        return self.file.path

    @property
    def _only_crlf(self) -> bool:
        return "\r\n" in self.file.text and not re.search(r"(?<!\r)\n", self.file.text)

    def text(self) -> str:
        """Return the document as text; new lines end as all the file's lines do."""
        text = tomlkit.dumps(self.document)
        return text.replace("\r\n", "\n").replace("\n", "\r\n") if self._only_crlf else text

    def edit(self, names: frozenset[str]) -> FileEdit | None:
        """Return the edit, None where nothing changed; raise where more changed than these names."""
        text = self.text()
        if text == self.file.text:
            return None
        must_be_writable(self.path)
        _must_be_proven(self.path, self.file.text, text, names)
        return FileEdit(self.path, self.file.data, self.file.encoded(text))


def read_toml(path: str) -> TomlFile:
    """Return a TOML file; raise CannotEdit where it cannot be read as TOML in UTF-8."""
    file = read_text(path)
    if file.codec != "utf-8":
        raise CannotEdit(path, f"is in {file.codec}, and TOML is UTF-8")
    return TomlFile(file, parsed_toml(path, file.text))


def parsed_toml(path: str, text: str) -> tomlkit.TOMLDocument:
    """Return a TOML document; raise CannotEdit for text that is none."""
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, RecursionError) as error:
        raise CannotEdit(path, f"is not valid TOML: {error}") from error


def at(table: Any, *keys: str) -> Any:
    """Return what stands under a path of keys, None where something on the way is missing."""
    for key in keys:
        if not isinstance(table, Mapping) or key not in table:
            return None
        table = table[key]
    return table


def table_at(table: Any, *keys: str) -> Any:
    """Return the table under a path of keys, with those that are missing created."""
    for position, key in enumerate(keys):
        if key not in table:
            table[key] = tomlkit.table(is_super_table=position + 1 < len(keys))
        table = table[key]
    return table


def requirement_arrays(document: Any) -> Iterator[tuple[str, Array]]:
    """Yield the arrays of PEP 508 strings, each with its dotted name."""
    single: tuple[tuple[str, ...], ...] = (
        ("project", "dependencies"),
        ("tool", "uv", "constraint-dependencies"),
        ("tool", "uv", "override-dependencies"),
        ("tool", "uv", "dev-dependencies"),
    )
    grouped: tuple[tuple[str, ...], ...] = (
        ("project", "optional-dependencies"),
        ("dependency-groups",),
        ("tool", "pdm", "dev-dependencies"),
    )
    for keys in single:
        found = at(document, *keys)
        if isinstance(found, Array):
            yield ".".join(keys), found
    for keys in grouped:
        groups = at(document, *keys)
        for group in groups if isinstance(groups, Mapping) else ():
            if isinstance(groups[group], Array):
                yield ".".join((*keys, group)), groups[group]


def restrung(old: Any, text: str) -> Any:
    """Return a string for TOML in the same quotes as the old one."""
    literal = isinstance(old, String) and old.as_string().startswith("'") and "'" not in text
    return tomlkit.string(text, literal=literal)


def _must_be_proven(path: str, before: str, after: str, names: frozenset[str]) -> None:
    old, new = parsed_toml(path, before).unwrap(), parsed_toml(path, after).unwrap()
    if _without(old, names) != _without(new, names):
        raise CannotEdit(path, "internal check: the edit would change more than the pins")
    said = {text for text in _said_of(old, names) if text}
    # An array that grows may get a bracket or a comma on a line of its own.
    lines = iter(line.replace(",", "") for line in after.splitlines())
    for number, line in enumerate(before.splitlines(), start=1):
        mentions = any(name in canonicalize_name(line) for name in names) or any(s in line for s in said)
        if line.strip() and "[" not in line and not mentions and line.replace(",", "") not in lines:
            raise CannotEdit(path, f"internal check: the edit would change line {number}")


def _said_of(data: Any, names: frozenset[str], inside: bool = False) -> Iterator[str]:
    """Yield the strings that TOML data has under some names."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _said_of(value, names, inside or canonicalize_name(key) in names)
    elif isinstance(data, list):
        for item in data:
            yield from _said_of(item, names, inside)
    elif inside and isinstance(data, str):
        yield data


def _without(data: Any, names: frozenset[str]) -> Any:
    """Return TOML data without what it says of some names, and without what is empty then."""
    if isinstance(data, AoT | list):
        kept = [_without(item, names) for item in data if not _names(item, names)]
        return [item for item in kept if item not in ({}, [])]
    if isinstance(data, dict):
        pairs = {k: _without(v, names) for k, v in data.items() if canonicalize_name(k) not in names}
        return {key: value for key, value in pairs.items() if value not in ({}, [])}
    return data


def _names(item: Any, names: frozenset[str]) -> bool:
    written = read_written(item) if isinstance(item, str) else None
    return written is not None and written.name in names
