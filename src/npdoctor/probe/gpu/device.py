"""Read all that NVML tells of one GPU, each value on its own.

Runs in the child: of npdoctor it imports the model alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from npdoctor.model.gpu import (
    EventReason,
    Gpu,
    Health,
    Identity,
    Links,
    Maybe,
    MigDevice,
    Pace,
    Reason,
    Unavailable,
)
from npdoctor.probe.gpu.binding import Nvml, converted, text_of
from npdoctor.probe.gpu.load import read_load, read_memory, read_processes

# Numbers and bits of nvml.h.
_SHUTDOWN, _SLOWDOWN = 0, 1
_CLOCK_SM, _CLOCK_MEMORY = 1, 2
_UNCORRECTED, _VOLATILE, _AGGREGATE = 1, 0, 1
_PERFORMANCE_UNKNOWN = 32
_FIELD_NVLINK_COUNT, _FIELD_RECOVERY = 91, 230
_MOST_NVLINKS = 36
_ARCHITECTURES = {
    2: "Kepler", 3: "Maxwell", 4: "Pascal", 5: "Volta", 6: "Turing", 7: "Ampere", 8: "Ada",
    9: "Hopper", 10: "Blackwell", 13: "Rubin",
}  # fmt: skip
_VIRTUALIZATION = {0: "none", 1: "pass-through", 2: "vGPU", 3: "host of vGPUs", 4: "host of vSGAs"}
_RECOVERY = {
    0: "none", 1: "reset the GPU", 2: "reboot the node", 3: "drain peer-to-peer traffic",
    4: "drain and reset", 5: "recover the IMEX domain", 6: "reset the bus", 7: "reboot the system",
}  # fmt: skip
_EVENT_REASONS = (
    EventReason(0x1, "idle", False),
    EventReason(0x2, "application clocks", False),
    EventReason(0x4, "software power cap", False),
    EventReason(0x8, "hardware slowdown", True),
    EventReason(0x10, "sync boost", False),
    EventReason(0x20, "software thermal slowdown", True),
    EventReason(0x40, "hardware thermal slowdown", True),
    EventReason(0x80, "hardware power brake", True),
    EventReason(0x100, "display clocks", False),
    EventReason(0x200, "board limit", False),
    EventReason(0x400, "reliability", False),
)


def read_gpu(nvml: Nvml, index: int, proc: str) -> Gpu:
    """Return the GPU of that number; where the driver has lost it, the values say so."""
    handle = nvml.ask("nvmlDeviceGetHandleByIndex", index)
    identity = _identity(nvml, handle)
    mig = converted(nvml.ask("nvmlDeviceGetMigMode", handle), lambda modes: bool(modes[0]))
    return Gpu(
        index=index,
        identity=identity,
        load=read_load(nvml, handle, proc),
        pace=_pace(nvml, handle),
        links=_links(nvml, handle),
        health=_health(nvml, handle),
        mig_enabled=mig,
        mig_devices=tuple(_mig_devices(nvml, handle, proc)) if mig is True else (),
    )


def _identity(nvml: Nvml, handle: Any) -> Identity:
    pci = converted(nvml.ask("nvmlDeviceGetPciInfo", handle), lambda info: info.busId)
    return Identity(
        uuid=text_of(nvml.ask("nvmlDeviceGetUUID", handle)),
        name=text_of(nvml.ask("nvmlDeviceGetName", handle)),
        pci_bus_id=text_of(pci),
        minor=converted(nvml.ask("nvmlDeviceGetMinorNumber", handle), int),
        compute_capability=converted(
            nvml.ask("nvmlDeviceGetCudaComputeCapability", handle),
            lambda numbers: (int(numbers[0]), int(numbers[1])),
        ),
        architecture=converted(
            nvml.ask("nvmlDeviceGetArchitecture", handle),
            lambda number: _ARCHITECTURES.get(number, f"architecture {number}"),
        ),
        virtualization=converted(
            nvml.ask("nvmlDeviceGetVirtualizationMode", handle),
            lambda number: _VIRTUALIZATION.get(number, f"mode {number}"),
        ),
    )


def _pace(nvml: Nvml, handle: Any) -> Pace:
    def number(name: str, *arguments: int) -> Maybe[int]:
        return converted(nvml.ask(name, handle, *arguments), int)

    reasons = nvml.first(
        lambda: nvml.ask("nvmlDeviceGetCurrentClocksEventReasons", handle),
        lambda: nvml.ask("nvmlDeviceGetCurrentClocksThrottleReasons", handle),
    )
    state = number("nvmlDeviceGetPerformanceState")
    return Pace(
        slowdown_temperature=number("nvmlDeviceGetTemperatureThreshold", _SLOWDOWN),
        shutdown_temperature=number("nvmlDeviceGetTemperatureThreshold", _SHUTDOWN),
        power_limit=converted(
            nvml.ask("nvmlDeviceGetEnforcedPowerLimit", handle), lambda milliwatts: milliwatts / 1000
        ),
        fan=number("nvmlDeviceGetFanSpeed"),
        performance_state=Unavailable(Reason.NOT_SUPPORTED) if state == _PERFORMANCE_UNKNOWN else state,
        sm_clock=number("nvmlDeviceGetClockInfo", _CLOCK_SM),
        memory_clock=number("nvmlDeviceGetClockInfo", _CLOCK_MEMORY),
        max_sm_clock=number("nvmlDeviceGetMaxClockInfo", _CLOCK_SM),
        max_memory_clock=number("nvmlDeviceGetMaxClockInfo", _CLOCK_MEMORY),
        event_reasons=converted(reasons, event_reasons),
    )


def event_reasons(bits: int) -> tuple[EventReason, ...]:
    """Return in words why the clocks are what they are; only slowdowns of the hardware are problems."""
    known = tuple(reason for reason in _EVENT_REASONS if bits & reason.bit)
    rest = bits & ~sum(reason.bit for reason in _EVENT_REASONS)
    return (*known, EventReason(rest, f"reason {rest:#x}", False)) if rest else known


def _links(nvml: Nvml, handle: Any) -> Links:
    def number(name: str) -> Maybe[int]:
        return converted(nvml.ask(name, handle), int)

    count = _field(nvml, handle, _FIELD_NVLINK_COUNT)
    nvlinks: Maybe[tuple[Maybe[bool], ...]] = (
        count
        if isinstance(count, Unavailable)
        else tuple(
            converted(nvml.ask("nvmlDeviceGetNvLinkState", handle, link), bool)
            for link in range(min(count, _MOST_NVLINKS))
        )
    )
    return Links(
        pcie_generation=number("nvmlDeviceGetCurrPcieLinkGeneration"),
        pcie_width=number("nvmlDeviceGetCurrPcieLinkWidth"),
        max_pcie_generation=number("nvmlDeviceGetMaxPcieLinkGeneration"),
        max_pcie_width=number("nvmlDeviceGetMaxPcieLinkWidth"),
        nvlinks=nvlinks,
    )


def _health(nvml: Nvml, handle: Any) -> Health:
    rows = nvml.ask("nvmlDeviceGetRemappedRows", handle)

    def errors(counter: int) -> Maybe[int]:
        return converted(nvml.ask("nvmlDeviceGetTotalEccErrors", handle, _UNCORRECTED, counter), int)

    return Health(
        ecc_enabled=converted(nvml.ask("nvmlDeviceGetEccMode", handle), lambda modes: bool(modes[0])),
        volatile_errors=errors(_VOLATILE),
        aggregate_errors=errors(_AGGREGATE),
        remap_pending=converted(rows, lambda values: bool(values[2])),
        remap_failure=converted(rows, lambda values: bool(values[3])),
        retirement_pending=converted(nvml.ask("nvmlDeviceGetRetiredPagesPendingStatus", handle), bool),
        recovery_action=converted(
            _field(nvml, handle, _FIELD_RECOVERY),
            lambda number: _RECOVERY.get(number, f"action {number}"),
        ),
    )


def _field(nvml: Nvml, handle: Any, field: int) -> Maybe[int]:
    """Return one field value; each has its own return code beside that of the call."""
    values = nvml.ask("nvmlDeviceGetFieldValues", handle, [field])
    code = converted(values, lambda rows: int(rows[0].nvmlReturn))
    if isinstance(code, Unavailable):
        return code
    reason = nvml.reason_of(code)
    return converted(values, lambda rows: int(rows[0].value.uiVal)) if reason is None else reason


def _mig_devices(nvml: Nvml, parent: Any, proc: str) -> Iterator[MigDevice]:
    """Yield the slices; the numbers may have gaps."""
    most = converted(nvml.ask("nvmlDeviceGetMaxMigDeviceCount", parent), int)
    for index in range(0 if isinstance(most, Unavailable) else most):
        handle = nvml.ask("nvmlDeviceGetMigDeviceHandleByIndex", parent, index)
        if isinstance(handle, Unavailable):
            continue
        yield MigDevice(
            uuid=text_of(nvml.ask("nvmlDeviceGetUUID", handle)),
            name=text_of(nvml.ask("nvmlDeviceGetName", handle)),
            gpu_instance=converted(nvml.ask("nvmlDeviceGetGpuInstanceId", handle), int),
            compute_instance=converted(nvml.ask("nvmlDeviceGetComputeInstanceId", handle), int),
            memory=read_memory(nvml, handle, proc),
            processes=read_processes(nvml, handle, proc),
        )
