"""The patients: environments built from exact wheels, kept between runs, never altered by a test."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from clinic.pythons import CACHE, builder_environment, find_python, uv

RECIPE = "2"  # raise it when building changes, so that no patient of an earlier recipe is used
BUILD_SECONDS = 600


@dataclass(frozen=True)
class Overlay:
    """Wheels laid over what is installed, as an installer does that removes nothing first."""

    wheels: str
    python: str | None = None  # the Python that the wheels are for, where it is not the patient's own
    forget: str = ""  # glob of metadata folders that go before, as after a lost record


@dataclass(frozen=True)
class Patient:
    """One environment: its Python, its wheels without their dependencies, and what was done to it since."""

    name: str
    wheels: str
    python: str = "3.11"
    overlays: tuple[Overlay, ...] = ()

    def but(self, name: str, wheel: str) -> Patient:
        """Return the same patient with another version of one wheel."""
        project = wheel.partition("==")[0] + "=="
        wheels = [wheel if pin.startswith(project) else pin for pin in self.wheels.split()]
        return replace(self, name=name, wheels=" ".join(wheels))


@dataclass(frozen=True)
class Environment:
    """A virtual environment that was built."""

    prefix: Path

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.prefix / "bin/python"

    @property
    def site(self) -> Path:
        """Return its site-packages."""
        return next(self.prefix.glob("lib/python3.*/site-packages"))

    def copy_to(self, folder: Path) -> Environment:
        """Return a copy that a test may alter: no file is shared with the original."""
        shutil.copytree(self.prefix, folder, symlinks=True)
        return Environment(folder)


def admit(patient: Patient) -> Environment:
    """Return the environment of a patient, built if it is not there yet; skip where it cannot be built."""
    python = base_python(patient.python)
    recipe = repr((RECIPE, patient, python))
    folder = CACHE / f"{patient.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with built_once(folder) as empty:
        if empty:
            make_environment(python, folder)
            environment = Environment(folder)
            install(environment, patient.wheels, "copy" if patient.overlays else None)
            for overlay in patient.overlays:
                lay_over(environment, overlay)
    return Environment(folder)


def base_python(version: str) -> str:
    """Return the interpreter of that version, or skip the test."""
    if platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc":
        pytest.skip("the patients are made of wheels for x86_64 and glibc")
    CACHE.mkdir(parents=True, exist_ok=True)
    python = find_python(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine, and none could be downloaded")
    return python


@contextmanager
def built_once(folder: Path) -> Iterator[bool]:
    """Yield whether the folder is still to be built; it counts as built when the block ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        marker = folder / ".complete"
        if marker.exists():
            yield False
            return
        shutil.rmtree(folder, ignore_errors=True)
        yield True
        marker.touch()


def make_environment(python: str, folder: Path, *options: str) -> None:
    """Make a virtual environment without pip."""
    run_uv("venv", "--quiet", "--python", python, *options, str(folder))


def install(environment: Environment, wheels: str, link_mode: str | None = None) -> None:
    """Install exact wheels and nothing else."""
    mode = ["--link-mode", link_mode] if link_mode else []
    run_uv("pip", "install", "--python", str(environment.python), *_EXACT, *mode, *_pins(wheels))


def lay_over(environment: Environment, overlay: Overlay) -> None:
    """Unpack wheels into site-packages over what is there."""
    for metadata in environment.site.glob(overlay.forget) if overlay.forget else ():
        shutil.rmtree(metadata)
    unpacked = environment.prefix / "unpacked"
    version = ["--python-version", overlay.python] if overlay.python else []
    target = ["--python", str(environment.python), "--target", str(unpacked), "--link-mode", "copy"]
    run_uv("pip", "install", *target, *version, *_EXACT, *_pins(overlay.wheels))
    shutil.copytree(unpacked, environment.site, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(unpacked)
    (environment.site / ".lock").unlink(missing_ok=True)


_EXACT = ("--quiet", "--no-deps", "--only-binary", ":all:")


def _pins(wheels: str) -> list[str]:
    pins = wheels.split()
    loose = [pin for pin in pins if "==" not in pin]
    assert not loose, f"write the exact version of {', '.join(loose)}"
    return pins


def run_uv(*arguments: str) -> None:
    """Run uv; skip where there is none, or where the package index cannot be reached."""
    program = uv()
    if program is None:
        pytest.skip("uv is not installed: it belongs to the test extra")
    command = [program, *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        cwd=CACHE,  # where no project has settings for uv
        env=builder_environment(),
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip()
        if any(sign in said for sign in ("Failed to fetch", "client error", "dns error", "timed out")):
            pytest.skip(f"the package index cannot be reached: {said[-300:]}")
        raise AssertionError(f"{' '.join(command)}\n{said}")


def snapshot_of_files(folder: Path) -> dict[str, tuple[int, int, int, str]]:
    """Return type and mode, size, time and (of a sample) contents of everything below a folder."""
    found: dict[str, tuple[int, int, int, str]] = {}
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                status = os.lstat(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                digest = ""
                if entry.is_file(follow_symlinks=False) and status.st_size < 1 << 20 and len(found) % 10 == 0:
                    digest = hashlib.sha256(Path(entry.path).read_bytes()).hexdigest()
                found[entry.path] = (status.st_mode, status.st_size, status.st_mtime_ns, digest)
    return found
