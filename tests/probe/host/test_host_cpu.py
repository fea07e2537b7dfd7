"""CPUs, quotas and limits of the process, read from recorded trees."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine_trees import DOCKER_V1, DOCKER_V2, in_folder, write

from npdoctor.model.limits import Cpu, Ulimit
from npdoctor.probe.host.cpu import read_cpu
from npdoctor.probe.host.mounts import read_mounts
from npdoctor.probe.host.tree import Tree
from npdoctor.probe.host.ulimits import read_ulimits

TOP = "/sys/fs/cgroup"
V2_STAT = "usage_usec 900\nuser_usec 800\nnr_periods 5000\nnr_throttled 1200\nthrottled_usec 77\n"


def read(tree: Tree) -> Cpu:
    return read_cpu(tree, read_mounts(tree))


def test_a_quota_of_version_2(tmp_path: Path) -> None:
    group = {"cpu.max": "450000 100000\n", "cpu.stat": V2_STAT, "cpuset.cpus.effective": "0-7,64-71\n"}
    cpu = read(write(tmp_path, DOCKER_V2 | in_folder(TOP, group)))
    assert cpu == Cpu(128, 16, 16, 4.5, f"{TOP}/cpu.max", 5000, 1200)
    assert cpu.seen == 16


def test_no_quota_of_version_2(tmp_path: Path) -> None:
    cpu = read(write(tmp_path, DOCKER_V2 | {f"{TOP}/cpu.max": "max 100000\n"}))
    assert (cpu.quota, cpu.quota_source, cpu.periods) == (None, "", None)
    assert cpu.unknown == {"cpuset": "no control group tells its CPUs"}


def test_the_lowest_quota_of_all_ancestors_counts(tmp_path: Path) -> None:
    files = {
        **DOCKER_V2,
        "/proc/self/cgroup": "0::/a/b\n",
        f"{TOP}/a/cpu.max": "200000 100000\n",
        f"{TOP}/a/cpu.stat": V2_STAT,
        f"{TOP}/a/b/cpu.max": "300000 100000\n",
        f"{TOP}/a/cpuset.cpus.effective": "3\n",
        f"{TOP}/a/b/cpuset.cpus.effective": "\n",
    }
    cpu = read(write(tmp_path, files))
    assert (cpu.quota, cpu.quota_source, cpu.throttled) == (2.0, f"{TOP}/a/cpu.max", 1200)
    assert cpu.cpuset == 1


def test_a_quota_of_version_1(tmp_path: Path) -> None:
    files = {
        **DOCKER_V1,
        f"{TOP}/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
        f"{TOP}/cpu,cpuacct/cpu.cfs_period_us": "50000\n",
        f"{TOP}/cpu,cpuacct/cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_time 900\n",
        f"{TOP}/cpuset/cpuset.cpus": "0-3\n",
        f"{TOP}/cpuset/cpuset.effective_cpus": "0-1\n",
    }
    cpu = read(write(tmp_path, files))
    assert cpu == Cpu(128, 16, 2, 5.0, f"{TOP}/cpu,cpuacct/cpu.cfs_quota_us", 10, 4)


def test_no_quota_of_version_1(tmp_path: Path) -> None:
    cpu = read(write(tmp_path, DOCKER_V1 | {f"{TOP}/cpu,cpuacct/cpu.cfs_quota_us": "-1\n"}))
    assert cpu.quota is None
    assert "quota" not in cpu.unknown


@pytest.mark.parametrize("text", ["\n", "100000", "\xff\xfe", "100000 0", "many 100000", "9" * 400])
def test_garbage_is_an_unknown_quota(tmp_path: Path, text: str) -> None:
    cpu = read(write(tmp_path, DOCKER_V2 | {f"{TOP}/cpu.max": text}))
    assert cpu.quota is None
    assert cpu.unknown["quota"].startswith(f"{TOP}/cpu.max: ")


@pytest.mark.parametrize("text", ["", "0-", "a-b", "0-99999999999", "1;2", "\x00"])
def test_garbage_is_no_list_of_cpus(tmp_path: Path, text: str) -> None:
    cpu = read(write(tmp_path, DOCKER_V2 | {"/sys/devices/system/cpu/online": text}))
    assert cpu.visible is None
    assert cpu.unknown["visible"].startswith("/sys/devices/system/cpu/online: not a list of CPUs")
    assert cpu.affinity == cpu.seen == 16


def test_cpus_that_could_be_added_but_are_not_there_do_not_count(tmp_path: Path) -> None:
    files = {
        "/sys/devices/system/cpu/online": "0-1\n",
        "/proc/self/status": "Cpus_allowed_list:\t0-239\n",
        f"{TOP}/cpuset/cpuset.cpus": "0-239\n",
    }
    cpu = read(write(tmp_path, DOCKER_V1 | files))
    assert (cpu.visible, cpu.affinity, cpu.cpuset) == (2, 2, 2)


def test_an_empty_machine_says_why_nothing_is_known(tmp_path: Path) -> None:
    cpu = read(Tree(str(tmp_path)))
    assert cpu == Cpu(unknown=cpu.unknown)
    assert set(cpu.unknown) == {"visible", "affinity", "cpuset", "quota"}


def test_limits_of_the_process(tmp_path: Path) -> None:
    assert read_ulimits(write(tmp_path, DOCKER_V2)) == {
        "stack": Ulimit(8388608, None),
        "core": Ulimit(0, None),
        "nproc": Ulimit(None, None),
        "nofile": Ulimit(1048576, 1048577),
        "memlock": Ulimit(65536, 65536),
    }


def test_limits_that_say_nothing(tmp_path: Path) -> None:
    assert read_ulimits(Tree(str(tmp_path))) == {}
    assert (
        read_ulimits(write(tmp_path, {"/proc/self/limits": b"\xff\x00Max open files\nMax open files x y\n"}))
        == {}
    )
