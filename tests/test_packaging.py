"""What people install: the wheel, built through the source archive as the package index would have it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import npdoctor

ROOT = Path(__file__).resolve().parents[1]
AGENT = [path.name for path in sorted((ROOT / "src/npdoctor/agent").glob("*.py"))]
UV = [sys.executable, "-m", "uv"]
LEFT_OUT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "NPDOCTOR_PYTHON")

pytestmark = pytest.mark.clinic


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a person would, with nothing of this test's own environment in reach."""
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive and, from it, the wheel; return the folder they lie in."""
    folder = tmp_path_factory.mktemp("dist")
    done = run(*UV, "build", "-q", "--out-dir", str(folder), str(ROOT), cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a fresh virtual environment and return its bin folder."""
    folder = tmp_path_factory.mktemp("installed")
    venv = folder / "venv"
    for command in (
        ["venv", "-q", "-p", sys.executable, str(venv)],
        ["pip", "install", "-q", "-p", str(venv), str(wheel)],
    ):
        done = run(*UV, *command, cwd=folder)
        assert done.returncode == 0, done.stderr
    return venv / "bin"


def test_the_wheel_carries_the_rule_book_byte_for_byte(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("npdoctor/rules.toml") == (ROOT / "rules.toml").read_bytes()


def test_the_wheel_carries_everything_that_is_read_at_run_time(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    source = ROOT / "src"
    files = {
        path.relative_to(source).as_posix()
        for path in (source / "npdoctor").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= inside
    assert {f"npdoctor/agent/{name}" for name in AGENT} <= inside
    assert "npdoctor/report/schema/check-1.json" in inside
    extra = {name for name in inside - files if ".dist-info/" not in name}
    assert extra == {"npdoctor/rules.toml"}


def test_the_licence_travels_along(wheel: Path, built: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = [archive.read(name) for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
    assert texts == [(ROOT / "LICENSE").read_bytes()]
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "CHANGELOG.md", "rules.toml", "pyproject.toml"} <= names


def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    done = run(str(installed / "npdoctor"), "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"npdoctor {npdoctor.__version__}\n", "")


def test_the_installed_command_knows_the_rule_book(installed: Path, tmp_path: Path) -> None:
    done = run(str(installed / "npdoctor"), "explain", "NPD101", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("NPD101  Extension built for NumPy 1\n")


def test_the_installed_command_examines_an_interpreter(installed: Path, tmp_path: Path) -> None:
    done = run(str(installed / "npdoctor"), "check", "--python", str(installed.parent), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
