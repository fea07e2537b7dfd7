"""Keep files of an environment as hard links, or as copies where links cannot be made, and put them back."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from npdoctor.fix.write.listing import CACHES

Link = Callable[[str, str], None]

_UNLINKABLE = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EROFS}
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was: `held` is the name of its link or copy, or what a symbolic link points to."""

    path: str
    kind: str
    held: str
    mode: int
    owner: tuple[int, int]
    size: int
    time: int
    inode: int


@dataclass(frozen=True, slots=True)
class Keep:
    """All that was kept, with the folders that held it as (path, time in ns, mode), outermost first."""

    files: tuple[Kept, ...]
    folders: tuple[tuple[str, int, int], ...]

    @property
    def copies(self) -> int:
        """Return how many files had to be copied."""
        return sum(kept.kind == "copy" for kept in self.files)

    def encoded(self) -> bytes:
        """Return it as JSON."""
        rows = [(k.path, k.kind, k.held, k.mode, k.owner, k.size, k.time, k.inode) for k in self.files]
        return json.dumps({"files": rows, "folders": self.folders}, separators=(",", ":")).encode()


def decode_keep(data: bytes) -> Keep:
    """Read what `Keep.encoded` wrote."""
    document = json.loads(data)
    files = tuple(
        Kept(path, kind, held, mode, (owner[0], owner[1]), size, time, inode)
        for path, kind, held, mode, owner, size, time, inode in document["files"]
    )
    return Keep(files, tuple((path, time, mode) for path, time, mode in document["folders"]))


def can_link(sample: str, folder: str, link: Link = os.link) -> bool:
    """Tell whether a file can be linked into a folder, by doing it."""
    probe = os.path.join(folder, f"probe-{secrets.token_hex(4)}")
    try:
        link(sample, probe)
    except OSError:
        return False
    os.unlink(probe)
    return True


def place_for_links(sample: str | None, state: str, prefix: str, virtual: bool, link: Link) -> str | None:
    """Return the folder that links can be made in: the state folder, else one in a virtual environment.

    None where neither serves, so that copies must be made.
    """
    if sample is None or can_link(sample, state, link):
        return state
    if not virtual or not os.access(prefix, os.W_OK):
        return None
    inside = os.path.join(prefix, ".npdoctor")
    made = not os.path.isdir(inside)
    try:
        os.makedirs(inside, mode=0o700, exist_ok=True)
    except OSError:
        return None
    if can_link(sample, inside, link):
        return inside
    if made:
        os.rmdir(inside)
    return None


def below(tree: str) -> Iterator[str]:
    """Yield a file, or every file and folder of a tree without byte code caches, following no link."""
    yield tree
    if os.path.islink(tree) or not os.path.isdir(tree):
        return
    for folder, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if name != CACHES]
        for name in (*folders, *files):
            yield f"{folder}/{name}"


def keep(paths: Iterable[str], limits: Iterable[str], folder: str, link: Link = os.link) -> Keep:
    """Keep the files in a folder; those that are not there are left out.

    `limits` are the folders above which no folder's time is kept. Raises OSError where copying fails.
    """
    kept: list[Kept] = []
    folders: dict[str, tuple[str, int, int]] = {}
    outermost = tuple(limits)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for number, path in enumerate(sorted(set(paths))):
        try:
            facts = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        _note_folders(path, facts, outermost, folders)
        if stat.S_ISREG(facts.st_mode):
            kind = _hold(path, os.path.join(folder, str(number)), link)
            facts = os.lstat(path)  # an overlay filesystem gives a linked file another inode
            held = str(number)
        elif stat.S_ISLNK(facts.st_mode):
            kind, held = "symlink", os.readlink(path)
        else:
            continue
        owner = (facts.st_uid, facts.st_gid)
        mode = stat.S_IMODE(facts.st_mode)
        kept.append(Kept(path, kind, held, mode, owner, facts.st_size, facts.st_mtime_ns, facts.st_ino))
    if any(one.kind == "copy" for one in kept):
        os.sync()
    return Keep(tuple(kept), tuple(sorted(folders.values())))


def _hold(path: str, held: str, link: Link) -> str:
    try:
        link(path, held)
    except OSError as error:
        if error.errno not in _UNLINKABLE:
            raise
        shutil.copy2(path, held)
        return "copy"
    return "link"


def _note_folders(
    path: str, facts: os.stat_result, limits: tuple[str, ...], folders: dict[str, tuple[str, int, int]]
) -> None:
    """Remember the folders that a path is or lies in, up to the outermost."""
    folder = path if stat.S_ISDIR(facts.st_mode) else os.path.dirname(path)
    while folder not in folders and folder.startswith(limits):
        seen = os.lstat(folder)
        folders[folder] = (folder, seen.st_mtime_ns, stat.S_IMODE(seen.st_mode))
        if folder in limits:
            return
        folder = os.path.dirname(folder)


def is_in_place(kept: Kept) -> bool:
    """Tell whether a kept file lies where it lay, itself and unaltered."""
    try:
        facts = os.lstat(kept.path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    if kept.kind == "symlink":
        return stat.S_ISLNK(facts.st_mode) and os.readlink(kept.path) == kept.held
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns) == (kept.inode, kept.size, kept.time)


def is_intact(kept: Kept, folder: str) -> bool:
    """Tell whether what was kept is there and as it was; a link shares what is written in place."""
    if kept.kind == "symlink":
        return True
    try:
        facts = os.lstat(os.path.join(folder, kept.held))
    except OSError:
        return False
    return (facts.st_size, facts.st_mtime_ns) == (kept.size, kept.time)


def put_back(kept: Kept, folder: str) -> None:
    """Put one kept file back in the place of whatever lies there; its folder must exist.

    Raises OSError.
    """
    held = os.path.join(folder, kept.held)
    _clear(kept.path)
    if kept.kind == "link":
        _link_or_copy(held, kept)
    elif kept.kind == "copy":
        _copy(held, kept)
    else:
        os.symlink(kept.held, kept.path)
        os.utime(kept.path, ns=(kept.time, kept.time), follow_symlinks=False)


def _clear(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError:
        if os.path.islink(path) or not os.path.isdir(path):
            raise
        shutil.rmtree(os.path.join(path, CACHES), ignore_errors=True)
        os.rmdir(path)


def _link_or_copy(held: str, kept: Kept) -> None:
    try:
        os.link(held, kept.path)
    except OSError as error:
        if error.errno not in _UNLINKABLE:
            raise
        _copy(held, kept)


def _copy(held: str, kept: Kept) -> None:
    """Copy a kept file to its place, with its owner as far as that is allowed."""
    shutil.copyfile(held, kept.path)
    shutil.copystat(held, kept.path)
    if os.geteuid() == 0:
        os.chown(kept.path, *kept.owner)
    os.chmod(kept.path, kept.mode)
    os.utime(kept.path, ns=(kept.time, kept.time))
