"""Machines as trees of small files, in the formats that Linux writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from npdoctor.probe.host.tree import Tree

GIB = 1 << 30
UNLIMITED_V1 = 0x7FFFFFFFFFFFF000
MEMINFO = """\
MemTotal:       528280648 kB
MemFree:        112345678 kB
MemAvailable:   402653184 kB
Buffers:            2312 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
"""
PRESSURE = """\
some avg10=0.00 avg60=12.34 avg300=3.02 total=1904821
full avg10=0.00 avg60=9.11 avg300=2.00 total=1604821
"""
OVERLAY = (
    "1499 1300 0:310 / / rw,relatime master:512 - overlay overlay "
    "rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B,upperdir=/u,workdir=/w"
)
PROC = "1500 1499 0:311 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw"
SHM = "1505 1502 0:309 / /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size=65536k,inode64"
CGROUP2 = (
    "1506 1503 0:29 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup "
    "rw,nsdelegate,memory_recursiveprot"
)
RESOLV = (
    "1510 1499 8:1 /var/lib/docker/containers/f0/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw"
)
WORKSPACE = "1512 1499 8:17 /volumes/abc /workspace rw,relatime - xfs /dev/sdb1 rw,attr2,inode64"
STATUS = """\
Name:\tpython3
Umask:\t0022
Cpus_allowed:\tffff
Cpus_allowed_list:\t0-15
"""
LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max stack size            8388608              unlimited            bytes     
Max core file size        0                    unlimited            bytes     
Max processes             unlimited            unlimited            processes 
Max open files            1048576              1048577              files     
Max locked memory         65536                65536                bytes     
"""  # noqa: W291


def v1_mount(controllers: str, root: str = "/docker/f00d") -> str:
    """Return a mount as Docker makes it on version 1: of the container's own group."""
    place = f"{root} /sys/fs/cgroup/{controllers}"
    return (
        f"1600 1503 0:33 {place} ro,nosuid,nodev,noexec,relatime master:15 - cgroup cgroup rw,{controllers}"
    )


def write(top: Path, files: Mapping[str, str | bytes]) -> Tree:
    """Write files by their absolute paths in the tree, and return the tree."""
    for name, content in files.items():
        file = top / name.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Tree(str(top))


def in_folder(folder: str, files: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    """Name files by the folder they are in."""
    return {f"{folder}/{name}": content for name, content in files.items()}


def v2_memory(limit: str = "max", used: int = GIB, cache: int = 0, kills: int = 0) -> dict[str, str | bytes]:
    """Return the memory files of a version 2 group that is not the machine's root."""
    return {
        "cgroup.events": "populated 1\nfrozen 0\n",
        "memory.max": f"{limit}\n",
        "memory.high": "max\n",
        "memory.current": f"{used}\n",
        "memory.stat": f"anon {used - cache}\nfile {cache}\ninactive_file {cache}\nactive_file 4096\n"
        "slab_reclaimable 8192\nslab_unreclaimable 1\n",
        "memory.events": f"low 0\nhigh 0\nmax 17\noom {kills}\noom_kill {kills}\noom_group_kill 0\n",
        "memory.pressure": PRESSURE,
    }


def v1_memory(
    limit: int, used: int, hierarchical: int | None = None, kills: int = 0
) -> dict[str, str | bytes]:
    """Return the memory files of a version 1 group."""
    above = limit if hierarchical is None else hierarchical
    return {
        "memory.limit_in_bytes": f"{limit}\n",
        "memory.usage_in_bytes": f"{used}\n",
        "memory.failcnt": "3\n",
        "memory.oom_control": f"oom_kill_disable 0\nunder_oom 0\noom_kill {kills}\n",
        "memory.stat": f"cache 4096\ninactive_file 1\nhierarchical_memory_limit {above}\n"
        f"hierarchical_memsw_limit {UNLIMITED_V1}\ntotal_inactive_file 1000\ntotal_active_file 500\n",
    }


DOCKER_V2: dict[str, str | bytes] = {
    "/proc/meminfo": MEMINFO,
    "/proc/self/cgroup": "0::/\n",
    "/proc/self/mountinfo": "\n".join((OVERLAY, PROC, SHM, CGROUP2, RESOLV)) + "\n",
    "/proc/self/status": STATUS,
    "/proc/self/limits": LIMITS,
    "/proc/pressure/memory": PRESSURE.replace("12.34", "99.99"),
    "/sys/devices/system/cpu/online": "0-127\n",
}
DOCKER_V1: dict[str, str | bytes] = {
    **DOCKER_V2,
    "/proc/self/cgroup": "12:memory:/docker/f00d\n4:cpu,cpuacct:/docker/f00d\n2:cpuset:/docker/f00d\n"
    "1:name=systemd:/docker/f00d\n",
    "/proc/self/mountinfo": "\n".join(
        (OVERLAY, PROC, SHM, v1_mount("memory"), v1_mount("cpu,cpuacct"), v1_mount("cpuset"))
    )
    + "\n",
}
