"""The extension modules of each distribution, and what became of importing them so far; pure."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from npdoctor.checkup import import_jobs
from npdoctor.diagnose.context import Context
from npdoctor.diagnose.imports import root_message
from npdoctor.model.binary import Binary, NumpyAbi
from npdoctor.model.outcome import Died, Imported, NoAnswer, NotTried, Outcome, Raised
from npdoctor.model.requirement import parsed_version
from npdoctor.report.prose import number
from npdoctor.tui.latest import Latest
from npdoctor.tui.sorting import Sort
from npdoctor.tui.state import State

# In the order of the list: what failed, what could not be looked at, what is to come, what is well.
RANKS = {state: rank for rank, state in enumerate(("fail", "crash", "slow", "run", "wait", "skip", "ok"))}
SEVERITIES = {"fail": "broken", "crash": "broken", "slow": "unknown", "skip": "unknown"}
_LIBRARIES = (("torch", re.compile(r"libtorch")), ("cuda", re.compile(r"libcudart\.so\.(\d+)")))


@dataclass(frozen=True, slots=True)
class Extension:
    """The modules of one distribution, and what became of those that were tried, in order of arrival.

    `may_fail` are paths of modules that the rule book calls optional.
    """

    name: str
    version: str
    state: str
    files: tuple[Binary, ...] = field(repr=False)
    outcomes: dict[str, Outcome] = field(repr=False)
    may_fail: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Return what tells it from the others."""
        return self.name

    @property
    def seconds(self) -> float | None:
        """Return how long the imports took in all, as far as that is known."""
        known = [took for outcome in self.outcomes.values() if (took := seconds_of(outcome)) is not None]
        return sum(known) if known else None


def seconds_of(outcome: Outcome) -> float | None:
    """Return how long one import took; of a process that died it is not known."""
    if isinstance(outcome, (Imported, Raised)):
        return outcome.seconds
    return outcome.limit if isinstance(outcome, NoAnswer) else None


def state_of(outcome: Outcome) -> str:
    """Return the word for one outcome."""
    if isinstance(outcome, Raised):
        return "fail"
    if isinstance(outcome, Died):
        return "crash"
    if isinstance(outcome, NoAnswer):
        return "slow"
    return "ok" if isinstance(outcome, Imported) else "skip"


def answer_of(outcome: Outcome) -> str:
    """Return in a few words what an import answered."""
    if isinstance(outcome, Raised):
        return outcome.exceptions[-1].type.rpartition(".")[2] if outcome.exceptions else "raised"
    if isinstance(outcome, Imported):
        return "imported"
    if isinstance(outcome, Died) and outcome.signal in set(signal.Signals):
        return signal.Signals(outcome.signal).name
    return outcome.reason if isinstance(outcome, NotTried) else root_message(outcome)


def _made(state: State) -> tuple[Extension, ...]:
    if state.diagnosis is None:
        return ()
    snapshot = state.diagnosis.snapshot
    wanted = {job.path for job in import_jobs(snapshot)}
    files: dict[str, list[Binary]] = {}
    for binary in snapshot.binaries:
        if binary.path in wanted:
            files.setdefault(binary.distribution, []).append(binary)
    outcomes: dict[str, dict[str, Outcome]] = {}
    owners = {binary.path: binary.distribution for binary in snapshot.binaries}
    for path, outcome in snapshot.imports.items():
        if path in wanted:
            outcomes.setdefault(owners[path], {})[path] = outcome
    context = Context(snapshot, state.book) if state.book else None
    going_on = not state.ended and not state.lens and not state.paused
    installed = snapshot.effective()
    rows = []
    for name, members in files.items():
        answers = outcomes.get(name, {})
        grave = {b.path for b, _ in context.failures.get(name, ())} if context else answers.keys()
        failed = frozenset(path for path, outcome in answers.items() if state_of(outcome) != "ok") - grave
        may_fail = frozenset(p for p in failed if not isinstance(answers[p], NotTried))
        version = installed[name].version if name in installed else ""
        word = _state(len(members), answers, may_fail, going_on, state.ended or bool(state.lens))
        rows.append(Extension(name, version, word, tuple(members), answers, may_fail))
    return tuple(sorted(rows, key=lambda row: (RANKS[row.state], row.name)))


