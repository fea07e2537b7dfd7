"""Judge what is known of a distribution's range against the wanted NumPy; pure."""

from __future__ import annotations

from dataclasses import dataclass

from npdoctor.audit import words
from npdoctor.audit.ranges import lowered, raised
from npdoctor.model.audit import Ask, Basis, Judged, Known, VersionFact
from npdoctor.model.finding import Finding, Fix, Severity

RANGE, HELD, TRANSITIVE, NOTHING_KNOWN = "NPD501", "NPD502", "NPD503", "NPD505"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One distribution with its state, and the finding where there is one."""

    judged: Judged
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What is wrong with a range: the finding's words, and the range that would be right."""

    code: str
    severity: Severity
    version: str | None
    title: str
    message: str
    remedy: str
    recommended: str | None = None


def judge(ask: Ask, known: Known, basis: Basis, group: str = "") -> Verdict:
    """Return the verdict; nothing that was not looked at is called fine."""
    wrong = _wrong(ask, known, basis)
    facts = [fact.evidence for fact in (known.highest, known.lowest) if fact]
    evidence = tuple(dict.fromkeys((*words.lines_of(ask), *known.proof, *facts)))
    judged = Judged(
        name=ask.name,
        specifier=ask.specifier or "",
        state=wrong.severity.value if wrong else "ok",
        statement=_statement(ask, known, basis, wrong),
        group=group,
        declared=ask.declared,
        via=ask.via,
        lowest=known.lowest,
        highest=known.highest,
        recommended=wrong.recommended if wrong else None,
        evidence=evidence,
    )
    if wrong is None or (wrong.code == NOTHING_KNOWN and _is_plain_numpy_1(known, basis)):
        return Verdict(judged)
    fix = None
    if wrong.recommended:
        read = bool(known.proof) and all(e.kind in ("binary", "metadata") for e in known.proof)
        verified = "binary" if read else "none"
        fix = Fix((f"{ask.name}{wrong.recommended}",), verified, wrong.recommended)
    finding = Finding(
        wrong.code,
        wrong.severity,
        ask.name,
        wrong.version,
        wrong.title,
        wrong.message,
        evidence,
        wrong.remedy,
        fix=fix,
    )
    return Verdict(judged, finding)


def _wrong(ask: Ask, known: Known, basis: Basis) -> _Wrong | None:
    high, low = known.highest, known.lowest
    if ask.specifier is None or (high is None and low is None):
        return _unknown(ask, known, words.why_unknown(ask, known))
    if known.held and high is not None and (basis.meant or not high.serves):
        return _held(ask, known, basis, high)
    if high is not None and high.serves is False:
        return _newest_breaks(ask, known, basis, high)
    if low is not None and low.serves is False:
        return _older_break(ask, known, basis, low)
    unsure = next((fact for fact in (high, low) if fact is None or fact.serves is None), high)
    if unsure is None or unsure.serves is None:
        return _unknown(ask, known, words.unsure(ask, known, unsure))
    return None


def _unknown(ask: Ask, known: Known, because: str) -> _Wrong:
    return _Wrong(
        NOTHING_KNOWN,
        Severity.UNKNOWN,
        None,
        f"{words.bounded(ask).rstrip(':')}, and nothing is known of it",
        f"{because} {known.note}".strip(),
        "Look with --online, or audit in an environment that has it installed (--python).",
    )


def _held(ask: Ask, known: Known, basis: Basis, high: VersionFact) -> _Wrong:
    recommended = f">={known.floor}" if known.floor else None
    remedy = (
        words.no_version(ask, known)
        if recommended
        else f"No release of {ask.name} allows NumPy {basis.numpy}: keep numpy{high.holds_numpy} beside it, "
        "or take it out."
    )
    return _Wrong(
        HELD,
        Severity.BROKEN if basis.meant else Severity.WARNING,
        high.version or None,
        f"every version that is admitted requires numpy{high.holds_numpy or '<2'}",
        f"{words.admitted(ask)} cannot be installed beside NumPy {basis.numpy}: for it a resolver takes an "
        f"older NumPy, or finds no solution. {known.note}".strip(),
        remedy,
        recommended,
    )


def _newest_breaks(ask: Ask, known: Known, basis: Basis, high: VersionFact) -> _Wrong:
    """Judge a range of which already what an install takes today does not serve."""
    severity = Severity.WARNING if known.at_risk else Severity.BROKEN
    verb = "does not fully serve" if known.at_risk else words.does(high)
    title = f"{verb} NumPy {basis.numpy}"
    if known.ceiling:
        # Metadata that says so makes a resolver step back by itself.
        severity = Severity.WARNING if high.holds_numpy else severity
        recommended: str | None = lowered(ask.specifier or "", known.ceiling)
        title = f"needs a later NumPy than {basis.numpy}"
        remedy = f"Stay below {known.ceiling}, or take a later NumPy."
    elif known.floor:
        recommended = raised(ask.specifier or "", known.floor)
        remedy = f"Write {ask.name}{recommended}." if recommended else words.no_version(ask, known)
        recommended = recommended or f">={known.floor}"
    else:
        recommended = None
        remedy = f"No release is known that serves NumPy {basis.numpy}."
    if ask.via and not ask.declared:
        title += f", and {words.because_of(ask)} brings it"
    return _Wrong(
        TRANSITIVE if ask.via and not ask.declared else RANGE,
        severity,
        high.version or None,
        title,
        f"{words.admitted(ask)} is what an install takes today. {known.note}".strip(),
        remedy,
        recommended,
    )


def _older_break(ask: Ask, known: Known, basis: Basis, low: VersionFact) -> _Wrong:
    """Judge a range of which only older versions do not serve."""
    recommended = raised(ask.specifier or "", known.floor) if known.floor else None
    transitive = bool(ask.via) and not ask.declared
    line = f"{ask.name}{recommended}"
    remedy = f"Add {line} to a constraints file." if transitive else f"Write {line}."
    what = low.version or "older versions"
    verb = words.does(low) if low.version else words.do(low)
    by = f"not constrained by {words.because_of(ask)}:" if transitive else words.bounded(ask)
    verb = "does not fully serve" if known.at_risk else verb
    title = f"{by} admits {what}, which {verb} NumPy {basis.numpy}"
    today = (
        f"Today's install takes {known.highest.version}. " if known.highest and known.highest.version else ""
    )
    return _Wrong(
        TRANSITIVE if transitive else RANGE,
        Severity.WARNING,
        None,
        title,
        f"{today}{words.danger(low, basis)} {known.note}".strip(),
        remedy if recommended else "",
        recommended,
    )


def _statement(ask: Ask, known: Known, basis: Basis, wrong: _Wrong | None) -> str:
    if wrong is None:
        return words.fine(ask, known, basis)
    if wrong.code == NOTHING_KNOWN:
        return wrong.message
    prefix, _, rest = wrong.title.partition(": ")
    said = rest if rest and prefix.startswith("not constrained") else wrong.title
    return f"{said[0].upper()}{said[1:]}."


def _is_plain_numpy_1(known: Known, basis: Basis) -> bool:
    """Tell whether only the newest releases under NumPy 1 are unknown, which the rule book never says."""
    return basis.numpy.startswith("1.") and known.highest is None and bool(known.lowest)
