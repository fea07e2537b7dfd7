"""Choose the interpreter to examine, and say why it was chosen."""

from __future__ import annotations

import glob
import os
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from npdoctor.errors import TargetError
from npdoctor.model.target import Choice
from npdoctor.probe.launch import current_folder

_IN_FOLDER = ("bin/python", "bin/python3", ".venv/bin/python", "venv/bin/python", "python", "python3")
_SHOWN = 6
_UV_CACHE = re.compile(r"/(archive|builds)-v\d+/")


@dataclass(frozen=True, slots=True)
class Runtime:
    """What npdoctor itself runs in; `archive` is the .pyz or PEX file it was started from."""

    executable: str
    prefix: str
    archive: str | None = None

    @classmethod
    def current(cls, environ: Mapping[str, str]) -> Runtime:
        """Describe this very process."""
        is_pex = re.search(r"/\.?pex/", os.path.abspath(__file__))
        started = environ.get("PEX", "") if is_pex else sys.argv[0]
        is_archive = os.path.isfile(started) and zipfile.is_zipfile(started)
        return cls(sys.executable, sys.prefix, started if is_archive else None)

    def tool(self) -> str | None:
        """Name what made this environment for npdoctor alone, None where the user's packages live in it."""
        if self.archive:
            return os.path.basename(self.archive)
        prefix = self.prefix.rstrip("/") + "/"
        if os.path.isfile(prefix + "uv-receipt.toml"):
            return "uv tool"
        if _UV_CACHE.search(prefix) and not _extended(self.prefix):
            return "uvx"
        if os.path.isfile(prefix + "pipx_metadata.json") or re.search(r"/pipx/(venvs|\.cache)/", prefix):
            return "pipx"
        if "/.cache/pipx/" in prefix:
            return "pipx run"
        return None


def choose(
    python: str | None,
    environ: Mapping[str, str],
    runtime: Runtime | None = None,
    working_folder: str | None = None,
) -> Choice:
    """Return the interpreter to examine, in the order that the contract fixes.

    Links are never resolved, because a virtual environment is known by the path of its link.
    """
    search = _Search(
        environ,
        Runtime.current(environ) if runtime is None else runtime,
        current_folder() if working_folder is None else working_folder,
    )
    if python is not None:
        return Choice(search.named(python), "--python")
    if environ.get("NPDOCTOR_PYTHON"):
        return Choice(search.named(environ["NPDOCTOR_PYTHON"]), "NPDOCTOR_PYTHON")
    return search.activated() or search.own() or search.on_path()


