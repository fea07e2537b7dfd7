"""Name why a program failed: by its ending, its crash and its texts, in this order of proof."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace

from npdoctor.diagnose.signatures import Match, explain_text
from npdoctor.model.rules import RuleBook
from npdoctor.model.run import Cause, Crash, Ending, Exited, Stopped
from npdoctor.watch.crash import suspects

GENERAL = frozenset({"killed-by-signal", "killed-for-memory", "illegal-instruction"})
SMALL_SHM = 64 << 20
MOST_MODULES = 6
LAST_LINES = 40
_TRACEBACK = re.compile(r"^[^\n]{0,60}Traceback \(most recent call last\):", re.M)
_CHAINED = re.compile(r"(?:direct cause of the following|handling of the above) exception[^\n]*\s*\Z")
_FATAL = re.compile(r"^Fatal Python error: ", re.M)
_RAISED = re.compile(r"^(?:\[rank\d+\]: )?([A-Za-z_][\w.]{0,200}(?::[^\n]*)?)$", re.M)
_NO_MEMORY = re.compile(
    r"^(?:[\w.]*MemoryError\b[^\n]*|OSError: \[Errno 12\][^\n]*|[^\n]{0,80}std::bad_alloc[^\n]*)", re.M
)
# A program can die long after its imports.
_TITLES = {"NPD108": "Died in compiled code"}
_SAYS = {
    signal.SIGSEGV: "a memory access that is not allowed",
    signal.SIGABRT: "an abort by its own code",
    signal.SIGFPE: "an arithmetic fault",
    signal.SIGBUS: "a bus error",
    signal.SIGILL: "an instruction that this CPU does not have",
}


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known when a program has ended.

    `kills` is by how much the kernel's count of processes killed for memory rose, None where there is no
    count; `shm` is the size of /dev/shm in bytes.
    """

    ending: Ending
    stderr: str
    stdout: str
    crash: Crash | None
    kills: int | None
    shm: int | None


def causes_of(clues: Clues, book: RuleBook) -> tuple[Cause, ...]:
    """Return the cause first, then what else was seen; nothing for a good end or one that was asked for."""
    if isinstance(clues.ending, Stopped) or clues.ending == Exited(0):
        return ()
    found = _unique(_in_order(clues, book))
    return tuple(replace(cause, title=_TITLES.get(cause.code, "")) for cause in found)


def signal_of(ending: Ending) -> int | None:
    """Return the signal that ended it, also where a shell in between made 128 and its number of it."""
    if isinstance(ending, Exited):
        return ending.code - 128 if 128 < ending.code <= 128 + signal.SIGRTMAX else None
    return ending.number


def _in_order(clues: Clues, book: RuleBook) -> Iterator[Cause]:
    number = signal_of(clues.ending)
    if number == signal.SIGKILL and clues.kills:
        yield _killed_for_memory(clues.kills)
    end = last_words(clues.stderr)
    late = [match for match in explain_text(end, book) if match.signature.role == "cause"]
    yield from (_recognised(match) for match in late if match.signature.id not in GENERAL)
    yield from _by_signal(number, clues, end)
    if found := _last_match(_NO_MEMORY, end):
        yield _no_memory(found[0])
    yield from (_recognised(match) for match in late if match.signature.id in GENERAL)
    for text in (clues.stderr, clues.stdout):
        for match in explain_text(text, book):
            if match.signature.role == "cause" and match.signature.id not in GENERAL:
                yield _recognised(match, earlier=True)
    if not late and number is None and (raised := _raised(end)):
        yield Cause("", "It raised an exception that the rule book does not know.", evidence=(raised,))


def _unique(causes: Iterator[Cause]) -> Iterator[Cause]:
    """Keep the first cause of each code; an unknown exception comes before what stood earlier."""
    found: dict[str, Cause] = {}
    for cause in causes:
        if cause.rule in GENERAL and found:
            continue
        found.setdefault(cause.code or cause.words, cause)
    yield from sorted(found.values(), key=lambda cause: cause.earlier)


def last_words(text: str) -> str:
    """Return the last traceback with those that led to it, or the crash, up to the end; else the end."""
    starts = [match.start() for match in _TRACEBACK.finditer(text)]
    fatal = _last_match(_FATAL, text)
    if fatal and (not starts or fatal.start() > starts[-1]):
        return text[_lines_before(text, fatal.start(), 3) :]
    if not starts:
        return text[_lines_before(text, len(text), LAST_LINES) :]
    begin = starts.pop()
    while starts and _CHAINED.search(text[starts[-1] : begin].rstrip()):
        begin = starts.pop()
    return text[begin:]


