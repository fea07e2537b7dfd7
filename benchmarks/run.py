"""Measure what `npdoctor run` costs: its CPU time while a program runs, its start, and output that passes.

python benchmarks/run.py [--seconds N] [--processes 1 10 100]

share    CPU time of npdoctor itself after its start, per second, beside a program of so many processes
start    wall time that it adds to a program that ends at once; medians of the runs, the ways in turn
output   bytes per second through a pipe, without npdoctor and with it
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

PROGRAM = """
import subprocess, sys, time
seconds = float(sys.argv[2])
sleepers = [subprocess.Popen(["sleep", str(seconds)]) for _ in range(int(sys.argv[1]) - 1)]
time.sleep(seconds)
"""
OUTPUT = "import os\nchunk = bytes(1 << 16)\nfor _ in range(8192): os.write(1, chunk)"
SIZE = 8192 << 16
SETTLING = 2.0
RUN = [sys.executable, "-m", "npdoctor", "run", "--"]
GOAL = 0.01


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of one process without its children."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share(processes: int, seconds: float) -> float:
    command = [*RUN, sys.executable, "-c", PROGRAM, str(processes), str(seconds + SETTLING + 1)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as watched:
        time.sleep(SETTLING)
        before, begun = cpu_of(watched.pid), time.monotonic()
        time.sleep(seconds)
        return (cpu_of(watched.pid) - before) / (time.monotonic() - begun)


def wall(command: list[str]) -> float:
    begun = time.monotonic()
    subprocess.run(command, capture_output=True, check=True)
    return time.monotonic() - begun


def rate(command: list[str]) -> float:
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        passed = 0
        while data := process.stdout.read(1 << 20):
            passed += len(data)
    if passed != SIZE:
        raise RuntimeError(f"{passed} of {SIZE} bytes passed")
    return passed / (time.monotonic() - begun)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    for count in arguments.processes:
        print(f"share   {count:>4} processes  {share(count, arguments.seconds):.2%} CPU (goal {GOAL:.0%})")
    nothing = [sys.executable, "-c", "pass"]
    times = [(wall(nothing), wall([*RUN, *nothing])) for _ in range(arguments.runs)]
    plain, watched = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"start   {plain:.3f} s alone, {watched:.3f} s watched")
    writer = [sys.executable, "-c", OUTPUT]
    print(f"output  {rate(writer) / 1e6:.0f} MB/s alone, {rate([*RUN, *writer]) / 1e6:.0f} MB/s watched")


if __name__ == "__main__":
    main()
