"""The ELF reader against real files, readelf, and damage of every kind."""

from __future__ import annotations

import glob
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npdoctor.model.binary import VersionNeed
from npdoctor.probe.elf import ElfError, ElfFile, machine_of, read_elf
from npdoctor.probe.numpy_use import read_numpy_use

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
needs_readelf = pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is not installed")

SOURCE = """
#include <stdio.h>
const char *text(void) { return "a planted text"; }
void *PyInit_sample(void) { printf("%s", text()); return 0; }
"""


def build(folder: Path, name: str, *options: str, source: str = SOURCE) -> Path:
    """Compile a shared library."""
    code, made = folder / f"{name}.c", folder / name
    code.write_text(source)
    subprocess.run(["gcc", "-shared", "-fPIC", *options, "-o", made, code], check=True)
    return made


def minimal(bits: int = 64, order: str = "<", needed: bytes = b"libneeded.so.7") -> bytes:
    """Assemble a shared library with nothing but a dynamic section, for any word size and byte order."""
    word, wide = ("Q", True) if bits == 64 else ("I", False)
    strings = b"\0" + needed + b"\0libself.so.1\0$ORIGIN/../lib\0"
    header_size, segment_size = (64, 56) if wide else (52, 32)
    dynamic_at = header_size + 2 * segment_size
    own = 2 + len(needed)
    strings_at = dynamic_at + 6 * struct.calcsize(order + word * 2)
    entries = [(1, 1), (14, own), (29, own + 13), (5, strings_at), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack(order + word * 2, *entry) for entry in entries)
    size = strings_at + len(strings)

    def segment(kind: int, at: int, length: int) -> bytes:
        if wide:
            return struct.pack(order + "IIQQQQQQ", kind, 4, at, at, at, length, length, 8)
        return struct.pack(order + "IIIIIIII", kind, at, at, at, length, length, 4, 4)

    mark = bytes([bits // 32, 1 if order == "<" else 2, 1])
    shape = (header_size, segment_size, 2, 0, 0, 0)
    header = struct.pack(order + f"HHI{word * 3}IHHHHHH", 3, 62, 1, 0, header_size, 0, 0, *shape)
    head = b"\x7fELF" + mark.ljust(12, b"\0") + header
    return head + segment(1, 0, size) + segment(2, dynamic_at, len(dynamic)) + dynamic + strings


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("elf")
    options = ("-Wl,-soname,libsample.so.1", "-Wl,--enable-new-dtags,-rpath,$ORIGIN/lib", "-lm")
    return build(folder, "sample.so", "-Wl,--no-as-needed", *options)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_reads_every_word_size_and_byte_order(tmp_path: Path, bits: int, order: str) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(minimal(bits, order))
    elf = read_elf(str(path))
    assert (elf.machine.bits, elf.machine.byte_order) == (bits, "little" if order == "<" else "big")
    assert elf.machine.number == 62
    assert elf.needed == ("libneeded.so.7",)
    assert elf.soname == "libself.so.1"
    assert (elf.rpath, elf.runpath) == (None, "$ORIGIN/../lib")
    with ElfFile(str(path)) as file:
        assert file.sections == ()
        assert file.names(b"libself")


def test_reads_a_compiled_library(sample: Path) -> None:
    with ElfFile(str(sample)) as file:
        assert file.elf.soname == "libsample.so.1"
        assert file.elf.runpath == "$ORIGIN/lib"
        assert {"libm.so.6", "libc.so.6"} <= set(file.elf.needed)
        assert any(need.version.startswith("GLIBC_") for need in file.elf.version_needs)
        assert file.names(b"PyInit_sample\0")
        assert not file.names(b"PyInit_other\0")
        rodata = next(s for s in file.sections if s.name == ".rodata")
        assert b"a planted text" in file.read(rodata.offset, rodata.size)


@needs_gcc
def test_reads_rpath_and_runpath_apart(tmp_path: Path) -> None:
    made = build(tmp_path, "old.so", "-Wl,--disable-new-dtags,-rpath,/somewhere")
    assert (read_elf(str(made)).rpath, read_elf(str(made)).runpath) == ("/somewhere", None)


@needs_gcc
def test_reads_offered_versions_and_passes_over_weak_needs(tmp_path: Path) -> None:
    script = tmp_path / "map"
    script.write_text("MINE_1.0 { global: text; };\nMINE_2.0 { global: PyInit_sample; } MINE_1.0;\n")
    made = build(tmp_path, "libmine.so", f"-Wl,--version-script={script}", "-Wl,-soname,libmine.so")
    assert read_elf(str(made)).offered_versions == {"MINE_1.0", "MINE_2.0"}
    user = "extern const char *text(void); const char *more(void) { return text(); }"
    built = build(tmp_path, "user.so", f"-L{tmp_path}", "-Wl,--no-as-needed", source=user)
    subprocess.run(["gcc", "-shared", "-o", built, tmp_path / "user.so.c", "-fPIC", made], check=True)
    assert VersionNeed("libmine.so", "MINE_1.0") in read_elf(str(built)).version_needs


@needs_gcc
def test_survives_stripped_section_headers(tmp_path: Path, sample: Path) -> None:
    data = bytearray(sample.read_bytes())
    data[40:48] = bytes(8)
    data[60:64] = bytes(4)
    path = tmp_path / "stripped.so"
    path.write_bytes(data)
    with ElfFile(str(path)) as file:
        assert file.sections == ()
        assert file.elf == read_elf(str(sample))
        assert any(b"a planted text" in chunk for chunk in file.chunks(0, file.size))


@needs_gcc
@pytest.mark.skipif(shutil.which("objcopy") is None, reason="objcopy is not installed")
def test_a_file_of_debug_information_is_no_damaged_library(tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "sample.so.debug"
    subprocess.run(["objcopy", "--only-keep-debug", sample, path], check=True)
    assert read_elf(str(path)).needed == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"\x7fELF", "cut short or corrupt"),
        (b"\x7fELF\x09\x01" + bytes(100), "cut short or corrupt"),
        (b"MZ\x90\0" + bytes(100), "Windows"),
        (b"\xcf\xfa\xed\xfe" + bytes(100), "macOS"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        (b"/* GNU ld script */\nINPUT(libfoo.so.1)\n", "linker script"),
        (bytes(4096), "begins with zeros"),
        (b"plain text", "not an ELF file"),
        (b"\x7fELF\x02\x01\x01" + bytes(13), "refers to byte"),
    ],
)
def test_says_why_it_is_not_elf(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(content)
    with pytest.raises(ElfError, match=reason) as caught:
        read_elf(str(path))
    assert caught.value.reason == str(caught.value)


def test_files_that_are_no_files(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.so"
    os.mkfifo(pipe)
    folder = tmp_path / "folder.so"
    folder.mkdir()
    for path, reason in (
        (pipe, "not a regular"),
        (folder, "not a regular"),
        (tmp_path / "none.so", "No such"),
        (Path("a\0b"), "null"),
    ):
        with pytest.raises(ElfError, match=reason):
            read_elf(str(path))
        assert machine_of(str(path)) is None


def test_a_truncated_library_says_how_much_is_there(tmp_path: Path, sample: Path) -> None:
    data = sample.read_bytes()
    path = tmp_path / "cut.so"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ElfError, match=f"cut short: has {len(data) // 2} bytes of at least"):
        read_elf(str(path))


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(b"\x7fELF")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with pytest.raises(ElfError):
            read_elf(str(path))
    path.write_bytes(minimal())
    read_elf(str(path))
    assert len(os.listdir("/proc/self/fd")) == before


def examine(path: Path) -> None:
    """Do all that can be done with a file."""
    try:
        with ElfFile(str(path)) as file:
            assert len(file.elf.needed) <= 4096
            assert all(s.offset + s.size <= file.size for s in file.sections)
            assert len(file.sections) <= 65536
            read_numpy_use(file)
    except ElfError:
        return


@settings(max_examples=400, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_gives_a_result_or_an_error(data: st.DataObject, sample: Path, tmp_path: Path) -> None:
    content = bytearray(sample.read_bytes())
    hot = st.one_of(st.integers(0, 1024), st.integers(len(content) - 2500, len(content) - 1))
    dynamic = content.find(b"\x01\0\0\0\0\0\0\0", 0x2000)
    near = st.integers(max(dynamic - 64, 0), dynamic + 512)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.one_of(hot, near, st.integers(0, len(content) - 9)))
        value = data.draw(
            st.one_of(st.binary(min_size=1, max_size=8), st.just(b"\xff" * 8), st.just(bytes(8)))
        )
        content[at : at + len(value)] = value
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path / "damaged.so"
    path.write_bytes(content)
    examine(path)


@settings(max_examples=200, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.binary(max_size=400), bits=st.sampled_from([1, 2]), mark=st.sampled_from([1, 2]))
def test_any_bytes_behind_a_magic_give_an_error_or_a_result(
    tail: bytes, bits: int, mark: int, tmp_path: Path
) -> None:
    path = tmp_path / "made.so"
    path.write_bytes(b"\x7fELF" + bytes([bits, mark]) + tail)
    examine(path)


def test_absurd_counts_are_bounded(tmp_path: Path) -> None:
    """A dynamic section that repeats one long name must not fill the memory."""
    content = bytearray(minimal(needed=b"x" * 4000))
    repeated = struct.pack("<QQ", 1, 1) * 300_000
    at = len(content)
    content += repeated
    size = len(content)
    struct.pack_into("<QQ", content, 64 + 32, size, size)
    extra = content[176:272]
    content += extra
    struct.pack_into("<QQ", content, 64 + 32, len(content), len(content))
    struct.pack_into("<QQQQQ", content, 64 + 56 + 8, at, at, at, len(repeated), len(repeated))
    path = tmp_path / "x.so"
    path.write_bytes(content)
    with pytest.raises(ElfError, match="string table"):
        read_elf(str(path))


def real_libraries() -> list[str]:
    """List a dozen different real libraries of this machine."""
    patterns = ("/lib/*-linux-gnu/lib*.so.?", "/usr/lib64/lib*.so.?", "/lib64/lib*.so.?")
    names = ("libc.so.6", "libm.so.6", "libstdc++.so.6", "libz.so.1", "libgcc_s.so.1", "libcrypto.so.3")
    found = [p for pattern in patterns for p in sorted(glob.glob(pattern))]
    first = [p for p in found if os.path.basename(p) in names]
    own = glob.glob(os.path.join(sys.base_prefix, "lib", "python3*", "lib-dynload", "_s*.so"))[:3]
    return [*first, *own, *[p for p in found if p not in first][:6], os.path.realpath(sys.executable)]


@needs_readelf
@pytest.mark.parametrize("path", real_libraries())
def test_agrees_with_readelf(path: str) -> None:
    command = ["readelf", "-dVW", path]
    shown = subprocess.run(command, capture_output=True, text=True, env={"LC_ALL": "C"}, check=True).stdout
    elf = read_elf(path)

    def tagged(tag: str) -> list[str]:
        return re.findall(rf"\({tag}\).*\[(.*)\]", shown)

    assert list(elf.needed) == tagged("NEEDED")
    assert [elf.soname or ""] == (tagged("SONAME") or [""])
    assert [elf.rpath or ""] == (tagged("RPATH") or [""])
    assert [elf.runpath or ""] == (tagged("RUNPATH") or [""])
    assert {(n.library, n.version) for n in elf.version_needs} == readelf_needs(shown)
    definitions = re.findall(r"Rev: 1  Flags: (\S+).*Name: (\S+)", shown)
    assert elf.offered_versions == {name for flags, name in definitions if "BASE" not in flags}


def readelf_needs(shown: str) -> set[tuple[str, str]]:
    """Read readelf's list of needed versions, without the weak ones."""
    needs, library = set(), ""
    for line in shown.splitlines():
        if found := re.search(r"Version: 1  File: (\S+)", line):
            library = found[1]
            continue
        found = re.search(r"Name: (\S+)\s+Flags: (.*)\s+Version: \d", line)
        if found and library and "WEAK" not in found[2]:
            needs.add((library, found[1]))
    return needs
