"""File systems, volumes and caches, read from recorded mounts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from machine_trees import CGROUP2, OVERLAY, PROC, RESOLV, SHM, WORKSPACE, write

from npdoctor.model.host import Container, ContainerKind
from npdoctor.model.storage import Filesystem, Keeping, Place, Role, Storage
from npdoctor.probe.host import storage
from npdoctor.probe.host.caches import measure
from npdoctor.probe.host.mounts import Mount, mount_of, read_mounts
from npdoctor.probe.host.storage import read_storage
from npdoctor.probe.host.tree import Tree

POD = (OVERLAY, PROC, SHM, CGROUP2, RESOLV, WORKSPACE)
KUBELET = "/var/lib/kubelet/pods/1/volumes"


def read(
    tree: Tree,
    *mounts: str,
    kind: ContainerKind = ContainerKind.RUNPOD,
    environ: Mapping[str, str] | None = None,
) -> Storage:
    write(Path(tree.root), {"/proc/self/mountinfo": "\n".join(mounts) + "\n"})
    container = Container(kind, "recorded")
    return read_storage(
        tree, {"HOME": "/home/me", **(environ or {})}, "/venv", "/", container, read_mounts(tree)
    )


def machine(top: Path, *folders: str) -> Tree:
    for folder in ("venv", "tmp", "workspace", "home/me", "dev/shm", *folders):
        (top / folder).mkdir(parents=True, exist_ok=True)
    return Tree(str(top))


def by_mount(storage: Storage) -> dict[str, Filesystem]:
    return {filesystem.mount: filesystem for filesystem in storage.filesystems}


def roles(filesystem: Filesystem) -> set[str]:
    return {place.role.value for place in filesystem.places}


def test_each_file_system_is_named_once_with_all_its_places(tmp_path: Path) -> None:
    storage = read(machine(tmp_path), *POD, environ={"HF_HOME": "/workspace/hf"})
    found = by_mount(storage)
    assert list(found) == ["/", "/workspace"]
    assert found["/"].places[0] == Place(Role.ENVIRONMENT, "/venv")
    assert roles(found["/workspace"]) == {"Hugging Face cache", "volume"}
    assert roles(found["/"]) == {
        *("environment", "temporary files", "home", "torch cache", "pip cache", "uv cache"),
        *("other caches", "working folder"),
    }
    assert (found["/"].type, found["/"].device, found["/"].keeping) == ("overlay", "0:310", Keeping.CONTAINER)
    assert (found["/workspace"].type, found["/workspace"].keeping) == ("xfs", Keeping.VOLUME)
    assert storage.unknown == {}


def test_sizes_are_those_that_the_system_tells(tmp_path: Path) -> None:
    here = by_mount(read(machine(tmp_path), *POD))["/"]
    said = os.statvfs(tmp_path)
    assert here.total == said.f_blocks * said.f_frsize
    assert here.inodes == (said.f_files or None)
    assert here.free is not None
    assert here.free <= here.total
    assert not here.read_only


@pytest.fixture
def dead_mount(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Make a call of the system wait for ever, as on a network mount whose server is gone."""
    let_go = threading.Event()

    def kill(name: str) -> None:
        real = getattr(os, name)

        def call(path: str, *rest: object, **more: object) -> object:
            if str(path).startswith(str(tmp_path / "workspace")):
                let_go.wait()
            return real(path, *rest, **more)

        monkeypatch.setattr(os, name, call)

    monkeypatch.setattr(storage, "SECONDS", 0.2)
    yield kill
    let_go.set()


def test_a_file_system_that_does_not_answer_is_unknown(
    tmp_path: Path, dead_mount: Callable[[str], None]
) -> None:
    dead_mount("statvfs")
    found = by_mount(read(machine(tmp_path), *POD, environ={"HF_HOME": "/workspace/hf"}))
    assert found["/"].total is not None
    assert (found["/workspace"].total, found["/workspace"].free) == (None, None)
    assert found["/workspace"].unknown == {"total": "no answer in 1 s", "free": "no answer in 1 s"}
    assert roles(found["/workspace"]) == {"Hugging Face cache", "volume"}


def test_a_place_whose_links_cannot_be_followed_is_unknown(
    tmp_path: Path, dead_mount: Callable[[str], None]
) -> None:
    tree = machine(tmp_path)
    dead_mount("lstat")
    seen = read(tree, *POD, environ={"HF_HOME": "/workspace/hf"})
    assert list(by_mount(seen)) == ["/"]
    assert seen.unknown == {"Hugging Face cache": "no answer in 1 s", "volume": "no answer in 1 s"}


