"""Measure the screen in a terminal: when it paints, what it writes, how soon it answers and ends.

    python benchmarks/screen.py [--python ENV] [--broken ENV] [--runs N] [--write]

Without --python the healthy environment of benchmarks/probe.py is built, and beside it the smaller one of
the tests; without --broken that of screenshots/make.py. Every figure is of a process in a pseudo-terminal
of 80 by 24, from its start. The floors are `print` and an application of Textual with one line; the naive
way is Textual's own table. `--write` puts the figures into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests"), str(HERE.parent / "screenshots")]

from make import build  # type: ignore[import-not-found]  # noqa: E402
from watched import Watched, watched  # noqa: E402

from clinic.patients import admit  # noqa: E402
from clinic.recipes import HEALTHY  # noqa: E402
from probe import DOCUMENT, build_environment  # noqa: E402
from tui.picture import Picture  # noqa: E402
from tui.terminal import processes_with  # noqa: E402

MARKS = ("<!-- screen -->", "<!-- /screen -->")
MANY = 20_000
KEYS_WHILE_PROBING = 60
NPDOCTOR = (sys.executable, "-m", "npdoctor")
SCREENS = {
    name: (sys.executable, str(HERE / "screens" / f"{name}.py")) for name in ("minimal", "table", "rows")
}


@dataclass
class Figures:
    """What was measured, by name: milliseconds or bytes, one figure for each run or event."""

    of: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, *values: float) -> None:
        self.of.setdefault(name, []).extend(values)

    def median(self, name: str) -> float:
        return statistics.median(self.of[name])

    def most(self, name: str) -> float:
        return max(self.of[name])

    def p95(self, name: str) -> float:
        return sorted(self.of[name])[max(0, -(-len(self.of[name]) * 95 // 100) - 1)]


def environ(python: str = "", mark: str = "") -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR", "COLORTERM", "VIRTUAL_ENV")}
    return {**kept, "TERM": "xterm-256color", "NPDOCTOR_PYTHON": python, "NPD_BENCH": mark}


def shows(*words: str) -> Callable[[Picture], bool]:
    return lambda picture: all(word in picture.text for word in words)


def importing(picture: Picture) -> bool:
    return "importing" in picture.lines[1]


def ended(picture: Picture) -> bool:
    return picture.lines[1].endswith(" work")


def floors(figures: Figures, lines: Path) -> None:
    """Measure what nothing can beat, and the naive way."""
    with watched((sys.executable, "-c", "print('ready')"), environ()) as term:
        figures.add("print: paint", term.until(shows("ready")) * 1e3)
    with watched(SCREENS["minimal"], environ()) as term:
        figures.add("minimal: paint", term.until(shows("ready")) * 1e3)
        term.settle(0.4)
        figures.add("minimal: first screen", term.total)
        end_of(term, figures, "minimal: quit")
    with watched((*SCREENS["table"], str(lines)), environ()) as term:
        figures.add("table: paint", term.until(shows("version", "Quit", lines.read_text()[:6])) * 1e3)
        term.settle(0.5)
        figures.add("table: first screen", term.total)
        for _ in range(5):
            figures.add("table: key", term.answer(b"\x1b[B", 0.2)[1])
            figures.add("table: event", term.answer(b"t", 0.2)[1])


def end_of(term: Watched, figures: Figures, name: str) -> None:
    typed = term.type(b"q")
    figures.add(name, (term.wait() - typed) * 1e3)


def verdict(figures: Figures, python: str, name: str) -> None:
    """Measure when it is known what can be read."""
    with watched(NPDOCTOR, environ(python)) as term:
        figures.add(name, term.until(shows("unknown")) * 1e3)


def start(figures: Figures, python: str) -> None:
    """Measure the start, the verdict, keys and events while everything is imported, and quitting."""
    with watched(NPDOCTOR, environ(python)) as term:
        figures.add("paint", term.until(shows("[1 Findings", "quit")) * 1e3)
        typed = term.type(b"?")
        term.until(shows("Esc back"))
        figures.add("first answer", term.written[-1].at * 1e3)
        figures.add("typed at", typed * 1e3)
    mark = uuid.uuid4().hex
    with watched(NPDOCTOR, environ(python, mark)) as term:
        figures.add("verdict", term.until(shows("unknown")) * 1e3)
        figures.add("first screen", term.total)
        term.until(importing)
        end_of(term, figures, "quit")
        figures.add("orphans", len(processes_with(mark)))


def probing(figures: Figures, python: str) -> None:
    """Press keys among the packages while everything is imported, and listen to events in between."""
    with watched(NPDOCTOR, environ(python)) as term:
        term.until(importing)
        term.answer(b"2")
        for number in range(KEYS_WHILE_PROBING):
            count = len(term.written)
            term.settle(0.11 + number % 7 * 0.01, 0.17)
            figures.add("event", *(written.size for written in term.written[count:]))
            seconds, size = term.answer(b"j" if number % 3 else b"k", 0.03)
            figures.add("key while probing", seconds * 1e3)
            figures.add("key bytes while probing", size)


def at_rest(figures: Figures, python: str) -> None:
    """Walk an environment of which everything is known."""
    with watched(NPDOCTOR, environ(python)) as term:
        term.until(ended, 120)
        term.settle(1.5)
        before = term.total
        term.settle(3.0)
        figures.add("idle", term.total - before)
        for key in b"jjjjjkkkkkGgjjkk":
            seconds, size = term.answer(bytes([key]), 0.08)
            figures.add("key", size)
            figures.add("key answer", seconds * 1e3)
        for key in b"2?35141":
            if key == ord("?"):
                figures.add("page", term.answer(b"?", 0.1)[1], term.answer(b"\x1b", 0.2)[1])
            else:
                figures.add("page", term.answer(bytes([key]), 0.1)[1])


def many_rows(figures: Figures, python: str, lines: Path) -> None:
    """Measure a list that nobody would read to its end."""
    with watched((*SCREENS["rows"], python, str(MANY)), environ()) as term:
        term.until(shows("[1 Findings", "more below"), 120)
        term.settle(0.6)
        for _ in range(3):
            term.answer(b"5", 0.5)
            figures.add("many: show", term.answer(b"1", 0.5)[0] * 1e3)
            figures.add("many: key", *(term.answer(key, 0.2)[0] * 1e3 for key in (b"j", b"G", b"g")))
            figures.add("many: sort", term.answer(b"s", 0.5)[0] * 1e3)
        term.type(b"/")
        term.settle(0.5)
        figures.add("many: filter", term.answer(b"7", 0.5)[0] * 1e3)
    times = -(-MANY // len(lines.read_text().splitlines()))
    with watched((*SCREENS["table"], str(lines), str(times)), environ()) as term:
        term.until(shows("version", lines.read_text()[:6]), 120)
        term.settle(2.0)
        pressed, before = term.type(b"a"), len(term.written)
        while len(term.written) == before or term.written[-1].at < pressed:
            term.read(0.5)
        term.settle(2.0, 30)
        figures.add("table: many", (term.written[-1].at - pressed) * 1e3)


def measure(python: str, fewer: str, broken: str, runs: int) -> Figures:
    """Run everything, the ways in turn."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # what lies where npdoctor is started is examined too
        lines = Path(folder) / "lines.txt"
        lines.write_text("".join(f"{name}\t1.0\tok\tinstalled\n" for name in installed(python)))
        for _ in range(runs):
            floors(figures, lines)
            start(figures, python)
            verdict(figures, fewer, "verdict: fewer")
        probing(figures, python)
        at_rest(figures, broken)
        many_rows(figures, broken, lines)
    return figures


