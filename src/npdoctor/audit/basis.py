"""Decide which NumPy and which Python the declared ranges are judged against; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from npdoctor.audit.ranges import is_empty, merged, span
from npdoctor.model.audit import Basis, Source
from npdoctor.model.declaration import Declared
from npdoctor.model.numpy_releases import releases_for
from npdoctor.model.target import Target

PYTHONS = tuple(f"3.{minor}" for minor in range(7, 16))
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")

Releases = Callable[[str], Sequence[str]]


def choose_python(sources: Sequence[Source], target: Target | None, named: bool) -> tuple[str, str]:
    """Return the Python that installs will be for, and why that.

    An interpreter that the person `named` comes first, then the image of the last Dockerfile. A range that
    the files set for Python (Requires-Python) is no single version: the examined interpreter stands for it
    where it is admitted, else the lowest that is.
    """
    if named and target:
        return target.python, "--python"
    for source in reversed(sources):
        if source.image and _VERSION.fullmatch(source.image.python):
            return source.image.python, f"the base image in {source.path}"
    ranged = [source for source in sources if source.python]
    own = (target.python, f"{target.executable} ({target.why})") if target else ("", "")
    if not ranged:
        return own
    texts = ", ".join(f"Python {source.python} in {source.path}" for source in ranged)
    try:
        wanted = SpecifierSet(",".join(source.python for source in ranged))
    except InvalidSpecifier:
        return own
    if target and wanted.contains(target.python, prereleases=True):
        return target.python, f"{own[1]}, which {texts} admits"
    lowest = next((python for python in PYTHONS if _admits(wanted, python)), None)
    return (lowest, f"the lowest of {texts}") if lowest else own


def choose_basis(
    numpy: Sequence[Declared],
    python: tuple[str, str],
    assumed: str | None,
    releases: Releases | None = None,
) -> Basis:
    """Return what is judged against: the NumPy that is assumed, else the newest that lines and Python admit.

    `releases` lists on the index what a specifier admits, ascending; without it the releases known here
    are taken, the newest of each minor version.
    """
    if assumed:
        return Basis(assumed, f"--assume numpy=={assumed}", *python, meant=True)
    specifier = merged(line.specifier for line in numpy if not line.direct) or ""
    contradictory = bool(specifier) and is_empty(specifier)
    specifier = ">=2" if contradictory else specifier
    said = f"numpy{specifier}" if specifier else ""
    exact = span(specifier).exact
    if exact:
        return Basis(exact, f"the files say {said}", *python, meant=True)
    on_index = list(releases(specifier)) if releases else []
    listed = [Version(v) for v in on_index] if on_index else []
    known = max(listed, default=None) or next(
        (Version(v) for v in releases_for(_numbers(python[0])) if SpecifierSet(specifier).contains(v)), None
    )
    where = "on the index" if listed else "that npdoctor knows"
    if known is None:
        return _without_release(specifier, python)
    admitted = f"that {said} admits" if said else "as no file bounds numpy"
    if contradictory:
        admitted = "as the lines about numpy contradict each other"
    why = f"the newest {where} for Python {python[0]}, {admitted}"
    return Basis(str(known), why, *python, meant=not SpecifierSet(specifier).contains("1.26.4"))


def _without_release(specifier: str, python: tuple[str, str]) -> Basis:
    """Take the end of a range of which no release is known for this Python."""
    ends = span(specifier)
    end = ends.bottom or ends.top
    newest = next(releases_for(_numbers(python[0])), "2.0.2")
    if end is None:
        return Basis(newest, "the nearest that npdoctor knows", *python)
    why = f"an end of numpy{specifier}: no release that npdoctor knows for Python {python[0]} is in it"
    return Basis(str(end), why, *python, meant=True)


def _admits(wanted: SpecifierSet, python: str) -> bool:
    """Tell whether some patch release of a minor version is admitted."""
    return any(wanted.contains(f"{python}.{patch}", prereleases=True) for patch in (0, 99))


def _numbers(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split(".")[:2])