def test_without_threads_the_file_systems_are_asked_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    seen = read(machine(tmp_path), *POD)
    assert list(by_mount(seen)) == ["/", "/workspace"]
    assert seen.unknown == {}


def test_every_variable_moves_its_own_cache(tmp_path: Path) -> None:
    variables = {
        "TMPDIR": "/workspace/t",
        "HUGGINGFACE_HUB_CACHE": "/workspace/hub",
        "TORCH_HOME": "/workspace/torch",
        "PIP_CACHE_DIR": "/workspace/pip",
        "UV_CACHE_DIR": "/workspace/uv",
    }
    places = {
        (p.role, p.path)
        for p in by_mount(read(machine(tmp_path), *POD, environ=variables))["/workspace"].places
    }
    assert places == {
        (Role.TEMPORARY, "/workspace/t"),
        (Role.HF_HUB_CACHE, "/workspace/hub"),
        (Role.TORCH_CACHE, "/workspace/torch"),
        (Role.PIP_CACHE, "/workspace/pip"),
        (Role.UV_CACHE, "/workspace/uv"),
        (Role.VOLUME, "/workspace"),
    }


def test_the_general_cache_folder_moves_all_caches(tmp_path: Path) -> None:
    found = by_mount(read(machine(tmp_path), *POD, environ={"XDG_CACHE_HOME": "/workspace/c"}))
    assert roles(found["/workspace"]) >= {"Hugging Face cache", "pip cache", "uv cache", "torch cache"}
    assert "pip cache" not in roles(found["/"])


def test_a_link_is_followed_to_the_file_system_it_leads_to(tmp_path: Path) -> None:
    tree = machine(tmp_path, "workspace/cache", "home/me")
    (tmp_path / "home/me/.cache").symlink_to("../../workspace/cache")
    found = by_mount(read(tree, *POD))
    assert Place(Role.HF_CACHE, "/workspace/cache/huggingface") in found["/workspace"].places


def test_without_a_volume_none_is_named(tmp_path: Path) -> None:
    storage = read(machine(tmp_path), OVERLAY, PROC, SHM, CGROUP2, RESOLV)
    assert list(by_mount(storage)) == ["/"]
    assert storage.volumes == ()
    assert storage.caches == ()


@pytest.mark.parametrize(
    ("line", "is_volume"),
    [
        (WORKSPACE, True),
        ("9 1 0:77 / /workspace rw - fuse.juicefs JuiceFS:v rw", True),
        ("9 1 0:77 / /workspace rw - nfs4 10.0.0.1:/v rw", True),
        ("9 1 0:77 / /runpod-volume rw - fuse.mfs mfs#x:9421 rw", True),
        ("9 1 8:1 /x /workspace ro,relatime - ext4 /dev/sda1 rw", False),
        (f"9 1 8:1 {KUBELET}/kubernetes.io~empty-dir/scratch /workspace rw - ext4 /dev/sda1 rw", False),
        ("9 1 0:77 / /workspace rw - tmpfs tmpfs rw", False),
        ("9 1 8:1 /x /etc/hosts rw - ext4 /dev/sda1 rw", False),
        ("9 1 8:1 /x /not/there rw - ext4 /dev/sda1 rw", False),
    ],
)
def test_only_folders_from_outside_that_can_be_written_are_volumes(
    tmp_path: Path, line: str, is_volume: bool
) -> None:
    storage = read(machine(tmp_path, "etc/hosts", "runpod-volume"), OVERLAY, line)
    assert storage.volumes == ((line.split()[4],) if is_volume else ())


def test_outside_of_a_container_nothing_is_lost(tmp_path: Path) -> None:
    storage = read(
        machine(tmp_path), "1 0 8:1 / / rw - ext4 /dev/sda1 rw", WORKSPACE, kind=ContainerKind.NONE
    )
    assert {f.keeping for f in storage.filesystems} == {Keeping.MACHINE}
    assert storage.volumes == ()


def test_shared_memory_is_a_mount_or_it_is_not_there(tmp_path: Path) -> None:
    shm = read(machine(tmp_path), *POD).shm
    assert shm is not None
    assert (shm.mount, shm.type, shm.keeping) == ("/dev/shm", "tmpfs", Keeping.MEMORY)
    assert read(machine(tmp_path), OVERLAY).shm is None


def test_a_read_only_mount_is_told(tmp_path: Path) -> None:
    found = by_mount(read(machine(tmp_path), OVERLAY.replace("rw,lowerdir", "ro,lowerdir")))
    assert found["/"].read_only


