"""A run as plain text for a terminal: how it ended, what it used, why it failed."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator, Sequence

from npdoctor.model.rules import RuleBook
from npdoctor.model.run import (
    Cause,
    Counted,
    Ending,
    Exited,
    Growth,
    RunRecord,
    Sample,
    Signalled,
    exit_code,
)
from npdoctor.report.plot import plot
from npdoctor.report.prose import plain_ascii, printable, wrapped
from npdoctor.report.redact import Redactor
from npdoctor.report.text import Layout

LONGEST_COMMAND = 160
PLOT_HEIGHT = 4
LEAST_SAMPLES = 8
WIDEST_PLOT = 72
MOST_OTHERS = 3
_MARGIN = 10


def run_text(record: RunRecord, redactor: Redactor, layout: Layout, book: RuleBook | None) -> str:
    """Return the summary; `book` gives the titles of codes and is needed where there are causes."""
    lines = [line.rstrip() for line in _whole(record, redactor, layout, book)]
    text = "\n".join(lines) + "\n"
    return plain_ascii(text) if layout.ascii_only else text


def shown_command(command: Sequence[str], redactor: Redactor) -> str:
    """Return the command line as a shell would take it, without secrets."""
    return redactor.redact(printable(shlex.join(command)))


def ending_words(ending: Ending) -> str:
    """Say how it ended, in a few words."""
    if isinstance(ending, Exited):
        return f"exit {ending.code}"
    name = _signal_name(ending.number)
    if isinstance(ending, Signalled):
        return f"ended by {name}, exit {exit_code(ending)}"
    return f"stopped by {name}, exit {exit_code(ending)}"


def size(count: float) -> str:
    """Return bytes for people: `512 MiB`, `1.50 GiB`."""
    mib = count / (1 << 20)
    if abs(mib) < 1024:
        return f"{mib:.1f} MiB" if abs(mib) < 10 else f"{mib:.0f} MiB"
    return f"{mib / 1024:.2f} GiB"


def duration(seconds: float) -> str:
    """Return a time for people: `0.21 s`, `42 s`, `1 h 02 min`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _whole(record: RunRecord, redactor: Redactor, layout: Layout, book: RuleBook | None) -> Iterator[str]:
    command = shown_command(record.command, redactor).replace("\n", " ")
    if len(command) > LONGEST_COMMAND and not layout.verbose:
        command = command[: LONGEST_COMMAND - 1] + "…"
    yield from _said(f"npdoctor run  {command}", layout, "", "  ")
    role = "ok" if record.ending == Exited(0) else "broken"
    ending = layout.style.paint(ending_words(record.ending), role)
    yield f"{ending} after {duration(record.seconds)}; {_first_output(record)}"
    yield from _memory(record, layout)
    yield from _curves(record, layout)
    for note in record.notes if layout.verbose else ():
        yield from _said(f"note: {redactor.redact(note)}", layout)
    if record.causes and book:
        yield from _causes(record.causes, redactor, layout, book)
    elif isinstance(record.ending, Signalled) or (
        isinstance(record.ending, Exited) and record.ending.code != 0
    ):
        yield ""
        yield from _said("No cause was recognised in what was seen of its output.", layout)


def _first_output(record: RunRecord) -> str:
    first = record.first_output
    if first.after is not None:
        return f"first output after {duration(first.after)}"
    if first.unseen:
        return f"first output unknown ({' and '.join(first.unseen)} not seen)"
    return "no output"


def _memory(record: RunRecord, layout: Layout) -> Iterator[str]:
    ram = record.ram
    if not record.samples:
        peak = f"RAM    largest process {size(ram.largest)}" if ram.largest else "RAM    not seen"
        yield f"{peak}: it ended before the first look"
        return
    least = "at least " if ram.largest is None and len(record.samples) < LEAST_SAMPLES else ""
    words = f"RAM    peak {least}{size(max(ram.peak, ram.largest or 0))}, at the end {size(ram.last)}"
    if ram.processes > 1:
        once = "shared memory once" if ram.counted is Counted.SHARED_ONCE else "shared memory for each"
        words += f", up to {ram.processes} processes, {once}"
    yield from _said(words, layout, "", "       ")
    yield from _growing(ram.growth, layout)
    for gpu in record.gpus:
        used = f"peak {size(gpu.peak)} of {size(gpu.total)}, at the start {size(gpu.first)}"
        yield from _said(f"GPU {gpu.index:<2} {used}", layout, "", "       ")
        yield from _growing(gpu.growth, layout)


def _growing(growth: Growth | None, layout: Layout) -> Iterator[str]:
    if growth:
        words = f"growing by {size(growth.per_minute)} per minute over the last {duration(growth.seconds)}"
        yield "       " + layout.style.paint(words, "warning")


def _curves(record: RunRecord, layout: Layout) -> Iterator[str]:
    if len(record.samples) < LEAST_SAMPLES:
        return
    yield from _curve("RAM", [(s.at, float(s.ram)) for s in record.samples], record.samples, layout)
    for gpu in record.gpus:
        points = [
            (s.at, float(used))
            for s in record.samples
            if gpu.index < len(s.vram) and (used := s.vram[gpu.index]) is not None
        ]
        if len(points) >= LEAST_SAMPLES:
            yield from _curve(f"GPU {gpu.index}", points, record.samples, layout)


def _curve(
    name: str, points: Sequence[tuple[float, float]], samples: Sequence[Sample], layout: Layout
) -> Iterator[str]:
    width = min(WIDEST_PLOT, layout.width - _MARGIN - 1)
    rows = plot(points, width, PLOT_HEIGHT, layout.ascii_only)
    labels = [size(max(value for _, value in points)), name] + [""] * PLOT_HEIGHT
    yield ""
    for label, row in zip(labels, rows, strict=False):
        yield f"{label:>{_MARGIN - 1}} {layout.style.paint(row.rstrip(), 'info')}"
    end = duration(samples[-1].at)
    yield f"{'':{_MARGIN}}0 s{end:>{max(1, width - 3)}}"


def _causes(causes: tuple[Cause, ...], redactor: Redactor, layout: Layout, book: RuleBook) -> Iterator[str]:
    first, *others = causes
    yield ""
    known = first.title or (book.codes[first.code].title if first.code in book.codes else "")
    title = f"{first.code}  {known}" if known else "Cause unknown"
    if first.earlier:
        title = f"Perhaps {title}"
    yield from (layout.style.paint(line, "strong") for line in _said(title, layout))
    yield from _said(redactor.redact(first.words), layout, "  ")
    if first.earlier:
        yield from _said("That stood earlier in its output, not where it failed.", layout, "  ")
    for line in first.evidence:
        yield from (
            layout.style.paint(said, "faint") for said in _said(redactor.redact(line), layout, "    ")
        )
    if first.remedy:
        yield from _said(f"remedy: {redactor.redact(first.remedy)}", layout, "  ")
    if first.code:
        yield from _said(f"more: npdoctor explain {first.code}", layout, "  ")
    for cause in others if layout.verbose else others[:MOST_OTHERS]:
        kind = "seen earlier" if cause.earlier else "also seen"
        code = f"{cause.code}: " if cause.code else ""
        yield from _said(f"{kind}: {code}{redactor.redact(cause.words)}", layout)


def _said(text: str, layout: Layout, indent: str = "", later: str | None = None) -> list[str]:
    return wrapped(text, layout.width, indent, indent if later is None else later)


def _signal_name(which: int) -> str:
    try:
        return signal.Signals(which).name
    except ValueError:
        return f"signal {which}"
