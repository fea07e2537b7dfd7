"""Build a copy of an environment that shares the environment's files and has an interpreter of its own."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from npdoctor.fix.rehearsal.folder import is_virtual
from npdoctor.fix.rehearsal.links import Linker, Taken
from npdoctor.fix.rehearsal.ownership import CannotBuild, Room, files_left_out
from npdoctor.model.snapshot import Snapshot
from npdoctor.model.target import Target
from npdoctor.probe.control import Control

_DATA = ("etc", "share")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """The skeleton of a copy: an interpreter and an empty site-packages; `differs` says how it differs."""

    prefix: str
    python: str
    site_packages: str
    rooms: tuple[Room, ...]
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Farm:
    """A copy of an environment; `approximate` says in words how it differs, as far as that is known.

    `taken` are the files that it shares with the environment, as they were.
    """

    prefix: str
    python: str
    site_packages: str
    approximate: str
    rooms: tuple[Room, ...]
    taken: tuple[Taken, ...]


def build_farm(snapshot: Snapshot, leave_out: Collection[str], folder: str) -> Farm:
    """Build a copy in `folder` without the named distributions; raises CannotBuild with the reason."""
    return fill(lay_out(snapshot.target, folder), snapshot, leave_out)


def lay_out(target: Target, folder: str) -> Layout:
    """Make a virtual environment of the target's own Python, with nothing installed in it.

    It has none of the scripts, whose first lines would lead into the environment. Raises OSError, or
    CannotBuild where the target installs elsewhere than into itself.
    """
    prefix = os.path.realpath(folder)
    differs: tuple[str, ...] = ()
    if is_virtual(target):
        rooms = tuple(_own_rooms(target, prefix))
        if not rooms:
            raise CannotBuild(f"No folder of packages is inside the environment {target.prefix}.")
        with open(os.path.join(target.prefix, "pyvenv.cfg"), "rb") as original:
            settings = original.read()
    else:
        rooms, differs = _gathered(target, prefix)
        home = os.path.dirname(os.path.realpath(target.executable))
        text = f"home = {home}\ninclude-system-site-packages = false\nversion = {target.python}\n"
        settings = os.fsencode(text)
    python = _place_interpreter(target, prefix)
    with open(os.path.join(prefix, "pyvenv.cfg"), "wb") as config:
        config.write(settings)
    for room in rooms:
        os.makedirs(room.destination, exist_ok=True)
    if os.path.islink(os.path.join(target.prefix, "lib64")) and not os.path.lexists(f"{prefix}/lib64"):
        os.symlink("lib", f"{prefix}/lib64")
    return Layout(prefix, python, rooms[0].destination, rooms, differs)


def fill(
    layout: Layout,
    snapshot: Snapshot,
    leave_out: Collection[str],
    without: Collection[str] = (),
    control: Control | None = None,
) -> Farm:
    """Link into the copy what the environment holds; what is in the copy already stays as it is.

    `without` are further paths to leave out, with all below them. Files get another link and with it
    another ctime, and are otherwise untouched. Raises CannotBuild, or Cancelled if told so.
    """
    target = snapshot.target
    left_out = files_left_out(snapshot.distributions, leave_out, layout.rooms)
    beside = {os.path.join(os.path.realpath(os.path.dirname(p)), os.path.basename(p)) for p in without}
    linker = Linker(left_out | beside, control or Control())
    for number, room in enumerate(layout.rooms):
        linker.take_tree(room.source, room.destination, behind=number > 0 and _shared(layout, room))
    if is_virtual(target):
        for name in _DATA:
            if os.path.isdir(os.path.join(target.prefix, name)):
                linker.take_tree(os.path.join(target.prefix, name), os.path.join(layout.prefix, name))
    for source, destination in _data_files(snapshot, layout):
        if source not in linker.left_out:
            linker.take_file(source, destination)
    differs = [*layout.differs, *_shortcomings(linker), *_ways_back(layout)]
    return Farm(
        layout.prefix,
        layout.python,
        layout.site_packages,
        " ".join(differs),
        layout.rooms,
        tuple(linker.taken),
    )


def _own_rooms(target: Target, prefix: str) -> Iterator[Room]:
    """Yield the folders of packages inside a virtual environment, each at its own place in the copy."""
    own = os.path.realpath(target.prefix)
    seen = set()
    for folder in (*_on_path(target), *target.site_packages[:1]):
        real = os.path.realpath(folder)
        for path, root in ((real, own), (folder, target.prefix)):
            if real not in seen and path.startswith(f"{root}/"):
                seen.add(real)
                yield Room(folder, os.path.join(prefix, os.path.relpath(path, root)))


def _gathered(target: Target, prefix: str) -> tuple[tuple[Room, ...], tuple[str, ...]]:
    """Gather the folders of packages of a Python that is no virtual environment in one folder."""
    implementation = "python" if target.implementation == "cpython" else target.implementation
    version = ".".join(map(str, target.version[:2]))
    site = os.path.join(prefix, "lib", f"{implementation}{version}", "site-packages")
    folders: dict[str, str] = {}
    for folder in _on_path(target):
        folders.setdefault(os.path.realpath(folder), folder)
    found = list(folders.values()) or list(target.site_packages[:1])
    differs = [f"A virtual environment stands for the Python in {target.prefix}."]
    if len(found) > 1:
        differs.append(f"Its {len(found)} folders of packages are merged into one.")
    if os.path.isdir(os.path.join(target.prefix, "conda-meta")):
        differs.append("What conda keeps outside of them is not in it.")
    return tuple(Room(folder, site) for folder in found), tuple(differs)


def _on_path(target: Target) -> list[str]:
    """Return the folders into which distributions are installed, in the order of sys.path."""
    installed_into = {*target.site_packages, target.user_site}
    return [entry for entry in target.sys_path if entry in installed_into and os.path.isdir(entry)]


def _shared(layout: Layout, room: Room) -> bool:
    return sum(other.destination == room.destination for other in layout.rooms) > 1


def _place_interpreter(target: Target, prefix: str) -> str:
    """Put the interpreter into bin under its usual names: a link, or a second link to a copied program."""
    folder = os.path.join(prefix, "bin")
    os.makedirs(folder, exist_ok=True)
    python = os.path.join(folder, "python")
    real = os.path.realpath(target.executable)
    if real.startswith(f"{os.path.realpath(target.prefix)}/") and is_virtual(target):
        try:
            os.link(real, python)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            shutil.copy2(real, python)
    else:
        os.symlink(real, python)
    for name in ("python3", "python{}.{}".format(*target.version)):
        os.symlink("python", os.path.join(folder, name))
    return python


def _data_files(snapshot: Snapshot, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield what installs recorded outside of site-packages and inside the environment, but for scripts."""
    rooms = {room.source: room.destination for room in layout.rooms}
    for distribution in snapshot.distributions:
        destination = rooms.get(distribution.location)
        for row in distribution.files or () if destination else ():
            if row.path.startswith("../"):
                place = os.path.normpath(f"{destination}/{row.path}")
                if place.startswith(f"{layout.prefix}/") and not place.startswith(f"{layout.prefix}/bin/"):
                    root = os.path.realpath(distribution.location)
                    yield os.path.normpath(f"{root}/{row.path}"), place


def _shortcomings(linker: Linker) -> Iterator[str]:
    """Say what could not be linked."""
    if linker.copied:
        why = f" ({linker.why_copied})" if linker.why_copied else ""
        yield f"{linker.copied} files are copied, since they cannot be linked{why}."
    if linker.unread:
        names = ", ".join(linker.unread[:_SHOWN])
        more = " and more" if len(linker.unread) > _SHOWN else ""
        yield f"Not in it, because not readable: {names}{more}."


def _ways_back(layout: Layout) -> Iterator[str]:
    """Say which .pth files lead from the copy back into the environment's own folders of packages."""
    real = tuple(
        f"{folder}/" for room in layout.rooms for folder in {room.source, os.path.realpath(room.source)}
    )
    for folder in dict.fromkeys(room.destination for room in layout.rooms):
        for name in sorted(os.listdir(folder)):
            if name.endswith(".pth"):
                with contextlib.suppress(OSError), open(os.path.join(folder, name), errors="replace") as pth:
                    if any(f"{line.strip()}/".startswith(real) for line in pth):
                        yield f"{name} leads back into the environment."
