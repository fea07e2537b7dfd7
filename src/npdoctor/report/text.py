"""The diagnosis as plain text for a terminal, a log or a message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.report.as_json import spare_installed
from npdoctor.report.ignored import Ignored, ignored_lines
from npdoctor.report.prose import number, plain_ascii, printable, wrapped
from npdoctor.report.redact import Redactor
from npdoctor.report.style import Style
from npdoctor.report.verdict import unchecked

SIGNS = {Severity.BROKEN: "✗", Severity.WARNING: "!", Severity.UNKNOWN: "?", Severity.INFO: "·"}
ASCII_SIGNS = {Severity.BROKEN: "x", Severity.WARNING: "!", Severity.UNKNOWN: "?", Severity.INFO: "-"}
INDENT = " " * 10
MOST_EVIDENCE = 3
MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is to look; `verbose` explains each finding and shows all its evidence."""

    width: int = 80
    verbose: bool = False
    ascii_only: bool = False
    style: Style = field(default_factory=Style)


def to_text(
    diagnosis: Diagnosis,
    redactor: Redactor,
    tool_version: str,
    exit_code: int,
    layout: Layout,
    hidden: int = 0,
    ignored: tuple[Ignored, ...] = (),
) -> str:
    """Return header, findings by weight and the closing line; `hidden` findings were not asked for."""
    spare_installed(diagnosis, redactor)
    lines: list[str] = []
    if not redactor.enabled:
        lines.append("Not redacted: this text may hold secrets, names and paths. Do not publish it.")
    lines += [*_header(diagnosis, redactor, tool_version, layout), ""]
    findings = sorted(diagnosis.findings, key=lambda f: f.severity.rank)
    for finding in findings:
        lines += finding_lines(redactor.redact_finding(finding), layout)
    if not diagnosis.count(Severity.BROKEN) and not diagnosis.count(Severity.WARNING):
        lines += [*([""] if findings else []), *_wrapped(no_problems(diagnosis), layout, "", "")]
    if hidden:
        lines.append(f"{number(hidden, 'finding')} left out by --select or --ignore.")
    lines += ignored_lines(ignored, redactor, layout.width)
    lines += ["", f"{counts_line(diagnosis)}  exit {exit_code}"]
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    return plain_ascii(text) if layout.ascii_only else text


def counts_line(diagnosis: Diagnosis) -> str:
    """Return what was found, in numbers: `3 broken, 2 warnings, 1 unknown, 186 ok.`."""
    parts = [
        f"{diagnosis.count(Severity.BROKEN)} broken",
        number(diagnosis.count(Severity.WARNING), "warning"),
        f"{diagnosis.count(Severity.UNKNOWN)} unknown",
    ]
    if diagnosis.count(Severity.INFO):
        parts.append(number(diagnosis.count(Severity.INFO), "note"))
    parts.append(f"{sum(d.state == 'ok' for d in diagnosis.distributions)} ok")
    return ", ".join(parts) + "."


def no_problems(diagnosis: Diagnosis) -> str:
    """Say that nothing is wrong, and no more than was looked at."""
    missing = unchecked(diagnosis)
    if missing:
        return (
            f"No problems found in what could be checked. {number(missing, 'thing')} could not be checked"
            " - see ? rows."
        )
    packages = number(len(diagnosis.distributions), "package")
    if not diagnosis.extensions:
        return f"No problems found. {packages}. No compiled extensions here: nothing to probe."
    extensions = number(diagnosis.extensions, "extension")
    imported = sum(d.imported for d in diagnosis.distributions)
    if not imported:
        return f"No problems found. {packages}, {extensions} read but not imported."
    if imported < diagnosis.extensions:
        return f"No problems found. {packages}, {imported} of {extensions} imported, the others only read."
    return f"No problems found. {packages}, {extensions} imported. Not checked: 0."


