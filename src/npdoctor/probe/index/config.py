"""The package indexes that the person's installer is configured with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from npdoctor.model.index import Indexes
from npdoctor.probe.index.pip_config import ConfigUnreadable, home, is_on, pip_settings
from npdoctor.probe.index.uv_config import PYPI, uv_indexes

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ConfigUnreadable", "environment_prefix", "read_indexes"]

PUBLIC_HOSTS = frozenset(
    {
        "pypi.org",
        "files.pythonhosted.org",
        "download.pytorch.org",
        "pypi.nvidia.com",
        "pypi.ngc.nvidia.com",
        "wheels.vllm.ai",
    }
)


def read_indexes(
    target_python: str, environ: Mapping[str, str], folder: str, *, of_uv: bool = True
) -> Indexes:
    """Return the indexes in their precedence: the additional ones before the default one.

    Where uv has indexes of its own, they are returned, unless `of_uv` is false; otherwise those of the
    pip that belongs to `target_python`. `folder` is the person's, which relative paths are relative to.
    Raises ConfigUnreadable for a file that cannot be parsed.
    """
    settings = pip_settings(environment_prefix(target_python), environ, folder)
    certificates = settings.get("cert")
    if certificates:
        certificates = os.path.join(folder, _expanded(certificates, environ))
    uv = uv_indexes(environ, folder) if of_uv else None
    if uv and uv.configured:
        urls, links, origin = list(uv.urls), list(uv.find_links), "uv's own configuration"
    else:
        urls = [*settings.get("extra-index-url", "").split(), settings.get("index-url", PYPI).strip()]
        if is_on(settings.get("no-index")):
            urls = []
        links = [*settings.get("find-links", "").split(), *(uv.find_links if uv else ())]
        said = {"index-url", "extra-index-url", "find-links", "no-index"} & settings.keys()
        origin = "pip's configuration" if said else "the default index"
    return Indexes(
        urls=tuple(dict.fromkeys(url if "://" in url else _as_url(url, folder, environ) for url in urls)),
        find_links=tuple(dict.fromkeys(_link(link, folder, environ) for link in links)),
        origin=origin,
        certificates=certificates,
        trusted_hosts=tuple(settings.get("trusted-host", "").split()),
        merged=bool(urls) and all(_is_public(url) for url in urls),
    )


def environment_prefix(python: str) -> str:
    """Return the prefix of an interpreter, by where it lies."""
    return os.path.dirname(os.path.dirname(os.path.abspath(python)))


def _expanded(path: str, environ: Mapping[str, str]) -> str:
    return home(environ) + path[1:] if path == "~" or path.startswith("~/") else path


def _link(link: str, folder: str, environ: Mapping[str, str]) -> str:
    """Return a place of wheels: a URL as it is, a path as an absolute one."""
    return link if ":" in link else os.path.normpath(os.path.join(folder, _expanded(link, environ)))


def _as_url(path: str, folder: str, environ: Mapping[str, str]) -> str:
    return "file://" + quote(_link(path, folder, environ)) if ":" not in path else path


def _is_public(url: str) -> bool:
    try:
        return urlsplit(url).hostname in PUBLIC_HOSTS
    except ValueError:
        return False
