"""Remove what an installer leaves: only in site-packages, only what the journal keeps, through no link."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable

from npdoctor.fix.write.links import below
from npdoctor.fix.write.listing import CACHES
from npdoctor.fix.write.scope import Scope


def remove_trees(trees: Iterable[str], scope: Scope, kept: Collection[str]) -> int:
    """Remove files and whole folders; return how many files went. Raises OSError.

    A file that the journal does not keep stays, and so do the folders above it.
    """
    removed = 0
    for tree in trees:
        if not scope.in_site(tree) or os.path.realpath(os.path.dirname(tree)) != os.path.dirname(tree):
            continue
        folders = []
        for path in tuple(below(tree)):
            if os.path.isdir(path) and not os.path.islink(path):
                folders.append(path)
            elif path in kept:
                os.unlink(path)
                removed += 1
        remove_empty(folders)
    return removed


def remove_empty(folders: Iterable[str]) -> None:
    """Remove the folders that hold nothing but byte code caches, inner ones first."""
    for folder in sorted(folders, key=len, reverse=True):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        if set(names) <= {CACHES}:
            caches = os.path.join(folder, CACHES)
            if os.path.isdir(caches) and not os.path.islink(caches):
                shutil.rmtree(caches)
            os.rmdir(folder)


def forget_bytecode(sources: Iterable[str]) -> None:
    """Remove the cached byte code of source files that are replaced: it may look newer than they are."""
    stems: dict[str, set[str]] = {}
    for path in sources:
        folder, name = os.path.split(path)
        if name.endswith(".py"):
            stems.setdefault(folder, set()).add(name[:-3])
    for folder, wanted in stems.items():
        caches = os.path.join(folder, CACHES)
        if os.path.islink(caches) or not os.path.isdir(caches):
            continue
        for name in os.listdir(caches):
            if name.partition(".")[0] in wanted and name.endswith(".pyc"):
                os.unlink(os.path.join(caches, name))
