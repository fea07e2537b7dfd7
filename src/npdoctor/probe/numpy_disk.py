"""Look at the numpy package on disk that an import would find."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from npdoctor.model.distribution import Distribution
from npdoctor.model.snapshot import NumpyOnDisk
from npdoctor.model.target import Target

_UNOWNED = 500
_CORE = re.compile(r"_multiarray_umath\.[^/]*so")
# `version = "1.26.4"` (up to 1.20, and since 1.26), else the JSON that versioneer left in _version.py.
_VERSION = re.compile(r"^(?:full_version|version)(?:\s*:\s*str)?\s*=\s*['\"]([^'\"]+)['\"]", re.M)
_VERSIONEER = re.compile(r"[\"']version[\"']\s*:\s*[\"']([^\"']+)[\"']")
_VERSION_FILES = (
    ("version.py", _VERSION),
    ("_version.py", _VERSIONEER),
    ("_version_meson.py", _VERSIONEER),
    ("_version.py", _VERSION),
)


def read_numpy(target: Target, distributions: Iterable[Distribution]) -> NumpyOnDisk | None:
    """Return what lies in the numpy folder that comes first on sys.path, None where there is none.

    A folder without __init__.py counts only where no other one is found, as it does for an import.
    """
    folders = [os.path.join(entry, "numpy") for entry in target.sys_path]
    folders = [folder for folder in folders if os.path.isdir(folder)]
    regular = [folder for folder in folders if os.path.isfile(os.path.join(folder, "__init__.py"))]
    if not folders:
        return None
    folder = (regular or folders)[0]
    return NumpyOnDisk(
        folder=folder,
        file_version=_file_version(folder),
        cores=tuple(_cores(folder)),
        unowned=_unowned(folder, distributions),
    )


def _file_version(folder: str) -> str | None:
    for name, pattern in _VERSION_FILES:
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as stream:
                match = pattern.search(stream.read(65536))
        except OSError:
            continue
        if match:
            return match[1]
    return None


def _cores(folder: str) -> Iterator[str]:
    """Yield the C cores: `core` holds NumPy 1's, `_core` NumPy 2's, and both together are two NumPys."""
    for inner in ("core", "_core"):
        try:
            names = sorted(os.listdir(os.path.join(folder, inner)))
        except OSError:
            continue
        for name in names:
            if _CORE.fullmatch(name):
                yield f"{inner}/{name}"


def _unowned(folder: str, distributions: Iterable[Distribution]) -> tuple[str, ...]:
    """Return files that no numpy distribution beside the folder recorded; nothing where none records any."""
    location = os.path.dirname(folder)
    records = [d.files for d in distributions if d.name == "numpy" and _same(d.location, location)]
    recorded = {os.path.normpath(row.path) for files in records for row in files or ()}
    if not recorded or None in records:
        return ()
    found = []
    for path in _files_under(folder):
        relative = os.path.relpath(path, location)
        if relative not in recorded:
            found.append(relative)
            if len(found) == _UNOWNED:
                break
    return tuple(found)


def _files_under(folder: str) -> Iterator[str]:
    """Yield every file below a folder but the compiled caches, in a stable order."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            if not name.endswith(".pyc"):
                yield f"{root}/{name}"


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
