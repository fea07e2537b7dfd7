"""The rows of the pane as lines; pure.

What changes from second to second stands in front: a line is drawn anew up to its last change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from npdoctor.model.gpu import Load, Maybe, Memory, NvmlFailure, Utilisation
from npdoctor.report.gpu_text import limits_lines
from npdoctor.tui.gpu.bars import bar, sparkline
from npdoctor.tui.gpu.rows import (
    BoardRow,
    BuildRow,
    DriverRow,
    GpuRow,
    HiddenRow,
    JudgedRow,
    LimitsRow,
    ProcessRow,
    SliceRow,
)
from npdoctor.tui.gpu.words import (
    GIB,
    build_words,
    hidden_words,
    pace_words,
    process_size,
    process_words,
    said,
    slice_name,
    unreached_words,
)
from npdoctor.tui.line import Line, Span, cut, fit, width_of
from npdoctor.tui.signs import Signs

LABELLED = 72
LONG = 110
ROOMY = 60
HISTORY = 30
KIND = 7
HEAD = 3
POWER = 9
DEGREES = 5
SHORTEST = 6


@dataclass(frozen=True, slots=True)
class Look:
    """How rows are drawn: their width, and those of the columns that all of them share."""

    width: int
    sizes: int
    bars: int
    builds: int
    signs: Signs


def gpu_painter(rows: tuple[GpuRow, ...], width: int, signs: Signs) -> Callable[[GpuRow, bool], Line]:
    """Return what draws a row, by whether it is under the cursor."""
    memories = [row.load.memory for row in rows if isinstance(row, BoardRow)]
    memories += [row.device.memory for row in rows if isinstance(row, SliceRow)]
    sizes = max((len(_size(memory, width)) for memory in memories), default=0)
    builds = max((len(_build(row)) for row in rows if isinstance(row, BuildRow)), default=0)
    look = Look(width, sizes, 8 if width >= ROOMY else 6, min(builds, width // 2 - 4), signs)
    return lambda row, selected: fit((*_head(row, selected, signs), *_body(row, look)), width, signs.more)


def _head(row: GpuRow, selected: bool, signs: Signs) -> Line:
    sign, role = sign_of(row, signs)
    return ((signs.cursor if selected else " ", ""), (f"{sign} ", role))


def sign_of(row: GpuRow, signs: Signs) -> Span:
    """Return the sign of a row and its role; processes, slices and limits have none of their own."""
    if isinstance(row, BoardRow):
        if row.lost:
            return signs.no, "broken"
        worst = min((f.severity for f in row.findings), key=lambda s: s.rank, default=None)
        return (signs.of(worst), worst.value) if worst else (signs.ok, "ok")
    if isinstance(row, BuildRow):
        if row.finding:
            return signs.of(row.finding.severity), row.finding.severity.value
        return (signs.ok, "ok") if row.serves else ("-", "faint")
    if isinstance(row, JudgedRow):
        return signs.of(row.finding.severity), row.finding.severity.value
    return " ", ""


def _body(row: GpuRow, look: Look) -> Line:
    signs = look.signs
    if isinstance(row, BoardRow):
        return _board(row, look)
    if isinstance(row, SliceRow):
        number = signs.text(said(row.device.gpu_instance))
        start = f"  MIG {number}".ljust(_before_sizes(look))
        spans = [(start, ""), *_memory(row.device.memory, look)]
        return _with_name(spans, slice_name(row.device), look)
    kind, text, role = _told(row, look)
    shown = signs.text(text).replace("\n", " ")
    return ((f"{kind:<{KIND}} ", "faint"), (shown, role))


def _told(row: GpuRow, look: Look) -> tuple[str, str, str]:
    """Return of a row without numbers its kind, its text, and the role of that."""
    if isinstance(row, DriverRow):
        return "driver", driver_words(row), ""
    if isinstance(row, BuildRow):
        return (
            "build",
            f"{cut(_build(row), look.builds, look.signs.more):<{look.builds}}  {build_words(row)}",
            "",
        )
    if isinstance(row, ProcessRow):
        process = row.process
        place = f"GPU {row.index}  {process.pid:>7}  {process_size(process):>9}"
        return "process", f"{place}  {process_words(process)}", ""
    if isinstance(row, HiddenRow):
        return "process", hidden_words(row), "faint"
    if isinstance(row, LimitsRow):
        return "limits", " ".join(line.strip() for line in limits_lines(row.host)), ""
    if isinstance(row, JudgedRow):
        found = row.finding
        of = f"{found.subject} " if found.subject.startswith("gpu:") else ""
        return (
            "limits" if found.code.startswith("NPD4") else "driver",
            f"{of}{found.title}  {found.code}",
            "",
        )
    raise TypeError(type(row).__name__)


def _build(row: BuildRow) -> str:
    return f"{row.build.distribution} {row.build.version}"


def _board(row: BoardRow, look: Look) -> Line:
    gpu, load, signs = row.gpu, row.load, look.signs
    head: Line = ((f"GPU {gpu.index}", "strong"),)
    name = short_name(said(gpu.identity.name))
    if row.lost:
        return (*head, ("  lost: it answers no more", "broken"), (f"  {signs.text(name)}", "faint"))
    label = "util " if look.width >= LABELLED else ""
    used = f"{load.utilisation.gpu}%" if isinstance(load.utilisation, Utilisation) else "-"
    spans: list[Span] = [*head, (f"  {label}{used:>4}", "")]
    spans.append((f"  {watts(load, gpu.pace.power_limit):>{POWER}}", ""))
    spans.append((f"  {degrees(load, signs):>{DEGREES}}", ""))
    spans += _memory(load.memory, look)
    if look.width >= LONG and isinstance(load.memory, Memory):
        drawn = sparkline(row.past, load.memory.total, HISTORY, signs)
        spans.append((f"  {drawn:<{HISTORY}}", "info"))
    return _with_name(spans, name, look)


def _before_sizes(look: Look) -> int:
    """Return how many cells a GPU takes before the size of its memory."""
    return 5 + 6 + (5 if look.width >= LABELLED else 0) + 2 + POWER + 2 + DEGREES


def _memory(memory: Maybe[Memory], look: Look) -> list[Span]:
    return [(f"  {_size(memory, look.width):>{look.sizes}} {share_words(memory)}", ""), *_bar(memory, look)]


def _with_name(spans: list[Span], name: str, look: Look) -> Line:
    """Add a name, or as much of it as there is room for."""
    room = look.width - HEAD - width_of(tuple(spans)) - 2
    shown = cut(look.signs.text(name), room, look.signs.more) if room >= SHORTEST else ""
    return (*spans, *(((f"  {shown}", "faint"),) if shown else ()))


def _bar(memory: Maybe[Memory], look: Look) -> Line:
    if not isinstance(memory, Memory) or memory.total <= 0:
        return ()
    return ((f"  {bar(memory.used / memory.total, look.bars, look.signs)}", "info"),)


def _size(memory: Maybe[Memory], width: int) -> str:
    if not isinstance(memory, Memory):
        return "-"
    unit = " GiB" if width >= LABELLED else "G"
    return f"{memory.used / GIB:.1f}/{memory.total / GIB:.1f}{unit}"


def share_words(memory: Maybe[Memory]) -> str:
    """Return which share of a memory is in use."""
    if not isinstance(memory, Memory) or memory.total <= 0:
        return "   -"
    return f"{memory.used / memory.total:4.0%}"


def watts(load: Load, limit: Maybe[float]) -> str:
    """Return the power that is drawn, and beside it the most that may be."""
    if not isinstance(load.power, (int, float)):
        return "-"
    most = f"/{limit:.0f}" if isinstance(limit, (int, float)) else ""
    return f"{load.power:.0f}{most} W"


def degrees(load: Load, signs: Signs) -> str:
    """Return the temperature."""
    unit = "C" if signs.only_ascii else "°C"
    return f"{load.temperature} {unit}" if isinstance(load.temperature, int) else "-"


def short_name(name: str) -> str:
    """Return the name of a board without that of its maker and its family."""
    return name.removeprefix("NVIDIA ").removeprefix("GeForce ")


def driver_words(row: DriverRow) -> str:
    """Say which driver it is and whether it answers, or why it cannot be asked."""
    nvml = row.facts.nvml
    if isinstance(nvml, NvmlFailure):
        return unreached_words(nvml)
    parts = [said(nvml.driver_version)]
    if isinstance(nvml.cuda_version, tuple):
        parts.append(f"serves CUDA {nvml.cuda_version[0]}.{nvml.cuda_version[1]}")
    parts.append("NVML stopped answering" if nvml.cut_short or row.trace.failure else "NVML ok")
    return ", ".join([*parts, *([pace_words(row.trace.every)] if nvml.gpus else [])])
