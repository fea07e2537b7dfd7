"""The facts of the machine that the tests run on, whatever it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fake_environment import make_environment
from npdoctor.probe.host import read_host


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="needs Linux")
def test_the_facts_of_this_machine_fit_together(tmp_path: Path) -> None:
    target = make_environment(tmp_path / "env").target()
    host = read_host(target, os.environ, working_folder=str(tmp_path))
    memory, cpu, storage, container = host.memory, host.cpu, host.storage, host.container
    assert memory is not None
    assert cpu is not None
    assert storage is not None
    assert container is not None
    assert memory.total is not None
    assert memory.available is not None
    assert memory.room is not None
    assert 0 < memory.room <= memory.available <= memory.total
    if memory.limit is not None:
        assert memory.used is not None
        assert memory.used <= memory.limit
        assert memory.room <= memory.limit
    assert cpu.affinity == len(os.sched_getaffinity(0))
    assert cpu.visible is not None
    assert cpu.affinity <= cpu.visible
    assert cpu.affinity <= (cpu.cpuset or cpu.affinity)
    assert len({f.mount for f in storage.filesystems}) == len(storage.filesystems)
    written = {place.path for f in storage.filesystems for place in f.places}
    assert os.path.realpath(target.prefix) in written
    assert os.path.realpath(tmp_path) in written
    for filesystem in storage.filesystems:
        if filesystem.total is not None and filesystem.free is not None:
            assert filesystem.free + filesystem.reserved <= filesystem.total
    assert host.ulimits["nofile"].soft
    assert host.is_container == (container.kind.value != "none")


def test_a_recorded_machine_is_read_in_place_of_this_one(tmp_path: Path) -> None:
    target = make_environment(tmp_path / "env").target()
    host = read_host(target, {}, root=str(tmp_path))
    assert host.memory is not None
    assert host.memory.total is None
    assert host.memory.room is None
    assert host.cpu is not None
    assert host.cpu.seen is None
    assert (host.cpu_flags, host.stale_processes, host.ulimits) == (frozenset(), (), {})
    assert not host.is_container
