"""Read a conda environment file in the plain form of YAML that conda itself writes; any other is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from npdoctor.audit.source_files import CannotRead
from npdoctor.audit.source_lines import line_source
from npdoctor.fix.files.encoding import FileText
from npdoctor.fix.files.specifier import is_exact
from npdoctor.model.audit import Source
from npdoctor.model.declaration import Declared

_ITEM = re.compile(r"(?P<indent> *)-[ \t]+(?P<text>.*)")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_SPEC = re.compile(r"(?:[^\s:\[\]]+::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)\s*(?P<says>[^\[]*)")
_FUZZY = re.compile(r"=\s*(?P<version>[0-9][^=\s]*?)(?:\.\*)?(?:=\S*)?")
_BUILD = re.compile(r"(==\s*[^=\s,]+)=\S+")


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of the list of dependencies; `pip` is true below `- pip:`."""

    text: str
    line: int
    pip: bool


def conda_source(file: FileText) -> tuple[Source, tuple[tuple[str, bool, int], ...]]:
    """Return an environment file as a source, and what its pip part leads to, as requirements files do.

    What conda installs is told by its name and range alone. Raises CannotRead for another form of YAML.
    """
    items = list(_items(file.text))
    declared, notes, python = list[Declared](), list[str](), ""
    for item in items:
        one = None if item.pip else _declared(file.path, item)
        if one is not None and one.name == "python":
            python = one.specifier
        elif one is not None:
            declared.append(one)
        elif not item.pip:
            notes.append(f"{file.path}:{item.line} could not be read as what conda installs.")
    if declared:
        notes.append(f"{file.path}: what conda installs is judged by the releases on PyPI of the same name.")
    lines = [""] * len(file.text.splitlines())
    for item in items:
        if item.pip:
            lines[item.line - 1] = item.text
    of_pip, leads = line_source(replace(file, text="\n".join(lines)), False)
    whole = (*declared, *of_pip.declared)
    return Source(file.path, "requirements", whole, python=python, notes=(*notes, *of_pip.notes)), leads


def _items(text: str) -> Iterator[_Item]:
    inside, seen, pip_indent = False, False, -1
    for number, line in enumerate(text.splitlines(), start=1):
        body = _COMMENT.sub("", line).rstrip()
        if not body:
            continue
        item = _ITEM.fullmatch(body)
        if not item:
            inside = body == "dependencies:"
            seen = seen or inside
            if body.startswith("dependencies:") and not inside:
                raise CannotRead(f"has a form of YAML in line {number} that is not read")
            continue
        if not inside:
            continue
        what, indent = item.group("text").strip(), len(item.group("indent"))
        if what == "pip:":
            pip_indent = indent
            continue
        pip_indent = pip_indent if indent > pip_indent else -1
        yield _Item(_bare(what), number, pip=pip_indent >= 0)
    if not seen:
        raise CannotRead("has no list of dependencies")


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _declared(path: str, item: _Item) -> Declared | None:
    """Return what conda is told of one distribution, `=1.26` as the series that it means there."""
    found = _SPEC.fullmatch(item.text)
    if found is None:
        return None
    says = found.group("says").strip()
    fuzzy = _FUZZY.fullmatch(says)
    says = f"=={fuzzy.group('version')}.*" if fuzzy else _BUILD.sub(r"\1", says)
    says = f"=={says}" if says[:1].isdigit() else says
    try:
        SpecifierSet(says)
    except InvalidSpecifier:
        return None
    return Declared(canonicalize_name(found.group("name")), says, path, item.line, exact=is_exact(says))
