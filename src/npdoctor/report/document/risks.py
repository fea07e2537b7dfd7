"""Risks, each with its impact and what lessens it, all of them read off the findings and the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from npdoctor.model.finding import Finding, Severity
from npdoctor.model.plan import Verified
from npdoctor.report.document.blocks import Mark, Paragraph, Section, Table
from npdoctor.report.document.dependents import all_dependents, excluding
from npdoctor.report.document.material import Material
from npdoctor.report.document.words import named, sentence, subject_of

_WEIGHT = {
    Severity.BROKEN: "It fails now.",
    Severity.WARNING: "It works today, wrong or at risk.",
    Severity.UNKNOWN: "Not known: it could not be looked at.",
}
_WEIGHT_OF_DECLARED = {
    **_WEIGHT,
    Severity.BROKEN: "An install from these files takes what does not serve.",
    Severity.WARNING: "An install from these files can take what does not serve.",
}


@dataclass(frozen=True, slots=True)
class Risk:
    """What can go wrong; `code` is that of the finding behind it, empty for a risk of the remedy."""

    severity: Severity
    code: str
    subject: str
    risk: str
    impact: str
    mitigation: str


def risks(m: Material) -> Section:
    """Show the risks in a table."""
    rows = tuple(
        (
            (Mark(r.severity.value),),
            (f"{r.code} {r.subject}: {r.risk}".strip(),),
            (r.impact,),
            (r.mitigation,),
        )
        for r in risks_of(m)
    )
    if not rows:
        return Section("risks", "Risks", (Paragraph(("No finding, and no risk that was looked for.",)),))
    head = ("Weight", "Risk", "Impact", "Mitigation")
    return Section("risks", "Risks", (Table("Risks by weight", head, rows),))


def risks_of(m: Material) -> tuple[Risk, ...]:
    """Return the risks of what was found and then those of the remedy, the gravest first."""
    found = [_of_finding(m, f) for f in (*m.roots, *m.of(Severity.UNKNOWN))]
    return tuple(sorted((*found, *_of_remedy(m)), key=lambda risk: risk.severity.rank))


def _of_finding(m: Material, finding: Finding) -> Risk:
    weights = _WEIGHT_OF_DECLARED if finding.code.startswith("NPD5") else _WEIGHT
    impact = [weights[finding.severity]]
    failing = m.failing_because_of(finding.subject)
    if failing:
        impact.append(f"Because of it fail: {named(failing)}.")
    needing = all_dependents(finding.subject, m.dependents)
    if needing:
        impact.append(f"Required by {named(needing)}.")
    rule = m.book.codes.get(finding.code)
    mitigation = finding.remedy or (rule.remedy if rule else "")
    return Risk(
        finding.severity,
        finding.code,
        subject_of(finding),
        finding.title,
        " ".join(impact),
        sentence(mitigation),
    )


def _of_remedy(m: Material) -> Iterator[Risk]:
    plan = m.mending.plan if m.mending else None
    if plan and plan.changes:
        tried = m.mending.rehearsal if m.mending else None
        blind = [c.name for c in plan.changes if c.new and c.verified is Verified.NONE]
        if blind and not tried:
            yield Risk(
                Severity.WARNING,
                "",
                "the plan",
                "what it installs was neither read nor rehearsed",
                f"Nobody looked at the new {named(blind)}.",
                "Rehearse it: `npdoctor fix`.",
            )
        return
    for finding in m.roots:
        for pin in finding.fix.pins if finding.fix else ():
            against = excluding(pin, m.dependents)
            if against:
                yield Risk(
                    Severity.WARNING,
                    "",
                    pin,
                    "what mends one distribution is outside of what another one requires",
                    f"{'; '.join(against)}.",
                    "Let `npdoctor fix` resolve them together.",
                )
