"""NPD104 to NPD112: what an import that failed says of its cause."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from npdoctor.diagnose.context import Context
from npdoctor.diagnose.imports import (
    LIBRARY,
    MODULE,
    evidence_of,
    faulty_distribution,
    is_leaf,
    last_file,
    root_message,
    text_of,
)
from npdoctor.diagnose.numpy_abi import for_other_numpy
from npdoctor.diagnose.requirements import unmet
from npdoctor.diagnose.signatures import Match, cause_of, explain_text
from npdoctor.model.binary import Binary
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.outcome import Died, NoAnswer, NotTried, Outcome, Raised

DRIVER_LIBRARIES = ("libcuda.so.1", "libnvidia-ml.so.1")
# What a distribution built for another NumPy fails with: its own finding says it already.
SAID_BY_BINARIES = ("NPD101", "NPD102", "NPD103", "NPD104", "NPD110", "NPD111")
Failure = tuple[Binary, Outcome]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one failed import comes to; `culprit` is the distribution in which it failed."""

    code: str
    severity: Severity
    culprit: str | None
    title: str
    message: str
    remedy: str = ""
    fix: Fix | None = None
    rule: str = ""


def import_failures(context: Context) -> Iterator[Finding]:
    """Yield one finding for each distribution and cause."""
    other_numpy = for_other_numpy(context)
    overlapping = {name for pair in context.snapshot.overlaps for name in (pair.first, pair.second)}
    for name, failures in context.failures.items():
        readings: dict[tuple[str, str | None], tuple[Reading, list[Failure]]] = {}
        for binary, outcome in failures:
            reading = read_failure(context, binary, outcome)
            if name in other_numpy and (reading.code in SAID_BY_BINARIES or reading.culprit != name):
                continue
            if reading.code == "NPD206" and name in overlapping:
                continue  # the shared files are found by reading, and this failure is their evidence
            readings.setdefault((reading.code, reading.culprit), (reading, []))[1].append((binary, outcome))
        for reading, members in readings.values():
            found = _finding(context, name, reading, members)
            yield found
            if reading.code == "NPD104" and found.cause:
                yield _in_their_own_name(context, found, members[0][1])
    yield from _not_tried(context)


def _finding(context: Context, name: str, reading: Reading, members: Sequence[Failure]) -> Finding:
    evidence = list(evidence_of(context, members))
    if reading.rule:
        evidence.append(Evidence("rule", reading.rule, "the failure text matches"))
    other = reading.culprit if reading.culprit != name else None
    return Finding(
        reading.code,
        reading.severity,
        name,
        context.version(name),
        reading.title,
        reading.message,
        tuple(evidence),
        reading.remedy,
        cause=other,
        fix=reading.fix,
    )


def _in_their_own_name(context: Context, found: Finding, outcome: Outcome) -> Finding:
    """Say of the distribution whose Python code it is what another one's import brought to light."""
    place = Evidence("file", last_file(outcome) or "", "raised here")
    subject = found.cause or found.subject
    return replace(
        found,
        subject=subject,
        version=context.version(subject),
        cause=None,
        evidence=(place, *found.evidence),
    )


def _not_tried(context: Context) -> Iterator[Finding]:
    for path, outcome in context.snapshot.imports.items():
        binary = context.binaries.get(path)
        if isinstance(outcome, NotTried) and binary is not None:
            yield Finding(
                "NPD109",
                Severity.UNKNOWN,
                binary.distribution,
                context.version(binary.distribution),
                "could not be imported for a look",
                outcome.reason,
                (Evidence("import", binary.module or binary.relative, outcome.reason),),
            )


def read_failure(context: Context, binary: Binary, outcome: Outcome) -> Reading:
    """Read one failed import; the ways to read it are tried from the most to the least specific."""
    if isinstance(outcome, NoAnswer):
        return _no_answer(binary, outcome)
    if isinstance(outcome, Died):
        return _died(context, binary, outcome)
    text = text_of(outcome)
    return (
        _wrong_python(context, text)
        or _missing_library(context, binary, outcome, text)
        or _missing_module(context, binary, outcome)
        or _ended_itself(context, binary, outcome)
        or _by_signature(context, binary, outcome, text)
    )


def _no_answer(binary: Binary, outcome: NoAnswer) -> Reading:
    return Reading(
        "NPD109",
        Severity.UNKNOWN,
        binary.distribution,
        f"no answer in {outcome.limit:g} s: not checked",
        f"Importing {binary.module} gave no answer in {outcome.limit:g} s. That is not the same as broken.",
        f"Try again with more time: npdoctor check --timeout {outcome.limit * 3:g}",
    )


def _died(context: Context, binary: Binary, outcome: Died) -> Reading:
    culprit = faulty_distribution(context, outcome) or binary.distribution
    if outcome.signal == signal.SIGILL:
        return Reading(
            "NPD112",
            Severity.BROKEN,
            culprit,
            "uses CPU instructions that this machine lacks",
            f"Importing {binary.module} ended with SIGILL: it was built for a newer CPU.",
            "Use a build for an older CPU, or a machine with the instructions it needs (AVX, AVX2).",
        )
    return Reading(
        "NPD108",
        Severity.BROKEN,
        culprit,
        f"importing it {outcome.detail}",
        f"Importing {binary.module} {outcome.detail}. A program that imports it dies the same way.",
        "Reinstall it or choose another release; the evidence names the file that was being loaded.",
    )


