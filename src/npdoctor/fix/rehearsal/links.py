"""Stand a tree of files up a second time by hard links, and copy where no link can be made."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Collection
from dataclasses import dataclass, field

from npdoctor.errors import Cancelled
from npdoctor.fix.rehearsal.ownership import CannotBuild
from npdoctor.probe.control import Control

_NO_LINK = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
)
_SPARE = 0.9  # of the free space, the share that copies may fill
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Taken:
    """A file as it was when it was linked: its path in the environment, bytes, and nanoseconds."""

    path: str
    size: int
    modified: int


@dataclass(slots=True)
class _Place:
    """A folder of the copy, made when the first thing is put into it."""

    path: str
    name: str
    parent: _Place | None
    opened: int | None = None

    def descriptor(self) -> int:
        """Return the open folder; raises NotADirectoryError where something else has its name."""
        if self.opened is None:
            above = self.parent.descriptor() if self.parent else None
            with contextlib.suppress(FileExistsError):
                os.mkdir(self.name, dir_fd=above)
            self.opened = os.open(self.name, _FOLDER, dir_fd=above)
        return self.opened

    def close(self) -> None:
        """Close the folder if it was opened."""
        if self.opened is not None:
            os.close(self.opened)


@dataclass(slots=True)
class Linker:
    """Takes files into the copy, but for `left_out` (real paths); what is there already stays.

    `taken` is what shares its inode with the environment, `copied` counts what does not, and why.
    `unread` names what could not be taken along.
    """

    left_out: Collection[str]
    control: Control
    taken: list[Taken] = field(default_factory=list)
    copied: int = 0
    why_copied: str = ""
    unread: list[str] = field(default_factory=list)
    _budget: float | None = None

    def take_tree(self, source: str, destination: str, behind: bool = False) -> None:
        """Take everything below a folder, without __pycache__; raises CannotBuild where room runs out.

        With `behind`, what is there comes earlier on sys.path: a package there hides one of its name here.
        """
        real = os.path.realpath(source)
        if behind:
            self.left_out = {*self.left_out, *(f"{real}/{name}" for name in _packages(destination))}
        place = _Place(destination, destination, None)
        try:
            self._enter(real, None, real, place, real)
        finally:
            place.close()

    def take_file(self, source: str, destination: str) -> None:
        """Take one file, and make the folders it needs."""
        folder = os.path.dirname(destination)
        try:
            status = os.lstat(source)
            if not stat.S_ISREG(status.st_mode):
                return
            os.makedirs(folder, exist_ok=True)
            above = os.open(os.path.realpath(os.path.dirname(source)), _FOLDER)
        except OSError:
            return
        place = _Place(folder, folder, None)
        try:
            self._link(above, os.path.basename(source), source, place, status)
        finally:
            os.close(above)
            place.close()

    def _enter(self, name: str, above: int | None, path: str, place: _Place, root: str) -> bool:
        """Take one folder; return whether something below it was left out."""
        if self.control.cancelled:
            raise Cancelled("stopped")
        try:
            source = os.open(name, _FOLDER, dir_fd=above)
        except OSError:
            self.unread.append(path)
            return False
        try:
            return self._walk(source, path, place, root)
        except NotADirectoryError:
            return False
        finally:
            os.close(source)
            place.close()
            place.opened = None

    def _walk(self, source: int, path: str, place: _Place, root: str) -> bool:
        """Take what a folder holds; it is made even if empty, unless what it held was left out."""
        dropped = False
        with os.scandir(source) as entries:
            for entry in entries:
                name = entry.name
                full = f"{path}/{name}"
                if full in self.left_out:
                    dropped = True
                elif name == "__pycache__":
                    continue
                elif entry.is_symlink():
                    self._relink(full, place, root)
                elif entry.is_dir(follow_symlinks=False):
                    inside = _Place(f"{place.path}/{name}", name, place)
                    dropped |= self._enter(name, source, full, inside, root)
                else:
                    self._link(source, name, full, place, entry.stat(follow_symlinks=False))
        if not dropped:
            place.descriptor()
        return dropped

    def _link(self, source: int, name: str, full: str, place: _Place, status: os.stat_result) -> None:
        folder = place.descriptor()
        try:
            os.link(name, name, src_dir_fd=source, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            return
        except OSError as error:
            if error.errno in _NO_LINK:
                self._copy(full, f"{place.path}/{name}", status, error)
            elif error.errno == errno.ENOSPC:
                raise CannotBuild(f"There is no room for a copy at {place.path}.") from error
            else:
                self.unread.append(full)
            return
        self.taken.append(Taken(full, status.st_size, status.st_mtime_ns))

    def _copy(self, full: str, destination: str, status: os.stat_result, why: OSError) -> None:
        if not stat.S_ISREG(status.st_mode) or os.path.lexists(destination):
            return
        if self._budget is None:
            room = os.statvfs(os.path.dirname(destination))
            self._budget = room.f_bavail * room.f_frsize * _SPARE
        self._budget -= status.st_size
        if self._budget < 0:
            raise CannotBuild(
                f"Files cannot be linked to {os.path.dirname(destination)} ({why.strerror}), and there is no "
                "room there to copy the environment."
            )
        try:
            shutil.copy2(full, destination)
        except OSError:
            self.unread.append(full)
            return
        self.copied += 1
        self.why_copied = self.why_copied or why.strerror or ""

    def _relink(self, full: str, place: _Place, root: str) -> None:
        """Make a symbolic link again; one that leads out of the tree by `..` is made absolute."""
        aim = os.readlink(full)
        end = os.path.normpath(os.path.join(os.path.dirname(full), aim))
        if not os.path.isabs(aim) and not f"{end}/".startswith(f"{root}/"):
            aim = end
        with contextlib.suppress(FileExistsError):
            os.symlink(aim, os.path.basename(full), dir_fd=place.descriptor())


def _packages(folder: str) -> list[str]:
    """Return the names of the regular packages that a folder holds."""
    with contextlib.suppress(OSError):
        return [n for n in os.listdir(folder) if os.path.isfile(os.path.join(folder, n, "__init__.py"))]
    return []


def altered(taken: Collection[Taken]) -> tuple[str, ...]:
    """Return the linked files that are gone or have another size or time than when they were linked."""
    found = []
    for file in taken:
        try:
            status = os.lstat(file.path)
        except OSError:
            found.append(file.path)
            continue
        if (status.st_size, status.st_mtime_ns) != (file.size, file.modified):
            found.append(file.path)
    return tuple(found)
