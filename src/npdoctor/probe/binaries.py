"""Read the compiled files of every distribution, without loading any."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from npdoctor.model.binary import Binary, UnreadBinary
from npdoctor.probe.cuda.fatbin import read_gpu_code
from npdoctor.probe.elf import Elf, ElfError, ElfFile, machine_of
from npdoctor.probe.numpy_use import read_numpy_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from npdoctor.model.distribution import Distribution
    from npdoctor.model.target import Target
    from npdoctor.probe.loader import Loader

_SHARED = re.compile(r"\.so(\.|$)")
_VERSIONED = re.compile(r"\.so(\.\d\w*)*$")
_TAGGED = re.compile(r"\.(?P<tag>cpython-\d+[a-z]*|abi3t?|pypy\d+-pp\d+|graalpy[\d-]+)(-[^.]*)?\.so$")
_PROGRAM_FOLDERS = ("bin", "Scripts")
_PASSED_OVER = ("__pycache__", "node_modules")
_MAX_WALKED = 100_000


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file that may be a binary; `importable` is its path below a folder of sys.path, where it has one."""

    path: str
    distribution: str
    relative: str
    importable: str | None


def read_binaries(
    distributions: Sequence[Distribution],
    target: Target,
    loader: Loader,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[tuple[Binary, ...], tuple[UnreadBinary, ...]]:
    """Read every binary of the effective distributions; `on_progress` gets the files done, and in all."""
    candidates = _candidates([d for d in distributions if d.effective])
    read: list[tuple[Binary, Elf]] = []
    unread: list[UnreadBinary] = []
    for done, candidate in enumerate(candidates):
        on_progress(done, len(candidates))
        try:
            with ElfFile(candidate.path) as file:
                read.append((_binary(candidate, file, target), file.elf))
        except ElfError as error:
            if os.path.lexists(candidate.path):
                place = candidate.path, candidate.distribution, candidate.relative
                unread.append(UnreadBinary(*place, error.reason))
    on_progress(len(candidates), len(candidates))
    shipped = {os.path.basename(u.path) for u in unread}
    for binary, elf in read:
        if loader.serves(elf.machine):
            shipped.update((os.path.basename(binary.path), elf.soname or ""))
    return tuple(_with_missing(binary, elf, shipped, loader) for binary, elf in read), tuple(unread)


def name_module(
    importable: str | None, suffixes: Sequence[str], exports: Callable[[str], bool]
) -> tuple[str | None, str | None, str | None]:
    """Work out `module`, `module_stem` and `python_tag` from a path below a folder of sys.path.

    `exports` tells whether the file has a symbol of this name; a name without its PyInit is no module.
    """
    folder, _, name = (importable or "").rpartition("/")
    tagged = _TAGGED.search(name)
    tag = tagged["tag"] if tagged else None
    packages = folder.split("/") if folder else []
    if not name.endswith(".so") or not all(map(str.isidentifier, packages)):
        return None, None, tag
    bare = name[: tagged.start()] if tagged else name[: -len(".so")]
    stem = ".".join(packages if bare == "__init__" else [*packages, bare])
    accepted = max((s for s in suffixes if name.endswith(s)), key=len, default=None)
    if not bare or not stem or accepted is None or name != bare + accepted:
        return None, stem or None, tag
    return stem if exports(init_symbol(stem.rpartition(".")[2])) else None, stem, tag


def init_symbol(name: str) -> str:
    """Name the function by which Python starts an extension module (PEP 489)."""
    if name.isascii():
        return "PyInit_" + name.replace("-", "_")
    return "PyInitU_" + name.encode("punycode").decode("ascii").replace("-", "_")


def _binary(candidate: _Candidate, file: ElfFile, target: Target) -> Binary:
    module, stem, tag = name_module(
        candidate.importable, target.extension_suffixes, lambda symbol: file.names(symbol.encode() + b"\0")
    )
    return Binary(
        path=candidate.path,
        distribution=candidate.distribution,
        relative=candidate.relative,
        size=file.size,
        module=module,
        module_stem=stem,
        python_tag=tag,
        soname=file.elf.soname,
        needed=file.elf.needed,
        missing=(),
        version_needs=file.elf.version_needs,
        numpy=read_numpy_use(file),
        gpu_code=read_gpu_code(file),
    )


def _with_missing(binary: Binary, elf: Elf, shipped: set[str], loader: Loader) -> Binary:
    """Note what neither the loader finds nor any distribution ships (packages preload their own)."""
    if not loader.conclusive or not loader.serves(elf.machine):
        return binary
    relocatable = "$" in f"{elf.rpath}{elf.runpath}{elf.needed}"
    origin = os.path.dirname(os.path.realpath(binary.path)) if relocatable else "/"
    missing = tuple(
        library
        for library in elf.needed
        if os.path.basename(library) not in shipped
        and loader.find(library, elf.rpath, elf.runpath, origin) is None
    )
    return replace(binary, missing=missing) if missing else binary


def _candidates(distributions: Sequence[Distribution]) -> list[_Candidate]:
    """List each file once: who records it owns it, before who merely has it in a folder of its name."""
    owned: dict[str, tuple[int, _Candidate]] = {}
    real_folders: dict[str, str] = {}
    for walk in (False, True):
        for order, distribution in enumerate(distributions):
            for candidate in _walked(distribution) if walk else _recorded(distribution):
                owned.setdefault(_real_path(candidate.path, real_folders), (order, candidate))
    return [candidate for _, candidate in sorted(owned.values(), key=lambda entry: entry[0])]


def _recorded(distribution: Distribution) -> Iterator[_Candidate]:
    location = distribution.location
    for file in distribution.files or ():
        name = file.path.rpartition("/")[2]
        if ".so" not in name and "bin/" not in file.path and "Scripts/" not in file.path:
            continue
        relative = os.path.normpath(file.path)
        if os.path.isabs(relative):
            relative = os.path.relpath(relative, location)
        path = os.path.normpath(os.path.join(location, relative))
        if _is_wanted(path):
            importable = None if relative.startswith("..") else relative
            yield _Candidate(path, distribution.name, relative, importable)


def _walked(distribution: Distribution) -> Iterator[_Candidate]:
    """List what lies in the distribution's folders, where the install recorded nothing or is editable."""
    editable = distribution.direct_url is not None and distribution.direct_url.editable
    if distribution.files is not None and not editable:
        return
    names = _top_level_names(distribution)
    for root in _roots(distribution):
        paths = [path for name in names for path in _files_of(root, name)]
        for path in filter(_is_wanted, paths):
            relative = os.path.relpath(path, distribution.location)
            yield _Candidate(path, distribution.name, relative, os.path.relpath(path, root))
        if paths:
            return


def _roots(distribution: Distribution) -> list[str]:
    """List the folders in which its packages may lie: the first one that has them counts."""
    roots = [distribution.location]
    if distribution.direct_url:
        url = urlsplit(distribution.direct_url.url)
        if url.scheme == "file":
            project = unquote(url.path)
            roots += [project, os.path.join(project, "src")]
    return roots


def _top_level_names(distribution: Distribution) -> list[str]:
    try:
        with open(os.path.join(distribution.metadata_path, "top_level.txt"), encoding="utf-8") as file:
            names = file.read(65536).split()
    except (OSError, ValueError):
        names = []
    if not names:
        raw = distribution.raw_name.replace("-", "_")
        names = [raw, raw.replace(".", "/"), distribution.name.replace("-", "_")]
    safe = [n for n in names if not n.startswith(("/", ".")) and ".." not in n]
    return list(dict.fromkeys(safe))


def _files_of(root: str, name: str) -> Iterator[str]:
    """List the files of a top-level package, or of a module that is one file."""
    walked = 0
    for folder, folders, files in os.walk(os.path.join(root, name)):
        folders[:] = [f for f in folders if f not in _PASSED_OVER and not f.startswith(".")]
        yield from (os.path.join(folder, file) for file in files)
        walked += len(files)
        if walked > _MAX_WALKED:
            return
    try:
        beside = os.listdir(root)
    except OSError:
        return
    alone = (file for file in beside if file.startswith(name + ".") and _SHARED.search(file))
    yield from (os.path.join(root, file) for file in alone)


def _is_wanted(path: str) -> bool:
    """Tell whether a file claims by its name to be a binary, or is one though its name leaves it open."""
    folder, _, name = path.rpartition("/")
    if _VERSIONED.search(name):
        return True
    extension = os.path.splitext(name)[1][1:]
    is_program = os.path.basename(folder) in _PROGRAM_FOLDERS and (not extension or extension.isdigit())
    return (is_program or _SHARED.search(name) is not None) and machine_of(path) is not None


def _real_path(path: str, real_folders: dict[str, str]) -> str:
    """Resolve links, each folder's once."""
    if os.path.islink(path):
        return os.path.realpath(path)
    folder, _, name = path.rpartition("/")
    if folder not in real_folders:
        real_folders[folder] = os.path.realpath(folder)
    return f"{real_folders[folder]}/{name}"
