"""What NVML tells of GPUs: the real binding and real dlopen, against a stand-in for the driver."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import pytest
from nvml_standin import environment, folder_of, scenario, why_not

from npdoctor.model.gpu import (
    Gpu,
    GpuProcess,
    GpuSystem,
    Health,
    Identity,
    Links,
    Load,
    Memory,
    MigDevice,
    Pace,
    ProcessKind,
    Reason,
    Unavailable,
    Utilisation,
    Visibility,
)
from npdoctor.probe.control import Control
from npdoctor.probe.gpu.nvml import ask_nvml

pytestmark = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")

MIB = 1 << 20
NA = Unavailable(Reason.NOT_SUPPORTED)
LOST = Unavailable(Reason.LOST)
NOT_OFFERED = Unavailable(Reason.NOT_OFFERED)
NOT_PERMITTED = Unavailable(Reason.NO_PERMISSION)


@pytest.fixture(scope="module")
def proc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a /proc in which 4242 holds a GPU, 777 does not, and 888 cannot be looked into."""
    folder = tmp_path_factory.mktemp("proc")
    for pid, target in ((1, "/dev/null"), (4242, "/dev/nvidia-uvm"), (777, "/dev/null")):
        descriptors = folder / str(pid) / "fd"
        descriptors.mkdir(parents=True)
        (descriptors / "0").symlink_to("pipe:[1]")
        (descriptors / "4").symlink_to(target)
        (folder / str(pid) / "comm").write_text("python3\n")
    (folder / "888").mkdir()
    (folder / "888" / "fd").write_text("a file, so that listing it fails\n")
    (folder / "meminfo").write_text("MemTotal: 125000000 kB\nMemFree: 1 kB\nMemAvailable: 100000000 kB\n")
    return folder


@functools.cache
def read(name: str, proc: Path, kind: str = "driver") -> GpuSystem:
    answer = ask_nvml(environment(kind, scenario(name)), 20.0, Control(), str(proc))
    assert isinstance(answer, GpuSystem)
    assert answer.cut_short is None
    assert answer.count == len(answer.gpus)
    return answer


def words(gpu: Gpu, problems: bool) -> list[str]:
    """Return the causes of a GPU's clocks that are problems, or those that are not."""
    reasons = gpu.pace.event_reasons
    assert isinstance(reasons, tuple)
    return [reason.words for reason in reasons if reason.problem is problems]


def test_the_system(proc: Path) -> None:
    answer = read("two_4090", proc)
    library = str(folder_of("driver") / "libnvidia-ml.so.570.148.08")
    assert replace(answer, gpus=()) == GpuSystem("570.148.08", (12, 8), "12.570.148.08", library, 2)
    assert [gpu.index for gpu in answer.gpus] == [0, 1]


def test_a_busy_board_in_a_pod(proc: Path) -> None:
    gpu = read("two_4090", proc).gpus[0]
    assert gpu.identity == Identity(
        uuid="GPU-11111111-2222-3333-4444-555555555555",
        name="NVIDIA GeForce RTX 4090",
        pci_bus_id="00000000:41:00.0",
        minor=3,
        compute_capability=(8, 9),
        architecture="Ada",
        virtualization="pass-through",
    )
    load = replace(gpu.load, processes=())
    memory = Memory(24564 * MIB, 20480 * MIB, 3655 * MIB, 429 * MIB)
    assert load == Load(memory, Utilisation(97, 61), 71, 402.35, ())
    assert replace(gpu.pace, event_reasons=()) == Pace(97, 100, 450.0, 62, 2, 2520, 10251, 3105, 10501, ())
    assert words(gpu, problems=True) == ["software thermal slowdown"]
    assert words(gpu, problems=False) == ["software power cap"]
    assert gpu.links == Links(4, 8, 4, 16, NA)
    assert gpu.health == Health(NA, NA, NA, NA, NA, NA, NA)
    assert (gpu.mig_enabled, gpu.mig_devices, gpu.lost) == (NA, (), False)


def test_process_numbers_are_joined_only_to_processes_that_hold_the_driver(proc: Path) -> None:
    compute, both, graphics = ProcessKind.COMPUTE, ProcessKind.BOTH, ProcessKind.GRAPHICS
    assert read("two_4090", proc).gpus[0].load.processes == (
        GpuProcess(777, MIB, compute, Visibility.FOREIGN),
        GpuProcess(888, 2 * MIB, compute, Visibility.UNKNOWN),
        GpuProcess(999, NA, graphics, Visibility.FOREIGN),
        GpuProcess(4242, 10240 * MIB, both, Visibility.OWN, "python3"),
        GpuProcess(4200000, 9216 * MIB, compute, Visibility.FOREIGN),
    )


def test_where_proc_hides_others_nothing_is_said_of_a_process_that_does_not_show(tmp_path: Path) -> None:
    processes = read("two_4090", tmp_path).gpus[0].load.processes
    assert isinstance(processes, tuple)
    assert {process.visibility for process in processes} == {Visibility.UNKNOWN}


def test_an_idle_board(proc: Path) -> None:
    gpu = read("two_4090", proc).gpus[1]
    assert gpu.load == Load(Memory(24564 * MIB, 0, 24135 * MIB, 429 * MIB), Utilisation(0, 0), 34, 18.04, ())
    assert (words(gpu, problems=True), words(gpu, problems=False)) == ([], ["idle"])
    assert gpu.health.ecc_enabled is False


