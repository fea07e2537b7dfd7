"""The kind of container, what its platform says, and library paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine_trees import OVERLAY, write

from npdoctor.model.host import ContainerKind, LibraryPath
from npdoctor.probe.host.container import read_container, thread_limits
from npdoctor.probe.host.libraries import read_library_paths
from npdoctor.probe.host.mounts import read_mounts
from npdoctor.probe.host.tree import Tree

DISK = "1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
PLAIN: dict[str, str | bytes] = {"/proc/self/mountinfo": DISK, "/proc/1/cgroup": "0::/init.scope\n"}


def kind(tree: Tree, **environ: str) -> tuple[ContainerKind, str]:
    found = read_container(tree, environ, read_mounts(tree))
    return found.kind, found.evidence


@pytest.mark.parametrize(
    ("files", "environ", "expected", "evidence"),
    [
        ({}, {}, ContainerKind.NONE, "no sign of a container"),
        ({"/.dockerenv": ""}, {"RUNPOD_POD_ID": "x1"}, ContainerKind.RUNPOD, "RUNPOD_POD_ID is set"),
        (
            {"/.dockerenv": ""},
            {"KUBERNETES_SERVICE_HOST": "10.0.0.1"},
            ContainerKind.KUBERNETES,
            "KUBERNETES_SERVICE_HOST is set",
        ),
        ({"/.dockerenv": ""}, {}, ContainerKind.DOCKER, "/.dockerenv is there"),
        (
            {"/run/.containerenv": ""},
            {"container": "oci"},
            ContainerKind.PODMAN,
            "/run/.containerenv is there",
        ),
        ({}, {"container": "lxc"}, ContainerKind.LXC, "the variable container is set"),
        ({}, {"container": "systemd-nspawn"}, ContainerKind.OTHER, "the variable container is set"),
        (
            {"/proc/1/cgroup": "3:memory:/kubepods/burstable/pod1/2\n"},
            {},
            ContainerKind.KUBERNETES,
            "/proc/1/cgroup names kubepods",
        ),
        ({"/proc/1/cgroup": "0::/lxc/box\n"}, {}, ContainerKind.LXC, "/proc/1/cgroup names lxc"),
        (
            {"/proc/self/mountinfo": OVERLAY + "\n"},
            {},
            ContainerKind.OTHER,
            "the root file system is an overlay",
        ),
        (
            {"/proc/1/cgroup": b"\xff\xfe\x00"},
            {"RUNPOD_POD_ID": ""},
            ContainerKind.NONE,
            "no sign of a container",
        ),
    ],
)
def test_the_kind_and_its_evidence(
    tmp_path: Path,
    files: dict[str, str | bytes],
    environ: dict[str, str],
    expected: ContainerKind,
    evidence: str,
) -> None:
    assert kind(write(tmp_path, PLAIN | files), **environ) == (expected, evidence)


def test_an_empty_machine_is_no_container(tmp_path: Path) -> None:
    assert kind(Tree(str(tmp_path)))[0] is ContainerKind.NONE


def test_only_harmless_variables_are_kept(tmp_path: Path) -> None:
    environ = {
        "RUNPOD_POD_ID": "abc123",
        "RUNPOD_API_KEY": "rpa_SECRET",
        "PUBLIC_KEY": "ssh-ed25519 AAAA",
        "RUNPOD_POD_HOSTNAME": "abc123-644",
        "RUNPOD_PUBLIC_IP": "100.65.0.1",
        "HF_TOKEN": "hf_secret",
        "RUNPOD_DC_ID": "EU-RO-1",
        "RUNPOD_GPU_COUNT": "2",
        "RUNPOD_GPU_NAME": "NVIDIA H100\n\x1b[31m",
        "CUDA_VERSION": "12.8.1",
        "PYTORCH_VERSION": "x" * 65,
    }
    tree = write(tmp_path, PLAIN)
    container = read_container(tree, environ, read_mounts(tree))
    assert container.variables == {
        "RUNPOD_DC_ID": "EU-RO-1",
        "RUNPOD_GPU_COUNT": "2",
        "CUDA_VERSION": "12.8.1",
    }
    shown = repr(container)
    assert not any(secret in shown for secret in ("SECRET", "AAAA", "abc123", "hf_", "100.65"))


def test_only_numbers_of_threads_are_kept() -> None:
    environ = {"OMP_NUM_THREADS": "4,2", "MKL_NUM_THREADS": "many", "OPENBLAS_NUM_THREADS": "8", "X": "1"}
    assert thread_limits(environ) == {"OMP_NUM_THREADS": "4,2", "OPENBLAS_NUM_THREADS": "8"}


def test_folders_of_the_library_path_tell_what_they_hold(tmp_path: Path) -> None:
    tree = write(
        tmp_path,
        {
            "/cuda/stubs/libcuda.so": "",
            "/cuda/lib/libcudart.so.12.8.90": "",
            "/cuda/lib/libcudart.so.12": "",
            "/cuda/lib/libcublasLt.so.12": "",
            "/cuda/lib/libnccl.so.2": "",
            "/cuda/lib/libstdc++.so.6": "",
            "/cuda/lib/libcudnn_ops.so.9": "",
            "/empty/readme": "",
            "/file": "",
        },
    )
    environ = {"LD_LIBRARY_PATH": "/cuda/stubs:/cuda/lib;/empty:/gone:/file:/cuda/lib:"}

    def folder(path: str, exists: bool, *holds: str) -> LibraryPath:
        return LibraryPath("LD_LIBRARY_PATH", path, exists, holds)

    assert read_library_paths(tree, environ, "/cuda/lib") == (
        folder("/cuda/stubs", True, "libcuda"),
        folder("/cuda/lib", True, "libcudart", "libnccl", "libstdc++"),
        folder("/empty", True),
        folder("/gone", False),
        folder("/file", False),
        folder("", True, "libcudart", "libnccl", "libstdc++"),
    )


def test_preloaded_libraries_are_named(tmp_path: Path) -> None:
    tree = write(tmp_path, {"/opt/libnccl.so.2": ""})
    environ = {"LD_PRELOAD": "/opt/libnccl.so.2:libjemalloc.so.2  /gone/libcuda.so.1"}
    assert read_library_paths(tree, environ, "/") == (
        LibraryPath("LD_PRELOAD", "/opt/libnccl.so.2", True, ("libnccl",)),
        LibraryPath("LD_PRELOAD", "libjemalloc.so.2", True, (), "the loader searches for it by name"),
        LibraryPath("LD_PRELOAD", "/gone/libcuda.so.1", False, ("libcuda",)),
    )


def test_no_library_path_is_no_entry(tmp_path: Path) -> None:
    tree = Tree(str(tmp_path))
    assert read_library_paths(tree, {}, "/") == ()
    assert read_library_paths(tree, {"LD_LIBRARY_PATH": "", "LD_PRELOAD": ""}, "/") == ()


def test_a_hostile_library_path_is_survived(tmp_path: Path) -> None:
    entries = read_library_paths(
        Tree(str(tmp_path)), {"LD_LIBRARY_PATH": ":".join(f"/{n}" for n in range(999))}, "/"
    )
    assert len(entries) == 64
    (null,) = read_library_paths(Tree(str(tmp_path)), {"LD_LIBRARY_PATH": "/a\0b"}, "/")
    assert null.reason == "embedded null byte"
