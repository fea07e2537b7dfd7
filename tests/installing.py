"""Real installs for tests: wheels written by hand, an engine that runs uv, and what a tree looks like."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from clinic.pythons import uv
from npdoctor.fix.engines.engine import Command
from npdoctor.model.index import Indexes
from npdoctor.model.plan import Change, FileEdit, Plan, Strategy
from npdoctor.model.snapshot import Snapshot
from npdoctor.model.target import Choice
from npdoctor.probe.describe import describe
from npdoctor.probe.read import read_environment


def write_wheel(folder: Path, name: str, version: str, files: Mapping[str, str], scripts: str = "") -> None:
    """Write a wheel; `files` are paths in it, such as `pkg/__init__.py` or `pkg-1.data/data/share/x`."""
    metadata = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if scripts:
        contents[f"{metadata}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n"
    rows = []
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in contents.items():
            wheel.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={digest},{len(text.encode())}")
        wheel.writestr(f"{metadata}/RECORD", "\n".join([*rows, f"{metadata}/RECORD,,"]) + "\n")


@dataclass
class UvEngine:
    """Installs with uv, from a folder of wheels and nothing else, or from the index where there is none."""

    work: Path
    wheels_in: Path | None = None
    before: tuple[str, ...] = ()  # a program that runs uv, given as its last arguments
    name: str = "uv"
    indexes: Indexes = field(default_factory=Indexes)

    def install_command(self, python: str, requirements: str) -> Command:
        offline = ["--no-config", "--no-index", "--find-links", str(self.wheels_in)] if self.wheels_in else []
        options = ["--no-deps", "--only-binary", ":all:", *offline, "-r", requirements]
        return self._command("install", "--python", python, *options)

    def uninstall_command(self, python: str, names: tuple[str, ...]) -> Command:
        return self._command("uninstall", "--python", python, "--no-config", *names)

    def _command(self, verb: str, *arguments: str) -> Command:
        return Command(
            (*self.before, uv_program(), "pip", verb, *arguments), {"UV_LINK_MODE": "copy"}, str(self.work)
        )


def uv_program() -> str:
    """Return uv, or skip the test."""
    program = uv()
    if program is None:
        pytest.skip("uv is not installed: it belongs to the test extra")
    return program


def make_venv(folder: Path) -> Path:
    """Make an empty virtual environment of the running Python; return its interpreter."""
    python = getattr(sys, "_base_executable", sys.executable)
    run_uv("venv", "--quiet", "--no-project", "--no-config", "--python", python, str(folder))
    return folder / "bin/python"


def install(python: Path, wheels: Path, pins: Iterable[str]) -> None:
    """Install exact versions from a folder of wheels."""
    options = ["--no-index", "--find-links", str(wheels), "--no-deps", "--no-config", "--link-mode", "copy"]
    run_uv("pip", "install", "--quiet", "--python", str(python), *options, *pins)


def run_uv(*arguments: str) -> None:
    """Run uv to its end."""
    subprocess.run([uv_program(), *arguments], check=True, capture_output=True, timeout=120)


def look_at(python: Path) -> Snapshot:
    """Return the snapshot of an environment, without imports."""
    target = describe(Choice(str(python), "--python"), working_folder=str(python.parent))
    return read_environment(target, str(python.parent), lambda done, total: None, {})


def plan_for(*changes: Change, edits: Iterable[FileEdit] = (), remove: Iterable[str] = ()) -> Plan:
    """Return a plan with these changes."""
    return Plan("p", Strategy.NEAREST, "uv", changes=changes, edits=tuple(edits), remove=tuple(remove))


def moves(**versions: str) -> tuple[Change, ...]:
    """Return changes written as `name="1 2"`: the old and the new version, `-` for none."""
    found = []
    for name, text in sorted(versions.items()):
        old, new = (None if one == "-" else one for one in text.split())
        found.append(Change(name.replace("_", "-"), old, new, "for the test"))
    return tuple(found)


def tree(prefix: Path) -> dict[str, tuple[object, ...]]:
    """Return type, mode, times and contents of all that lies in an environment, but for byte code."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(prefix):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            facts = os.lstat(path)
            inside: object = ""
            if stat.S_ISREG(facts.st_mode):
                inside = hashlib.sha256(Path(path).read_bytes()).hexdigest()
            elif stat.S_ISLNK(facts.st_mode):
                inside = os.readlink(path)
            found[os.path.relpath(path, prefix)] = (facts.st_mode, facts.st_mtime_ns, inside)
    found.pop(".lock", None)  # uv's own
    return found


def copy_environment(prefix: Path, folder: Path) -> Path:
    """Copy a virtual environment, and return the interpreter of the copy."""
    shutil.copytree(prefix, folder, symlinks=True)
    return folder / "bin/python"


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody collected yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
