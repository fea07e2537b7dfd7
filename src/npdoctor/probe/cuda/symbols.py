"""Read which symbols a binary needs of others, and which of a given set it offers."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from npdoctor.probe.elf import ElfError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from npdoctor.probe.elf import ElfFile, Section

# One row of .dynsym: where the name is, binding and type, and the section it is in (0: needed of others).
_ROWS = {
    (64, "little"): struct.Struct("<IBxH16x"),
    (64, "big"): struct.Struct(">IBxH16x"),
    (32, "little"): struct.Struct("<I8xBxH"),
    (32, "big"): struct.Struct(">I8xBxH"),
}
_MAX_TABLE = 64 * 1024 * 1024
_MAX_STRINGS = 512 * 1024 * 1024
_MAX_NAME = 16 * 1024
_GLOBAL = 1


def needed_symbols(file: ElfFile) -> frozenset[bytes]:
    """List the symbols that the loader must find elsewhere; weak ones, which it may not find, are left out.

    Raises ElfError where the file has no symbol table that can be read.
    """
    rows, strings = _tables(file)
    wanted = (at for at, binding, place in rows if place == 0 and binding >> 4 == _GLOBAL and at)
    return frozenset(_name(strings, at) for at in wanted)


def offered_symbols(file: ElfFile, wanted: frozenset[bytes]) -> frozenset[bytes]:
    """List those of the wanted symbols that this file defines. Raises ElfError as above."""
    if not wanted:
        return frozenset()
    rows, strings = _tables(file)
    return frozenset(wanted.intersection(_name(strings, at) for at, _, place in rows if place))


def _tables(file: ElfFile) -> tuple[Iterator[tuple[int, int, int]], bytes]:
    """Return the rows of the dynamic symbol table, and the strings that they name."""
    machine = file.elf.machine
    row = _ROWS[machine.bits, machine.byte_order]
    table = _section(file, ".dynsym", _MAX_TABLE)
    strings = _section(file, ".dynstr", _MAX_STRINGS)
    whole = file.read(table.offset, table.size - table.size % row.size)
    return row.iter_unpack(whole), file.read(strings.offset, strings.size)


def _section(file: ElfFile, name: str, limit: int) -> Section:
    found = next((section for section in file.sections if section.name == name), None)
    if found is None:
        raise ElfError(f"has no section {name}: its symbols cannot be listed")
    if found.size > limit:
        raise ElfError(f"its section {name} is too large: {found.size} bytes")
    return found


def _name(strings: bytes, at: int) -> bytes:
    end = strings.find(b"\0", at, at + _MAX_NAME)
    return strings[at:end] if end >= 0 else b""
