"""Look at what LD_LIBRARY_PATH and LD_PRELOAD put before the libraries that packages bring."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from npdoctor.model.host import LibraryPath
from npdoctor.probe.host.tree import Tree, reason

_WANTED = ("libcuda", "libcudart", "libcublas", "libcudnn", "libnccl", "libstdc++")
_MOST = 64


def read_library_paths(
    tree: Tree, environ: Mapping[str, str], working_folder: str
) -> tuple[LibraryPath, ...]:
    """Return each entry once, in the order of the search; an empty one means the working folder."""
    return (
        *(_preloaded(tree, e) for e in _entries(environ.get("LD_PRELOAD", ""), "[: ]", skip_empty=True)),
        *(_folder(tree, e, working_folder) for e in _entries(environ.get("LD_LIBRARY_PATH", ""), "[:;]")),
    )


def _entries(value: str, separator: str, *, skip_empty: bool = False) -> Iterator[str]:
    entries = dict.fromkeys(re.split(separator, value) if value else ())
    yield from [entry for entry in entries if entry or not skip_empty][:_MOST]


def _preloaded(tree: Tree, entry: str) -> LibraryPath:
    by_name = "/" not in entry
    return LibraryPath(
        "LD_PRELOAD",
        entry,
        by_name or tree.has(entry),
        _held([os.path.basename(entry)]),
        "the loader searches for it by name" if by_name else "",
    )


def _folder(tree: Tree, entry: str, working_folder: str) -> LibraryPath:
    try:
        names = os.listdir(tree.outside(os.path.join(working_folder, entry)))
    except (FileNotFoundError, NotADirectoryError):
        return LibraryPath("LD_LIBRARY_PATH", entry, False, ())
    except (OSError, ValueError) as error:
        return LibraryPath("LD_LIBRARY_PATH", entry, True, (), reason(error))
    return LibraryPath("LD_LIBRARY_PATH", entry, True, _held(names))


def _held(names: Iterable[str]) -> tuple[str, ...]:
    stems = {name.partition(".so")[0] for name in names if ".so" in name}
    return tuple(name for name in _WANTED if name in stems)
