"""When NVML is asked at all, who holds the driver, and what is read beside something else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from npdoctor.errors import Cancelled
from npdoctor.model.gpu import FailureKind, GpuFacts, NvmlFailure
from npdoctor.probe.beside import Beside
from npdoctor.probe.gpu.holders import count_holders
from npdoctor.probe.gpu.read import read_gpus
from npdoctor.probe.gpu.roots import Roots
from npdoctor.probe.loader import Loader


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    """Make a machine without any part of a driver."""
    for name in ("dev", "proc/1/fd", "lib"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "mountinfo").write_text("")
    (tmp_path / "cache").write_bytes(b"glibc-ld.so.cache1.1" + bytes(28))
    return Roots(
        str(tmp_path / "dev"),
        str(tmp_path / "proc"),
        str(tmp_path / "mountinfo"),
        str(tmp_path / "cache"),
        (str(tmp_path / "lib"),),
    )


def failure(facts: GpuFacts) -> FailureKind:
    assert isinstance(facts.nvml, NvmlFailure)
    return facts.nvml.kind


def test_without_any_sign_nvml_is_not_asked_and_that_is_said(
    roots: Roots, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = Loader(cache=roots.loader_cache, default_dirs=roots.library_dirs)
    assert loader.conclusive
    monkeypatch.setattr("npdoctor.probe.gpu.nvml.Asking", None)  # starting a process would fail
    facts = read_gpus({}, roots=roots, installed=["torch", "nvidia-ml-py"])
    assert failure(facts) is FailureKind.NOT_NEEDED
    assert facts.holders is None
    for name in ("nvidia-cublas-cu12", "cupy-cuda12x", "onnxruntime-gpu", "cuda-toolkit"):
        assert failure(read_gpus({}, roots=roots, installed=[name])) is FailureKind.NO_LIBRARY
    asked = {"NVIDIA_VISIBLE_DEVICES": "all"}
    assert failure(read_gpus(asked, roots=roots, installed=[])) is FailureKind.NO_LIBRARY
    void = {"NVIDIA_VISIBLE_DEVICES": "void", "RUNPOD_GPU_COUNT": "0"}
    assert failure(read_gpus(void, roots=roots, installed=[])) is FailureKind.NOT_NEEDED


def test_a_device_file_is_reason_enough_to_ask(roots: Roots) -> None:
    (Path(roots.dev) / "nvidiactl").write_text("")
    facts = read_gpus({"LD_LIBRARY_PATH": "/nowhere"}, roots=roots, installed=[])
    assert not isinstance(facts.nvml, NvmlFailure) or facts.nvml.kind is not FailureKind.NOT_NEEDED
    assert facts.holders == 0


def process(proc: Path, pid: int, *targets: str) -> None:
    (proc / str(pid) / "fd").mkdir(parents=True, exist_ok=True)
    for number, target in enumerate(targets):
        (proc / str(pid) / "fd" / str(number)).symlink_to(target)


def test_those_who_hold_the_driver_are_counted(tmp_path: Path) -> None:
    process(tmp_path, 1, "/dev/null")
    process(tmp_path, 2, "/dev/null", "/dev/nvidia-uvm", "/dev/nvidia0")
    process(tmp_path, 3, "/dev/nvidiactl")
    assert count_holders(str(tmp_path)) == 2


def test_where_not_everything_can_be_looked_at_the_count_is_unknown(tmp_path: Path) -> None:
    process(tmp_path, 2, "/dev/null")
    assert count_holders(str(tmp_path)) is None
    process(tmp_path, 1, "/dev/null")
    assert count_holders(str(tmp_path)) == 0
    (tmp_path / "4").mkdir()
    (tmp_path / "4/fd").write_text("a file, so that listing it fails\n")
    assert count_holders(str(tmp_path)) is None
    assert count_holders(str(tmp_path / "absent")) is None


def test_what_is_read_beside_comes_back_or_raises() -> None:
    here = threading.get_ident()
    assert Beside(threading.get_ident).result() != here

    def stopped() -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        Beside(stopped).result()


def test_without_another_thread_it_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert Beside(threading.get_ident).result() == threading.get_ident()
