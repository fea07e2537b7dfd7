"""Find the program that a command runs, behind sudo, env, `python -m` and their like."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from npdoctor.audit.image.arguments import names
from npdoctor.audit.image.shell_words import Word
from npdoctor.audit.image.variables import Value

_PYTHON = re.compile(r"(?:python|pypy)(?:[23](?:\.\d+)?)?")
_PIP = re.compile(r"pip(?:[23](?:\.\d+)?)?")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_SYSTEM = frozenset({"", "/", "/usr", "/usr/local"})
# What runs another program: the options of it that take a value, and how many operands of its own it has.
_RUNNERS = {
    "sudo": (names("-u -g -h -p -C -D -r -t -U --user --group --chdir"), 0),
    "env": (names("-u -C --unset --chdir"), 0),
    "nice": (names("-n --adjustment"), 0),
    "ionice": (names("-c -n --class --classdata"), 0),
    "timeout": (names("-s -k --signal --kill-after"), 1),
    "stdbuf": (names("-i -o -e"), 0),
    "gosu": (frozenset[str](), 1),
    "su-exec": (frozenset[str](), 1),
    "xvfb-run": (names("-s -n -e -f -p -w"), 0),
    "exec": (names("-a"), 0),
    **dict.fromkeys(("command", "nohup", "time", "chronic", "unbuffer"), (frozenset[str](), 0)),
}
_RUN = {
    "conda": names("-n --name -p --prefix --cwd"),
    "uv": names(
        "--with --with-editable --with-requirements --extra --group --no-group --only-group -p --python "
        "--project --directory --env-file --index --index-url --extra-index-url --package --no-extra"
    ),
    **dict.fromkeys(("poetry", "pipenv", "pdm", "hatch"), names("-p --project -C -e --env --directory")),
}
_CONDAS = frozenset({"conda", "mamba", "micromamba"})


@dataclass(frozen=True, slots=True)
class Program:
    """A program: pip, python, uv, a shell, or what else it is called, with what it is given.

    `environment` is the prefix or the conda name that the command line itself sets, empty for none.
    """

    name: str
    words: tuple[Word, ...]
    settings: dict[str, Value]
    environment: str = ""


def program_of(words: Sequence[Word]) -> Program | None:
    """Return the program that a command runs in the end, None where it names none."""
    settings: dict[str, Value] = {}
    environment, rest = "", list(words)
    for _ in range(12):
        if not rest:
            return None
        name = posixpath.basename(rest[0].text)
        if name in _RUNNERS:
            rest = _behind(rest[1:], *_RUNNERS[name], settings)
            continue
        tool = "conda" if name in _CONDAS else name
        if tool in _RUN and len(rest) > 1 and rest[1].text == "run":
            environment = _chosen(rest[2:], tool) or environment
            rest = _behind(rest[2:], _RUN[tool], 0, settings)
            continue
        environment = environment or prefix_of(rest[0].text)
        if _PYTHON.fullmatch(name):
            module = _module(rest[1:])
            if module is None:
                return Program("python", tuple(rest[1:]), settings, environment)
            rest = module
            continue
        if _PIP.fullmatch(name):
            name = "pip"
        return Program("sh" if name in _SHELLS else name, tuple(rest[1:]), settings, environment)
    return None


def prefix_of(path: str) -> str:
    """Return the environment that a program's path belongs to, empty for the system's and a bare name."""
    folder, _, _ = path.rpartition("/")
    if posixpath.basename(folder) != "bin":
        return ""
    prefix = posixpath.normpath(posixpath.dirname(folder))
    return "" if prefix in _SYSTEM or (prefix.startswith("/opt/conda") and "/envs/" not in prefix) else prefix


def script_of(words: Sequence[Word]) -> Word | None:
    """Return the script that a shell is given with -c, None where it is given none."""
    position, is_script = 0, False
    while position < len(words) and words[position].text.startswith(("-", "+")):
        letters = words[position].text
        position += 1
        if letters.startswith("--"):
            continue
        is_script = is_script or "c" in letters
        position += letters.endswith("o")
    return words[position] if is_script and position < len(words) else None


def _behind(
    words: list[Word], valued: frozenset[str], operands: int, settings: dict[str, Value]
) -> list[Word]:
    """Return the words from the next program on."""
    position = 0
    while position < len(words):
        text = words[position].text
        if text.startswith("-"):
            position += 2 if text in valued else 1
        elif _ASSIGNED.match(text):
            name, _, value = text.partition("=")
            settings[name] = Value(value, words[position].unknown)
            position += 1
        elif operands:
            operands -= 1
            position += 1
        else:
            break
    return words[position:]


def _chosen(words: Sequence[Word], tool: str) -> str:
    """Return the conda environment that `conda run` names."""
    if tool != "conda":
        return ""
    for index, word in enumerate(words[:-1]):
        if word.text in ("-n", "--name", "-p", "--prefix"):
            return words[index + 1].text
        if word.text.startswith(("--name=", "--prefix=")):
            return word.text.partition("=")[2]
        if not word.text.startswith("-"):
            break
    return ""


def _module(words: Sequence[Word]) -> list[Word] | None:
    """Return the module that `python -m` runs and what follows it."""
    position = 0
    while position < len(words):
        text = words[position].text
        if text == "-m":
            return list(words[position + 1 :])
        if not text.startswith("-") or text in ("-", "-c"):
            return None
        position += 2 if text in ("-W", "-X") else 1
    return None
