"""The longer texts of the screen: a finding in full, the rule behind it, the help."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.rules import CodeRule
from npdoctor.tui.keys import GROUPS, Key
from npdoctor.tui.line import EMPTY, Line, block, fit, spread, width_of
from npdoctor.tui.present import Row, named
from npdoctor.tui.signs import Signs

LABEL = 7
PROOF = {"binary": "its binaries were read", "rehearsed": "rehearsed", "none": "not verified"}


def finding_lines(finding: Finding, width: int, signs: Signs) -> list[Line]:
    """Return everything known of a finding: what is wrong, what mends it, and the proof."""
    role = finding.severity.value
    severity: Line = ((f"{signs.of(finding.severity)} {role} ", role),)
    head: Line = ((f" {finding.code}", role), (f"  {signs.text(named(finding))}", "strong"))
    lines = [spread(head, severity, width, signs.more), *block(signs.text(finding.title), width, "strong")]
    if finding.message and finding.message != finding.title:
        lines += block(signs.text(finding.message), width)
    lines.append(EMPTY)
    if finding.cause:
        lines += _labelled("Cause", f"{finding.cause} is at the root of this", width, signs)
    if finding.fix and finding.fix.pins:
        proof = PROOF.get(finding.fix.verified, finding.fix.verified)
        lines += _labelled("Fix", "  ".join(finding.fix.pins), width, signs, "ok")
        lines[-1] = fit((*lines[-1], (f"   {proof}", "faint")), width, signs.more)
    if finding.remedy:
        lines += _labelled("Remedy", finding.remedy, width, signs)
    if finding.evidence:
        lines.append(((" Evidence", "faint"),))
    for evidence in finding.evidence:
        lines += _evidence(evidence, width, signs)
    return lines


def row_lines(row: Row, width: int, signs: Signs) -> list[Line]:
    """Return everything known of the finding of a row, and why it is ignored where it is."""
    lines = finding_lines(row.finding, width, signs)
    if row.reason:
        again = signs.key("ignore", "x")
        said = f"{row.reason} - the config file holds this; {again} makes the finding count again."
        lines += [EMPTY, *_labelled("Ignored", said, width, signs)]
    return lines


def _labelled(label: str, text: str, width: int, signs: Signs, role: str = "") -> list[Line]:
    first: Line = ((f" {label:<{LABEL}} ", "faint"),)
    return list(block(signs.text(text), width, role, first))


def _evidence(evidence: Evidence, width: int, signs: Signs) -> Iterator[Line]:
    first: Line = ((f"   {evidence.kind:<8} ", "faint"),)
    for text in (signs.text(evidence.source), signs.text(evidence.detail).strip("\n")):
        if text:
            yield from block(text, width, "", first)
            first = ((" " * width_of(first), ""),)


def rule_lines(rule: CodeRule, width: int, signs: Signs) -> list[Line]:
    """Return why a code is checked, how to check it by hand, what mends it and when it is wrong."""
    lines: list[Line] = [((f" {rule.code}", rule.severity.value), (f"  {signs.text(rule.title)}", "strong"))]
    for label, text in (
        ("What it means", rule.meaning),
        ("Check it by hand", rule.check),
        ("What mends it", rule.remedy),
        ("When this is wrong", rule.wrong_when),
        ("Seen in", ", ".join(rule.see)),
    ):
        if text:
            lines += [EMPTY, ((f" {label}", "faint"),), *block(signs.text(text), width)]
    return [fit(line, width, signs.more) for line in lines]


def help_lines(keys: tuple[Key, ...], width: int, signs: Signs) -> list[Line]:
    """Return the keys of the screen that was left for this help, the others, and the signs."""
    where = "  what works where you come from; ELSE: what does not"
    lines: list[Line] = [fit(((" Keys", "strong"), (where, "faint")), width, signs.more)]
    for group in GROUPS:
        for number, key in enumerate(k for k in keys if k.group == group and k.meaning):
            title = group.upper() if number == 0 else ""
            lead: Line = ((f" {title:<6}", "faint"), (f"{key.shown:<24} ", "strong"))
            lines += block(key.meaning, width, "", lead)
    meaning = (
        f"{signs.of(Severity.BROKEN)} broken: fails now",
        f"{signs.of(Severity.WARNING)} warning: works today, wrong or at risk",
        f"{signs.of(Severity.UNKNOWN)} unknown: could not look, never counted as healthy",
        f"{signs.of(Severity.INFO)} note",
        f"{signs.ok} ok: nothing was found in that package",
    )
    for number, text in enumerate(meaning):
        lines += block(text, width, "", ((f" {'SIGNS' if number == 0 else '':<6}", "faint"),))
    return lines
