"""Add up the memory of several processes without counting twice what they share."""

from __future__ import annotations

import time
from collections.abc import Sequence

from npdoctor.model.run import Counted
from npdoctor.watch.tree import Process

READ_AGAIN = 10.0


class Ram:
    """Resident memory of all, less what each shared with others when that was last read.

    The kernel tells the shared part in smaps_rollup, which costs time in proportion to the memory. So it
    is read when processes come or go, and every ten seconds; of a single process it is not read at all.
    """

    def __init__(self) -> None:
        self.counted = Counted.SHARED_ONCE
        self._shared: dict[int, int] = {}
        self._pids: frozenset[int] = frozenset()
        self._read = -READ_AGAIN

    def measure(self, processes: Sequence[Process]) -> int:
        """Return bytes."""
        if len(processes) <= 1:
            self._pids = frozenset()
            return sum(process.rss for process in processes)
        pids = frozenset(process.pid for process in processes)
        if pids != self._pids or time.monotonic() - self._read >= READ_AGAIN:
            self._pids, self._read = pids, time.monotonic()
            self._shared = {process.pid: self._shared_part(process) for process in processes}
        return sum(max(0, process.rss - self._shared.get(process.pid, 0)) for process in processes)

    def _shared_part(self, process: Process) -> int:
        found = {b"Rss": 0, b"Pss": 0}
        try:
            with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:
                for line in file:
                    name, _, rest = line.partition(b":")
                    if name in found:
                        found[name] = int(rest.split()[0]) << 10
        except ProcessLookupError:
            return process.rss  # it has ended meanwhile and holds nothing
        except (OSError, ValueError, IndexError):
            self.counted = Counted.SHARED_EACH
            return 0
        return max(0, found[b"Rss"] - found[b"Pss"])
