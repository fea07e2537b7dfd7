"""The same environment as if the other NumPy were installed, judged in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from npdoctor.diagnose.engine import diagnose
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.numpy_releases import NUMPY_1, NUMPY_2
from npdoctor.model.requirement import parsed_version
from npdoctor.tui.bench import Case
from npdoctor.tui.state import Lens, State


def other_numpy(installed: str | None, python: tuple[int, int, int]) -> str:
    """Return the newest release of the other major for this Python, or for the nearest that has one."""
    version = parsed_version(installed)
    releases = NUMPY_1 if version and version.major >= 2 else NUMPY_2
    return next((release for oldest, release in releases if python[:2] >= oldest), releases[-1][1])


def as_if(case: Case, numpy: str) -> Diagnosis:
    """Judge by binaries and metadata alone: what was imported says nothing of another NumPy."""
    snapshot = case.diagnosis.snapshot
    assumed = {**snapshot.assumed, "numpy": numpy}
    return diagnose(replace(snapshot, assumed=assumed, imports={}, smoke=()), case.book)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look through the lens; `diagnosis` is None while it is judged."""

    numpy: str
    diagnosis: Diagnosis | None = None
    failure: str = ""


class Lenses:
    """Turns the lens on and off; `veil` takes a diagnosis behind the redactor."""

    def __init__(self, veil: Callable[[Diagnosis], Diagnosis], reason: Callable[[Exception], str]) -> None:
        self._veil = veil
        self._reason = reason
        self._look: _Look | None = None

    def turn(self, case: Case | None) -> None:
        """Show the environment as if the other NumPy were installed, or again as it is."""
        if self._look:
            self.put_away()
        elif case:
            snapshot = case.diagnosis.snapshot
            numpy = other_numpy(snapshot.version_of("numpy"), snapshot.target.version)
            look = self._look = _Look(numpy)
            thread = threading.Thread(
                target=self._judge, args=(look, case), name="npdoctor-lens", daemon=True
            )
            thread.start()

    def put_away(self) -> None:
        """Show the environment as it is."""
        self._look = None

    def over(self, state: State) -> State:
        """Return the state as it looks through the lens, where it is on."""
        look = self._look
        if look is None:
            return state
        lens = Lens(look.numpy, look.diagnosis is not None, look.failure)
        return replace(state, lens=lens, diagnosis=look.diagnosis or state.diagnosis)

    def _judge(self, look: _Look, case: Case) -> None:
        try:
            done = replace(look, diagnosis=self._veil(as_if(case, look.numpy)))
        except Exception as error:
            done = replace(look, failure=self._reason(error))
        if self._look is look:
            self._look = done
