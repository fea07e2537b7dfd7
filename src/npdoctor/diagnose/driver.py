"""NPD303: whether the driver serves the CUDA that the installed builds need."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.boards import (
    Machine,
    compat_version,
    cuda_builds,
    found,
    is_datacentre,
    machine_of,
)
from npdoctor.diagnose.context import Context
from npdoctor.diagnose.torch_index import torch_source
from npdoctor.model.cuda import Build
from npdoctor.model.cuda_driver import DriverFit, judge_driver, newest_served
from npdoctor.model.finding import Evidence, Finding, Severity

# These go on without a GPU when they cannot use it, and say so in a log at most.
_FALL_BACK = ("onnxruntime", "tensorflow", "jax", "tf-nightly")
_LIMITS = (
    "Most of it works, by minor-version compatibility. What compiles PTX of the newer CUDA when it runs "
    "(NVRTC, kernels that are shipped as PTX only) fails with cudaErrorUnsupportedPtxVersion."
)


def driver_fit(context: Context, build: Build, machine: Machine) -> DriverFit:
    """Judge one build for CUDA by the driver of the machine."""
    if build.cuda is None or not (machine.driver or machine.cuda):
        return DriverFit.UNKNOWN
    kinds = {is_datacentre(board.name) for board in machine.boards}
    return judge_driver(
        machine.cuda,
        machine.driver,
        build.cuda,
        context.book.cuda,
        is_datacenter=kinds.pop() if len(kinds) == 1 else None,
        compat_lib=compat_version(found(context)),
    )


def old_drivers(context: Context) -> Iterator[Finding]:
    """Yield NPD303 for each build whose CUDA the driver does not serve, or not in full."""
    machine = machine_of(context)
    if not machine.present:
        return
    for build in cuda_builds(context):
        fit = driver_fit(context, build, machine)
        if fit is DriverFit.TOO_OLD:
            yield _too_old(context, build, machine)
        elif fit is DriverFit.MINOR:
            yield _finding(
                context,
                build,
                machine,
                Severity.WARNING,
                f"built for CUDA {build.cuda}, newer than {machine.driver_words} serves in full",
                _LIMITS,
                f"Nothing, while it works. {_advice(context, build, machine)}",
            )
        elif (
            fit is DriverFit.UNKNOWN
            and build.cuda
            and machine.driver
            and compat_version(found(context)) is None
        ):
            yield _finding(
                context,
                build,
                machine,
                Severity.UNKNOWN,
                f"built for CUDA {build.cuda}: not known whether {machine.driver_words} serves it",
                "The rule book does not name the driver that came with this CUDA.",
                "Run a small kernel, such as torch.ones(1, device='cuda') + 1.",
            )


def _too_old(context: Context, build: Build, machine: Machine) -> Finding:
    falls_back = build.distribution.startswith(_FALL_BACK)
    effect = (
        "It does not use the GPU and goes on with the CPU, mostly without a word."
        if falls_back
        else "Everything that uses the GPU fails."
    )
    return _finding(
        context,
        build,
        machine,
        Severity.WARNING if falls_back else Severity.BROKEN,
        f"built for CUDA {build.cuda}, which {machine.driver_words} does not serve",
        f"{build.distribution} {build.version} needs CUDA {build.cuda}. {effect}",
        _advice(context, build, machine),
    )


def _finding(
    context: Context,
    build: Build,
    machine: Machine,
    severity: Severity,
    title: str,
    message: str,
    remedy: str,
) -> Finding:
    bundled = next((r for r in context.book.cuda if r.version == build.cuda), None)
    rule = (
        (Evidence("rule", f"cuda {bundled.version}", f"came with driver {bundled.driver}; {bundled.source}"),)
        if bundled
        else ()
    )
    kind = "rule" if machine.driver_assumed else "nvml"
    return Finding(
        "NPD303",
        severity,
        build.distribution,
        build.version,
        title,
        message,
        (
            Evidence("metadata", build.source or build.distribution, f"built for CUDA {build.cuda}"),
            Evidence(kind, "driver", machine.driver_words + (", assumed" if machine.driver_assumed else "")),
            *rule,
        ),
        remedy,
    )


def _advice(context: Context, build: Build, machine: Machine) -> str:
    """Say what helps from inside a pod: another build, or another pod; the driver is the host's."""
    offered = machine.cuda or newest_served(machine.driver or "", context.book.cuda)
    bundled = next((r.driver for r in context.book.cuda if r.version == build.cuda and r.driver), None)
    newer = f"driver {bundled} or newer" if bundled else f"a driver that serves CUDA {build.cuda}"
    pod = f"take a pod with {newer}"
    if offered is None:
        return f"{pod.capitalize()}: the driver belongs to the host."
    if build.distribution != "torch":
        return f"Install a build for CUDA {offered} or older, or {pod}: the driver belongs to the host."
    source = torch_source(offered, context.book.torch_indexes)
    where = f" (pip install torch {source}), and its companions with it"
    return (
        f"Install torch built for CUDA {offered} or older{where}, or {pod}: the driver belongs to the host."
    )
