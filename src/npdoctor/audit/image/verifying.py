"""Tell which commands verify what was installed."""

from __future__ import annotations

import re
import sys

from npdoctor.audit.image.programs import Program

_IMPORT = re.compile(
    r"(?:^|[\s;(:'\"])(?:import|from)[ \t]+([A-Za-z_]\w*(?:[\w.]*[ \t]*,[ \t]*[A-Za-z_]\w*)*)"
)
_BY_NAME = re.compile(r"(?:import_module|__import__|find_spec)\(\s*\\?['\"]([A-Za-z_]\w*)")
_SCRIPT = re.compile(
    r"(?:^|[_\W])(?:smoke|sanity|verify|check|tests?)(?=[_\W]|$)|^verify|^check|^test", re.IGNORECASE
)
_NO_CHECK = frozenset({"--version", "--help", "-h"})
_OF_NPDOCTOR = frozenset({"check", "report", "gpu"})


def verified_by(program: Program, given: str | None) -> str:
    """Return what a program verifies with, empty where it verifies nothing; `given` is what it reads."""
    first = program.words[0].text if program.words else ""
    if program.name in ("pytest", "py.test", "unittest"):
        return "python"
    if program.name == "npdoctor":
        looks = first in _OF_NPDOCTOR or (first.startswith("-") and first not in _NO_CHECK)
        return "npdoctor" if looks or not first else ""
    if program.name != "python":
        return ""
    return "python" if _python_verifies(program, given) else ""


def imports_something(code: str) -> bool:
    """Tell whether a piece of Python imports a module that is not of the standard library."""
    found = [name.strip() for names in _IMPORT.findall(code) for name in names.split(",")]
    found += _BY_NAME.findall(code)
    modules = {name.partition(".")[0] for name in found}
    return bool(modules - sys.stdlib_module_names)


def _python_verifies(program: Program, given: str | None) -> bool:
    position, words = 0, program.words
    while position < len(words):
        text = words[position].text
        if re.fullmatch(r"-[A-Za-z]*c", text):
            return position + 1 < len(words) and imports_something(words[position + 1].text)
        if text == "-":
            break
        if not text.startswith("-"):
            return bool(_SCRIPT.search(text.rpartition("/")[2][:200]))
        position += 2 if text in ("-W", "-X") else 1
    return given is not None and imports_something(given)