def installed(python: str) -> list[str]:
    """Return the names of what is installed."""
    folders = Path(python).parent.parent.glob("lib/python3*/site-packages/*.dist-info")
    return sorted(folder.name.partition("-")[0] for folder in folders)


def ms(value: float) -> str:
    return f"{value:.0f} ms"


def kb(value: float) -> str:
    return f"{value / 1000:.2f} KB"


def report(figures: Figures, distributions: int, fewer: int, runs: int) -> str:
    """Return the figures as Markdown."""
    f = figures
    rows = [
        (
            "first picture",
            ms(f.median("paint")),
            "500 ms",
            ms(f.median("print: paint")),
            ms(f.median("minimal: paint")),
            ms(f.median("table: paint")),
        ),
        (
            "a key typed at the first picture is answered, since the start",
            ms(f.median("first answer")),
            "",
            "",
            "",
            "",
        ),
        (
            f"static verdict on the screen, {fewer} distributions",
            ms(f.median("verdict: fewer")),
            "1500 ms",
            "",
            "",
            "",
        ),
        (
            f"static verdict on the screen, {distributions} distributions",
            ms(f.median("verdict")),
            "",
            "",
            "",
            "",
        ),
        (
            "written until then",
            kb(f.median("first screen")),
            "20 KB",
            "",
            kb(f.median("minimal: first screen")),
            kb(f.median("table: first screen")),
        ),
        (
            "a key that moves: median, most",
            f"{kb(f.median('key'))}, {kb(f.most('key'))}",
            "0.5 KB",
            "",
            "",
            kb(f.median("table: key")),
        ),
        (
            "an event of the probe: median, most",
            f"{kb(f.median('event'))}, {kb(f.most('event'))}",
            "0.5 KB",
            "",
            "",
            kb(f.median("table: event")),
        ),
        ("another pane or page: most", kb(f.most("page")), "", "", "", ""),
        ("idle for 3 s", f"{f.most('idle'):.0f} bytes", "0", "", "", ""),
        (
            "key to paint while probing: median, p95",
            f"{ms(f.median('key while probing'))}, {ms(f.p95('key while probing'))}",
            "50 ms",
            "",
            "",
            "",
        ),
        (f"{MANY:,} rows: shown", ms(f.most("many: show")), "200 ms", "", "", ms(f.median("table: many"))),
        (
            f"{MANY:,} rows: a key, a filter, a sort at most",
            ", ".join(ms(f.most(f"many: {what}")) for what in ("key", "filter", "sort")),
            "",
            "",
            "",
            "",
        ),
        (
            "quit while probing, to the end of the process: most",
            ms(f.most("quit")),
            "1000 ms",
            "",
            ms(f.median("minimal: quit")),
            "",
        ),
        ("processes left", f"{f.most('orphans'):.0f}", "0", "", "", ""),
    ]
    return "\n".join([
        f"{distributions} distributions, {platform.machine()}, {os.cpu_count()} cores, "
        f"{datetime.date.today()}. Medians of {runs} starts, the ways in turn; keys while probing: "
        f"{len(f.of['key while probing'])}, events: {len(f.of['event'])}.",
        "",
        "| what | npdoctor | goal | `print` | one line in Textual | Textual's table |",
        "|---|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    parser.add_argument("--broken")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    python = arguments.python or build_environment()
    broken = arguments.broken or str(build() / "bin/python")
    fewer = str(admit(HEALTHY).python)
    figures = measure(python, fewer, broken, arguments.runs)
    text = report(figures, len(installed(python)), len(installed(fewer)), arguments.runs)
    print(text)
    if arguments.write:
        before, _, rest = DOCUMENT.read_text().partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
