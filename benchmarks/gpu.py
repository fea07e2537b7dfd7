"""Measure what looking at GPUs costs: eight boards of the stand-in, read once and sampled.

    python benchmarks/gpu.py [--samples N]

CPU milliseconds are user plus system time. The stand-in answers at once, so the figures are npdoctor's own
share; a real driver adds its own to every call. Needs a C compiler.

    one reading     the whole child process: interpreter, nvidia-ml-py, every value of eight boards
    one sample      the long-lived child, one round over eight boards with two processes each
    one sample here what npdoctor itself spends to take a sample in
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests/probe/gpu"))

from nvml_standin import environment, still_running, why_not  # noqa: E402

from npdoctor.model.gpu import GpuSystem, Sample  # noqa: E402
from npdoctor.probe.control import Control  # noqa: E402
from npdoctor.probe.gpu.nvml import ask_nvml  # noqa: E402
from npdoctor.probe.gpu.sampler import Sampler  # noqa: E402

BOARDS = 8
GOAL = 5.0
INTERVAL = 0.05
BOARD = """gpu
uuid GPU-{index:08d}
name NVIDIA H100 80GB HBM3
bus 00000000:{index:02X}:00.0
minor {index}
capability 9.0
architecture 9
memory 81559 480 {index}000
utilization 90 40
temperature 6{index}
power 650000
power_limit 700000
reasons 0x0
nvlinks 18
nvlink_states ++++++++++++++++++
compute {pid} 1073741824
compute 420000{index} 1073741824
"""


def cpu_of(pid: int) -> float:
    """Return the CPU milliseconds of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def of_children() -> float:
    """Return the CPU milliseconds of all children that have been collected."""
    times = os.times()
    return (times.children_user + times.children_system) * 1000


def reading(path: str, runs: int = 10) -> tuple[float, float]:
    """Return CPU and wall milliseconds of one reading, the mean of some."""
    before, started = of_children(), time.perf_counter()
    for _ in range(runs):
        answer = ask_nvml(environment("driver", path), 60, Control(), "/proc")
        assert isinstance(answer, GpuSystem)
        assert len(answer.gpus) == BOARDS
    return (of_children() - before) / runs, (time.perf_counter() - started) * 1000 / runs


def sampling(path: str, number: int) -> tuple[float, float]:
    """Return CPU milliseconds of one sample in the child and here, the mean of so many."""
    sampler = Sampler(environment("driver", path), interval=INTERVAL)
    taken, child, here = -1, 0.0, 0.0
    for sample in sampler.samples():
        assert isinstance(sample, Sample)
        assert len(sample.loads) == BOARDS
        taken += 1
        if taken == 0:
            (pid,) = still_running(path)
            child, here = cpu_of(pid), time.process_time()
        elif taken == number:
            child, here = cpu_of(pid) - child, time.process_time() - here
            sampler.stop()
    return child / number, here * 1000 / number


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=200)
    arguments = parser.parse_args()
    if reason := why_not():
        sys.exit(reason)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "eight.txt")
        boards = "".join(BOARD.format(index=index, pid=os.getpid()) for index in range(BOARDS))
        Path(path).write_text(f"driver 570.148.08\nnvml 12.570.148.08\ncuda 12080\n{boards}")
        cpu, wall = reading(path)
        child, here = sampling(path, arguments.samples)
    print(f"| {BOARDS} boards | CPU ms | wall ms | goal CPU ms |")
    print("|---|---|---|---|")
    print(f"| one reading | {cpu:.0f} | {wall:.0f} | |")
    print(f"| one sample | {child:.2f} | | {GOAL:g} |")
    print(f"| one sample here | {here:.2f} | | |")


if __name__ == "__main__":
    main()
