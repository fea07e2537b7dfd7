"""Which GPU runs which code, and which driver serves which CUDA: pure rules, judged on known cases."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from npdoctor.model.cuda import (
    Capability,
    CodeKind,
    ContainerGroup,
    Fit,
    GpuCode,
    GpuImage,
    ImageCount,
    Reach,
    reach,
    runs_on,
)
from npdoctor.model.cuda_driver import CudaRelease, DriverFit, judge_driver, newest_served


def image(name: str) -> GpuImage:
    prefix, _, number = name.partition("_")
    variant = number[-1] if number[-1] in "af" else ""
    major, minor = divmod(int(number.rstrip("af")), 10)
    return GpuImage(CodeKind.CUBIN if prefix == "sm" else CodeKind.PTX, (major, minor), variant)


def code(*groups: tuple[str, int], unnamed: int = 0, incomplete: str | None = None) -> GpuCode:
    made = tuple(ContainerGroup(tuple(sorted(map(image, names.split()))), n) for names, n in groups)
    images = sorted({i for group in made for i in group.images})
    totals = [sum(g.count for g in made if i in g.images) for i in images]
    counts = tuple(ImageCount(i, n, n) for i, n in zip(images, totals, strict=True))
    return GpuCode(made, counts, unnamed, incomplete)


@pytest.mark.parametrize(
    ("name", "runs", "fails"),
    [
        ("sm_80", [(8, 0), (8, 6), (8, 9)], [(7, 5), (9, 0), (8, 7)]),
        ("sm_86", [(8, 6), (8, 9)], [(8, 0), (9, 0)]),
        ("sm_87", [(8, 7)], [(8, 6), (8, 9)]),
        ("sm_90a", [(9, 0)], [(10, 0), (12, 0)]),
        ("sm_100", [(10, 0), (10, 3)], [(10, 1), (11, 0), (12, 0)]),
        ("sm_100a", [(10, 0)], [(10, 3)]),
        ("sm_100f", [(10, 0), (10, 3)], [(10, 1), (11, 0), (12, 0)]),
        ("sm_103f", [(10, 3)], [(10, 0)]),
        ("sm_120", [(12, 0), (12, 1)], [(10, 0)]),
        ("compute_80", [(8, 0), (8, 7), (9, 0), (12, 1)], [(7, 5)]),
        ("compute_90a", [(9, 0)], [(10, 0)]),
        ("compute_100f", [(10, 0), (10, 3)], [(12, 0), (9, 0)]),
    ],
)
def test_what_an_image_fits(name: str, runs: Iterable[Capability], fails: Iterable[Capability]) -> None:
    assert image(name).name == name
    assert all(image(name).fits(capability) for capability in runs)
    assert not any(image(name).fits(capability) for capability in fails)


TORCH_271 = code(("sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90", 389), ("sm_80 sm_86 sm_90 sm_90a", 4))
TORCH_28 = code(
    ("sm_70 sm_75 sm_80 sm_86 sm_90 sm_100 sm_120", 388),
    ("sm_70 sm_75 sm_80 sm_86 sm_90 sm_90a sm_100 sm_100a sm_120 sm_120a", 1),
    ("sm_90a", 4),
)


def test_a_5090_and_two_releases_of_torch() -> None:
    assert runs_on(TORCH_271, (12, 0)) is Fit.NO_KERNEL
    assert runs_on(TORCH_28, (12, 0)) is Fit.NATIVE
    assert runs_on(TORCH_271, (8, 9)) is Fit.NATIVE
    assert runs_on(TORCH_28, (6, 0)) is Fit.NO_KERNEL


def test_containers_for_special_architectures_do_not_count_against_a_gpu() -> None:
    assert reach(TORCH_28, (8, 0)) == Reach(389, 0, 0)
    assert TORCH_28.in_all == {image(f"sm_{n}") for n in (70, 75, 80, 86, 90, 100, 120)}
    assert image("sm_90a") in TORCH_28.in_some


def test_a_library_for_one_special_architecture_says_so() -> None:
    flash3 = code(("sm_90a", 30))
    assert flash3.is_special
    assert runs_on(flash3, (9, 0)) is Fit.NATIVE
    assert runs_on(flash3, (8, 0)) is Fit.NO_KERNEL
    assert not code(("sm_80 compute_80", 5)).is_special


def test_ptx_is_told_from_native_code() -> None:
    flash2 = code(("sm_80 compute_80", 72))
    assert runs_on(flash2, (8, 6)) is Fit.NATIVE
    assert runs_on(flash2, (12, 0)) is Fit.PTX
    assert runs_on(flash2, (7, 5)) is Fit.NO_KERNEL


def test_where_most_functions_have_no_code() -> None:
    mixed = code(("sm_80 sm_90", 10), ("sm_75 sm_80 sm_90", 3))
    assert runs_on(mixed, (7, 5)) is Fit.PARTLY
    assert reach(mixed, (7, 5)) == Reach(3, 0, 10)
    assert runs_on(mixed, (8, 0)) is Fit.NATIVE


def test_what_was_not_read_is_unknown() -> None:
    assert runs_on(code(), (8, 0)) is Fit.UNKNOWN
    assert runs_on(code(("sm_80", 1), incomplete="cut"), (8, 0)) is Fit.UNKNOWN
    assert runs_on(code(("sm_80", 1), incomplete="cut"), (9, 0)) is Fit.UNKNOWN
    assert runs_on(code(("sm_80", 1), unnamed=1), (9, 0)) is Fit.UNKNOWN
    assert runs_on(code(("sm_80", 1), unnamed=1), (8, 0)) is Fit.NATIVE


TABLE = (
    CudaRelease("11.8", "520.61.05", "450.80.02", "a table"),
    CudaRelease("12.4", "550.54.14", "525.60.13", "a table"),
    CudaRelease("12.8", "570.26", "525.60.13", "a table"),
    CudaRelease("13.0", "580.65.06", "580", "a table"),
    CudaRelease("13.3", None, "580", "a table"),
)


@pytest.mark.parametrize(
    ("cuda", "version", "needed", "expected"),
    [
        ("12.8", "570.124.06", "12.8", DriverFit.OK),
        ("12.8", "570.124.06", "11.8", DriverFit.OK),
        ("13.0", "580.95.05", "12", DriverFit.OK),
        ("12.4", "550.54.15", "12.8", DriverFit.MINOR),
        ("12.4", None, "12.8", DriverFit.MINOR),
        ("12.8", "570.124.06", "13.0", DriverFit.TOO_OLD),
        ("11.4", "470.256.02", "12.1", DriverFit.TOO_OLD),
        ("13.0", "580.65.06", "13.3", DriverFit.MINOR),
        ("11.0", "450.51.06", "11.8", DriverFit.TOO_OLD),
        ("11.0", "450.80.02", "11.8", DriverFit.MINOR),
        (None, "570.124.06", "12.8", DriverFit.OK),
        (None, "570.25", "12.8", DriverFit.MINOR),
        (None, "525.60.13", "12.8", DriverFit.MINOR),
        (None, "525.60.12", "12.8", DriverFit.TOO_OLD),
        (None, "570.124.06", "12.6", DriverFit.OK),
        (None, "551.0", "12.6", DriverFit.UNKNOWN),
        (None, "581.0", "13.3", DriverFit.UNKNOWN),
        (None, "575.1", "13.3", DriverFit.TOO_OLD),
        (None, "999.0", "14.0", DriverFit.UNKNOWN),
        (None, None, "12.8", DriverFit.UNKNOWN),
        ("12.8", "570.124.06", "", DriverFit.UNKNOWN),
        ("nonsense", "570.124.06", "12.8", DriverFit.OK),
    ],
)
def test_drivers(cuda: str | None, version: str | None, needed: str, expected: DriverFit) -> None:
    assert judge_driver(cuda, version, needed, TABLE) is expected


@pytest.mark.parametrize(
    ("compat", "datacenter", "needed", "expected"),
    [
        ("580.95.05", True, "13.0", DriverFit.FORWARD),
        ("580.95.05", True, "12.8", DriverFit.FORWARD),
        ("580.95.05", False, "13.0", DriverFit.REFUSED),
        ("580.95.05", False, "11.8", DriverFit.REFUSED),
        ("580.95.05", None, "13.0", DriverFit.UNKNOWN),
        ("555.42.02", True, "13.0", DriverFit.TOO_OLD),
        ("520.61.05", True, "13.0", DriverFit.TOO_OLD),
        ("550.54.15", False, "12.4", DriverFit.OK),
    ],
)
def test_forward_compatibility(
    compat: str, datacenter: bool | None, needed: str, expected: DriverFit
) -> None:
    found = judge_driver("12.4", "550.54.15", needed, TABLE, is_datacenter=datacenter, compat_lib=compat)
    assert found is expected


def test_the_newest_cuda_that_a_driver_serves() -> None:
    assert newest_served("550.90.07", TABLE) == "12.4"
    assert newest_served("600.1", TABLE) == "13.0"
    assert newest_served("400.1", TABLE) is None
    assert newest_served("", TABLE) is None
