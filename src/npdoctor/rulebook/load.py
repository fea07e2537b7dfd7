"""Load rules.toml into a RuleBook, or say which file, rule and key of it is wrong.

Loading checks everything that is cheap: structure, words, names, codes, duplicates, and that every
pattern compiles. What takes longer, such as matching each example, is in `validate`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from npdoctor.errors import RuleBookError
from npdoctor.model.rules import RuleBook
from npdoctor.rulebook import sections
from npdoctor.rulebook.entry import Entry
from npdoctor.rulebook.locate import locate

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = 1
SECTIONS = ("code", "package", "signature", "optional", "pairing", "cuda", "torch_index", "smoke")

RuleT = TypeVar("RuleT")


def load_rule_book(path: str | None = None) -> RuleBook:
    """Load and check the rule book that ships with npdoctor, or the one at `path`."""
    place = locate(path)
    tables = _tables(place)
    codes = _unique(tables["code"], sections.code_rule, "code", lambda rule: rule.code)
    known = frozenset(rule.code for rule in codes)
    packages = _unique(tables["package"], sections.package_rule, "name", lambda rule: rule.name)
    return RuleBook(
        path=place,
        codes={rule.code: rule for rule in codes},
        packages={rule.name: rule for rule in packages},
        signatures=_unique(tables["signature"], lambda e: sections.signature(e, known), "id", lambda r: r.id),
        optional=_unique(
            tables["optional"], sections.optional_module, "module", lambda r: (r.distribution, r.module)
        ),
        pairings=_unique(tables["pairing"], lambda e: sections.pairing(e, known), "id", lambda r: r.id),
        smoke=_unique(tables["smoke"], sections.smoke_test, "id", lambda rule: rule.id),
        cuda=_unique(tables["cuda"], sections.cuda_release, "version", lambda rule: rule.version),
        torch_indexes=_unique(tables["torch_index"], sections.torch_index, "cuda", lambda rule: rule.cuda),
    )


def _tables(place: str) -> dict[str, list[Entry]]:
    document = _document(place)
    if document.get("schema") != SCHEMA:
        raise RuleBookError(f"{place}: schema: must be {SCHEMA}, not {document.get('schema')!r}")
    unknown = sorted(set(document) - {"schema", *SECTIONS})
    if unknown:
        raise RuleBookError(f"{place}: {unknown[0]}: is no section; there are {', '.join(SECTIONS)}")
    return {section: list(_entries(place, section, document.get(section, []))) for section in SECTIONS}


def _document(place: str) -> Mapping[str, object]:
    try:
        with open(place, encoding="utf-8") as file:
            return tomllib.loads(file.read())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RuleBookError(f"{place}: cannot be read: {error}") from error


def _entries(place: str, section: str, value: object) -> Iterator[Entry]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise RuleBookError(f"{place}: {section}: must be written as [[{section}]]")
    for position, table in enumerate(value, start=1):
        yield Entry(place, section, position, table)


def _unique(
    entries: Iterable[Entry], read: Callable[[Entry], RuleT], key: str, identity: Callable[[RuleT], Hashable]
) -> tuple[RuleT, ...]:
    seen: set[Hashable] = set()
    rules: list[RuleT] = []
    for entry in entries:
        rule = read(entry)
        if identity(rule) in seen:
            entry.fail(key, "is there twice")
        seen.add(identity(rule))
        rules.append(rule)
    return tuple(rules)
