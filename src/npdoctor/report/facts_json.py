"""The facts of GPUs and of the host as JSON: values, or `{"unavailable": reason}`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum

from npdoctor.model.cuda import Build
from npdoctor.model.diagnosis import Diagnosis
from npdoctor.model.gpu import Gpu, GpuSystem, NvmlFailure, Unavailable
from npdoctor.model.host import Host
from npdoctor.model.snapshot import Snapshot
from npdoctor.report.redact import Json

NOT_LOOKED_AT: Json = {"unavailable": "not looked at"}


def gpu_json(diagnosis: Diagnosis) -> Json:
    """Return driver, GPUs, and the builds for them with the codes of what stands in their way."""
    facts = diagnosis.snapshot.gpus
    if facts is None:
        return NOT_LOOKED_AT
    nvml, files = facts.nvml, facts.files
    system: dict[str, Json]
    if isinstance(nvml, NvmlFailure):
        nothing: Json = {"unavailable": nvml.words}
        module = files.kernel_module
        driver: Json = nothing if isinstance(module, Unavailable) else module.version
        system = {"driver": driver, "cuda": nothing, "nvml": nothing, "library": nvml.library}
        system |= {"count": nothing, "gpus": nothing, "cut_short": None}
    else:
        system = _system(nvml)
    return {
        **system,
        "holders": facts.holders,
        "kernel_module": plain(files.kernel_module),
        "kernel_gpus": plain(files.kernel_gpus),
        "libcuda": plain(files.libcuda),
        "nodes": plain(files.nodes),
        "mounted": plain(files.injected),
        "variables": plain(files.variables),
        "builds": [_build(build, diagnosis) for build in builds_of(diagnosis.snapshot)],
        "toolkits": plain(diagnosis.snapshot.cuda.toolkits) if diagnosis.snapshot.cuda else [],
    }


def builds_of(snapshot: Snapshot) -> tuple[Build, ...]:
    """Return the frameworks whose builds are known, torch first."""
    cuda = snapshot.cuda
    if cuda is None:
        return ()
    return (*((cuda.torch.build,) if cuda.torch else ()), *cuda.others)


def host_json(host: Host) -> Json:
    """Return what this process may use of the machine; sizes are bytes."""
    kept = {
        "memory": host.memory,
        "cpu": host.cpu,
        "storage": host.storage,
    }
    return {
        "system": host.system,
        "machine": host.machine,
        "libc": " ".join(host.libc) if host.libc else None,
        "container": host.is_container,
        "container_kind": host.container.kind.value if host.container else None,
        "variables": plain(host.container.variables) if host.container else {},
        **{name: NOT_LOOKED_AT if value is None else plain(value) for name, value in kept.items()},
        "ulimits": plain(host.ulimits),
        "thread_limits": plain(host.thread_limits),
        "library_paths": plain(host.library_paths),
    }


def plain(value: object) -> Json:
    """Turn facts into JSON: a member of a dataclass under its name, a capability or CUDA as `9.0`."""
    if isinstance(value, Unavailable):
        return {
            "unavailable": f"{value.reason.value}: {value.detail}" if value.detail else value.reason.value
        }
    if isinstance(value, Enum):
        return str(value.value)
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, tuple):
        return [plain(member) for member in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"no JSON for {type(value).__name__}")


def _system(nvml: GpuSystem) -> dict[str, Json]:
    return {
        "driver": plain(nvml.driver_version),
        "cuda": _dotted(nvml.cuda_version),
        "nvml": plain(nvml.nvml_version),
        "library": nvml.library,
        "count": plain(nvml.count),
        "gpus": [_gpu(gpu) for gpu in nvml.gpus],
        "cut_short": nvml.cut_short.words if nvml.cut_short else None,
    }


def _gpu(gpu: Gpu) -> Json:
    shown = plain(gpu)
    assert isinstance(shown, dict)
    identity = shown["identity"]
    assert isinstance(identity, dict)
    identity["compute_capability"] = _dotted(gpu.identity.compute_capability)
    return shown


def _dotted(value: tuple[int, int] | Unavailable) -> Json:
    return plain(value) if isinstance(value, Unavailable) else f"{value[0]}.{value[1]}"


def _build(build: Build, diagnosis: Diagnosis) -> Json:
    codes = [f.code for f in diagnosis.findings if f.subject == build.distribution]
    return {
        "distribution": build.distribution,
        "version": build.version,
        "accelerator": build.accelerator.value,
        "cuda": build.cuda,
        "source": build.source,
        "findings": [code for code in dict.fromkeys(codes) if code.startswith("NPD3")],
    }
