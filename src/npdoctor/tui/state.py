"""What the screen knows of an examination at one moment; every text in it is redacted."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.errors import EXIT_INTERRUPTED
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Finding, Severity
from npdoctor.model.plan import Entry, Stage
from npdoctor.model.rules import RuleBook
from npdoctor.model.target import Choice, Target
from npdoctor.report.ignored import Ignored
from npdoctor.report.verdict import exit_code
from npdoctor.tui.work import Running, Work


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there will be no verdict; `own` means that npdoctor failed and not the environment."""

    words: str
    exit_code: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class Lens:
    """The verdict shown is of the same environment as if `numpy` were installed.

    Until it is `ready` the verdict is still that of what is there; `failure` says why it never will be.
    """

    numpy: str
    ready: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """One distribution is imported again, or was, as `said` tells once it is over."""

    name: str
    done: tuple[int, int] | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """The newest word on each stage; `seconds` it took so far, `left` is how many it may still take.

    `work` is the fix that goes on or came last; `history` is None until the journal was read. `locked` is a
    folder of the environment that cannot be written to.
    """

    choice: Choice | None = None
    target: Target | None = None
    read: tuple[int, int] | None = None
    imported: tuple[int, int] | None = None
    diagnosis: Diagnosis | None = None
    book: RuleBook | None = None
    final: bool = False
    failure: Failure | None = None
    paused: bool = False
    seconds: int | None = None
    left: int | None = None
    work: Work | None = None
    history: tuple[Entry, ...] | None = None
    ignored: tuple[Ignored, ...] = ()
    lens: Lens | None = None
    again: Again | None = None
    locked: str = ""

    @property
    def is_still(self) -> bool:
        """Tell whether nothing will change until the person does something."""
        judging = self.lens is not None and not (self.lens.ready or self.lens.failure)
        return self.ended and not isinstance(self.work, Running) and not judging and not self.is_trying

    @property
    def is_trying(self) -> bool:
        """Tell whether a distribution is being imported again."""
        return self.again is not None and not self.again.said

    @property
    def newest_fix(self) -> Entry | None:
        """Return the newest fix that is not undone."""
        return next((e for e in self.history or () if e.stage is not Stage.UNDONE), None)

    @property
    def ended(self) -> bool:
        """Tell whether the examination has said its last word."""
        return self.final or self.failure is not None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings so far, gravest first."""
        return self.diagnosis.findings if self.diagnosis else ()

    def count(self, severity: Severity) -> int:
        """Count the findings of one severity."""
        return self.diagnosis.count(severity) if self.diagnosis else 0

    @property
    def has_npdoctor(self) -> bool:
        """Tell whether npdoctor itself is installed in what is examined."""
        return any(d.name == "npdoctor" for d in self.diagnosis.distributions) if self.diagnosis else False

    @property
    def ok(self) -> int:
        """Count the distributions in which nothing was found."""
        return sum(d.state == "ok" for d in self.diagnosis.distributions) if self.diagnosis else 0


def code_on_leaving(state: State, interrupted: bool = False) -> int:
    """Return the exit code: the verdict's, and 130 where the person left before there was one.

    What is broken by now stays broken, so that quitting early says so; ctrl+c always says interrupted.
    """
    if state.failure:
        return state.failure.exit_code
    if state.diagnosis and (state.final or not interrupted):
        code = exit_code(state.diagnosis)
        if state.final or code:
            return code
    return EXIT_INTERRUPTED
