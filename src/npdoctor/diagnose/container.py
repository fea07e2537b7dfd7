"""NPD401 to NPD405: what the container allows, and what it loses."""

from __future__ import annotations

import math
from collections.abc import Iterator

from npdoctor.diagnose.context import Context
from npdoctor.model.finding import Evidence, Finding, Severity
from npdoctor.model.limits import Cpu, Memory
from npdoctor.model.storage import Filesystem, Role

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30
_NEARLY_ALL = 0.9
_SHM_OF_ENGINES = 64 * _MIB
_INODES_OF_AN_INSTALL = 20_000
_OFTEN_THROTTLED = 0.2
_PERIODS_TO_JUDGE = 600  # a minute of running at the usual period of 100 ms
_MUCH_CACHE = _GIB
# These ask for the CPUs of the process; XGBoost and OpenCV are not among them, since they read the quota.
_THREADED = (
    "torch", "numpy", "scipy", "scikit-learn", "tensorflow", "jaxlib", "numba", "onnxruntime",
    "lightgbm", "faiss-cpu",
)  # fmt: skip
_VARIABLES = {
    Role.HF_CACHE: "HF_HOME",
    Role.HF_HUB_CACHE: "HF_HUB_CACHE",
    Role.TORCH_CACHE: "TORCH_HOME",
    Role.PIP_CACHE: "PIP_CACHE_DIR",
    Role.UV_CACHE: "UV_CACHE_DIR",
}


def killed_for_memory(context: Context) -> Iterator[Finding]:
    """Yield NPD401 where processes were killed for memory, or where little is left of the limit.

    Cache that the kernel would give back does not count: a pod that reads large files is always full of it.
    """
    memory = context.snapshot.host.memory
    if memory is None:
        return
    where = "this container" if context.snapshot.host.is_container else "this control group"
    titles, messages, evidence = [], [], []
    if memory.oom_kills:
        processes = _counted(memory.oom_kills, "process", "processes")
        were = "was" if memory.oom_kills == 1 else "were"
        titles.append(f"{processes} {were} killed for memory")
        messages.append(f"{processes} {were} killed for memory since {where} was made.")
        evidence.append(Evidence("host", memory.oom_source, f"oom_kill {memory.oom_kills}"))
    held = _held(memory)
    if memory.limit and held is not None:
        share = f"{held / memory.limit:.0%} of the memory limit is in use"
        titles.append(share)
        messages.append(f"{share}: {_size(held)} of {_size(memory.limit)}, file cache not counted.")
        evidence.append(Evidence("host", memory.limit_source, f"limit {memory.limit}, in use {held}"))
    if evidence:
        yield _of_host(
            "NPD401",
            Severity.WARNING,
            "; ".join(titles),
            " ".join(messages),
            tuple(evidence),
            "Use smaller batches, fewer loader workers, MAX_JOBS=4 for builds, or a larger pod. "
            "If an install was killed, look for what it left incomplete.",
        )


def _held(memory: Memory) -> int | None:
    """Return the bytes that nothing but the end of a program gives back, if they are nearly all."""
    if memory.limit is None or memory.used is None or (memory.total and memory.limit >= memory.total):
        return None
    held = memory.used - memory.reclaimable
    return held if held > _NEARLY_ALL * memory.limit else None


def small_shm(context: Context) -> Iterator[Finding]:
    """Yield NPD402 where torch is installed and /dev/shm has no more than the 64 MiB that engines give."""
    storage, torch = context.snapshot.host.storage, context.version("torch")
    shm = storage.shm if storage else None
    if torch is None or shm is None or shm.total is None or shm.total > _SHM_OF_ENGINES:
        return
    yield _of_host(
        "NPD402",
        Severity.WARNING,
        f"{shm.mount} has only {_size(shm.total)}",
        "Workers of a torch DataLoader pass tensors through /dev/shm, and NCCL uses it too. "
        "When it is full they end with a bus error.",
        (
            Evidence("host", shm.mount, f"{shm.type}, {shm.total} bytes"),
            Evidence("metadata", "torch", f"version {torch}"),
        ),
        "In the program: num_workers=0, or torch.multiprocessing.set_sharing_strategy('file_system'). "
        "For the next pod: --shm-size for docker, an emptyDir with medium Memory at /dev/shm for Kubernetes.",
    )


def full_disks(context: Context) -> Iterator[Finding]:
    """Yield NPD403 for file systems that installs and caches go to and that have hardly any room left."""
    storage = context.snapshot.host.storage
    seen = set()
    for filesystem in storage.filesystems if storage else ():
        same = (filesystem.device, filesystem.total)
        if filesystem.read_only or same in seen:
            continue
        found = _lack_of_bytes(filesystem) or _lack_of_inodes(filesystem)
        if found:
            seen.add(same)
            severity, title, detail = found
            roles = _list([place.role.value for place in filesystem.places])
            yield _of_host(
                "NPD403",
                severity,
                f"{filesystem.mount} {title}",
                f"It holds: {roles}. A write that finds no room fails with `No space left on device`, and an "
                "install that does stays incomplete.",
                (Evidence("host", filesystem.mount, f"{filesystem.type}, {detail}"),),
                "Delete what is not needed, such as old caches, or point TMPDIR, PIP_CACHE_DIR, UV_CACHE_DIR "
                "and HF_HOME at a larger volume.",
            )


