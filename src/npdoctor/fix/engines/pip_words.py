"""Read what pip says: its installation report, and why there is no answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from npdoctor.fix.engines.engine import EngineFailure, Unsolvable
from npdoctor.fix.engines.uv_words import without_urls

_DEPENDS = re.compile(r"^    (?=\S)(.+)$", re.MULTILINE)
_IN_CONFLICT = re.compile(r"(?:^|; |, | and |Cannot install )([A-Za-z0-9][\w.-]*)(?: \S+ depends on |==)")
_NONE_FITS = re.compile(r"^ERROR: (No matching distribution found for .+)$", re.MULTILINE)
_CANNOT = re.compile(r"^ERROR: (Cannot install .+?) because", re.MULTILINE)
_OLD = re.compile(r"no such option: --(?:report|python|dry-run)")
_REFUSED = re.compile(r"^WARNING: (40[13] Error.*)$|(\b40[137] Client Error[^\n]*)", re.MULTILINE)
_UNREACHED = re.compile(
    r"after connection broken by|Failed to establish a new connection|Max retries exceeded"
)
_TOLD = 600


@dataclass(frozen=True, slots=True)
class Chosen:
    """A distribution that pip would install, and the file that it would take."""

    name: str
    version: str
    url: str
    sha256: str | None


def read_report(text: str) -> tuple[Chosen, ...]:
    """Return what an installation report (its version 1) says; raises ValueError where it is none."""
    try:
        report = json.loads(text)
        if report["version"].partition(".")[0] != "1":
            raise ValueError(f"version {report['version']} of pip's report is not known")
        return tuple(
            Chosen(
                canonicalize_name(item["metadata"]["name"]),
                item["metadata"]["version"],
                item["download_info"]["url"],
                item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256"),
            )
            for item in report["install"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the report has another form than expected") from error


def filename(url: str) -> str:
    """Return the name of the file that a URL leads to."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def no_answer(out: str, err: str, python: str) -> Unsolvable | EngineFailure:
    """Tell whether there is no solution, or pip could not look, from what it printed."""
    said = f"{out}\n{err}"
    if _OLD.search(said):
        return EngineFailure("pip is too old to plan with: npdoctor needs pip 22.3, or uv")
    nothing = "(from versions: none)" in said
    if nothing and (refused := _REFUSED.search(said)):
        return EngineFailure(f"an index refuses to answer: {without_urls(refused[1] or refused[2])}")
    if _UNREACHED.search(said) and (nothing or "No matching distribution" not in said):
        return EngineFailure("no index can be reached", offline=True)
    if "ResolutionImpossible" in said:
        return Unsolvable(_conflict(said))
    if missing := _NONE_FITS.search(said):
        hint = f"Hint: only wheels that fit Python {python} count, because nothing is built while planning."
        return Unsolvable(f"{missing[1]}. {hint}")
    return EngineFailure(without_urls(" ".join(err.split())[-_TOLD:]) or "pip ended without a word")


def names_in_conflict(reason: str) -> list[str]:
    """Return the distributions whose versions a conflict is about, in pip's order."""
    return list(dict.fromkeys(canonicalize_name(name) for name in _IN_CONFLICT.findall(reason)))


def _conflict(said: str) -> str:
    block = said.partition("The conflict is caused by:")[2].partition("\n\n")[0]
    lines = [" ".join(line.split()) for line in _DEPENDS.findall(block)]
    head = _CANNOT.search(said)
    return without_urls("; ".join([*lines, *([] if lines or not head else [head[1]])]))[:_TOLD]
