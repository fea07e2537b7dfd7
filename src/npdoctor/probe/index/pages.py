"""Read the pages of a simple index: JSON (PEP 691), HTML (PEP 503), and plain pages of links."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from npdoctor.probe.index.address import without_credentials
from npdoctor.probe.index.web import WebError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from npdoctor.probe.index.web import Page

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
_MAJOR = "1"
_PLAIN = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9._~:/%+-]*")


@dataclass(frozen=True, slots=True)
class Listed:
    """One file that a page offers; `size` is in bytes, `url` without credentials."""

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    yanked: bool = False


def read_page(page: Page) -> tuple[Listed, ...]:
    """Return the files that a page lists, without entries that cannot be understood; raise WebError."""
    if page.kind.endswith("json"):
        return tuple(_from_json(page))
    if page.kind and "html" not in page.kind:
        raise WebError(page.url, f"this is no page of a package index, but {page.kind}")
    return tuple(_from_html(page))


def _from_json(page: Page) -> Iterator[Listed]:
    try:
        document = json.loads(page.body)
        version = str(document.get("meta", {}).get("api-version", "1.0"))
        files = document["files"]
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise WebError(page.url, "this is no page of a package index: its JSON cannot be read") from None
    if not isinstance(files, list):
        raise WebError(page.url, "this is no page of a package index: its files are no list")
    _check_version(page, version)
    for entry in files:
        if not isinstance(entry, dict):
            continue
        filename, link = entry.get("filename"), entry.get("url")
        url = _absolute(page.url, link) if isinstance(link, str) else None
        if url is None or not isinstance(filename, str):
            continue
        hashes, size, python = entry.get("hashes"), entry.get("size"), entry.get("requires-python")
        sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
        yield Listed(
            filename,
            url,
            sha256.lower() if isinstance(sha256, str) and _is_sha256(sha256) else None,
            size if isinstance(size, int) and size >= 0 else None,
            python if isinstance(python, str) else None,
            entry.get("yanked", False) is not False,
        )


def _from_html(page: Page) -> Iterator[Listed]:
    links = _Links()
    links.feed(page.body.decode("utf-8", "replace"))
    links.close()
    if links.version:
        _check_version(page, links.version)
    base = _absolute(page.url, links.base) or page.url
    for attributes in links.anchors:
        href = (attributes.get("href") or "").strip()
        url = _absolute(base, href)
        if url is None:
            continue
        kind, _, digest = href.partition("#")[2].partition("=")
        sha256 = digest.partition("&")[0] if kind == "sha256" else ""
        yield Listed(
            unquote(urlsplit(url).path.rpartition("/")[2]),
            url,
            sha256.lower() if _is_sha256(sha256) else None,
            None,
            attributes.get("data-requires-python"),
            "data-yanked" in attributes,
        )


class _Links(HTMLParser):
    """Collect the anchors of a page, its base address and the version of its format."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[Mapping[str, str | None]] = []
        self.base = ""
        self.version = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a":
            self.anchors.append(found)
        elif tag == "base" and not self.base:
            self.base = found.get("href") or ""
        elif tag == "meta" and found.get("name") == "pypi:repository-version":
            self.version = found.get("content") or ""


def _absolute(base: str, link: str) -> str | None:
    if _PLAIN.fullmatch(link):
        return link  # what the way below would return, at a small part of its cost
    try:
        return without_credentials(urljoin(base, link))
    except ValueError:
        return None


def _check_version(page: Page, version: str) -> None:
    if version.partition(".")[0] != _MAJOR:
        raise WebError(page.url, f"the index speaks version {version} of its format, which is not known")


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and all(c in "0123456789abcdefABCDEF" for c in text)
