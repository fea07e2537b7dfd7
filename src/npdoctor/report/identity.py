"""Recognise who and where: home, user, host, addresses, e-mails and GPU identities."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from npdoctor.report.hiding import Count, hide, words

_GENERIC = words(
    """
    root user users home admin administrator ubuntu debian fedora centos docker podman conda mamba
    mambauser micromamba jovyan runner nobody daemon default guest python python3 python2 workspace
    localhost local vscode codespace developer devuser appuser ec2-user azureuser coder
    sagemaker-user linux host hidden address email gpu cuda none server worker node main master
    build builder github gitlab jenkins
    """
)
# Names that are also words: hidden only where the text treats them as a name.
_WORDS = words(
    """
    will mark grant chase rich frank hope dean drew jack rose grace faith dawn summer autumn june
    april test tests data work model models train temp file files path code tools name version
    library module import package error driver found built file system loader fail case type true
    false with from this that they wheel binary core special random array string object link base
    kernel memory torch numpy scipy
    """
)
_HOMES = re.compile(r"(?<![\w.~-])(/home|/Users)/([A-Za-z_][\w.-]*)(?=/|[\s\"':;,)\]]|$)")
_GPU = re.compile(r"\b(GPU|MIG)-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?:/\d+/\d+)?")
_EMAIL = re.compile(
    r"(?<![\w.+/%@-])[A-Za-z0-9][\w.+%-]{0,63}(?<!\.git)@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,6}(?!(?:so|py|git|whl)\b)[A-Za-z]{2,24}(?![\w-]|\.\w|:[^\s])"
)
_IPV4 = re.compile(
    r"(?<![\w.+~^-])(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01])|169\.254"
    r"|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))(?:\.\d{1,3}){2,3}(?![\w+-]|\.\w)"
)
_IPV6 = re.compile(
    r"(?<![\w:.])(?:fe80|f[cd][0-9a-f]{2}):(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{1,4}(?![\w:])", re.IGNORECASE
)
_VERSION_BEFORE = re.compile(
    r"(?:[=<>~!]=\s?|[<>]\s?|(?<![A-Za-z])v|\bversions?\b[^\w\n]{0,3}(?:is |was |of )?|\brelease\s"
    r"|\b(?:nvidia|cuda|cu)[\w-]*[\s(\"'`:]{1,3}|\b[a-z][a-z0-9_]*(?:-[a-z0-9]+)+[\s(]{1,2}"
    r"|\bVERSION[\"']?[=:]\s?[\"']?)$",
    re.IGNORECASE,
)
_NAME_BOUND = r"[A-Za-z0-9]"
_TOKEN_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")


@dataclass(frozen=True, slots=True)
class _Name:
    pattern: re.Pattern[str]
    kind: str
    is_word: bool


class Identity:
    """The person's home, user and host names, and what must be left alone although it looks like them."""

    def __init__(self, home: str | None, user: str | None, host: str | None) -> None:
        self._home = _home_pattern(home)
        self._names: list[_Name] = []
        short = host.split(".")[0] if host else None
        for name, kind in ((host, "host"), (short if short != host else None, "host"), (user, "user")):
            if name and _tells_somebody(name):
                bounded = re.compile(f"(?<!{_NAME_BOUND}){re.escape(name)}(?!{_NAME_BOUND})")
                self._names.append(_Name(bounded, kind, name.lower() in _WORDS))
        self._spared_names: set[str] = set()
        self._spared_versions: set[str] = set()

    def spare(self, names: Iterable[str], versions: Iterable[str]) -> None:
        """Leave these distribution names and versions alone."""
        self._spared_names.update(_normal(name) for name in names)
        self._spared_versions.update(versions)

    def hide(self, text: str, count: Count) -> str:
        """Return the text without identity, telling `count` the kind of each thing hidden."""
        text = hide(_GPU, text, "gpu uuid", lambda m: f"{m[1]}-<hidden>", count)
        if "@" in text:
            text = hide(_EMAIL, text, "e-mail", _email, count)
        text = hide(_IPV4, text, "address", self._address, count)
        text = hide(_IPV6, text, "address", _address6, count)
        if "/" in text:
            if self._home:
                text = hide(self._home, text, "home", _home, count)
            text = hide(_HOMES, text, "home", _other_home, count)
        for name in self._names:
            text = hide(name.pattern, text, name.kind, partial(self._name, name), count)
        return text

    def _address(self, match: re.Match[str]) -> str | None:
        return None if self._is_version(match) else "<address>"

    def _name(self, name: _Name, match: re.Match[str]) -> str | None:
        return None if self._spares(match, name.is_word) else f"<{name.kind}>"

    def _is_version(self, match: re.Match[str]) -> bool:
        if match[0] in self._spared_versions:
            return True
        if match[0].count(".") != 3 or any(int(part) > 255 for part in match[0].split(".")):
            return True
        before = match.string[max(0, match.start() - 48) : match.start()]
        return bool(_VERSION_BEFORE.search(before))

    def _spares(self, match: re.Match[str], word: bool) -> bool:
        text, begin, end = match.string, match.start(), match.end()
        while begin and text[begin - 1] in _TOKEN_CHARS:
            begin -= 1
        while end < len(text) and text[end] in _TOKEN_CHARS:
            end += 1
        if self._is_spared(_normal(text[begin:end])):
            return True
        path = text[max(0, begin - 300) : begin].rsplit(None, 1)
        if path and re.search(r"(?:site|dist)-packages/", path[-1]) and text[begin - 1] == "/":
            return True
        beside = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        return word and not set("/@=~") & set(beside)

    def _is_spared(self, token: str) -> bool:
        """Tell whether a token is a distribution's name, or begins with one as a file name does."""
        parts = token.split("-")
        return any("-".join(parts[:length]) in self._spared_names for length in range(1, len(parts) + 1))


def _home_pattern(home: str | None) -> re.Pattern[str] | None:
    folder = (home or "").rstrip("/")
    if folder.count("/") < 1 or len(folder) < 3:
        return None
    return re.compile(rf"(?<![\w.~-]){re.escape(folder)}(?![\w.-]*[\w-])")


def _tells_somebody(name: str) -> bool:
    return len(name) >= 4 and name.lower() not in _GENERIC and not name.replace(".", "").isdigit()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower().strip("-")


def _email(match: re.Match[str]) -> str | None:
    return None if match[0].startswith("git@") else "<email>"


def _address6(_: re.Match[str]) -> str:
    return "<address>"


def _home(_: re.Match[str]) -> str:
    return "~"


def _other_home(match: re.Match[str]) -> str | None:
    return None if match[2].lower() in _GENERIC else f"{match[1]}/<user>"