def _lines_before(text: str, place: int, count: int) -> int:
    for _ in range(count + 1):
        place = text.rfind("\n", 0, place)
        if place < 0:
            return 0
    return place + 1


def _last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    last = None
    for last in pattern.finditer(text):  # noqa: B007 - only the last one is wanted
        pass
    return last


def _raised(end: str) -> str:
    """Return the line that names the exception of a traceback."""
    start = _TRACEBACK.search(end)
    last = _last_match(_RAISED, end[start.end() :]) if start else None
    return last[1][:400] if last else ""


def _recognised(match: Match, earlier: bool = False) -> Cause:
    return Cause(
        match.signature.code,
        match.cause,
        match.remedy,
        match.signature.id,
        tuple(line.strip() for line in match.excerpt.split("\n") if line.strip())[:4],
        earlier,
    )


def _by_signal(number: int | None, clues: Clues, end: str) -> Iterator[Cause]:
    if number == signal.SIGILL:
        words = "It used a CPU instruction that this machine does not offer, or ran into damaged code."
        remedy = "Install a build of the named package for an older CPU, or choose another host."
        yield Cause("NPD112", words, remedy, evidence=_where(clues.crash))
    elif number == signal.SIGBUS:
        yield _bus_error(clues)
    elif number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE):
        yield _died(number, clues.crash, end)
    elif number == signal.SIGKILL and not clues.kills:
        yield _killed(clues)


def _died(number: int, crash: Crash | None, end: str) -> Cause:
    says = _SAYS[signal.Signals(number)]
    package = suspects(crash)[0] if crash else ""
    if crash and crash.library:
        words = f"It died in compiled code, in {crash.library}: {says}."
    elif package:
        words = f"It died in compiled code called by {package}: {says}."
    else:
        words = f"It died in compiled code: {says}."
    remedy = "Run npdoctor check: it says which extension modules do not fit. Else reinstall what is named."
    before = end.partition("Fatal Python error: ")[0].strip().split("\n")[-1:] if crash else []
    said = tuple(line.strip() for line in before if line.strip() and not line.startswith(" "))
    return Cause("NPD108", words, remedy, evidence=said + _where(crash))


def _where(crash: Crash | None) -> tuple[str, ...]:
    """Say where it died and what was loaded there."""
    if crash is None:
        return ("No dump of faulthandler was seen: the program is not Python, or has its own handler.",)
    lines = [f"in {crash.library}"] if crash.library else []
    lines += [f"{crash.kind} at {crash.frames[0]}"] if crash.frames else [f"{crash.kind}, no Python frame"]
    lines += [f"called by {frame}" for frame in crash.frames[1:3]]
    package, loaded = suspects(crash)
    if package:
        more = len(loaded) - MOST_MODULES
        rest = f" and {more} more" if more > 0 else ""
        lines.append(f"extension modules of {package}: {', '.join(loaded[:MOST_MODULES])}{rest}")
    if crash.modules:
        lines.append(f"{len(crash.modules)} extension modules were loaded")
    return tuple(lines)


def _bus_error(clues: Clues) -> Cause:
    where = _where(clues.crash)
    if clues.shm is not None and clues.shm <= SMALL_SHM:
        size = f"/dev/shm holds only {clues.shm >> 20} MiB"  # noqa: S108
        words = f"It died of a bus error, and {size}: shared memory most likely ran out."
        remedy = "Give the container a larger /dev/shm, or load data without worker processes."
        return Cause("NPD402", words, remedy, evidence=where)
    words = "It died of a bus error: a file that is mapped into memory is shorter than it should be."
    remedy = "Look for a truncated library or data file (npdoctor check), and for a full disk or /dev/shm."
    return Cause("NPD108", words, remedy, evidence=where)


def _killed_for_memory(kills: int) -> Cause:
    words = "The kernel killed it because memory ran out."
    remedy = "Use smaller batches or fewer workers, or ask for more memory."
    count = f"the kernel's count of processes killed for memory rose by {kills} meanwhile"
    return Cause("NPD401", words, remedy, evidence=(count,))


def _killed(clues: Clues) -> Cause:
    if clues.kills is None:
        words = "It was killed from outside. Whether memory ran out is unknown: no count can be read here."
        return Cause("NPD401", words, "Compare the peak above with the memory limit of the container.")
    words = "It was killed from outside, and not for memory: the kernel's count of such kills did not rise."
    return Cause("", words, "Look for who sends signals: a job scheduler, a time limit, another program.")


def _no_memory(line: str) -> Cause:
    words = "It asked for more memory than it could get."
    remedy = "Use smaller batches or data types, or ask for more memory. ulimit -v limits it too."
    return Cause("NPD401", words, remedy, evidence=(line.strip()[:300],))
