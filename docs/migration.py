"""Set an audit written by hand (by_hand.toml) beside npdoctor's of the same files, for docs/migration.md."""

from __future__ import annotations

import re
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from npdoctor.audit.auditor import AuditRequest, audit
from npdoctor.diagnose.signatures import explain_text
from npdoctor.model.audit import Audit, Judged
from npdoctor.model.rules import RuleBook

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/migration.md"
BY_HAND = ROOT / "docs/by_hand.toml"
FILES = ROOT / "tests/audit/seed"
NOTICE = (
    "<!-- Written by docs/generate.py from by_hand.toml and rules.toml: change those, then run it again. -->"
)
VERDICTS = ("missed", "wrong package", "wrong floor", "not needed", "unverified", "right")
_MOST_SHOWN = 190

Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Said:
    """One statement about a package; `wants` is the specifier it asks for, `floor` one it only names."""

    name: str
    specifier: str
    says: str
    verdict: str
    wants: str = ""
    floor: str = ""

    @property
    def claimed(self) -> str:
        """Return the specifier that serves by its account, empty where it names none."""
        return self.wants or (f">={self.floor}" if self.floor else "")


@dataclass(frozen=True, slots=True)
class ByHand:
    """All statements: those about packages, and the points that are about none."""

    said: tuple[Said, ...]
    points: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Audited:
    """npdoctor's audits of the files: as they are, as the advice leaves them, and rolled back."""

    before: Audit
    after: Audit
    back: Audit

    def judged(self, name: str) -> Judged:
        """Return the verdict on a package; no file bounds NumPy until the advice is followed."""
        found = self.after if name == "numpy" else self.before
        return next(judged for judged in found.judged if judged.name == name)


def read_by_hand() -> ByHand:
    """Read by_hand.toml; an unknown key is a TypeError."""
    read = tomllib.loads(BY_HAND.read_text(encoding="utf-8"))
    said = tuple(Said(**entry) for entry in read.pop("said"))
    return ByHand(said, read)


def audited(by_hand: ByHand, book: RuleBook) -> Audited:
    """Audit offline, beside an empty environment, so that nothing installed on this machine has a say."""
    declared = (FILES / "requirements.txt").read_text(encoding="utf-8")
    along = (FILES / "along.txt").read_text(encoding="utf-8")
    image = (FILES / "Dockerfile").read_text(encoding="utf-8")
    base = image.splitlines()[0]
    wanted = {said.name: f"{said.name}{said.wants}" for said in by_hand.said if said.wants}
    back = {Requirement(line).name: line for line in by_hand.points["rollback"]["lines"]}
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty"
        venv.create(empty, with_pip=False)

        def of(name: str, requirements: str, along: str, dockerfile: str) -> Audit:
            place = Path(folder) / name
            place.mkdir()
            texts = {"requirements.txt": requirements, "along.txt": along, "Dockerfile": dockerfile}
            for file, text in texts.items():
                (place / file).write_text(text, encoding="utf-8")
            environ = {"VIRTUAL_ENV": str(empty)}
            return audit(AuditRequest(tuple(texts), str(place), None, {}, False), book, environ=environ)

        return Audited(
            of("before", declared, along, image),
            of(
                "after",
                *rewritten(declared, along, wanted),
                f"{base}\n{by_hand.points['dockerfile']['steps']}",
            ),
            of("back", *rewritten(declared, along, back), image),
        )


def rewritten(declared: str, along: str, wanted: Mapping[str, str]) -> tuple[str, str]:
    """Return the two files with the wanted lines in place of their own, those of no package at the end."""
    named = {_name(line) for text in (declared, along) for line in text.splitlines()}
    more = "".join(f"{line}\n" for name, line in wanted.items() if name not in named)
    first, second = (
        "".join(f"{wanted.get(_name(line), line)}\n" for line in text.splitlines())
        for text in (declared, along)
    )
    return first + more, second


