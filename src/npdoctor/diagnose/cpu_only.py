"""NPD305: builds without CUDA on a machine with a GPU."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.boards import Machine, machine_of
from npdoctor.diagnose.context import Context
from npdoctor.diagnose.torch_index import torch_source
from npdoctor.model.cuda import Accelerator, Build, CudaBuilds
from npdoctor.model.cuda_driver import newest_served
from npdoctor.model.finding import Evidence, Finding, Severity


def cpu_only(context: Context) -> Iterator[Finding]:
    """Yield NPD305 for a torch, or an onnxruntime-gpu, that cannot use the GPU that is here."""
    cuda, machine = context.snapshot.cuda, machine_of(context)
    if cuda is None or not machine.present:
        return
    torch = cuda.torch.build if cuda.torch else None
    if torch and torch.accelerator is Accelerator.CPU and "torch" not in context.not_there:
        yield _torch(context, torch, machine)
    if overwritten := _overwritten_onnxruntime(context, cuda):
        yield Finding(
            "NPD305",
            Severity.WARNING,
            "onnxruntime",
            context.version("onnxruntime"),
            "its files lie over those of onnxruntime-gpu, so that the GPU is not used",
            "Both install into one folder, and the one that was installed last is the CPU build.",
            (
                Evidence("file", overwritten.source, "names no CUDA version"),
                Evidence("metadata", "onnxruntime-gpu", f"version {context.version('onnxruntime-gpu')}"),
                *_here(machine),
            ),
            "Uninstall both, then install only onnxruntime-gpu.",
        )


def mixed_torch(context: Context) -> Iterator[Finding]:
    """Yield NPD205 where torch's own note and the libraries beside it disagree."""
    cuda = context.snapshot.cuda
    torch = cuda.torch if cuda else None
    if torch and torch.contradiction and "torch" not in context.not_there:
        yield Finding(
            "NPD205",
            Severity.WARNING,
            "torch",
            context.version("torch"),
            "its files are of two builds",
            f"{torch.contradiction.capitalize()}: files of another build are mixed in, or missing.",
            (Evidence("file", torch.build.source, torch.contradiction),),
            f"Reinstall torch=={torch.build.version} with --force-reinstall --no-deps, from the index of its "
            "build.",
        )


def _torch(context: Context, torch: Build, machine: Machine) -> Finding:
    offered = machine.cuda or newest_served(machine.driver or "", context.book.cuda)
    release = torch.version.partition("+")[0]
    where = torch_source(offered, context.book.torch_indexes) if offered else "from an index with CUDA builds"
    return Finding(
        "NPD305",
        Severity.WARNING,
        "torch",
        context.version("torch"),
        "built for the CPU only, and a GPU is here",
        "Programs run on the CPU, or stop with `Torch not compiled with CUDA enabled`.",
        (Evidence("file", torch.source, "names no CUDA version"), *_here(machine)),
        f"If the GPU is to be used: pip install --force-reinstall torch=={release} {where}, and its "
        "companions from the same index.",
    )


def _overwritten_onnxruntime(context: Context, cuda: CudaBuilds) -> Build | None:
    """Return what the folder says of a GPU build whose files are those of the CPU build."""
    both = context.version("onnxruntime") and "onnxruntime-gpu" in context.installed
    builds = (b for b in cuda.others if b.distribution == "onnxruntime-gpu")
    return next((b for b in builds if both and b.accelerator is Accelerator.CPU), None)


def _here(machine: Machine) -> tuple[Evidence, ...]:
    if not machine.boards:
        return (Evidence("host", "/dev", "a device file of a GPU is there and can be opened"),)
    return tuple(board.evidence for board in machine.boards[:2])
