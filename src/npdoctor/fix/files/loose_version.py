"""Version constraints of Poetry and Pixi: carets, tildes, series and bare versions beside PEP 440."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from npdoctor.fix.files.place import Pin
from npdoctor.fix.files.specifier import admits, respecified, same_version, spliced
from npdoctor.model.requirement import parsed_version

_SERIES = re.compile(r"\d+(\.\d+)*\.\*")
_EQUAL_SERIES = re.compile(rf"==({_SERIES.pattern})")


def loosely_respecified(text: str, pin: Pin, down: bool) -> str:
    """Return a constraint that agrees with a pin, in the style of the old one where that has a meaning."""
    bare = text.strip()
    version = parsed_version(pin.version)
    if version is None:
        meant = strict(bare)
        if meant is None:
            return text
        return _by_clauses(bare if bare and _is_pep440(bare) else str(meant), pin, down)
    exact = f"=={pin.version}"
    if bare in ("", "*"):
        return _by_clauses("", pin, down)
    if parsed_version(bare) is not None:
        return text if same_version(bare, str(version)) else str(pin.version)
    if bare[0] in "^~" and not bare.startswith("~="):
        new = text if same_version(bare[1:].strip(), version.public) else f"{bare[0]}{version.public}"
        return exact if down and not _capped(pin) else new
    if _SERIES.fullmatch(bare):
        return _EQUAL_SERIES.sub(r"\1", _by_clauses(f"=={bare}", pin, down))
    return _by_clauses(bare, pin, down) if _is_pep440(bare) else exact


def strict(text: str) -> SpecifierSet | None:
    """Return a constraint as PEP 440 has it, None where it has no such form; a bare version is exact."""
    bare = text.strip()
    if bare in ("", "*"):
        return SpecifierSet()
    if parsed_version(bare) is not None or _SERIES.fullmatch(bare):
        return SpecifierSet(f"=={bare}")
    try:
        parts = [part for part in re.split(r"\s*,\s*|\s+(?=[<>=!~^])", bare) if part]
        if len(parts) > 1:
            found = [strict(part) for part in parts]
            return SpecifierSet(",".join(str(part) for part in found)) if None not in found else None
        if bare[0] in "^~" and not bare.startswith("~="):
            version = Version(bare[1:].strip())
            return SpecifierSet(f">={version.public},<{_next(version, bare[0] == '^')}")
        return SpecifierSet(bare)
    except (InvalidSpecifier, ValueError):
        return None


def loosely_admits(text: str, version: str) -> bool:
    """Tell whether a constraint admits a version."""
    found = strict(text)
    return found is not None and admits(str(found), version)


def _by_clauses(text: str, pin: Pin, down: bool) -> str:
    return spliced(text, respecified(text, pin, down))


def _is_pep440(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _capped(pin: Pin) -> bool:
    return "<" in pin.specifier


def _next(version: Version, caret: bool) -> str:
    """Return the first version that a caret or tilde excludes."""
    release = version.release
    if caret:
        nonzero = next((i for i, part in enumerate(release) if part), len(release) - 1)
    else:
        nonzero = min(1, len(release) - 1)
    return ".".join(map(str, (*release[:nonzero], release[nonzero] + 1)))