def test_a_place_that_cannot_be_asked_has_a_reason(tmp_path: Path) -> None:
    gone = Tree(str(tmp_path / "gone"))
    mounts = (Mount("0:1", "/", "/", "overlay", False, frozenset()),)
    container = Container(ContainerKind.DOCKER, "recorded")
    here = read_storage(gone, {"HOME": "/h"}, "/venv", "/", container, mounts).filesystems[0]
    assert (here.total, here.free) == (None, None)
    assert here.unknown == {"total": "No such file or directory", "free": "No such file or directory"}


def test_without_mounts_every_place_says_so(tmp_path: Path) -> None:
    storage = read(machine(tmp_path))
    assert storage.filesystems == ()
    assert storage.unknown["environment"] == "its mount is not in /proc/self/mountinfo"


def test_hostile_mounts_are_passed_over(tmp_path: Path) -> None:
    hostile = b"\xff\xfe\x00 - \n\n - - -\n1 2\n9 1 0:7 / up rw - ext4 d rw\n"
    lines = hostile + b"1 0 8:1 / /a\\040b\\011 rw - ext4 d rw\n"
    mounts = read_mounts(write(tmp_path, {"/proc/self/mountinfo": lines}))
    assert [mount.point for mount in mounts] == ["/a b\t"]


def test_the_deepest_and_last_mount_is_that_of_a_path() -> None:
    def at(point: str, device: str) -> Mount:
        return Mount(device, "/", point, "ext4", False, frozenset())

    mounts = [at("/", "1"), at("/data", "2"), at("/data", "3"), at("/data/x", "4")]
    found = {path: mount_of(path, mounts) for path in ("/data/x/y", "/data/xy", "/database", "/data")}
    assert {path: mount and mount.device for path, mount in found.items()} == {
        "/data/x/y": "4",
        "/data/xy": "3",
        "/database": "1",
        "/data": "3",
    }
    assert mount_of("/data", []) is None


# -- caches -----------------------------------------------------------------------------------------


def fill(file: Path, size: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        stream.write(os.urandom(size))
        stream.flush()
        os.fsync(stream.fileno())
    return file


def test_a_cache_beside_the_volume_of_a_pod_is_measured(tmp_path: Path) -> None:
    tree = machine(tmp_path)
    fill(tmp_path / "home/me/.cache/huggingface/hub/blobs/a", 300_000)
    caches = {cache.role: cache for cache in read(tree, *POD).caches}
    model = caches[Role.HF_CACHE]
    assert (model.path, model.complete) == ("/home/me/.cache/huggingface", True)
    assert 300_000 <= model.size < 600_000
    assert caches[Role.PIP_CACHE].size == 0


@pytest.mark.parametrize("kind", [ContainerKind.DOCKER, ContainerKind.NONE])
def test_elsewhere_no_cache_is_measured(tmp_path: Path, kind: ContainerKind) -> None:
    assert read(machine(tmp_path), *POD, kind=kind).caches == ()


def test_a_cache_on_the_volume_is_not_measured(tmp_path: Path) -> None:
    caches = read(machine(tmp_path), *POD, environ={"XDG_CACHE_HOME": "/workspace/c"}).caches
    assert caches == ()


def test_a_cache_inside_another_is_measured_with_it_alone(tmp_path: Path) -> None:
    environ = {"HF_HOME": "/home/me/hf", "HF_HUB_CACHE": "/home/me/hf/hub", "TORCH_HOME": "/home/me/hf"}
    measured = [cache.path for cache in read(machine(tmp_path), *POD, environ=environ).caches]
    assert measured.count("/home/me/hf") == 1
    assert "/home/me/hf/hub" not in measured


def test_links_do_not_count_and_a_file_of_two_names_counts_once(tmp_path: Path) -> None:
    blob = fill(tmp_path / "c/blobs/a", 200_000)
    (tmp_path / "c/snapshots").mkdir()
    (tmp_path / "c/snapshots/model").symlink_to(blob)
    (tmp_path / "c/loop").symlink_to(tmp_path)
    os.link(blob, tmp_path / "c/blobs/b")
    (cache,) = measure(Tree(), [Place(Role.HF_CACHE, str(tmp_path / "c"))])
    assert cache.complete
    assert 200_000 <= cache.size < 400_000


def test_a_walk_ends_and_says_that_it_saw_not_all(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}").touch()
    place = Place(Role.UV_CACHE, str(tmp_path))
    assert [c.complete for c in measure(Tree(), [place, place], entries=40)] == [True, False]
    assert [c.complete for c in measure(Tree(), [place], seconds=-1)] == [False]
    assert [c.complete for c in measure(Tree(), [Place(Role.UV_CACHE, str(tmp_path / "none"))])] == [True]
