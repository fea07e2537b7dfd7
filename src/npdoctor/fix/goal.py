"""Turn a diagnosis into a planning task: findings to demands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name
from packaging.version import Version

from npdoctor.fix.demand import Demand, Goal
from npdoctor.fix.held import held_back
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.plan import Strategy
from npdoctor.model.requirement import applying, parsed_requirement, parsed_version
from npdoctor.model.rules import RuleBook
from npdoctor.model.snapshot import Snapshot

NUMPY_CODES = ("NPD101", "NPD102", "NPD103", "NPD104")
_RISKS = ("NPD103", "NPD201", "NPD202", "NPD203", "NPD204", "NPD205", "NPD206")
# Never mended by a change of distributions, and worth a step even where nothing is broken.
_PERSONAL = ("NPD113", "NPD207", "NPD406")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person asks for: a strategy, only some subjects, and whether risks are mended too."""

    strategy: Strategy = Strategy.NEAREST
    only: frozenset[str] = frozenset()
    risks: bool = False


def chosen_findings(diagnosis: Diagnosis, choice: Choice) -> tuple[Finding, ...]:
    """Return the findings that a plan is for: the causes of what is broken, and risks where asked for."""
    return tuple(
        f
        for f in diagnosis.findings
        if f.cause is None
        and (not choice.only or f.subject in choice.only)
        and (
            f.severity is Severity.BROKEN
            or (f.severity is Severity.WARNING and f.code in _RISKS and (choice.risks or choice.only))
            or (f.severity is Severity.WARNING and f.code in _PERSONAL)
        )
    )


def make_goal(
    diagnosis: Diagnosis, book: RuleBook, choice: Choice, declared: Mapping[str, str] | None = None
) -> Goal:
    """Return what must change so that the chosen findings go away.

    `declared` maps names to the specifiers of the person's own files.
    """
    return _Draft(diagnosis, book, choice, declared or {}).finished()


