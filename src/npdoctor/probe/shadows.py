"""Find modules that another path hides, by names alone: nothing is imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from npdoctor.model.distribution import Distribution
from npdoctor.model.snapshot import Shadow
from npdoctor.model.target import Target
from npdoctor.probe.launch import names_folder

# fmt: off
# Loaded before the first line of a program, or built into the interpreter: nothing can hide these.
_BEYOND_REACH = frozenset({
    "__future__", "__main__", "_abc", "_ast", "_codecs", "_collections", "_collections_abc",
    "_functools", "_imp", "_io", "_locale", "_operator", "_signal", "_sitebuiltins", "_sre", "_stat",
    "_string", "_symtable", "_thread", "_tracemalloc", "_warnings", "_weakref", "abc", "atexit",
    "builtins", "codecs", "encodings", "errno", "faulthandler", "gc", "genericpath", "io", "itertools",
    "marshal", "ntpath", "os", "posix", "posixpath", "pwd", "site", "sitecustomize", "stat", "sys",
    "time", "usercustomize", "zipimport",
})
# Standard modules that no program imports, so that projects use the names freely.
_UNUSED = frozenset({
    "antigravity", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "this", "turtle",
    "turtledemo", "venv", "xxlimited", "xxsubtype",
})
# Names that careless distributions install at top level, and that every project has of its own.
_EVERYONES = frozenset({
    "benchmark", "benchmarks", "build", "conftest", "dist", "doc", "docs", "example", "examples",
    "script", "scripts", "setup", "src", "test", "testing", "tests", "tools",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class _Installed:
    """A top-level module of a distribution, and the file or folder that holds it."""

    distribution: Distribution
    path: str


def find_shadows(
    target: Target, distributions: Iterable[Distribution], working_folder: str
) -> tuple[Shadow, ...]:
    """Return what hides a standard or an installed module.

    The working folder hides what `python script.py` or `python -c` would import there; an entry of
    PYTHONPATH or the user's site-packages hides a copy in the environment itself.
    """
    distributions = tuple(distributions)
    environment = {os.path.realpath(folder) for folder in target.site_packages}
    modules = list(_installed_modules(distributions, target.extension_suffixes))
    installed = {name: module for name, module in modules if module.distribution.effective}
    own = {n: m for n, m in modules if os.path.realpath(m.distribution.location) in environment}
    found = [*_in_working_folder(target, installed, working_folder)]
    for entry in target.pythonpath:
        folder = os.path.abspath(os.path.join(working_folder, entry))
        if not names_folder(entry, working_folder) and os.path.realpath(folder) not in environment:
            found += _in_pythonpath(target, own, folder, distributions)
    if target.user_site:
        found += _in_user_site(own, target, distributions)
    return tuple(found)


def top_level_modules(distribution: Distribution, suffixes: Sequence[str]) -> dict[str, str]:
    """Return the top-level modules that a distribution recorded, each with its path in the location."""
    if distribution.files is None:
        return _from_top_level_text(distribution)
    found: dict[str, str] = {}
    for row in distribution.files:
        top, slash, _ = row.path.partition("/")
        if slash:
            if top.isidentifier() and top not in found and row.path.endswith((".py", ".so")):
                found[top] = top
        else:
            name = _module_name(top, suffixes)
            if name:
                found[name] = top
    return found


def _from_top_level_text(distribution: Distribution) -> dict[str, str]:
    """Read the module names of an old install that recorded no files."""
    try:
        path = os.path.join(distribution.metadata_path, "top_level.txt")
        with open(path, encoding="utf-8", errors="replace") as stream:
            names = stream.read().split()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for name in names:
        for path in (name, f"{name}.py"):
            if os.path.exists(os.path.join(distribution.location, path)):
                found.setdefault(name, path)
    return found


def _installed_modules(
    distributions: Iterable[Distribution], suffixes: Sequence[str]
) -> Iterator[tuple[str, _Installed]]:
    """Yield every module of every distribution; an editable one's modules are the user's own files."""
    for distribution in distributions:
        if not (distribution.direct_url and distribution.direct_url.editable):
            for name, path in top_level_modules(distribution, suffixes).items():
                yield name, _Installed(distribution, os.path.join(distribution.location, path))


def _module_name(file: str, suffixes: Sequence[str]) -> str | None:
    """Return the module that a file is for this interpreter."""
    for suffix in (".py", *suffixes):
        if file.endswith(suffix) and file[: -len(suffix)].isidentifier():
            return file[: -len(suffix)]
    return None


def _modules_in(folder: str, suffixes: Sequence[str]) -> dict[str, str]:
    """Return the modules that lie in a folder; a bare folder hides nothing that is installed."""
    found: dict[str, str] = {}
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError:
        return found
    for name in names:
        path = os.path.join(folder, name)
        if name.isidentifier() and os.path.isfile(os.path.join(path, "__init__.py")):
            found[name] = path
        else:
            module = _module_name(name, suffixes)
            if module:
                found.setdefault(module, path)
    return found


def _hidden_standard(target: Target, modules: dict[str, str], reason: str) -> Iterator[Shadow]:
    names = target.stdlib_modules - _BEYOND_REACH - _UNUSED
    for name, path in modules.items():
        if name in names and not name.startswith("__"):
            yield Shadow(name, None, None, path, reason.format(what=f"the standard module {name}"))


def _in_working_folder(
    target: Target, installed: dict[str, _Installed], working_folder: str
) -> Iterator[Shadow]:
    """Yield what a program started in the working folder would import from there instead."""
    if _is_pythons_own(target, working_folder):
        return
    modules = _modules_in(working_folder, target.extension_suffixes)
    reason = "a program started in this folder finds it before {what}"
    yield from _hidden_standard(target, modules, reason)
    for name, path in modules.items():
        module = installed.get(name)
        if module and name not in _EVERYONES and not _same(path, module.path):
            owner = module.distribution
            what = f"the one of {owner.name} {owner.version}"
            yield Shadow(name, owner.name, module.path, path, reason.format(what=what))


def _is_pythons_own(target: Target, folder: str) -> bool:
    """Tell whether a folder is one of the interpreter's, such as its standard library."""
    real = os.path.realpath(folder)
    homes = tuple(f"{os.path.realpath(prefix)}/" for prefix in (target.prefix, target.base_prefix))
    return real.startswith(homes) and any(os.path.realpath(entry) == real for entry in target.sys_path)


