"""Put in order which commands make the final image, with all that they and their files ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from packaging.version import Version

from npdoctor.fix.files.specifier import admits, clauses
from npdoctor.model.declaration import Declared
from npdoctor.model.image import Act, Command, Image, Stage
from npdoctor.model.requirement import parsed_version

SYSTEM_TOOLS = frozenset({"apt", "apk", "dnf", "microdnf", "yum", "zypper"})
_FIRST_OF_2 = Version("2")


@dataclass(frozen=True, slots=True)
class Step:
    """One install of the final image: what it asks for, what only limits it, and which files nobody read.

    What is said twice in the same words is there once.
    """

    command: Command
    asks: tuple[Declared, ...]
    limits: tuple[Declared, ...]
    unread: tuple[str, ...]
    by_name: Mapping[str, tuple[Declared, ...]]

    @property
    def says(self) -> tuple[Declared, ...]:
        """Return all that is said of distributions."""
        return self.asks + self.limits

    def of(self, name: str) -> tuple[Declared, ...]:
        """Return what is said of one distribution."""
        return self.by_name.get(name, ())

    def has(self, option: str) -> bool:
        """Tell whether the command has an option."""
        return option in self.command.options


def commands_of(image: Image) -> tuple[Command, ...]:
    """Return the commands of the final stage and of the stages it begins from or copies from, in order."""
    numbers = {str(index): index for index in range(len(image.stages))}
    todo, reached = [len(image.stages) - 1] if image.stages else [], set[int]()
    stages: dict[str, int] = dict(numbers)
    known: list[dict[str, int]] = []
    for index, stage in enumerate(image.stages):
        known.append(dict(stages) if len(image.stages) < 100 else stages)
        if stage.name:
            stages[stage.name] = index
    while todo:
        index = todo.pop()
        if index in reached:
            continue
        reached.add(index)
        todo += [known[index][name] for name in _parents(image.stages[index]) if name in known[index]]
    return tuple(c for index in sorted(reached) for c in image.stages[index].commands)


def _parents(stage: Stage) -> tuple[str, ...]:
    base = stage.base.lower()
    return stage.copied_from if base.isdigit() else (base, *stage.copied_from)


def steps_of(image: Image, named: Mapping[str, tuple[Declared, ...]]) -> tuple[Step, ...]:
    """Return the installs that matter: those into the environment that the image leaves on PATH.

    Where nothing is installed into that one, all environments count.
    """
    installs = [c for c in commands_of(image) if c.act is Act.INSTALL and c.tool not in SYSTEM_TOOLS]
    own = [c for c in installs if c.environment == image.environment]
    return tuple(_step(command, named) for command in own or installs)


def _step(command: Command, named: Mapping[str, tuple[Declared, ...]]) -> Step:
    asks = [d for d in command.declared if not d.constraint]
    limits = [d for d in command.declared if d.constraint]
    for file in command.files:
        for declared in named.get(file, ()):
            (limits if declared.constraint else asks).append(declared)
    for file in command.constraints:
        limits += (replace(d, constraint=True) for d in named.get(file, ()))
    unread = tuple(f for f in (*command.files, *command.constraints) if f not in named)
    by_name: dict[str, dict[tuple[object, ...], Declared]] = {}
    for declared in (*asks, *limits):
        said = (declared.specifier, declared.path, declared.constraint, declared.direct, declared.marker)
        by_name.setdefault(declared.name, {}).setdefault(said, declared)
    once = {name: tuple(found.values()) for name, found in by_name.items()}
    asked, limited = (
        tuple(d for found in once.values() for d in found if d.constraint is flag) for flag in (False, True)
    )
    return Step(command, asked, limited, unread, once)


def numpy_side(specifier: str) -> int:
    """Return 1 where a specifier admits only NumPy below 2, 2 where only NumPy 2 and later, else 0."""
    for clause in clauses(specifier):
        version = parsed_version(clause.version.removesuffix(".*"))
        if version is None:
            continue
        below = version < _FIRST_OF_2 and version.major < 2
        if clause.operator in ("==", "===", "~="):
            return 1 if below else 2
        if clause.operator == "<" and (
            version <= _FIRST_OF_2 or (version.is_prerelease and version.major == 2)
        ):
            return 1
        if clause.operator == "<=" and below:
            return 1
        if clause.operator in (">", ">=") and version.major >= 2:
            return 2
    return 0


def contradict(first: Declared, second: Declared) -> bool:
    """Tell whether no version serves both, as far as exact versions and NumPy's two sides show it."""
    if first.direct or second.direct or not first.specifier or not second.specifier:
        return False
    for one, other in ((first, second), (second, first)):
        exact = exact_version(one)
        if exact and not admits(other.specifier, exact):
            public = parsed_version(exact)
            return public is None or not admits(other.specifier, public.public)
    if first.name == "numpy":
        return {numpy_side(first.specifier), numpy_side(second.specifier)} == {1, 2}
    return False


def exact_version(declared: Declared) -> str:
    """Return the one version that is admitted, empty where there are several."""
    return next((c.version for c in clauses(declared.specifier) if c.is_exact), "")


def is_bounded(declared: Declared) -> bool:
    """Tell whether versions above some bound are kept out."""
    return declared.direct or any(
        c.operator in ("<", "<=", "==", "===", "~=") for c in clauses(declared.specifier)
    )