@dataclass
class _Draft:
    diagnosis: Diagnosis
    book: RuleBook
    choice: Choice
    declared: Mapping[str, str]
    demands: dict[str, Demand] = field(default_factory=dict)
    additions: dict[str, None] = field(default_factory=dict)
    reinstalls: dict[str, str] = field(default_factory=dict)
    removals: dict[str, str] = field(default_factory=dict)
    leftovers: dict[str, None] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)
    steps: dict[str, None] = field(default_factory=dict)
    unmended: dict[str, None] = field(default_factory=dict)
    numpy_floor: str | None = None

    def __post_init__(self) -> None:
        self.snapshot: Snapshot = self.diagnosis.snapshot
        self.installed = {name: d.version for name, d in self.snapshot.effective().items()}
        self.numpy = parsed_version(self.snapshot.version_of("numpy"))
        self.protected = held_back(self.snapshot)

    def finished(self) -> Goal:
        """Answer every finding, then put it all together."""
        findings = chosen_findings(self.diagnosis, self.choice)
        for finding in findings:
            answer = _ANSWERS.get(finding.code, _Draft.ask_the_person)
            answer(self, finding)
        return Goal(
            strategy=self.choice.strategy,
            installed={n: v for n, v in self.installed.items() if parsed_version(v)},
            roots=_roots(self.snapshot),
            numpy=self._numpy_specifier(),
            demands=tuple(self.demands[name] for name in sorted(self.demands)),
            additions=tuple(self.additions),
            reinstalls=dict(sorted(self.reinstalls.items())),
            removals=dict(sorted(self.removals.items())),
            leftovers=tuple(self.leftovers),
            held=self._held(),
            loose=frozenset(self.loose),
            unmet=tuple(_unmet(self.snapshot, frozenset(self.demands) | self.loose, self.additions)),
            numpy_unmet=self._numpy_unmet(),
            declared=self.declared,
            subjects=tuple(dict.fromkeys(f.subject for f in findings)),
            steps=tuple(self.steps),
            unmended=tuple(self.unmended),
        )

    # -- one answer for each kind of finding --------------------------------------------------------

    def other_build(self, finding: Finding) -> None:
        """NPD101, NPD103, NPD104: a release built for this NumPy, or an older NumPy."""
        if self._goes_back:
            return
        rule = self.book.packages.get(finding.subject)
        floor = parsed_version(rule.numpy2 if rule else None)
        self._demand(finding, ">", floor if finding.code != "NPD104" else None)

    def newer_numpy(self, finding: Finding) -> None:
        """NPD102: a newer NumPy of the same major, else a release built for the one installed."""
        pins = [p for p in map(parsed_requirement, finding.fix.pins if finding.fix else ()) if p]
        floors = [s.version for p in pins if p.name == "numpy" for s in p.specifier if s.operator == ">="]
        floor = max(map(Version, floors), default=None)
        if self.choice.strategy is Strategy.LATEST or (
            floor and self.numpy and floor.major == self.numpy.major
        ):
            best = max(filter(None, (floor, parsed_version(self.numpy_floor))), default=None)
            self.numpy_floor = str(best) if best else self.numpy_floor
        else:
            self._demand(finding, "<", None)

    def missing_requirement(self, finding: Finding) -> None:
        """NPD201: install what is missing."""
        self.additions.update(dict.fromkeys(finding.fix.pins if finding.fix else ()))

    def excluded_version(self, finding: Finding) -> None:
        """NPD202: let both sides move."""
        self.loose.add(finding.subject)
        for pin in finding.fix.pins if finding.fix else ():
            requirement = parsed_requirement(pin)
            if requirement:
                self.loose.add(canonicalize_name(requirement.name))

    def install_again(self, finding: Finding) -> None:
        """NPD105, NPD111, NPD203, NPD205: remove all of it and install the same version."""
        name = finding.subject
        version = (finding.version if finding.code == "NPD111" else None) or self.installed.get(name)
        if version is None or self._refuses(finding):
            return
        self.reinstalls[name] = version
        if finding.code == "NPD111":
            self._sweep(name)

    def clear_leftovers(self, finding: Finding) -> None:
        """NPD204: delete what an interrupted install left; install again what is damaged by it."""
        self._sweep(finding.subject)
        distribution = self.snapshot.effective().get(finding.subject)
        if distribution and distribution.damage:
            self.install_again(finding)

    def keep_one(self, finding: Finding) -> None:
        """NPD206: of several OpenCVs keep one and install it again; elsewhere the person must choose."""
        variants = sorted(n for n in self.installed if n.startswith("opencv-"))
        if finding.subject not in variants:
            self.ask_the_person(finding)
            return
        required = _required(self.snapshot)
        kept = max(variants, key=lambda n: (n in required, "contrib" in n, "headless" not in n, n))
        others = [n for n in variants if n != kept]
        blocked = [n for n in others if n in required or n in self.protected]
        if blocked or kept in self.protected:
            self.ask_the_person(finding)
            return
        self.reinstalls[kept] = self.installed[kept]
        self.removals.update(dict.fromkeys(others, f"writes the same files as {kept}, which stays"))

    def ask_the_person(self, finding: Finding) -> None:
        """Say what only a person can do."""
        if finding.severity is Severity.BROKEN:
            self.unmended[finding.subject] = None
        if finding.remedy:
            self.steps[f"{finding.subject} ({finding.code}): {finding.remedy}"] = None

    # -- details ------------------------------------------------------------------------------------

    @property
    def _goes_back(self) -> bool:
        return self.choice.strategy is Strategy.BACK and self.numpy is not None and self.numpy.major >= 2

    def _demand(self, finding: Finding, sign: str, floor: Version | None) -> None:
        name, version = finding.subject, self.installed.get(finding.subject)
        old = parsed_version(version)
        if version is None or old is None or self._refuses(finding):
            return
        specifier = f"{sign}{old.public}"
        if floor and floor > old:
            specifier = f">={floor}"
        why = f"{finding.code}: {finding.title}"
        self.demands[name] = Demand(name, version, specifier, why, self._modules(name))

    def _refuses(self, finding: Finding) -> bool:
        """Leave alone what is not replaced by a release of an index; a person must build it again."""
        why = self.protected.get(finding.subject)
        if why is None or why.startswith("CUDA"):
            return False
        if finding.severity is Severity.BROKEN:
            self.unmended[finding.subject] = None
        self.steps[f"{finding.subject} ({finding.code}) is left alone: {why}. {finding.remedy}".strip()] = (
            None
        )
        return True

    def _numpy_unmet(self) -> tuple[str, ...]:
        """Name what stays and whose own requirement of NumPy is not met today."""
        numpy = self.snapshot.version_of("numpy")
        return tuple(
            name
            for name, distribution in self.snapshot.effective().items()
            if name not in self.demands and name not in self.loose
            for need in (applying(text, self.snapshot.target) for text in distribution.requires)
            if need
            and need.name == "numpy"
            and numpy
            and not need.specifier.contains(numpy, prereleases=True)
        )

    def _held(self) -> Mapping[str, str]:
        """Return what stays; where a CUDA build itself must change, its companions may follow."""
        moving = set(self.demands) | self.loose
        cuda_moves = any(self.protected.get(name, "").startswith("CUDA") for name in moving)
        return {
            name: why
            for name, why in self.protected.items()
            if name not in moving and not (cuda_moves and why.startswith("CUDA"))
        }

    def _modules(self, name: str) -> tuple[str, ...]:
        return tuple(
            b.module_stem or b.relative
            for b in self.snapshot.binaries
            if b.distribution == name and b.numpy and b.numpy.abi is not NumpyAbi.NONE
        )

    def _sweep(self, name: str) -> None:
        self.leftovers.update(
            dict.fromkeys(leftover.path for leftover in self.snapshot.leftovers if leftover.meant == name)
        )

    def _numpy_specifier(self) -> str:
        if self.numpy is None:
            return ""
        if self._goes_back:
            return "<2"
        if self.numpy_floor:
            ceiling = "" if self.choice.strategy is Strategy.LATEST else f",<{self.numpy.major + 1}"
            return f">={self.numpy_floor}{ceiling}"
        return f"=={self.installed.get('numpy', self.numpy)}"


