"""Decide when an outcome is final: what failed beside others is first tried again alone."""

from __future__ import annotations

from collections.abc import Callable

from npdoctor.model.outcome import FAILED, ImportJob, NotTried, Outcome
from npdoctor.probe.imports.records import sameness

OnOutcome = Callable[[ImportJob, Outcome], None]
Key = tuple[object, ...]


class Settlement:
    """Tells each job's outcome once; one attempt alone decides for all that failed in the same way."""

    def __init__(self, on_outcome: OnOutcome, try_alone: Callable[[ImportJob], None]) -> None:
        self._on_outcome = on_outcome
        self._try_alone = try_alone
        self._groups: dict[Key, list[tuple[ImportJob, Outcome]]] = {}
        self._confirmed: set[Key] = set()
        self.told: set[str] = set()

    def tell(self, job: ImportJob, outcome: Outcome) -> None:
        """Tell an outcome that is final."""
        if job.path not in self.told:
            self.told.add(job.path)
            self._on_outcome(job, outcome)

    def take(self, job: ImportJob, outcome: Outcome) -> None:
        """Take the outcome of an import in the tree; a failure is told only when it was confirmed."""
        key = sameness(job, outcome)
        if isinstance(outcome, NotTried) or not isinstance(outcome, FAILED) or key in self._confirmed:
            self.tell(job, outcome)
            return
        group = self._groups.setdefault(key, [])
        group.append((job, outcome))
        if len(group) == 1:
            self._try_alone(job)

    def take_alone(self, job: ImportJob, outcome: Outcome) -> None:
        """Take the outcome of an attempt alone: it is final, and decides for its group."""
        self.tell(job, outcome)
        for key, group in tuple(self._groups.items()):
            if group[0][0].path != job.path:
                continue
            del self._groups[key]
            failed = isinstance(outcome, FAILED)
            if failed:
                self._confirmed.add(key)
            for other, earlier in group[1:]:
                if failed:
                    self.tell(other, earlier)
                else:
                    self._try_alone(other)
