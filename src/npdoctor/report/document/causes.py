"""Causes before symptoms, then the distributions that are critical."""

from __future__ import annotations

from npdoctor.model.diagnosis import DistributionState
from npdoctor.model.finding import Finding, Severity
from npdoctor.report.document.blocks import Block, Case, Mark, Paragraph, Section, Table, Words
from npdoctor.report.document.dependents import all_dependents
from npdoctor.report.document.material import GRAVE, Material
from npdoctor.report.document.summary import by_code
from npdoctor.report.document.words import ABI_WORDS, VERIFIED, imports_of, named, pins_of


def causes(m: Material) -> Section:
    """Show what is broken or at risk by itself, with the meaning of each code once."""
    kinds = tuple(_kind(m, findings) for findings in by_code(m.roots))
    return Section("causes", "Causes", kinds or (Paragraph(("Nothing is broken, nothing is at risk.",)),))


def symptoms(m: Material) -> Section | None:
    """Show what fails only because of something else; None where nothing does."""
    if not m.symptoms:
        return None
    words = Paragraph(("These need no remedy of their own: mend their causes, then look again.",))
    return Section("symptoms", "Symptoms", (words, *(Case(f) for f in m.symptoms)))


def notes(m: Material) -> Section | None:
    """Show what is good to know; None where there is nothing."""
    found = m.of(Severity.INFO)
    return Section("notes", "Good to know", tuple(Case(f) for f in found)) if found else None


def critical(m: Material) -> Section | None:
    """List the distributions that are broken or at risk, those that most others need first."""
    states = [d for d in m.diagnosis.distributions if d.state in ("broken", "warning")]
    if not states:
        return None
    states.sort(key=lambda d: (d.state != "broken", -len(all_dependents(d.name, m.dependents)), d.name))
    head = ("Distribution", "Installed", "State", "Built for", "Imported", "Required by", "Install")
    rows = tuple(_row(m, d) for d in states)
    return Section("critical", "Critical distributions", (Table("Broken or at risk", head, rows),))


def _row(m: Material, d: DistributionState) -> tuple[Words, ...]:
    own = [f for f in m.diagnosis.findings if f.subject == d.name and f.severity in GRAVE]
    return (
        (d.name,),
        (d.version,),
        (Mark(d.state),),
        (ABI_WORDS[d.numpy_abi],),
        (imports_of(d),),
        (named(all_dependents(d.name, m.dependents), 5),),
        (_install(own),),
    )


def _install(findings: list[Finding]) -> str:
    pins = pins_of(findings)
    if not pins:
        return "see the finding"
    proofs = {f.fix.verified for f in findings if f.fix and f.fix.pins}
    return f"{', '.join(pins)} ({', '.join(VERIFIED[p] for p in sorted(proofs))})"


def _kind(m: Material, findings: tuple[Finding, ...]) -> Section:
    rule = m.book.codes[findings[0].code]
    blocks: list[Block] = [Paragraph((rule.meaning,))]
    blocks += [Case(f, m.failing_because_of(f.subject)) for f in findings]
    return Section(f"cause-{rule.code.lower()}", f"{rule.code}: {rule.title}", tuple(blocks))