def test_a_divided_board(proc: Path) -> None:
    (gpu,) = read("a100_mig", proc).gpus
    assert gpu.mig_enabled is True
    assert (gpu.load.utilisation, gpu.load.processes, gpu.pace.fan) == (NA, NOT_PERMITTED, NA)
    assert gpu.mig_devices == (
        MigDevice(
            "MIG-00000000-0000-0000-0000-000000000001",
            "NVIDIA A100-SXM4-40GB MIG 1g.5gb",
            7,
            0,
            Memory(4864 * MIB, 2048 * MIB, 2804 * MIB, 12 * MIB),
            (GpuProcess(4242, NA, ProcessKind.COMPUTE, Visibility.OWN, "python3"),),
        ),
        MigDevice(
            "MIG-00000000-0000-0000-0000-000000000002",
            "NVIDIA A100-SXM4-40GB MIG 1g.5gb",
            9,
            0,
            NOT_PERMITTED,
            (),
        ),
    )
    assert gpu.health == Health(True, 0, 2, True, False, NA, "drain and reset")
    assert gpu.links == Links(4, 16, 4, 16, (*[True] * 10, False, True))


@pytest.mark.parametrize("name", ["gb10", "gb10_zero"])
def test_unified_memory_is_that_of_the_machine(proc: Path, name: str) -> None:
    (gpu,) = read(name, proc).gpus
    assert gpu.load == Load(
        Memory(125000000 * 1024, 25000000 * 1024, 100000000 * 1024, NA, unified=True),
        Utilisation(3, 0),
        44,
        11.02,
        (),
    )
    assert gpu.identity.compute_capability == (12, 1)
    assert gpu.pace.event_reasons == ()
    assert not gpu.lost


def test_a_board_lost_in_the_middle_keeps_its_name_and_what_was_read(proc: Path) -> None:
    well, lost, gone = read("lost", proc).gpus
    assert (well.lost, lost.lost, gone.lost) == (False, True, True)
    assert well.load.temperature == 36
    assert lost.identity == Identity(
        "GPU-b200b200-0000-0000-0000-000000000001",
        "NVIDIA GB200",
        "00000000:0B:00.0",
        1,
        (10, 0),
        "Blackwell",
        "none",
    )
    memory = Memory(196608 * MIB, 0, 195584 * MIB, 1024 * MIB)
    assert lost.load == Load(memory, LOST, 63, LOST, LOST)
    assert lost.health == Health(LOST, LOST, LOST, LOST, LOST, LOST, LOST)
    assert lost.pace == Pace(LOST, LOST, LOST, LOST, LOST, LOST, LOST, LOST, LOST, LOST)
    assert lost.links == Links(LOST, LOST, LOST, LOST, LOST)
    assert gone.identity == Identity(LOST, LOST, LOST, LOST, LOST, LOST, LOST)
    assert gone.load == Load(LOST, LOST, LOST, LOST, LOST)


def test_a_driver_of_before_r470(proc: Path) -> None:
    answer = read("old", proc, kind="old")
    (gpu,) = answer.gpus
    assert (answer.driver_version, answer.cuda_version) == ("450.80.02", (11, 0))
    assert gpu.load.memory == Memory(15109 * MIB, 3450 * MIB, 11659 * MIB, NOT_OFFERED)
    assert gpu.load.temperature == 55
    listed = (GpuProcess(4200000, 3000 * MIB, ProcessKind.COMPUTE, Visibility.FOREIGN),)
    knows_v2 = hasattr(pytest.importorskip("pynvml"), "nvmlDeviceGetComputeRunningProcesses_v2")
    assert gpu.load.processes == (listed if knows_v2 else NOT_OFFERED)
    assert words(gpu, problems=True) == ["hardware slowdown", "hardware thermal slowdown"]
    assert words(gpu, problems=False) == ["reason 0x800"]
    assert gpu.health.retirement_pending is True


def test_no_gpu_is_a_system_without_any(proc: Path, tmp_path: Path) -> None:
    path = tmp_path / "none.txt"
    path.write_text("driver 570.148.08\nnvml 12.570.148.08\ncuda 12080\n")
    answer = ask_nvml(environment("driver", str(path)), 20.0, Control(), str(proc))
    assert isinstance(answer, GpuSystem)
    assert (answer.count, answer.gpus, answer.cut_short) == (0, (), None)


def test_what_is_not_text_is_unreadable_and_alone(proc: Path, tmp_path: Path) -> None:
    path = tmp_path / "bytes.txt"
    path.write_bytes(
        b"driver \xff\xfe\ngpu\nname \xff\nuuid GPU-1\ntemperature 40\npower !99\nprocesses !2\n"
    )
    answer = ask_nvml(environment("driver", str(path)), 20.0, Control(), str(proc))
    assert isinstance(answer, GpuSystem)
    assert answer.driver_version == Unavailable(Reason.UNREADABLE, "not text")
    (gpu,) = answer.gpus
    assert (gpu.identity.name, gpu.identity.uuid) == (Unavailable(Reason.UNREADABLE, "not text"), "GPU-1")
    assert gpu.load.temperature == 40
    assert gpu.load.power == Unavailable(Reason.FAILED, "NVML Error with code 99")
    assert gpu.load.processes == Unavailable(Reason.FAILED, "NVML error 2: Invalid Argument")
