"""An audit as plain text: the verdict first, then the findings, then every distribution by group."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.audit import Audit, Judged
from npdoctor.model.finding import Severity
from npdoctor.report.audit_json import spare_judged
from npdoctor.report.diff import unified_diff
from npdoctor.report.ignored import Ignored, ignored_lines
from npdoctor.report.prose import number, plain_ascii, wrapped
from npdoctor.report.redact import Redactor
from npdoctor.report.text import ASCII_SIGNS, SIGNS, Layout, finding_lines

GROUPS = {
    "scientific": "Scientific",
    "ml": "Machine learning",
    "image": "Images",
    "audio": "Audio",
    "geo": "Geography",
    "document": "Documents",
    "web": "Web",
    "tool": "Tools",
    "": "Others",
}
_WIDEST_NAME = 30
_ROLES = {"+": "ok", "-": "broken", "@": "info"}


def audit_text(
    audit: Audit,
    redactor: Redactor,
    tool_version: str,
    exit_code: int,
    layout: Layout,
    hidden: int = 0,
    ignored: tuple[Ignored, ...] = (),
    written: tuple[str, ...] = (),
    failure: str = "",
) -> str:
    """Return the whole audit; `hidden` findings were not asked for, `failure` kept it from being written."""
    spare_judged(audit, redactor)
    lines: list[str] = []
    if not redactor.enabled:
        lines.append("Not redacted: this text may hold secrets, names and paths. Do not publish it.")
    lines += [*_header(audit, redactor, tool_version, layout), ""]
    for finding in audit.findings:
        lines += finding_lines(redactor.redact_finding(finding), layout)
    if hidden:
        lines.append(f"{number(hidden, 'finding')} left out by --select or --ignore.")
    lines += ignored_lines(ignored, redactor, layout.width)
    for part in (
        _groups(audit, layout),
        _corrections(audit, layout, written, failure),
        _notes(audit, layout),
    ):
        lines += ["", *(redactor.redact(line) for line in part)]
    lines += ["", f"{counts(audit)}  exit {exit_code}"]
    text = "\n".join(line.rstrip() for line in _single_gaps(lines)) + "\n"
    return plain_ascii(text) if layout.ascii_only else text


def counts(audit: Audit) -> str:
    """Return what was found, in numbers."""
    return (
        f"{audit.count(Severity.BROKEN)} broken, {number(audit.count(Severity.WARNING), 'warning')}, "
        f"{audit.count(Severity.UNKNOWN)} unknown, {sum(j.state == 'ok' for j in audit.judged)} ok."
    )


def verdict(audit: Audit) -> str:
    """Say in one sentence how the files stand to the wanted NumPy."""
    wrong = [f.subject for f in audit.findings if f.severity is Severity.BROKEN]
    risky = [f.subject for f in audit.findings if f.severity is Severity.WARNING]
    wanted = f"NumPy {audit.basis.numpy}"
    held = [f.subject for f in audit.findings if f.code == "NPD502"]
    if held and set(wrong) <= set(held):
        return (
            f"{wanted} is kept out by {_named(held)}: an install takes an older NumPy, or finds no solution."
        )
    if wrong:
        return f"Not ready for {wanted}: {_named(wrong)}."
    if risky:
        return f"An install today serves {wanted}, but the files admit or say what does not: {_named(risky)}."
    unknown = sum(j.state == "unknown" for j in audit.judged)
    if unknown:
        return (
            f"Nothing speaks against {wanted} in what could be looked at. {unknown} unknown: see the ? rows."
        )
    return f"Ready for {wanted}: every admitted version that was looked at serves it."


def _named(subjects: list[str]) -> str:
    distinct = list(dict.fromkeys(subjects))
    more = f" and {len(distinct) - 6} more" if len(distinct) > 6 else ""
    return ", ".join(distinct[:6]) + more


def _header(audit: Audit, redactor: Redactor, tool_version: str, layout: Layout) -> Iterator[str]:
    basis = audit.basis
    files = ", ".join(source.path for source in audit.sources)
    looked = (
        "rule book and package index" if audit.online else "rule book, no network (--online looks further)"
    )
    said = (
        f"npdoctor {tool_version}  audit of {files}",
        f"NumPy {basis.numpy}: {basis.numpy_why}",
        f"Python {basis.python}: {basis.python_why}",
        f"Evidence: {looked}",
    )
    for line in said:
        yield from wrapped(redactor.redact(line), layout.width, "", "  ")
    yield ""
    role = next((f.severity.value for f in audit.findings), "ok")
    for line in wrapped(verdict(audit), layout.width):
        yield layout.style.paint(line, role)


def _groups(audit: Audit, layout: Layout) -> Iterator[str]:
    """List what the files ask for and what of the rest is not simply fine; the others are counted."""
    listed = [j for j in audit.judged if j.declared or j.state != "ok" or layout.verbose]
    wide = min(max((len(j.name) for j in listed), default=0), _WIDEST_NAME)
    for group, title in GROUPS.items():
        members = [j for j in listed if j.group == group]
        if members:
            yield layout.style.paint(title, "strong")
        for judged in sorted(members, key=lambda j: j.name):
            yield from _line(judged, wide, layout)
    rest = len(audit.judged) - len(listed)
    if rest:
        yield from wrapped(
            f"{number(rest, 'more distribution')} come along and are fine (-v lists them).", layout.width
        )


def _line(judged: Judged, wide: int, layout: Layout) -> Iterator[str]:
    signs = ASCII_SIGNS if layout.ascii_only else SIGNS
    mark = "ok" if judged.state == "ok" else signs[Severity(judged.state)]
    state = layout.style.paint(f"{mark:<2}", judged.state)
    range_said = judged.specifier or "any version"
    head = f"  {mark:<2} {judged.name:<{wide}}  "
    via = f" (via {', '.join(judged.via[:2])})" if judged.via and not judged.declared else ""
    first, *rest = wrapped(f"{range_said}{via}: {judged.statement}", layout.width, head, " " * (wide + 7))
    yield f"  {state}{first[4:]}"
    yield from rest


def _corrections(audit: Audit, layout: Layout, written: tuple[str, ...], failure: str) -> Iterator[str]:
    for edit in audit.corrections:
        for line in unified_diff(edit):
            yield layout.style.paint(line, _ROLES.get(line[:1], ""))
    if failure:
        yield from wrapped(f"Not written: {failure}", layout.width)
    elif written:
        yield from wrapped(f"Written: {', '.join(written)}. Undo: npdoctor fix --undo", layout.width)
    elif audit.corrections:
        yield "Nothing was written. npdoctor audit --write writes this."


def _notes(audit: Audit, layout: Layout) -> Iterator[str]:
    if audit.transitive:
        yield from wrapped(audit.transitive, layout.width, "", "  ")
    for line in audit.unapplied:
        said = f"{line.path}:{line.line} {line.name}{line.specifier}; {line.marker}"
        yield from wrapped(f"Not for Python {audit.basis.python} here: {said}", layout.width, "", "  ")
    for note in audit.notes:
        yield from wrapped(f"Note: {note}", layout.width, "", "  ")


def _single_gaps(lines: list[str]) -> Iterator[str]:
    last = ""
    for line in lines:
        if line or last:
            yield line
        last = line
