"""Measure how long it takes to read for which GPUs 1 GB of code was built, beside cuobjdump.

    python benchmarks/gpu_code.py [--library FILE] [--runs N] [--gigabytes N]

Needs uv: bitsandbytes and cuobjdump come from the package index, once. Times are wall seconds of a file that
lies in the page cache, medians of the runs.

    torch's shape   a sparse file with as many headers as libtorch_cuda.so of torch 2.8 has
    repeated        the containers of a real library, repeated to that size
    FILE            a real library of your own, such as libtorch_cuda.so
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from npdoctor.model.cuda import GpuCode
from npdoctor.probe.cuda.fatbin import read_gpu_code
from npdoctor.probe.elf import ElfFile

PINS = ("bitsandbytes==0.50.2", "nvidia-cuda-cuobjdump==13.5.37")
LIBRARY = "bitsandbytes/libbitsandbytes_cuda128.so"
ARCHITECTURES = (70, 75, 80, 86, 90, 100, 120)
CONTAINERS = 393
GOAL = 0.5
STARTS_AT = 4096


def build_environment() -> Path:
    """Fetch the real library and cuobjdump once; return the folder of packages."""
    folder = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "npdoctor-benchmarks" / "gpu-code"
    )
    if not (folder / ".complete").exists():
        command = ["uv", "pip", "install", "-q", "--no-deps", "--link-mode", "copy", "--target", str(folder)]
        subprocess.run([*command, *PINS], check=True)
        (folder / "nvidia/cu13/bin/cuobjdump").chmod(0o755)
        (folder / ".complete").touch()
    return folder


def write_frame(path: Path, size: int) -> None:
    """Write an ELF file around a section `.nv_fatbin` of this size, whose contents are still zeros."""
    names = b"\0.nv_fatbin\0.shstrtab\0"
    end = STARTS_AT + size
    rows = [
        bytes(64),
        struct.pack("<IIQQQQIIQQ", 1, 1, 2, 0, STARTS_AT, size, 0, 0, 8, 0),
        struct.pack("<IIQQQQIIQQ", 12, 3, 0, 0, end, len(names), 0, 0, 1, 0),
    ]
    shape = struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, end + len(names), 0, 64, 56, 0, 64, 3, 2)
    with path.open("wb") as file:
        file.write(b"\x7fELF" + bytes([2, 1, 1]).ljust(12, b"\0") + shape)
        file.seek(end)
        file.write(names + b"".join(rows))


def like_torch(path: Path, size: int) -> None:
    """Write headers only, spread over the size: the code between them is never read."""
    share = size // CONTAINERS // len(ARCHITECTURES) // 8 * 8 - 64
    inside = (share + 64) * len(ARCHITECTURES)
    write_frame(path, CONTAINERS * (inside + 16))
    with path.open("r+b") as file:
        file.seek(STARTS_AT)
        for _ in range(CONTAINERS):
            file.write(struct.pack("<IHHQ", 0xBA55ED50, 1, 16, inside))
            for architecture in ARCHITECTURES:
                file.write(struct.pack("<HHIQ12xI8xQ16x", 2, 257, 64, share, architecture, 0x8011))
                file.seek(share, os.SEEK_CUR)


def repeated(path: Path, size: int, library: Path) -> None:
    """Write a real library's section again and again."""
    with ElfFile(str(library)) as file:
        section = next(s for s in file.sections if s.name == ".nv_fatbin")
        content = file.read(section.offset, section.size)
    content += bytes(-len(content) % 8)
    times = max(1, size // len(content))
    write_frame(path, times * len(content))
    with path.open("r+b") as target:
        target.seek(STARTS_AT)
        for _ in range(times):
            target.write(content)


def measure(path: Path, runs: int) -> tuple[float, GpuCode]:
    """Return the median of the runs, after one that is not counted, and what was read."""
    seconds = []
    for run in range(runs + 1):
        started = time.perf_counter()
        with ElfFile(str(path)) as file:
            code = read_gpu_code(file)
        if run:
            seconds.append(time.perf_counter() - started)
    assert code is not None, f"{path} has no GPU code"
    return statistics.median(seconds), code


def measure_cuobjdump(program: Path, path: Path) -> tuple[float, str]:
    """Return the seconds of one listing, after one that fills the page cache, and how it went."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
    started = time.perf_counter()
    done = subprocess.run([program, "--list-elf", path], capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - started
    lines = sum("ELF file" in line for line in done.stdout.splitlines())
    complaint = (done.stdout + done.stderr).strip().splitlines()[-1] if done.returncode else ""
    return elapsed, complaint or f"{lines} images"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    arguments = parser.parse_args()
    size = int(arguments.gigabytes * (1 << 30))
    packages = build_environment()
    with tempfile.TemporaryDirectory(dir=packages) as folder:
        files = {"torch's shape": Path(folder) / "torch.so", "repeated": Path(folder) / "repeated.so"}
        like_torch(files["torch's shape"], size)
        repeated(files["repeated"], size, packages / LIBRARY)
        if arguments.library:
            files[arguments.library.name] = arguments.library
        print(f"{platform.machine()}, {os.cpu_count()} cores. Goal: {GOAL} s for 1 GB.\n")
        print("| file | MB | containers | images | seconds | cuobjdump s | it says |")
        print("|---|---|---|---|---|---|---|")
        for name, path in files.items():
            seconds, code = measure(path, arguments.runs)
            images = sum(count.images for count in code.counts)
            row = f"| {name} | {path.stat().st_size >> 20} | {code.containers} | {images} | {seconds:.4f} |"
            if name == "torch's shape":
                print(f"{row} - | its code is zeros |")
                continue
            other, says = measure_cuobjdump(packages / "nvidia/cu13/bin/cuobjdump", path)
            print(f"{row} {other:.1f} | {says} |")


if __name__ == "__main__":
    main()
