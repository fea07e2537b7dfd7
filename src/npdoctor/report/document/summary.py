"""Summary and verdict, before all else."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.finding import Finding, Severity
from npdoctor.report.audit_text import verdict
from npdoctor.report.document.blocks import Block, Mark, Paragraph, Section, Table
from npdoctor.report.document.material import Material
from npdoctor.report.document.words import named
from npdoctor.report.plan_text import rehearsed_words
from npdoctor.report.prose import number
from npdoctor.report.text import Layout, assumed_lines, counts_line, no_problems
from npdoctor.report.verdict import unchecked

_ENDLESS = 10_000


def summary(m: Material) -> Section:
    """Give the verdict, its cause in a line, what would mend it, and what was examined."""
    return Section("summary", "Summary", (*_verdict(m), _examined(m)))


def verdict_state(m: Material) -> str:
    """Return the gravest state of all, ok where nothing is wrong and nothing unknown."""
    for severity in (Severity.BROKEN, Severity.WARNING):
        if m.diagnosis.count(severity):
            return str(severity.value)
    return Severity.UNKNOWN.value if unchecked(m.diagnosis) else "ok"


def _verdict(m: Material) -> Iterator[Block]:
    found = m.diagnosis
    yield Paragraph((Mark(verdict_state(m)), f": {counts_line(found)} Exit code {m.exit_code}."))
    assumed = " ".join(assumed_lines(found, Layout(width=_ENDLESS)))
    if assumed:
        yield Paragraph((assumed,))
    if not found.count(Severity.BROKEN) and not found.count(Severity.WARNING):
        yield Paragraph((no_problems(found),))
    for severity, says in ((Severity.BROKEN, "Cause"), (Severity.WARNING, "At risk")):
        for findings in by_code(m.of(severity)):
            code, subjects = findings[0].code, tuple(dict.fromkeys(f.subject for f in findings))
            title = m.book.codes[code].title
            yield Paragraph((f"{says}: {title} ({code}: {named(subjects, 12)}).",))
    if m.symptoms:
        names = tuple(dict.fromkeys(f.subject for f in m.symptoms))
        yield Paragraph((f"Only consequences of it: {named(names)}.",))
    yield from _remedy(m)


def by_code(findings: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], ...]:
    """Group findings by their code, in the order in which the codes come first."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.code, []).append(finding)
    return tuple(tuple(group) for group in groups.values())


def _remedy(m: Material) -> Iterator[Block]:
    mending, audit = m.mending, m.audit
    if mending and mending.plan.impossible:
        yield Paragraph(("No plan mends it: see the recommended changes.",))
    elif mending and mending.plan.changes:
        words = [f"Planned: {number(len(mending.plan.changes), 'distribution')} would change."]
        if mending.rehearsal:
            words.append(rehearsed_words(mending.rehearsal))
        yield Paragraph((" ".join(words),))
    if audit:
        files = named([source.path for source in audit.sources])
        yield Paragraph((f"{files}: {verdict(audit)}",))


def _examined(m: Material) -> Table:
    snapshot, target = m.diagnosis.snapshot, m.diagnosis.snapshot.target
    numpy = snapshot.version_of("numpy")
    libc = " ".join(target.libc) if target.libc else "not known"
    rows = [
        ("Environment", target.prefix),
        ("Interpreter", f"{target.executable} (chosen by: {target.why})"),
        ("Python", f"{target.python}, {target.implementation}, {target.platform}, C library {libc}"),
        ("NumPy", numpy or "not installed"),
        ("Distributions", str(len(m.diagnosis.distributions))),
        ("Extension modules", _extensions(m)),
        ("Examined by", f"npdoctor {m.tool_version}{f', {m.made}' if m.made else ''}"),
    ]
    return Table("What was examined", ("", ""), tuple(((name,), (value,)) for name, value in rows))


def _extensions(m: Material) -> str:
    total, imported = m.diagnosis.extensions, sum(d.imported for d in m.diagnosis.distributions)
    how = f"{imported} imported, each in isolation" if m.diagnosis.snapshot.imports else "read, not imported"
    return f"{total}: {how}" if total else "none"
