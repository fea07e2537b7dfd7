"""Measure caches by a walk that ends in time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from npdoctor.model.storage import CacheSize, Place
from npdoctor.probe.host.tree import Tree

ENTRIES = 20_000
SECONDS = 0.2
_BLOCK = 512  # st_blocks counts these, whatever the file system's own blocks are


def measure(
    tree: Tree, places: Iterable[Place], entries: int = ENTRIES, seconds: float = SECONDS
) -> tuple[CacheSize, ...]:
    """Return what each folder holds on disk; both bounds are for all of them together."""
    until = time.monotonic() + seconds
    found = []
    for place in places:
        size, seen, complete = _walk(tree.outside(place.path), entries, until)
        entries -= seen
        found.append(CacheSize(place.role, place.path, size, complete))
    return tuple(found)


def _walk(top: str, entries: int, until: float) -> tuple[int, int, bool]:
    """Return bytes, entries seen, and whether that was all; a file with many names counts once."""
    size, seen, complete = 0, 0, True
    linked: set[tuple[int, int]] = set()
    folders = [top]
    while folders:
        try:
            with os.scandir(folders.pop()) as listing:
                for entry in listing:
                    if seen >= entries or time.monotonic() > until:
                        return size, seen, False
                    seen += 1
                    stat = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif stat.st_nlink == 1 or (stat.st_dev, stat.st_ino) not in linked:
                        linked.add((stat.st_dev, stat.st_ino))
                        size += stat.st_blocks * _BLOCK
        except FileNotFoundError:
            continue
        except OSError:
            complete = False
    return size, seen, complete
