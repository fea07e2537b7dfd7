"""Take credentials out of what installers print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from npdoctor.model.index import Indexes

HIDDEN = "<hidden>"
# Bounded, so that a long word in a tool's output costs no more than its length.
_LOGIN = re.compile(r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,30}://)([^\s/?#\"'<>]{1,8192})@")
_SECRET_NAME = re.compile(r"(?:UV|PIP)_\w*(?:PASSWORD|TOKEN)\w*")
_ADDRESS_NAME = re.compile(r"(?:UV|PIP)_\w+|\w+_PROXY", re.IGNORECASE)
_SHORTEST_PASSWORD, _SHORTEST_TOKEN = 4, 8  # what is shorter could be any word of the text
_LONG = 8


class Hider:
    """Hides the logins of these indexes, what variables hold of secrets, and the login of any address.

    A secret of fewer than 8 characters is hidden only where it is a word of its own, because it could be
    a part of a distribution's name.
    """

    def __init__(self, indexes: Indexes, environ: Mapping[str, str]) -> None:
        found = {secret for url in (*indexes.urls, *indexes.find_links) for secret in _secrets(url)}
        for name, value in environ.items():
            if _ADDRESS_NAME.fullmatch(name):
                found.update(_secrets(value))
            if _SECRET_NAME.fullmatch(name) and len(value) >= _SHORTEST_PASSWORD:
                found.add(value)
        ordered = sorted(found, key=lambda secret: (-len(secret), secret))
        self._pattern = re.compile("|".join(map(_as_pattern, ordered))) if ordered else None

    def hide(self, text: str) -> str:
        """Return the text without credentials."""
        text = _LOGIN.sub(rf"\1{HIDDEN}@", text)
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _as_pattern(secret: str) -> str:
    escaped = re.escape(secret)
    return escaped if len(secret) >= _LONG else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"


def _secrets(text: str) -> Iterator[str]:
    """Yield the passwords of addresses as written and decoded; a user name alone is a token."""
    for _, login in _LOGIN.findall(text):
        user, colon, password = login.partition(":")
        secret, shortest = (password, _SHORTEST_PASSWORD) if colon else (user, _SHORTEST_TOKEN)
        yield from (one for one in (secret, unquote(secret)) if len(one) >= shortest)