def _wrong_python(context: Context, text: str) -> Reading | None:
    """See through `No module named 'shapely.lib'`: the file is there, for another Python."""
    for name in MODULE.findall(text):
        for other in context.snapshot.binaries:
            if other.module is None and other.module_stem == name and other.python_tag:
                return wrong_python(context, other)
    return None


def wrong_python(context: Context, binary: Binary) -> Reading:
    """Say that an extension is tagged for another Python."""
    python = context.snapshot.target.python
    return Reading(
        "NPD105",
        Severity.BROKEN,
        binary.distribution,
        f"its extensions are built for {binary.python_tag}, this is Python {python}",
        f"{binary.relative} is tagged {binary.python_tag}, and Python {python} does not load such a file: it "
        f"says that there is no module {binary.module_stem}.",
        f"Reinstall {binary.distribution} with this interpreter's own pip or uv.",
    )


def _missing_library(context: Context, binary: Binary, outcome: Outcome, text: str) -> Reading | None:
    match = LIBRARY.search(root_message(outcome)) or LIBRARY.search(text)
    if match is None:
        return None
    library = match[1]
    named = cause_of(explain_text(match[0], context.book))
    severity = Severity.BROKEN
    if library in DRIVER_LIBRARIES:
        severity = Severity.WARNING
    elif is_leaf(binary, outcome):
        severity = Severity.INFO
    return Reading(
        "NPD106",
        severity,
        faulty_distribution(context, outcome),
        f"needs {library}, which is not there",
        f"The dynamic loader does not find {library}. "
        + (named.cause if named else "")
        + (" Only this part is concerned: its package imports." if severity is Severity.INFO else ""),
        named.remedy if named else f"Install what provides {library}.",
        rule=named.signature.id if named else "",
    )


def _missing_module(context: Context, binary: Binary, outcome: Outcome) -> Reading | None:
    """Tell a requirement that is not installed from an optional part that wants something extra."""
    if not isinstance(outcome, Raised) or not outcome.exceptions:
        return None
    match = MODULE.search(outcome.exceptions[-1].message)
    top = match[1].partition(".")[0] if match else ""
    if not top or top.startswith("numpy") or top in context.snapshot.target.stdlib_modules:
        return None
    culprit = faulty_distribution(context, outcome) or binary.distribution
    distribution = context.installed.get(culprit)
    missing = [
        (other, requirement)
        for other, requirement, found in (unmet(context, distribution) if distribution else ())
        if found is None
    ]
    for other, requirement in missing:
        if len(missing) == 1 or canonicalize_name(top) in (other, other.removeprefix("python-")):
            pin = f"{other}{requirement.specifier}"
            return Reading(
                "NPD201",
                Severity.BROKEN,
                culprit,
                f"requires {pin}: not installed",
                f"Importing it fails for want of {top}: {culprit} requires {pin}, which is not installed.",
                f"Install {pin}.",
                Fix((pin,)),
            )
    if top in {name.partition(".")[0] for name in (b.module or "" for b in context.snapshot.binaries)}:
        return None
    if isinstance(outcome, Raised) and outcome.parent == (binary.module or "").partition(".")[0]:
        return Reading(
            "NPD201",
            Severity.BROKEN,
            culprit,
            f"needs {top}, which is not installed and not declared",
            f"Importing it fails for want of {top}, which {culprit} does not list among its requirements.",
            f"Install what provides {top}.",
        )
    return Reading(
        "NPD110",
        Severity.INFO,
        culprit,
        f"an optional part needs {top}, which is not installed",
        f"{binary.module} needs {top}, which {culprit} does not require; the package itself imports.",
    )


def _ended_itself(context: Context, binary: Binary, outcome: Outcome) -> Reading | None:
    if isinstance(outcome, Raised) and outcome.exceptions and outcome.exceptions[-1].type == "SystemExit":
        return Reading(
            "NPD108",
            Severity.BROKEN,
            faulty_distribution(context, outcome),
            "importing it exits the program",
            f"Importing {binary.module} raises SystemExit: a program that imports it ends there.",
            "Choose another release; a module must not exit when it is imported.",
        )
    return None


def _by_signature(context: Context, binary: Binary, outcome: Outcome, text: str) -> Reading:
    """Read what is left by the rule book's signatures; what none of them knows is NPD110."""
    matches = explain_text(text, context.book)
    match: Match | None = cause_of(matches) or (matches[0] if matches else None)
    culprit = faulty_distribution(context, outcome) or binary.distribution
    said = root_message(outcome)
    if match is None or not match.signature.code.startswith(("NPD1", "NPD2")):
        return Reading(
            "NPD110",
            Severity.BROKEN,
            culprit,
            f"importing it raises {said.partition(':')[0] or 'an error'}",
            f"Importing {binary.module} raised: {said}",
            match.remedy if match else "",
            rule=match.signature.id if match else "",
        )
    code = match.signature.code
    if code == "NPD111":
        culprit = "numpy"
    return Reading(
        code,
        Severity.BROKEN,
        culprit,
        context.title(code),
        match.cause,
        match.remedy,
        rule=match.signature.id,
    )
