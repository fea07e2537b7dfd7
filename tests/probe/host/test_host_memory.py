"""Memory limits, use and kills, read from recorded control groups."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine_trees import DOCKER_V1, DOCKER_V2, GIB, UNLIMITED_V1, in_folder, v1_memory, v2_memory, write

from npdoctor.model.limits import Memory
from npdoctor.probe.host.memory import read_memory
from npdoctor.probe.host.mounts import read_mounts
from npdoctor.probe.host.tree import Tree
from npdoctor.probe.imports.run import memory_limit

TOP = "/sys/fs/cgroup"
V1 = f"{TOP}/memory"


def read(tree: Tree) -> Memory:
    return read_memory(tree, read_mounts(tree))


def test_a_container_of_version_2(tmp_path: Path) -> None:
    group = v2_memory(limit=str(64 * GIB), used=20 * GIB, cache=5 * GIB, kills=2)
    assert read(write(tmp_path, DOCKER_V2 | in_folder(TOP, group))) == Memory(
        total=528280648 << 10,
        available=402653184 << 10,
        limit=64 * GIB,
        limit_source=f"{TOP}/memory.max",
        used=15 * GIB,
        reclaimable=4096 + 8192,
        room=49 * GIB,
        oom_kills=2,
        oom_source=f"{TOP}/memory.events",
        limit_hits=17,
        pressure=12.34,
        pressure_source=f"{TOP}/memory.pressure",
    )


def test_version_2_without_a_limit(tmp_path: Path) -> None:
    memory = read(write(tmp_path, DOCKER_V2 | in_folder(TOP, v2_memory(used=3 * GIB))))
    assert (memory.limit, memory.limit_source, memory.used) == (None, "", 3 * GIB)
    assert memory.room == memory.available
    assert memory.unknown == {}


def test_the_lowest_limit_of_all_ancestors_counts(tmp_path: Path) -> None:
    files = {
        **DOCKER_V2,
        "/proc/self/cgroup": "0::/jobs/one\n",
        **in_folder(TOP, v2_memory(str(32 * GIB), 30 * GIB)),
        **in_folder(f"{TOP}/jobs", v2_memory(str(8 * GIB), 3 * GIB)),
        **in_folder(f"{TOP}/jobs/one", v2_memory("max", GIB)),
    }
    memory = read(write(tmp_path, files))
    assert (memory.limit, memory.limit_source) == (8 * GIB, f"{TOP}/jobs/memory.max")
    assert memory.used == 3 * GIB
    assert memory.room == 2 * GIB, "the outer group has the higher limit and less left"


def test_kills_are_those_of_the_whole_container(tmp_path: Path) -> None:
    files = {
        **DOCKER_V2,
        "/proc/self/cgroup": "0::/init.scope\n",
        **in_folder(TOP, v2_memory(kills=4)),
        **in_folder(f"{TOP}/init.scope", v2_memory(kills=1)),
    }
    memory = read(write(tmp_path, files))
    assert (memory.oom_kills, memory.oom_source) == (4, f"{TOP}/memory.events")


def test_kills_of_a_whole_machine_are_not_blamed_on_this_session(tmp_path: Path) -> None:
    session = "/user.slice/session-2.scope"
    slice_ = in_folder(f"{TOP}/user.slice", v2_memory(kills=40))
    files = {
        **DOCKER_V2,
        "/proc/self/cgroup": f"0::{session}\n",
        f"{TOP}/cgroup.controllers": "cpu memory\n",
        **slice_,
        **in_folder(TOP + session, v2_memory(used=5000, kills=0)),
    }
    memory = read(write(tmp_path, files))
    assert memory.oom_kills == 0
    assert memory.limit is None


def test_a_container_of_version_1(tmp_path: Path) -> None:
    memory = read(write(tmp_path, DOCKER_V1 | in_folder(V1, v1_memory(16 * GIB, 2 * GIB, kills=1))))
    assert (memory.limit, memory.limit_source) == (16 * GIB, f"{V1}/memory.limit_in_bytes")
    assert (memory.used, memory.reclaimable) == (2 * GIB - 1000, 500)
    assert memory.room == 14 * GIB + 1000
    assert (memory.oom_kills, memory.oom_source) == (1, f"{V1}/memory.oom_control")
    assert memory.limit_hits == 3
    assert (memory.pressure, memory.pressure_source) == (99.99, "/proc/pressure/memory")


@pytest.mark.parametrize("unlimited", [UNLIMITED_V1, 0x7FFFFFFFFFFF0000, (1 << 64) - 4096])
def test_version_1_without_a_limit(tmp_path: Path, unlimited: int) -> None:
    memory = read(write(tmp_path, DOCKER_V1 | in_folder(V1, v1_memory(unlimited, GIB))))
    assert memory.limit is None
    assert memory.unknown == {}
    assert memory.room == memory.available


def test_version_1_tells_the_limit_of_a_hidden_parent(tmp_path: Path) -> None:
    group = v1_memory(UNLIMITED_V1, 3 * GIB, hierarchical=4 * GIB)
    memory = read(write(tmp_path, DOCKER_V1 | in_folder(V1, group)))
    assert (memory.limit, memory.limit_source) == (4 * GIB, f"{V1}/memory.stat")
    assert memory.room == GIB + 1000


def test_where_both_versions_are_mounted_memory_is_in_version_1(tmp_path: Path) -> None:
    own = "/process_api/3f91"
    files = {
        **DOCKER_V2,
        "/proc/self/cgroup": f"4:memory:{own}\n3:cpuset:/\n0::/\n",
        "/proc/self/mountinfo": "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
        f"{TOP}/unified/cgroup.controllers": "",
        f"{V1}/release_agent": "",
        **in_folder(V1, v1_memory(UNLIMITED_V1, 90 * GIB, kills=9)),
        **in_folder(V1 + "/process_api", v1_memory(UNLIMITED_V1, 60 * GIB, kills=8)),
        **in_folder(V1 + own, v1_memory(2 * GIB, GIB, kills=1)),
    }
    memory = read(write(tmp_path, files))
    assert (memory.limit, memory.limit_source) == (2 * GIB, f"{V1}{own}/memory.limit_in_bytes")
    assert memory.oom_kills == 1
    assert memory.pressure_source == "/proc/pressure/memory"


def test_a_group_outside_of_the_mount_is_not_followed(tmp_path: Path) -> None:
    files = {**DOCKER_V2, "/proc/self/cgroup": "0::/../other\n", "/sys/fs/other/memory.max": "1\n"}
    memory = read(write(tmp_path, files | in_folder(TOP, v2_memory(str(GIB), 1))))
    assert memory.limit == GIB


def test_old_kernels_do_not_count_kills(tmp_path: Path) -> None:
    group = v1_memory(GIB, 1) | {"memory.oom_control": "oom_kill_disable 0\nunder_oom 0\n"}
    memory = read(write(tmp_path, DOCKER_V1 | in_folder(V1, group)))
    assert memory.oom_kills is None
    assert memory.unknown == {"oom_kills": f"{V1}/memory.oom_control does not say"}
    assert memory.limit == GIB


@pytest.mark.parametrize("garbage", [b"\xff\xfe\x00\x01", b"", b"lots\n", b"9" * 5000, b"-5\n", b"1e9\n"])
def test_garbage_is_unknown_and_never_a_number(tmp_path: Path, garbage: bytes) -> None:
    group = v2_memory() | {"memory.max": garbage, "memory.current": garbage, "memory.events": garbage}
    memory = read(write(tmp_path, DOCKER_V2 | in_folder(TOP, group)))
    assert memory.limit is None
    assert memory.oom_kills is None
    assert memory.unknown["oom_kills"] == f"{TOP}/memory.events does not say"
    assert memory.room == memory.available
    assert memory.unknown["limit"].startswith(f"{TOP}/memory.max: not a number")


def test_what_cannot_be_opened_is_unknown_with_the_reason(tmp_path: Path) -> None:
    tree = write(tmp_path, DOCKER_V2 | in_folder(TOP, v2_memory(str(GIB), 1)))
    for name in ("memory.max", "memory.events"):
        (tmp_path / TOP[1:] / name).unlink()
        (tmp_path / TOP[1:] / name).mkdir()
    memory = read(tree)
    assert memory.limit is None
    assert memory.unknown["limit"] == f"{TOP}/memory.max: Is a directory"
    assert memory.unknown["oom_kills"] == f"{TOP}/memory.events: Is a directory"


def test_an_empty_machine_knows_nothing_and_says_why(tmp_path: Path) -> None:
    memory = read(Tree(str(tmp_path)))
    assert memory == Memory(unknown=memory.unknown)
    assert memory.unknown["total"] == "/proc/meminfo: no such file"
    assert memory.unknown["limit"] == "/proc/self/mountinfo cannot be read"
    assert set(memory.unknown) == {
        *("total", "available", "limit", "used", "oom_kills", "limit_hits", "pressure")
    }


def test_no_group_of_memory_is_no_proof_of_no_limit(tmp_path: Path) -> None:
    mounts = "1 0 0:1 / / rw - overlay overlay rw\n"
    memory = read(write(tmp_path, DOCKER_V2 | {"/proc/self/mountinfo": mounts}))
    assert memory.unknown["limit"] == "no control group of memory is mounted"


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [
        ("max", GIB, 4 * GIB),
        (str(64 * GIB), GIB, 4 * GIB),
        (str(4 * GIB), GIB, 3 * GIB // 2),
        (str(GIB), GIB, 256 << 20),
    ],
)
def test_an_importer_may_hold_half_of_what_is_left(
    tmp_path: Path, limit: str, used: int, expected: int
) -> None:
    assert memory_limit(write(tmp_path, DOCKER_V2 | in_folder(TOP, v2_memory(limit, used)))) == expected


def test_cache_that_can_be_given_back_is_left_to_importers(tmp_path: Path) -> None:
    group = v2_memory(str(6 * GIB), used=5 * GIB, cache=3 * GIB)
    assert memory_limit(write(tmp_path, DOCKER_V2 | in_folder(TOP, group))) == 2 * GIB


def test_an_importer_has_a_limit_where_nothing_is_known(tmp_path: Path) -> None:
    assert memory_limit(Tree(str(tmp_path))) == 4 * GIB