def page(book: RuleBook, escape: Escape) -> str:
    """Return docs/migration.md."""
    by_hand = read_by_hand()
    found = audited(by_hand, book)
    order = sorted(by_hand.said, key=lambda said: (VERDICTS.index(said.verdict), said.name))
    lines = [NOTICE, "", "# An audit written by hand, and npdoctor's", "", *_introduction(by_hand, found), ""]
    lines += ["## Package by package", ""]
    lines += ["| package | by hand | npdoctor | what decides | verdict |", "|---|---|---|---|---|"]
    for said in order:
        judged = found.judged(said.name)
        cells = (
            f"`{said.name}{said.specifier}`",
            escape(said.says) + (f" Wants `{said.wants}`." if said.wants else ""),
            npdoctor_says(judged, said, found, book, escape),
            escape(deciding(judged)),
            _verdict(said, book),
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## What is left where its advice is followed", "", *_left(found.after, escape), ""]
    return "\n".join(lines + list(_points(by_hand, found, book, escape)))


def npdoctor_says(judged: Judged, said: Said, found: Audited, book: RuleBook, escape: Escape) -> str:
    """Return the state, the statement, the specifier that is right where there is another, and the note."""
    rule = book.packages[said.name]
    text = f"{judged.state}: {escape(judged.statement)}"
    if said.name == "numpy":
        barring = [f.subject for f in found.after.findings if f.code == "NPD502"]
        return f"{text} No solution beside {', '.join(barring)}." if barring else text
    if judged.recommended:
        text += f" Write `{said.name}{judged.recommended}`."
    elif rule.numpy2:
        text += f" The first that serves is {rule.numpy2}."
    elif said.claimed:
        text += " There is no floor."
    return f"{text} {escape(rule.note)}" if rule.note and said.verdict != "right" else text


def deciding(judged: Judged) -> str:
    """Return what the verdict stands on: the wheels or the metadata that the rule names, else the lines."""
    read = [evidence for evidence in judged.evidence if evidence.kind == "rule"]
    if not read:
        return ", ".join(f"{evidence.source}: {evidence.detail}" for evidence in judged.evidence)
    return shortened(read[0].detail)


def shortened(source: str) -> str:
    """Return the first clauses of a rule's source, whole ones, at least one."""
    clauses = re.sub(r" \((?:e\.g\.|for example) [^)]*\)", "", source).split("; ")
    kept = clauses[:1]
    for clause in clauses[1:]:
        if len("; ".join((*kept, clause))) > _MOST_SHOWN:
            break
        kept.append(clause)
    return "; ".join(kept)


def _verdict(said: Said, book: RuleBook) -> str:
    floor = book.packages[said.name].numpy2
    if said.verdict != "wrong floor":
        return said.verdict
    if floor is None:
        return "wrong floor: there is none"
    return f"wrong floor: too {'low' if Version(said.claimed.lstrip('>=')) < Version(floor) else 'high'}"


def _introduction(by_hand: ByHand, found: Audited) -> Sequence[str]:
    counted = Counter(said.verdict for said in by_hand.said)
    told = ", ".join(f"{counted[verdict]} {verdict}" for verdict in VERDICTS)
    basis = found.before.basis
    return (
        "A project was audited by hand before its move to NumPy 2; here each statement is beside npdoctor's.",
        "npdoctor read the same [requirements](../tests/audit/seed/requirements.txt), the"
        " [Dockerfile](../tests/audit/seed/Dockerfile) and the"
        " [list of what comes along](../tests/audit/seed/along.txt).",
        f"It judged for NumPy {basis.numpy} on Python {basis.python}, offline, by `rules.toml` alone.",
        f"Of {len(by_hand.said)} packages: {told}. Unverified is what the audit by hand left open.",
        "`npdoctor rules verify NAME` reads the wheels that decide once more, `npdoctor audit --online` those"
        " that a range admits.",
    )


def _left(after: Audit, escape: Escape) -> Iterator[str]:
    yield "The same files with every line that it asks for, and with its Dockerfile, judged again:"
    yield ""
    for finding in after.findings:
        link = f"[{finding.code}](codes/{finding.code}.md)"
        remedy = f" {escape(finding.remedy)}" if finding.fix else ""
        yield f"- `{finding.subject}`, {finding.severity.value}, {link}: {escape(finding.title)}.{remedy}"


def _points(by_hand: ByHand, found: Audited, book: RuleBook, escape: Escape) -> Iterator[str]:
    cause = by_hand.points["cause"]
    yield from _point("The root cause", cause, escape)
    (match,) = explain_text(cause["error"], book)
    code = match.signature.code
    yield f"npdoctor, [{code}](codes/{code}.md): {escape(match.cause)} {escape(match.remedy)}"
    yield ""
    yield from _point("The import test", by_hand.points["import_test"], escape)
    yield from _point("The Dockerfile", by_hand.points["dockerfile"], escape)
    yield "npdoctor, of the Dockerfile as it is:"
    yield ""
    yield from _steps(found.before, escape)
    yield "npdoctor, of the one that it asks for:"
    yield ""
    yield from _steps(found.after, escape)
    back = by_hand.points["rollback"]
    yield from _point("The way back", back, escape)
    yield f"npdoctor, offline, for NumPy {found.back.basis.numpy}:"
    yield ""
    for line in back["lines"]:
        judged = next(j for j in found.back.judged if j.name == Requirement(line).name)
        note = book.packages[judged.name].note if judged.state == "ok" else ""
        yield f"- `{line}` {judged.state}: {escape(f'{judged.statement} {note}'.strip())}"
    yield ""


def _point(title: str, point: Mapping[str, Any], escape: Escape) -> Iterator[str]:
    yield from (f"## {title}", "")
    yield from (f"By hand: {escape(point['says'])} Verdict: {point['verdict']}.", "")
    yield from (f"Measured: {escape(point['measured'])}", "")


def _steps(of: Audit, escape: Escape) -> Iterator[str]:
    for finding in of.findings:
        if finding.code == "NPD504":
            yield f"- {escape(finding.title)}. {escape(finding.message)}"
    yield ""


def _name(line: str) -> str:
    found = re.match(r"[A-Za-z0-9][\w.-]*", line)
    return canonicalize_name(found[0]) if found else ""
