"""URLs with and without what must not be shown."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit, urlunsplit

Origin = tuple[str, str, int | None]
_PORTS = {"http": 80, "https": 443}


def without_credentials(url: str) -> str:
    """Return a URL without user name, password and fragment; ValueError where it is no URL."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))


def shown(url: str) -> str:
    """Return a URL as a person may see it: without credentials, and without a query, which may sign."""
    try:
        return urlunsplit((*urlsplit(without_credentials(url))[:3], "", ""))
    except ValueError:
        return "a malformed address"


def origin(url: str) -> Origin:
    """Return scheme, host and port; ValueError where it is no URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def credentials(url: str) -> tuple[str, str | None] | None:
    """Return the user name and password that a URL carries, None where it carries none."""
    parts = urlsplit(url)
    if not parts.username and not parts.password:
        return None
    return unquote(parts.username or ""), None if parts.password is None else unquote(parts.password)


def local_path(url: str) -> str | None:
    """Return the path that a `file:` URL names, or that was given itself; None for any other address."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() == "file":
        return os.path.normpath(unquote(urlsplit("file:" + rest).path))
    return None if "://" in url else os.path.abspath(url)
