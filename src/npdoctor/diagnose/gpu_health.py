"""NPD306 and NPD307: GPUs whose memory is taken, and GPUs that report a fault."""

from __future__ import annotations

from collections.abc import Iterator

from npdoctor.diagnose.boards import found, gpu_name, system_of
from npdoctor.diagnose.context import Context
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.gpu import Gpu, GpuProcess, Memory, Reason, Unavailable, Visibility

_GIB = 1 << 30
_NEARLY_FULL = 0.05
_HELD_SHARE = 0.1
_OTHER_POD = "Take another pod, and report this GPU to the provider. Nothing inside a pod mends it."


def unhealthy(context: Context) -> Iterator[Finding]:
    """Yield NPD307, one for each GPU that reports a fault."""
    system = system_of(found(context))
    for gpu in system.gpus if system else ():
        faults = list(_faults(gpu))
        if faults:
            severity = min((severity for severity, _, _ in faults), key=lambda s: s.rank)
            grave = severity is Severity.BROKEN
            yield Finding(
                "NPD307",
                severity,
                f"gpu:{gpu.index}",
                None,
                f"{gpu_name(gpu)}: {'; '.join(title for _, title, _ in faults)}",
                "Programs on this GPU fail." if grave else "It works today, with less speed or at a risk.",
                tuple(Evidence("nvml", f"gpu:{gpu.index}", detail) for _, _, detail in faults),
                _OTHER_POD if grave else f"If it stays so: {_OTHER_POD[0].lower()}{_OTHER_POD[1:]}",
            )


def _faults(gpu: Gpu) -> Iterator[tuple[Severity, str, str]]:
    health, broken, warning = gpu.health, Severity.BROKEN, Severity.WARNING
    if gpu.lost:
        yield broken, "the driver has lost it", "GPU is lost"
    elif _needs_reset(gpu):
        yield broken, "needs a reset before it can be used", "GPU requires reset"
    if health.remap_failure is True:
        yield broken, "a faulty memory row could not be replaced", "row remapping failed"
    if isinstance(health.volatile_errors, int) and health.volatile_errors:
        errors = health.volatile_errors
        yield warning, f"{errors} uncorrected memory errors", f"{errors} since the driver was loaded"
    if health.remap_pending is True or health.retirement_pending is True:
        yield (
            warning,
            "a faulty part of its memory waits for a reset to be replaced",
            "row remapping or page retirement is pending",
        )
    if isinstance(health.recovery_action, str) and health.recovery_action != "none":
        yield (
            warning,
            f"the driver asks to {health.recovery_action}",
            f"recovery action: {health.recovery_action}",
        )
    reasons = gpu.pace.event_reasons
    slow = [reason for reason in reasons if reason.problem] if isinstance(reasons, tuple) else []
    if slow:
        words = ", ".join(reason.words for reason in slow)
        bits = sum(reason.bit for reason in slow)
        yield warning, f"runs slower than it could: {words}", f"clock event reasons {bits:#x}{_heat(gpu)}"


def _heat(gpu: Gpu) -> str:
    now, limit = gpu.load.temperature, gpu.pace.slowdown_temperature
    told = f", {now} °C" if isinstance(now, int) else ""
    return f"{told}, slows down at {limit} °C" if told and isinstance(limit, int) else told


def _needs_reset(gpu: Gpu) -> bool:
    told = (gpu.load.memory, gpu.load.utilisation, gpu.load.temperature, gpu.load.processes)
    return any(isinstance(value, Unavailable) and value.reason is Reason.NEEDS_RESET for value in told)


def taken_memory(context: Context) -> Iterator[Finding]:
    """Yield NPD306 for memory that nothing in this container holds, and a note where little is left.

    What nobody here holds is told only where every process could be looked at: NVML alone often shows a
    container nothing of its own programs.
    """
    facts = found(context)
    system = system_of(facts)
    for gpu in system.gpus if system else ():
        memory = gpu.load.memory
        if not isinstance(memory, Memory) or memory.unified or memory.total == 0 or gpu.mig_enabled is True:
            continue
        alone = facts is not None and facts.holders == 0 and not _shows_own(gpu)
        if alone and memory.used > max(_GIB, _HELD_SHARE * memory.total):
            sizes = f"{_gib(memory.used)} of {_gib(memory.total)} GiB"
            title = f"{sizes} are in use, and no process here holds any of it"
            message = "Another container on this GPU holds it, or a program that died without letting go."
            severity = Severity.WARNING
        elif memory.free < _NEARLY_FULL * memory.total:
            title = f"memory nearly full: {_gib(memory.free)} of {_gib(memory.total)} GiB free"
            message = "Another program that wants this GPU may fail with `CUDA out of memory`."
            severity = Severity.INFO
        else:
            continue
        yield Finding(
            "NPD306",
            severity,
            f"gpu:{gpu.index}",
            None,
            f"{gpu_name(gpu)}: {title}",
            message,
            (
                Evidence("nvml", f"gpu:{gpu.index}", f"used {memory.used}, free {memory.free} bytes"),
                *(
                    (Evidence("host", "/proc/*/fd", "no process here has /dev/nvidia* open"),)
                    if severity is Severity.WARNING
                    else ()
                ),
            ),
            "Only the host can free it: restart the pod, or take another one."
            if severity is Severity.WARNING
            else "",
        )


def _shows_own(gpu: Gpu) -> bool:
    processes = gpu.load.processes
    return isinstance(processes, tuple) and any(_is_own(process) for process in processes)


def _is_own(process: GpuProcess) -> bool:
    return process.visibility is Visibility.OWN


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f}"
