"""The releases of a project that the configured indexes offer, each with the wheel that fits the target."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from npdoctor.model.index import Release, Wheel
from npdoctor.probe.index.address import local_path
from npdoctor.probe.index.pages import ACCEPT, Listed, read_page
from npdoctor.probe.index.tags import accepted_tags
from npdoctor.probe.index.web import WebError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from npdoctor.model.index import Indexes
    from npdoctor.model.target import Target
    from npdoctor.probe.index.web import Web

# Its storage answers 403 for a project that it does not have (uv's documentation, "Common indexes").
_FORBIDS_WHAT_IT_LACKS = ("download.pytorch.org",)


def releases(name: str, indexes: Indexes, web: Web, target: Target) -> tuple[Release, ...]:
    """Return the versions that have wheels, ascending, pre-releases and yanked ones included.

    Links in `find_links` come in addition to the index. An index that does not answer raises WebError
    rather than being passed over, or another index's project of that name would be taken for it. The first
    index that has the name decides; a later one joins where it has one and the same file, because then the
    first mirrors a part of it, and its project is no stranger that only bears the name.
    """
    wanted = canonicalize_name(name)
    found: list[Listed] = []
    for url in indexes.urls:
        listed = _listed(url, wanted, web)
        if not found or indexes.merged or _share_a_file(found, listed):
            found += listed
    links = [file for place in indexes.find_links for file in _found_links(place, web)]
    return _releases(wanted, [*links, *found], target)


def _share_a_file(one: Iterable[Listed], other: Iterable[Listed]) -> bool:
    known = {(file.filename, file.sha256) for file in one if file.sha256}
    return any((file.filename, file.sha256) in known for file in other)


def _listed(index: str, name: str, web: Web) -> tuple[Listed, ...]:
    """Return the files of a project on one index; none where the index does not have it."""
    try:
        return read_page(web.page(f"{index.rstrip('/')}/{name}/", ACCEPT))
    except WebError as error:
        lacking = error.status == 403 and urlsplit(index).hostname in _FORBIDS_WHAT_IT_LACKS
        if error.status in (404, 410) or lacking:
            return ()
        raise


def _found_links(place: str, web: Web) -> tuple[Listed, ...]:
    """Return the files in a local folder, or those that a page links to."""
    path = local_path(place)
    if path is None or not os.path.isdir(path):
        return read_page(web.page(place))
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
        return tuple(Listed(e.name, _file_url(e.path), None, e.stat().st_size) for e in entries)
    except OSError as error:
        raise WebError(_file_url(path), f"cannot be read: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class _Offer:
    """One wheel of a version; `order` is the lowest for the best, None where it does not fit the target."""

    file: Listed
    order: tuple[bool, int, int] | None


def _releases(name: str, files: Iterable[Listed], target: Target) -> tuple[Release, ...]:
    ranks = accepted_tags(target)
    offered: dict[Version, list[_Offer]] = {}
    for file in files:
        try:
            project, version, build, tags = parse_wheel_filename(file.filename)
        except InvalidWheelFilename:
            continue
        if project == name:
            rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
            if rank is not None and not _admits(file.requires_python, target.python):
                rank = None
            order = None if rank is None else (file.yanked, rank, -build[0] if build else 0)
            offered.setdefault(version, []).append(_Offer(file, order))
    return tuple(_release(name, str(version), offered[version]) for version in sorted(offered))


def _release(name: str, version: str, offers: list[_Offer]) -> Release:
    fitting = [(offer.order, at) for at, offer in enumerate(offers) if offer.order]
    if not fitting:
        return Release(version, None, all(offer.file.yanked for offer in offers))
    file = offers[min(fitting)[1]].file
    return Release(
        version, Wheel(name, version, file.filename, file.url, file.sha256, file.size), file.yanked
    )


@functools.lru_cache(maxsize=256)
def _admits(requires_python: str | None, python: str) -> bool:
    """Tell whether a Python is admitted; a range that cannot be read admits all, as installers have it."""
    try:
        return not requires_python or SpecifierSet(requires_python).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


def _file_url(path: str) -> str:
    return "file://" + quote(path)
