"""What the rule book knows of the versions that a range admits; pure."""

from __future__ import annotations

from packaging.version import Version

from npdoctor.audit.ranges import Span, span
from npdoctor.model.audit import Ask, Known, VersionFact
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.finding import Evidence
from npdoctor.model.requirement import parsed_version
from npdoctor.model.rules import PackageRule

METADATA, NOTES = "metadata", "release notes"


def known_by_book(ask: Ask, rule: PackageRule | None, numpy: str) -> Known:
    """Return what the book says of the lowest and the highest version that is admitted."""
    if rule is None or ask.specifier is None:
        return Known()
    ends = span(ask.specifier)
    if Version(numpy) < Version("2"):
        return _under_numpy_1(rule, ends)
    if rule.numpy2 is None:
        return _without_floor(rule, ends)
    below = ends.reaches_down_to(rule.last_numpy1) if rule.last_numpy1 else not _starts_at(ends, rule.numpy2)
    above = ends.reaches_up_to(rule.numpy2)
    return Known(
        lowest=_breaks(rule, ends) if below else _serves(rule, ends),
        highest=_serves(rule, ends) if above else _breaks(rule, ends),
        floor=rule.numpy2,
        at_risk=rule.binaries == "none" and rule.how == NOTES,
        proof=(proof(rule),),
        note=rule.note,
    )


def proof(rule: PackageRule) -> Evidence:
    """Return where the book knows it from."""
    return Evidence("rule", f"rules.toml, package {rule.name}", f"{rule.how}: {rule.source}")


def said_of(rule: PackageRule | None, version: str, numpy: str) -> bool | None:
    """Return whether the book says that one version serves this NumPy, None where it does not say."""
    parsed = parsed_version(version)
    if rule is None or parsed is None or Version(numpy) < Version("2"):
        return None
    if rule.last_numpy1 and parsed <= Version(rule.last_numpy1):
        return False
    if rule.numpy2:
        return parsed >= Version(rule.numpy2) or None
    return None if rule.last_numpy1 else True


def _starts_at(ends: Span, floor: str) -> bool:
    return ends.bottom is not None and ends.bottom >= Version(floor)


def _serves(rule: PackageRule, ends: Span) -> VersionFact:
    abi = NumpyAbi.NONE if rule.binaries == "none" else None
    return VersionFact(ends.exact or "", True, abi, proof(rule))


def _breaks(rule: PackageRule, ends: Span) -> VersionFact:
    abi = NumpyAbi.NONE if rule.binaries == "none" else NumpyAbi.NUMPY1
    held = "<2" if rule.how == METADATA and rule.binaries == "none" else ""
    last = rule.last_numpy1 if rule.last_numpy1 and ends.reaches_up_to(rule.last_numpy1) else None
    version = ends.exact or last or (str(ends.bottom) if ends.bottom is not None else "")
    return VersionFact(version, False, abi, proof(rule), held)


def _without_floor(rule: PackageRule, ends: Span) -> Known:
    """Judge what never was tied to NumPy 1, or has no release yet that serves NumPy 2."""
    if rule.last_numpy1 is None:
        fact = _serves(rule, ends)
        return Known(fact, fact, proof=(fact.evidence,), note=rule.note)
    if not ends.reaches_down_to(rule.last_numpy1):
        return Known(proof=(proof(rule),), note=f"The rule book ends with {rule.last_numpy1}. {rule.note}")
    fact = _breaks(rule, ends)
    return Known(fact, fact, held=rule.how == METADATA, proof=(fact.evidence,), note=rule.note)


def _under_numpy_1(rule: PackageRule, ends: Span) -> Known:
    """Judge under NumPy 1: the book knows when NumPy 2 was first served, not when NumPy 1 no longer was."""
    if rule.binaries == "none":
        fact = _serves(rule, ends)
        return Known(fact, fact, proof=(fact.evidence,), note=rule.note)
    low = VersionFact("", True, None, proof(rule))
    if rule.numpy2 and not ends.reaches_up_to(rule.numpy2):
        return Known(low, low, proof=(low.evidence,), note=rule.note)
    return Known(lowest=low, proof=(low.evidence,), note=rule.note)
