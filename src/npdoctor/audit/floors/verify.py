"""Hold one entry of the rule book against the wheels on the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from npdoctor.audit.floors.border import find_border
from npdoctor.audit.floors.releases import PYTHONS, Said, Shelf
from npdoctor.model.finding import Evidence
from npdoctor.model.requirement import parsed_version
from npdoctor.model.rules import PackageRule
from npdoctor.probe.index.reading import Answer
from npdoctor.probe.index.web import WebError


class Outcome(str, Enum):
    """What the wheels say of an entry."""

    CONFIRMED = "confirmed"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verification:
    """One entry held against the wheels: what the book says, what was found, and which wheels say so."""

    name: str
    outcome: Outcome
    book: str
    found: str
    evidence: tuple[Evidence, ...] = ()


def verify(rule: PackageRule, shelf: Shelf) -> Verification:
    """Return what the wheels on the index say of an entry.

    Every compiled file of the wheels that decide is read.
    """
    if rule.name == "numpy":
        return Verification(rule.name, Outcome.UNKNOWN, said_by(rule), "nothing to hold NumPy itself against")
    try:
        return _Case(rule, shelf).judged()
    except WebError as error:
        return Verification(rule.name, Outcome.UNKNOWN, said_by(rule), f"not looked at: {error}")


def verify_all(
    rules: Sequence[PackageRule], shelf: Shelf, on_done: Callable[[int, Verification], None]
) -> tuple[Verification, ...]:
    """Verify entries one after the other; `on_done` gets how many are done and the last of them."""
    found = []
    for rule in rules:
        found.append(verify(rule, shelf))
        on_done(len(found), found[-1])
    return tuple(found)


def said_by(rule: PackageRule) -> str:
    """Return what the book says, in words."""
    if rule.numpy2:
        return f"{rule.numpy2} is the first that serves NumPy 2"
    if rule.last_numpy1:
        return f"{rule.last_numpy1} serves NumPy 1, and no later release serves NumPy 2"
    if rule.binaries == "none":
        return "no compiled file is tied to NumPy"
    return "no release was ever tied to NumPy 1"


class _Case:
    def __init__(self, rule: PackageRule, shelf: Shelf) -> None:
        self.rule = rule
        self.shelf = shelf
        self.evidence: list[Evidence] = []

    def judged(self) -> Verification:
        if self.rule.numpy2:
            return self._floor(self.rule.numpy2)
        python = self.shelf.python_for(self.rule.name, ())
        if python is None:
            return self._told(Outcome.UNKNOWN, "no wheel is on the index for the Pythons that were tried")
        return self._never_tied(self.shelf.finals(self.rule.name, python), python)

    def _floor(self, floor: str) -> Verification:
        name = self.rule.name
        python = next(
            (
                python
                for wanted in ([v for v in (self.rule.last_numpy1, floor) if v], [floor])
                if (python := self.shelf.python_for(name, wanted))
            ),
            None,
        )
        if python is None:
            return self._told(Outcome.UNKNOWN, f"{floor} has no wheel for {_pythons()}")
        finals = self.shelf.finals(name, python)
        at = next(i for i, v in enumerate(finals) if parsed_version(v) == parsed_version(floor))
        first = self._whole(finals[at], python)
        before = self._whole(finals[at - 1], python) if at else None
        if first.answer.serves and (before is None or before.answer.serves is False):
            words = f"{finals[at]} serves NumPy 2"
            return self._told(Outcome.CONFIRMED, f"{words}, {finals[at - 1]} does not" if before else words)
        if self.rule.how == "release notes" and first.answer.serves:
            return self._told(
                Outcome.UNKNOWN,
                f"no wheel decides it: the reason is in the sources ({finals[at]} does serve NumPy 2)",
            )
        if None in (first.answer.serves, before.answer.serves if before else True):
            return self._told(Outcome.UNKNOWN, "a wheel that decides could not be judged")
        return self._derived(finals, python)

    def _derived(self, finals: list[str], python: tuple[int, int]) -> Verification:
        """Tell where the border is, since it is not where the book says."""
        name = self.rule.name

        def look(version: str) -> Answer:
            few = self.shelf.look(name, version, python, whole=False).answer
            if few.serves is False:
                return few
            return self.shelf.look(name, version, python, whole=True).answer

        border = find_border(finals, look)
        for version in filter(None, (border.last, border.first)):
            self._whole(version, python)
        if border.first is None:
            return self._told(Outcome.WRONG, f"no release up to {border.last} serves NumPy 2")
        last = f"{border.last} is the last that does not" if border.last else "all before it do too"
        return self._told(Outcome.WRONG, f"{border.first} is the first that serves NumPy 2; {last}")

    def _never_tied(self, finals: list[str], python: tuple[int, int]) -> Verification:
        """Look at the newest release and the oldest one that has a wheel."""
        looked = {version: self._whole(version, python) for version in dict.fromkeys((finals[-1], finals[0]))}
        newest = looked[finals[-1]]
        if self.rule.last_numpy1:
            serves = newest.answer.serves
            outcome = Outcome.UNKNOWN if serves is None else Outcome.WRONG if serves else Outcome.CONFIRMED
            return self._told(outcome, newest.answer.because)
        for version, said in looked.items():
            wrong = said.tied if self.rule.binaries == "none" else said.answer.serves is False
            if wrong:
                return self._told(Outcome.WRONG, f"{version}: {said.answer.because}")
        if any(said.answer.serves is None for said in looked.values()):
            return self._told(Outcome.UNKNOWN, "not every compiled file could be read")
        span = " and ".join(reversed(looked))
        return self._told(Outcome.CONFIRMED, f"looked at {span}: {newest.answer.because}")

    def _whole(self, version: str, python: tuple[int, int]) -> Said:
        said = self.shelf.look(self.rule.name, version, python, whole=True)
        source = said.reading.wheel.filename if said.reading else f"{self.rule.name} {version}"
        read = f" ({len(said.reading.members)} of {said.reading.compiled} read)" if said.reading else ""
        evidence = Evidence("binary", source, said.answer.because + read)
        if evidence not in self.evidence:
            self.evidence.append(evidence)
        return said

    def _told(self, outcome: Outcome, found: str) -> Verification:
        return Verification(self.rule.name, outcome, said_by(self.rule), found, tuple(self.evidence))


def _pythons() -> str:
    return ", ".join(f"Python {major}.{minor}" for major, minor in sorted(PYTHONS))