def _lack_of_bytes(filesystem: Filesystem) -> tuple[Severity, str, str] | None:
    """Judge the room for bytes: the smaller the disk and the larger the share, the less is nearly full."""
    free, total = filesystem.free, filesystem.total
    if free is None or not total:
        return None
    detail = f"{free} of {total} bytes free"
    none_at_all = free + filesystem.reserved == 0 and not filesystem.type.startswith("fuse")
    if none_at_all and any(place.role is Role.ENVIRONMENT for place in filesystem.places):
        return Severity.BROKEN, "is full", detail
    if (free < _GIB and free < total / 5) or (free < 10 * _GIB and free < total / 50):
        return Severity.WARNING, f"is nearly full: {_size(free)} of {_size(total)} left", detail
    return None


def _lack_of_inodes(filesystem: Filesystem) -> tuple[Severity, str, str] | None:
    """Judge the room for files; what FUSE says of inodes is seldom true."""
    free, inodes = filesystem.free_inodes, filesystem.inodes
    if free is None or not inodes or filesystem.type.startswith("fuse"):
        return None
    if free >= _INODES_OF_AN_INSTALL or free >= inodes / 50:
        return None
    return Severity.WARNING, f"has room for only {free} more files", f"{free} of {inodes} inodes free"


def cpu_quota(context: Context) -> Iterator[Finding]:
    """Yield NPD404 where libraries start more than twice the threads that the quota lets run.

    It is a note, unless the kernel says that programs here were often stopped for it.
    """
    cpu = context.snapshot.host.cpu
    if cpu is None or cpu.quota is None or cpu.seen is None or cpu.quota > cpu.seen / 2:
        return
    threads = max(1, math.floor(cpu.quota))
    affected = [name for name in _THREADED if context.version(name) is not None]
    if not affected or _heeded(context, math.ceil(cpu.quota)):
        return
    throttled = _throttled(cpu)
    often = throttled is not None and throttled > _OFTEN_THROTTLED
    stopped = f"; stopped in {throttled:.0%} of the periods" if often else ""
    evidence = [Evidence("host", cpu.quota_source, f"{cpu.quota:g} CPUs of {cpu.seen}")]
    if often:
        detail = f"nr_throttled {cpu.throttled} of nr_periods {cpu.periods}"
        evidence.append(Evidence("host", f"{cpu.quota_source.rpartition('/')[0]}/cpu.stat", detail))
    yield _of_host(
        "NPD404",
        Severity.WARNING if often else Severity.INFO,
        f"{cpu.quota:g} of {cpu.seen} visible CPUs may be used{stopped}",
        "These libraries may start a thread for each visible CPU, and the threads then wait for one another: "
        f"{_list(affected)}.",
        tuple(evidence),
        f"Set OMP_NUM_THREADS={threads}, and MAX_JOBS={threads} for builds.",
    )


def _heeded(context: Context, threads: int) -> bool:
    """Tell whether OMP_NUM_THREADS keeps to the quota already."""
    first = context.snapshot.host.thread_limits.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return first.isdecimal() and 0 < int(first) <= threads


def _throttled(cpu: Cpu) -> float | None:
    """Return the share of periods in which programs were stopped, if there were enough to tell."""
    if cpu.throttled is None or cpu.periods is None or cpu.periods < _PERIODS_TO_JUDGE:
        return None
    return cpu.throttled / cpu.periods


def lost_caches(context: Context) -> Iterator[Finding]:
    """Yield NPD405 for large caches that go with the pod though a volume is mounted beside them."""
    storage = context.snapshot.host.storage
    large = [cache for cache in storage.caches if cache.size > _MUCH_CACHE] if storage else []
    if not storage or not large or not storage.volumes:
        return
    volume = next((v for v in ("/workspace", "/runpod-volume") if v in storage.volumes), storage.volumes[0])
    variables = [_VARIABLES[cache.role] for cache in large if cache.role in _VARIABLES]
    yield _of_host(
        "NPD405",
        Severity.INFO,
        f"{_list([cache.role.value for cache in large])} will be lost when the pod stops",
        "They lie on the container's own disk and not on a volume, so they will be downloaded again.",
        tuple(
            Evidence("host", c.path, _size(c.size) if c.complete else f"at least {_size(c.size)}")
            for c in large
        ),
        f"Point {_list(variables)} at a folder on {volume}, and name them in the shell profile.",
    )


def _of_host(
    code: str, severity: Severity, title: str, message: str, evidence: tuple[Evidence, ...], remedy: str
) -> Finding:
    return Finding(code, severity, "host", None, title, message, evidence, remedy)


def _size(size: int) -> str:
    for unit, name in ((_GIB, "GiB"), (_MIB, "MiB"), (_KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _list(words: list[str]) -> str:
    """Join words the way a sentence does."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
