"""Fixes written by hand, and a stand-in for the workflow that makes them and records what it is asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from npdoctor.fix.write.outcome import UndoConflict, Undone, UndoOutcome
from npdoctor.model.index import Wheel
from npdoctor.model.mending import Mending, Refusal
from npdoctor.model.plan import Change, Conflict, Entry, FileEdit, Plan, Rehearsal, Stage, Strategy, Verified
from npdoctor.probe.control import Control
from npdoctor.tui.bench import Case, Ears

BEFORE = b"numpy\npandas==2.1.4\nscipy==1.11.4\nrequests\n"
AFTER = b"numpy\npandas==2.2.3\nscipy==1.13.1\nrequests\n"
EDIT = FileEdit("/workspace/requirements.txt", BEFORE, AFTER)
READ = "its wheel names numpy._core in 41 of 41 files"
PANDAS = Change(
    "pandas", "2.1.4", "2.2.3", f"fails under NumPy 2.1.3; {READ}", Verified.REHEARSED,
    Wheel("pandas", "2.2.3", "pandas-2.2.3.whl", "https://files.example/pandas.whl", size=13_100_000),
)  # fmt: skip
SCIPY = Change("scipy", "1.11.4", "1.13.1", f"fails under NumPy 2.1.3; {READ}", Verified.BINARY)
TZDATA = Change("tzdata", None, "2025.2", "required by what changes")
PLAN = Plan(
    id="20260101-120000-ab12",
    strategy=Strategy.NEAREST,
    engine="uv",
    subjects=("pandas", "scipy"),
    changes=(PANDAS, SCIPY, TZDATA),
    pins=("pandas==2.2.3", "scipy==1.13.1", "tzdata==2025.2"),
    edits=(EDIT,),
    commands=(("uv", "pip", "install", "--python", "/workspace/venv/bin/python", "pandas==2.2.3"),),
    steps=("flash-attn has no wheel for this Python: build it from source.",),
    notes=("nothing else was touched",),
)
REHEARSAL = Rehearsal(("opencv-python-headless", "pandas", "scipy"), ("opencv-python-headless",), seconds=4.2)
GOOD = Mending(PLAN, REHEARSAL)
BACK = replace(
    GOOD,
    plan=replace(PLAN, strategy=Strategy.BACK, edits=(), changes=(Change("numpy", "2.1.3", "1.26.4", "x"),)),
)
REFUSED = Mending(
    PLAN,
    None,
    (Refusal("Debian manages this Python.", "Use a virtual environment."),),
    unrehearsed="no room.",
)
IMPOSSIBLE = Mending(
    Plan("1", Strategy.LATEST, "uv", ("pandas",), impossible="pandas>=3 needs Python 3.12.\nThis is 3.11.")
)
WHEN = 1_767_276_000.0  # 2026-01-01 14:00 UTC
ENTRY = Entry("7", WHEN, "/workspace/venv", Stage.APPLIED, PLAN.changes, (EDIT.path,))
OLDER = replace(ENTRY, id="6", when=WHEN - 86_400, stage=Stage.UNDONE, changes=(SCIPY,))
CUT_OFF = replace(ENTRY, id="5", when=WHEN - 2 * 86_400, stage=Stage.APPLYING, files=())
UNDONE = Undone(ENTRY, (EDIT.path,), 812, 790)
CONFLICT = UndoConflict(
    ENTRY,
    (
        Conflict(EDIT.path, "the file as npdoctor wrote it", "edited since", BEFORE, AFTER + b"rich\n"),
        Conflict("scipy", "version 1.13.1", "version 1.14.0"),
    ),
)


@dataclass
class StandInBench:
    """Answers as told; a gate that is cleared holds back what is going on."""

    plans: dict[Strategy, Mending | Exception] = field(default_factory=lambda: dict.fromkeys(Strategy, GOOD))
    becomes: Mending | Exception | None = None
    undoing: UndoOutcome | Exception = UNDONE
    history: tuple[Entry, ...] = ()
    asked: list[tuple[str, object]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    steps: tuple[str, ...] = ("round 1: resolving", "round 2: reading 3 wheels on the index")
    lines: tuple[str, ...] = ("Downloading pandas (12.5MiB)",)

    def __post_init__(self) -> None:
        self.gate.set()

    def fixer(
        self, case: Case, strategy: Strategy, only: frozenset[str], ears: Ears, control: Control
    ) -> StandInFixer:
        return StandInFixer(self, strategy, only, ears, control)

    def take_back(self, entry_id: str, prefix: str, ears: Ears) -> UndoOutcome:
        self.asked.append(("undo", entry_id))
        ears.step("removing 790")
        ears.step("restoring 812")
        assert self.gate.wait(5)
        if isinstance(self.undoing, Exception):
            raise self.undoing
        if isinstance(self.undoing, Undone):
            self.history = tuple(
                replace(e, stage=Stage.UNDONE) if e.id == entry_id else e for e in self.history
            )
        return self.undoing

    def entries(self, prefix: str) -> tuple[Entry, ...]:
        return self.history

    @property
    def altered(self) -> list[str]:
        """Name what was asked for that changes anything."""
        return [what for what, _ in self.asked if what != "plan"]


@dataclass
class StandInFixer:
    """One plan of the stand-in."""

    bench: StandInBench
    strategy: Strategy
    only: frozenset[str]
    ears: Ears
    control: Control

    def plan(self) -> Mending:
        self.bench.asked.append(("plan", (self.strategy.value, self.only)))
        for words in self.bench.steps:
            self.ears.step(words)
        assert self.bench.gate.wait(5)
        answer = self.bench.plans[self.strategy]
        if isinstance(answer, Exception):
            raise answer
        return replace(answer, plan=replace(answer.plan, strategy=self.strategy))

    def write(self, mending: Mending) -> Mending:
        self.bench.asked.append(("write", mending.plan.strategy.value))
        return self._carried(replace(mending, written=(EDIT.path,), entry="7"))

    def apply(self, mending: Mending) -> Mending:
        self.bench.asked.append(("apply", mending.plan.strategy.value))
        for words in ("preparing", "keeping", "installing"):
            self.ears.step(words)
        for line in self.bench.lines:
            self.ears.line(line)
        assert self.bench.gate.wait(5)
        if self.control.cancelled:
            return replace(mending, failure="It was stopped before it was done.", undone=True, entry="7")
        return self._carried(replace(mending, applied=True, left=(), written=(EDIT.path,), entry="7"))

    def _carried(self, good: Mending) -> Mending:
        becomes = self.bench.becomes
        if not isinstance(becomes, OSError):
            self.bench.history = (ENTRY, *self.bench.history)
        if isinstance(becomes, Exception):
            raise becomes
        return becomes or good
