"""Small phrases that several sections need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from npdoctor.model.binary import NumpyAbi
from npdoctor.model.diagnosis import DistributionState
from npdoctor.model.finding import Finding
from npdoctor.report.document.blocks import Words

ABI_WORDS = {
    NumpyAbi.NONE: "no NumPy binaries",
    NumpyAbi.NUMPY1: "NumPy 1 only",
    NumpyAbi.BOTH: "NumPy 1 and 2",
    NumpyAbi.NUMPY2: "NumPy 2",
    NumpyAbi.MIXED: "some NumPy 1 only",
}
VERIFIED = {
    "none": "looked up, not tried",
    "binary": "its wheel was read",
    "rehearsed": "rehearsed in a copy",
}


def said(text: str) -> Words:
    """Return a text as words, none where it is empty."""
    return (text,) if text else ()


def named(names: Sequence[str], most: int = 8) -> str:
    """List names, and count what is beyond the first few."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def subject_of(finding: Finding) -> str:
    """Name the subject with its version where it has one."""
    return f"{finding.subject} {finding.version}" if finding.version else finding.subject


def imports_of(state: DistributionState) -> str:
    """Count the extension modules that were imported, empty where there is none."""
    return f"{state.imported} of {state.extensions}" if state.extensions else ""


def sentence(text: str) -> str:
    """Return a phrase with a full stop last, unless another stop is there."""
    text = text.strip()
    return text if not text or text.endswith((".", "?", ":")) else f"{text}."


def pins_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the requirements that mend these findings, each once, in the order of names."""
    return tuple(sorted({pin for f in findings if f.fix for pin in f.fix.pins}))
