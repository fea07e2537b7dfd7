"""The workflow: choose, describe, read, judge, import, judge again. Both faces call it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from npdoctor.diagnose.engine import diagnose
from npdoctor.diagnose.linkage import is_foreign
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Severity
from npdoctor.model.machine import AssumedMachine
from npdoctor.model.outcome import ImportJob, Outcome
from npdoctor.model.rules import RuleBook, SmokeTest
from npdoctor.model.snapshot import ProbeFailure, SmokeResult, Snapshot
from npdoctor.model.target import Choice, Target
from npdoctor.probe.control import Control
from npdoctor.probe.describe import describe
from npdoctor.probe.locate import choose
from npdoctor.probe.read import read_environment

VERDICT_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    """What a face asks for. `timeout` is in seconds per import; `jobs` 0 means one for each core.

    `only` limits imports and functional tests to these distributions; all the rest is still read. `why`
    is the reason to show for the choice of `python`, where no person made it.
    """

    python: str | None = None
    assume: Mapping[str, str] = field(default_factory=dict)
    imports: bool = True
    smoke: bool = False
    timeout: float = 20.0
    jobs: int = 0
    working_folder: str = "."
    only: frozenset[str] | None = None
    why: str = ""
    machine: AssumedMachine | None = None


class Listener:
    """Hears how an examination goes; this one says nothing, a face overrides what it shows.

    `live` asks for verdicts while the imports go on, beside the first and the final one.
    """

    live = False

    def target_chosen(self, choice: Choice) -> None:
        """Hear which interpreter will be examined."""

    def described(self, target: Target) -> None:
        """Hear what the interpreter says of itself."""

    def reading(self, done: int, total: int) -> None:
        """Hear how many binaries were read."""

    def verdict(self, diagnosis: Diagnosis, final: bool) -> None:
        """Hear the verdict so far: first the static one, then as evidence arrives, then the final one."""

    def importing(self, done: int, total: int, path: str, outcome: Outcome | None) -> None:
        """Hear what became of one import."""


def examine(
    request: Request, book: RuleBook, listener: Listener | None = None, control: Control | None = None
) -> Diagnosis:
    """Examine one interpreter and return the diagnosis.

    Raises TargetError where it cannot be examined, Cancelled where `control` says so.
    """
    listener = listener or Listener()
    control = control or Control()
    choice = choose(request.python, os.environ, working_folder=request.working_folder)
    if request.why:
        choice = replace(choice, why=request.why)
    listener.target_chosen(choice)
    target = describe(choice, working_folder=request.working_folder)
    listener.described(target)
    snapshot = read_environment(
        target, request.working_folder, listener.reading, request.assume, request.machine, control
    )
    if not request.imports or request.assume or request.machine:
        diagnosis = diagnose(snapshot, book)
    else:
        first = diagnose(snapshot, book)
        listener.verdict(first, False)
        diagnosis = diagnose(_import_all(first, request, book, listener, control), book)
    listener.verdict(diagnosis, True)
    return diagnosis


def import_jobs(snapshot: Snapshot) -> tuple[ImportJob, ...]:
    """Return every extension module to import, and those for another Python, which must fail."""
    own = {(b.distribution, b.module) for b in snapshot.binaries if b.module}
    return tuple(
        ImportJob(b.path, b.module or b.module_stem or "", b.distribution)
        for b in snapshot.binaries
        if b.module or (is_foreign(b) and (b.distribution, b.module_stem) not in own)
    )


def suspects(diagnosis: Diagnosis) -> frozenset[str]:
    """Return the subjects that the verdict calls broken or at risk: they are imported first."""
    grave = (Severity.BROKEN, Severity.WARNING)
    return frozenset(finding.subject for finding in diagnosis.findings if finding.severity in grave)


def _import_all(
    first: Diagnosis, request: Request, book: RuleBook, listener: Listener, control: Control
) -> Snapshot:
    """Import everything, and run the functional tests if asked; return the snapshot with the outcomes."""
    from npdoctor.probe.imports.node import Limits
    from npdoctor.probe.imports.run import memory_limit, run_probe
    from npdoctor.probe.imports.tree import plan_tree

    snapshot = first.snapshot
    only = request.only
    jobs = tuple(job for job in import_jobs(snapshot) if only is None or job.distribution in only)
    programs = _programs(snapshot, book, only) if request.smoke else {}
    branches = plan_tree(jobs, snapshot.effective(), snapshot.target, suspects(first))
    limits = Limits(request.timeout, request.jobs or len(os.sched_getaffinity(0)), memory_limit())
    outcomes: dict[str, Outcome] = {}
    smoke: list[SmokeResult] = []
    total = len(jobs) + len(programs)
    said = time.monotonic()

    def seen() -> Snapshot:
        return replace(snapshot, imports=dict(outcomes), smoke=tuple(smoke))

    def take(job: ImportJob, outcome: Outcome) -> None:
        nonlocal said
        if job in programs:
            smoke.append(SmokeResult(job.module, job.distribution, outcome))
        else:
            outcomes[job.path] = outcome
        listener.importing(len(outcomes) + len(smoke), total, job.path, outcome)
        if listener.live and time.monotonic() - said > VERDICT_PAUSE:
            listener.verdict(diagnose(seen(), book), False)
            said = time.monotonic()

    sources = {job: test.code for job, test in programs.items()}
    try:
        run_probe(snapshot.target, branches, limits, control, take, sources)
    except OSError as error:
        failure = ProbeFailure("import probe", f"{type(error).__name__}: {error}")
        return replace(seen(), failures=(*snapshot.failures, failure))
    return seen()


def _programs(snapshot: Snapshot, book: RuleBook, only: frozenset[str] | None) -> dict[ImportJob, SmokeTest]:
    """Return the functional tests of the distributions that are installed, of `only` those if given."""
    installed = snapshot.effective()
    found = {}
    for test in book.smoke:
        owner = next((name for name in test.distributions if name in installed), None)
        if owner and (only is None or owner in only) and all(need in installed for need in test.needs):
            found[ImportJob(f"smoke:{test.id}", test.id, owner)] = test
    return found
