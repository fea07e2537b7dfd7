"""Whether a name in CUDA_VISIBLE_DEVICES or NVIDIA_VISIBLE_DEVICES stands for a GPU that is here.

Sources: CUDA Programming Guide, Environment Variables (numbers, `GPU-` and `MIG-` names, abbreviated ones);
NVIDIA MIG User Guide, CUDA Device Enumeration (`MIG-GPU-uuid/instance/instance` before R470, and since).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from npdoctor.model.gpu import Gpu, GpuSystem, MigDevice, Reason, Unavailable

_INDEX = re.compile(r"[+-]?\d+")
_OLD_SLICE = re.compile(r"MIG-(GPU-[0-9a-f-]+)/(\d+)/(\d+)", re.IGNORECASE)


def is_here(name: str, system: GpuSystem) -> bool | None:
    """Tell whether a number or UUID, whole or its beginning, is one of these GPUs; None if not known.

    CUDA counts the slices of divided boards in a way of its own, so that numbers among them pass.
    """
    if _INDEX.fullmatch(name):
        divided = any(gpu.mig_enabled is True for gpu in system.gpus)
        return divided or (isinstance(system.count, int) and 0 <= int(name) < system.count)
    complete = len(system.gpus) == system.count
    if old := _OLD_SLICE.fullmatch(name):
        return _is_slice(old[1], (int(old[2]), int(old[3])), system.gpus, complete)
    if is_uuid(name, "GPU"):
        return _begins(name, [gpu.identity.uuid for gpu in system.gpus], complete)
    if is_uuid(name, "MIG"):
        slices = [device.uuid for gpu in system.gpus for device in gpu.mig_devices]
        return _begins(name, slices, complete and all(map(_tells_slices, system.gpus)))
    return False


def is_uuid(name: str, *kinds: str) -> bool:
    """Tell whether a name is of the form `GPU-…` or `MIG-…`, of the kinds that are asked for."""
    return any(name.upper().startswith(f"{kind}-") for kind in kinds)


def _begins(name: str, uuids: Iterable[str | Unavailable], complete: bool) -> bool | None:
    known = list(uuids)
    if any(isinstance(uuid, str) and uuid.lower().startswith(name.lower()) for uuid in known):
        return True
    return False if complete and all(isinstance(uuid, str) for uuid in known) else None


def _is_slice(uuid: str, numbers: tuple[int, int], gpus: tuple[Gpu, ...], complete: bool) -> bool | None:
    """Judge a slice that is named by its board and the numbers of its two instances."""
    board = next((gpu for gpu in gpus if _begins(uuid, [gpu.identity.uuid], True)), None)
    if board is None:
        return _begins(uuid, [gpu.identity.uuid for gpu in gpus], complete)
    if any(_numbers(device) == numbers for device in board.mig_devices):
        return True
    known = _tells_slices(board) and all(_numbers(device) for device in board.mig_devices)
    return False if known else None


def _numbers(device: MigDevice) -> tuple[int, int] | None:
    gpu, compute = device.gpu_instance, device.compute_instance
    return (gpu, compute) if isinstance(gpu, int) and isinstance(compute, int) else None


def _tells_slices(gpu: Gpu) -> bool:
    """Tell whether the slices of a board are known: a divided one that lists none may hide them."""
    if isinstance(gpu.mig_enabled, Unavailable):
        return gpu.mig_enabled.reason is Reason.NOT_SUPPORTED
    return bool(gpu.mig_devices) or not gpu.mig_enabled
