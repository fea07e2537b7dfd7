"""The loader's search against folders, caches and damage made for the purpose."""

from __future__ import annotations

import os
import platform
import struct
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from npdoctor.model.target import Target
from npdoctor.probe.elf import Machine, machine_of
from npdoctor.probe.loader import SYSTEM_CACHE, Loader, read_cache

if TYPE_CHECKING:
    from pathlib import Path

HERE = Machine(64, "little", 62)
glibc_only = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not a glibc system")


def library(path: Path, machine: Machine = HERE) -> str:
    """Write as much of an ELF header as the loader looks at before it takes or leaves a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = machine.byte_order == "little"
    head = b"\x7fELF" + bytes([machine.bits // 32, 1 if order else 2, 1]).ljust(12, b"\0")
    path.write_bytes(head + struct.pack("<HH" if order else ">HH", 3, machine.number))
    return str(path)


def new_cache(entries: list[tuple[str, str]]) -> bytes:
    """Assemble a cache as ldconfig writes it today."""
    strings, rows = b"", b""
    at = 48 + 24 * len(entries)
    for name, path in entries:
        key = at + len(strings)
        strings += name.encode() + b"\0"
        value = at + len(strings)
        strings += path.encode() + b"\0"
        rows += struct.pack("=iIIIQ", 0x0303, key, value, 0, 0)
    head = b"glibc-ld.so.cache1.1" + struct.pack("=IIB3xI12x", len(entries), len(strings), 2, 0)
    return head + rows + strings


def old_cache(entries: list[tuple[str, str]], inner: bytes = b"") -> bytes:
    """Assemble a cache in the format of libc5 days, with a new one behind its rows where given."""
    strings, rows = b"", b""
    for name, path in entries:
        key = len(strings)
        strings += name.encode() + b"\0"
        rows += struct.pack("=iII", 3, key, len(strings))
        strings += path.encode() + b"\0"
    head = b"ld.so-1.7.0\0" + struct.pack("=I", len(entries)) + rows
    return head + bytes(-len(head) % 8) + inner if inner else head + strings


def make(tmp_path: Path, **options: object) -> Loader:
    cache = tmp_path / "cache"
    if not cache.exists():
        cache.write_bytes(new_cache([]))
    settings: dict[str, object] = {"cache": str(cache), "default_dirs": (), "machine": HERE, **options}
    path = str(settings.pop("ld_library_path", ""))
    return Loader(path, **settings)  # type: ignore[arg-type]


def test_searches_in_the_order_of_the_loader(tmp_path: Path) -> None:
    places = {n: tmp_path / n for n in ("rpath", "extra", "path", "runpath", "cached", "default")}
    files = {n: library(p / "libx.so.1") for n, p in places.items()}
    (tmp_path / "cache").write_bytes(new_cache([("libx.so.1", files["cached"])]))
    loader = make(
        tmp_path,
        ld_library_path=f":{places['path']};",
        extra_dirs=[str(places["extra"])],
        default_dirs=[str(places["default"])],
    )

    def find(rpath: str | None, runpath: str | None) -> str | None:
        return make_again().find("libx.so.1", rpath, runpath, "/")

    def make_again() -> Loader:
        loader._listings.clear()
        loader._fitting.clear()
        loader._found.clear()
        return loader

    rpath, runpath = str(places["rpath"]), str(places["runpath"])
    assert find(rpath, None) == files["rpath"]
    assert find(rpath, runpath) == files["path"]
    assert find(None, None) == files["extra"]
    os.unlink(files["extra"])
    assert find(None, None) == files["path"]
    os.unlink(files["path"])
    assert find(rpath, runpath) == files["runpath"]
    assert find(None, None) == files["cached"]
    os.unlink(files["cached"])
    assert find(None, None) == files["default"]
    os.unlink(files["default"])
    assert find(None, None) is None


@pytest.mark.parametrize("spelling", ["$ORIGIN/../p.libs", "${ORIGIN}/../p.libs", "/none:$ORIGIN/../p.libs"])
def test_fills_in_origin(tmp_path: Path, spelling: str) -> None:
    wanted = library(tmp_path / "p.libs" / "liba-1.so")
    loader = make(tmp_path)
    assert loader.find("liba-1.so", None, spelling, str(tmp_path / "p")) == wanted
    assert loader.find("liba-1.so", spelling, None, str(tmp_path / "p")) == wanted
    assert loader.find("liba-1.so", spelling, None, str(tmp_path / "p" / "deep")) is None
    assert loader.find("liba-1.so", "$ORIGINAL/../p.libs", None, str(tmp_path / "p")) is None


def test_fills_in_lib(tmp_path: Path) -> None:
    wanted = library(tmp_path / "lib64" / "liba.so")
    assert make(tmp_path).find("liba.so", f"{tmp_path}/$LIB", None, "/") == wanted


def test_a_name_with_a_slash_is_a_path(tmp_path: Path) -> None:
    wanted = library(tmp_path / "liba.so")
    loader = make(tmp_path)
    assert loader.find(wanted, None, None, "/") == wanted
    assert loader.find("$ORIGIN/liba.so", None, None, str(tmp_path)) == wanted
    assert loader.find(str(tmp_path / "libb.so"), None, None, "/") is None


def test_passes_over_files_for_another_machine(tmp_path: Path) -> None:
    library(tmp_path / "32" / "liba.so", Machine(32, "little", 3))
    library(tmp_path / "arm" / "liba.so", Machine(64, "little", 183))
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "liba.so").write_text("INPUT(libb.so)")
    wanted = library(tmp_path / "ours" / "liba.so")
    search = ":".join(str(tmp_path / name) for name in ("32", "arm", "text", "ours"))
    assert make(tmp_path).find("liba.so", None, search, "/") == wanted
    assert make(tmp_path, machine=None).find("liba.so", None, search, "/") == str(tmp_path / "32" / "liba.so")


def test_looks_into_the_folders_for_better_processors(tmp_path: Path) -> None:
    wanted = library(tmp_path / "d" / "glibc-hwcaps" / "x86-64-v3" / "liba.so")
    assert make(tmp_path).find("liba.so", None, str(tmp_path / "d"), "/") == wanted


@pytest.mark.parametrize("shape", ["new", "old", "old with new"])
def test_reads_each_format_of_the_cache(tmp_path: Path, shape: str) -> None:
    entries = [("liba.so.1", "/x/liba.so.1"), ("liba.so.1", "/y/liba.so.1"), ("libb.so", "/x/libb.so")]
    stale = [("libold.so", "/old/libold.so")]
    content = {
        "new": new_cache(entries),
        "old": old_cache(entries),
        "old with new": old_cache(stale, new_cache(entries)),
    }[shape]
    path = tmp_path / "cache"
    path.write_bytes(content)
    assert read_cache(str(path)) == {
        "liba.so.1": ("/x/liba.so.1", "/y/liba.so.1"),
        "libb.so": ("/x/libb.so",),
    }


def test_the_cache_is_filtered_by_machine(tmp_path: Path) -> None:
    wrong = library(tmp_path / "32" / "liba.so", Machine(32, "little", 3))
    right = library(tmp_path / "64" / "liba.so")
    (tmp_path / "cache").write_bytes(new_cache([("liba.so", wrong), ("liba.so", right)]))
    assert make(tmp_path).find("liba.so", None, None, "/") == right


@pytest.mark.parametrize("content", [None, b"", b"no cache", new_cache([("a", "/a")])[:60]])
def test_without_a_cache_a_search_proves_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "cache"
    if content is not None:
        path.write_bytes(content)
    assert read_cache(str(path)) is None
    wanted = library(tmp_path / "d" / "liba.so")
    loader = Loader("", cache=str(path), default_dirs=(str(tmp_path / "d"),))
    assert not loader.conclusive
    assert loader.find("liba.so", None, None, "/") == wanted


def test_musl_has_no_cache(tmp_path: Path) -> None:
    assert make(tmp_path).conclusive
    assert not make(tmp_path, musl=True).conclusive


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 200),
    value=st.binary(min_size=1, max_size=8),
    old=st.booleans(),
    cut=st.integers(0, 300),
)
def test_a_damaged_cache_is_no_cache_or_a_cache(
    tmp_path: Path, at: int, value: bytes, old: bool, cut: int
) -> None:
    inner = new_cache([("liba.so", "/x/liba.so"), ("libb.so", "/x/libb.so")])
    content = bytearray(old_cache([("libc.so", "/x/libc.so")], inner) if old else inner)
    content[at : at + len(value)] = value
    path = tmp_path / "cache"
    path.write_bytes(content[:cut] if cut % 3 == 0 else content)
    found = read_cache(str(path))
    assert found is None or all(isinstance(name, str) for name in found)


def target(executable: str, prefix: str = "/none") -> Target:
    return Target(
        executable=executable,
        why="",
        version=(3, 11, 7),
        implementation="cpython",
        prefix=prefix,
        base_prefix=prefix,
        platform="linux",
        sys_path=(),
        site_packages=(),
        user_site=None,
        pythonpath=(),
        extension_suffixes=(".so",),
        stdlib_modules=frozenset(),
        libc=("glibc", "2.36"),
        byte_order="little",
        bits=64,
    )


@glibc_only
def test_finds_the_systems_libraries_and_their_versions() -> None:
    loader = Loader.for_target(target(sys.executable), "")
    assert loader.machine == machine_of(sys.executable)
    for name in ("libc.so.6", "libm.so.6"):
        path = loader.find(name, None, None, "/")
        assert path is not None
        assert os.path.exists(path)
    assert "GLIBC_2.17" in loader.offered_versions("libc.so.6")
    assert loader.offered_versions("libnosuch.so.1") == frozenset()
    if os.path.exists(SYSTEM_CACHE):
        assert loader.conclusive
        assert loader.find("libnosuch.so.1", None, None, "/") is None


@glibc_only
def test_finds_libc_without_a_cache() -> None:
    loader = Loader("", cache="/none", machine=machine_of(os.path.realpath(sys.executable)))
    assert loader.find("libc.so.6", None, None, "/") is not None


@glibc_only
def test_a_conda_prefix_comes_first(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    here = machine_of(os.path.realpath(sys.executable))
    assert here is not None
    wanted = library(tmp_path / "lib" / "libstdc++.so.6", here)
    loader = Loader.for_target(target(sys.executable, str(tmp_path)), "/usr/lib")
    assert loader.find("libstdc++.so.6", None, None, "/") == wanted
    assert loader.offered_versions("libstdc++.so.6") == frozenset()


@glibc_only
def test_what_the_interpreter_has_loaded_is_there() -> None:
    loader = Loader.for_target(target(sys.executable), "")
    found = loader.find("libc.so.6", "/none", None, "/")
    assert found == loader.find("libc.so.6", None, None, "/")


def test_an_interpreter_that_is_no_elf_file(tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\n")
    assert Loader.for_target(target(str(script)), "").machine is None
