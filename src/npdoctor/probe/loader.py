"""Find a needed shared library the way the dynamic loader of glibc would, without loading it."""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING

from npdoctor.probe.elf import Elf, ElfError, Machine, machine_of, read_elf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from npdoctor.model.target import Target

SYSTEM_CACHE = "/etc/ld.so.cache"
_NEW_MAGIC = b"glibc-ld.so.cache1.1"
_OLD_MAGIC = b"ld.so-1.7.0\0"
_MAX_CACHE = 64 * 1024 * 1024
_SYSTEM_ROOTS = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
_HWCAPS = "glibc-hwcaps"


class Loader:
    """The search for one machine and one set of search paths; it remembers folders it has listed.

    `extra_dirs` come before LD_LIBRARY_PATH, as the RPATH of the executable does, and after everything for
    a binary that has a RUNPATH. Without a `machine` any ELF file with the right name will do. `conclusive`
    is False, for musl and where the cache cannot be read, when a library not found may still be there.
    """

    def __init__(
        self,
        ld_library_path: str = "",
        *,
        cache: str = SYSTEM_CACHE,
        extra_dirs: Sequence[str] = (),
        default_dirs: Sequence[str] | None = None,
        machine: Machine | None = None,
        musl: bool = False,
    ) -> None:
        self.machine = machine
        self._extra_dirs = tuple(extra_dirs)
        self._library_path = tuple(d for d in re.split("[:;]", ld_library_path) if d)
        self._default_dirs = tuple(_default_dirs() if default_dirs is None else default_dirs)
        cached = None if musl else read_cache(cache)
        self._cache = cached or {}
        self.conclusive = cached is not None
        self._expanded: dict[tuple[str, str], tuple[str, ...]] = {}
        self._loaded: dict[str, str] = {}
        self._listings: dict[str, frozenset[str]] = {}
        self._fitting: dict[str, bool] = {}
        self._found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], str | None] = {}
        self._offered: dict[str, frozenset[str]] = {}

    @classmethod
    def for_target(cls, target: Target, ld_library_path: str, cache: str = SYSTEM_CACHE) -> Loader:
        """Search as a program run by this interpreter would, with what its executable has loaded already."""
        executable = os.path.realpath(target.executable)
        origin = os.path.dirname(executable)
        musl = bool(target.libc and target.libc[0] == "musl")
        extra = [
            os.path.join(prefix, "lib")
            for prefix in dict.fromkeys((target.prefix, target.base_prefix))
            if os.path.isdir(os.path.join(prefix, "conda-meta"))
        ]
        try:
            elf: Elf | None = read_elf(executable)
        except ElfError:
            elf = None
        if elf and not elf.runpath:
            extra = [*_expand(elf.rpath, origin), *extra]
        loader = cls(
            ld_library_path, cache=cache, extra_dirs=extra, machine=elf.machine if elf else None, musl=musl
        )
        if elf:
            loader._note_loaded(elf, origin)
        return loader

    def find(self, soname: str, rpath: str | None, runpath: str | None, origin: str) -> str | None:
        """Find the file that a binary in the folder `origin` would get for a DT_NEEDED entry."""
        if "/" in soname:
            path = next(iter(self._dirs(soname, origin)), soname)
            return path if self._fits(path) else None
        if soname in self._loaded:
            return self._loaded[soname]
        before = (*self._dirs(rpath, origin), *self._extra_dirs) if not runpath else ()
        after = self._dirs(runpath, origin)
        key = (soname, before, after)
        if key not in self._found:
            self._found[key] = self._search(soname, before, after)
        return self._found[key]

    def offered_versions(self, library: str) -> frozenset[str]:
        """List the symbol versions that the library of this name offers; none where it is not found."""
        if library not in self._offered:
            path = self.find(library, None, None, "/")
            try:
                self._offered[library] = read_elf(path).offered_versions if path else frozenset()
            except ElfError:
                self._offered[library] = frozenset()
        return self._offered[library]

    def serves(self, machine: Machine) -> bool:
        """Tell whether a binary for this machine is one that the target's process could load."""
        return self.machine is None or self.machine == machine

    def _search(self, soname: str, before: tuple[str, ...], after: tuple[str, ...]) -> str | None:
        for folder in (*before, *self._library_path, *after):
            if path := self._in_folder(folder, soname):
                return path
        for path in self._cache.get(soname, ()):
            if self._fits(path):
                return path
        for folder in (*self._default_dirs, *self._extra_dirs):
            if path := self._in_folder(folder, soname):
                return path
        return None

    def _in_folder(self, folder: str, soname: str) -> str | None:
        path = os.path.join(folder, soname)
        if soname in self._list(folder) and self._fits(path):
            return path
        if _HWCAPS in self._list(folder):
            levels = os.path.join(folder, _HWCAPS)
            paths = (os.path.join(levels, level, soname) for level in sorted(self._list(levels)))
            return next(filter(self._fits, paths), None)
        return None

    def _dirs(self, search: str | None, origin: str) -> tuple[str, ...]:
        if not search:
            return ()
        if (search, origin) not in self._expanded:
            self._expanded[search, origin] = tuple(_expand(search, origin))
        return self._expanded[search, origin]

    def _list(self, folder: str) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))
            except (OSError, ValueError):
                self._listings[folder] = frozenset()
        return self._listings[folder]

    def _fits(self, path: str) -> bool:
        """Tell whether the file there is ELF for this machine: the loader passes over all others."""
        if path not in self._fitting:
            machine = machine_of(path)
            self._fitting[path] = machine is not None and self.serves(machine)
        return self._fitting[path]

    def _note_loaded(self, elf: Elf, origin: str) -> None:
        found = {name: self.find(name, elf.rpath, elf.runpath, origin) for name in elf.needed}
        self._loaded.update((name, path) for name, path in found.items() if path)