def _state(
    total: int, answers: dict[str, Outcome], may_fail: frozenset[str], going_on: bool, ended: bool
) -> str:
    words = {state_of(outcome) for path, outcome in answers.items() if path not in may_fail}
    worst = min(words, key=RANKS.__getitem__, default="ok")
    if worst in ("fail", "crash", "slow"):
        return worst
    if len(answers) < total:
        if ended:
            return "skip"
        return "run" if answers and going_on else "wait"
    return worst


class _Rows:
    """Makes rows anew where the verdict is another one, or the examination has ended or rests."""

    def __init__(self) -> None:
        self._state = State()
        self._latest: Latest[State, tuple[Extension, ...]] = Latest(_made)

    def __call__(self, state: State) -> tuple[Extension, ...]:
        """Return the rows of this state."""
        if _what_counts(state) != _what_counts(self._state):
            self._state = state
        return self._latest(self._state)


def _what_counts(state: State) -> tuple[object, ...]:
    return id(state.diagnosis), id(state.book), state.ended, state.paused, state.lens


extensions_of = _Rows()


def extension_words(row: Extension) -> tuple[tuple[str, ...], str]:
    """Return what a filter looks at: the states, and the text."""
    severity = SEVERITIES.get(row.state)
    words = (row.state, severity) if severity else (row.state,)
    return words, f"{row.name} {row.version} {built_for(row.files)} {last_answer(row)}"


def _by_version(row: Extension) -> tuple[bool, object, str]:
    version = parsed_version(row.version)
    return version is None, version or 0, row.version


EXTENSION_SORTS: tuple[Sort[Extension], ...] = (
    Sort("state"),
    Sort("name", lambda row: row.name),
    Sort("version", _by_version),
    Sort("extensions", lambda row: -len(row.files)),
)


def extension_count(state: State, rows: int) -> str:
    """Return how many files were tried, of how many, for the tab."""
    if state.diagnosis is None or not rows:
        return ""
    all_rows = extensions_of(state)
    done, total = sum(len(row.outcomes) for row in all_rows), sum(len(row.files) for row in all_rows)
    return str(total) if done == total or state.lens else f"{done}/{total}"


def extension_foot(rows: tuple[Extension, ...]) -> str:
    """Return the line under the list."""
    return f"{number(len(rows), 'distribution')}, {number(sum(len(row.files) for row in rows), 'file')}"


def built_for(files: Iterable[Binary]) -> str:
    """Say what the files themselves name: Python, NumPy, torch, CUDA."""
    files = tuple(files)
    tags = sorted({f.python_tag.replace("cpython-", "cp") for f in files if f.python_tag})
    return " ".join([*tags, *filter(None, (_numpy(files), *_libraries(files)))]) or "-"


def _numpy(files: tuple[Binary, ...]) -> str:
    uses = [f.numpy for f in files if f.numpy and f.numpy.abi is not NumpyAbi.NONE]
    abis = {use.abi for use in uses}
    if not abis:
        return ""
    if NumpyAbi.NUMPY1 in abis:
        return "numpy 1" if len(abis) == 1 else "numpy mixed"
    least = [version for use in uses if (version := parsed_version(use.minimum))]
    return f"numpy {max(least)}+" if least else "numpy 2" if NumpyAbi.NUMPY2 in abis else "numpy 1, 2"


def _libraries(files: tuple[Binary, ...]) -> Iterator[str]:
    needed = {name for file in files for name in file.needed}
    for word, pattern in _LIBRARIES:
        match = next((match for name in sorted(needed) if (match := pattern.match(name))), None)
        if match:
            yield " ".join((word, *match.groups()))


def last_answer(row: Extension) -> str:
    """Return what the gravest import said, or the newest where all is well so far."""
    if not row.outcomes:
        return "-" if row.state == "wait" else "not imported"
    if row.state in ("fail", "crash", "slow", "skip"):
        told = (o for p, o in row.outcomes.items() if state_of(o) == row.state and p not in row.may_fail)
        outcome = next(told, None)
        return answer_of(outcome) if outcome else "not all imported"
    if row.state == "run":
        newest = next(reversed(row.outcomes))
        return next(file.relative.rpartition("/")[2] for file in row.files if file.path == newest)
    return f"imported, {len(row.may_fail)} optional not" if row.may_fail else "imported"
