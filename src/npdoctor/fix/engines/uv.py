"""The engine that asks uv."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from packaging.version import InvalidVersion

from npdoctor.fix.engines.engine import Command, EngineFailure, Move, Problem, Resolution, Solved
from npdoctor.fix.engines.files import is_hashed, write_lines
from npdoctor.fix.engines.locked import Locked, lock, wheels_of
from npdoctor.fix.engines.offers import AT_ONCE, Offers
from npdoctor.fix.engines.standin import StandIn
from npdoctor.fix.engines.uv_compile import compiled
from npdoctor.fix.engines.uv_tool import ONLY_WHEELS, SECONDS, UvTool
from npdoctor.fix.engines.uv_words import moves_from_json, moves_from_text, no_answer
from npdoctor.model.distribution import Distribution
from npdoctor.model.index import Indexes, Wheel
from npdoctor.model.target import Target
from npdoctor.probe.control import Control
from npdoctor.probe.index.address import shown
from npdoctor.probe.index.uv_config import PYPI
from npdoctor.probe.index.web import WebError


class Uv:
    """Resolves with uv's resolver and installs with uv.

    `offline` is true after an answer from uv's cache, because no index could be reached.
    """

    name = "uv"

    def __init__(
        self,
        program: str,
        target: Target,
        installed: Sequence[Distribution],
        indexes: Indexes,
        folder: str,
        environ: Mapping[str, str],
        *,
        told: bool = True,
        constraint: str = "",
        control: Control | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.indexes = indexes
        self.offers = Offers(indexes, target)
        self.offline = False
        self._speaks_json = True
        self._target = target
        self._tool = UvTool(
            program,
            StandIn(target, installed),
            indexes,
            folder if os.path.isdir(folder) else tempfile.gettempdir(),
            environ,
            told,
            constraint,
            control or Control(),
            seconds,
        )
        self._first_index = self._tool
        if told and len(indexes.urls) > 1:
            self._tool = replace(self._tool, indexes=replace(indexes, merged=True))

    def resolve(self, problem: Problem) -> Resolution:
        """Resolve without changing anything, and without building a source distribution.

        All indexes are asked for the best version, as pip does; where that takes a stranger's project, uv
        is told to keep to the first index that has a name. Where no index can be reached, uv's cache is
        asked.
        """
        answer = self._resolve(problem)
        if self._tool.indexes == self.indexes or not isinstance(answer, Solved):
            return answer
        with ThreadPoolExecutor(AT_ONCE) as pool:
            strange = any(pool.map(self._is_stranger, answer.moves))
        if not strange:
            return answer
        self._tool = self._first_index
        return self._resolve(problem)

    def _is_stranger(self, move: Move) -> bool:
        """Tell whether the index that decides over a name, or a mirror of it, has no wheel of a version."""
        try:
            return move.new is not None and self.offers.wheel(move.name, move.new) is None
        except (WebError, InvalidVersion):
            return True

    def _resolve(self, problem: Problem) -> Resolution:
        with tempfile.TemporaryDirectory(prefix="npdoctor-") as folder:
            arguments = [*self._tool.pip("install"), "--dry-run", *ONLY_WHEELS]
            arguments += ["--python", self._tool.stand_in.python]
            arguments += ["--resolution", "lowest-direct" if problem.lowest else "highest"]
            arguments += ["-r", write_lines(folder, "requirements.txt", problem.requirements)]
            arguments += ["-c", write_lines(folder, "constraints.txt", problem.constraints)]
            environ = self._tool.variables()
            if problem.overrides:
                overrides = write_lines(folder, "overrides.txt", problem.overrides)
                environ["UV_OVERRIDE"] = self._tool.overriding(overrides)
            answer = self._ask(arguments, environ)
            self.offline = False
            if isinstance(answer, EngineFailure) and answer.offline:
                cached = self._ask([*arguments, "--offline"], environ)
                self.offline = isinstance(cached, Solved)
                return cached if self.offline else answer
            return answer

    def wheels(self, pins: Mapping[str, str]) -> Mapping[str, Wheel]:
        """Return by name the wheels that would be installed for exact versions, without those not found."""
        lines = [f"{name}=={version}" for name, version in sorted(pins.items())]
        return wheels_of(compiled(self._tool, lines), self._target) if lines else {}

    def lock(self, pins: Mapping[str, str]) -> Locked:
        """Return exact versions as a lock file and as requirements with hashes; nothing is resolved."""
        return lock(pins, self.wheels(pins), self._target)

    def install_command(self, python: str, requirements: str) -> Command:
        """Return what installs a file of exact requirements into an interpreter, without dependencies."""
        hashes = ["--require-hashes"] if is_hashed(requirements) else []
        arguments = [*self._tool.pip("install"), "--no-deps", *ONLY_WHEELS, *hashes, "--python", python]
        environ = self._tool.variables(UV_COMPILE_BYTECODE="0", PYTHONDONTWRITEBYTECODE="1")
        environ.pop("UV_CONSTRAINT", None)
        return Command((*arguments, "-r", requirements), environ, self._tool.folder)

    def shown_command(self, python: str, pins: Sequence[str]) -> tuple[str, ...]:
        """Return what a person would type to install exact versions, without credentials."""
        places = _shown_places(self.indexes) if self._tool.told else ()
        return ("uv", "pip", "install", "--no-deps", "--python", python, *places, *pins)

    def uninstall_command(self, python: str, names: tuple[str, ...]) -> Command:
        """Return what uninstalls these distributions from an interpreter."""
        arguments = (*self._tool.pip("uninstall"), "--python", python, *names)
        return Command(arguments, {"PYTHONDONTWRITEBYTECODE": "1"}, self._tool.folder)

    def _ask(self, arguments: Sequence[str], environ: Mapping[str, str]) -> Resolution:
        form = ["--output-format", "json"] if self._speaks_json else []
        ran = self._tool.run([*arguments, *form], environ)
        if form and ran.code == 2 and "'--output-format'" in ran.stderr:
            self._speaks_json = False
            return self._ask(arguments, environ)
        if ran.code != 0:
            return EngineFailure(ran.stderr.strip()) if ran.code is None else no_answer(ran.stderr)
        try:
            return Solved(moves_from_json(ran.stdout) if form else moves_from_text(ran.stderr))
        except ValueError as error:
            return EngineFailure(f"what uv reports cannot be read: {error}")


def _shown_places(indexes: Indexes) -> list[str]:
    """Return the options that name indexes which uv would not use by itself."""
    *additional, default = indexes.urls or (PYPI,)
    found = [] if indexes.urls else ["--no-index"]
    for url in additional:
        found += ["--index", shown(url)]
    if default != PYPI:
        found += ["--default-index", shown(default)]
    for link in indexes.find_links:
        found += ["--find-links", shown(link) if "://" in link else link]
    return found