_ANSWERS: Mapping[str, Callable[[_Draft, Finding], None]] = {
    "NPD101": _Draft.other_build,
    "NPD102": _Draft.newer_numpy,
    "NPD103": _Draft.other_build,
    "NPD104": _Draft.other_build,
    "NPD105": _Draft.install_again,
    "NPD111": _Draft.install_again,
    "NPD201": _Draft.missing_requirement,
    "NPD202": _Draft.excluded_version,
    "NPD203": _Draft.install_again,
    "NPD204": _Draft.clear_leftovers,
    "NPD205": _Draft.install_again,
    "NPD206": _Draft.keep_one,
}


def _required(snapshot: Snapshot) -> frozenset[str]:
    """Name what some installed distribution requires."""
    return frozenset(
        canonicalize_name(requirement.name)
        for distribution in snapshot.effective().values()
        for requirement in (applying(text, snapshot.target) for text in distribution.requires)
        if requirement
    )


def _roots(snapshot: Snapshot) -> frozenset[str]:
    """Name the distributions that no other one requires."""
    return frozenset(snapshot.effective()) - _required(snapshot)


def _unmet(
    snapshot: Snapshot, moving: Collection[str], additions: Collection[str]
) -> Iterator[tuple[str, str | None]]:
    """Yield what is not as required today between distributions that the plan is not about."""
    installed = snapshot.effective()
    added = {canonicalize_name(r.name) for r in map(parsed_requirement, additions) if r}
    seen = set()
    for name, distribution in installed.items():
        if name in moving:
            continue
        for requirement in (applying(text, snapshot.target) for text in distribution.requires):
            other = canonicalize_name(requirement.name) if requirement else ""
            if requirement is None or other in moving or other in added or other in seen or other == "numpy":
                continue
            found = installed[other].version if other in installed else None
            if found is None or (
                parsed_version(found) and not requirement.specifier.contains(found, prereleases=True)
            ):
                seen.add(other)
                yield other, found
