"""What could not be looked at, and what was left out or hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from npdoctor.model.audit import Audit
from npdoctor.model.finding import Severity
from npdoctor.model.outcome import NotTried
from npdoctor.report.document.blocks import Block, Bullets, Case, Paragraph, Section, Words
from npdoctor.report.document.material import Material
from npdoctor.report.ignored import Ignored
from npdoctor.report.prose import number


def unseen(m: Material) -> Section:
    """Name everything that nobody looked at: none of it is called healthy."""
    cases: tuple[Block, ...] = tuple(Case(f) for f in m.of(Severity.UNKNOWN))
    items = tuple(_items(m))
    nothing = Paragraph(("Everything that was to be looked at was looked at.",))
    listed: tuple[Block, ...] = (Bullets(items),) if items else ()
    return Section("unseen", "What could not be looked at", (*cases, *listed) or (nothing,))


def _items(m: Material) -> Iterator[Words]:
    snapshot = m.diagnosis.snapshot
    if not snapshot.imports and m.diagnosis.extensions:
        why = "something was assumed" if snapshot.assumed or snapshot.machine else "--no-import was given"
        yield (f"Nothing was imported, since {why}: binaries and metadata were read.",)
    untried: dict[str, int] = {}
    for outcome in snapshot.imports.values():
        if isinstance(outcome, NotTried):
            untried[outcome.reason] = untried.get(outcome.reason, 0) + 1
    for reason, count in untried.items():
        yield (f"{number(count, 'extension module')} not imported: {reason}",)
    for file in snapshot.unread:
        yield (f"{file.relative} of {file.distribution} could not be read: {file.reason}",)
    for metadata in snapshot.unreadable:
        yield (f"Metadata of {metadata.name} could not be read: {metadata.reason}",)
    if not snapshot.libraries_known:
        yield ("The loader's search for shared libraries could not be followed.",)
    if snapshot.gpus is None:
        yield ("GPUs were not looked at.",)
    if not snapshot.smoke and not snapshot.assumed:
        yield ("No functional test was run: `--smoke` runs them.",)
    yield from _beside(m)


def _beside(m: Material) -> Iterator[Words]:
    """Name what the audit and the plan left open."""
    yield from ((note,) for note in m.notes)
    if m.audit is None:
        yield ("No file that declares requirements was audited: `npdoctor report FILE` does that.",)
    else:
        yield from audit_notes(m.audit)
    if m.mending is None:
        yield ("No plan was made: `npdoctor report --online` makes one.",)
    elif m.mending.unrehearsed:
        yield (f"The plan was not rehearsed: {m.mending.unrehearsed}",)


def audit_notes(audit: Audit) -> Iterator[Words]:
    """Yield what the audit could not read or follow, and the lines that are for another Python or system."""
    said = dict.fromkeys(audit.notes)
    for source in audit.sources:
        for note in (*source.notes, *(source.image.notes if source.image else ())):
            if note not in said:
                said.setdefault(f"{source.path}: {note}")
    yield from ((note,) for note in said)
    for line in audit.unapplied:
        words = f"{line.path}:{line.line} does not apply here: {line.name}{line.specifier}; {line.marker}"
        yield (words,)


def ignored_items(ignored: Iterable[Ignored]) -> tuple[Words, ...]:
    """Return what the person's config file ignores, each with its reason."""
    return tuple(
        (f"Ignored by the config file: {i.finding.code} {i.finding.subject} ({i.reason})",) for i in ignored
    )


def hidden(ignored: tuple[Words, ...], left_out: int, counts: Mapping[str, int], redacts: bool) -> Section:
    """Say by kind what was hidden, and what is not counted; `ignored` is redacted already."""
    items: list[Words] = [(f"{kind}: {number(count, 'place')}",) for kind, count in counts.items()]
    items += ignored
    if left_out:
        items.append((f"{number(left_out, 'finding')} left out by --select or --ignore",))
    said = "Nothing had to be hidden." if redacts else "Redaction was switched off: nothing is hidden."
    blocks: tuple[Block, ...] = (Bullets(tuple(items)),) if items else ()
    if not counts:
        blocks = (Paragraph((said,)), *blocks)
    return Section("hidden", "What was hidden or left out", blocks)
