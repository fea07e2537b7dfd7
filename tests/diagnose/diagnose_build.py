"""Small snapshots by hand: what a test does not name is as in a healthy environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from npdoctor.diagnose.engine import diagnose
from npdoctor.model.binary import Binary, NumpyAbi, NumpyApi, NumpyUse, UnreadBinary, VersionNeed
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.distribution import Distribution, Leftover, Overlap, RecordedFile, UnreadableMetadata
from npdoctor.model.finding import Finding
from npdoctor.model.host import Host, StaleProcess
from npdoctor.model.outcome import Imported, Outcome, Raised, RaisedException
from npdoctor.model.rules import RuleBook
from npdoctor.model.snapshot import NumpyOnDisk, ProbeFailure, Shadow, Snapshot
from npdoctor.rulebook.load import load_rule_book
from sample_target import linux_target

SITE = "/venv/lib/python3.11/site-packages"
SUFFIX = ".cpython-311-x86_64-linux-gnu.so"
CORE = f"_multiarray_umath{SUFFIX}"
OK = Imported(0.1)
Part = (
    Distribution | Binary | Leftover | UnreadableMetadata | UnreadBinary | Overlap | Shadow | StaleProcess
) | ProbeFailure


@cache
def book() -> RuleBook:
    """Return the rule book that ships."""
    return load_rule_book()


def dist(
    name: str, version: str = "1.0", *requires: str, location: str = SITE, **changes: Any
) -> Distribution:
    files = (RecordedFile(f"{name.replace('-', '_')}/__init__.py", 1, None),)
    folder = f"{location}/{name}-{version}.dist-info"
    base = Distribution(
        name, name, version, location, folder, "pip", requires, None, files, None, effective=True
    )
    return replace(base, **changes)


def use(abi: str, api: str = "import_array", minimum: str | None = None) -> NumpyUse:
    return NumpyUse(NumpyAbi(abi), NumpyApi(api), minimum, ("numpy.core",))


def ext(module: str, numpy: NumpyUse | None = None, owner: str | None = None, /, **changes: Any) -> Binary:
    """Return an extension module of the distribution that its top-level package is named after."""
    relative = module.replace(".", "/") + SUFFIX
    base = Binary(
        path=f"{SITE}/{relative}",
        distribution=owner or module.partition(".")[0],
        relative=relative,
        size=1000,
        module=module,
        module_stem=module,
        python_tag="cpython-311",
        soname=None,
        needed=("libc.so.6",),
        missing=(),
        version_needs=(),
        numpy=numpy,
    )
    return replace(base, **changes)


def foreign(module: str, tag: str = "cpython-310") -> Binary:
    relative = f"{module.replace('.', '/')}.{tag}-x86_64-linux-gnu.so"
    return ext(module, module=None, python_tag=tag, relative=relative, path=f"{SITE}/{relative}")


def need(library: str, version: str) -> VersionNeed:
    return VersionNeed(library, version)


def place(module: str) -> str:
    return f"{SITE}/{module.replace('.', '/')}{SUFFIX}"


def raised(
    *messages: str, failed_in: str | None = None, parent: str | None = None, at: str = "", output: str = ""
) -> Raised:
    """Return a chain of exceptions, each given as `Type: message`, outermost first."""
    frames = (f"{SITE}/{at}:3 in <module>",) if at else ()
    chain = []
    for text in messages:
        kind, _, message = text.partition(": ")
        chain.append(RaisedException(kind, message, frames))
    return Raised(tuple(chain), failed_in, parent, 0.1, output)


def numpy_on_disk(
    version: str, cores: Sequence[str] | None = None, unowned: Sequence[str] = ()
) -> NumpyOnDisk:
    inner = "core" if version.startswith("1.") else "_core"
    return NumpyOnDisk(f"{SITE}/numpy", version, tuple(cores or (f"{inner}/{CORE}",)), tuple(unowned))


def host(**changes: Any) -> Host:
    offered = {"libstdc++.so.6": frozenset({"GLIBCXX_3.4", "GLIBCXX_3.4.30", "CXXABI_1.3"})}
    base = Host("Linux", "x86_64", ("glibc", "2.35"), offered, frozenset(), "", (), is_container=True)
    return replace(base, **changes)


def snapshot(
    *parts: Part, numpy: str | None = "2.2.6", imports: Mapping[str, Outcome] | None = None, **changes: Any
) -> Snapshot:
    """Return a snapshot of these parts; keys of `imports` are modules, or paths of files."""
    installed = tuple(p for p in parts if isinstance(p, Distribution))
    if numpy and not any(d.name == "numpy" for d in installed):
        installed = (*installed, dist("numpy", numpy))
    stale = tuple(p for p in parts if isinstance(p, StaleProcess))
    base = Snapshot(
        target=linux_target(),
        distributions=installed,
        leftovers=tuple(p for p in parts if isinstance(p, Leftover)),
        unreadable=tuple(p for p in parts if isinstance(p, UnreadableMetadata)),
        binaries=tuple(p for p in parts if isinstance(p, Binary)),
        unread=tuple(p for p in parts if isinstance(p, UnreadBinary)),
        numpy=numpy_on_disk(numpy) if numpy else None,
        overlaps=tuple(p for p in parts if isinstance(p, Overlap)),
        shadows=tuple(p for p in parts if isinstance(p, Shadow)),
        host=host(stale_processes=stale),
        failures=tuple(p for p in parts if isinstance(p, ProbeFailure)),
        imports={k if "/" in k else place(k): outcome for k, outcome in (imports or {}).items()},
    )
    return replace(base, **changes)


def judge(*parts: Part, **changes: Any) -> Diagnosis:
    return diagnose(snapshot(*parts, **changes), book())


def told(diagnosis: Diagnosis) -> list[tuple[str, str, str]]:
    """Return code, severity and subject of every finding."""
    return [(f.code, f.severity.value, f.subject) for f in diagnosis.findings]


def only(diagnosis: Diagnosis, code: str) -> Finding:
    """Return the one finding, which must bear this code."""
    assert [f.code for f in diagnosis.findings] == [code], told(diagnosis)
    return diagnosis.findings[0]


def kinds(finding: Finding) -> set[str]:
    return {evidence.kind for evidence in finding.evidence}
