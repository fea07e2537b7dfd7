"""Read Pipfile.lock, which is JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from packaging.utils import canonicalize_name

from npdoctor.audit.lock_toml import Locked, any_of, table, texts
from npdoctor.audit.source_files import CannotRead
from npdoctor.fix.files.encoding import FileText

_SECTIONS = (("default", ""), ("develop", "dev"))
_KEY = re.compile(r'^[ \t]*"([^"\n]+)"[ \t]*:[ \t]*\{', re.MULTILINE)


def pipfile_entries(file: FileText) -> tuple[list[Locked], str]:
    """Return the entries of Pipfile.lock, and the range that it sets for Python.

    It tells no dependencies among them. Raises CannotRead for a file that is no JSON of that form.
    """
    try:
        data = json.loads(file.text)
    except RecursionError as error:
        raise CannotRead("is nested too deeply to be read") from error
    except ValueError as error:
        raise CannotRead(f"is not valid JSON: {error}") from error
    if not isinstance(data, dict) or not any(isinstance(data.get(name), dict) for name, _ in _SECTIONS):
        raise CannotRead("is no Pipfile.lock: it has neither default nor develop")
    lines = _lines(file.text)
    found = []
    for section, group in _SECTIONS:
        for name, one in table(data, section).items():
            here = lines.get((section, name), 0)
            found += [_locked(name, one, here, group)] if isinstance(one, dict) else []
    series = table(table(data, "_meta"), "requires").get("python_version")
    return found, f"=={series}.*" if isinstance(series, str) and re.fullmatch(r"\d+\.\d+", series) else ""


def _locked(name: str, one: dict[str, Any], line: int, group: str) -> Locked:
    version = one.get("version")
    bare = version.lstrip("=").strip() if isinstance(version, str) else ""
    direct = any(key in one for key in ("git", "path", "file", "url"))
    marker = any_of(texts(one.get("markers")))
    return Locked(canonicalize_name(name), bare, line, (), marker, group, direct)


def _lines(text: str) -> dict[tuple[str, str], int]:
    """Return where each name begins, as the layout has it that pipenv writes."""
    found: dict[tuple[str, str], int] = {}
    section, number, before = "", 1, 0
    for match in _KEY.finditer(text):
        number += text.count("\n", before, match.start(1))
        before = match.start(1)
        key = match.group(1)
        section = key if key in ("default", "develop", "_meta") else section
        found.setdefault((section, key), number)
    return found
