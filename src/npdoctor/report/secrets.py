"""Recognise secrets by their shape or by the name they are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from npdoctor.report.hiding import Count, hide, words

HIDDEN = "<hidden>"

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]{2,40})-----.*?(?:-----END \1-----|\Z)", re.DOTALL)
_HEADER = re.compile(
    r"(?<![\w-])((?:Proxy-)?Authorization|X-[\w-]{0,30}(?:Key|Token)|(?:Set-)?Cookie)"
    r"([\"']?\s?[:=]\s?)([\"']?)([^\s\"'][^\r\n\"']*)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic)(\s+)(?=\S*\d|\S{20})([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)
_VALUE = r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'][^\s]*)"
_ASSIGNED = re.compile(
    r"(?<![A-Za-z0-9_.-])(?P<name>-{0,2}[A-Za-z_][A-Za-z0-9_.-]{2,80})(?P<sign>[ \t]?=[ \t]?(?!=))" + _VALUE
)
_QUOTED = re.compile(
    r"(?P<open>\\?[\"'])(?P<name>[A-Za-z_][A-Za-z0-9_.-]{2,80})(?P=open)(?P<sign>\s?:\s?|,\s?)"
    r"(?P<quote>b?\\?(?P<mark>[\"']))(?P<value>(?:(?!\\?(?P=mark))[^\n])+)(?P<end>\\?(?P=mark))"
)
# As in YAML. Prose has colons too: the value must look like no word.
_COLON = re.compile(
    r"(?<![A-Za-z0-9_.\"'-])(?P<name>[A-Za-z_][A-Za-z0-9_.-]{2,80})(?P<sign>:[ \t]{1,4})(?P<quote>[\"']?)"
    r"(?P<value>(?=[^\s\"']*\d)(?=[^\s\"']*[A-Za-z])[^\s\"']{8,})(?P=quote)(?=\s|$)"
)
_CURL = re.compile(
    r"(\bcurl\b[^\n]{0,300}?\s(?:-u|--user|--proxy-user)(?:[ \t]+|=)[\"']?[^\s:\"']+:)([^\s\"']+)"
)
_OPTION = re.compile(
    r"(?<![\w-])(?P<open>[\"']?)(?P<name>--[A-Za-z][\w-]{2,60})(?P=open)(?P<sign>[ \t]+|,\s*)" + _VALUE
)
_LOGIN = re.compile(
    r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,30}://)"
    r"((?:[^\s:/@\"'<>]*:(?!\d{1,5}/)[^\s\"'<>]*|[^\s/?#\"'<>]+))@(?=[\w\[<])"
)
_QUERY = re.compile(
    r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,30}://(?:<hidden>@)?[^\s?#\"'<>]+)([?#])([^\s\"'<>`]+)"
)
_HARMLESS_FRAGMENT = re.compile(
    r"(?:[a-z]{1,20}(?:[-_.][a-z0-9]{1,12}){0,8}|(?:sha256|sha512|md5)=[0-9a-f]{32,128})[.,;:)\]]{0,3}"
)
_SHAPES = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"hf_[A-Za-z0-9]{16,}|api_org_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"
    r"|glpat-[A-Za-z0-9_.-]{16,}|sk-(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"
    r"|rpa_[A-Za-z0-9]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abeoprs]-[A-Za-z0-9-]{10,}|pypi-[A-Za-z0-9_-]{40,}"
    r"|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|nvapi-[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{16,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"
    r")"
)

_SECRET_WORDS = words(
    """
    secret secrets password passwd passphrase apikey credential credentials authtoken accesstoken
    secretkey accesskey privatekey sshpass jwt
    """
)
_SECRET_PAIRS = frozenset(
    pair.partition("_")[::2]
    for pair in words(
        "api_key access_key secret_key private_key account_key license_key ssh_key pod_id pod_hostname "
        "kaggle_key openai_key connection_string"
    )
)
# Beside these, TOKEN is one of a language model.
_MODEL_WORDS = words(
    """
    bos eos pad unk sep cls mask special next image audio video start end stop new per first last num max min
    prefix suffix middle decoder forced added fake no
    """
)
_PROSE = words("or to and is in if for with from option argument flag not instead when as the a an")
_NO_VALUE = re.compile(r"(?:None|null|True|False|true|false)[,;)\]}.]*|\$\{?\w+\}?.*|[(\[{].*|<hidden>")
# A parser tells of an `unexpected token: x1`.
_SHORTEST_TOKEN = 16
_COUNT = re.compile(r"\d{1,6}[,;)\]}.]*")


def hide_secrets(text: str, count: Count) -> str:
    """Return the text without secrets, telling `count` the kind of each.

    Names come before shapes, so that a value is hidden whole and not only the part that looks like a token.
    """
    if "-----BEGIN" in text:
        text = hide(_PEM, text, "key", _whole, count)
    text = hide(_HEADER, text, "token", _header, count)
    if "=" in text:
        text = hide(_ASSIGNED, text, "named secret", _assigned, count)
    if "--" in text:
        text = hide(_OPTION, text, "named secret", _option, count)
    if ": " in text:
        text = hide(_COLON, text, "named secret", _colon, count)
    if "curl" in text:
        text = hide(_CURL, text, "named secret", _curl, count)
    if '"' in text or "'" in text:
        text = hide(_QUOTED, text, "named secret", _quoted, count)
    if "://" in text:
        text = hide(_LOGIN, text, "url login", _login, count)
        text = hide(_QUERY, text, "url query", _query, count)
    text = hide(_BEARER, text, "token", _bearer, count)
    return hide(_SHAPES, text, "token", _whole, count)


def secret_values(environ: Mapping[str, str]) -> frozenset[str]:
    """Return the values of variables that hold a secret by their name, and the passwords in addresses.

    What is short, a path or a plain word could stand in any text for itself, and is left out.
    """
    named = {value for name, value in environ.items() if is_secret_name(name)}
    logins = {match[2].rpartition(":")[2] for value in environ.values() for match in _LOGIN.finditer(value)}
    return frozenset(value for value in named | logins if _tells_itself(value))


def _tells_itself(value: str) -> bool:
    return len(value) >= 8 and not value.startswith(("/", "~", "<")) and not value.isalpha()


def is_secret_name(name: str) -> bool:
    """Tell whether a variable, key or option of this name holds a secret."""
    parts = _parts(name)
    if any(part in _SECRET_WORDS or part.endswith("password") for part in parts):
        return True
    if any(pair in _SECRET_PAIRS for pair in pairwise(parts)):
        return True
    if len(parts) > 1 and (parts[-1] == "pwd" or (name.isupper() and parts[-1] == "pass")):
        return True
    return "token" in parts and not _MODEL_WORDS.intersection(parts)


def _parts(name: str) -> list[str]:
    """Split HF_TOKEN, --api-key and accessToken into lower-case words."""
    return [
        part.lower() for part in re.split(r"[_.-]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)) if part
    ]


def _holds_secret(name: str, value: str) -> bool:
    if not value or not is_secret_name(name) or _NO_VALUE.fullmatch(value):
        return False
    return not ("token" in _parts(name) and _COUNT.fullmatch(value))


def _assigned(match: re.Match[str]) -> str | None:
    if not _holds_secret(match["name"], match[3].strip("\"'")):
        # What stands behind the first `=` may be a list of such pairs.
        inner = _ASSIGNED.sub(lambda pair: _assigned(pair) or pair[0], match[3])
        return f"{match['name']}{match['sign']}{inner}"
    return f"{match['name']}{match['sign']}{HIDDEN}"


def _option(match: re.Match[str]) -> str | None:
    value = match[4].strip("\"'")
    if not _holds_secret(match["name"], value):
        return None
    if value.startswith("-") or value.lower().strip(".,;:)") in _PROSE:
        return None
    quote = match[4][0] if match[4][0] in "\"'" else ""
    return f"{match['open']}{match['name']}{match['open']}{match['sign']}{quote}{HIDDEN}{quote}"


def _quoted(match: re.Match[str]) -> str | None:
    if not _holds_secret(match["name"], match["value"]):
        return None
    name = match["open"] + match["name"] + match["open"]
    return f"{name}{match['sign']}{match['quote']}{HIDDEN}{match['end']}"


def _colon(match: re.Match[str]) -> str | None:
    if not _holds_secret(match["name"], match["value"]):
        return None
    if match["name"].lower() == "token" and len(match["value"]) < _SHORTEST_TOKEN:
        return None
    return f"{match['name']}{match['sign']}{match['quote']}{HIDDEN}{match['quote']}"


def _curl(match: re.Match[str]) -> str:
    return f"{match[1]}{HIDDEN}"


def _login(match: re.Match[str]) -> str | None:
    return None if match[2] == "git" else f"{match[1]}{HIDDEN}@"


def _query(match: re.Match[str]) -> str | None:
    if match[2] == "#" and _HARMLESS_FRAGMENT.fullmatch(match[3]):
        return None
    return f"{match[1]}{match[2]}{HIDDEN}"


def _whole(_: re.Match[str]) -> str:
    return HIDDEN


def _header(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}{match[3]}{HIDDEN}"


def _bearer(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}{HIDDEN}"
