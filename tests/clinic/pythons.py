"""Find an interpreter of a wanted version: the one that runs, PATH, pyenv, uv, and last a download."""

from __future__ import annotations

import functools
import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HOME = Path.home()
CACHE = Path(os.environ.get("NPDOCTOR_CLINIC_CACHE") or HOME / ".cache/npdoctor-clinic")
DOWNLOAD_SECONDS = 90
_TELL = """import sys
name = sys.implementation.name + "%d.%d" % sys.version_info[:2]
print(name, sys.base_prefix == sys.prefix, sys.executable)"""
_ALTERING = ("CONDA_", "PYTHON", "PYENV_VERSION", "UV_COMPILE", "UV_LINK", "UV_PYTHON", "VIRTUAL_ENV")
_UV_PLACES = {"UV_CACHE_DIR": HOME / ".cache/uv", "UV_PYTHON_INSTALL_DIR": CACHE / "python"}


def builder_environment() -> dict[str, str]:
    """Return what uv and compilers are started with: index settings, no environment in force."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_ALTERING)}
    places = {name: os.environ.get(name) or str(path) for name, path in _UV_PLACES.items()}
    return {**kept, **places, "PYTHONDONTWRITEBYTECODE": "1"}


@functools.cache
def uv() -> str | None:
    """Return uv's path: the one of the test extra, else that on PATH."""
    try:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("uv")


@functools.cache
def find_python(version: str) -> str | None:
    """Return the path of a CPython such as "3.9" that is no virtual environment's own, or None."""
    return next((found for found in _candidates(version) if found), None)


def _candidates(version: str) -> Iterator[str | None]:
    yield _checked(getattr(sys, "_base_executable", sys.executable), version)
    for pattern in (
        f".pyenv/versions/{version}*/bin/python",
        f".local/share/uv/python/cpython-{version}.*/bin/python3",
    ):
        for path in sorted(glob.glob(str(HOME / pattern))):
            yield _checked(path, version)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield _checked(os.path.join(folder, f"python{version}"), version)
    yield _from_uv(version)


def _checked(path: str, version: str) -> str | None:
    """Return the executable itself where it is of that version: what lies at the path may be a shim."""
    if not os.access(path, os.X_OK):
        return None
    told = _output([path, "-I", "-c", _TELL], 20).split(" ", 2)
    return told[2] if told[:2] == [f"cpython{version}", "True"] else None


def _from_uv(version: str) -> str | None:
    program = uv()
    if program is None:
        return None
    find = [program, "python", "find", "--no-python-downloads", "--no-project", "--system", version]
    found = _checked(_output(find, 20), version)
    if found is None and _may_download():
        _output([program, "python", "install", "--no-bin", version], DOWNLOAD_SECONDS)
        found = _checked(_output(find, 20), version)
    return found


@functools.cache
def _may_download() -> bool:
    """Tell whether the site that uv downloads interpreters from answers soon."""
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen("https://github.com/astral-sh/python-build-standalone", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _output(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, env=builder_environment(), check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
