"""NPD106, NPD107, NPD202 and NPD208 around torch: what was built for another torch, and its libraries."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.boards import machine_of
from npdoctor.diagnose.context import Context
from npdoctor.model.cuda import Companion, LibraryNeed, MissingSymbols
from npdoctor.model.finding import Evidence, Finding, Fix, Severity
from npdoctor.model.outcome import Imported


def other_torch(context: Context) -> Iterator[Finding]:
    """Yield NPD107 for what needs symbols that this torch lacks, NPD208 for what only says so."""
    cuda = context.snapshot.cuda
    torch = context.version("torch")
    if cuda is None or torch is None or "torch" in context.not_there:
        return
    for companion in cuda.companions:
        if companion.distribution in context.not_there:
            continue
        missing = [m for m in companion.missing if m.count and not _was_imported(context, companion, m)]
        if missing:
            yield _misses_symbols(companion, missing, torch)
        elif companion.accepted is False:
            yield _asks_for_another(companion, torch)


def _was_imported(context: Context, companion: Companion, missing: MissingSymbols) -> bool:
    """Tell whether an import has shown that the file loads all the same."""
    return any(
        isinstance(context.snapshot.imports.get(binary.path), Imported)
        for binary in context.by_distribution.get(companion.distribution, ())
        if binary.relative == missing.relative
    )


def _misses_symbols(companion: Companion, missing: list[MissingSymbols], torch: str) -> Finding:
    only_cuda = all(m.only_cuda for m in missing)
    flavour = "a CUDA build of torch" if only_cuda else "another torch"
    return Finding(
        "NPD107",
        Severity.BROKEN,
        companion.distribution,
        companion.version,
        f"built for {flavour}: torch {torch} lacks symbols that it needs",
        f"{missing[0].relative} asks for names that torch {torch} does not offer: it cannot be loaded.",
        (
            *(
                Evidence("binary", m.relative, f"lacks {m.examples[0]}{_more(m.count)}")
                for m in missing[:3]
                if m.examples
            ),
            *_asked(companion),
            Evidence("metadata", "torch", f"version {torch}"),
        ),
        _remedy(companion, torch, only_cuda),
    )


def _asks_for_another(companion: Companion, torch: str) -> Finding:
    return Finding(
        "NPD208",
        Severity.WARNING,
        companion.distribution,
        companion.version,
        f"made for torch {companion.accepts}, and torch {torch} is installed",
        f"{companion.distribution} follows the releases of torch. Beside another one it may not load, or "
        "fail when it is used.",
        (*_asked(companion), Evidence("metadata", "torch", f"version {torch}")),
        _remedy(companion, torch, False),
    )


def _remedy(companion: Companion, torch: str, only_cuda: bool) -> str:
    """Name the side to move: never torch for the sake of its companion."""
    name = companion.distribution
    build = f"the build of {name} for the CPU" if only_cuda else f"the {name} that was made for torch {torch}"
    return f"Install {build}, from the index that torch came from and with --no-deps. Leave torch as it is."


def _asked(companion: Companion) -> tuple[Evidence, ...]:
    if not companion.accepts:
        return ()
    return (Evidence("metadata", f"{companion.distribution} requires", f"torch{companion.accepts}"),)


def _more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""


def missing_cuda_libraries(context: Context) -> Iterator[Finding]:
    """Yield NPD106 and NPD202 for libraries that torch asks for through cuda-toolkit's extras.

    What a distribution requires itself is told as a requirement already.
    """
    cuda = context.snapshot.cuda
    needs = [n for n in cuda.needs if n.via and not n.satisfied] if cuda else []
    for owner in dict.fromkeys(need.owner for need in needs if need.owner not in context.not_there):
        own = [need for need in needs if need.owner == owner]
        yield from _lacking(context, owner, [need for need in own if need.installed is None])
        yield from _excluded(context, owner, [need for need in own if need.installed is not None])


def _lacking(context: Context, owner: str, needs: list[LibraryNeed]) -> Iterator[Finding]:
    if needs:
        pins = tuple(need.requirement for need in needs)
        yield Finding(
            "NPD106",
            Severity.WARNING,
            owner,
            context.version(owner),
            f"needs {pins[0]}{_more(len(pins))}: not installed",
            f"{owner} asks for CUDA libraries by {needs[0].via}, and they are not installed.",
            tuple(
                Evidence("metadata", f"{owner} requires", f"{n.requirement} by {n.via}") for n in needs[:5]
            ),
            f"Install {' '.join(pins)} with --no-deps.",
            fix=Fix(pins),
        )


def _excluded(context: Context, owner: str, needs: list[LibraryNeed]) -> Iterator[Finding]:
    if needs:
        pins = tuple(need.requirement for need in needs)
        have = ", ".join(f"{need.name} {need.installed}" for need in needs)
        yield Finding(
            "NPD202",
            Severity.WARNING,
            owner,
            context.version(owner),
            f"requires {pins[0]}{_more(len(pins))}; found {have}",
            f"{owner} asks for CUDA libraries by {needs[0].via}. Installed: {have}.",
            tuple(
                Evidence("metadata", f"{owner} requires", f"{n.requirement} by {n.via}") for n in needs[:5]
            ),
            f"Install {' '.join(pins)} with --no-deps.",
            fix=Fix(pins),
        )


def bitsandbytes_library(context: Context) -> Iterator[Finding]:
    """Yield NPD208 where bitsandbytes has no library for torch's CUDA, on a machine with a GPU."""
    cuda = context.snapshot.cuda
    choice = cuda.bitsandbytes if cuda else None
    if choice is None or choice.exists or not machine_of(context).present:
        return
    if {"bitsandbytes", "torch"} & context.not_there:
        return
    override = choice.chosen_by.startswith("BNB_CUDA_VERSION")
    yield Finding(
        "NPD208",
        Severity.WARNING,
        "bitsandbytes",
        context.version("bitsandbytes"),
        f"has no {choice.library}",
        "It loads the library for the CUDA of torch, and its wheel brings none of that name: what needs the "
        "GPU fails.",
        (
            Evidence("host" if override else "metadata", "chosen by", choice.chosen_by),
            Evidence("file", "bitsandbytes", f"brings {', '.join(choice.available) or 'none'}"),
        ),
        "unset BNB_CUDA_VERSION." if override else "Upgrade bitsandbytes. Leave torch as it is.",
    )
