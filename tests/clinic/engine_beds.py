"""Environments as engines see them, and engines for them."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from clinic.patients import Environment, Patient, admit
from clinic.pythons import uv
from npdoctor.fix.engines.engine import EngineFailure, Resolution, Solved
from npdoctor.fix.engines.pip import Pip
from npdoctor.fix.engines.uv import Uv
from npdoctor.model.distribution import Distribution
from npdoctor.model.index import Indexes
from npdoctor.model.target import Choice, Target
from npdoctor.probe.control import Control
from npdoctor.probe.describe import describe
from npdoctor.probe.index.config import read_indexes
from npdoctor.probe.inventory import read_inventory

INSTALLER = Patient("installer", "pip==25.3")
ENGINES = pytest.mark.parametrize("name", ["uv", "pip"])


@dataclass(frozen=True)
class Bed:
    """An environment as engines see it."""

    target: Target
    installed: tuple[Distribution, ...]


@functools.cache
def bed(environment: Environment) -> Bed:
    target = describe(Choice(str(environment.python), "--python"))
    return Bed(target, read_inventory(target).distributions)


def default_index() -> Indexes:
    """Return the default index alone, as it is reached from this machine."""
    found = read_indexes(sys.executable, os.environ, "/")
    return replace(found, urls=found.urls[-1:], find_links=(), merged=True)


def bare_environ() -> Mapping[str, str]:
    """Return an environment in which only the test says which indexes there are."""
    kept = ("PIP_CACHE_DIR", "PIP_CERT", "UV_CACHE_DIR")
    found = {n: v for n, v in os.environ.items() if n in kept or not n.startswith(("PIP_", "UV_"))}
    return {**found, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


def engine(
    name: str,
    of: Bed,
    indexes: Indexes,
    environ: Mapping[str, str],
    folder: Path,
    control: Control | None = None,
) -> Uv | Pip:
    if name == "pip":
        runner = str(admit(INSTALLER).python)
        return Pip(runner, of.target, of.installed, indexes, environ, control=control)
    program = uv()
    if program is None:
        pytest.skip("uv is not installed: it belongs to the test extra")
    return Uv(program, of.target, of.installed, indexes, str(folder), environ, control=control)


def heard(answer: Resolution) -> Resolution:
    """Return an answer; skip where there is none because the index cannot be reached."""
    if isinstance(answer, EngineFailure) and answer.offline:
        pytest.skip(f"the package index cannot be reached: {answer.reason}")
    return answer


def moved(answer: Resolution) -> dict[str, str | None]:
    answer = heard(answer)
    assert isinstance(answer, Solved), answer
    return {move.name: move.new for move in answer.moves}
