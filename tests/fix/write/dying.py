"""Apply or undo, and be killed at a given moment: arguments are what to do, where, and when.

A moment is `stage:NAME`, `stage:NAME:SECONDS` after its begin, or `call:N` before the Nth change to a file.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from installing import UvEngine, plan_for
from npdoctor.fix.write.apply import apply
from npdoctor.fix.write.outcome import Events
from npdoctor.fix.write.undo import undo
from npdoctor.model.plan import Change, FileEdit

CHANGING = ("link", "unlink", "replace", "mkdir", "rmdir", "utime", "chmod", "symlink")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Clock(Events):
    def __init__(self, moment: str) -> None:
        kind, _, rest = moment.partition(":")
        self.stage_name, _, self.delay = rest.partition(":") if kind == "stage" else ("", "", "")
        if kind == "call":
            self.count_down(int(rest))

    def stage(self, name: str, detail: str = "") -> None:
        print(name, flush=True)
        if name == self.stage_name and self.delay:
            timer = threading.Timer(float(self.delay), die)
            timer.daemon = True
            timer.start()
        elif name == self.stage_name:
            die()

    def count_down(self, calls: int) -> None:
        left = [calls]

        def counted(original: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                left[0] -= 1
                if left[0] <= 0:
                    die()
                return original(*arguments, **options)

            return call

        for name in CHANGING:
            setattr(os, name, counted(getattr(os, name)))


def main() -> None:
    order = json.loads(sys.argv[1])
    python = Path(order["python"])
    if order["do"] == "undo":
        outcome: object = undo(None, str(python.parents[1]), events=Clock(order["moment"]))
    else:
        before = tuple(order["before"])
        engine = UvEngine(Path(order["work"]), Path(order["wheels"]) if order["wheels"] else None, before)
        changes = [Change(*change) for change in order["changes"]]
        edits = [FileEdit(path, old.encode(), new.encode()) for path, old, new in order["edits"]]
        plan = plan_for(*changes, edits=edits)
        outcome = apply(
            plan, pickle.loads(Path(order["snapshot"]).read_bytes()), engine, Clock(order["moment"])
        )
    print(type(outcome).__name__, outcome)


if __name__ == "__main__":
    main()
