"""Read the entries of uv.lock, poetry.lock, pdm.lock and pylock.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.utils import canonicalize_name

from npdoctor.audit.lock_toml import Locked, any_of, entries, extra_of, group_of, names_in, table, texts
from npdoctor.model.requirement import parsed_requirement

_UV_ROOTS = frozenset({"editable", "virtual", "directory"})
_UV_DIRECT = frozenset({"git", "url", "path"})
_POETRY_DIRECT = frozenset({"git", "url", "file", "directory"})
_PDM_DIRECT = ("git", "hg", "svn", "bzr", "url", "path")
_PYLOCK_DIRECT = ("vcs", "directory", "archive")


def uv_entries(data: Mapping[str, Any], text: str) -> list[Locked]:
    """Return the entries of uv.lock; an editable or virtual one is a project of the workspace."""
    found = []
    for one, line in entries(data, "package", text):
        source = table(one, "source")
        requires = names_in(one.get("dependencies"))
        for key in ("optional-dependencies", "dev-dependencies"):
            for group in table(one, key).values():
                requires += names_in(group)
        found.append(
            Locked(
                canonicalize_name(one["name"]),
                _version(one),
                line,
                tuple(requires),
                any_of(texts(one.get("resolution-markers"))),
                direct=bool(_UV_DIRECT & source.keys()),
                root=bool(_UV_ROOTS & source.keys()),
            )
        )
    return found


def poetry_entries(data: Mapping[str, Any], text: str) -> list[Locked]:
    """Return the entries of poetry.lock, in which the project itself is not."""
    found = []
    for one, line in entries(data, "package", text):
        told = one.get("markers")
        groups = texts(one.get("groups")) or texts(one.get("category"))
        markers = texts(told)
        if isinstance(told, dict) and all(group in told for group in groups):
            markers = texts(list(told.values()))
        found.append(
            Locked(
                canonicalize_name(one["name"]),
                _version(one),
                line,
                tuple(map(canonicalize_name, table(one, "dependencies"))),
                any_of(markers),
                group_of(groups, ("main",)) or extra_of(markers),
                direct=table(one, "source").get("type") in _POETRY_DIRECT,
            )
        )
    return found


def pdm_entries(data: Mapping[str, Any], text: str) -> list[Locked]:
    """Return the entries of pdm.lock; one with extras repeats the one without."""
    found = []
    for one, line in entries(data, "package", text):
        required = [parsed_requirement(item) for item in texts(one.get("dependencies"))]
        found.append(
            Locked(
                canonicalize_name(one["name"]),
                _version(one),
                line,
                tuple(canonicalize_name(item.name) for item in required if item is not None),
                any_of(texts(one.get("marker"))),
                group_of(texts(one.get("groups")), ("default",)),
                direct=any(key in one for key in _PDM_DIRECT),
            )
        )
    return found


def pylock_entries(data: Mapping[str, Any], text: str) -> list[Locked]:
    """Return the entries of pylock.toml (PEP 751)."""
    return [
        Locked(
            canonicalize_name(one["name"]),
            _version(one),
            line,
            tuple(names_in(one.get("dependencies"))),
            any_of(texts(one.get("marker"))),
            direct=any(key in one for key in _PYLOCK_DIRECT),
            root="directory" in one and "version" not in one,
        )
        for one, line in entries(data, "packages", text)
    ]


def _version(one: Mapping[str, Any]) -> str:
    version = one.get("version")
    return version.strip() if isinstance(version, str) else ""
