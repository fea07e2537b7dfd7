"""Read project files: pyproject.toml, pixi.toml and Pipfile. What only builds the project is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import tomlkit
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from tomlkit.exceptions import TOMLKitError

from npdoctor.audit.lock_toml import parsed
from npdoctor.audit.source_files import CannotRead
from npdoctor.fix.files.declared_entry import Entry
from npdoctor.fix.files.declared_toml import entries_in_toml
from npdoctor.fix.files.encoding import FileText
from npdoctor.fix.files.loose_version import strict
from npdoctor.fix.files.requirement_lines import read_written
from npdoctor.fix.files.specifier import is_exact
from npdoctor.fix.files.toml_file import TomlFile, at, requirement_arrays
from npdoctor.model.audit import Source
from npdoctor.model.declaration import Declared

_MOST_CHARACTERS = 1_000_000
_FROM_ELSEWHERE = frozenset({"git", "url", "path", "workspace"})
_FILES = (
    ("tool", "setuptools", "dynamic", "dependencies", "file"),
    ("tool", "hatch", "metadata", "hooks", "requirements_txt", "files"),
)
_PYTHONS = (
    ("project", "requires-python"),
    ("tool", "poetry", "dependencies", "python"),
    ("tool", "pixi", "dependencies", "python"),
    ("dependencies", "python"),
    ("requires", "python_full_version"),
)


def toml_source(file: FileText) -> tuple[Source, tuple[str, ...]]:
    """Return a project file as a source, and the files that it takes its dependencies from.

    Ranges in the words of Poetry and Pixi are told as PEP 440 has them. Raises CannotRead for a file that
    is no TOML.
    """
    toml = _toml(file)
    document = toml.document.unwrap()
    notes = list(_unread(toml))
    found = []
    for entry in _of(toml, document):
        one = _strictly(entry)
        if one is None:
            what = f"says of {entry.declared.name} what has no form in PEP 440: it is not judged"
            notes.append(f"{file.path}:{entry.declared.line} {what}.")
        else:
            found.append(one)
    files = tuple(_named_files(document))
    dynamic = at(document, "project", "dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic and not files:
        notes.append(f"{file.path}: what builds the project sets its dependencies, which were not read.")
    return Source(file.path, "pyproject", tuple(found), python=_python(document), notes=tuple(notes)), files


def toml_entries(file: FileText) -> list[Entry]:
    """Return what a project file declares, as written, with where it stands; raises as toml_source does."""
    return entries_in_toml(_toml(file))


def _toml(file: FileText) -> TomlFile:
    if len(file.text) > _MOST_CHARACTERS:
        raise CannotRead(f"is larger than {_MOST_CHARACTERS // 1_000_000} MB, which no project file is")
    parsed(file)
    try:
        return TomlFile(file, tomlkit.parse(file.text))
    except (TOMLKitError, RecursionError, ValueError) as error:
        raise CannotRead(f"is TOML in a form that cannot be followed: {error}") from error


def _of(toml: TomlFile, document: Mapping[str, Any]) -> list[Entry]:
    """Return what a file declares, with what the groups include and where uv and Poetry take it from."""
    elsewhere = set(_from_elsewhere(document))
    extras = _poetry_extras(document)
    found = []
    for entry in entries_in_toml(toml):
        one = entry.declared
        if one.name in elsewhere:
            one = replace(one, direct=True)
        if entry.loose and not one.group:
            one = replace(one, group=extras.get(one.name, ""))
        found.append(replace(entry, declared=one))
    return found + list(_included(found, document))


def _included(entries: list[Entry], document: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield what groups get from those that they include, each line once a group."""
    groups = at(document, "dependency-groups")
    groups = groups if isinstance(groups, dict) else {}
    names = {canonicalize_name(name): name for name in groups}
    for group in groups:
        reached = [group]
        for name in reached:
            items = groups[name] if isinstance(groups[name], list) else []
            wanted = [item.get("include-group") for item in items if isinstance(item, dict)]
            more = [names.get(canonicalize_name(one)) for one in wanted if isinstance(one, str)]
            reached += [one for one in dict.fromkeys(more) if one is not None and one not in reached]
        for entry in entries:
            if not entry.loose and entry.declared.group in reached[1:]:
                yield replace(entry, declared=replace(entry.declared, group=group))


def _from_elsewhere(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that uv takes from a repository, URL or path in every case."""
    sources = at(document, "tool", "uv", "sources")
    for name, source in sources.items() if isinstance(sources, dict) else ():
        if isinstance(source, dict) and _FROM_ELSEWHERE & source.keys():
            yield canonicalize_name(name)


def _poetry_extras(document: Mapping[str, Any]) -> dict[str, str]:
    """Return, by name, the first extra of Poetry's that asks for a distribution."""
    extras = at(document, "tool", "poetry", "extras")
    found: dict[str, str] = {}
    for extra, names in extras.items() if isinstance(extras, dict) else ():
        for name in names if isinstance(names, list) else ():
            found.setdefault(canonicalize_name(str(name)), extra)
    return found


def _strictly(entry: Entry) -> Declared | None:
    """Return a declaration whose range is as PEP 440 has it, None where it has no such form."""
    one = entry.declared
    if not entry.loose or _is_specifier(one.specifier):
        return one
    meant = strict(one.specifier)
    if meant is None:
        return None
    specifier = ",".join(sorted(map(str, meant), key=lambda clause: (clause[0] != ">", clause)))
    return replace(one, specifier=specifier, exact=is_exact(specifier))


def _is_specifier(text: str) -> bool:
    try:
        return bool(text) and bool(SpecifierSet(text))
    except InvalidSpecifier:
        return False


def _unread(toml: TomlFile) -> Iterator[str]:
    for where, array in requirement_arrays(toml.document):
        for index, item in enumerate(array, start=1):
            if isinstance(item, str) and read_written(item) is None:
                yield f"{toml.path}: entry {index} of {where} could not be read as a requirement."


def _named_files(document: Mapping[str, Any]) -> Iterator[str]:
    for keys in _FILES:
        named = at(document, *keys)
        yield from [named] if isinstance(named, str) else ()
        yield from (one for one in named if isinstance(one, str)) if isinstance(named, list) else ()


def _python(document: Mapping[str, Any]) -> str:
    for keys in _PYTHONS:
        told = at(document, *keys)
        told = told.get("version") if isinstance(told, dict) else told
        if not isinstance(told, str):
            continue
        meant = strict(told)
        if meant:
            return told if _is_specifier(told) else ",".join(sorted(map(str, meant), reverse=True))
    series = at(document, "requires", "python_version")
    return f"=={series}.*" if isinstance(series, str) and strict(series) else ""
