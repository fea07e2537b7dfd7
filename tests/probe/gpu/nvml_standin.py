"""Build the stand-in for libnvidia-ml.so.1, and run npdoctor's reading against it."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

LIBRARY = "libnvidia-ml.so.1"
HERE = Path(__file__).parent / "standin"
FOREIGN = "int a_library_of_another_kind(void) { return 1; }\n"
VARIABLE = "NVML_STANDIN"


@functools.cache
def compiler() -> str | None:
    """Return a C compiler, None where there is none."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def why_not() -> str | None:
    """Return why the stand-in cannot be built here, None where it can."""
    return None if compiler() else "no C compiler (cc, gcc or clang) to build the stand-in for NVML"


@functools.cache
def folder_of(kind: str) -> Path:
    """Return a folder with a libnvidia-ml.so.1 that is: driver, old, foreign, damaged or empty."""
    folder = Path(tempfile.mkdtemp(prefix=f"standin-{kind}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / LIBRARY
    if kind == "damaged":
        library.write_text("this is no library\n" * 99)
    elif kind == "empty":
        library.write_bytes(b"")
    else:
        # As a driver installs it: the name that programs ask for leads to the file with the version.
        real = folder / "libnvidia-ml.so.570.148.08"
        _compile(real, FOREIGN if kind == "foreign" else (HERE / "nvml.c").read_text(), kind)
        library.symlink_to(real.name)
    return folder


def _compile(out: Path, source: str, kind: str) -> None:
    defines = ["-DBEFORE_R470"] if kind == "old" else []
    options = ["-shared", "-fPIC", "-fvisibility=hidden", f"-Wl,-soname,{LIBRARY}"]
    command = [str(compiler()), "-O1", "-w", *options, *defines, "-x", "c", "-", "-o", str(out)]
    subprocess.run(command, input=source.encode(), check=True, capture_output=True)


def scenario(name: str) -> str:
    """Return the path of a scenario of this folder."""
    return str(HERE / "scenarios" / f"{name}.txt")


def environment(kind: str, path: str) -> dict[str, str]:
    """Return an environment in which this library answers by the scenario at `path`."""
    return {**os.environ, "LD_LIBRARY_PATH": str(folder_of(kind)), VARIABLE: path}


def still_running(path: str) -> list[int]:
    """Return the processes that answer by this scenario."""
    marker = f"{VARIABLE}={path}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            running = entry.name.isdecimal() and (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if running and running != "Z" and marker in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
