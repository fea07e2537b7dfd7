"""What the metadata folders in site-packages say, read anew at the moment of writing."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from npdoctor.fix.write.listing import Listing
from npdoctor.fix.write.scope import Scope, owned
from npdoctor.model.distribution import Distribution
from npdoctor.probe.metadata import read_distribution

_METADATA = re.compile(r"(?P<name>[^~-].*?)(?:-(?P<version>[^-]+)(?:-py[\d.]+)?)?\.(?:dist|egg)-info")


def versions(names: Collection[str], sites: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Return by name the versions that are recorded, in the order of folders; an unreadable one counts."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for name, path, site in _metadata(sites):
        if name in found:
            record = read_distribution(path, site)
            match = _METADATA.fullmatch(os.path.basename(path))
            told = match["version"] if match else None
            found[name].append(record.version if isinstance(record, Distribution) else told or "unknown")
    return {name: tuple(texts) for name, texts in found.items()}


def same_version(one: str, other: str) -> bool:
    """Tell whether two spellings mean one version."""
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def strangers_since(names: Collection[str], scope: Scope, before: Listing) -> frozenset[str]:
    """Return the files of distributions outside the plan that were installed since the listing."""
    found: set[str] = set()
    for name, path, site in _metadata(scope.sites):
        if name in names or _is_listed(f"{path}/RECORD", before):
            continue
        record = read_distribution(path, site)
        if isinstance(record, Distribution) and record.files is not None:
            found |= owned(record, scope).inside
    return frozenset(found)


def recorded_files(names: Collection[str], scope: Scope) -> frozenset[str]:
    """Return the files that the records of these distributions name."""
    found: set[str] = set()
    for name, path, site in _metadata(scope.sites):
        record = read_distribution(path, site) if name in names else None
        if isinstance(record, Distribution) and record.files is not None:
            found |= owned(record, scope).inside
    return frozenset(found)


def _metadata(sites: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the normalised name, the path and the site-packages folder of each metadata folder."""
    for site in sites:
        for entry in sorted(os.listdir(site)):
            match = _METADATA.fullmatch(entry)
            if match:
                yield canonicalize_name(match["name"]), f"{site}/{entry}", site


def _is_listed(path: str, before: Listing) -> bool:
    """Tell whether a file is the one that was listed."""
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    return before.files.get(path) == (facts.st_size, facts.st_mtime_ns, facts.st_ino)
