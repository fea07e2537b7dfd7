"""Where the knowledge behind the findings comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from npdoctor.model.finding import Finding
from npdoctor.model.rules import RuleBook
from npdoctor.report.document.blocks import Bullets, Code, Inline, Link, Paragraph, Section, Words
from npdoctor.report.document.material import Material

_ISSUE = re.compile(r"([A-Za-z0-9][\w.-]*/[\w.-]+)#(\d+)")
_PEP = re.compile(r"PEP (\d{1,4})")


def references(m: Material) -> Section:
    """List what the rule book names for each code, and how it knows of each critical distribution."""
    names = {f.subject for f in m.roots}
    if m.audit:
        names |= {j.name for j in m.audit.judged if j.state != "ok"}
    items = (*code_references(m.diagnosis.findings, m.book), *package_references(names, m.book))
    nothing = Paragraph(("No finding, so nothing to refer to.",))
    return Section("references", "References", (Bullets(items),) if items else (nothing,))


def code_references(findings: Iterable[Finding], book: RuleBook) -> Iterator[Words]:
    """Yield each code with its page and what the rule book says to see."""
    for code in dict.fromkeys(f.code for f in findings):
        rule = book.codes.get(code)
        parts: list[Inline] = [f"{code}: `npdoctor explain {code}`"]
        for name in rule.see if rule else ():
            parts += ["; ", reference(name)]
        yield tuple(parts)


def package_references(names: Iterable[str], book: RuleBook) -> Iterator[Words]:
    """Yield how the rule book knows of each distribution that it has a rule for."""
    for name in sorted(names):
        rule = book.packages.get(name)
        if rule:
            yield (f"{name} ({rule.how}): {rule.source}",)


def reference(name: str) -> Inline:
    """Return a link where the name says which page is meant, else code, of which no page makes a link."""
    issue, pep = _ISSUE.fullmatch(name), _PEP.fullmatch(name)
    if issue:
        return Link(name, f"https://github.com/{issue[1]}/issues/{issue[2]}")
    if pep:
        return Link(name, f"https://peps.python.org/pep-{int(pep[1]):04d}/")
    return Code(name)
