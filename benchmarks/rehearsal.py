"""Measure what a rehearsal costs beside the examination: the copy, the install and the removal.

    python benchmarks/rehearsal.py [--python ENV] [--runs N] [--leave-out NAME ...]

Without --python the pinned environment of benchmarks/probe.py is built once (needs uv, and Python
3.11). What is left out is installed again in its own version, from uv's cache after the first run.

    copy     link everything but what is left out
    install  uv pip install --no-deps of what is left out, into the empty copy
    remove   take the whole copy away
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from npdoctor.fix.engines.engine import Command
from npdoctor.fix.rehearsal.farm import fill, lay_out
from npdoctor.fix.rehearsal.folder import rehearsal_folder
from npdoctor.fix.rehearsal.install import install_changes
from npdoctor.model.plan import Change
from npdoctor.model.snapshot import Snapshot
from npdoctor.model.target import Choice
from npdoctor.probe.control import Control
from npdoctor.probe.describe import describe
from npdoctor.probe.read import read_environment

STEPS = ("copy", "install", "remove", "copy + install")
GOAL = 1.5
LEFT_OUT = ("scipy", "pandas", "scikit-learn", "matplotlib", "opencv-python-headless", "scikit-image")


class Uv:
    name = "uv"

    def install_command(self, python: str, requirements: str) -> Command:
        command = ("uv", "pip", "install", "--quiet", "--no-deps", "--python", python, "-r", requirements)
        return Command(command, {}, tempfile.gettempdir())


def measure(snapshot: Snapshot, changes: list[Change]) -> tuple[dict[str, float], int, str]:
    """Return the seconds of each step, the number of files linked, and what the copy lacks."""
    names = [change.name for change in changes]
    with rehearsal_folder(snapshot.target) as folder:
        begun = time.perf_counter()
        layout = lay_out(snapshot.target, folder)
        laid_out = time.perf_counter()
        install_changes(changes, layout.python, Uv(), Control())
        installed = time.perf_counter()
        farm = fill(layout, snapshot, names)
        linked = time.perf_counter()
    removed = time.perf_counter()
    seconds = {
        "copy": (laid_out - begun) + (linked - installed),
        "install": installed - laid_out,
        "remove": removed - linked,
        "copy + install": linked - begun,
    }
    return seconds, len(farm.taken), farm.approximate


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--leave-out", nargs="*", default=LEFT_OUT)
    arguments = parser.parse_args()
    python = arguments.python
    if python is None:
        sys.path.insert(0, str(Path(__file__).parent))
        from probe import build_environment

        python = build_environment()
    target = describe(Choice(python, "benchmark"))
    snapshot = read_environment(target, "/", lambda _done, _total: None, {})
    installed = snapshot.effective()
    changes = [Change(n, None, installed[n].version, "") for n in arguments.leave_out if n in installed]
    measure(snapshot, changes)
    runs = [measure(snapshot, changes) for _ in range(arguments.runs)]
    linked, approximate = runs[0][1:]
    print(
        f"{len(installed)} distributions, {linked} files linked, {len(changes)} distributions installed, "
        f"{platform.machine()}, {os.cpu_count()} cores. Medians of {len(runs)} runs after one to warm up."
    )
    print(approximate or "The copy is complete.")
    print("\n| step | wall s | goal |\n|---|---|---|")
    for step in STEPS:
        seconds = statistics.median(run[0][step] for run in runs)
        print(f"| {step} | {seconds:.2f} | {GOAL if step == STEPS[-1] else ''} |")


if __name__ == "__main__":
    main()
