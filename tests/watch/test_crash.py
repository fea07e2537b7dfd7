"""What faulthandler writes, as several Pythons write it."""

from __future__ import annotations

import subprocess
import sys

from npdoctor.watch.crash import package_of, parse_crash, suspects

SITE = "/venv/lib/python3.11/site-packages"
DUMP = f"""some words before
Fatal Python error: Segmentation fault

Thread 0x00007f6a6fa6f000 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 324 in wait

Current thread 0x00007f6a6fa6fb80 (most recent call first):
  File "{SITE}/pandas/core/arrays/datetimes.py", line 2404 in objects_to_datetime64
  File "{SITE}/pandas/core/tools/datetimes.py", line 439 in _convert_listlike
  File "<string>", line 1 in <module>

Extension modules: numpy._core._multiarray_umath, pandas._libs.tslib, pandas._libs.lib, yaml._yaml (total: 4)
"""
WITH_C_STACK = f"""Fatal Python error: Aborted

Current thread 0x00007f6a6fa6fb80 [MainThread] (most recent call first):
  File "<string>", line 1 in <module>

Current thread's C stack trace (most recent call first):
  Binary file "/usr/bin/python3.14", at _Py_DumpStack+0x3e [0x55d2]
  Binary file "/lib/x86_64-linux-gnu/libc.so.6", at abort+0xd3 [0x7f2e]
  Binary file "{SITE}/torch/lib/libtorch_cuda.so", at +0x1234 [0x7f2f]
  Binary file "{SITE}/torch/lib/libc10.so", at +0x1234 [0x7f30]
"""


def test_frames_are_those_of_the_thread_that_died() -> None:
    crash = parse_crash(DUMP)
    assert crash is not None
    assert crash.kind == "Segmentation fault"
    assert crash.frames[0] == f"{SITE}/pandas/core/arrays/datetimes.py:2404 in objects_to_datetime64"
    assert len(crash.frames) == 3
    assert len(crash.modules) == 4
    assert suspects(crash) == ("pandas", ("pandas._libs.tslib", "pandas._libs.lib"))


def test_the_library_is_named_where_the_c_stack_is_told() -> None:
    crash = parse_crash(WITH_C_STACK)
    assert crash is not None
    assert crash.frames == ("<string>:1 in <module>",)
    assert crash.library == f"{SITE}/torch/lib/libtorch_cuda.so"
    assert crash.modules == ()


def test_a_real_crash() -> None:
    code = "import ctypes, os\ndef outer():\n    ctypes.string_at(0)\nouter()"
    dead = subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True)
    crash = parse_crash(dead.stderr)
    assert crash is not None
    assert crash.kind == "Segmentation fault"
    assert crash.frames[-2:] == ("<string>:3 in outer", "<string>:4 in <module>")


def test_no_crash_no_word() -> None:
    assert (
        parse_crash("Traceback (most recent call last):\n  File x\nValueError: Fatal Python error: no\n")
        is None
    )
    crash = parse_crash(
        "Fatal Python error: Bus error\n\nCurrent thread 0x1 (most recent call first):\n  <no Python frame>\n"
    )
    assert crash is not None
    assert (crash.kind, crash.frames, suspects(crash)) == ("Bus error", (), ("", ()))


def test_the_package_is_the_top_folder() -> None:
    assert package_of(f"{SITE}/pandas/core/x.py:3 in f") == "pandas"
    assert package_of(f"{SITE}/six.py:3 in f") == "six"
    assert package_of("/home/me/train.py:3 in main") == ""