def read_cache(path: str) -> dict[str, tuple[str, ...]] | None:
    """Read the loader's cache: soname to paths, in order of preference; None where it is no use."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_CACHE)
        return _parse_cache(data)
    except (OSError, ValueError, struct.error):
        return None


def _parse_cache(data: bytes) -> dict[str, tuple[str, ...]]:
    start, strings, entry = 0, 0, struct.Struct("=iIIIQ")
    if data.startswith(_OLD_MAGIC):
        count = _count(data, 12)
        end = 16 + 12 * count
        start = (end + 7) & ~7
        if data[start : start + len(_NEW_MAGIC)] != _NEW_MAGIC:
            start, strings, entry = -32, end, struct.Struct("=iII")
    elif not data.startswith(_NEW_MAGIC):
        raise ValueError("not a cache of the dynamic loader")
    if entry.size == 24:
        count, strings = _count(data, start + 20), start
    table = start + 48
    if table + count * entry.size > len(data):
        raise ValueError("cut short")
    found: dict[str, dict[str, None]] = {}
    for row in entry.iter_unpack(data[table : table + count * entry.size]):
        name, path = _cache_text(data, strings + row[1]), _cache_text(data, strings + row[2])
        found.setdefault(name, {})[path] = None
    return {name: tuple(paths) for name, paths in found.items()}


def _count(data: bytes, at: int) -> int:
    return int(struct.unpack_from("=I", data, at)[0])


def _cache_text(data: bytes, at: int) -> str:
    end = data.find(b"\0", at, at + 4096)
    if end < 0:
        raise ValueError("a name lies outside the cache")
    return os.fsdecode(data[at:end])


def _expand(search: str | None, origin: str) -> Iterator[str]:
    """Split a search path and fill in the loader's tokens, without empty entries (the working folder)."""
    for entry in (search or "").split(":"):
        for folder in _with_token(entry, "LIB", _library_folders()):
            text = re.sub(r"\$ORIGIN\b|\$\{ORIGIN\}", lambda _: origin, folder)
            text = re.sub(r"\$PLATFORM\b|\$\{PLATFORM\}", lambda _: os.uname().machine, text)
            if text:
                yield os.path.normpath(text)


def _with_token(entry: str, token: str, values: Sequence[str]) -> list[str]:
    for spelling in (f"${{{token}}}", f"${token}"):
        if spelling in entry:
            return [entry.replace(spelling, value) for value in values]
    return [entry]


def _library_folders() -> tuple[str, ...]:
    return ("lib64", "lib", f"lib/{os.uname().machine}-linux-gnu")


def _default_dirs() -> list[str]:
    """List the folders that loaders are built with, Debian's per-architecture ones among them."""
    found = []
    for root in _SYSTEM_ROOTS:
        found.append(root)
        try:
            names = sorted(os.listdir(root))
        except OSError:
            continue
        found += [os.path.join(root, name) for name in names if re.search(r"-linux-gnu\w*$", name)]
    return found
