"""The stack by groups, what files declare, and what comes along without being asked for."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.model.audit import Audit, Judged, VersionFact
from npdoctor.model.binary import NumpyAbi
from npdoctor.model.diagnosis import DistributionState
from npdoctor.report.audit_text import GROUPS
from npdoctor.report.document.blocks import Block, Bullets, Mark, Paragraph, Section, Table, Words
from npdoctor.report.document.material import Material
from npdoctor.report.document.words import ABI_WORDS, imports_of, named, said
from npdoctor.report.prose import number


def stack(m: Material) -> Section:
    """List every installed distribution under its group of the rule book."""
    groups: dict[str, list[DistributionState]] = {name: [] for name in GROUPS}
    for d in m.diagnosis.distributions:
        rule = m.book.packages.get(d.name)
        groups.setdefault(rule.group if rule else "", []).append(d)
    others = groups.pop("", [])
    blocks: list[Block] = [
        _table(GROUPS.get(name, name), states) for name, states in groups.items() if states
    ]
    blocks += _others(others)
    return Section("stack", "The stack by groups", tuple(blocks) or (Paragraph(("Nothing is installed.",)),))


def _others(states: list[DistributionState]) -> Iterator[Block]:
    """Show in a table those with binaries or a state worth seeing, the rest by name."""
    shown = [d for d in states if d.state != "ok" or d.extensions]
    if shown:
        yield _table(GROUPS[""], shown)
    rest = [d for d in states if d not in shown]
    if rest:
        names = ", ".join(f"{d.name} {d.version}" for d in rest)
        yield Paragraph((f"Without compiled modules, nothing found ({len(rest)}): {names}.",))


def _table(caption: str, states: list[DistributionState]) -> Table:
    head = ("Distribution", "Installed", "State", "Built for", "Imported")
    rows = tuple(
        ((d.name,), (d.version,), (Mark(d.state),), (ABI_WORDS[d.numpy_abi],), (imports_of(d),))
        for d in states
    )
    return Table(caption, head, rows)


def declared(m: Material) -> Section:
    """Show each range that a file declares, and what it admits."""
    audit = m.audit
    if audit is None or not audit.sources:
        words = Paragraph(("No file that declares requirements was audited.",))
        return Section("declared", "Declared requirements", (words,))
    return Section("declared", "Declared requirements", tuple(declared_blocks(audit)))


def declared_blocks(audit: Audit) -> Iterator[Block]:
    """Show files, what they are judged against, and each distribution that they ask for."""
    basis = audit.basis
    yield Paragraph(
        (
            f"Judged against NumPy {basis.numpy} ({basis.numpy_why}) and Python {basis.python}"
            f" ({basis.python_why}).",
        )
    )
    yield Bullets(tuple((f"{s.path} ({s.kind}), {number(len(s.declared), 'line')}",) for s in audit.sources))
    head = ("Distribution", "Declared", "State", "What it admits", "Should say")
    rows = tuple(_judged(j) for j in audit.judged if j.declared)
    if rows:
        yield Table("Declared ranges", head, rows)


def _judged(j: Judged) -> tuple[Words, ...]:
    places = ", ".join(f"{d.path}:{d.line}" if d.line else d.path for d in j.declared)
    return (
        (j.name,),
        (f"{j.specifier or 'any version'} ({places})",),
        (Mark(j.state),),
        (j.statement,),
        said("" if j.recommended is None else f"{j.name}{j.recommended}"),
    )


def transitive(m: Material) -> Section:
    """List what comes along and is worth watching: of the audit where there is one, else as installed."""
    blocks = transitive_blocks(m.audit) if m.audit and m.audit.sources else (_installed_along(m),)
    return Section("transitive", "Transitive distributions to watch", tuple(blocks))


def transitive_blocks(audit: Audit) -> Iterator[Block]:
    """Show what the files do not name and what is not fine of it, and how it was found."""
    along = [j for j in audit.judged if not j.declared]
    watched = [j for j in along if j.state != "ok"]
    if audit.transitive:
        yield Paragraph((audit.transitive,))
    if watched:
        head = ("Distribution", "Comes with", "State", "What is admitted", "Would be installed", "Add")
        yield Table("Not declared, and not fine", head, tuple(map(_along, watched)))
    fine = [j.name for j in along if j.state == "ok"]
    if fine:
        yield Paragraph((f"Fine, and not declared ({len(fine)}): {', '.join(fine)}.",))
    elif not along and not audit.transitive:
        yield Paragraph(("Nothing is known to come along.",))


def _along(j: Judged) -> tuple[Words, ...]:
    return (
        (j.name,),
        (named(j.via, 4),),
        (Mark(j.state),),
        (j.statement,),
        said(_fact(j.highest)),
        said("" if j.recommended is None else f"{j.name}{j.recommended}"),
    )


def _fact(fact: VersionFact | None) -> str:
    if fact is None:
        return ""
    return f"{fact.version}, {ABI_WORDS[fact.numpy_abi]}" if fact.numpy_abi else fact.version


def _installed_along(m: Material) -> Block:
    along = [
        d
        for d in m.diagnosis.distributions
        if m.dependents.get(d.name) and (d.numpy_abi is not NumpyAbi.NONE or d.state != "ok")
    ]
    if not along:
        return Paragraph(("Nothing that comes along is tied to NumPy.",))
    rows = tuple(_installed_row(m, d) for d in along)
    head = ("Distribution", "Installed", "State", "Built for", "Required by", "NumPy 2 since")
    return Table("Required by others and tied to NumPy, as installed", head, rows)


def _installed_row(m: Material, d: DistributionState) -> tuple[Words, ...]:
    rule = m.book.packages.get(d.name)
    requiring = sorted(m.dependents[d.name])
    return (
        (d.name,),
        (d.version,),
        (Mark(d.state),),
        (ABI_WORDS[d.numpy_abi],),
        (named(requiring, 4),),
        said(rule.numpy2 or "" if rule else ""),
    )
