"""Read which indexes uv is configured with, by variables, the project, the person and the system."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from npdoctor.probe.index.pip_config import ConfigUnreadable, config_folders, config_home, is_on

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OF_THE_MACHINE = "/etc/uv"
PYPI = "https://pypi.org/simple"


@dataclass(frozen=True, slots=True)
class UvIndexes:
    """What uv would use; `configured` tells whether anything says so, or these are its defaults."""

    configured: bool
    urls: tuple[str, ...] = (PYPI,)
    find_links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Index:
    """One entry of a configuration."""

    url: str
    name: str = ""
    default: bool = False


def uv_indexes(environ: Mapping[str, str], folder: str) -> UvIndexes:
    """Return the indexes of uv as run in that folder; raises ConfigUnreadable.

    Explicit indexes are not among them, because they serve only what names them.
    """
    documents = list(_documents(environ, folder))
    found = [*_of_variables(environ), *(index for document in documents for index in _of(document))]
    links = [
        *environ.get("UV_FIND_LINKS", "").replace(",", " ").split(),
        *(link for d in documents for link in _links(d)),
    ]
    offline = any(_both(d, "no-index") is True for d in documents) or is_on(environ.get("UV_NO_INDEX"))
    if offline:
        return UvIndexes(True, (), tuple(dict.fromkeys(links)))
    default = next((i for i in found if i.default), _Index(PYPI))
    ordered = [*(i for i in found if not i.default), default]
    urls = dict.fromkeys(_with_login(i, environ) for i in ordered)
    return UvIndexes(bool(found), tuple(urls), tuple(dict.fromkeys(links)))


def _of_variables(environ: Mapping[str, str]) -> Iterator[_Index]:
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL"):
        yield from (_named(text) for text in environ.get(name, "").split())
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if value := environ.get(name, "").strip():
            named = _named(value)
            yield _Index(named.url, named.name, True)


def _named(text: str) -> _Index:
    found = re.match(r"([A-Za-z0-9._-]+)=(?=\S)", text)
    return _Index(text[found.end() :], found[1]) if found else _Index(text)


def _of(document: Mapping[str, Any]) -> Iterator[_Index]:
    for entry in _both(document, "index") or ():
        if isinstance(entry, dict) and isinstance(entry.get("url"), str) and not entry.get("explicit"):
            yield _Index(entry["url"], str(entry.get("name", "")), entry.get("default") is True)
    extra = _both(document, "extra-index-url")
    for url in extra if isinstance(extra, list) else ():
        yield _Index(str(url))
    url = _both(document, "index-url")
    if isinstance(url, str):
        yield _Index(url, default=True)


def _links(document: Mapping[str, Any]) -> Iterator[str]:
    links = _both(document, "find-links")
    yield from (str(link) for link in (links if isinstance(links, list) else ()))


def _both(document: Mapping[str, Any], key: str) -> Any:
    """Return a setting of the table `pip`, which wins, or of the whole."""
    table = document.get("pip")
    if isinstance(table, dict) and key in table:
        return table[key]
    return document.get(key)


def _documents(environ: Mapping[str, str], folder: str) -> Iterator[Mapping[str, Any]]:
    """Yield the configurations in force, the most important one first."""
    if named := environ.get("UV_CONFIG_FILE"):
        yield _read(os.path.join(folder, named)) or {}
        return
    if is_on(environ.get("UV_NO_CONFIG")):
        return
    yield _of_project(folder)
    yield _read(os.path.join(config_home(environ), "uv", "uv.toml")) or {}
    for place in (*(os.path.join(p, "uv") for p in config_folders(environ)), OF_THE_MACHINE):
        document = _read(os.path.join(place, "uv.toml"))
        if document is not None:
            yield document
            return


def _of_project(folder: str) -> Mapping[str, Any]:
    """Return the configuration of the nearest folder upwards that has one."""
    while True:
        document = _read(os.path.join(folder, "uv.toml"))
        if document is None:
            tool = (_read(os.path.join(folder, "pyproject.toml")) or {}).get("tool")
            document = tool.get("uv") if isinstance(tool, dict) else None
        if isinstance(document, dict):
            return document
        parent = os.path.dirname(folder)
        if parent == folder:
            return {}
        folder = parent


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as file:
            return tomllib.loads(file.read().decode())
    except OSError:
        return None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # A parser may quote the line it stops at, where a password can be.
        line = re.search(r"at line \d+", str(error))
        raise ConfigUnreadable(path, f"it is no TOML{f', {line[0]}' if line else ''}") from None


def _with_login(index: _Index, environ: Mapping[str, str]) -> str:
    """Return the URL with the login that variables give for an index of that name."""
    key = re.sub(r"[^A-Za-z0-9]", "_", index.name).upper()
    user, password = (environ.get(f"UV_INDEX_{key}_{part}", "") for part in ("USERNAME", "PASSWORD"))
    if not key or not (user or password):
        return index.url
    try:
        parts = urlsplit(index.url)
    except ValueError:
        return index.url
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}"))
