"""The engine that asks pip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from npdoctor.fix.engines.engine import Command, EngineFailure, Move, Problem, Resolution, Solved, Unsolvable
from npdoctor.fix.engines.files import is_hashed
from npdoctor.fix.engines.locked import Locked, lock
from npdoctor.fix.engines.nearest import nearest
from npdoctor.fix.engines.offers import AT_ONCE, Offers, limits
from npdoctor.fix.engines.pip_tool import ONLY_WHEELS, SECONDS, PipTool
from npdoctor.fix.engines.pip_words import Chosen, filename
from npdoctor.fix.engines.standin import StandIn
from npdoctor.model.distribution import Distribution
from npdoctor.model.index import Indexes, Wheel
from npdoctor.model.target import Target
from npdoctor.probe.control import Control
from npdoctor.probe.index.web import WebError

MOST_ROUNDS = 8


class Pip:
    """Resolves with pip's resolver and installs with pip.

    `runner` is the interpreter whose pip is used. Overrides are ignored: pip has none.
    """

    name = "pip"
    offline = False

    def __init__(
        self,
        runner: str,
        target: Target,
        installed: Sequence[Distribution],
        indexes: Indexes,
        environ: Mapping[str, str],
        *,
        constraint: str = "",
        control: Control | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.indexes = indexes
        self.offers = Offers(indexes, target)
        self._tool = PipTool(
            runner,
            target,
            StandIn(target, installed),
            indexes,
            environ,
            constraint,
            control or Control(),
            seconds,
        )
        self._installed = {d.name: d.version for d in installed if d.effective}

    def resolve(self, problem: Problem) -> Resolution:
        """Resolve without changing anything, and without building a source distribution.

        pip takes the highest version. For the lowest, npdoctor chooses exact ones; where none of those
        that it tries can be had together, the answer has the highest.
        """
        try:
            if problem.lowest:
                return nearest(problem, self._installed, self.offers, self._solve)
            return self._solve(problem.requirements, problem.constraints)
        except WebError as error:
            return EngineFailure(error.reason, error.offline)

    def wheels(self, pins: Mapping[str, str]) -> Mapping[str, Wheel]:
        """Return by name the wheels that would be installed for exact versions, without those not found."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(self._wheel, pins, pins.values())
            return {name: wheel for name, wheel in zip(pins, found, strict=True) if wheel}

    def lock(self, pins: Mapping[str, str]) -> Locked:
        """Return exact versions as a lock file and as requirements with hashes; nothing is resolved."""
        return lock(pins, self.wheels(pins), self._tool.target)

    def install_command(self, python: str, requirements: str) -> Command:
        """Return what installs a file of exact requirements into an interpreter, without dependencies."""
        hashes = ["--require-hashes"] if is_hashed(requirements) else []
        options = ("--no-deps", "--no-compile", *ONLY_WHEELS, *hashes, "--no-input", "--progress-bar", "off")
        arguments = self._tool.pip(python, "install", *options, "-r", requirements)
        return Command(arguments, self._tool.variables(), self._tool.folder)

    def shown_command(self, python: str, pins: Sequence[str]) -> tuple[str, ...]:
        """Return what a person would type to install exact versions."""
        own = (python, "-m", "pip", "install", "--no-deps", *pins)
        return own if python == self._tool.runner else self._tool.pip(python, "install", "--no-deps", *pins)

    def uninstall_command(self, python: str, names: tuple[str, ...]) -> Command:
        """Return what uninstalls these distributions from an interpreter."""
        arguments = self._tool.pip(python, "uninstall", "--yes", "--no-input", *names)
        return Command(arguments, {"PYTHONDONTWRITEBYTECODE": "1"}, self._tool.folder)

    def _solve(self, requirements: Sequence[str], constraints: Sequence[str]) -> Resolution:
        """Resolve, and again while a file comes from an index that another one has precedence over."""
        held: dict[str, str] = {}
        admitted = limits((*requirements, *constraints))
        for _ in range(MOST_ROUNDS):
            pins = [f"{name}=={version}" for name, version in held.items()]
            chosen = self._tool.plan(requirements, (*constraints, *pins))
            if not isinstance(chosen, tuple):
                return chosen
            strangers = [one for one in chosen if self._is_stranger(one)]
            if not strangers:
                return Solved(tuple(sorted(map(self._move, chosen), key=lambda move: move.name)))
            for one in strangers:
                versions = self.offers.admitted(one.name, admitted.get(one.name, SpecifierSet()))
                if not versions or one.name in held:
                    return Unsolvable(_why_stranger(one, versions))
                held[one.name] = versions[-1]
        return Unsolvable("pip keeps choosing files of indexes that others have precedence over")

    def _is_stranger(self, chosen: Chosen) -> bool:
        """Tell whether a file is none of the index that decides over its name.

        pip takes the best version of any index, so that whoever registers a private name on a public
        index is installed (dependency confusion).
        """
        if self.indexes.merged or len(self.indexes.urls) < 2:
            return False
        wheel = self.offers.wheel(chosen.name, chosen.version)
        if wheel is None or (wheel.sha256 and chosen.sha256 and wheel.sha256 != chosen.sha256):
            return True
        return filename(wheel.url) != filename(chosen.url)

    def _move(self, chosen: Chosen) -> Move:
        return Move(chosen.name, self._installed.get(chosen.name), chosen.version)

    def _wheel(self, name: str, version: str) -> Wheel | None:
        try:
            return self.offers.wheel(name, version)
        except (WebError, InvalidVersion):
            return None


def _why_stranger(chosen: Chosen, versions: Sequence[str]) -> str:
    has = f"has {', '.join(versions[-5:])}" if versions else "has no version that fits"
    return f"{chosen.name} {chosen.version} is of another index than the one that decides, which {has}"
