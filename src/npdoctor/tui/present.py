"""From the state of an examination to the words on the screen; pure, and used by every part of it."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.diagnose.numpy_abi import NO_NUMPY1
from npdoctor.model.finding import Finding, Severity
from npdoctor.report.ignored import Ignored
from npdoctor.report.prose import number
from npdoctor.report.text import no_problems
from npdoctor.tui.latest import Latest
from npdoctor.tui.line import Line, Span, cut, cut_front, fit, spread, width_of
from npdoctor.tui.said import said_of
from npdoctor.tui.signs import Signs
from npdoctor.tui.state import State
from npdoctor.tui.work import Carrying, Running, TakingBack

BAR = 8
WIDE_ROW = 70
WORDS = {Severity.BROKEN: "broken", Severity.WARNING: "warn", Severity.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Row:
    """One finding of the list; `key` tells it from the others, however they are ordered.

    `reason` is why it is ignored, empty where it counts.
    """

    key: tuple[str, str, int]
    finding: Finding
    reason: str = ""


def _rows_of(findings: tuple[Finding, ...]) -> tuple[Row, ...]:
    """Return the rows, gravest first, in the order of the diagnosis."""
    seen: dict[tuple[str, str], int] = {}
    rows = []
    for finding in sorted(findings, key=lambda f: f.severity.rank):
        same = (finding.code, finding.subject)
        seen[same] = seen.get(same, -1) + 1
        rows.append(Row((*same, seen[same]), finding))
    return tuple(rows)


rows_of = Latest(_rows_of)


def ignored_rows(ignored: tuple[Ignored, ...]) -> tuple[Row, ...]:
    """Return the rows that stand below all that counts."""
    return tuple(
        Row((f"{i.finding.code} ignored", i.finding.subject, position), i.finding, i.reason)
        for position, i in enumerate(ignored)
    )


def named(finding: Finding) -> str:
    """Return the subject with its version."""
    return f"{finding.subject} {finding.version}" if finding.version else finding.subject


def row_line(row: Row, width: int, subjects: int, selected: bool, signs: Signs, marked: bool = False) -> Line:
    """Return a finding as one line; `subjects` is the width of that column."""
    finding = row.finding
    marker = signs.cursor if selected else " "
    subject = signs.text(named(finding)).replace("\n", " ")
    mark: Line = (("*", "strong"),) if marked else ((" ", ""),)
    sign: Span = ("-", "faint") if row.reason else (signs.of(finding.severity), finding.severity.value)
    head: Line = ((marker, "strong" if selected else ""), sign, *mark)
    if width >= 56:
        head = (*head, (f"{finding.code}  ", "faint"))
    room = max(4, min(subjects, width - width_of(head) - 1))
    subject = cut(subject, room, signs.more).ljust(room)
    words = f"ignored: {row.reason}" if row.reason else summary_of(finding)
    said = signs.text(words).replace("\n", " ")
    # A row as wide as a screen is long to write again, and moving changes the detail as well.
    role = "strong" if selected and width < WIDE_ROW else ""
    return fit((*head, (subject, role), ("  ", ""), (said, "")), width, signs.more)


def summary_of(finding: Finding) -> str:
    """Return what a row says of a finding: its title, and the root where it is only a consequence."""
    return f"because of {finding.cause}: {finding.title}" if finding.cause else finding.title


def subject_width(rows: tuple[Row, ...], width: int) -> int:
    """Return how wide the column of subjects is best."""
    longest = max((len(named(row.finding)) for row in rows), default=0)
    return max(8, min(longest, max(14, width * 3 // 5)))


def counts(state: State, signs: Signs, words: bool) -> Line:
    """Return what was found in numbers, each with its sign."""
    spans: list[tuple[str, str]] = []
    for severity in WORDS:
        count = state.count(severity)
        role = severity.value if count else "faint"
        spans += [(f"{signs.of(severity)}{count}{' ' + WORDS[severity] if words else ''}", role)]
        spans += [("  " if words else " ", "")]
    spans.append((f"{signs.ok}{state.ok}{' ok' if words else ''}", "ok" if state.ok else "faint"))
    return tuple(spans)


def status_line(state: State, width: int, signs: Signs) -> Line:
    """Return the first line: who is examined, and the verdict."""
    if width < 60:
        start: Line = ((" npdoctor ", "strong"),) if width >= 30 else ()
        tail: Line = ((f"  {short_progress(state)}", ""),) if width >= 30 else ()
        found = counts(state, signs, words=False) if state.diagnosis else ((signs.text(stage(state)), ""),)
        return fit((*start, *found, *tail), width, signs.more)
    found = counts(state, signs, words=True) if state.diagnosis else ()
    name: Line = ((" npdoctor", "strong"), ("  ", ""))
    python = f"py{state.target.python} " if state.target else ""
    room = width - width_of(name) - len(python) - width_of(found) - 3
    place = cut_front(signs.text(place_of(state)), room, signs.more)
    return spread((*name, (python + place, "")), (*found, (" ", "")), width, signs.more)


def place_of(state: State) -> str:
    """Return the environment under examination, by its folder once that is known."""
    if state.target:
        return state.target.prefix
    return state.choice.executable if state.choice else ""


def rooms_for_tabs(state: State, width: int, signs: Signs) -> tuple[int, int]:
    """Return how many cells of the second line are left for the panes, beside progress at length or short."""
    said = said_of(state.work)
    room = width - 2 - (len(said.brief) + 3 if said else 0)
    return room - width_of(progress(state, signs)), room - width_of(brief_progress(state, signs))


def brief_progress(state: State, signs: Signs) -> Line:
    """Return how far the examination is in the fewest cells."""
    if (
        state.final
        and state.diagnosis
        and not state.lens
        and not state.is_trying
        and not isinstance(state.work, Running)
    ):
        imported = sum(d.imported for d in state.diagnosis.distributions)
        total = state.diagnosis.extensions
        return ((f"{imported}/{total} work" if total else "checked", ""),)
    spans = progress(state, signs)
    texts = (text for text, _ in spans if not set(text) <= {signs.full, signs.empty})
    return ((" ".join("".join(texts).split()), spans[0][1]),) if spans else ()


def lens_words(state: State) -> str:
    """Say in a few words that the verdict is not of what is there."""
    return f"as if NumPy {state.lens.numpy}" if state.lens else ""


def lens_notice(state: State, unmatched: str = "") -> str:
    """Say what the verdict under the lens rests on; `unmatched` is a filter that no row fits."""
    lens = state.lens
    if lens is None:
        return ""
    if lens.failure:
        return lens.failure
    if not lens.ready:
        return f"Judging as if NumPy {lens.numpy} were installed… What is listed is what is there."
    said = f"As if NumPy {lens.numpy} were installed: binaries and metadata only. L goes back."
    if lens.numpy.startswith("1.") and state.target and state.target.version >= NO_NUMPY1:
        said += f" NumPy 1 has no wheels for Python {state.target.python}."
    if unmatched:
        return f'{said} Nothing matches "{unmatched}".'
    grave = state.count(Severity.BROKEN) or state.count(Severity.WARNING)
    return said if grave else f"{said} Nothing speaks against it."


def second_line(state: State, tabs: Line, width: int, signs: Signs) -> Line:
    """Return the second line: the panes, what came of the last fix or what is examined, and how far it is."""
    right: Line = (*progress(state, signs), (" ", ""))
    said = said_of(state.work)
    left = (*tabs, (f" {signs.dot} ", "faint"), (said.brief, said.role)) if said else tabs
    if width_of(left) + width_of(right) >= width:
        right = (*brief_progress(state, signs), (" ", ""))
    if said:
        return spread(left, right, width, signs.more)
    parts = ["read-only"] if state.locked else []
    parts += ["npdoctor is inside"] if state.has_npdoctor else []
    parts += [f"chosen: {state.choice.why}"] if state.choice else []
    if state.diagnosis and not state.lens:
        numpy = state.diagnosis.snapshot.version_of("numpy")
        parts.append(f"NumPy {numpy}" if numpy else "no NumPy")
    left = tabs
    for part in parts:
        more = (*left, (f" {signs.dot} {signs.text(part)}", "faint"))
        if width_of(more) + width_of(right) < width:
            left = more
    return spread(left, right, width, signs.more)


def progress(state: State, signs: Signs) -> Line:
    """Return how far the examination is, in words and as a bar; it stands still while files are changed."""
    if isinstance(state.work, (Carrying, TakingBack)):
        return (("undoing" if isinstance(state.work, TakingBack) else "changing files", "strong"),)
    if state.lens:
        return ((lens_words(state), "warning"),)
    if state.failure:
        return (("stopped", "broken"),)
    if state.is_trying and state.again:
        tried = f" {state.again.done[0]}/{state.again.done[1]}" if state.again.done else ""
        return (("trying ", ""), (f"{state.again.name}{tried}", ""))
    if state.final:
        return ((finished(state), ""),)
    if state.imported:
        done, total = state.imported
        filled = BAR * done // max(total, 1)
        bar = signs.full * filled + signs.empty * (BAR - filled)
        left = f" ~{state.left} s" if state.left and not state.paused else ""
        word = "paused " if state.paused else "importing "
        return ((word, "strong" if state.paused else ""), (bar, ""), (f" {done}/{total}{left}", ""))
    return ((stage(state), ""),) if state.diagnosis else ()


def finished(state: State) -> str:
    """Say what was done and how long it took."""
    diagnosis = state.diagnosis
    imported = sum(d.imported for d in diagnosis.distributions) if diagnosis else 0
    extensions = diagnosis.extensions if diagnosis else 0
    took = "" if state.seconds is None else f", {state.seconds} s"
    return f"{imported}/{extensions} imports work{took}" if extensions else f"checked{took}"


def short_progress(state: State) -> str:
    """Say in a word what came of the last fix, or how far the examination is."""
    said = said_of(state.work)
    if said:
        return said.brief
    if state.lens:
        return lens_words(state)
    if state.is_trying:
        return "trying again"
    if state.final or not state.diagnosis:
        return ""
    if state.failure:
        return "stopped"
    if state.paused:
        return "paused"
    return f"importing {state.imported[0]}/{state.imported[1]}" if state.imported else "importing"


def stage(state: State) -> str:
    """Name the stage that runs before the first verdict."""
    if state.failure:
        return "stopped"
    if state.diagnosis:
        return "paused" if state.paused else "importing"
    if state.read:
        return f"Reading {state.read[0]}/{state.read[1]} binaries…"
    if state.target:
        return "Reading installed packages…"
    return "Starting…"


def notice(state: State) -> str:
    """Return the sentence that stands above the list, empty where the rows say everything."""
    if state.failure:
        kept = " What was found before stands below." if state.findings else ""
        return f"{state.failure.words}{kept}"
    if state.diagnosis is None:
        return _looking(state)
    if state.count(Severity.BROKEN) or state.count(Severity.WARNING):
        return ""
    if state.final:
        ignored = f" {number(len(state.ignored), 'finding')} ignored." if state.ignored else ""
        return f"{no_problems(state.diagnosis)}{ignored}"
    total = state.imported[1] if state.imported else state.diagnosis.extensions
    left = total - (state.imported[0] if state.imported else 0)
    if state.paused:
        return f"Nothing broken so far. Paused, {left} of {number(total, 'extension')} still to check."
    time = f" (~{state.left} s)" if state.left else ""
    return f"Nothing broken so far. {left} of {number(total, 'extension')} still to check{time}."


def _looking(state: State) -> str:
    if state.choice is None:
        return "Choosing a Python…"
    if state.target is None:
        return f"Asking {state.choice.executable} what it is…"
    if state.read:
        return f"Reading installed packages… {state.read[0]} of {state.read[1]} binaries."
    return "Reading installed packages…"


def one_line(state: State, width: int, signs: Signs) -> Line:
    """Return all that fits where there is room for one short line."""
    if state.failure or not state.diagnosis:
        return fit(((signs.text(stage(state)), ""),), width, signs.more)
    found = counts(state, signs, words=False)
    if state.lens:
        return fit(((f"{lens_words(state)} ", "warning"), *found), width, signs.more)
    if state.imported and not state.ended:
        done, total = state.imported
        found = (*found, (f" {100 * done // max(total, 1)}%", ""))
    return fit(found, width, signs.more)


def closing_line(state: State, signs: Signs) -> str:
    """Return the one line that stays in the scrollback."""
    if isinstance(state.work, (Carrying, TakingBack)):
        return "npdoctor: left while files were being changed. npdoctor fix --undo puts everything back."
    if state.failure:
        return signs.text(state.failure.words)
    if state.diagnosis is None:
        return "npdoctor: left before anything was found."
    parts = [
        f"{state.count(Severity.BROKEN)} broken",
        number(state.count(Severity.WARNING), "warning"),
        f"{state.count(Severity.UNKNOWN)} unknown",
    ]
    done, total = state.imported or (0, state.diagnosis.extensions)
    unfinished = "" if state.final else f" (left after {done} of {total} imports)"
    return signs.text(f"npdoctor: {', '.join(parts)}{unfinished} {signs.dot} npdoctor check")
