"""Count the processes that the kernel killed because memory ran out."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.probe.host.memory import read_memory
from npdoctor.probe.host.mounts import read_mounts
from npdoctor.probe.host.tree import Tree, Unreadable


@dataclass(frozen=True, slots=True)
class Kills:
    """The counts of the control groups and of the whole machine; None is not told."""

    groups: int | None
    machine: int | None

    def since(self, before: Kills) -> int | None:
        """Return by how much the counts rose, by the narrower one that was told both times."""
        for now, then in ((self.groups, before.groups), (self.machine, before.machine)):
            if now is not None and then is not None:
                return max(0, now - then)
        return None


def read_kills(tree: Tree | None = None) -> Kills:
    """Read the counts; the machine's is in /proc/vmstat since Linux 4.13."""
    tree = tree or Tree()
    try:
        machine = tree.counts("/proc/vmstat").get("oom_kill")
    except Unreadable:
        machine = None
    return Kills(read_memory(tree, read_mounts(tree)).oom_kills, machine)
