"""What is said of the distributions of an audit, in one place; pure."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.audit.ranges import upper_clauses
from npdoctor.model.audit import Ask, Basis, Known, VersionFact
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.declaration import Declared
from npdoctor.model.finding import Evidence

_TIED = (NumpyAbi.NUMPY1, NumpyAbi.MIXED)
_MOST_NAMED = 3


def lines_of(ask: Ask) -> Iterator[Evidence]:
    """Yield the lines that declare it, and who requires it where none does."""
    yield from map(line_evidence, ask.declared)
    if ask.via and not ask.declared:
        yield Evidence("metadata", ", ".join(ask.via), f"requires {ask.name}{ask.specifier or ''}")


def line_evidence(line: Declared) -> Evidence:
    """Return a line as evidence, as it is declared."""
    extras = f"[{','.join(line.extras)}]" if line.extras else ""
    marker = f"; {line.marker}" if line.marker else ""
    specifier = ", from a URL or a folder" if line.direct else line.specifier
    place = f"{line.path}:{line.line}" if line.line else line.path
    return Evidence("file", place, f"{line.name}{extras}{specifier}{marker}")


def admitted(ask: Ask) -> str:
    """Return the name with its range."""
    return f"{ask.name}{ask.specifier}" if ask.specifier else f"{ask.name} without a bound"


def bounded(ask: Ask) -> str:
    """Say how it is bounded."""
    if ask.direct:
        return "taken from a URL or a folder"
    return ask.specifier or "not constrained:"


def because_of(ask: Ask) -> str:
    """Name those that require it."""
    if len(ask.via) == 2:
        return " and ".join(ask.via)
    more = f" and {len(ask.via) - _MOST_NAMED} more" if len(ask.via) > _MOST_NAMED else ""
    return ", ".join(ask.via[:_MOST_NAMED]) + more


def does(fact: VersionFact) -> str:
    """Say what one version does under a NumPy that it does not serve."""
    if fact.numpy_abi in _TIED:
        return "breaks under"
    return "excludes" if fact.holds_numpy else "does not serve"


def do(fact: VersionFact) -> str:
    """Say the same of several versions."""
    return {"breaks under": "break under", "excludes": "exclude"}.get(does(fact), "do not serve")


def danger(low: VersionFact, basis: Basis) -> str:
    """Say how an older version that does not serve can still come to be installed."""
    if low.holds_numpy:
        return (
            f"The metadata of {low.version or 'these'} says numpy{low.holds_numpy}: a resolver that sees all "
            "lines keeps it away from NumPy 2, an install in several steps or from a cached layer does not."
        )
    if low.evidence.kind == "binary":
        return f"Nothing in the metadata of {low.version} keeps NumPy {basis.numpy} away from it."
    return "A resolver that steps back, an install in several steps or a cached layer can still take one."


def no_version(ask: Ask, known: Known) -> str:
    """Say which version serves and which bound has to go."""
    bound = upper_clauses(ask.specifier or "") or "the bound"
    return f"No version that is admitted serves. {known.floor} does: {bound} has to go."


def why_unknown(ask: Ask, known: Known) -> str:
    """Say why nothing is known at all."""
    if ask.specifier is None:
        return "The version that the line names cannot be understood."
    if ask.direct:
        return "It is taken from a URL or a folder, which was not looked into."
    return "" if known.note else "The rule book does not know it, and no wheel of it was looked at."


def unsure(ask: Ask, known: Known, fact: VersionFact | None) -> str:
    """Say what is known, and of which version nothing is."""
    sure = next((f for f in (known.highest, known.lowest) if f and f.serves), None)
    said = f"{ask.name} {sure.version} serves. " if sure and sure.version else ""
    if fact is None:
        return f"{said}What else is admitted was not looked at."
    return f"{said}{fact.version or 'What is admitted'}: {fact.evidence.detail}"


def fine(ask: Ask, known: Known, basis: Basis) -> str:
    """Say why it is fine, by what decides it."""
    high = known.highest
    if high is None:
        return ""
    version = f"{high.version} " if high.version else ""
    if high.holds_numpy:
        return f"{version or 'It '}serves NumPy {basis.numpy[0]}; its metadata says numpy{high.holds_numpy}."
    if high.numpy_abi is NumpyAbi.NONE:
        return (
            f"{version}has no compiled code tied to NumPy." if version else "No compiled code tied to NumPy."
        )
    if ask.locked:
        return f"Locked to {version}which serves NumPy {basis.numpy}."
    return f"{version}serves NumPy {basis.numpy}." if version else f"Every one serves NumPy {basis.numpy}."
