"""An environment of metadata alone that stands in for the target while planning.

Asked about the target itself, uv 0.13.9 writes a `.lock` into it even in a dry run, refuses an
interpreter that the system manages (PEP 668), and sees neither the user's nor the system's packages
beside those of a virtual environment.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator

from npdoctor.model.distribution import Distribution
from npdoctor.model.target import Target

_EXTRA = re.compile(r"\bextra\s*==\s*[\"']([A-Za-z0-9._-]+)[\"']")


class StandIn:
    """A stand-in for one target, made when it is first asked for and removed with this object."""

    def __init__(self, target: Target, installed: Iterable[Distribution]) -> None:
        self._target = target
        self._installed = tuple(installed)
        self._python: str | None = None

    @property
    def python(self) -> str:
        """Return its interpreter."""
        if self._python is None:
            folder = tempfile.mkdtemp(prefix="npdoctor-")
            weakref.finalize(self, shutil.rmtree, folder, True)
            self._python = make_stand_in(self._target, self._installed, folder)
        return self._python


def make_stand_in(target: Target, installed: Iterable[Distribution], folder: str) -> str:
    """Make a virtual environment in an empty folder in which these are installed; return its interpreter.

    It runs the target's own Python, without anything that is installed there.
    """
    base = base_interpreter(target)
    name = f"python{target.version[0]}.{target.version[1]}"
    site = os.path.join(folder, "lib", name, "site-packages")
    os.makedirs(site)
    os.mkdir(os.path.join(folder, "bin"))
    python = os.path.join(folder, "bin", "python")
    os.symlink(base, python)
    _write(
        os.path.join(folder, "pyvenv.cfg"),
        f"home = {os.path.dirname(base)}\ninclude-system-site-packages = false\nversion = {target.python}\n",
    )
    for distribution in installed:
        if distribution.effective:
            _record(distribution, site)
    settings = os.path.join(target.prefix, "pip.conf")
    if os.path.isfile(settings):
        shutil.copyfile(settings, os.path.join(folder, "pip.conf"))
    return python


def base_interpreter(target: Target) -> str:
    """Return the interpreter that a virtual environment was made from; the target's own if it is none."""
    real = os.path.realpath(target.executable)
    folder = os.path.join(target.base_prefix, "bin")
    if target.prefix == target.base_prefix or real.startswith(os.path.realpath(folder) + os.sep):
        return real
    names = (f"python{target.version[0]}.{target.version[1]}", "python3", "python")
    found = (os.path.join(folder, name) for name in names)
    return next((path for path in found if os.access(path, os.X_OK)), real)


def _record(distribution: Distribution, site: str) -> None:
    name = re.sub(r"[-_.]+", "_", distribution.name)
    folder = os.path.join(site, f"{name}-{distribution.version.replace('-', '_')}.dist-info")
    if re.search(r"[/\0]", distribution.version + name) or os.path.exists(folder):
        return
    os.mkdir(folder)
    _write(os.path.join(folder, "METADATA"), "".join(f"{line}\n" for line in _headers(distribution)))
    _write(os.path.join(folder, "INSTALLER"), "npdoctor\n")
    _write(os.path.join(folder, "RECORD"), "")


def _headers(distribution: Distribution) -> Iterator[str]:
    yield "Metadata-Version: 2.1"
    yield f"Name: {distribution.name}"
    yield f"Version: {distribution.version}"
    if distribution.requires_python:
        yield f"Requires-Python: {distribution.requires_python}"
    for extra in sorted({name for text in distribution.requires for name in _EXTRA.findall(text)}):
        yield f"Provides-Extra: {extra}"
    yield from (f"Requires-Dist: {' '.join(text.split())}" for text in distribution.requires)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
