"""An environment with a few small distributions, and wheels of others to change to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from installing import UvEngine, copy_environment, install, look_at, make_venv, tree, write_wheel
from npdoctor.model.snapshot import Snapshot


@dataclass(frozen=True)
class Ward:
    """One environment in which a test may do anything."""

    python: Path
    engine: UvEngine
    state: Path

    @property
    def prefix(self) -> Path:
        return self.python.parents[1]

    @property
    def site(self) -> Path:
        return next(self.prefix.glob("lib/python3.*/site-packages"))

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "NPDOCTOR_HOME": str(self.state)}

    def look(self) -> Snapshot:
        return look_at(self.python)

    def tree(self) -> dict[str, tuple[object, ...]]:
        return tree(self.prefix)


@pytest.fixture(scope="session")
def ready_made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build the environment once; return its prefix and the folder of wheels."""
    folder = tmp_path_factory.mktemp("ready-made")
    wheels = folder / "wheels"
    for version in ("1.0", "2.0", "3.0"):
        files = {f"alpha/{version[0]}/deep/m{n}.py": f"v = {version!r}\n" * n for n in range(20)}
        data = {f"alpha-{version}.data/data/share/alpha/{version}.txt": version}
        scripts = f"alpha = alpha:main\nalpha{version[0]} = alpha:main"
        shared = {"alpha/__init__.py": f"version = {version!r}\n", "single.py": f"v = {version!r}\n"}
        write_wheel(wheels, "alpha", version, {**shared, **files, **data}, scripts)
    for version in ("1.0", "2.0"):
        files = {f"space/beta/m{n}.py": f"v = {version!r}\n" for n in range(5)}
        write_wheel(wheels, "beta", version, files)
    write_wheel(
        wheels, "other", "1.0", {"space/other/__init__.py": "", "other.py": "x = 1\n"}, "other = other:x"
    )
    write_wheel(wheels, "fresh", "1.0", {"fresh/__init__.py": "", "fresh/sub/x.py": "x\n"}, "fresh = fresh:x")
    write_wheel(wheels, "guest", "1.0", {"guest/__init__.py": "", "alpha/guest.py": "x = 1\n"})
    python = make_venv(folder / "env")
    install(python, wheels, ["alpha==1.0", "beta==1.0", "other==1.0"])
    return folder / "env", wheels


@pytest.fixture
def ward(ready_made: tuple[Path, Path], tmp_path: Path) -> Ward:
    """Return a copy of the environment."""
    prefix, wheels = ready_made
    work = tmp_path / "work"
    work.mkdir()
    return Ward(copy_environment(prefix, tmp_path / "env"), UvEngine(work, wheels), tmp_path / "state")
