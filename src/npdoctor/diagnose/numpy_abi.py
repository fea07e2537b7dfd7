"""NPD101, NPD102, NPD103: binaries built for another NumPy than the one installed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from npdoctor.diagnose.context import Context
from npdoctor.diagnose.imports import evidence_of, is_leaf, text_of
from npdoctor.diagnose.requirements import about_numpy
from npdoctor.model.binary import Binary, NumpyAbi, NumpyApi, NumpyUse
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.requirement import parsed_version

BANNER = re.compile(
    r"A module that was compiled using NumPy 1\.x cannot be run in|Failed to initialize NumPy"
)
BRINGS_CUDA = ("torch", "torchvision", "torchaudio", "tensorflow", "jaxlib")
NO_NUMPY1 = (3, 13, 0)  # no release of NumPy 1 has wheels for Python 3.13
_UNSAFE = {NumpyApi.PYBIND11: "old pybind11", NumpyApi.RUST: "old rust-numpy"}
_HOW = {
    NumpyApi.IMPORT_ARRAY: "names only numpy.core._multiarray_umath: built with NumPy 1 headers",
    NumpyApi.CYTHON: "Cython module that names only numpy.core: built with NumPy 1 headers",
    NumpyApi.PYBIND11: "pybind11 before 2.12, which reads NumPy 2 arrays wrongly and says nothing",
    NumpyApi.RUST: "rust-numpy before 0.22, written for the layout of NumPy 1",
}


def built_for_numpy1(context: Context) -> Iterator[Finding]:
    """Yield NPD101 or NPD103 for each distribution with NumPy 1 binaries beside NumPy 2."""
    if context.numpy is None or context.numpy.major < 2:
        return
    for name, binaries in context.by_distribution.items():
        old = [b for b in binaries if b.numpy and b.numpy.abi is NumpyAbi.NUMPY1]
        if old and name != "numpy":
            yield _judge_old(context, name, old)


def _judge_old(context: Context, name: str, old: Sequence[Binary]) -> Finding:
    hard = [b for b in old if b.numpy and b.numpy.fails_on_numpy2]
    failures = context.failures.get(name, [])
    evidence = [*_binary_evidence(hard or old), *evidence_of(context, failures), *about_numpy(context, name)]
    if not context.all_imported(name):
        partly = not failures and any(
            use.numpy and use.numpy.abi is not NumpyAbi.NUMPY1 for use in _users(context, name)
        )
        if hard and not partly:
            return _fails(context, name, evidence)
        return _unsafe(context, name, hard or old, evidence)
    evidence.append(Evidence("import", name, "every one of its modules was imported without an error"))
    banner = next((text for text in map(text_of, context.outcomes(name)) if BANNER.search(text)), "")
    if hard and banner:
        evidence.append(Evidence("import", name, f"but it printed: {_one_line(banner)}"))
        return replace(
            _unsafe(context, name, hard, evidence),
            severity=Severity.BROKEN,
            title="imports, but its NumPy support does not start",
        )
    return _unsafe(context, name, hard or old, evidence)


def _fails(context: Context, name: str, evidence: Sequence[Evidence]) -> Finding:
    numpy, version, fix = context.version("numpy"), context.version(name), floor_fix(context, name)
    return Finding(
        "NPD101",
        Severity.BROKEN,
        name,
        version,
        f"built for NumPy 1, {_stands(context)} {numpy}",
        f"{name} {version} was compiled with the headers of NumPy 1: with NumPy {numpy} its import fails.",
        tuple(evidence),
        _remedy(name, fix),
        fix=fix,
    )


def _unsafe(context: Context, name: str, old: Sequence[Binary], evidence: Sequence[Evidence]) -> Finding:
    numpy, version, fix = context.version("numpy"), context.version(name), floor_fix(context, name)
    apis = {b.numpy.api for b in old if b.numpy}
    kind = next((words for api, words in _UNSAFE.items() if api in apis), "NumPy 1 headers")
    return Finding(
        "NPD103",
        Severity.WARNING,
        name,
        version,
        f"imports, but was built with {kind}: unsafe with NumPy {numpy}",
        f"{name} {version} has binaries written for the array layout of NumPy 1. Under NumPy {numpy} they "
        "may give wrong data or crash when they are used.",
        tuple(evidence),
        _remedy(name, fix),
        fix=fix,
    )


def for_other_numpy(context: Context) -> frozenset[str]:
    """Name the distributions whose binaries fail under the NumPy in question, by their own text."""
    return frozenset(
        binary.distribution
        for binary in context.snapshot.binaries
        if binary.distribution != "numpy" and _is_for_other(binary.numpy, context)
    )


def _is_for_other(use: NumpyUse | None, context: Context) -> bool:
    if use is None or context.numpy is None:
        return False
    return _too_new(use, context) or (context.numpy.major >= 2 and use.fails_on_numpy2)


def needs_newer_numpy(context: Context) -> Iterator[Finding]:
    """Yield NPD102 for each distribution whose binaries name a newer NumPy than the one installed."""
    if context.numpy is None:
        return
    for name in context.by_distribution:
        newer = [
            b for b in _users(context, name) if _too_new(b.numpy, context) and not context.is_optional(b)
        ]
        if not newer or name == "numpy":
            continue
        minimum = max(
            (b.numpy.minimum for b in newer if b.numpy and b.numpy.minimum), key=_order, default="2.0"
        )
        numpy, version = context.version("numpy"), context.version(name)
        failures = context.failures.get(name, [])
        severity, said = _weigh_newer(context, name, newer)
        yield Finding(
            "NPD102",
            severity,
            name,
            version,
            f"needs NumPy {minimum}, {_stands(context)} {numpy}",
            f"{name} {version} was compiled for NumPy {minimum} or later. {said}",
            (*_binary_evidence(newer), *evidence_of(context, failures), *about_numpy(context, name)),
            f"Install numpy>={minimum}, or a release of {name} that was built for an older NumPy.",
            fix=Fix((f"numpy>={minimum}",)),
        )


def _weigh_newer(context: Context, name: str, newer: Sequence[Binary]) -> tuple[Severity, str]:
    """Tell a distribution that fails from one of which only a part wants the newer NumPy."""
    paths = {binary.path for binary in newer}
    serving = any(b.path not in paths for b in _users(context, name))
    if context.all_imported(name):
        return Severity.WARNING, "It imports all the same."
    if serving and not context.outcomes(name):
        return Severity.WARNING, "Only some of its binaries are; an import will tell."
    failures = context.failures.get(name, [])
    if serving and failures and all(b.path in paths and is_leaf(b, outcome) for b, outcome in failures):
        return Severity.INFO, "Only this part is concerned: the package and its other modules import."
    return Severity.BROKEN, f"With NumPy {context.version('numpy')} importing it fails."


def floor_fix(context: Context, name: str) -> Fix | None:
    """Return the pin that mends it: the first release that serves NumPy 2, where the book knows one.

    What brings a CUDA build with it stays where it is; NumPy is held below 2 for it.
    """
    rule = context.package(name)
    floor, installed = parsed_version(rule.numpy2 if rule else None), parsed_version(context.version(name))
    if name in BRINGS_CUDA and context.snapshot.target.version < NO_NUMPY1:
        return Fix(("numpy<2",))
    if rule is None or floor is None or (installed is not None and installed >= floor):
        return None
    return Fix((f"{name}>={rule.numpy2}",))


def _remedy(name: str, fix: Fix | None) -> str:
    if fix and fix.pins == ("numpy<2",):
        return f"Hold numpy<2: another {name} would bring another CUDA with it."
    if fix:
        return f"Install {fix.pins[0]}, or hold NumPy below 2 for everything."
    return f"Install a release of {name} whose wheels were built with NumPy 2, or hold NumPy below 2."


def _users(context: Context, name: str) -> list[Binary]:
    return [b for b in context.by_distribution.get(name, ()) if b.numpy]


def _too_new(use: NumpyUse | None, context: Context) -> bool:
    minimum = parsed_version(use.minimum if use else None)
    if use is None or context.numpy is None:
        return False
    if minimum is not None:
        return minimum > context.numpy
    return use.abi is NumpyAbi.NUMPY2 and context.numpy.major < 2


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _stands(context: Context) -> str:
    return "assumed" if "numpy" in context.snapshot.assumed else "found"


def _one_line(banner: str) -> str:
    match = BANNER.search(banner)
    start = match.start() if match else 0
    return " ".join(banner[start : start + 200].split())


def _binary_evidence(binaries: Sequence[Binary]) -> list[Evidence]:
    """Return one piece of evidence for each way in which files are tied to NumPy, naming the first."""
    ways: dict[str, list[Binary]] = {}
    for binary in binaries:
        use = binary.numpy
        if use is not None:
            how = (
                _HOW[use.api]
                if use.abi is NumpyAbi.NUMPY1
                else f"was compiled for NumPy {use.minimum or 2} or later"
            )
            ways.setdefault(how, []).append(binary)
    return [
        Evidence(
            "binary", members[0].relative, how + (f" ({len(members)} files)" if len(members) > 1 else "")
        )
        for how, members in ways.items()
    ]
