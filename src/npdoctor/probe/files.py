"""Compare the files on disk with what the installs recorded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from npdoctor.model.distribution import Distribution, FileDamage, Overlap, RecordedFile

_EXAMPLES = 5
_SMALL = 16 * 1024
_NAMESPACE_FILE = 1024
# Those that leave a wheel's files as they are; conda, Debian and others strip and relink them.
_FAITHFUL = ("pip", "uv", "poetry", "pdm")
_CHANGED_BY_HAND = (".pem",)  # administrators add certificates to bundles
_CODE = (".py", ".so", ".pyd")
_SIDE_FOLDERS = frozenset(
    {"tests", "test", "testing", "docs", "doc", "examples", "example", "benchmarks", "scripts", "tools"}
)


def find_damage(distributions: Iterable[Distribution], prefix: str) -> tuple[Distribution, ...]:
    """Return the distributions with `damage` filled: recorded files that are missing or of another size.

    Contents are not compared: hashing an environment of 6 GB takes longer than the whole examination.
    A file that another distribution has since overwritten is an overlap and no damage.
    """
    distributions = tuple(distributions)
    damages = {
        id(d): tuple(_damage(d, prefix))
        for d in distributions
        if d.effective and d.installer and d.installer.lower().startswith(_FAITHFUL)
    }
    sizes = {
        (d.location, damage.path): damage.found
        for d in distributions
        for damage in damages.get(id(d), ())
        if damage.found is not None
    }
    explained = set(_explained(distributions, sizes))
    return tuple(
        replace(d, damage=tuple(x.told() for x in damages[id(d)] if (d.location, x.path) not in explained))
        if damages.get(id(d))
        else d
        for d in distributions
    )


@dataclass(frozen=True, slots=True)
class _Difference:
    """A file whose size on disk (None: missing) is not the recorded one."""

    path: str
    recorded: int
    found: int | None

    def told(self) -> FileDamage:
        """Put it into words."""
        if self.found is None:
            return FileDamage(self.path, "missing", f"{self.recorded} bytes recorded, no file found")
        return FileDamage(self.path, "size", f"{self.recorded} bytes recorded, {self.found} found")


def _damage(distribution: Distribution, prefix: str) -> Iterator[_Difference]:
    """Yield the differences that matter: no caches, no metadata, no scripts, which installers rewrite."""
    for row in distribution.files or ():
        path = row.path
        if row.size is None or path.endswith(".pyc") or ".dist-info/" in path or ".egg-info/" in path:
            continue
        full = f"{distribution.location}/{path}"
        outside = path.startswith(("../", "/"))
        if outside:
            full = os.path.normpath(os.path.join(distribution.location, path))
            if not full.startswith(f"{prefix}/") or full.startswith(f"{prefix}/bin/"):
                continue
        try:
            found = os.stat(full).st_size
        except (FileNotFoundError, NotADirectoryError):
            yield _Difference(path, row.size, None)
        except OSError:
            continue
        else:
            if found != row.size and not outside and not path.endswith(_CHANGED_BY_HAND):
                yield _Difference(path, row.size, found)


def _explained(
    distributions: Sequence[Distribution], sizes: dict[tuple[str, str], int]
) -> Iterator[tuple[str, str]]:
    """Yield the files whose size is the one that some distribution recorded for them."""
    if not sizes:
        return
    for distribution in distributions:
        for row in distribution.files or ():
            place = (distribution.location, row.path)
            if place in sizes and sizes[place] == row.size:
                yield place


def find_overlaps(distributions: Iterable[Distribution]) -> tuple[Overlap, ...]:
    """Return which pairs of differently named distributions recorded the same code files."""
    owners: dict[tuple[str, str], list[tuple[str, RecordedFile]]] = {}
    for distribution in distributions:
        if not distribution.effective:
            continue
        for row in distribution.files or ():
            if row.path.endswith(_CODE) and _is_importable(row.path):
                owners.setdefault((distribution.location, row.path), []).append((distribution.name, row))
    pairs: dict[tuple[str, str, str], list[str]] = {}
    for (location, path), rows in owners.items():
        for (first, one), (second, other) in combinations(rows, 2):
            if first != second and not _is_harmless(path, one, other):
                pair = (min(first, second), max(first, second), location)
                pairs.setdefault(pair, []).append(path)
    return tuple(
        Overlap(first, second, location, len(paths), tuple(sorted(paths)[:_EXAMPLES]))
        for (first, second, location), paths in sorted(pairs.items())
    )


def _is_importable(path: str) -> bool:
    """Tell whether code lies in a package, rather than among stray files such as a top-level `tests`."""
    top, slash, _ = path.partition("/")
    return (
        top not in _SIDE_FOLDERS and top != ".." and (bool(slash) or top not in ("setup.py", "conftest.py"))
    )


def _is_harmless(path: str, one: RecordedFile, other: RecordedFile) -> bool:
    """Tell whether it does not matter whose copy is there: the same small file, or a namespace's own."""
    sizes = (one.size or 0, other.size or 0)
    if one.sha256 and one.sha256 == other.sha256 and max(sizes) <= _SMALL:
        return True
    return path.endswith("/__init__.py") and max(sizes) <= _NAMESPACE_FILE
