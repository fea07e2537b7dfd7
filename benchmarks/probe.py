"""Measure npdoctor's probe against its floor and against the naive way, in one run.

    python benchmarks/probe.py [--python ENV] [--runs N] [--naive-sample N] [--write]

Without --python a healthy environment is built from environment.txt (needs uv, and Python 3.11). CPU
seconds are user plus system time of a whole process with all its descendants, as the kernel accounts
them when they are collected. `--write` puts the figures into docs/benchmarks.md.

    floor    one process imports every extension module once, without any isolation
    static   npdoctor check --no-import: the verdict by reading alone
    full     npdoctor check: every extension imported in isolation
    naive    a fresh interpreter for each extension; a random sample, scaled to all
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "docs" / "benchmarks.md"
MARKS = ("<!-- probe -->", "<!-- /probe -->")

FLOOR = """
import importlib, sys
for name in open(sys.argv[1]).read().split():
    try:
        parts = name.split(".")
        for end in range(1, len(parts)):
            importlib.import_module(".".join(parts[:end]))
        importlib.import_module(name)
    except BaseException:
        pass
"""


@dataclass(frozen=True)
class Run:
    """One finished process: CPU and wall in seconds, its own peak memory in MB (descendants apart)."""

    cpu: float
    wall: float
    memory: float


def measure(command: list[str]) -> Run:
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        peak = 0
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            peak = max(peak, own_peak(process.pid))
            time.sleep(0.02)
        _, _, usage = os.wait4(process.pid, 0)
    return Run(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, peak / 1024)


def own_peak(pid: int) -> int:
    """Return the peak resident memory of one process in KiB."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def build_environment() -> str:
    """Build the pinned environment once; return its interpreter."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "npdoctor-benchmarks" / "env"
    python = folder / "bin" / "python"
    if not (folder / ".complete").exists():
        subprocess.run(["uv", "venv", "-q", "-p", "3.11", str(folder)], check=True)
        requirements = str(HERE / "environment.txt")
        subprocess.run(["uv", "pip", "install", "-q", "-p", str(python), "-r", requirements], check=True)
        (folder / ".complete").touch()
    return str(python)


def modules_of(python: str) -> tuple[list[str], int]:
    """Return the extension modules that npdoctor imports in this environment, and its distributions."""
    from npdoctor.checkup import Request, import_jobs
    from npdoctor.model.target import Choice
    from npdoctor.probe.describe import describe
    from npdoctor.probe.read import read_environment

    request = Request(python=python)
    target = describe(Choice(python, "benchmark"))
    snapshot = read_environment(target, request.working_folder, lambda _done, _total: None, {})
    return [job.module for job in import_jobs(snapshot)], len(snapshot.effective())


def compare(python: str, modules: list[str], runs: int, sample: int) -> dict[str, list[Run]]:
    """Run each way in turn, so that a drift of the machine meets all of them."""
    results: dict[str, list[Run]] = {"floor": [], "static": [], "full": [], "naive": []}
    chosen = random.Random(0).sample(modules, min(sample, len(modules)))
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "modules.txt"
        one = Path(folder) / "one.txt"
        listed.write_text("\n".join(modules))
        check = [sys.executable, "-m", "npdoctor", "check", "--python", python, "--json"]
        measure([*check, "--no-import"])
        for _ in range(runs):
            results["floor"].append(measure([python, "-c", FLOOR, str(listed)]))
            results["static"].append(measure([*check, "--no-import"]))
            results["full"].append(measure(check))
        for module in chosen:
            one.write_text(module)
            results["naive"].append(measure([python, "-c", FLOOR, str(one)]))
    return results


def report(modules: list[str], distributions: int, results: dict[str, list[Run]]) -> str:
    """Return the figures as Markdown."""
    cpu = {way: statistics.median(run.cpu for run in runs) for way, runs in results.items()}
    wall = {way: statistics.median(run.wall for run in runs) for way, runs in results.items()}
    naive = statistics.mean(run.cpu for run in results["naive"]) * len(modules)
    memory = {way: max(run.memory for run in results[way]) for way in ("static", "full")}
    floor = cpu["floor"]
    rows = [
        ("one process imports all once: the floor", floor, wall["floor"], "1", "", ""),
        ("npdoctor check --no-import", cpu["static"], wall["static"], "", "0.15", f"{memory['static']:.0f}"),
        ("npdoctor check", cpu["full"], wall["full"], "", "1.5", f"{memory['full']:.0f}"),
        ("a fresh interpreter for each", naive, 0.0, "", "", ""),
    ]
    lines = [
        f"{distributions} distributions, {len(modules)} extension modules, {platform.machine()}, "
        f"{os.cpu_count()} cores, {datetime.date.today()}. Medians of {len(results['floor'])} runs, the "
        f"ways in turn; the last row is the mean of {len(results['naive'])} modules, times {len(modules)}.",
        "",
        "| way | CPU s | wall s | times the floor | goal | own peak MB |",
        "|---|---|---|---|---|---|",
    ]
    for name, seconds, elapsed, times, goal, peak in rows:
        shown = f"{elapsed:.1f}" if elapsed else "-"
        lines.append(
            f"| {name} | {seconds:.2f} | {shown} | {times or f'{seconds / floor:.2f}'} | {goal} | {peak} |"
        )
    lines += ["", f"A fresh interpreter for each costs {naive / cpu['full']:.0f} times `npdoctor check`."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--naive-sample", type=int, default=60)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    python = arguments.python or build_environment()
    modules, distributions = modules_of(python)
    results = compare(python, modules, arguments.runs, arguments.naive_sample)
    text = report(modules, distributions, results)
    print(text)
    print(json.dumps({way: [round(run.cpu, 2) for run in runs] for way, runs in results.items()}))
    if arguments.write:
        before, _, rest = DOCUMENT.read_text().partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
