"""The reader of GPU code: what it counts, what it passes over, and damage of every kind."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from cuda_elf import CUBIN, MAGIC, PTX, A, F, container, elf, entry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npdoctor.model.cuda import Fit, GpuCode, runs_on
from npdoctor.probe.cuda.fatbin import read_gpu_code
from npdoctor.probe.elf import ElfError, ElfFile


def read(folder: Path, section: bytes, name: str = ".nv_fatbin") -> GpuCode | None:
    path = folder / "x.so"
    path.write_bytes(elf({".text": b"t" * 40, name: section, ".data": b"d" * 16}))
    with ElfFile(str(path)) as file:
        return read_gpu_code(file)


def must_read(folder: Path, section: bytes) -> GpuCode:
    code = read(folder, section)
    assert code is not None
    return code


def counted(code: GpuCode) -> dict[str, tuple[int, int]]:
    return {count.image.name: (count.images, count.containers) for count in code.counts}


def test_counts_images_by_architecture_and_by_container(tmp_path: Path) -> None:
    common = entry(CUBIN, 80), entry(CUBIN, 90)
    code = must_read(
        tmp_path,
        container(*common)
        + container(*common, entry(CUBIN, 90, 0x11 | A), entry(CUBIN, 90, 0x8011 | A))
        + container(*common, entry(PTX, 90), entry(PTX, 100, 0x8011 | F, header=80)),
    )
    assert code.incomplete is None
    assert code.containers == 3
    assert counted(code) == {
        "sm_80": (3, 3),
        "sm_90": (3, 3),
        "sm_90a": (2, 1),
        "compute_90": (1, 1),
        "compute_100f": (1, 1),
    }
    assert {image.name for image in code.in_all} == {"sm_80", "sm_90"}
    assert {image.name for image in code.in_some} == {"sm_90a", "compute_90", "compute_100f"}
    assert not code.is_special


def test_the_inputs_of_device_linking_do_not_count(tmp_path: Path) -> None:
    inputs = container(entry(CUBIN, 80), entry(PTX, 90))
    assert read(tmp_path, inputs, "__nv_relfatbin") is None
    path = tmp_path / "both.so"
    path.write_bytes(elf({"__nv_relfatbin": inputs, ".nv_fatbin": container(entry(CUBIN, 80))}))
    with ElfFile(str(path)) as file:
        both = read_gpu_code(file)
    assert both is not None
    assert counted(both) == {"sm_80": (1, 1)}


def test_padding_between_containers_is_passed_over(tmp_path: Path) -> None:
    one = container(entry(CUBIN, 75))
    code = must_read(tmp_path, one + bytes(8) + one + bytes(248) + one + bytes(4))
    assert (code.incomplete, counted(code)) == (None, {"sm_75": (3, 3)})


def test_other_kinds_of_code_are_counted_without_a_name(tmp_path: Path) -> None:
    code = must_read(tmp_path, container(entry(8, 80), entry(8, 90)))
    assert (code.unnamed, code.counts, code.incomplete) == (2, (), None)
    assert runs_on(code, (8, 0)) is Fit.UNKNOWN


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (container(entry(CUBIN, 80))[:-1], "container .* does not fit"),
        (struct.pack("<IHHQ", MAGIC, 1, 16, 2**64 - 1), "container .* does not fit"),
        (struct.pack("<IHHQ", MAGIC, 1, 0, 0), "container .* does not fit"),
        (container(entry(CUBIN, 80)) + b"\x50\xed\x55\xba", "ends within"),
        (container(entry(CUBIN, 80)) + b"x" * 32, "no container"),
        (bytes(8192), "no container"),
        (container(struct.pack("<HHIQ12xI8xQ", 2, 1, 64, 2**63, 80, 0) + bytes(64)), "entry .* does not fit"),
        (container(struct.pack("<HHIQ12xI8xQ", 2, 1, 0, 0, 80, 0)), "entry .* does not fit"),
        (container(struct.pack("<HHIQ12xI8xQ", 2, 1, 2**32 - 1, 0, 80, 0)), "entry .* does not fit"),
        (container(entry(CUBIN, 2**31)), "architecture"),
        (container(entry(CUBIN, 80) + b"y" * 20), "part of an entry"),
    ],
)
def test_damage_is_told_and_nothing_is_made_of_it(tmp_path: Path, section: bytes, reason: str) -> None:
    code = must_read(tmp_path, container(entry(CUBIN, 70)) + section)
    assert code.incomplete is not None
    assert re.search(reason, code.incomplete)
    assert counted(code)["sm_70"][0] == 1
    assert runs_on(code, (7, 0)) is Fit.UNKNOWN


def test_empty_sections_and_containers(tmp_path: Path) -> None:
    assert read(tmp_path, b"") is None
    code = must_read(tmp_path, container() + container())
    assert (code.containers, code.counts, code.incomplete) == (2, (), None)
    assert runs_on(code, (8, 0)) is Fit.UNKNOWN


def test_a_section_that_runs_past_the_end_of_the_file(tmp_path: Path) -> None:
    whole = elf({".nv_fatbin": container(entry(CUBIN, 80), entry(CUBIN, 90))})
    table = int.from_bytes(whole[40:48], "little")
    longer = bytearray(whole)
    struct.pack_into("<Q", longer, table + 64 + 32, 2**40)
    path = tmp_path / "x.so"
    path.write_bytes(longer)
    with ElfFile(str(path)) as file:
        code = read_gpu_code(file)
    assert code is not None
    assert code.incomplete is not None
    assert counted(code) == {"sm_80": (1, 1), "sm_90": (1, 1)}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize(("library", "hidden"), [("libcudart.so.12", True), ("libcustom.so.12", False)])
def test_lost_section_headers_hide_the_code(tmp_path: Path, library: str, hidden: bool) -> None:
    for name, options in ((library, [f"-Wl,-soname,{library}"]), ("user.so", [tmp_path / library])):
        command = ["gcc", "-shared", "-fPIC", "-Wl,--no-as-needed", "-x", "c", "/dev/null", "-x", "none"]
        subprocess.run([*command, *options, "-o", tmp_path / name], check=True)
    with ElfFile(str(tmp_path / "user.so")) as file:
        assert file.elf.needed[0] == library
        assert read_gpu_code(file) is None
    content = bytearray((tmp_path / "user.so").read_bytes())
    content[40:48], content[60:64] = bytes(8), bytes(4)
    (tmp_path / "user.so").write_bytes(content)
    with ElfFile(str(tmp_path / "user.so")) as file:
        code = read_gpu_code(file)
    assert (code is not None and code.incomplete is not None) == hidden


def test_a_section_of_tiny_headers_is_given_up(tmp_path: Path) -> None:
    code = must_read(tmp_path, container() * 250_000)
    assert code.incomplete is not None
    assert "headers" in code.incomplete


GOOD = elf(
    {
        ".nv_fatbin": container(entry(CUBIN, 80), entry(PTX, 90)) + bytes(8) + container(entry(CUBIN, 90)),
        ".data": bytes(32),
    }
)


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_gives_a_result_or_an_error(data: st.DataObject, tmp_path: Path) -> None:
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 8))
        content[at : at + 8] = data.draw(
            st.one_of(st.binary(min_size=8, max_size=8), st.just(b"\xff" * 8), st.just(bytes(8)))
        )
    del content[data.draw(st.integers(len(content) // 2, len(content))) :]
    path = tmp_path / "x.so"
    path.write_bytes(content)
    try:
        with ElfFile(str(path)) as file:
            code = read_gpu_code(file)
    except ElfError:
        return
    if code is not None:
        assert runs_on(code, (8, 0)) in Fit
        assert sum(count.images for count in code.counts) <= len(content) // 48
