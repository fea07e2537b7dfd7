"""Exact versions with the files that they stand for (PEP 751)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from npdoctor.model.index import Wheel
from npdoctor.model.target import Target
from npdoctor.probe.index.address import without_credentials
from npdoctor.probe.index.tags import accepted_tags

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Locked:
    """A lock file for one platform, the same as requirements with hashes, and the pins in neither."""

    pylock: str
    requirements: str
    missing: tuple[str, ...] = ()


def lock(pins: Mapping[str, str], wheels: Mapping[str, Wheel], target: Target) -> Locked:
    """Return exact versions with their wheels as files that installers read.

    Missing is what no index has a fitting wheel of, or has it without a hash.
    """
    locked = {name: w for name in sorted(pins) if (w := wheels.get(name)) and w.sha256}
    python = ".".join(map(str, target.version[:2]))
    head = f'lock-version = "1.0"\nrequires-python = "~={python}.0"\ncreated-by = "npdoctor"\n'
    return Locked(
        head + "".join(map(_package, locked.values())),
        "".join(f"{w.name}=={w.version} \\\n    --hash=sha256:{w.sha256}\n" for w in locked.values()),
        tuple(f"{name}=={pins[name]}" for name in sorted(pins) if name not in locked),
    )


def wheels_of(pylock: str, target: Target) -> dict[str, Wheel]:
    """Return by name the wheel of each locked version that fits the target best."""
    found: dict[str, Wheel] = {}
    for package in tomllib.loads(pylock).get("packages", []):
        name = canonicalize_name(package["name"])
        ranked = sorted(_ranked(package.get("wheels", []), target), key=lambda pair: pair[0])
        if ranked:
            found[name] = _wheel(name, str(package["version"]), ranked[0][1])
    return found


def _package(wheel: Wheel) -> str:
    size = "" if wheel.size is None else f", size = {wheel.size}"
    place = f"name = {_quoted(wheel.filename)}, url = {_quoted(wheel.url)}{size}"
    return (
        f"\n[[packages]]\nname = {_quoted(wheel.name)}\nversion = {_quoted(wheel.version)}\n"
        f"wheels = [{{ {place}, hashes = {{ sha256 = {_quoted(wheel.sha256 or '')} }} }}]\n"
    )


def _quoted(text: str) -> str:
    return json.dumps(text)  # what JSON escapes, TOML reads


def _ranked(entries: list[Mapping[str, Any]], target: Target) -> Iterator[tuple[int, Mapping[str, Any]]]:
    ranks = accepted_tags(target)
    for entry in entries:
        try:
            tags = parse_wheel_filename(_filename(entry))[3]
        except InvalidWheelFilename:
            continue
        fitting = [ranks[tag] for tag in tags if tag in ranks]
        if fitting:
            yield min(fitting), entry


def _filename(entry: Mapping[str, Any]) -> str:
    place = entry.get("name") or entry.get("url") or entry.get("path") or ""
    return unquote(urlsplit(str(place)).path.rpartition("/")[2])


def _wheel(name: str, version: str, entry: Mapping[str, Any]) -> Wheel:
    url = str(entry.get("url") or f"file://{entry.get('path', '')}")
    return Wheel(
        name,
        version,
        _filename(entry),
        without_credentials(url),
        entry.get("hashes", {}).get("sha256"),
        entry.get("size"),
    )
