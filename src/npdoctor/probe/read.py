"""Read everything that can be seen without importing anything: the static half of the probe."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from npdoctor.errors import Cancelled
from npdoctor.model.binary import Binary, UnreadBinary
from npdoctor.model.distribution import Distribution
from npdoctor.model.gpu import GpuFacts
from npdoctor.model.host import Host
from npdoctor.model.machine import AssumedMachine
from npdoctor.model.snapshot import ProbeFailure, Snapshot
from npdoctor.model.target import Target
from npdoctor.probe.beside import Beside
from npdoctor.probe.binaries import read_binaries
from npdoctor.probe.control import Control
from npdoctor.probe.cuda.builds import read_cuda_builds
from npdoctor.probe.files import find_damage, find_overlaps
from npdoctor.probe.host import read_host
from npdoctor.probe.inventory import Inventory, read_inventory
from npdoctor.probe.loader import Loader
from npdoctor.probe.numpy_disk import read_numpy
from npdoctor.probe.shadows import find_shadows

T = TypeVar("T")
LIBRARIES = ("libc.so.6", "libstdc++.so.6", "libgcc_s.so.1")


def read_environment(
    target: Target,
    working_folder: str,
    on_progress: Callable[[int, int], None],
    assumed: Mapping[str, str],
    machine: AssumedMachine | None = None,
    control: Control | None = None,
) -> Snapshot:
    """Return the snapshot before any import; a look that fails is recorded and the others go on.

    GPUs are asked while the binaries are read. Raises Cancelled where `control` says so.
    """
    failures: list[ProbeFailure] = []

    def look(what: str, reader: Callable[[], T], otherwise: T) -> T:
        try:
            return reader()
        except Cancelled:
            raise
        except Exception as error:
            failures.append(ProbeFailure(what, f"{type(error).__name__}: {error}"))
            return otherwise

    inventory = look("inventory", lambda: read_inventory(target), Inventory((), (), ()))
    distributions = look(
        "recorded files",
        lambda: find_damage(inventory.distributions, target.prefix),
        inventory.distributions,
    )
    library_path = os.environ.get("LD_LIBRARY_PATH", "")
    gpus = Beside(lambda: _read_gpus(target, library_path, distributions, control))
    loader = look("loader", lambda: Loader.for_target(target, library_path), Loader(library_path))
    no_binaries: tuple[tuple[Binary, ...], tuple[UnreadBinary, ...]] = ((), ())
    binaries, unread = look(
        "binaries", lambda: read_binaries(distributions, target, loader, on_progress), no_binaries
    )

    def offered() -> dict[str, frozenset[str]]:
        return {name: loader.offered_versions(name) for name in LIBRARIES}

    host = look(
        "host", lambda: read_host(target, os.environ, offered, working_folder), _nothing_known(library_path)
    )
    cuda = look("CUDA builds", lambda: read_cuda_builds(distributions, binaries, target, os.environ), None)
    return Snapshot(
        target=target,
        distributions=distributions,
        leftovers=inventory.leftovers,
        unreadable=inventory.unreadable,
        binaries=binaries,
        unread=unread,
        numpy=look("numpy on disk", lambda: read_numpy(target, distributions), None),
        overlaps=look("overlaps", lambda: find_overlaps(distributions), ()),
        shadows=look("shadows", lambda: find_shadows(target, distributions, working_folder), ()),
        host=host,
        cuda=cuda,
        gpus=look("GPUs", gpus.result, None),
        machine=machine,
        failures=tuple(failures),
        assumed=dict(assumed),
        libraries_known=loader.conclusive,
    )


def _read_gpus(
    target: Target, library_path: str, distributions: Sequence[Distribution], control: Control | None
) -> GpuFacts:
    from npdoctor.probe.gpu.read import read_gpus

    names = [d.name for d in distributions if d.effective and not d.version.endswith("+cpu")]
    loader = Loader.for_target(target, library_path)
    return read_gpus(os.environ, control=control, loader=loader, installed=names)


def _nothing_known(library_path: str) -> Host:
    return Host("", "", None, {}, frozenset(), library_path, (), False)
