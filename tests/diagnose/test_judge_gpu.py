"""NPD301, NPD302, NPD306 to NPD308: what is said of a driver and its GPUs, and when nothing is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose_build import dist, host
from gpu_build import (
    ABSENT,
    DRIVER,
    GIB,
    LIBCUDA,
    LOST,
    NA,
    NO_FILES,
    NODES,
    builds,
    facts,
    failed,
    files,
    gpu,
    seen,
    system,
    told,
    torch_build,
)

from npdoctor.model.gpu import (
    CudaLibrary,
    CudaOrigin,
    DeviceNode,
    EventReason,
    FailureKind,
    Gpu,
    GpuFacts,
    GpuProcess,
    InjectedLibrary,
    KernelModule,
    Memory,
    MigDevice,
    NvmlFailure,
    ProcessKind,
    Reason,
    Unavailable,
    Visibility,
)
from npdoctor.model.machine import AssumedMachine

TORCH = dist("torch", "2.8.0")
CUDA = builds(torch_build())
NOTHING = GpuFacts(NvmlFailure(FailureKind.NO_LIBRARY, "the loader finds none"), NO_FILES)


def of_gpu(**changes: Any) -> list[tuple[str, str, str]]:
    return told(seen(TORCH, gpus=facts(**changes), cuda=CUDA))


def with_gpu(changed: Gpu, holders: int | None = 1) -> list[tuple[str, str, str]]:
    return told(seen(gpus=facts(system(changed), holders=holders)))


def test_a_healthy_pod_shows_nothing() -> None:
    assert of_gpu() == []
    assert of_gpu(nvml=system(gpu(), gpu(1)), variables={"CUDA_VISIBLE_DEVICES": "1,0"}) == []


def test_what_was_not_looked_at_is_not_judged() -> None:
    assert seen(TORCH) == []
    assert seen(TORCH, cuda=CUDA) == []


# -- NPD301 -----------------------------------------------------------------------------------------


def test_a_machine_without_a_gpu_is_silent_whatever_torch_it_has() -> None:
    assert seen(TORCH, gpus=NOTHING, cuda=CUDA) == []
    assert seen(TORCH, gpus=NOTHING, cuda=builds(torch_build(None))) == []
    not_needed = GpuFacts(NvmlFailure(FailureKind.NOT_NEEDED, "not asked"), NO_FILES)
    assert seen(TORCH, gpus=not_needed, cuda=CUDA) == []


@pytest.mark.parametrize("value", ["", "void", "none"])
def test_a_machine_that_asked_for_no_gpu_is_silent(value: str) -> None:
    quiet = replace(NO_FILES, variables={"NVIDIA_VISIBLE_DEVICES": value, "RUNPOD_GPU_COUNT": "0"})
    assert seen(TORCH, gpus=replace(NOTHING, files=quiet), cuda=CUDA) == []


@pytest.mark.parametrize(
    ("variables", "severity"),
    [
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, "info"),
        ({"NVIDIA_VISIBLE_DEVICES": "0"}, "broken"),
        ({"RUNPOD_GPU_COUNT": "1"}, "broken"),
    ],
)
def test_a_gpu_that_was_asked_for_is_missed(variables: dict[str, str], severity: str) -> None:
    asked = replace(NOTHING, files=replace(NO_FILES, variables=variables))
    (finding,) = seen(TORCH, gpus=asked, cuda=CUDA)
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD301", severity, "driver")
    assert next(iter(variables)) in [e.source for e in finding.evidence]


@pytest.mark.parametrize("kind", [k for k in FailureKind if k is not FailureKind.NOT_NEEDED])
def test_every_failure_has_words_for_inside_a_pod(kind: FailureKind) -> None:
    (finding,) = seen(TORCH, gpus=failed(kind, libcuda=ABSENT), cuda=CUDA)
    could_not_look = kind in (FailureKind.TIMED_OUT, FailureKind.NOT_ASKED)
    assert finding.code == ("NPD302" if kind is FailureKind.MISMATCH else "NPD301")
    assert finding.severity.value == ("unknown" if could_not_look else "broken")
    assert finding.remedy
    assert "update the driver" not in finding.remedy.lower()


def test_without_anything_for_cuda_it_is_a_warning() -> None:
    assert told(seen(gpus=failed(FailureKind.UNKNOWN))) == [("NPD301", "warning", "driver")]


def test_nvml_without_its_library_says_nothing_against_cuda() -> None:
    (finding,) = seen(TORCH, gpus=failed(FailureKind.NO_LIBRARY), cuda=CUDA)
    assert (finding.code, finding.severity.value) == ("NPD301", "warning")
    assert "CUDA may work" in finding.message


def test_gpus_that_nvml_did_not_get_to_are_unknown() -> None:
    cut = replace(system(gpu(), gpu(1)), gpus=(gpu(),), cut_short=NvmlFailure(FailureKind.TIMED_OUT, "late"))
    assert told(seen(gpus=facts(cut))) == [("NPD301", "unknown", "gpu:1")]


# -- NPD302 -----------------------------------------------------------------------------------------


def test_libraries_of_another_version_than_the_kernel() -> None:
    old = InjectedLibrary("libcuda", "535.104.05", "/lib/libcuda.so.535.104.05")
    (finding,) = seen(TORCH, gpus=facts(injected=(old,)), cuda=CUDA)
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD302", "broken", "driver")
    assert DRIVER in finding.title
    assert "535.104.05" in finding.title


def test_a_libcuda_of_the_image_beside_another_kernel() -> None:
    other = CudaLibrary("/opt/libcuda.so.1", "/opt/libcuda.so.550.54.14", "550.54.14", CudaOrigin.DRIVER)
    assert of_gpu(libcuda=other) == [("NPD302", "broken", "driver")]


def test_one_version_everywhere_is_no_finding() -> None:
    same = InjectedLibrary("libcuda", DRIVER, f"/lib/libcuda.so.{DRIVER}")
    assert of_gpu(injected=(same,)) == []
    assert of_gpu(kernel_module=ABSENT, libcuda=replace(LIBCUDA, version=None)) == []


# -- NPD306 -----------------------------------------------------------------------------------------


def taken(used: int, **changes: Any) -> Gpu:
    memory = replace(Memory(80 * GIB, used * GIB, (80 - used) * GIB, 0), **changes)
    return replace(gpu(), load=replace(gpu().load, memory=memory))


def test_memory_that_nobody_here_holds() -> None:
    (finding,) = seen(gpus=facts(system(taken(20)), holders=0))
    assert (finding.code, finding.severity.value, finding.subject) == ("NPD306", "warning", "gpu:0")
    assert "20.0 of 80.0 GiB" in finding.title


@pytest.mark.parametrize("holders", [None, 1, 5])
def test_memory_that_somebody_here_may_hold_is_no_finding(holders: int | None) -> None:
    assert with_gpu(taken(70), holders) == []


def test_memory_of_a_process_of_ours_is_no_finding() -> None:
    own = GpuProcess(7, 20 * GIB, ProcessKind.COMPUTE, Visibility.OWN, "python")
    board = taken(20)
    assert with_gpu(replace(board, load=replace(board.load, processes=(own,))), 0) == []


def test_the_driver_alone_does_not_hold_memory() -> None:
    assert with_gpu(taken(1), 0) == []


def test_nearly_full_is_a_note() -> None:
    assert with_gpu(taken(78)) == [("NPD306", "info", "gpu:0")]
    assert with_gpu(taken(78, unified=True), 0) == []
    assert with_gpu(replace(taken(78), mig_enabled=True), 0) == []
    assert with_gpu(replace(gpu(), load=replace(gpu().load, memory=NA)), 0) == []


# -- NPD307 -----------------------------------------------------------------------------------------


def ill(**changes: Any) -> Gpu:
    return replace(gpu(), health=replace(gpu().health, **changes))


@pytest.mark.parametrize(
    ("board", "severity"),
    [
        (replace(gpu(), load=replace(gpu().load, memory=LOST)), "broken"),
        (replace(gpu(), load=replace(gpu().load, memory=Unavailable(Reason.NEEDS_RESET))), "broken"),
        (ill(remap_failure=True), "broken"),
        (ill(remap_pending=True), "warning"),
        (ill(retirement_pending=True), "warning"),
        (ill(volatile_errors=3), "warning"),
        (ill(recovery_action="reset the GPU"), "warning"),
    ],
)
def test_a_fault_is_told(board: Gpu, severity: str) -> None:
    assert with_gpu(board) == [("NPD307", severity, "gpu:0")]


def test_a_slowdown_is_told_only_where_it_is_a_problem() -> None:
    hot, capped = EventReason(0x40, "hardware thermal slowdown", True), EventReason(4, "power cap", False)
    slow = replace(gpu(), pace=replace(gpu().pace, event_reasons=(capped, hot)))
    assert with_gpu(slow) == [("NPD307", "warning", "gpu:0")]
    assert with_gpu(replace(gpu(), pace=replace(gpu().pace, event_reasons=(capped,)))) == []


def test_what_a_board_does_not_support_and_old_errors_are_no_fault() -> None:
    nothing = dict.fromkeys(("ecc_enabled", "volatile_errors", "remap_pending", "remap_failure"), NA)
    assert with_gpu(ill(**nothing, recovery_action=NA)) == []
    assert with_gpu(ill(aggregate_errors=9)) == []


# -- NPD308 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("", "info"),
        ("-1", "info"),
        ("3", "broken"),
        ("GPU-99999999", "broken"),
        ("zero", "broken"),
        ("0,7", "warning"),
        ("0", None),
        ("0,1", None),
        ("GPU-01111111-2222", None),
        ("GPU-0", None),
    ],
)
def test_the_choice_of_devices(value: str, severity: str | None) -> None:
    two = system(gpu(), gpu(1))
    expected = [("NPD308", severity, "host")] if severity else []
    assert of_gpu(nvml=two, variables={"CUDA_VISIBLE_DEVICES": value}) == expected


SLICE = "MIG-5c1b9d2e-0f3a-5d6b-9e11-6f1d2c3b4a50"
DIVIDED = replace(
    gpu(),
    mig_enabled=True,
    mig_devices=(
        MigDevice(SLICE, NA, 1, 0, NA, NA),
        MigDevice("MIG-8e77aaaa-0f3a-5d6b-9e11-6f1d2c3b4a51", NA, 2, 0, NA, NA),
    ),
)
WITHOUT_IDS = replace(
    DIVIDED,
    identity=replace(gpu().identity, uuid=NA),
    mig_devices=tuple(replace(d, uuid=NA, gpu_instance=NA, compute_instance=NA) for d in DIVIDED.mig_devices),
)
HIDING = replace(DIVIDED, mig_devices=())
ONE_GPU = gpu().identity.uuid


@pytest.mark.parametrize(
    ("board", "value", "severity"),
    [
        (DIVIDED, SLICE, None),
        (DIVIDED, SLICE[:12], None),
        (DIVIDED, SLICE.upper(), None),
        (DIVIDED, f"{SLICE},MIG-8e77aaaa", None),
        (DIVIDED, f"MIG-{ONE_GPU}/2/0", None),
        (DIVIDED, ONE_GPU, None),
        (DIVIDED, "0", None),
        (DIVIDED, "1", None),
        (DIVIDED, "MIG-99999999", "broken"),
        (DIVIDED, f"{SLICE},MIG-99999999", "warning"),
        (DIVIDED, f"MIG-{ONE_GPU}/7/0", "broken"),
        (DIVIDED, "MIG-GPU-99999999-2222/1/0", "broken"),
        (DIVIDED, "GPU-99999999", "broken"),
        (DIVIDED, "zero", "broken"),
        (gpu(), SLICE, "broken"),
        (gpu(), f"MIG-{ONE_GPU}/1/0", "broken"),
        (WITHOUT_IDS, SLICE, "unknown"),
        (WITHOUT_IDS, "GPU-99999999", "unknown"),
        (WITHOUT_IDS, f"MIG-{ONE_GPU}/1/0", "unknown"),
        (WITHOUT_IDS, "0", None),
        (WITHOUT_IDS, "zero", "broken"),
        (HIDING, SLICE, "unknown"),
        (HIDING, f"MIG-{ONE_GPU}/1/0", "unknown"),
        (replace(gpu(), mig_enabled=NA), SLICE, "broken"),
        (replace(gpu(), mig_enabled=LOST), SLICE, "unknown"),
    ],
)
def test_the_choice_by_names(board: Gpu, value: str, severity: str | None) -> None:
    expected = [("NPD308", severity, "host")] if severity else []
    assert of_gpu(nvml=system(board), variables={"CUDA_VISIBLE_DEVICES": value}) == expected


def test_names_are_not_known_to_be_wrong_where_not_all_gpus_were_told_of() -> None:
    cut_short = replace(system(gpu()), count=2)
    chosen = {"CUDA_VISIBLE_DEVICES": "GPU-99999999"}
    assert of_gpu(nvml=cut_short, variables=chosen) == [("NPD308", "unknown", "host")]
    given = {"NVIDIA_VISIBLE_DEVICES": "GPU-99999999"}
    assert of_gpu(nvml=cut_short, variables=given) == []


def test_the_choice_of_devices_means_nothing_without_a_gpu() -> None:
    chosen = replace(NO_FILES, variables={"CUDA_VISIBLE_DEVICES": "3"})
    assert seen(TORCH, gpus=replace(NOTHING, files=chosen), cuda=CUDA) == []


@pytest.mark.parametrize(
    ("variables", "count"),
    [
        ({"RUNPOD_GPU_COUNT": "2"}, 1),
        ({"NVIDIA_VISIBLE_DEVICES": "0,1"}, 1),
        ({"NVIDIA_VISIBLE_DEVICES": "GPU-99999999-2222"}, 1),
        ({"NVIDIA_VISIBLE_DEVICES": f"{ONE_GPU},GPU-9"}, 1),
        ({"NVIDIA_VISIBLE_DEVICES": SLICE}, 1),
        ({"NVIDIA_VISIBLE_DEVICES": ONE_GPU}, 0),
        ({"NVIDIA_VISIBLE_DEVICES": f"{ONE_GPU}::0,{ONE_GPU}::1"}, 0),
        ({"NVIDIA_VISIBLE_DEVICES": f"{ONE_GPU},{ONE_GPU}"}, 0),
        ({"NVIDIA_VISIBLE_DEVICES": "5"}, 0),
        ({"NVIDIA_VISIBLE_DEVICES": "0:0"}, 0),
        ({"NVIDIA_VISIBLE_DEVICES": "runtime.nvidia.com/gpu=all"}, 0),
        ({"RUNPOD_GPU_COUNT": "1"}, 0),
        ({"RUNPOD_GPU_COUNT": "many"}, 0),
        ({"NVIDIA_VISIBLE_DEVICES": "all"}, 0),
        ({"NVIDIA_VISIBLE_DEVICES": "void"}, 0),
    ],
)
def test_promised_gpus_are_counted(variables: dict[str, str], count: int) -> None:
    assert of_gpu(variables=variables) == [("NPD308", "warning", "host")] * count


@pytest.mark.parametrize(
    ("board", "value", "count"),
    [(DIVIDED, f"{SLICE},MIG-8e77", 0), (DIVIDED, "MIG-9", 1), (WITHOUT_IDS, SLICE, 0), (HIDING, SLICE, 0)],
)
def test_promised_slices_are_looked_for(board: Gpu, value: str, count: int) -> None:
    given = {"NVIDIA_VISIBLE_DEVICES": value}
    assert of_gpu(nvml=system(board), variables=given) == [("NPD308", "warning", "host")] * count


def test_closed_device_files() -> None:
    closed = (*NODES[:2], DeviceNode("/dev/nvidia-uvm", "operation not permitted"))
    assert of_gpu(nodes=closed) == [("NPD308", "broken", "host")]
    assert of_gpu(nodes=NODES[:2]) == [("NPD308", "broken", "host")]
    on_the_host = seen(TORCH, gpus=facts(nodes=NODES[:2]), cuda=CUDA, host=host(is_container=False))
    assert on_the_host == []


def test_a_board_that_belongs_to_others_may_be_closed() -> None:
    assert of_gpu(nodes=(*NODES, DeviceNode("/dev/nvidia7", "operation not permitted"))) == []


def test_missing_libcuda_names_the_capability() -> None:
    variables = {"NVIDIA_DRIVER_CAPABILITIES": "utility"}
    (finding,) = seen(TORCH, gpus=facts(libcuda=ABSENT, variables=variables), cuda=CUDA)
    assert (finding.code, finding.severity.value) == ("NPD308", "broken")
    assert "leaves out compute" in finding.title
    assert of_gpu(libcuda=ABSENT) == [("NPD308", "broken", "host")]
    assert of_gpu(libcuda=Unavailable(Reason.ABSENT, "the loader's cache cannot be read")) == []


def test_another_machine_is_assumed_so_this_one_is_not_judged() -> None:
    broken = facts(system(ill(remap_failure=True)), variables={"CUDA_VISIBLE_DEVICES": "9"})
    assert told(seen(TORCH, gpus=broken, cuda=CUDA, machine=AssumedMachine(gpus=()))) == []


def test_the_kernel_module_tells_the_driver_where_nvml_does_not() -> None:
    old = failed(FailureKind.UNKNOWN, kernel_module=KernelModule("470.57.02", False), libcuda=ABSENT)
    assert ("NPD303", "broken", "torch") in told(seen(TORCH, gpus=old, cuda=CUDA))
    assert files().kernel_module == KernelModule(DRIVER, True)
