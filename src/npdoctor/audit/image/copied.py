"""Tell which paths that are copied out of a stage bring installed distributions along."""

from __future__ import annotations

import posixpath
import re

from npdoctor.audit.image.state import State

_SITE = re.compile(r"(?:site|dist)-packages")
_SYSTEM = re.compile(r"/|/usr|/usr/local|/usr/(?:local/)?lib(?:/python[\d.]*)?|/opt(?:/conda.*)?")


def holds_distributions(path: str, earlier: State) -> bool:
    """Tell whether a path of an earlier stage holds an environment that something was installed into."""
    place = posixpath.normpath(posixpath.join("/", path))
    if _SITE.search(place) and earlier.used:
        return True
    for environment in earlier.used:
        if environment == "":
            if _SYSTEM.fullmatch(place):
                return True
        elif environment == ".local":
            if place.endswith("/.local") or place in ("/", "/root", "/home"):
                return True
        elif _overlap(place, environment):
            return True
    return False


def _overlap(place: str, environment: str) -> bool:
    """Tell whether one of two paths lies in the other; of a conda name, its folder under envs counts."""
    if "/" not in environment:
        return place.endswith(f"/envs/{environment}") or place == "/opt/conda"
    return f"{environment}/".startswith(f"{place.rstrip('/')}/") or place.startswith(f"{environment}/lib")
