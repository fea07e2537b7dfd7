"""Find out on the package index what a range admits: its ends, and the border between them."""

from __future__ import annotations

from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from npdoctor.audit.by_book import NOTES, known_by_book
from npdoctor.audit.floors.border import find_border
from npdoctor.audit.wheel_facts import Looked, WheelFacts
from npdoctor.model.audit import Ask, Known
from npdoctor.model.rules import PackageRule, RuleBook
from npdoctor.probe.index.reading import Answer
from npdoctor.probe.index.web import WebError

MOST_HELD = 40  # releases whose metadata is read to tell that none admits a NumPy


class IndexKnowledge:
    """Knows what the releases on the index say; threads may share it."""

    def __init__(self, facts: WheelFacts, book: RuleBook, numpy: str) -> None:
        self._facts, self._book, self._numpy = facts, book, numpy

    def known(self, ask: Ask, today: str | None = None) -> Known:
        """Return what an install takes (`today`, else the newest admitted) and the worst that is admitted.

        What the index does not tell comes from the rule book, with a note.
        """
        rule = self._book.packages.get(ask.name)
        try:
            return _Search(ask, rule, self._facts, today).known() or self._by_book(
                ask, rule, self._lacking(ask)
            )
        except WebError as error:
            return self._by_book(ask, rule, f"The index gave no answer: {error.reason}.")

    def _by_book(self, ask: Ask, rule: PackageRule | None, why: str) -> Known:
        known = known_by_book(ask, rule, self._numpy)
        return replace(known, note=f"{why} {known.note}".strip())

    def _lacking(self, ask: Ask) -> str:
        if ask.specifier is None:
            return ""
        if not self._facts.offers.of(ask.name):
            return "The index has no wheel of it."
        return "No admitted release has a wheel for this Python."


class _Search:
    """The search for one distribution."""

    def __init__(self, ask: Ask, rule: PackageRule | None, facts: WheelFacts, today: str | None) -> None:
        self._ask, self._rule, self._facts = ask, rule, facts
        offers = facts.offers
        self._usable = offers.admitted(ask.name, SpecifierSet()) if ask.specifier is not None else []
        self._versions = offers.admitted(ask.name, SpecifierSet(ask.specifier or "")) if self._usable else []
        if ask.specifier and not self._usable:
            self._versions = offers.admitted(ask.name, SpecifierSet(ask.specifier))
        self._top = today if today in self._versions else (self._versions or [""])[-1]
        self._seen: dict[str, Looked] = {}

    def known(self) -> Known | None:
        """Return what is known, None where no admitted release has a wheel."""
        if not self._versions:
            return None
        high = self._look(self._top)
        if high.holds_below:
            free = self._newest_free()
            if free is None:
                return self._held(high)
            high = free
        low = self._worst(high)
        if high.fact.serves is False:
            return self._newest_breaks(high, low)
        known = Known(low.fact, high.fact, at_risk=self._in_part(low), note=self._note)
        if high.fact.serves and low.fact.serves is False:
            upto = self._versions[: self._versions.index(high.fact.version) + 1]
            return self._bordered(known, upto)
        return known

    @property
    def _note(self) -> str:
        return self._rule.note if self._rule else ""

    def _in_part(self, looked: Looked) -> bool:
        """Tell whether only Python code that the book knows of does not serve."""
        rule = self._rule
        by_book = looked.fact.evidence.kind == "rule" and looked.fact.serves is False
        return by_book and rule is not None and rule.binaries == "none" and rule.how == NOTES

    def _look(self, version: str) -> Looked:
        if version not in self._seen:
            self._seen[version] = self._facts.look(self._ask.name, version, self._rule)
        return self._seen[version]

    def _worst(self, high: Looked) -> Looked:
        """Return the lowest admitted release, or the last that the book knows to break."""
        low = self._look(self._versions[0])
        last = self._rule.last_numpy1 if self._rule else None
        suspect = next((v for v in self._versions if last and Version(v) == Version(last)), None)
        if low.fact.serves and suspect and self._look(suspect).fact.serves is False:
            return self._look(suspect)
        return low if self._versions[0] != high.fact.version else high

    def _bordered(self, known: Known, versions: list[str]) -> Known:
        """Find the first release from which on all serve; the book's floor is tried first."""
        first = self._books_border(versions)
        last = versions[versions.index(first) - 1] if first else None
        if first is None:
            border = find_border(versions, self._answer)
            first, last = border.first, border.last
        if first is None:
            return known
        proof = [self._look(v).fact.evidence for v in (first, last) if v]
        return replace(known, floor=first, proof=tuple(proof))

    def _books_border(self, versions: list[str]) -> str | None:
        floor = self._rule.numpy2 if self._rule else None
        at = next((i for i, v in enumerate(versions) if floor and Version(v) >= Version(floor)), 0)
        if not at:
            return None
        serves = self._look(versions[at]).fact.serves and self._look(versions[at - 1]).fact.serves is False
        return versions[at] if serves else None

    def _answer(self, version: str) -> Answer:
        fact = self._look(version).fact
        return Answer(fact.serves, fact.evidence.detail)

    def _newest_breaks(self, high: Looked, low: Looked) -> Known:
        """Look where the border is that the newest admitted release lies on the wrong side of."""
        known = Known(low.fact, high.fact, at_risk=self._in_part(high), note=self._note)
        if high.needs_later:
            downwards = list(reversed(self._versions))
            border = find_border(downwards, self._answer)
            ceiling = border.last if border.first else ""
            evidence = [self._look(v).fact.evidence for v in (border.first, border.last) if v]
            return replace(known, ceiling=ceiling or "", proof=tuple(evidence))
        later = [v for v in self._usable if Version(v) > Version(high.fact.version)]
        if not later or not self._look(later[-1]).fact.serves:
            return known
        return self._bordered(known, [high.fact.version, *later])

    def _newest_free(self) -> Looked | None:
        """Return the newest admitted release whose metadata does not keep the wanted NumPy out."""
        for version in reversed(self._versions[-MOST_HELD:]):
            looked = self._look(version)
            if not looked.holds_below:
                return looked
        return None

    def _held(self, high: Looked) -> Known:
        known = Known(high.fact, high.fact, held=True, note=self._note)
        later = [v for v in self._usable if Version(v) > Version(self._top)]
        if len(self._versions) > MOST_HELD:
            known = replace(known, note=f"Its newest {MOST_HELD} releases were read. {self._note}".strip())
        if later and self._look(later[-1]).fact.serves:
            return self._bordered(known, [self._top, *later])
        return replace(known, proof=(self._look(self._versions[0]).fact.evidence,))
