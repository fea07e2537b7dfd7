"""Read which distributions are installed where an import would look for them."""

from __future__ import annotations

import contextlib
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import importlib_metadata
from packaging.utils import canonicalize_name

from npdoctor.model.distribution import DirectUrl, Distribution, Leftover, UnreadableMetadata
from npdoctor.model.target import Target
from npdoctor.probe.metadata import Unreadable, read_distribution

_METADATA_FOLDER = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+)(?:-py[\d.]+)?)?\.(?P<kind>dist|egg)-info")
_LEFTOVER = re.compile(r"[~-][\w.%=~-]*")


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the folders of sys.path say is installed; `leftovers` are never among the distributions."""

    distributions: tuple[Distribution, ...]
    leftovers: tuple[Leftover, ...]
    unreadable: tuple[UnreadableMetadata, ...]


def read_inventory(target: Target) -> Inventory:
    """Return the distributions, leftovers and unreadable metadata along the target's sys.path.

    Of several distributions with one name, the first folder of sys.path wins. Within one folder the one
    whose recorded files are there most completely in their recorded size is effective, then the one
    whose metadata folder was changed last: an import finds files, whatever a record says.
    """
    found: list[Distribution] = []
    leftovers: list[Leftover] = []
    unreadable: list[UnreadableMetadata] = []
    linked: set[str] = set()
    for folder in _distinct(target.sys_path):
        names = _names(folder)
        linked |= _egg_links(folder, names)
        leftovers += _leftovers(folder, names)
        for path in _metadata_paths(folder, names):
            result = read_distribution(path, folder)
            if isinstance(result, Unreadable):
                name = _name_in_path(path)
                unreadable.append(UnreadableMetadata(path, canonicalize_name(name), result.reason))
            else:
                found.append(result)
        found += _zipped(folder)
    found = [_as_editable(d) if d.location in linked and not d.direct_url else d for d in found]
    return Inventory(_mark_effective(_without_echoes(found)), tuple(leftovers), tuple(unreadable))


def _distinct(entries: Iterable[str]) -> Iterator[str]:
    """Yield each folder or archive once, by whatever link it is reached."""
    seen = set()
    for entry in entries:
        real = os.path.realpath(entry)
        if real not in seen:
            seen.add(real)
            yield entry


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _metadata_paths(folder: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the metadata folders (and the single files of distutils) that a folder holds."""
    for name in names:
        if name.endswith((".dist-info", ".egg-info")) and not _LEFTOVER.fullmatch(name):
            yield os.path.join(folder, name)
    if folder.endswith(".egg") and "EGG-INFO" in names:
        yield os.path.join(folder, "EGG-INFO")


def _egg_links(folder: str, names: Sequence[str]) -> set[str]:
    """Return the source folders to which `setup.py develop` left links."""
    sources = set()
    for name in names:
        if name.endswith(".egg-link"):
            with contextlib.suppress(OSError), open(os.path.join(folder, name), errors="replace") as link:
                sources.add(link.readline().strip())
    return sources


def _as_editable(distribution: Distribution) -> Distribution:
    return replace(distribution, direct_url=DirectUrl(f"file://{distribution.location}", editable=True))


def _name_in_path(path: str) -> str:
    """Return the distribution name that the name of a metadata folder promises."""
    base = os.path.basename(path)
    if base == "EGG-INFO":
        base = os.path.basename(os.path.dirname(path)).replace(".egg", ".egg-info")
    match = _METADATA_FOLDER.fullmatch(base)
    return match["name"] if match else base


def _leftovers(folder: str, names: Sequence[str]) -> Iterator[Leftover]:
    """Yield what an interrupted pip renamed and never removed; only in folders where pip installs."""
    if os.path.basename(folder.rstrip("/")) not in ("site-packages", "dist-packages"):
        return
    for name in names:
        if _LEFTOVER.fullmatch(name):
            path = os.path.join(folder, name)
            yield Leftover(path, _meant(path, names))


def _meant(path: str, names: Sequence[str]) -> str:
    """Tell the distribution of a leftover, of whose name pip replaced the first letters.

    A metadata folder says it itself; for a package its metadata folder is asked, renamed alike or intact.
    """
    folder, base = os.path.split(path)
    if base.endswith("-info"):
        inside = read_distribution(path, folder)
        return base if isinstance(inside, Unreadable) else inside.name
    base = base.removesuffix(".libs").removesuffix(".py")
    tail = base.lstrip("~-.=%0123456789")
    for name in names:
        match = _METADATA_FOLDER.fullmatch(name)
        stem = match["name"] if match else name
        if match and stem == base:
            return _meant(os.path.join(folder, name), names)
        if not _LEFTOVER.fullmatch(name) and len(stem) == len(base) and len(tail) > 1 and stem.endswith(tail):
            return canonicalize_name(stem)
    return base


def _zipped(path: str) -> list[Distribution]:
    """Return the distributions in an archive on sys.path, of which nothing but the metadata is read."""
    if not os.path.isfile(path) or not zipfile.is_zipfile(path):
        return []
    found = []
    try:
        for entry in importlib_metadata.distributions(path=[path]):
            name, version = entry.metadata["Name"], entry.metadata["Version"]
            if name and version:
                found.append(
                    Distribution(
                        name=canonicalize_name(name),
                        raw_name=name,
                        version=version,
                        location=path,
                        metadata_path=path,
                        installer=None,
                        requires=tuple(entry.requires or ()),
                        requires_python=entry.metadata.get("Requires-Python"),
                        files=None,
                        direct_url=None,
                        effective=True,
                    )
                )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return found
    return found


def _without_echoes(found: Sequence[Distribution]) -> list[Distribution]:
    """Leave out an .egg-info that only repeats another record.

    Build tools leave one in the source folder of an editable install, and Debian ships one beside a
    .dist-info of the same version.
    """
    full = [d for d in found if d.metadata_path.endswith(".dist-info")]
    return [d for d in found if not any(_echoes(d, other) for other in full if other.name == d.name)]


def _echoes(one: Distribution, other: Distribution) -> bool:
    if one is other or not one.metadata_path.endswith(".egg-info") or one.files is not None:
        return False
    if one.location == other.location:
        return one.version == other.version
    source = other.direct_url.url if other.direct_url and other.direct_url.editable else None
    inside = source and (one.location + "/").startswith(source.removeprefix("file://").rstrip("/") + "/")
    return bool(inside)


def _mark_effective(found: Sequence[Distribution]) -> tuple[Distribution, ...]:
    """Mark all but one of those that share a name as hidden."""
    by_name: dict[str, list[Distribution]] = {}
    for distribution in found:
        by_name.setdefault(distribution.name, []).append(distribution)
    hidden: set[int] = set()
    for copies in by_name.values():
        if len(copies) > 1:
            first = [d for d in copies if d.location == copies[0].location]
            chosen = max(first, key=_file_evidence)
            hidden.update(id(d) for d in copies if d is not chosen)
    return tuple(replace(d, effective=False) if id(d) in hidden else d for d in found)


def _file_evidence(distribution: Distribution) -> tuple[float, float]:
    """Return which share of the recorded files is there in its recorded size, and when it was installed."""
    sized = [row for row in distribution.files or () if row.size is not None]
    there = sum(_size(os.path.join(distribution.location, row.path)) == row.size for row in sized)
    try:
        installed = os.stat(distribution.metadata_path).st_mtime
    except OSError:
        installed = 0.0
    return (there / len(sized) if sized else 0.0, installed)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1
