"""NPD105, NPD106, NPD107 by reading: another Python, missing libraries, versions the machine lacks."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.context import Context
from npdoctor.diagnose.import_failures import DRIVER_LIBRARIES, wrong_python
from npdoctor.model.binary import Binary
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.outcome import FAILED, Imported
from npdoctor.model.requirement import parsed_version


def other_python(context: Context) -> Iterator[Finding]:
    """Yield NPD105 for a distribution with extensions for another Python and none for this one."""
    for name, binaries in context.by_distribution.items():
        own = {b.module for b in binaries if b.module}
        foreign = [b for b in binaries if is_foreign(b) and b.module_stem not in own]
        outcomes = [context.snapshot.imports.get(b.path) for b in foreign]
        if not foreign or any(isinstance(outcome, Imported) for outcome in outcomes):
            continue
        if any(isinstance(outcome, FAILED) for outcome in outcomes):
            continue  # the failed import says it, with more evidence
        reading = wrong_python(context, foreign[0])
        yield Finding(
            reading.code,
            Severity.BROKEN if not own else Severity.WARNING,
            name,
            context.version(name),
            reading.title,
            reading.message,
            tuple(Evidence("binary", b.relative, f"tagged {b.python_tag}") for b in foreign[:3]),
            reading.remedy,
        )


def is_foreign(binary: Binary) -> bool:
    """Tell whether a file is an extension module that this interpreter does not load."""
    return binary.module is None and binary.module_stem is not None and binary.python_tag is not None


def missing_libraries(context: Context) -> Iterator[Finding]:
    """Yield NPD106 for what no import has decided yet: no folder of the loader's search has the library."""
    if not context.snapshot.libraries_known:
        return
    for name, binaries in context.by_distribution.items():
        undecided = [b for b in binaries if b.module and b.path not in context.snapshot.imports]
        lacking = [b for b in undecided if _lacks(b) and _is_wanted(context, b)]
        if lacking:
            libraries = sorted({library for b in lacking for library in _lacks(b)})
            yield Finding(
                "NPD106",
                Severity.WARNING,
                name,
                context.version(name),
                f"needs {', '.join(libraries)}: not found",
                "The dynamic loader's search does not find it, and no installed distribution ships it. An "
                "import will tell whether it is needed.",
                tuple(Evidence("binary", b.relative, f"needs {', '.join(_lacks(b))}") for b in lacking[:3]),
                f"Install what provides {', '.join(libraries)}.",
            )


def _is_wanted(context: Context, binary: Binary) -> bool:
    """Tell whether a package needs this module; one right below the top, such as cv2.cv2, always."""
    return not context.is_optional(binary) or (binary.module or "").count(".") <= 1


def _lacks(binary: Binary) -> list[str]:
    return [library for library in binary.missing if library not in DRIVER_LIBRARIES]


def missing_versions(context: Context) -> Iterator[Finding]:
    """Yield NPD107 for symbol versions that this machine's libraries do not offer."""
    for name, binaries in context.by_distribution.items():
        lacking = [
            (b, need)
            for b in binaries
            if b.module and not isinstance(context.snapshot.imports.get(b.path), Imported)
            for need in [_lacking_version(context, b)]
            if need
        ]
        if lacking:
            binary, need = lacking[0]
            yield Finding(
                "NPD107",
                Severity.BROKEN,
                name,
                context.version(name),
                f"needs {need}, which this machine's library lacks",
                f"{binary.relative} was built on a newer system: it needs {need}.",
                tuple(Evidence("binary", b.relative, f"needs {n}") for b, n in lacking[:3]),
                "Install a release built for an older system, or use a newer image. Never replace glibc.",
            )


def _lacking_version(context: Context, binary: Binary) -> str | None:
    host = context.snapshot.host
    for need in binary.version_needs:
        if need.library == "libc.so.6" and need.version.startswith("GLIBC_"):
            has, wants = parsed_version(host.libc[1] if host.libc else None), parsed_version(need.version[6:])
            if has and wants and host.libc and host.libc[0] == "glibc" and wants > has:
                return f"{need.version} (this machine has {host.libc[1]})"
        elif need.library.startswith("libstdc++"):
            offered = host.library_versions.get("libstdc++.so.6", frozenset())
            if offered and need.version not in offered:
                return need.version
    return None
