"""Import one distribution again, with more time where it gave no answer; all else keeps its verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from npdoctor.checkup import Listener, Request
from npdoctor.diagnose.engine import diagnose
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.outcome import Imported, NoAnswer, Outcome
from npdoctor.model.snapshot import Snapshot
from npdoctor.probe.control import Control
from npdoctor.report.prose import number
from npdoctor.tui.bench import Case, Examine

LONGER = 60.0


class Trying(Listener):
    """Hears how many modules were tried; `hear` takes how many, and of how many."""

    def __init__(self, hear: Callable[[int, int], None]) -> None:
        self._hear = hear

    def importing(self, done: int, total: int, path: str, outcome: Outcome | None) -> None:  # noqa: ARG002
        """Pass the numbers on."""
        self._hear(done, total)


def has_imports(diagnosis: Diagnosis, name: str) -> bool:
    """Tell whether there is anything of a distribution to import."""
    return any(one.name == name and one.extensions for one in diagnosis.distributions)


def time_for(diagnosis: Diagnosis, name: str, usual: float) -> float:
    """Return the seconds that each import gets: more than usual where one gave no answer."""
    silent = any(isinstance(outcome, NoAnswer) for outcome in _outcomes(diagnosis.snapshot, name))
    return max(usual, LONGER) if silent else usual


def tried_again(
    case: Case, request: Request, name: str, work: Examine, listener: Listener, control: Control
) -> Diagnosis:
    """Read the environment anew, import this distribution, and judge; the other imports are those of before.

    Raises what an examination raises.
    """
    from npdoctor.fix.rehearsal.compare import completed

    seen = work(replace(request, only=frozenset({name})), case.book, listener, control)
    return diagnose(completed(seen.snapshot, case.diagnosis.snapshot, {name}, ()), case.book)


def came_of_it(diagnosis: Diagnosis, name: str, seconds: float) -> str:
    """Say what came of importing a distribution again."""
    outcomes = _outcomes(diagnosis.snapshot, name)
    if not outcomes:
        return f"{name} has nothing to import any more. It was looked at again."
    well = sum(isinstance(outcome, Imported) for outcome in outcomes)
    silent = sum(isinstance(outcome, NoAnswer) for outcome in outcomes)
    said = f"{name} was tried again: {well} of {number(len(outcomes), 'import')} work."
    if silent:
        said += f" No answer from {silent} in {seconds:g} s. That is not the same as broken."
    return said


def _outcomes(snapshot: Snapshot, name: str) -> tuple[Outcome, ...]:
    paths = (binary.path for binary in snapshot.binaries if binary.distribution == name)
    return tuple(snapshot.imports[path] for path in paths if path in snapshot.imports)
