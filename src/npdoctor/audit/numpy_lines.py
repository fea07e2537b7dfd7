"""Judge the lines that limit NumPy itself; pure."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.specifiers import SpecifierSet

from npdoctor.audit.judge import HELD, Verdict
from npdoctor.audit.ranges import is_empty, merged, span, specifier_of
from npdoctor.audit.words import line_evidence
from npdoctor.model.audit import Basis, Judged
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Evidence, Finding, Fix, Severity

NUMPY = "numpy"


def judge_numpy(lines: Sequence[Declared], basis: Basis, assumed: bool) -> Verdict | None:
    """Return the verdict on what the files say of NumPy, None where they say nothing.

    A line below 2 is a warning, since that may be meant. It is broken where the person assumes another
    NumPy, or another line asks for one.
    """
    if not lines:
        return None
    specifier = merged(line.specifier for line in lines if not line.direct)
    evidence = tuple(map(line_evidence, lines))
    if specifier is None:
        return _verdict(
            lines, "", Severity.UNKNOWN, "has a version that cannot be understood", None, evidence
        )
    holding = [line for line in lines if not line.direct and _keeps_out(line, basis, assumed)]
    if is_empty(specifier):
        return _verdict(
            lines,
            specifier,
            Severity.BROKEN,
            "is limited by lines that contradict each other",
            None,
            evidence,
        )
    if not holding:
        return _verdict(
            lines, specifier, None, f"NumPy {basis.numpy} is what is judged against.", None, evidence
        )
    said = ", ".join(dict.fromkeys(f"numpy{line.specifier}" for line in holding))
    severity = Severity.BROKEN if assumed else Severity.WARNING
    title = f"{said} keeps NumPy {basis.numpy if assumed else 2} out"
    return _verdict(
        lines,
        specifier,
        severity,
        title,
        _admitting(specifier, basis.numpy) if assumed else None,
        tuple(map(line_evidence, holding)),
    )


def _keeps_out(line: Declared, basis: Basis, assumed: bool) -> bool:
    specifier = specifier_of(line.specifier)
    if specifier is None:
        return False
    if assumed and not specifier.contains(basis.numpy, prereleases=True):
        return True
    return not span(str(specifier)).reaches_up_to("2.0.0")


def _admitting(specifier: str, numpy: str) -> str:
    """Return the range that a line should say so that it admits the wanted NumPy."""
    ends = span(specifier)
    if ends.exact:
        return f"=={numpy}"
    major = int(numpy.partition(".")[0])
    bottom = ends.bottom
    floor = bottom if bottom is not None and SpecifierSet(f">={bottom}").contains(numpy) else None
    return f">={floor if floor is not None and floor.major == major else f'{major}.0.0'},<{major + 1}"


def _verdict(
    lines: Sequence[Declared],
    specifier: str,
    severity: Severity | None,
    said: str,
    recommended: str | None,
    evidence: tuple[Evidence, ...],
) -> Verdict:
    statement = said if severity is None else f"{said}."
    state = severity.value if severity else "ok"
    judged = Judged(
        NUMPY,
        specifier,
        state,
        statement,
        "scientific",
        tuple(lines),
        recommended=recommended,
        evidence=evidence,
    )
    if severity is None:
        return Verdict(judged)
    remedy = (
        f"Write numpy{recommended} once every package with NumPy binaries has its floor."
        if recommended
        else "If NumPy 2 is wanted, audit with --assume numpy==2.x and raise the floors that it names first."
    )
    fix = Fix((f"{NUMPY}{recommended}",), "none", recommended) if recommended else None
    finding = Finding(
        HELD,
        severity,
        NUMPY,
        None,
        said,
        "That may be meant. " * (severity is Severity.WARNING)
        + "It stands in the way of NumPy 2, and of packages that need it.",
        evidence,
        remedy,
        fix=fix,
    )
    return Verdict(judged, finding)
