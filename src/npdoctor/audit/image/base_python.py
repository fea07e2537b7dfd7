"""Tell which Python an image holds, as far as its name or its packages say."""

from __future__ import annotations

import re

_TAGGED = re.compile(r"(?:^|[-_.])(?:python|py|cp)[-_]?3(?:\.(\d{1,2})|(\d{1,2}))(?=$|[-_.a-z])")
_NUMBER = re.compile(r"v?3\.(\d{1,2})(?=$|[.\-_a-z])")
# Which python3 the releases of Ubuntu and Debian have, as packages.ubuntu.com and packages.debian.org list.
_OF_SYSTEM = (
    ("ubuntu:?20.04", "3.8"),
    ("ubuntu:?22.04", "3.10"),
    ("ubuntu:?24.04", "3.12"),
    ("focal", "3.8"),
    ("jammy", "3.10"),
    ("noble", "3.12"),
    ("bullseye|debian:?11", "3.9"),
    ("bookworm|debian:?12", "3.11"),
    ("trixie|debian:?13", "3.13"),
)


def is_python_image(base: str) -> bool:
    """Tell whether an image is one of Python itself, whose interpreter is not the operating system's."""
    return _split(base)[0].rpartition("/")[2] == "python"


def python_of_image(base: str) -> str:
    """Return the version that the name of an image says, such as 3.11; empty where it says none."""
    name, tag = _split(base)
    last = name.rpartition("/")[2]
    number = _NUMBER.match(tag) if last == "python" else None
    if number:
        return f"3.{number[1]}"
    for text in (tag, last):
        found = _TAGGED.search(text)
        if found:
            return f"3.{found[1] or found[2]}"
    return ""


def python_of_system(base: str) -> str:
    """Return which python3 the packages of the operating system bring, empty where it is not known."""
    short = base.rpartition("/")[2]
    return next((version for text, version in _OF_SYSTEM if re.search(text, short)), "")


def _split(base: str) -> tuple[str, str]:
    """Return the name and the tag of an image."""
    bare = base.partition("@")[0]
    head, sign, tag = bare.rpartition(":")
    return (head, tag) if sign and "/" not in tag else (bare, "")
