"""Which folders of an environment an installer writes to, and which files in them are whose."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from npdoctor.fix.write.listing import CACHES
from npdoctor.model.distribution import Distribution
from npdoctor.model.plan import Change, Plan
from npdoctor.model.snapshot import Snapshot
from npdoctor.model.target import Target

SYSTEM_FOLDER = "/usr/lib/python3/dist-packages"
_DATA_FOLDERS = ("bin", "etc", "include", "share")


@dataclass(frozen=True, slots=True)
class Scope:
    """The real paths of an environment: its prefix, its site-packages folders, and all listed folders."""

    prefix: str
    sites: tuple[str, ...]
    roots: tuple[str, ...]
    virtual: bool

    def contains(self, path: str) -> bool:
        """Tell whether a real path lies below the prefix or below a site-packages folder."""
        return any(path.startswith(f"{folder}/") for folder in (self.prefix, *self.sites))

    def in_site(self, path: str) -> bool:
        """Tell whether a path lies below a site-packages folder."""
        return any(path.startswith(f"{site}/") for site in self.sites)


@dataclass(frozen=True, slots=True)
class Owned:
    """The files that a distribution recorded, split by whether they lie in the environment."""

    inside: frozenset[str]
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What applying may replace or remove.

    `paths` are recorded files; the others are folders or files that are meant whole. `cleared` belong to
    distributions to remove completely, with nobody else's files in them. `leftovers` are those of the
    plan. `neighbours` are what an installer may write to beside all these.
    """

    paths: tuple[str, ...]
    metadata: tuple[str, ...]
    cleared: tuple[str, ...]
    leftovers: tuple[str, ...]
    neighbours: tuple[str, ...]


def scope_of(target: Target) -> Scope:
    """Return the folders of a target that installers write to."""
    prefix = os.path.realpath(target.prefix)
    sites: list[str] = []
    for folder in target.site_packages:
        real = os.path.realpath(folder)
        if (
            real.startswith(f"{prefix}/")
            and real != SYSTEM_FOLDER
            and os.path.isdir(real)
            and real not in sites
        ):
            sites.append(real)
    sites = [s for s in sites if not any(s.startswith(f"{other}/") for other in sites)]
    schemes = dict.fromkeys([prefix, *(os.path.normpath(f"{site}/../../..") for site in sites)])
    found = [
        f"{scheme}/{name}"
        for scheme in schemes
        for name in (_DATA_FOLDERS if scheme != "/usr" else ("bin",))
        if scheme == prefix or scheme.startswith(f"{prefix}/")
    ]
    roots = (*sites, *(folder for folder in found if os.path.realpath(folder) == folder))
    return Scope(prefix, tuple(sites), roots, target.prefix != target.base_prefix)


def planned(plan: Plan, snapshot: Snapshot, scope: Scope) -> Mapping[str, tuple[Distribution, ...]]:
    """Return by name the records of the distributions that change and lie in the environment."""
    names = [change.name for change in plan.changes]
    return {
        name: tuple(d for d in snapshot.distributions if d.name == name and _lies_in(d, scope))
        for name in names
    }


def _lies_in(distribution: Distribution, scope: Scope) -> bool:
    return os.path.realpath(distribution.location) in scope.sites


def owned(distribution: Distribution, scope: Scope) -> Owned:
    """Resolve the record of a distribution; nothing is followed out of the environment."""
    location = os.path.realpath(distribution.location)
    parents: dict[str, str] = {}
    inside, outside = set(), []
    for row in distribution.files or ():
        if "\0" in row.path:
            continue
        full = os.path.normpath(os.path.join(location, row.path))
        folder, name = os.path.split(full)
        if folder not in parents:
            parents[folder] = os.path.realpath(folder)
        real = f"{parents[folder]}/{name}"
        if not name or not scope.contains(real):
            outside.append(row.path)
        elif f"/{CACHES}/" not in real:
            inside.add(real)
    return Owned(frozenset(inside), tuple(outside))


def is_thorough(change: Change, records: tuple[Distribution, ...], snapshot: Snapshot) -> bool:
    """Tell whether everything of a distribution goes before it is installed again."""
    mixed = change.name == "numpy" and snapshot.numpy is not None and bool(snapshot.numpy.unowned)
    return change.new is not None and (change.is_reinstall or len(records) > 1 or mixed)


def select(plan: Plan, snapshot: Snapshot, scope: Scope) -> Selection:
    """Return what the plan may replace or remove."""
    records = planned(plan, snapshot, scope)
    mine = {d.metadata_path: owned(d, scope).inside for ds in records.values() for d in ds}
    strangers = _folders_of(
        path
        for d in snapshot.distributions
        if d.name not in records and _lies_in(d, scope)
        for path in owned(d, scope).inside
    )
    paths: set[str] = set()
    metadata: set[str] = set()
    cleared: set[str] = set()
    neighbours: set[str] = set()
    for change in plan.changes:
        copies = records[change.name]
        recorded = frozenset[str]().union(*(mine[d.metadata_path] for d in copies))
        folders = {real_place(d.metadata_path) for d in copies}
        paths |= recorded
        metadata |= folders
        neighbours |= _tops(recorded, scope) | _named_like(change.name, scope)
        if is_thorough(change, copies, snapshot):
            cleared |= _exclusive(recorded, strangers, scope) | folders
    leftovers = {real_place(path) for path in plan.remove}
    found = (paths, metadata, cleared, leftovers, neighbours)
    return Selection(*(tuple(sorted(one)) for one in found))


def real_place(path: str) -> str:
    """Resolve the folder that a path lies in, but not the path itself."""
    folder, name = os.path.split(path.rstrip("/"))
    return f"{os.path.realpath(folder)}/{name}"


def _tops(recorded: Iterable[str], scope: Scope) -> set[str]:
    """Return the top-level folders that hold recorded files."""
    found = set()
    for path in recorded:
        for site in scope.sites:
            if path.startswith(f"{site}/"):
                top, slash, _ = path[len(site) + 1 :].partition("/")
                if slash:
                    found.add(f"{site}/{top}")
    return found


def _named_like(name: str, scope: Scope) -> set[str]:
    """Return what a distribution of that name would most likely be installed over."""
    names = {name, name.replace("-", "_"), f"{name.replace('-', '_')}.py", f"{name.replace('-', '_')}.libs"}
    return {f"{site}/{one}" for site in scope.sites for one in names if os.path.lexists(f"{site}/{one}")}


def _folders_of(paths: Iterable[str]) -> set[str]:
    """Return all folders above the paths."""
    found: set[str] = set()
    for path in paths:
        found.update(_above(path, found))
    return found


def _above(path: str, known: set[str]) -> Iterator[str]:
    folder = os.path.dirname(path)
    while len(folder) > 1 and folder not in known:
        yield folder
        folder = os.path.dirname(folder)


def _exclusive(recorded: Iterable[str], strangers: set[str], scope: Scope) -> set[str]:
    """Return the topmost folders in site-packages that hold recorded files and nobody else's."""
    found = set()
    for path in recorded:
        if not scope.in_site(path):
            continue
        folder, best = os.path.dirname(path), ""
        while scope.in_site(folder) and folder not in strangers:
            folder, best = os.path.dirname(folder), folder
        if best:
            found.add(best)
    return found
