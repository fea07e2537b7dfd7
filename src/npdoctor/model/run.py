"""A program that was run and watched: how it ended, what it used, what made it fail.

Times are seconds since the program was started, memory is in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Exited:
    """It ended by itself with this code."""

    code: int


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal ended it, and nobody sent that one by way of npdoctor."""

    number: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """It ended by a signal that npdoctor was sent too, from the keyboard or from outside."""

    number: int


Ending: TypeAlias = Exited | Signalled | Stopped


def exit_code(ending: Ending) -> int:
    """Return what a shell would report: the code, or 128 and the number of the signal."""
    return ending.code if isinstance(ending, Exited) else 128 + ending.number


class Counted(str, Enum):
    """How the memory of several processes was added up: shared pages once, or for each that has them."""

    SHARED_ONCE = "pss"
    SHARED_EACH = "rss"


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory and number of processes at one time; `vram` is what is in use of each GPU, by anybody."""

    at: float
    ram: int
    processes: int
    vram: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Growth:
    """A steady rise in bytes per minute, as seen over the last `seconds`."""

    per_minute: float
    seconds: float


@dataclass(frozen=True, slots=True)
class GpuUse:
    """Memory of one GPU, numbered as NVML does, used by anybody; `first` is the first reading."""

    index: int
    total: int
    first: int
    peak: int
    growth: Growth | None


@dataclass(frozen=True, slots=True)
class RamUse:
    """Memory of all processes together; `largest` is the exact peak of the largest that was waited for.

    `largest` is None where the kernel's figure is not above what npdoctor itself brought along.
    """

    peak: int
    last: int
    processes: int
    counted: Counted
    largest: int | None
    growth: Growth | None


@dataclass(frozen=True, slots=True)
class FirstOutput:
    """When the program first wrote to stdout or stderr.

    `after` is None where nothing was seen; `unseen` then names the streams that could not be looked at.
    """

    after: float | None
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Crash:
    """What faulthandler wrote: the innermost frame first; `library` is the one it died in, if told."""

    kind: str
    frames: tuple[str, ...]
    modules: tuple[str, ...]
    library: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why it failed: a code of the rule book, or none; `rule` is the signature that said so.

    `earlier` says that the text stands before the last traceback, and so may have nothing to do with it.
    `title` stands in place of the code's own, where that speaks of an import.
    """

    code: str
    words: str
    remedy: str = ""
    rule: str = ""
    evidence: tuple[str, ...] = ()
    earlier: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything that is known of one run; `notes` say what could not be looked at."""

    command: tuple[str, ...]
    seconds: float
    ending: Ending
    first_output: FirstOutput
    ram: RamUse
    gpus: tuple[GpuUse, ...]
    samples: tuple[Sample, ...]
    crash: Crash | None = None
    causes: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()
