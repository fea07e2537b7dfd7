"""Read lock files: uv.lock, poetry.lock, pdm.lock, pylock.toml (PEP 751) and Pipfile.lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from npdoctor.audit.lock_formats import pdm_entries, poetry_entries, pylock_entries, uv_entries
from npdoctor.audit.lock_pipfile import pipfile_entries
from npdoctor.audit.lock_toml import Locked, parsed, table
from npdoctor.audit.source_files import CannotRead
from npdoctor.fix.files.encoding import FileText
from npdoctor.fix.files.loose_version import strict
from npdoctor.model.audit import Source
from npdoctor.model.declaration import Declared
from npdoctor.model.requirement import parsed_version

_Entries = Callable[[Mapping[str, Any], str], list[Locked]]
_READERS: Mapping[str, _Entries] = {
    "uv": uv_entries,
    "poetry": poetry_entries,
    "pdm": pdm_entries,
    "pylock": pylock_entries,
}


def lock_source(file: FileText) -> Source:
    """Return a lock file as a source; raise CannotRead for one that is malformed or of an unknown form."""
    if file.text.lstrip().startswith("{"):
        found, python = pipfile_entries(file)
    else:
        data = parsed(file)
        kind = _kind(data)
        if not kind:
            raise CannotRead("is no lock file of uv, Poetry, PDM or pipenv, and no pylock.toml")
        found, python = _READERS[kind](data, file.text), _python(data)
    declared, notes = list[Declared](), list[str]()
    for one in dict.fromkeys(found):
        if one.root:
            continue
        if parsed_version(one.version) is None:
            notes.append(f"{file.path}:{one.line} locks {one.name} without a version that can be read.")
            continue
        declared.append(
            Declared(
                one.name,
                f"=={one.version}",
                file.path,
                one.line,
                one.marker,
                exact=True,
                direct=one.direct,
                locked=True,
                group=one.group,
            )
        )
    return Source(file.path, "lock", _once(declared), _graph(found), python, notes=tuple(notes))


def lock_tool(text: str) -> str:
    """Return which tool writes a lock file, pylock for any that writes pylock.toml; empty for no lock."""
    if text.lstrip().startswith("{"):
        return "pipenv"
    try:
        return _kind(parsed(FileText("", None, text)))
    except CannotRead:
        return ""


def _kind(data: Mapping[str, Any]) -> str:
    metadata = table(data, "metadata")
    if "packages" in data and "lock-version" in data:
        return "pylock"
    if "lock_version" in metadata:
        return "pdm"
    if "content-hash" in metadata or "python-versions" in metadata:
        return "poetry"
    return "uv" if isinstance(data.get("version"), int) else ""


def _python(data: Mapping[str, Any]) -> str:
    """Return the range for Python that a lock file is for, empty where it sets none or several."""
    metadata = table(data, "metadata")
    targets = metadata.get("targets")
    one = targets[0] if isinstance(targets, list) and len(targets) == 1 else {}
    told = data.get("requires-python") or metadata.get("python-versions")
    told = told or (one.get("requires_python") if isinstance(one, dict) else None)
    meant = strict(told) if isinstance(told, str) else None
    return ",".join(sorted(map(str, meant), reverse=True)) if meant else ""


def _once(declared: Iterable[Declared]) -> tuple[Declared, ...]:
    """Return the entries without those that repeat a name, version and marker, as PDM's with extras do."""
    found: dict[tuple[str, str, str], Declared] = {}
    for one in declared:
        found.setdefault((one.name, one.specifier, one.marker), one)
    return tuple(found.values())


def _graph(found: Iterable[Locked]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what each name requires of the others in the lock, forks of one name together."""
    whole: dict[str, dict[str, None]] = {}
    for one in found:
        whole.setdefault(one.name, {}).update(dict.fromkeys(one.requires))
    return tuple(
        (name, tuple(other for other in requires if other in whole and other != name))
        for name, requires in whole.items()
    )
