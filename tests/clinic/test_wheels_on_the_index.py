"""Reading a wheel on the index by ranges says what reading its installed files says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

from clinic.patients import Environment, Patient, admit
from npdoctor.model.binary import NumpyAbi, NumpyUse
from npdoctor.model.index import Indexes, Wheel
from npdoctor.probe.elf import ElfError, ElfFile
from npdoctor.probe.index.reading import WheelReading, serves_numpy
from npdoctor.probe.index.releases import releases
from npdoctor.probe.index.web import Web, WebError
from npdoctor.probe.index.wheel import module_stem, read_wheel
from npdoctor.probe.numpy_use import read_numpy_use
from sample_target import linux_target

OLD = Patient(
    "wheels-for-numpy-1",
    "pandas==2.1.4 opencv-python-headless==4.9.0.80 scipy==1.11.4 matplotlib==3.8.3 scikit-learn==1.3.2"
    " scikit-image==0.22.0 tokenizers==0.15.0 safetensors==0.4.2",
)
NEW = Patient(
    "wheels-for-numpy-2",
    "pandas==2.2.2 opencv-python-headless==4.10.0.84 scipy==1.13.0 matplotlib==3.8.4 scikit-learn==1.4.2"
    " scikit-image==0.23.1 healpy==1.20.1",
)
BETWEEN = Patient("wheel-between", "opencv-python-headless==4.10.0.82")
WHEELS = [(patient, pin) for patient in (OLD, NEW, BETWEEN) for pin in patient.wheels.split()]
SERVES = {"wheels-for-numpy-1": False, "wheels-for-numpy-2": True, "wheel-between": False}
UNTIED = ("safetensors",)

Verdict = tuple[NumpyAbi, str, str | None] | None


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web(indexes()) as web:
        yield web


def indexes() -> Indexes:
    configured = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL")
    return Indexes((configured,)) if configured else Indexes()


def find(pin: str, web: Web) -> Wheel:
    name, _, version = pin.partition("==")
    try:
        offered = releases(name, indexes(), web, linux_target())
    except WebError as error:
        if error.offline:
            pytest.skip("the package index cannot be reached")
        raise
    wheel = {release.version: release.wheel for release in offered}[version]
    assert wheel is not None
    return wheel


SMALL = [one for one in WHEELS if one[1].startswith(("scikit-image==0.22", "pandas==2.2", "tokenizers"))]


def brief(use: NumpyUse | None) -> Verdict:
    return (use.abi, use.api.value, use.minimum) if use else None


def installed(environment: Environment, name: str) -> dict[str, Verdict]:
    """Return what each compiled file of a distribution says on disk, by its path in the wheel."""
    found = {}
    one = next(d for d in distributions(path=[str(environment.site)]) if d.name == name)
    for file in one.files or ():
        if ".so" in file.name and ".." not in file.parts:
            try:
                with ElfFile(str(Path(str(one.locate_file(file))))) as opened:
                    found[str(file)] = brief(read_numpy_use(opened))
            except ElfError:
                continue
    return found


@pytest.mark.parametrize(("patient", "pin"), SMALL, ids=[pin for _, pin in SMALL])
def test_every_member_is_read_as_on_disk(patient: Patient, pin: str, web: Web) -> None:
    on_disk = installed(admit(patient), pin.partition("==")[0])
    assert on_disk
    reading = read_wheel(find(pin, web), web, most=None)
    assert isinstance(reading, WheelReading), reading
    assert reading.complete
    assert reading.unread == ()
    assert {member.path: brief(member.numpy) for member in reading.members} == on_disk
    assert all(member.numpy is None or member.numpy.texts for member in reading.members)


@pytest.mark.parametrize(("patient", "pin"), WHEELS, ids=[pin for _, pin in WHEELS])
def test_a_few_known_members_tell_the_same(patient: Patient, pin: str, web: Web) -> None:
    name = pin.partition("==")[0]
    environment = admit(patient)
    on_disk = installed(environment, name)
    tied = [module_stem(path) for path, verdict in on_disk.items() if verdict]
    wheel = find(pin, web)
    reading = read_wheel(wheel, web, tied)
    assert isinstance(reading, WheelReading), reading
    assert {on_disk[member.path] == brief(member.numpy) for member in reading.members} == {True}
    assert len(reading.members) <= 3 or name in UNTIED
    assert reading.compiled == len(on_disk)
    assert bool(tied) == (name not in UNTIED)
    answer = serves_numpy(reading, "2.1.3")
    assert answer.serves is (SERVES[patient.name] or name in UNTIED)
    assert serves_numpy(reading, "1.26.4").serves is (name != "healpy")
    one = next(d for d in distributions(path=[str(environment.site)]) if d.name == name)
    assert list(reading.requires) == (one.requires or [])
    assert wheel.size is None or reading.received < wheel.size * 1.1
