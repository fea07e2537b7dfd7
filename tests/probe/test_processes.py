"""Processes that hold replaced libraries are found, and their arguments stay secret."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fake_environment import make_environment
from npdoctor.probe.host import read_host
from npdoctor.probe.processes import stale_processes

HOLD = """
import mmap, os, sys
descriptor = os.open(sys.argv[1], os.O_RDONLY)
held = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
os.close(descriptor)
print("ready", flush=True)
sys.stdin.read()
"""
SITE = "/venv/lib/python3.11/site-packages"


def fake_process(
    proc: Path, pid: int, maps: str, words: list[str], parent: int = 1, exe: str = "/python3"
) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "maps").write_text(maps)
    (folder / "cmdline").write_text("\0".join(words) + "\0")
    (folder / "stat").write_text(f"{pid} (a ) b) S {parent} 0 0")
    (folder / "exe").symlink_to(exe)


def line(path: str) -> str:
    return f"7f00-7f01 r-xp 00000000 fe:00 123                        {path}\n"


def test_a_real_process_is_found(tmp_path: Path) -> None:
    library = tmp_path / "site-packages/numpy/core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so"
    library.parent.mkdir(parents=True)
    shutil.copy("/bin/true", library)
    script = tmp_path / "serve.py"
    script.write_text(HOLD)
    arguments = [sys.executable, "-X", "utf8", str(script), str(library), "--token=hunter2"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.pid not in {found.pid for found in stale_processes(own_pid=0, budget=10)}
        library.unlink()
        found = {x.pid: x for x in stale_processes(own_pid=0, budget=10)}
        assert found[process.pid].libraries == (str(library),)
        assert found[process.pid].command == f"{sys.executable} {script}"
        assert process.pid not in {x.pid for x in stale_processes(own_pid=os.getpid(), budget=10)}
        process.communicate("")


@pytest.mark.parametrize(
    ("path", "stale"),
    [
        (f"{SITE}/~umpy/core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so (deleted)", True),
        (f"{SITE}/numpy.libs/libopenblas-1.so.0.3 (deleted)", True),
        ("/usr/lib/python3/dist-packages/x y/z.so (deleted)", True),
        (f"{SITE}/numpy/core/_multiarray_umath.so", False),
        (f"{SITE}/data.bin (deleted)", False),
        ("/dev/shm/x.so (deleted)", False),
        ("/memfd:site-packages (deleted)", False),
    ],
)
def test_only_replaced_libraries_count(tmp_path: Path, path: str, stale: bool) -> None:
    fake_process(tmp_path, 5, line("/bin/python3") + line(path) * 2, ["python3", "a.py"])
    found = stale_processes(99, proc=str(tmp_path))
    assert [x.libraries for x in found] == ([(path.removesuffix(" (deleted)"),)] if stale else [])


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["/v/bin/python", "train.py", "--api-key", "s"], "/v/bin/python train.py"),
        (["python3", "-m", "vllm.entrypoints", "--token=s"], "python3 -m vllm.entrypoints"),
        (["python3", "-u", "-W", "ignore", "x.py", "s"], "python3 x.py"),
        (["python3", "-c", "key='s'"], "python3 -c"),
        (["python3", "-ckey='s'"], "python3 -c"),
        (["ray::worker --token s"], "ray::worker"),
        (["/usr/bin/jupyter", "s"], "/usr/bin/jupyter"),
        (["python3\x1b[31m"], "python3[31m"),
        ([], ""),
    ],
)
def test_commands_show_no_arguments(tmp_path: Path, words: list[str], command: str) -> None:
    fake_process(tmp_path, 5, line(f"{SITE}/a.so (deleted)"), words)
    assert stale_processes(99, proc=str(tmp_path))[0].command == command


def test_npdoctors_own_processes_are_left_out(tmp_path: Path) -> None:
    stale = line(f"{SITE}/a.so (deleted)")
    for pid, parent in ((10, 1), (11, 10), (12, 11), (13, 1)):
        fake_process(tmp_path, pid, stale, ["python3"], parent)
    assert [x.pid for x in stale_processes(10, proc=str(tmp_path))] == [13]


def test_thousands_of_processes_stay_within_the_budget(tmp_path: Path) -> None:
    for pid in range(2, 2000):
        fake_process(tmp_path, pid, line("/bin/sh") * 50, ["sh"], exe="/bin/sh")
    fake_process(tmp_path, 2000, line(f"{SITE}/a.so (deleted)"), ["python3"])
    began = time.monotonic()
    assert [x.pid for x in stale_processes(99, budget=0.05, proc=str(tmp_path))] == [2000]
    assert time.monotonic() - began < 0.5


def test_a_spent_budget_ends_the_search(tmp_path: Path) -> None:
    fake_process(tmp_path, 5, line(f"{SITE}/a.so (deleted)"), ["python3"])
    assert stale_processes(99, budget=-1, proc=str(tmp_path)) == ()


def test_no_proc_is_survived(tmp_path: Path) -> None:
    assert stale_processes(99, proc=str(tmp_path / "nowhere")) == ()


def test_the_host_is_read(tmp_path: Path) -> None:
    target = make_environment(tmp_path / "env").target()
    host = read_host(target, {"LD_LIBRARY_PATH": "/a:/b", "KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert (host.system, host.machine) == (os.uname().sysname, os.uname().machine)
    assert (host.libc, host.library_versions) == (("glibc", "2.36"), {})
    assert host.ld_library_path == "/a:/b"
    assert host.is_container
    versions = {"libm.so.6": frozenset({"GLIBC_2.29"})}
    assert read_host(target, {}, lambda: versions).library_versions == versions
