"""Read what the installers' command lines install: pip, uv, conda, poetry, pdm, pipenv, apt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from npdoctor.audit.image.arguments import VALUED, Argument, arguments
from npdoctor.audit.image.programs import Program
from npdoctor.audit.image.shell_words import Word
from npdoctor.model.image import Act

_FILES = {"-r", "--requirement", "--requirements"}
_CONSTRAINTS = {"-c", "--constraint", "--constraints"}
_INDEXES = {
    "-i", "--index-url", "--pypi-url", "--extra-index-url", "-f", "--find-links", "--index",
    "--default-index", "--pypi-mirror",
}  # fmt: skip
_SAYING = {
    "-U": "--upgrade",
    "--upgrade": "--upgrade",
    "--force-reinstall": "--force-reinstall",
    "--reinstall": "--force-reinstall",
    "-I": "--ignore-installed",
    "--ignore-installed": "--ignore-installed",
    "--no-deps": "--no-deps",
    "--no-dependencies": "--no-deps",
    "--pre": "--pre",
    "--no-index": "--no-index",
    "--no-build-isolation": "--no-build-isolation",
    "--user": "--user",
    "--system": "--system",
    "--upgrade-strategy": "--upgrade-strategy",
    "--prerelease": "--prerelease",
    "--resolution": "--resolution",
    "--require-hashes": "--require-hashes",
    "--torch-backend": "--torch-backend",
    "--frozen": "--frozen",
    "--locked": "--locked",
}
_ELSEWHERE = {"-t", "--target", "--prefix", "--root", "--python", "-p"}
_PYTHON_VERSION = re.compile(r"(?:(?:c|py)?python-?|cp)?(3\.\d{1,2})(?:\.\d+)?(?:\*|\.\*)?")
_CONDAS = {"conda": "conda", "mamba": "mamba", "micromamba": "mamba"}
_SYSTEM = {
    "apt": "install", "apt-get": "install", "aptitude": "install", "dnf": "install", "microdnf": "install",
    "yum": "install", "zypper": "install", "apk": "add",
}  # fmt: skip


@dataclass(slots=True)
class Install:
    """What one command line installs, verifies or removes, with its words not yet read.

    `kind` says how `operands` are to be read: pip, conda or system. `projects` are lock files that it
    installs from. `python` is the version that it brings, "system" for that of the operating system.
    """

    act: Act
    tool: str
    kind: str = "pip"
    operands: list[Word] = field(default_factory=list)
    editable: list[Word] = field(default_factory=list)
    files: list[Word] = field(default_factory=list)
    projects: list[str] = field(default_factory=list)
    constraints: list[Word] = field(default_factory=list)
    indexes: list[Word] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    environment: str = ""
    python: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """An environment that a command creates, or a Python that it brings; either may be empty."""

    environment: str
    python: str


def read_install(program: Program) -> Install | Made | None:
    """Return what a program installs, removes or makes; None where it does none of it."""
    if program.name in _SYSTEM:
        return _system(program)
    if program.name in _CONDAS:
        return _conda(program, _CONDAS[program.name])
    if program.name in ("venv", "virtualenv"):
        given = arguments(program.words, VALUED["uv"])
        return Made(
            next((a.value.text for a in given if not a.option and a.value), ""), _python_option(given)
        )
    reader = _READERS.get(program.name)
    return reader(program, arguments(program.words, VALUED[program.name])) if reader else None


def _operands(given: tuple[Argument, ...]) -> list[Word]:
    return [a.value for a in given if not a.option and a.value is not None]


def _filled(install: Install, given: tuple[Argument, ...], skipped: int, program: Program) -> Install:
    """Put what options say into an install; so many operands are the names of subcommands."""
    install.environment = program.environment
    install.operands = _operands(given)[skipped:]
    for argument in given:
        name, value = argument.option, argument.value
        if name in _SAYING:
            said = _SAYING[name]
            with_value = said in ("--upgrade-strategy", "--prerelease", "--resolution", "--torch-backend")
            install.options.append(f"{said} {value.text}" if with_value and value else said)
        elif value is None:
            continue
        elif name in _FILES:
            install.files.append(value)
        elif name in _CONSTRAINTS:
            install.constraints.append(value)
        elif name in _INDEXES:
            install.indexes.append(value)
        elif name in ("-e", "--editable"):
            install.editable.append(value)
        elif name in _ELSEWHERE and not _PYTHON_VERSION.fullmatch(value.text):
            install.environment = _prefix(value.text)
    return install


def _prefix(path: str) -> str:
    """Return the environment that a path of a folder or of its Python names."""
    head, found, _ = path.partition("/bin/")
    prefix = (head if found else path).rstrip("/")
    return "" if prefix in ("/usr", "/usr/local", "python3", "python") else prefix


def _pip(program: Program, given: tuple[Argument, ...]) -> Install | None:
    operands = _operands(given)
    verb = operands[0].text if operands else ""
    if verb == "check":
        return Install(Act.VERIFY, "pip check")
    if verb == "uninstall":
        return _filled(Install(Act.REMOVE, "pip"), given, 1, program)
    return _filled(Install(Act.INSTALL, "pip"), given, 1, program) if verb == "install" else None


def _uv(program: Program, given: tuple[Argument, ...]) -> Install | Made | None:
    verbs = [word.text for word in _operands(given)[:2]]
    verb = " ".join(verbs) if verbs[:1] in (["pip"], ["python"]) else "".join(verbs[:1])
    if verb == "pip check":
        return Install(Act.VERIFY, "pip check")
    if verb == "pip uninstall":
        return _filled(Install(Act.REMOVE, "uv"), given, 2, program)
    if verb == "pip install":
        return _filled(Install(Act.INSTALL, "uv"), given, 2, program)
    if verb == "pip sync":
        synced = _filled(Install(Act.INSTALL, "uv"), given, 2, program)
        synced.files, synced.operands = [*synced.files, *synced.operands], []
        return synced
    if verb in ("sync", "add"):
        install = _filled(Install(Act.INSTALL, "uv"), given, 1, program)
        if verb == "sync":
            install.projects, install.operands = ["uv.lock"], []
        install.environment = install.environment or ".venv"
        return install
    if verb == "venv":
        operands = _operands(given)[1:]
        return Made(operands[0].text if operands else ".venv", _python_option(given))
    if verb == "python install":
        versions = [_PYTHON_VERSION.fullmatch(word.text) for word in _operands(given)[2:]]
        return Made("", next((found[1] for found in versions if found), ""))
    return None


def _python_option(given: tuple[Argument, ...]) -> str:
    for argument in given:
        if argument.option in ("-p", "--python") and argument.value is not None:
            found = _PYTHON_VERSION.fullmatch(argument.value.text.rpartition("/")[2])
            return found[1] if found else ""
    return ""


def _conda(program: Program, tool: str) -> Install | Made | None:
    given = arguments(program.words, VALUED["conda"])
    operands = _operands(given)
    verbs = [word.text for word in operands[:2]]
    skipped = 2 if verbs[:1] == ["env"] else 1
    if not verbs or verbs[skipped - 1 : skipped] not in (["install"], ["create"], ["update"], ["remove"]):
        return None
    act = Act.REMOVE if verbs[skipped - 1] == "remove" else Act.INSTALL
    install = Install(act, tool, kind="conda", operands=operands[skipped:])
    install.environment = program.environment
    for argument in given:
        if argument.value is None:
            continue
        if argument.option in ("-n", "--name", "-p", "--prefix"):
            chosen = argument.value.text.rstrip("/")
            install.environment = "" if chosen in ("base", "/opt/conda") else chosen
        elif argument.option in ("-f", "--file"):
            install.files.append(argument.value)
        elif argument.option in ("-c", "--channel"):
            install.options.append(f"--channel {argument.value.text}")
    for word in operands[skipped:]:
        found = re.fullmatch(r"python\s*==?\s*(3\.\d{1,2})(?:[.=].*)?", word.text[:40])
        install.python = found[1] if found else install.python
    install.operands = [w for w in install.operands if not re.match(r"python(?:$|[\s=<>])", w.text)]
    return install


def _project(program: Program, given: tuple[Argument, ...]) -> Install | None:
    operands = _operands(given)
    verb = operands[0].text if operands else ""
    lock = {"poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}[program.name]
    if verb not in ("install", "sync", "add"):
        return None
    install = _filled(Install(Act.INSTALL, program.name), given, 1, program)
    install.constraints = []
    if not install.operands and not install.files:
        install.projects = [lock]
    return install


def _system(program: Program) -> Install | None:
    given = arguments(program.words, VALUED["apt"])
    operands = _operands(given)
    if not operands or operands[0].text != _SYSTEM[program.name]:
        return None
    tool = "apt" if program.name in ("apt", "apt-get", "aptitude") else program.name
    install = Install(Act.INSTALL, tool, kind="system", operands=operands[1:])
    for word in operands[1:]:
        found = re.fullmatch(r"python(3\.\d{1,2})(?:-(?:full|dev|venv|minimal|slim))?", word.text[:40])
        install.python = found[1] if found else install.python
        if word.text in ("python3", "python3-pip", "python3-venv", "python3-dev", "python3-full"):
            install.python = install.python or "system"
    return install


_READERS: dict[str, Callable[[Program, tuple[Argument, ...]], Install | Made | None]] = {
    "pip": _pip,
    "uv": _uv,
    "poetry": _project,
    "pdm": _project,
    "pipenv": _project,
}
