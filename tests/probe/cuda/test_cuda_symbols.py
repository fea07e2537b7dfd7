"""The reader of symbols against compiled libraries and nm."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cuda_elf import elf

from npdoctor.probe.cuda.symbols import needed_symbols, offered_symbols
from npdoctor.probe.elf import ElfError, ElfFile

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")

SOURCE = """
extern int wanted(void);
extern int perhaps(void) __attribute__((weak));
static int own(void) { return 1; }
int offered(void) { return wanted() + (perhaps ? perhaps() : own()); }
__attribute__((weak)) int offered_weakly(void) { return 2; }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("symbols")
    (folder / "x.c").write_text(SOURCE)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "x.so", folder / "x.c"], check=True)
    return folder / "x.so"


def test_needed_and_offered(library: Path) -> None:
    with ElfFile(str(library)) as file:
        needed = needed_symbols(file)
        asked = frozenset({b"offered", b"offered_weakly", b"wanted", b"own", b"perhaps", b"other"})
        assert offered_symbols(file, asked) == {b"offered", b"offered_weakly"}
        assert offered_symbols(file, frozenset()) == frozenset()
    assert b"wanted" in needed
    assert not needed & {b"offered", b"perhaps", b"own", b""}


@pytest.mark.skipif(shutil.which("nm") is None, reason="nm is not installed")
def test_agrees_with_nm_on_this_python(library: Path) -> None:
    paths = [str(library), sys.executable]
    for path in paths:
        shown = subprocess.run(["nm", "-D", path], capture_output=True, text=True, check=True).stdout
        rows = [line.split()[-2:] for line in shown.splitlines()]
        named = [(kind, name.partition("@")[0].encode()) for kind, name in rows]
        with ElfFile(path) as file:
            assert needed_symbols(file) == {name for kind, name in named if kind == "U"}
            defined = frozenset(name for kind, name in named if kind in "TDBRVWi")
            assert offered_symbols(file, defined) == defined


def test_what_has_no_symbol_table_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bare.so"
    path.write_bytes(elf({".text": b"x"}))
    with ElfFile(str(path)) as file, pytest.raises(ElfError, match=r"no section \.dynsym"):
        needed_symbols(file)


def test_names_that_lie_outside_the_strings(tmp_path: Path) -> None:
    path = tmp_path / "odd.so"
    row = b"\xff\xff\xff\x7f" + b"\x10" + bytes(19)
    path.write_bytes(elf({".dynsym": bytes(24) + row + b"torn", ".dynstr": b"\0name\0"}))
    with ElfFile(str(path)) as file:
        assert needed_symbols(file) == {b""}
