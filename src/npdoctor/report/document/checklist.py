"""The test checklist, with what became of running it."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.outcome import Died, Imported, NoAnswer, NotTried, Outcome, Raised
from npdoctor.model.rules import SmokeTest
from npdoctor.report.document.blocks import Block, Check, Checklist, CodeBlock, Paragraph, Section
from npdoctor.report.document.material import Material
from npdoctor.report.prose import number

AGAIN = "npdoctor report --smoke"


def tests(m: Material) -> Section:
    """List the imports by distribution, then the functional tests that fit what is installed."""
    blocks: list[Block] = []
    imports = tuple(import_checks(m))
    functional = tuple(functional_checks(m))
    if imports:
        blocks += [
            Paragraph(("Every extension module imports, in a process of its own:",)),
            Checklist(imports),
        ]
    if functional:
        blocks += [Paragraph(("It works, and does not only import:",)), Checklist(functional)]
    if not blocks:
        blocks.append(
            Paragraph(("There is no compiled module, and no functional test for what is installed.",))
        )
    elif any(check.state == "unknown" for check in (*imports, *functional)):
        blocks += [Paragraph(("What was not run is run by:",)), CodeBlock(AGAIN, "sh")]
    return Section("tests", "Test checklist", tuple(blocks))


def import_checks(m: Material) -> Iterator[Check]:
    """Yield one check for each distribution with extension modules, the failed first."""
    failed = {f.subject: f for f in m.diagnosis.findings if f.code.startswith("NPD1")}
    checks = []
    for d in m.diagnosis.distributions:
        if not d.extensions:
            continue
        finding = failed.get(d.name)
        words = f"{d.name} {d.version}: {d.imported} of {number(d.extensions, 'extension module')} imported"
        if finding and d.state == "broken":
            checks.append(Check("broken", (words,), (f"{finding.code}: {finding.title}",)))
        elif not m.diagnosis.snapshot.imports or d.state == "unknown":
            said = f"{finding.code}: {finding.title}" if finding else "read, not imported"
            checks.append(Check("unknown", (words,), (said,)))
        elif d.imported < d.extensions:
            checks.append(Check("ok", (words,), ("the others are optional, or were not to be tried",)))
        else:
            checks.append(Check("ok", (words,)))
    order = ("broken", "unknown", "ok")
    yield from sorted(checks, key=lambda check: order.index(check.state))


def functional_checks(m: Material) -> Iterator[Check]:
    """Yield one check for each functional test of the rule book that fits what is installed."""
    outcomes = {result.id: result.outcome for result in m.diagnosis.snapshot.smoke}
    installed = m.diagnosis.snapshot.effective()
    for test in m.book.smoke:
        if _fits(test, frozenset(installed)):
            yield _functional(test, outcomes.get(test.id))


def _fits(test: SmokeTest, installed: frozenset[str]) -> bool:
    return any(name in installed for name in test.distributions) and installed.issuperset(test.needs)


def _functional(test: SmokeTest, outcome: Outcome | None) -> Check:
    words = (f"{test.id}: {test.proves}",)
    if isinstance(outcome, Imported):
        return Check("ok", words)
    if isinstance(outcome, Raised):
        last = outcome.exceptions[-1] if outcome.exceptions else None
        return Check("broken", words, (f"{last.type}: {last.message}" if last else "it raised",))
    if isinstance(outcome, Died):
        how = f"signal {outcome.signal}" if outcome.signal else f"exit code {outcome.exit_code}"
        return Check("broken", words, (f"its process ended: {how}",))
    if isinstance(outcome, NoAnswer):
        return Check("broken", words, (f"no answer within {outcome.limit:g} s",))
    return Check("unknown", words, (outcome.reason if isinstance(outcome, NotTried) else "not run",))
