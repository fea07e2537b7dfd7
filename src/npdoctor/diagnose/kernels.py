"""NPD304: whether the GPU code in the installed libraries runs on these GPUs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from npdoctor.diagnose.boards import Board, machine_of
from npdoctor.diagnose.context import Context
from npdoctor.diagnose.torch_index import index_for
from npdoctor.model.binary import Binary
from npdoctor.model.cuda import Capability, CodeKind, Fit, GpuCode, runs_on
from npdoctor.model.finding import Evidence, Finding, Severity

TORCH_KERNELS = "libtorch_cuda.so"
_RUNS = (Fit.NATIVE, Fit.PTX)
_MOST_NAMES = 12


def without_kernels(context: Context) -> Iterator[Finding]:
    """Yield NPD304 for distributions whose libraries have no code for a GPU here.

    NVIDIA's own libraries follow the build that brings them, and are not judged apart from it.
    """
    boards = {board.capability: board for board in reversed(machine_of(context).boards)}
    if not boards:
        return
    for name in context.by_distribution:
        libraries = judged_libraries(context, name)
        if libraries and not name.startswith("nvidia-"):
            yield from _judge(context, name, libraries, list(boards.values()))


def judged_libraries(context: Context, name: str) -> list[tuple[Binary, GpuCode]]:
    """Return the libraries by which a distribution is judged.

    Of torch that is the one with nearly all of its kernels, of bitsandbytes the one that it loads.
    """
    cuda = context.snapshot.cuda
    chosen = cuda.bitsandbytes.library if cuda and cuda.bitsandbytes else None
    wanted = {"torch": TORCH_KERNELS, "bitsandbytes": chosen}.get(name)
    return [
        (binary, binary.gpu_code)
        for binary in context.by_distribution.get(name, ())
        if binary.gpu_code is not None
        and not binary.gpu_code.is_special
        and (wanted is None or binary.relative.rpartition("/")[2] == wanted)
        and (name != "bitsandbytes" or wanted is not None)
    ]


def fit_of(libraries: Sequence[tuple[Binary, GpuCode]], capability: Capability) -> Fit:
    """Return how a distribution as a whole runs: as its best library does."""
    fits = {runs_on(code, capability) for _, code in libraries}
    order = (Fit.NATIVE, Fit.PTX, Fit.PARTLY, Fit.UNKNOWN, Fit.NO_KERNEL)
    return next((fit for fit in order if fit in fits), Fit.UNKNOWN)


def architectures(code: GpuCode) -> str:
    """List what a library was built for as a whole, or else all that it holds."""
    images = sorted(
        code.in_all or {count.image for count in code.counts}, key=lambda i: (i.capability, i.name)
    )
    names = [image.name for image in images]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _judge(
    context: Context, name: str, libraries: list[tuple[Binary, GpuCode]], boards: list[Board]
) -> Iterator[Finding]:
    fits = {board: fit_of(libraries, board.capability) for board in boards}
    evidence = tuple(
        Evidence("binary", binary.relative, f"built for {architectures(code)}")
        for binary, code in libraries[:3]
    )
    unserved = [board for board in boards if fits[board] is Fit.NO_KERNEL]
    partly = [board for board in boards if fits[board] is Fit.PARTLY]
    unread = [code.incomplete for _, code in libraries if code.incomplete]
    if unserved:
        yield _no_kernel(context, name, libraries, unserved, all_of_them=len(unserved) == len(boards))
    elif partly:
        words = " and ".join(board.words for board in partly)
        yield _finding(
            context,
            name,
            Severity.WARNING,
            f"most of its kernels have no code for {words}",
            "What needs them fails with `no kernel image is available for execution on the device`.",
            (*evidence, *(board.evidence for board in partly)),
            "Install a build that lists this architecture.",
        )
    elif unread and any(fits[board] is Fit.UNKNOWN for board in boards):
        yield _finding(
            context,
            name,
            Severity.UNKNOWN,
            "its GPU code could not be read to the end",
            f"Whether it runs on this GPU is not known: {unread[0]}.",
            evidence,
            "",
        )
    else:
        yield from _notes(context, name, libraries, boards, fits)


def _notes(
    context: Context,
    name: str,
    libraries: list[tuple[Binary, GpuCode]],
    boards: list[Board],
    fits: dict[Board, Fit],
) -> Iterator[Finding]:
    """Yield what is good to know of a distribution that runs: compiled when loaded, or without a part."""
    compiled = [board for board in boards if fits[board] is Fit.PTX]
    parts = [
        (binary, code)
        for binary, code in libraries
        if any(runs_on(code, board.capability) is Fit.NO_KERNEL for board in boards)
    ]
    if compiled:
        yield _finding(
            context,
            name,
            Severity.INFO,
            f"its code for {compiled[0].sm} is compiled by the driver when it is first used",
            "It holds PTX for an older architecture: the first start is slow, and speed is not the best. A "
            "driver that is older than the CUDA it was built for cannot compile it.",
            tuple(Evidence("binary", b.relative, f"built for {architectures(c)}") for b, c in libraries[:3]),
            "",
        )
    if parts:
        yield _finding(
            context,
            name,
            Severity.INFO,
            f"{len(parts)} of its {len(libraries)} libraries with GPU code are not for {boards[0].sm}",
            "The package chooses its parts by the GPU it finds: these are for others.",
            tuple(Evidence("binary", b.relative, f"built for {architectures(c)}") for b, c in parts[:5]),
            "",
        )


def _no_kernel(
    context: Context,
    name: str,
    libraries: list[tuple[Binary, GpuCode]],
    boards: list[Board],
    all_of_them: bool,
) -> Finding:
    words = " and ".join(board.words for board in boards)
    return _finding(
        context,
        name,
        Severity.BROKEN if name == "torch" and all_of_them else Severity.WARNING,
        f"no kernels for {words}",
        "Every kernel fails with `no kernel image is available for execution on the device`; "
        "torch.cuda.is_available() is True all the same.",
        (
            *(Evidence("binary", b.relative, f"built for {architectures(c)}") for b, c in libraries[:3]),
            *(board.evidence for board in boards),
        ),
        _remedy(context, name, libraries, boards[0]),
    )


def _remedy(context: Context, name: str, libraries: list[tuple[Binary, GpuCode]], board: Board) -> str:
    """Say whether a newer or an older build is wanted, and which index of torch has one."""
    built = [
        count.image.capability
        for _, code in libraries
        for count in code.counts
        if count.image.kind is CodeKind.CUBIN and not count.image.variant
    ]
    newer = bool(built) and board.capability > max(built)
    if name != "torch":
        release = "newer release" if newer else "build"
        return (
            f"Install a {release} of {name} for {board.sm}, or build it from source on this machine. "
            "torch can stay as it is."
        )
    index = index_for(board.capability, context.book.torch_indexes)
    if index is None:
        return f"Install a build of torch that lists {board.sm}, with its companions."
    cuda = f"{index.cuda[0]}.{index.cuda[1]}"
    if built and board.capability < min(built):
        return (
            f"Install torch built for CUDA {cuda} (--index-url {index.url}), whose builds kept older GPUs, "
            f"with its companions; or take a pod with a newer GPU than {board.sm}."
        )
    driver = next((r.driver for r in context.book.cuda if r.version == cuda and r.driver), None)
    came = f" CUDA {cuda} came with driver {driver}." if driver else ""
    return (
        f"Install torch built for CUDA {cuda} or newer, with its companions (--index-url {index.url}).{came}"
    )


def _finding(
    context: Context,
    name: str,
    severity: Severity,
    title: str,
    message: str,
    evidence: tuple[Evidence, ...],
    remedy: str,
) -> Finding:
    return Finding("NPD304", severity, name, context.version(name), title, message, evidence, remedy)
