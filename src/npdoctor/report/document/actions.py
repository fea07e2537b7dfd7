"""What to do, in order: causes first, a distribution before those that need it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from npdoctor.model.finding import Finding, Severity
from npdoctor.report.document.blocks import Numbered, Paragraph, Section, Words
from npdoctor.report.document.dependents import Dependents, all_dependents
from npdoctor.report.document.material import Material
from npdoctor.report.document.summary import by_code
from npdoctor.report.document.words import named, pins_of, sentence
from npdoctor.report.prose import number

# What makes every other remedy futile: files of an install that is no longer whole.
_FIRST = ("NPD204", "NPD111", "NPD203", "NPD205", "NPD206", "NPD207")

# What a range in a line of a file mends.
_CORRECTED = ("NPD501", "NPD502", "NPD503")


@dataclass(frozen=True, slots=True)
class Action:
    """One step; `codes` and `subjects` say which findings it is for, `command` how, empty for by hand."""

    what: str
    codes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    command: str = ""


def actions(m: Material) -> Section:
    """Show the steps, numbered."""
    steps = actions_of(m)
    if not steps:
        return Section("actions", "Actions, in order", (Paragraph(("There is nothing to do.",)),))
    return Section("actions", "Actions, in order", (Numbered(tuple(map(_words, steps))),))


def actions_of(m: Material) -> tuple[Action, ...]:
    """Return the steps that the findings ask for, none where they ask for nothing."""
    steps = [*_mending(m), *_files(m)]
    return (*steps, *_afterwards(m)) if steps else ()


def _mending(m: Material) -> Iterator[Action]:
    plan = m.mending.plan if m.mending else None
    planned: frozenset[str] = frozenset()
    if plan and (plan.changes or plan.remove) and not plan.impossible:
        planned = frozenset(plan.subjects)
        codes = tuple(dict.fromkeys(f.code for f in _installed(m) if f.subject in planned))
        what = f"Apply the plan: {number(len(plan.changes), 'distribution')} would change."
        yield Action(what, codes, plan.subjects, "npdoctor fix --apply")
    for step in plan.steps if plan else ():
        yield Action(step)
    left = tuple(f for f in _installed(m) if f.subject not in planned)
    for findings in by_code(in_order(left, m.dependents)):
        yield from _of_code(findings)


def _installed(m: Material) -> tuple[Finding, ...]:
    """Return the findings on what is installed, without those on what files declare."""
    return tuple(f for f in m.roots if not f.code.startswith("NPD5"))


def in_order(findings: tuple[Finding, ...], dependents: Dependents) -> tuple[Finding, ...]:
    """Put the broken first, damaged installs before all others, and what most others need before them."""

    def place(finding: Finding) -> tuple[int, int, int, str]:
        first = _FIRST.index(finding.code) if finding.code in _FIRST else len(_FIRST)
        return (
            finding.severity.rank,
            first,
            -len(all_dependents(finding.subject, dependents)),
            finding.subject,
        )

    return tuple(sorted(findings, key=place))


def _of_code(findings: tuple[Finding, ...]) -> Iterator[Action]:
    """Make one step of those that pins mend, since they are to be resolved together."""
    together = tuple(f for f in findings if f.fix and f.fix.pins)
    if together:
        subjects = tuple(dict.fromkeys(f.subject for f in together))
        what = f"Bring in {', '.join(pins_of(together))}."
        yield Action(what, (findings[0].code,), subjects, "npdoctor fix")
    for finding in findings:
        if finding not in together:
            what = f"{finding.subject}: {sentence(finding.remedy) or sentence(finding.title)}"
            yield Action(what, (finding.code,), (finding.subject,))


def _files(m: Material) -> Iterator[Action]:
    """Correct what the diffs correct, and then what they do not, each by its own remedy."""
    declared = tuple(f for f in m.roots if f.code.startswith("NPD5"))
    corrected: tuple[Finding, ...] = ()
    if m.audit and m.audit.corrections:
        names = {j.name for j in m.audit.judged if j.declared and j.recommended is not None}
        corrected = tuple(f for f in declared if f.code in _CORRECTED and f.subject in names)
        codes = tuple(dict.fromkeys(f.code for f in corrected))
        subjects = tuple(dict.fromkeys(f.subject for f in corrected))
        if m.corrections:
            shown = named([edit.path for edit in m.corrections])
            yield Action(f"Correct {shown} as the diffs show.", codes, subjects)
        if m.corrected_by_plan:
            command = shlex.join(("npdoctor", "audit", *m.corrected_by_plan))
            yield Action("Audit again what the plan has written.", codes, subjects, command)
    for finding in declared:
        if finding not in corrected:
            what = f"{finding.subject}: {sentence(finding.remedy) or sentence(finding.title)}"
            yield Action(what, (finding.code,), (finding.subject,))


def _afterwards(m: Material) -> Iterator[Action]:
    gone = tuple(dict.fromkeys(f.subject for f in m.symptoms))
    consequences = f", {named(gone)} should be well then" if gone else ""
    yield Action(f"Look again{consequences}.", command="npdoctor check")
    yield Action("Run the functional tests.", command="npdoctor report --smoke")
    if any(f.severity is Severity.BROKEN for f in m.roots):
        yield Action("Restart every running process and notebook: they hold the old files in memory.")
        yield Action("Keep what works then as a lock.", command="npdoctor fix --lock constraints.txt")


def _words(action: Action) -> Words:
    codes = f" ({', '.join(action.codes)})" if action.codes else ""
    if not action.command:
        return (f"{action.what}{codes}",)
    return (f"{action.what.removesuffix('.')}{codes}: `{action.command}`",)