def _in_pythonpath(
    target: Target, own: dict[str, _Installed], folder: str, distributions: Sequence[Distribution]
) -> Iterator[Shadow]:
    modules = _modules_in(folder, target.extension_suffixes)
    yield from _hidden_standard(target, modules, "PYTHONPATH puts it before {what}")
    here = {d.name: d.version for d in distributions if _same(d.location, folder)}

    def reason(owner: Distribution) -> str:
        version = here.get(owner.name, "of unknown version")
        return f"PYTHONPATH puts {owner.name} {version} before {owner.version} of the environment"

    yield from _copies({n: p for n, p in modules.items() if n not in _EVERYONES}, own, reason)


def _in_user_site(
    own: dict[str, _Installed], target: Target, distributions: Sequence[Distribution]
) -> Iterator[Shadow]:
    """Yield copies of another version in the user's site-packages; the same version does no harm."""
    folder = target.user_site or ""
    here = {d.name: d.version for d in distributions if _same(d.location, folder)}
    modules = _modules_in(folder, target.extension_suffixes) if here else {}
    place = target.sys_path.index(folder) if folder in target.sys_path else len(target.sys_path)

    def reason(owner: Distribution) -> str:
        return f"the user's site-packages puts {owner.name} {here[owner.name]} before {owner.version}"

    different = {
        name: module
        for name, module in own.items()
        if here.get(module.distribution.name, module.distribution.version) != module.distribution.version
        and target.sys_path.index(module.distribution.location) > place
    }
    yield from _copies(modules, different, reason)


def _copies(
    modules: dict[str, str], own: dict[str, _Installed], reason: Callable[[Distribution], str]
) -> Iterator[Shadow]:
    """Yield one shadow for each distribution of which another copy comes first."""
    told = set()
    for name, path in modules.items():
        module = own.get(name)
        if module and module.distribution.name not in told and not _same(path, module.path):
            told.add(module.distribution.name)
            yield Shadow(name, module.distribution.name, module.path, path, reason(module.distribution))


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