def _header(diagnosis: Diagnosis, redactor: Redactor, tool_version: str, layout: Layout) -> Iterator[str]:
    snapshot, target = diagnosis.snapshot, diagnosis.snapshot.target
    numpy = snapshot.version_of("numpy")
    parts = [
        f"npdoctor {tool_version}",
        f"{redactor.redact(target.prefix)} ({redactor.redact(target.why)})",
        f"Python {target.python}",
        f"NumPy {numpy}" if numpy else "no NumPy",
        number(len(diagnosis.distributions), "package"),
        number(diagnosis.extensions, "extension"),
    ]
    yield from _joined([printable(part) for part in parts], layout)
    yield from assumed_lines(diagnosis, layout)


def assumed_lines(diagnosis: Diagnosis, layout: Layout) -> Iterator[str]:
    """Say what was assumed in place of what is there, if anything was."""
    snapshot = diagnosis.snapshot
    if snapshot.assumed:
        pairs = ", ".join(f"{name} {version}" for name, version in snapshot.assumed.items())
        yield from _wrapped(f"Judged as if installed: {pairs}. Nothing was imported.", layout, "", "  ")
    if snapshot.machine:
        pairs = ", ".join(f"{name} {value}" for name, value in snapshot.machine.words.items())
        yield from _wrapped(
            f"Judged as if on a machine with: {pairs}. Nothing was imported.", layout, "", "  "
        )


def _joined(parts: list[str], layout: Layout) -> Iterator[str]:
    line = parts[0]
    for part in parts[1:]:
        if len(line) + 2 + len(part) > layout.width:
            yield line
            line = f"  {part}"
        else:
            line = f"{line}  {part}"
    yield line


def finding_lines(finding: Finding, layout: Layout) -> Iterator[str]:
    """Show one finding, redacted already, with its evidence and what mends it."""
    sign = (ASCII_SIGNS if layout.ascii_only else SIGNS)[finding.severity]
    mark = f"{sign} {finding.code}"
    subject = f"{finding.subject} {finding.version}" if finding.version else finding.subject
    first, *rest = _wrapped(f"{mark}  {subject}  {finding.title}", layout, "", INDENT)
    yield layout.style.paint(mark, finding.severity.value) + first[len(mark) :]
    yield from rest
    brief = finding.severity is Severity.INFO and not layout.verbose
    if brief:
        return
    if layout.verbose and finding.message:
        yield from _wrapped(finding.message, layout, INDENT, INDENT)
    if finding.cause and (layout.verbose or finding.cause not in finding.title):
        yield from _wrapped(f"because of {finding.cause}", layout, INDENT, INDENT)
    yield from _evidence(finding.evidence, layout)
    pinned = bool(finding.fix and finding.fix.pins)
    if finding.remedy and (layout.verbose or not pinned):
        yield from _wrapped(f"remedy: {finding.remedy}", layout, INDENT, INDENT + "  ")
    if finding.fix and pinned:
        yield from _wrapped(
            f"fix: {'  '.join(finding.fix.pins)}{_proof(finding)}", layout, INDENT, INDENT + "  "
        )
    elif not finding.remedy:
        yield f"{INDENT}more: npdoctor explain {finding.code}"


def _proof(finding: Finding) -> str:
    verified = finding.fix.verified if finding.fix else "none"
    words = {"binary": "  (its binaries were read)", "rehearsed": "  (rehearsed)"}
    return words.get(verified, "  (not verified)")


def _evidence(evidence: tuple[Evidence, ...], layout: Layout) -> Iterator[str]:
    shown = evidence if layout.verbose else evidence[:MOST_EVIDENCE]
    for item in shown:
        said = f"{item.source}: {item.detail}" if item.source and item.detail else item.source or item.detail
        lines = [
            line
            for number, part in enumerate(printable(said).split("\n"))
            if part.strip()
            for line in _wrapped(part, layout, INDENT if number == 0 else INDENT + "  ", INDENT + "  ")
        ]
        if not layout.verbose and len(lines) > MOST_LINES:
            lines = [*lines[:MOST_LINES], f"{INDENT}  … ({number(len(lines) - MOST_LINES, 'more line')}: -v)"]
        for line in lines:
            yield layout.style.paint(line, "faint")
    if len(shown) < len(evidence):
        yield f"{INDENT}… and {len(evidence) - len(shown)} more (-v shows all evidence)"


def _wrapped(text: str, layout: Layout, first: str, later: str) -> list[str]:
    return wrapped(text, layout.width, first, later)
