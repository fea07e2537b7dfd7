"""The way back: what is installed today as pins, and what the other major of NumPy would break."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.finding import Severity
from npdoctor.report.document.blocks import Block, CodeBlock, Paragraph, Section, Table
from npdoctor.report.document.material import Material, OtherMajor
from npdoctor.report.document.other_major import LAST_PYTHON_OF_NUMPY_1
from npdoctor.report.prose import number


def rollback(m: Material) -> Section:
    """Show how a change is taken back, the pins to return to, and the other direction."""
    blocks = [*_taking_back(m), *_today(m), *(_other(m.other) if m.other else _none(m))]
    return Section("rollback", "Rollback plan", tuple(blocks))


def todays_pins(m: Material) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return exact pins of what is installed, and the names of what no pin on an index can bring back."""
    pins, others = [], []
    for name, d in sorted(m.diagnosis.snapshot.effective().items()):
        if d.direct_url:
            others.append(f"{name} {d.version}")
        else:
            pins.append(f"{name}=={d.version}")
    return tuple(pins), tuple(others)


def _taking_back(m: Material) -> Iterator[Block]:
    words = (
        "What `npdoctor fix` writes or installs, `npdoctor fix --undo` puts back byte for byte, without a"
        " network. What was changed by other means goes back by the pins below."
    )
    yield Paragraph((words,))
    pins = m.mending.plan.rollback if m.mending else ()
    if pins:
        yield Paragraph(("The plan alone is taken back by:",))
        yield CodeBlock("\n".join(pins), "requirements")


def _today(m: Material) -> Iterator[Block]:
    pins, others = todays_pins(m)
    if pins:
        said = f"What is installed today, as exact pins ({number(len(pins), 'distribution')}):"
        yield Paragraph((said,))
        yield CodeBlock("\n".join(pins), "requirements")
    if others:
        said = "Installed from a folder, a URL or version control, which no pin on an index brings back:"
        yield Paragraph((f"{said} {', '.join(others)}.",))


def _none(m: Material) -> Iterator[Block]:
    """Say where there is no NumPy 1 to go back to."""
    target = m.diagnosis.snapshot.target
    if target.version[:2] > LAST_PYTHON_OF_NUMPY_1 and not m.diagnosis.snapshot.assumed:
        yield Paragraph((f"No NumPy 1 has wheels for Python {target.python}: there is no way back to it.",))


def _other(other: OtherMajor) -> Iterator[Block]:
    """Say what would be broken under the other major, judged without importing anything."""
    grave = [f for f in other.diagnosis.findings if f.severity in (Severity.BROKEN, Severity.WARNING)]
    of_numpy = [f for f in grave if f.code.startswith("NPD1") or f.code == "NPD202"]
    said = f"With NumPy {other.numpy} in place of the installed one, judged from binaries and metadata alone"
    if not of_numpy:
        yield Paragraph((f"{said}, nothing would stand against it.",))
        return
    yield Paragraph((f"{said}, {number(len(of_numpy), 'finding')} would stand against it:",))
    rows = tuple(
        ((f"{f.subject} {f.version or ''}".strip(),), (f"{f.code}: {f.title}",), (f.remedy,))
        for f in of_numpy
    )
    yield Table(f"Under NumPy {other.numpy}", ("Distribution", "Finding", "Remedy"), rows)
