"""Read lock files as TOML, with the line of each entry, and the words that their readers share."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from npdoctor.audit.source_files import CannotRead
from npdoctor.fix.files.encoding import FileText

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ENTRY = re.compile(r"^[ \t]*\[\[[ \t]*packages?[ \t]*\]\]", re.MULTILINE)
# What is chosen on installing is not known here: extras, and the variables of PEP 751.
_CHOSEN = re.compile(r"\b(extra|extras|dependency_groups)\b")
_EXTRA = r"extra == ['\"]([^'\"]*)['\"]"
_OF_EXTRA = re.compile(
    rf"(?:(?P<before>.*?) and )?\(?{_EXTRA}(?: or {_EXTRA})*\)?(?: and (?P<after>.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Locked:
    """One entry of a lock file; `version` is empty where it tells none, `root` is the project itself."""

    name: str
    version: str
    line: int
    requires: tuple[str, ...] = ()
    marker: str = ""
    group: str = ""
    direct: bool = False
    root: bool = False


def parsed(file: FileText) -> dict[str, Any]:
    """Return a TOML file's data; raise CannotRead with the place where it is not valid."""
    if file.codec != "utf-8":
        raise CannotRead(f"is in {file.codec}, and TOML is UTF-8")
    try:
        return tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        raise CannotRead(f"is not valid TOML: {error}") from error
    except RecursionError as error:
        raise CannotRead("is nested too deeply to be read") from error
    except ValueError as error:
        raise CannotRead(f"has a value that cannot be read: {error}") from error


def entries(data: Mapping[str, Any], key: str, text: str) -> list[tuple[dict[str, Any], int]]:
    """Return the tables of a list of packages that have a name, each with its line, 0 if it is not known."""
    packages = data.get(key)
    packages = packages if isinstance(packages, list) else []
    lines, number, before = list[int](), 1, 0
    for match in _ENTRY.finditer(text):
        number += text.count("\n", before, match.start())
        before = match.start()
        lines.append(number)
    if len(lines) != len(packages):
        lines = [0] * len(packages)
    pairs = zip(packages, lines, strict=True)
    return [(one, line) for one, line in pairs if isinstance(one, dict) and isinstance(one.get("name"), str)]


def table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a table under a key, an empty one where there is none."""
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def texts(value: object) -> list[str]:
    """Return the strings of a list, or the one string that is given instead of a list."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def names_in(value: object) -> list[str]:
    """Return the normalised names of a list of tables that each have a name."""
    items = value if isinstance(value, list) else []
    named = [item.get("name") for item in items if isinstance(item, dict)]
    return [canonicalize_name(name) for name in named if isinstance(name, str)]


def any_of(markers: Iterable[str]) -> str:
    """Return a marker that holds where one of these does, empty where that cannot be told or is always."""
    found = list(dict.fromkeys(map(_without_extra, markers)))
    if not found or any(not _is_marker(one) for one in found):
        return ""
    return found[0] if len(found) == 1 else " or ".join(f"({one})" for one in found)


def group_of(groups: Sequence[str], own: Sequence[str]) -> str:
    """Return the group that an entry is of, empty where it is of the project's own dependencies."""
    return "" if not groups or any(name in groups for name in own) else groups[0]


def extra_of(markers: Iterable[str]) -> str:
    """Return the first extra that one of these markers asks for, empty where none does."""
    found = (_OF_EXTRA.fullmatch(one) for one in markers)
    return next((match.group(2) for match in found if match), "")


def _without_extra(marker: str) -> str:
    match = _OF_EXTRA.fullmatch(marker)
    if match is None:
        return marker
    return " and ".join(part for part in (match.group("before"), match.group("after")) if part)


def _is_marker(text: str) -> bool:
    if not text.strip() or _CHOSEN.search(text):
        return False
    try:
        Marker(text)
    except (InvalidMarker, RecursionError):
        return False
    return True
