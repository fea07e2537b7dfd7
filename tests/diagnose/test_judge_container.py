"""NPD401 to NPD405: what is said of a container, and when nothing is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose_build import dist, host, judge, told

from npdoctor.model.finding import Finding, Severity
from npdoctor.model.limits import Cpu, Memory
from npdoctor.model.storage import CacheSize, Filesystem, Keeping, Place, Role, Storage

GIB = 1 << 30
MEMORY = Memory(
    total=512 * GIB,
    available=400 * GIB,
    limit=64 * GIB,
    limit_source="/sys/fs/cgroup/memory.max",
    used=20 * GIB,
    reclaimable=GIB,
    room=44 * GIB,
    oom_kills=0,
    oom_source="/sys/fs/cgroup/memory.events",
)
CPU = Cpu(128, 128, 128, 16.0, "/sys/fs/cgroup/cpu.max", 100_000, 100)
ROOT = Filesystem(
    mount="/",
    type="overlay",
    device="0:310",
    read_only=False,
    keeping=Keeping.CONTAINER,
    total=100 * GIB,
    free=60 * GIB,
    reserved=0,
    inodes=6_000_000,
    free_inodes=5_000_000,
    places=(Place(Role.ENVIRONMENT, "/venv"), Place(Role.PIP_CACHE, "/home/me/.cache/pip")),
)
SHM = replace(ROOT, mount="/dev/shm", type="tmpfs", device="0:1", keeping=Keeping.MEMORY, places=())
TORCH = dist("torch", "2.8.0")


def storage(*filesystems: Filesystem, shm: int | None = 16 * GIB, **changes: Any) -> Storage:
    base = Storage(filesystems or (ROOT,), replace(SHM, total=shm), ("/workspace",), ())
    return replace(base, **changes)


def found(*parts: Any, numpy: str | None = None, **facts: Any) -> list[Finding]:
    return [f for f in judge(*parts, numpy=numpy, host=host(**facts)).findings if f.code.startswith("NPD4")]


def only(*parts: Any, **facts: Any) -> Finding:
    (finding,) = found(*parts, **facts)
    return finding


def test_a_healthy_pod_has_no_findings() -> None:
    quota = replace(CPU, quota=64.5)
    facts = {"memory": MEMORY, "cpu": quota, "storage": storage()}
    assert told(judge(TORCH, host=host(**facts))) == []


def test_where_nothing_could_be_read_nothing_is_said() -> None:
    empty = Storage((), None, (), ())
    assert found(TORCH, numpy="2.2.6") == []
    assert found(TORCH, numpy="2.2.6", memory=Memory(), cpu=Cpu(), storage=empty) == []


# -- memory -----------------------------------------------------------------------------------------


def test_killed_processes_are_told_with_the_counter() -> None:
    finding = only(memory=replace(MEMORY, oom_kills=2))
    assert (finding.code, finding.severity, finding.subject) == ("NPD401", Severity.WARNING, "host")
    assert finding.title == "2 processes were killed for memory"
    assert finding.message.endswith("since this container was made.")
    assert [(e.source, e.detail) for e in finding.evidence] == [
        ("/sys/fs/cgroup/memory.events", "oom_kill 2")
    ]


def test_one_killed_process_is_one() -> None:
    finding = only(memory=replace(MEMORY, oom_kills=1), is_container=False)
    assert finding.title == "1 process was killed for memory"
    assert "this control group" in finding.message


def test_a_limit_nearly_reached_is_told() -> None:
    finding = only(memory=replace(MEMORY, used=63 * GIB))
    assert (finding.code, finding.severity) == ("NPD401", Severity.WARNING)
    assert finding.title == "97% of the memory limit is in use"
    assert "62 GiB of 64 GiB" in finding.message
    assert finding.evidence[0].source == "/sys/fs/cgroup/memory.max"


def test_both_signs_are_one_finding() -> None:
    finding = only(memory=replace(MEMORY, used=63 * GIB, oom_kills=1))
    assert len(finding.evidence) == 2


@pytest.mark.parametrize(
    "memory",
    [
        replace(MEMORY, used=63 * GIB, reclaimable=40 * GIB),
        replace(MEMORY, used=58 * GIB),
        replace(MEMORY, used=None),
        replace(MEMORY, limit=None, used=500 * GIB),
        replace(MEMORY, limit=600 * GIB, used=590 * GIB),
        replace(MEMORY, oom_kills=None, limit_hits=900, pressure=80.0),
    ],
)
def test_cache_a_far_limit_and_a_full_machine_are_no_finding(memory: Memory) -> None:
    assert found(memory=memory) == []


# -- shared memory ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [64 << 20, 1 << 20])
def test_small_shared_memory_matters_to_torch(size: int) -> None:
    finding = only(TORCH, storage=storage(shm=size))
    assert (finding.code, finding.severity, finding.subject) == ("NPD402", Severity.WARNING, "host")
    assert finding.title == f"/dev/shm has only {size >> 20} MiB"
    assert "num_workers=0" in finding.remedy
    assert "file_system" in finding.remedy


def test_small_shared_memory_without_torch_is_no_finding() -> None:
    assert found(dist("tensorflow", "2.19.0"), storage=storage(shm=64 << 20)) == []


@pytest.mark.parametrize("size", [None, (64 << 20) + 4096, 16 * GIB])
def test_enough_or_unlimited_shared_memory_is_no_finding(size: int | None) -> None:
    assert found(TORCH, storage=storage(shm=size)) == []
    assert found(TORCH, storage=storage(shm=None)) == []


# -- disks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "free"), [(20 * GIB, GIB - 1), (5 * GIB, GIB // 2), (400 * GIB, 7 * GIB), (GIB, 0)]
)
def test_a_disk_nearly_full_is_told(total: int, free: int) -> None:
    finding = only(storage=storage(replace(ROOT, total=total, free=free, reserved=4096)))
    assert (finding.code, finding.severity, finding.subject) == ("NPD403", Severity.WARNING, "host")
    assert finding.title.startswith("/ is nearly full: ")
    assert "environment and pip cache" in finding.message
    assert finding.evidence[0].detail == f"overlay, {free} of {total} bytes free"


@pytest.mark.parametrize(
    ("total", "free"),
    [
        (20 * GIB, 2 * GIB),
        (GIB, GIB // 2),
        (64 << 20, 64 << 20),
        (400 * GIB, 9 * GIB),
        (8000 * GIB, 11 * GIB),
        (None, None),
    ],
)
def test_a_disk_with_room_is_no_finding(total: int | None, free: int | None) -> None:
    assert found(storage=storage(replace(ROOT, total=total, free=free))) == []


def test_a_full_disk_is_broken_where_the_environment_is() -> None:
    full = replace(ROOT, free=0)
    finding = only(storage=storage(full))
    assert (finding.severity, finding.title) == (Severity.BROKEN, "/ is full")
    volume = replace(full, mount="/workspace", places=(Place(Role.HF_CACHE, "/workspace/hf"),))
    assert only(storage=storage(volume)).severity is Severity.WARNING
    assert only(storage=storage(replace(full, type="fuse.mfs"))).severity is Severity.WARNING


def test_a_disk_that_cannot_be_written_is_never_full() -> None:
    assert found(storage=storage(replace(ROOT, free=0, free_inodes=0, read_only=True))) == []


def test_few_inodes_are_told() -> None:
    finding = only(storage=storage(replace(ROOT, free_inodes=900)))
    assert (finding.severity, finding.title) == (Severity.WARNING, "/ has room for only 900 more files")
    assert finding.evidence[0].detail == "overlay, 900 of 6000000 inodes free"


@pytest.mark.parametrize(
    "changes",
    [
        {"free_inodes": 30_000},
        {"inodes": 10_000, "free_inodes": 5_000},
        {"inodes": None, "free_inodes": None},
        {"free_inodes": 0, "type": "fuse.mfs"},
    ],
)
def test_enough_inodes_or_none_counted_is_no_finding(changes: dict[str, Any]) -> None:
    assert found(storage=storage(replace(ROOT, **changes))) == []


def test_two_full_disks_are_two_findings_and_one_seen_twice_is_one() -> None:
    full = replace(ROOT, free=GIB // 2)
    other = replace(full, mount="/workspace", device="8:17")
    same = replace(full, mount="/home", free=GIB // 2 - 4096)
    titles = sorted(f.title.split()[0] for f in found(storage=storage(full, other, same)))
    assert titles == ["/", "/workspace"]


# -- CPUs -------------------------------------------------------------------------------------------


def test_a_small_quota_is_a_note() -> None:
    finding = only(TORCH, cpu=replace(CPU, quota=6.5))
    assert (finding.code, finding.severity, finding.subject) == ("NPD404", Severity.INFO, "host")
    assert finding.title == "6.5 of 128 visible CPUs may be used"
    assert "torch" in finding.message
    assert "OMP_NUM_THREADS=6" in finding.remedy
    assert [e.source for e in finding.evidence] == ["/sys/fs/cgroup/cpu.max"]


def test_a_quota_that_stops_programs_often_is_a_warning() -> None:
    finding = only(TORCH, cpu=replace(CPU, throttled=34_000))
    assert finding.severity is Severity.WARNING
    assert finding.title.endswith("; stopped in 34% of the periods")
    assert finding.evidence[1].source == "/sys/fs/cgroup/cpu.stat"
    assert finding.evidence[1].detail == "nr_throttled 34000 of nr_periods 100000"


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"throttled": 20_000}, Severity.INFO),
        ({"periods": 599, "throttled": 599}, Severity.INFO),
        ({"periods": None, "throttled": None}, Severity.INFO),
        ({"quota": 0.5}, Severity.INFO),
    ],
)
def test_few_periods_or_few_stops_do_not_make_it_a_warning(
    changes: dict[str, Any], severity: Severity
) -> None:
    finding = only(TORCH, cpu=replace(CPU, **changes))
    assert finding.severity is severity
    assert "OMP_NUM_THREADS=0" not in finding.remedy


@pytest.mark.parametrize(
    "cpu",
    [
        replace(CPU, quota=None),
        replace(CPU, quota=64.5),
        replace(CPU, affinity=16, quota=15.0),
        replace(CPU, visible=None, affinity=None),
    ],
)
def test_a_wide_quota_or_few_cpus_to_see_are_no_finding(cpu: Cpu) -> None:
    assert found(TORCH, cpu=cpu) == []


def test_a_quota_without_threads_is_no_finding() -> None:
    assert found(dist("requests", "2.32.0"), cpu=CPU) == []


@pytest.mark.parametrize(("threads", "count"), [("16", 0), ("4,2", 0), ("17", 1), ("0", 1), (",", 1)])
def test_a_quota_that_is_kept_to_is_no_finding(threads: str, count: int) -> None:
    assert len(found(TORCH, cpu=CPU, thread_limits={"OMP_NUM_THREADS": threads})) == count


# -- caches -----------------------------------------------------------------------------------------


def test_large_caches_beside_a_volume_are_a_note() -> None:
    caches = (
        CacheSize(Role.HF_CACHE, "/home/me/.cache/huggingface", 30 * GIB, False),
        CacheSize(Role.UV_CACHE, "/home/me/.cache/uv", 2 * GIB, True),
        CacheSize(Role.PIP_CACHE, "/home/me/.cache/pip", GIB, True),
    )
    finding = only(storage=storage(caches=caches, volumes=("/data", "/workspace")))
    assert (finding.code, finding.severity, finding.subject) == ("NPD405", Severity.INFO, "host")
    assert finding.title == "Hugging Face cache and uv cache will be lost when the pod stops"
    assert [e.detail for e in finding.evidence] == ["at least 30 GiB", "2 GiB"]
    assert finding.remedy.startswith("Point HF_HOME and UV_CACHE_DIR at a folder on /workspace")


def test_small_caches_are_no_finding() -> None:
    caches = (CacheSize(Role.HF_CACHE, "/home/me/.cache/huggingface", GIB, False),)
    assert found(storage=storage(caches=caches)) == []


@pytest.mark.parametrize("is_container", [True, False])
def test_every_finding_is_known_to_the_rule_book(is_container: bool) -> None:
    everything = found(
        TORCH,
        is_container=is_container,
        memory=replace(MEMORY, oom_kills=1),
        cpu=CPU,
        storage=storage(
            replace(ROOT, free=0), shm=1, caches=(CacheSize(Role.UV_CACHE, "/c", 2 * GIB, True),)
        ),
    )
    assert [f.code for f in everything] == ["NPD403", "NPD401", "NPD402", "NPD404", "NPD405"]
    assert all(f.remedy.endswith(".") and f.message.endswith(".") and f.evidence for f in everything)
