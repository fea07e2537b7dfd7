"""A small real environment, wheels for it, and an engine that installs them with uv."""

from __future__ import annotations

import base64
import hashlib
import os
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from clinic.pythons import uv
from fake_environment import FakeEnvironment
from npdoctor.fix.engines.engine import Command
from npdoctor.model.index import Indexes, Wheel
from npdoctor.model.plan import Change, Plan, Strategy
from npdoctor.model.snapshot import Snapshot
from npdoctor.model.target import Choice
from npdoctor.probe.describe import describe
from npdoctor.probe.read import read_environment

EXTENSIONS = sorted(Path(sysconfig.get_config_var("DESTSHARED") or os.sep).glob("_heapq.*.so"))


@dataclass(frozen=True)
class Small:
    """A virtual environment of the running Python; `source` holds what lies outside of it."""

    prefix: Path
    source: Path

    @property
    def site(self) -> Path:
        return next(self.prefix.glob("lib/*/site-packages"))

    @property
    def python(self) -> str:
        return str(self.prefix / "bin/python")

    def install(
        self, name: str, version: str, files: Mapping[str, str | bytes], *, requires: str = ""
    ) -> Path:
        """Install a distribution as pip does, and return its metadata folder."""
        headers = f"Requires-Dist: {requires}\n" if requires else ""
        return FakeEnvironment(self.prefix).install(name, version, files, into=self.site, headers=headers)

    def snapshot(self) -> Snapshot:
        """Return what reading alone shows."""
        target = describe(Choice(self.python, "--python"), working_folder=str(self.source))
        return read_environment(target, str(self.source), lambda _done, _total: None, {})


def make_small(folder: Path) -> Small:
    """Make an environment without pip."""
    prefix, source = folder / "environment", folder / "source"
    source.mkdir()
    venv.create(prefix, with_pip=False, symlinks=True)
    return Small(prefix, source)


def extension() -> tuple[str, bytes]:
    """Return the name and content of a real extension module, or skip."""
    if not EXTENSIONS:
        pytest.skip("this interpreter has no shared extension modules")
    return EXTENSIONS[0].name, EXTENSIONS[0].read_bytes()


def make_wheel(
    folder: Path, name: str, version: str, files: Mapping[str, str | bytes], requires: str = ""
) -> Wheel:
    """Write a wheel with these files."""
    info = f"{name}-{version}.dist-info"
    need = f"Requires-Dist: {requires}\n" if requires else ""
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{need}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    filename = f"{name}-{version}-py3-none-any.whl"
    rows = []
    with zipfile.ZipFile(folder / filename, "w") as archive:
        for path, content in contents.items():
            data = content.encode() if isinstance(content, str) else content
            archive.writestr(path, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={digest},{len(data)}\n")
        archive.writestr(f"{info}/RECORD", "".join([*rows, f"{info}/RECORD,,\n"]))
    sha256 = hashlib.sha256((folder / filename).read_bytes()).hexdigest()
    return Wheel(name, version, filename, f"file://{folder / filename}", sha256)


@dataclass(frozen=True)
class LocalUv:
    """Installs with uv from a folder of wheels, or from the configured index where none is given."""

    wheels: Path | None = None
    options: tuple[str, ...] = ()
    name = "uv"
    indexes = Indexes()

    def uninstall_command(self, python: str, names: tuple[str, ...]) -> Command:
        raise AssertionError("a rehearsal removes nothing")

    def install_command(self, python: str, requirements: str) -> Command:
        program = uv()
        if program is None:
            pytest.skip("uv is not installed: it belongs to the test extra")
        local = ["--no-cache", "--no-index", "--find-links", str(self.wheels)] if self.wheels else []
        install = ["pip", "install", "--no-deps", "--only-binary", ":all:", "--python", python]
        return Command((program, *install, *local, *self.options, "-r", requirements), {}, "/")


def plan_of(*changes: Change, remove: tuple[str, ...] = (), subjects: tuple[str, ...] = ()) -> Plan:
    return Plan("test", Strategy.NEAREST, "uv", subjects or tuple(c.name for c in changes), changes, remove)


def change(name: str, old: str | None, new: str | None, wheel: Wheel | None = None) -> Change:
    return Change(name, old, new, "a test", wheel=wheel)
