"""The person's config file: findings to ignore, each with a reason, and keys of the screen."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from npdoctor.errors import UsageError
from npdoctor.replacing import keep_mode, replace_file

IGNORE_KEYS = ("code", "subject", "reason")


class ConfigError(UsageError):
    """Say which file, and what in it, cannot be understood or written."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A finding that the person has judged: its code, its subject, and why it does not matter."""

    code: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says; `keys` maps binding ids to keys, `unknown` names what means nothing.

    `theme` is the name of the screen's colours, empty for the usual ones.
    """

    path: str
    ignores: tuple[Ignore, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    theme: str = ""
    unknown: tuple[str, ...] = ()


def config_path(environ: Mapping[str, str]) -> str:
    """Return $NPDOCTOR_CONFIG, else config.toml below $XDG_CONFIG_HOME, else below ~/.config."""
    own = environ.get("NPDOCTOR_CONFIG")
    if own:
        return os.path.abspath(os.path.expanduser(own))
    folder = environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(folder):
        folder = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return os.path.join(folder, "npdoctor", "config.toml")


def load_config(path: str) -> Config:
    """Read the file; one that is not there says nothing. Raises ConfigError."""
    text = _read(path)
    return Config(path) if text is None else _config(path, _parsed(path, text))


def add_ignore(path: str, ignore: Ignore) -> None:
    """Add a finding to the file, all else in it as it was; raise ConfigError where that cannot be done."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    text = _read(path) or ""
    before = _config(path, _parsed(path, text))
    if any((i.code, i.subject) == (ignore.code, ignore.subject) for i in before.ignores):
        return
    try:
        document = tomlkit.parse(text)
        if "ignore" not in document:
            document["ignore"] = tomlkit.aot()
        table = (
            tomlkit.table() if isinstance(document["ignore"], tomlkit.items.AoT) else tomlkit.inline_table()
        )
        table.update({"code": ignore.code, "subject": ignore.subject, "reason": ignore.reason})
        document["ignore"].append(table)
        written = tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ConfigError(f"{path} cannot be extended: {error}") from error
    if _config(path, _parsed(path, written)).ignores != (*before.ignores, ignore):
        raise ConfigError(f"{path} cannot be extended: add the [[ignore]] table by hand")
    _write(path, written.encode())


def remove_ignore(path: str, code: str, subject: str) -> None:
    """Take a finding out of the file, all else in it as it was; raise ConfigError where that fails."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    text = _read(path) or ""
    before = _config(path, _parsed(path, text))
    kept = tuple(i for i in before.ignores if (i.code, i.subject) != (code, subject))
    if kept == before.ignores:
        return
    try:
        document = tomlkit.parse(text)
        listed = document["ignore"]
        for position in reversed(range(len(before.ignores))):
            if before.ignores[position] not in kept:
                del listed[position]
        if not kept:
            del document["ignore"]
        written = tomlkit.dumps(document)
    except TOMLKitError as error:
        raise ConfigError(f"{path} cannot be changed: {error}") from error
    after = _config(path, _parsed(path, written))
    if after != replace(before, ignores=kept):
        raise ConfigError(f"{path} cannot be changed: take the [[ignore]] table out by hand")
    _write(path, written.encode())


def _read(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no text in UTF-8") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _parsed(path: str, text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _config(path: str, document: Mapping[str, Any]) -> Config:
    unknown = [name for name in document if name not in ("ignore", "keys", "theme")]
    listed = document.get("ignore", [])
    if not isinstance(listed, list):
        raise ConfigError(f"{path}: ignore is no list of tables: write [[ignore]]")
    ignores = []
    for number, entry in enumerate(listed, start=1):
        ignores.append(_ignore(f"{path}: [[ignore]] {number}", entry))
        unknown += [f"ignore.{name}" for name in entry if name not in IGNORE_KEYS]
    keys = document.get("keys", {})
    if not isinstance(keys, dict):
        raise ConfigError(f"{path}: keys is no table: write [keys]")
    theme = document.get("theme", "")
    if not isinstance(theme, str):
        raise ConfigError(f"{path}: theme is no text: write one such as theme = 'light'")
    return Config(path, tuple(ignores), dict(_keys(path, keys)), theme.strip(), tuple(dict.fromkeys(unknown)))


def _ignore(where: str, entry: object) -> Ignore:
    if not isinstance(entry, dict):
        raise ConfigError(f"{where} is no table")
    words = {}
    for key in IGNORE_KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{where} has no {key}: it needs {', '.join(IGNORE_KEYS)}, each a text")
        words[key] = value.strip()
    if not re.fullmatch(r"NPD[0-9]{3}", words["code"]):
        raise ConfigError(f"{where}: {words['code']!r} is no code: write one such as NPD101")
    return Ignore(**words)


def _keys(path: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield binding ids without `npd.`, which unquoted makes a table of its own."""
    for name, value in table.items():
        if name == "npd" and isinstance(value, dict):
            yield from _keys(path, value)
        elif isinstance(value, str) and value.strip():
            yield name.removeprefix("npd."), value.strip()
        else:
            raise ConfigError(f"{path}: [keys] {name} is no key: write one such as {name} = 'ctrl+f'")


def _write(path: str, data: bytes) -> None:
    """Write all or nothing; a link is followed and the mode of the file stays."""
    place = os.path.realpath(path)
    try:
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        replace_file(place, data, f"{place}.npdoctor-{os.getpid()}", take_after=keep_mode)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error
