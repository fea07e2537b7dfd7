"""Read what pip is configured with, from the places and by the precedence of pip itself."""

from __future__ import annotations

import configparser
import os
from typing import TYPE_CHECKING

from npdoctor.errors import EXIT_COULD_NOT_LOOK, NpdoctorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OF_THE_MACHINE = "/etc/pip.conf"
_SECTIONS = ("global", "install")


class ConfigUnreadable(NpdoctorError):
    """Say which configuration file cannot be parsed, and where."""

    exit_code = EXIT_COULD_NOT_LOOK

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}")
        self.path = path


def pip_settings(prefix: str, environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """Return what `pip install` of the environment at `prefix` is set to, by option name without dashes.

    As in pip, a setting of [install] wins over one of [global] in whichever file, a variable wins over
    both, and empty values do not count. Raises ConfigUnreadable.
    """
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for path in _files(prefix, environ, folder):
        for section, settings in _parsed(path):
            if section in found:
                found[section].update(settings)
    variables = {name[4:]: value for name, value in environ.items() if name.startswith("PIP_")}
    merged: dict[str, str] = {}
    for settings in (*found.values(), variables):
        merged |= {_key(name): value for name, value in settings.items() if value}
    return merged


def is_on(value: str | None) -> bool:
    """Tell whether a switch is on."""
    return (value or "").strip().lower() in ("y", "yes", "t", "true", "on", "1")


def home(environ: Mapping[str, str]) -> str:
    """Return the person's home folder."""
    return environ.get("HOME") or os.path.expanduser("~")


def config_folders(environ: Mapping[str, str]) -> list[str]:
    """Return the system's configuration folders (XDG), the most important one first."""
    return [place for place in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep) if place]


def config_home(environ: Mapping[str, str]) -> str:
    """Return the person's configuration folder (XDG)."""
    return environ.get("XDG_CONFIG_HOME") or os.path.join(home(environ), ".config")


def _files(prefix: str, environ: Mapping[str, str], folder: str) -> Iterator[str]:
    """Yield the files, the least important one first."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    named = os.path.join(folder, named) if named else None
    yield from (os.path.join(place, "pip", "pip.conf") for place in config_folders(environ))
    yield OF_THE_MACHINE
    if named is None or not os.path.exists(named):
        yield os.path.join(home(environ), ".pip", "pip.conf")
        yield os.path.join(config_home(environ), "pip", "pip.conf")
    yield os.path.join(prefix, "pip.conf")
    if named is not None:
        yield named


def _parsed(path: str) -> list[tuple[str, dict[str, str]]]:
    """Return the sections of a file; none where there is no such file, or it may not be read."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigUnreadable(path, "it is not UTF-8") from None
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next((n for n, _ in getattr(error, "errors", ())), None)
        raise ConfigUnreadable(path, f"line {line} is malformed" if line else "it is malformed") from None
    return [
        (section, {_key(name): value for name, value in parser.items(section)})
        for section in parser.sections()
    ]


def _key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")