def find_interpreters(environ: Mapping[str, str], working_folder: str) -> tuple[str, ...]:
    """Return interpreters that a person may have meant, nearest first."""
    home = environ.get("HOME", "/root")
    places = [
        *(f"{working_folder}/{name}/bin/python" for name in (".venv", "venv", "env")),
        *(f"{folder}/python3" for folder in _path_folders(environ)),
        *(f"{root}/bin/python" for base in (home, "/opt") for root in glob.glob(f"{base}/*conda*")),
        "/opt/venv/bin/python",
        "/workspace/venv/bin/python",
        "/usr/bin/python3",
        *sorted(glob.glob(f"{home}/.pyenv/versions/*/bin/python"), key=_numbers, reverse=True),
    ]
    found: dict[str, str] = {}
    for place in places:
        if _runs(place):
            found.setdefault(os.path.realpath(place), place)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Search:
    environ: Mapping[str, str]
    runtime: Runtime
    working_folder: str

    def named(self, name: str) -> str:
        """Return the interpreter that a person named by file, environment folder, command or version."""
        path = os.path.join(self.working_folder, os.path.expanduser(name))
        if "/" not in name and not os.path.isdir(path):
            command = f"python{name}" if re.fullmatch(r"\d+(\.\d+)*", name) else name
            for folder in _path_folders(self.environ):
                if _runs(os.path.join(folder, command)):
                    return os.path.join(folder, command)
        return self.interpreter(_tidy(path))

    def interpreter(self, path: str) -> str:
        """Return the interpreter at a path, looking into an environment folder."""
        if os.path.isdir(path):
            inside = [os.path.join(path, name) for name in _IN_FOLDER]
            runnable = [candidate for candidate in inside if _runs(candidate)]
            if runnable:
                return runnable[0]
            path = next((candidate for candidate in inside if os.path.lexists(candidate)), inside[0])
        if not _runs(path):
            raise TargetError(self.missing(path))
        return path

    def activated(self) -> Choice | None:
        """Return the activated environment's interpreter; a conda environment may be without one."""
        virtual = self.environ.get("VIRTUAL_ENV")
        if virtual and not self._is_own_tool(virtual):
            extended = _extended(virtual)
            if extended:
                return Choice(self.interpreter(extended), "VIRTUAL_ENV, which extends this environment")
            return Choice(self.interpreter(virtual), "VIRTUAL_ENV")
        conda = self.environ.get("CONDA_PREFIX")
        if conda and not self._is_own_tool(conda) and _runs(os.path.join(conda, "bin/python")):
            return Choice(os.path.join(conda, "bin/python"), "CONDA_PREFIX")
        return None

    def own(self) -> Choice | None:
        """Return the interpreter npdoctor runs in, unless that environment exists for npdoctor alone."""
        if self.runtime.tool() or not self.runtime.executable:
            return None
        extended = _extended(self.runtime.prefix)
        if extended:
            return Choice(self.interpreter(extended), "uv run --with extends this environment")
        return Choice(self.runtime.executable, "npdoctor is installed here")

    def on_path(self) -> Choice:
        """Return the first python3 on PATH outside npdoctor's own environment."""
        own = os.path.realpath(os.path.join(self.runtime.prefix, "bin"))
        for folder in _path_folders(self.environ):
            candidate = os.path.join(folder, "python3")
            is_own = not self.runtime.archive and os.path.realpath(folder) == own
            if _runs(candidate) and not is_own:
                why = f"first python3 on PATH (npdoctor itself runs from {self.runtime.tool()})"
                return Choice(candidate, why)
        raise TargetError(f"No python3 on PATH. Pass --python PATH.{self.others()}")

    def missing(self, path: str) -> str:
        """Say what is wrong with a path at which no interpreter can be run."""
        if os.path.isfile(path):
            return f"{path} cannot be run: no permission to execute it. Pass --python PATH.{self.others()}"
        why = ""
        if os.path.islink(path):
            why = f" It is a link to {_end_of_links(path)}, which is gone."
        return f"No Python at {path}.{why} Pass --python PATH.{self.others()}"

    def others(self) -> str:
        """List interpreters that were found instead."""
        found = find_interpreters(self.environ, self.working_folder)
        return f" Found here: {', '.join(found[:_SHOWN])}" if found else ""

    def _is_own_tool(self, prefix: str) -> bool:
        own = os.path.realpath(prefix) == os.path.realpath(self.runtime.prefix)
        return own and self.runtime.tool() is not None


def _path_folders(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the absolute folders of PATH; a relative one could be the user's own code."""
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        if os.path.isabs(folder):
            yield folder


def _numbers(path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path)]


def _runs(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _tidy(path: str) -> str:
    """Remove `.` and doubled slashes; `..` stays where taking it away would follow another link."""
    tidy = os.path.normpath(path)
    return tidy if os.path.realpath(tidy) == os.path.realpath(path) else path


def _end_of_links(path: str) -> str:
    """Follow links to the first path that does not exist."""
    for _ in range(40):
        if not os.path.islink(path):
            break
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return os.path.normpath(path)


def _extended(prefix: str) -> str | None:
    """Return the environment that `uv run --with` laid this short-lived one over."""
    try:
        with open(os.path.join(prefix, "pyvenv.cfg"), encoding="utf-8") as config:
            for line in config:
                key, _, value = line.partition("=")
                if key.strip() == "extends-environment":
                    return value.strip()
    except (OSError, UnicodeDecodeError):
        pass
    return None
