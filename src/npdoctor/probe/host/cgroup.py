"""Find the control groups that this process is in: version 1, version 2, or some of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from npdoctor.probe.host.mounts import MOUNTINFO, Mount
from npdoctor.probe.host.tree import Tree, Unreadable

OWN = "/proc/self/cgroup"
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of one controller, the process's own first, then its ancestors as far as they are seen.

    `whole_machine` is true where the last one is that of the whole machine, and not of a container.
    """

    version: int
    folders: tuple[str, ...]
    whole_machine: bool


def find_groups(tree: Tree, controller: str, mounts: Sequence[Mount]) -> Groups:
    """Return the groups of a controller. Raises Unreadable where none can be seen.

    A controller is in one hierarchy only: where version 1 has it mounted, version 2 beside it does not.
    """
    if not mounts:
        raise Unreadable(f"{MOUNTINFO} cannot be read")
    found = next((m for m in reversed(mounts) if m.type == "cgroup" and controller in m.options), None)
    version = 1 if found else 2
    found = found or next((m for m in reversed(mounts) if m.type == "cgroup2"), None)
    if not found:
        raise Unreadable(f"no control group of {controller} is mounted")
    inside = _inside(found, _own_path(tree, controller if version == 1 else ""))
    if inside and not tree.has(found.point + inside):
        inside = ""
    folders = tuple(found.point + path for path in _upwards(inside))[:_DEEPEST]
    return Groups(version, folders, _is_whole_machine(tree, found.point, version))


def _own_path(tree: Tree, controller: str) -> str:
    """Return the group that /proc/self/cgroup tells; lines are `number:controllers:path`."""
    for line in tree.must(OWN).splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controller in controllers.split(",") if controller else number == "0" and not controllers:
            return path
    return "/"


def _inside(mount: Mount, path: str) -> str:
    """Return the path below the mount point; a group outside of what is mounted is not seen."""
    if mount.root != "/":
        if path != mount.root and not path.startswith(mount.root + "/"):
            return ""
        path = path[len(mount.root) :]
    path = path.rstrip("/")
    return "" if ".." in path.split("/") else path


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


def _is_whole_machine(tree: Tree, top: str, version: int) -> bool:
    """Tell the root of all groups by the files that it alone has (version 1) or lacks (version 2)."""
    if version == 1:
        return tree.has(f"{top}/release_agent") or tree.has(f"{top}/cgroup.sane_behavior")
    return not tree.has(f"{top}/cgroup.events")
