"""Choose the engine: uv where it is at hand and can be told all that the person's pip knows."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from npdoctor.fix.engines.engine import Command
from npdoctor.fix.engines.pip import Pip
from npdoctor.fix.engines.run import run_tool
from npdoctor.fix.engines.uv import Uv
from npdoctor.model.distribution import Distribution
from npdoctor.model.index import Indexes
from npdoctor.model.target import Target
from npdoctor.probe.control import Control
from npdoctor.probe.index.config import environment_prefix, read_indexes
from npdoctor.probe.index.pip_config import pip_settings
from npdoctor.probe.index.uv_config import uv_indexes
from npdoctor.probe.launch import names_folder

# Settings of pip that decide how an index is reached and that uv has no variable for.
_UNTOLD = ("client-cert", "keyring-provider", "proxy")
_OLDEST_PIP = 22, 3
_PIP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class NoEngine:
    """There is nothing to resolve and install with, and why."""

    reason: str


def choose_engine(
    wish: str,
    target: Target,
    installed: Sequence[Distribution],
    indexes: Indexes,
    folder: str,
    environ: Mapping[str, str],
    *,
    own_python: str | None = None,
    control: Control | None = None,
) -> Uv | Pip | NoEngine:
    """Return the engine for a wish: `auto`, `uv` or `pip`.

    `indexes` are what `read_indexes` returned. The pip engine uses those of pip, whatever uv has: the
    engine's `indexes` say which hold. `own_python` is an interpreter whose pip serves a target without
    one; None means the one that runs npdoctor. Raises ConfigUnreadable and Cancelled.
    """
    settings = pip_settings(environment_prefix(target.executable), environ, folder)
    told = not uv_indexes(environ, folder).configured
    untold = [name for name in _UNTOLD if told and name in settings]
    constraint = " ".join(_absolute(path, folder) for path in settings.get("constraint", "").split())
    program = None if wish == "pip" else find_uv(environ, folder)
    if program and (wish == "uv" or not untold):
        return Uv(
            program,
            target,
            installed,
            indexes,
            folder,
            environ,
            told=told,
            constraint=constraint,
            control=control,
        )
    if wish == "uv":
        return NoEngine("uv is not installed: pip install 'npdoctor[uv]', or use --engine pip")
    runner = find_pip(target, environ, own_python, control or Control())
    if runner is None:
        return NoEngine(_no_engine(untold, bool(program)))
    indexes = indexes if told else read_indexes(target.executable, environ, folder, of_uv=False)
    if environ.get("PIP_CONFIG_FILE"):
        environ = {**environ, "PIP_CONFIG_FILE": os.path.join(folder, environ["PIP_CONFIG_FILE"])}
    return Pip(runner, target, installed, indexes, environ, constraint=constraint, control=control)


def find_uv(environ: Mapping[str, str], folder: str) -> str | None:
    """Return uv's path: the one that was installed with npdoctor, else that on PATH.

    Relative entries of PATH and the person's folder itself are passed over.
    """
    try:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        entries = environ.get("PATH", os.defpath).split(os.pathsep)
        safe = [entry for entry in entries if os.path.isabs(entry) and not names_folder(entry, folder)]
        return shutil.which("uv", path=os.pathsep.join(safe)) if safe else None


def find_pip(
    target: Target, environ: Mapping[str, str], own_python: str | None, control: Control
) -> str | None:
    """Return the interpreter whose pip is to be used: the target if it has one, else npdoctor's own."""
    own = own_python or sys.executable
    return next((p for p in (target.executable, own) if _has_pip(p, environ, control)), None)


def _has_pip(python: str, environ: Mapping[str, str], control: Control) -> bool:
    """Tell whether an interpreter has a pip that can work on another one, as of 22.3."""
    with tempfile.TemporaryDirectory(prefix="npdoctor-") as empty:
        ask = Command((python, "-m", "pip", "--version"), {"PYTHONDONTWRITEBYTECODE": "1"}, empty)
        ran = run_tool(ask, environ, Indexes(), control, seconds=_PIP_SECONDS)
    found = re.match(r"pip (\d+)\.(\d+)", ran.stdout)
    return ran.code == 0 and found is not None and (int(found[1]), int(found[2])) >= _OLDEST_PIP


def _no_engine(untold: Sequence[str], has_uv: bool) -> str:
    oldest = ".".join(map(str, _OLDEST_PIP))
    if has_uv:
        return (
            f"pip's setting {untold[0]} cannot be passed on to uv, and neither the environment nor npdoctor "
            f"has pip {oldest} or newer: use --engine uv where uv reaches the index without it"
        )
    return f"there is no uv, and neither the environment nor npdoctor has pip {oldest} or newer"


def _absolute(place: str, folder: str) -> str:
    return place if "://" in place else os.path.join(folder, os.path.expanduser(place))
