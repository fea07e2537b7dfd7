"""The facts of GPUs and host as JSON and as text: they fit the schema, and hide who it is."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from sample_diagnosis import diagnosis, finding

sys.path.insert(0, str(Path(__file__).parents[1] / "diagnose"))

import gpu_build as made

from npdoctor.model.cuda import Accelerator, Build, Toolkit
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.finding import Severity
from npdoctor.model.gpu import (
    FailureKind,
    GpuProcess,
    InjectedLibrary,
    KernelGpu,
    MigDevice,
    NvmlFailure,
    ProcessKind,
    Utilisation,
    Visibility,
)
from npdoctor.model.gpu import Memory as GpuMemory
from npdoctor.model.host import Container, ContainerKind, LibraryPath
from npdoctor.model.limits import Cpu, Memory, Ulimit
from npdoctor.model.machine import AssumedMachine
from npdoctor.model.storage import CacheSize, Filesystem, Keeping, Place, Role, Storage
from npdoctor.report.as_json import to_json
from npdoctor.report.gpu_json import gpu_document
from npdoctor.report.gpu_text import gpu_text
from npdoctor.report.redact import Json, Redactor
from npdoctor.report.text import Layout

GIB = 1 << 30
UUID = "GPU-11111111-2222-3333-4444-555555555555"
MIG = "MIG-00000000-0000-0000-0000-000000000001"


def schema(name: str) -> jsonschema.Draft202012Validator:
    folder = files("npdoctor") / "report/schema"
    loaded = {kind: json.loads((folder / f"{kind}-1.json").read_text()) for kind in ("check", "gpu")}
    resources = [(s["$id"], Resource.from_contents(s)) for s in loaded.values()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return jsonschema.Draft202012Validator(loaded[name], registry=registry)


def full() -> Diagnosis:
    """Return a diagnosis with something of everything that is known of GPUs and host."""
    process = GpuProcess(1841, 30 * GIB, ProcessKind.COMPUTE, Visibility.OWN, "python")
    stranger = GpuProcess(7, made.NA, ProcessKind.BOTH, Visibility.FOREIGN)
    board = made.gpu()
    load = replace(
        board.load,
        memory=GpuMemory(80 * GIB, 32 * GIB, 48 * GIB, 0),
        utilisation=Utilisation(12, 3),
        processes=(process, stranger),
    )
    slices = (MigDevice(MIG, "H100 MIG 1g.10gb", 7, 0, made.NA, made.NA),)
    board = replace(board, identity=replace(board.identity, uuid=UUID), load=load, mig_devices=slices)
    lost = replace(made.gpu(1), load=replace(made.gpu(1).load, memory=made.LOST))
    facts = made.facts(
        made.system(board, lost),
        variables={"CUDA_VISIBLE_DEVICES": UUID},
        injected=(InjectedLibrary("libcuda", made.DRIVER, "/lib/libcuda.so.1"),),
        kernel_gpus=(KernelGpu("0000:41:00.0", "H100", UUID, 0),),
    )
    onnx = Build("onnxruntime-gpu", "1.22.0", Accelerator.CUDA, "12.8", "x")
    cuda = made.builds(
        made.torch_build("13.0"), onnx, toolkits=(Toolkit("/usr/local/cuda-12.8", "12.8", None),)
    )
    root = Filesystem(
        "/", "overlay", "0:1", False, Keeping.CONTAINER, GIB, GIB, 0, 5, 4,
        (Place(Role.HOME, "/home/alice"),), {"inodes": "no"},
    )  # fmt: skip
    shm = replace(root, mount="/dev/shm", total=64 << 20)
    caches = (CacheSize(Role.PIP_CACHE, "/home/alice/.cache/pip", 1, True),)
    base = diagnosis(finding("NPD303", Severity.BROKEN, "torch"))
    host = replace(
        base.snapshot.host,
        container=Container(ContainerKind.RUNPOD, "RUNPOD_POD_ID is set", {"RUNPOD_GPU_COUNT": "2"}),
        memory=Memory(512 * GIB, GIB, 117 * GIB, "/sys/fs/cgroup/memory.max", pressure=0.5),
        cpu=Cpu(128, 128, 128, 16.0, "/sys/fs/cgroup/cpu.max", 100, 1),
        storage=Storage((root,), shm, ("/workspace",), caches),
        ulimits={"nofile": Ulimit(1024, None)},
        thread_limits={"OMP_NUM_THREADS": "4"},
        library_paths=(LibraryPath("LD_LIBRARY_PATH", "/home/alice/lib", True, ("libcuda",)),),
    )
    return replace(base, snapshot=replace(base.snapshot, host=host, gpus=facts, cuda=cuda))


def redactor() -> Redactor:
    return Redactor("/home/alice", "alice", "gpubox7")


def both(found: Diagnosis) -> list[tuple[str, dict[str, Json]]]:
    return [
        ("check", to_json(found, redactor(), "0.1.0", 1)),
        ("gpu", gpu_document(found, redactor(), "0.1.0", 1)),
    ]


def failed(kind: FailureKind) -> Diagnosis:
    found = full()
    gpus = replace(made.failed(kind), files=made.NO_FILES)
    return replace(found, snapshot=replace(found.snapshot, gpus=gpus, cuda=None))


@pytest.mark.parametrize(
    "found",
    [full(), diagnosis(), failed(FailureKind.NO_LIBRARY), failed(FailureKind.NOT_NEEDED)],
    ids=["full", "nothing looked at", "no library", "not needed"],
)
def test_every_state_fits_the_schemas(found: Diagnosis) -> None:
    for name, document in both(found):
        schema(name).check_schema(schema(name).schema)
        schema(name).validate(document)


@pytest.mark.parametrize(
    "where", [(), ("gpu",), ("gpu", "gpus", 0), ("gpu", "gpus", 0, "load"), ("gpu", "builds", 0), ("host",),
              ("host", "memory"), ("host", "storage", "filesystems", 0)],
)  # fmt: skip
def test_the_schemas_admit_no_further_key(where: tuple[str | int, ...]) -> None:
    for name, document in both(full()):
        place: Any = document
        for step in where:
            place = place[step]
        place["surprise"] = 1
        with pytest.raises(jsonschema.ValidationError):
            schema(name).validate(document)


def test_facts_are_under_their_names() -> None:
    gpu: Any = to_json(full(), redactor(), "0.1.0", 1)["gpu"]
    assert (gpu["driver"], gpu["cuda"], gpu["count"]) == (made.DRIVER, "12.8", 2)
    first, second = gpu["gpus"]
    assert first["identity"]["compute_capability"] == "9.0"
    assert first["load"]["memory"]["used"] == 32 * GIB
    assert first["pace"]["fan"] == {"unavailable": "n/a"}
    assert second["load"]["memory"] == {"unavailable": "lost"}
    assert [(b["distribution"], b["findings"]) for b in gpu["builds"]] == [
        ("torch", ["NPD303"]),
        ("onnxruntime-gpu", []),
    ]


def test_what_was_not_read_says_why() -> None:
    nothing: Any = to_json(diagnosis(), redactor(), "0.1.0", 0)
    assert nothing["gpu"] == {"unavailable": "not looked at"}
    assert nothing["host"]["memory"] == {"unavailable": "not looked at"}
    without: Any = to_json(failed(FailureKind.NO_LIBRARY), redactor(), "0.1.0", 0)
    assert without["gpu"]["gpus"] == {"unavailable": "words"}


def test_identities_of_boards_and_people_are_hidden() -> None:
    for _, document in both(full()):
        text = json.dumps(document)
        assert UUID not in text
        assert MIG not in text
        assert "alice" not in text
        assert {"kind": "gpu uuid", "count": 4} in document["redacted"]  # type: ignore[operator]


def test_what_is_assumed_is_shown() -> None:
    found = full()
    machine = AssumedMachine(((12, 0),), "550.54", None)
    found = replace(found, snapshot=replace(found.snapshot, assumed={"numpy": "2.2.6"}, machine=machine))
    for name, document in both(found):
        assert document["assumed"] == {"numpy": "2.2.6", "gpu": "sm_120", "driver": "550.54"}
        schema(name).validate(document)
    text = gpu_text(found, redactor(), "0.1.0", 1, Layout(100))
    assert "Judged as if on a machine with: gpu sm_120, driver 550.54." in text
    assert AssumedMachine(gpus=()).words == {"gpu": "none"}


def test_the_text_of_a_pod() -> None:
    shown = gpu_text(full(), redactor(), "0.1.0", 1, Layout(100)).splitlines()
    assert "Driver 570.148.08  serves CUDA 12.8  NVML ok" in shown
    assert "GPU 0  NVIDIA H100 80GB HBM3  sm_90  40 °C  100/700 W  util 12%" in shown
    assert "  VRAM  32.0 of 80.0 GiB   40%  ▇▇▇▇▇▇▇▇▁▁▁▁▁▁▁▁▁▁▁▁  free 48.0 GiB" in shown
    assert "GPU 1  NVIDIA H100 80GB HBM3  sm_90  lost: it answers no more" in shown
    assert any(line.startswith("  ✗ torch 2.8.0 ") and line.endswith("NPD303") for line in shown)
    assert "  ✓ onnxruntime-gpu 1.22.0  CUDA 12.8" in shown
    assert "  GPU 0      1841   30720 MiB  python" in shown
    assert "  GPU 0         7         n/a  not of this container" in shown
    limits = "  RAM 117 GiB by its control group, 16 of 128 CPUs by quota, /dev/shm 64 MiB"
    assert limits in shown
    assert shown[-1] == "exit 1"


def test_the_text_without_a_gpu_and_without_unicode() -> None:
    text = gpu_text(failed(FailureKind.NOT_NEEDED), redactor(), "0.1.0", 0, Layout(80, ascii_only=True))
    assert text.isascii()
    assert "No GPU: there is no device file" in text
    assert "nothing installed is known to use one" in text
    assert gpu_text(full(), redactor(), "0.1.0", 1, Layout(80, ascii_only=True)).isascii()
    cut = NvmlFailure(FailureKind.TIMED_OUT, "late")
    found = full()
    system = replace(made.system(), cut_short=cut)
    late = replace(found, snapshot=replace(found.snapshot, gpus=made.facts(system)))
    assert "NVML stopped answering" in gpu_text(late, redactor(), "0.1.0", 1, Layout(80))
