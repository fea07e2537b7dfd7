"""NPD203 to NPD208 and NPD113: how things were installed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from npdoctor.diagnose.context import Context
from npdoctor.diagnose.imports import evidence_of
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.requirement import parsed_version

_NOT_FOR_HERE = re.compile(r"linker script|Windows|macOS|Mach-O|not an ELF|debug", re.IGNORECASE)


def recorded_twice(context: Context) -> Iterator[Finding]:
    """Yield NPD203 for a distribution recorded in two versions in one folder."""
    places: dict[tuple[str, str], list[str]] = {}
    for distribution in context.snapshot.distributions:
        places.setdefault((distribution.name, distribution.location), []).append(distribution.version)
    for (name, location), versions in places.items():
        if len(set(versions)) > 1:
            yield Finding(
                "NPD203",
                Severity.WARNING,
                name,
                context.version(name),
                f"recorded in versions {' and '.join(sorted(versions))}",
                "An install did not remove the one before it; files of both may be mixed.",
                tuple(Evidence("metadata", location, f"{name} {version}") for version in sorted(versions)),
                f"Uninstall {name} until none is left, then install it once.",
            )


def leftovers(context: Context) -> Iterator[Finding]:
    """Yield NPD204 for what interrupted installs left, and for metadata that cannot be read."""
    by_name: dict[str, list[str]] = {}
    for leftover in context.snapshot.leftovers:
        by_name.setdefault(leftover.meant, []).append(leftover.path)
    for name, paths in by_name.items():
        yield Finding(
            "NPD204",
            Severity.WARNING,
            name,
            context.version(name),
            "an interrupted install left folders behind",
            f"An install or uninstall of {name} was interrupted: what is there now may be incomplete.",
            tuple(
                Evidence("file", path, "renamed by the installer, never put back or removed")
                for path in paths
            ),
            f"Delete these folders, then reinstall {name} if anything of it is missing.",
        )
    for unreadable in context.snapshot.unreadable:
        yield Finding(
            "NPD204",
            Severity.WARNING,
            unreadable.name,
            None,
            "its metadata cannot be read",
            f"The metadata folder is there but unusable: {unreadable.reason}.",
            (Evidence("metadata", unreadable.path, unreadable.reason),),
            f"Reinstall {unreadable.name}.",
        )


def damaged(context: Context) -> Iterator[Finding]:
    """Yield NPD205 for files that are missing, changed, or no longer readable as binaries."""
    for name, distribution in context.installed.items():
        if distribution.damage:
            count = len(distribution.damage)
            yield Finding(
                "NPD205",
                Severity.WARNING,
                name,
                distribution.version,
                f"{count} installed file{'s' if count > 1 else ''} missing or changed",
                f"{name} was installed with files that are no longer there as they were recorded.",
                tuple(Evidence("file", d.path, d.detail) for d in distribution.damage[:5]),
                f"Reinstall {name}=={distribution.version} with --force-reinstall --no-deps.",
            )
    for file in context.snapshot.unread:
        if _NOT_FOR_HERE.search(file.reason):
            continue
        could_not_look = file.reason.startswith(("cannot be", "not a regular"))
        yield Finding(
            "NPD205",
            Severity.UNKNOWN if could_not_look else Severity.WARNING,
            file.distribution,
            context.version(file.distribution),
            "a compiled file cannot be read",
            f"{file.relative}: {file.reason}.",
            (Evidence("binary", file.relative, file.reason),),
            "" if could_not_look else f"Reinstall {file.distribution} with --force-reinstall --no-deps.",
        )


def overlapping(context: Context) -> Iterator[Finding]:
    """Yield NPD206 for two distributions that wrote the same files."""
    for overlap in context.snapshot.overlaps:
        opencv = overlap.first.startswith("opencv-") and overlap.second.startswith("opencv-")
        failures = [f for name in (overlap.first, overlap.second) for f in context.failures.get(name, ())]
        remedy = f"Keep one of them: uninstall both, then install the one that is wanted ({overlap.first}"
        yield Finding(
            "NPD206",
            Severity.BROKEN if failures else Severity.WARNING,
            overlap.first,
            context.version(overlap.first),
            f"shares {overlap.count} files with {overlap.second}",
            f"{overlap.first} and {overlap.second} both installed these files; the later one overwrote the "
            "earlier. "
            + ("They may work together, and uninstalling one breaks the other." if opencv else ""),
            (
                *evidence_of(context, failures),
                *(Evidence("file", p, f"recorded by both, in {overlap.location}") for p in overlap.examples),
            ),
            f"{remedy} or {overlap.second}).",
        )


def shadowed(context: Context) -> Iterator[Finding]:
    """Yield NPD207 for modules that another path hides."""
    for shadow in context.snapshot.shadows:
        yield Finding(
            "NPD207",
            Severity.WARNING,
            shadow.distribution or shadow.module,
            context.version(shadow.distribution) if shadow.distribution else None,
            f"import {shadow.module} may find {shadow.by}",
            shadow.reason,
            (Evidence("file", shadow.by, shadow.reason),),
            f"Rename or remove {shadow.by}, or run from another folder.",
        )


def bad_pairs(context: Context) -> Iterator[Finding]:
    """Yield NPD208 (or the rule's own code) for pairs that the book knows not to work."""
    for rule in context.book.pairings:
        one, other = context.version(rule.distribution), context.version(rule.beside)
        if not _within(one, rule.versions) or not _within(other, rule.beside_versions):
            continue
        yield Finding(
            rule.code,
            rule.severity,
            rule.distribution,
            one,
            f"does not work beside {rule.beside} {other}",
            rule.cause,
            (
                Evidence("metadata", rule.distribution, f"version {one}"),
                Evidence("metadata", rule.beside, f"version {other}"),
                Evidence("rule", rule.id, rule.source),
            ),
            rule.remedy,
        )


def _within(version: str | None, specifier: str) -> bool:
    return parsed_version(version) is not None and SpecifierSet(specifier).contains(
        version or "", prereleases=True
    )


def stale_processes(context: Context) -> Iterator[Finding]:
    """Yield NPD113 for processes that still run on files which an install has replaced."""
    for process in context.snapshot.host.stale_processes:
        yield Finding(
            "NPD113",
            Severity.WARNING,
            "host",
            None,
            f"process {process.pid} ({process.command}) runs on libraries that were replaced",
            "An install replaced files that this process has loaded. It mixes old and new from now on, "
            "whatever a fresh process does.",
            tuple(
                Evidence("host", f"/proc/{process.pid}/maps", f"{path} (deleted)")
                for path in process.libraries[:3]
            ),
            "Restart that process or notebook kernel; change nothing else for its sake.",
        )
