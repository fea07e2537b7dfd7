"""Read the few parts of an ELF file that diagnosis needs, and trust none of its numbers.

Ranges are read with pread rather than mapped: a file that shrinks under a map, as during an install or on
a network volume, would kill the process with SIGBUS.
"""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from npdoctor.model.binary import VersionNeed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_MAGIC = b"\x7fELF"
_HEAD = 16 * 1024
_CHUNK = 4 * 1024 * 1024
_MAX_DYNAMIC = 64 * 1024
_MAX_STRING = 4096
_MAX_RECORDS = 4096
_MAX_SECTIONS = 64 * 1024

_PT_LOAD, _PT_DYNAMIC = 1, 2
_SHT_NOBITS = 8
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 1, 5, 10, 14, 15, 29
_DT_VERDEF, _DT_VERDEFNUM, _DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
_VERSION_IS_BASE, _VERSION_IS_WEAK = 1, 2

_FOREIGN = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for"),
    (b"MZ", "a Windows file, not ELF"),
    (b"\xcf\xfa\xed\xfe", "a macOS file, not ELF"),
    (b"\xca\xfe\xba\xbe", "a macOS file, not ELF"),
    (b"!<arch>", "a static archive, not a shared library"),
    (b"\0\0\0\0", "begins with zeros where the ELF header belongs"),
)


class ElfError(Exception):
    """Say why a file cannot be read as ELF."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Machine:
    """What a loader compares first: word size, byte order (`little`, `big`) and the processor's number."""

    bits: int
    byte_order: str
    number: int


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the file under the name that its section header gives it."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Elf:
    """What the dynamic loader would read of one file.

    `offered_versions` are the symbol versions it defines, such as GLIBC_2.34 in libc.so.6.
    """

    machine: Machine
    soname: str | None
    needed: tuple[str, ...]
    rpath: str | None
    runpath: str | None
    version_needs: tuple[VersionNeed, ...]
    offered_versions: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Layout:
    """The struct formats of one word size and byte order."""

    header: struct.Struct
    segment: struct.Struct
    section: struct.Struct
    entry: struct.Struct
    need: struct.Struct
    need_item: struct.Struct
    definition: struct.Struct
    definition_item: struct.Struct


def _layout(order: str, bits: int) -> _Layout:
    word, segment = ("Q", "IIQQQQQQ") if bits == 64 else ("I", "IIIIIIII")
    formats = (
        f"HHI{word}{word}{word}IHHHHHH",
        segment,
        f"II{word}{word}{word}{word}II{word}{word}",
        word * 2,
        "HHIII",
        "IHHII",
        "HHHHIII",
        "II",
    )
    return _Layout(*(struct.Struct(order + text) for text in formats))


_LAYOUTS = {(bits, mark): _layout(mark, bits) for bits in (32, 64) for mark in "<>"}


def read_machine(head: bytes) -> Machine | None:
    """Read the machine from the first 20 bytes of a file; None where they are no ELF header."""
    if len(head) < 20 or head[:4] != _MAGIC or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    if head[5] == 1:
        return Machine(32 * head[4], "little", int.from_bytes(head[18:20], "little"))
    return Machine(32 * head[4], "big", int.from_bytes(head[18:20], "big"))


def machine_of(path: str) -> Machine | None:
    """Read which machine a file is for; None where it is not there or not ELF."""
    try:
        descriptor = _open_regular(path)
    except ElfError:
        return None
    try:
        return read_machine(os.read(descriptor, 20))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def read_elf(path: str) -> Elf:
    """Read one file, and close it again."""
    with ElfFile(path) as file:
        return file.elf


class ElfFile:
    """An ELF file held open, so that its sections and strings can be searched; a context manager."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = _open_regular(path)
        try:
            self.size = os.fstat(self._descriptor).st_size
            self._head = b""
            self._head = self.read(0, min(self.size, _HEAD))
            self._start()
            self.elf = self._read_dynamic()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> ElfFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def read(self, offset: int, size: int) -> bytes:
        """Read exactly this range of the file."""
        end = offset + size
        if end <= len(self._head):
            return self._head[offset:end]
        if end > self.size:
            raise ElfError(f"cut short or corrupt: refers to byte {end} of {self.size}")
        try:
            data = os.pread(self._descriptor, size, offset)
        except OSError as error:
            raise ElfError(f"cannot be read: {error.strerror}") from None
        if len(data) != size:
            raise ElfError("changed while it was read")
        return data

    def chunks(self, offset: int, size: int, overlap: int = 256) -> Iterator[bytes]:
        """Yield this range in pieces of bounded size that share `overlap` bytes with the one before."""
        end = min(offset + size, self.size)
        while offset < end:
            stop = min(offset + _CHUNK, end)
            yield self.read(offset, stop - offset)
            if stop == end:
                return
            offset = stop - overlap

    def names(self, text: bytes) -> bool:
        """Tell whether the dynamic string table, which names all symbols for linking, holds this text."""
        if self._strings is not None:
            return text in self._strings
        return any(text in chunk for chunk in self.chunks(self._strings_at, self._strings_size))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """List the sections that have bytes in the file; none where the headers are stripped or unusable."""
        rows = self._section_rows()
        return tuple(
            Section(name, offset, min(size, self.size - offset))
            for name, kind, offset, size in rows
            if kind != _SHT_NOBITS and offset < self.size and size
        )

    def _start(self) -> None:
        machine = read_machine(self._head)
        if machine is None:
            raise ElfError(_why_not_elf(self._head))
        self._machine = machine
        self._layout = _LAYOUTS[machine.bits, "<" if machine.byte_order == "little" else ">"]
        header = self._layout.header.unpack(self.read(16, self._layout.header.size))
        self._section_table, self._section_shape = header[5], header[10:13]
        self._segments: list[tuple[int, int, int]] = []
        self._dynamic: tuple[int, int] | None = None
        size = self._layout.segment.size
        if not header[9]:
            return
        if header[8] != size:
            raise ElfError(f"corrupt: program headers of {header[8]} bytes, where {size} are due")
        self._read_segments(self.read(header[4], size * header[9]))

    def _read_segments(self, table: bytes) -> None:
        wide, longest = self._machine.bits == 64, 0
        for row in self._layout.segment.iter_unpack(table):
            kind, offset, address, length = (
                (row[0], row[2], row[3], row[5]) if wide else (row[0], row[1], row[2], row[4])
            )
            if kind == _PT_LOAD:
                self._segments.append((address, offset, length))
                longest = max(longest, offset + length)
            elif kind == _PT_DYNAMIC:
                self._dynamic = (offset, length)
        if longest > self.size:
            if not self._holds_only_debug_information():
                raise ElfError(f"cut short: has {self.size} bytes of at least {longest}")
            self._dynamic = None
        elif self._dynamic and self.path.endswith(".debug") and self._holds_only_debug_information():
            self._dynamic = None

    def _holds_only_debug_information(self) -> bool:
        return any(name == ".dynamic" and kind == _SHT_NOBITS for name, kind, _, _ in self._section_rows())

    def _section_rows(self) -> list[tuple[str, int, int, int]]:
        """List name, type, offset and size of each section."""
        entry = self._layout.section
        width, count, names_at = self._section_shape
        if not self._section_table or width != entry.size:
            return []
        try:
            first = entry.unpack(self.read(self._section_table, entry.size))
            count = min(count or first[5], _MAX_SECTIONS)
            names_at = first[6] if names_at == 0xFFFF else names_at
            rows = list(entry.iter_unpack(self.read(self._section_table, entry.size * count)))
            if names_at >= len(rows):
                return []
            names = self.read(rows[names_at][4], min(rows[names_at][5], _CHUNK))
        except ElfError:
            return []
        return [(_string(names, row[0]), row[1], row[4], row[5]) for row in rows]

    def _offset(self, address: int, what: str) -> int:
        """Find where in the file the bytes of this address are."""
        for start, offset, length in self._segments:
            if start <= address < start + length:
                return int(offset + address - start)
        raise ElfError(f"corrupt: its {what} lies outside its segments")

    def _read_dynamic(self) -> Elf:
        single: dict[int, int] = {}
        needed: list[int] = []
        if self._dynamic:
            entry = self._layout.entry
            length = min(self._dynamic[1], _MAX_DYNAMIC)
            for tag, value in entry.iter_unpack(self.read(self._dynamic[0], length - length % entry.size)):
                if tag == 0:
                    break
                if tag == _DT_NEEDED:
                    needed.append(value)
                else:
                    single[tag] = value
        self._strings_at = self._offset(single[_DT_STRTAB], "string table") if _DT_STRTAB in single else 0
        self._strings_size = single.get(_DT_STRSZ, 0) if self._strings_at else 0
        small = self._strings_size <= _CHUNK
        self._strings = self.read(self._strings_at, self._strings_size) if small else None

        def text(tag: int) -> str | None:
            return self._text(single[tag]) if tag in single else None

        return Elf(
            self._machine,
            text(_DT_SONAME),
            tuple(map(self._text, needed)),
            text(_DT_RPATH),
            text(_DT_RUNPATH),
            self._read_needs(single),
            self._read_definitions(single),
        )

    def _text(self, at: int) -> str:
        if self._strings is not None:
            return _string(self._strings, at)
        return _string(self.read(self._strings_at + at, min(_MAX_STRING, max(self._strings_size - at, 0))), 0)

    def _chain(self, at: int, count: int, form: struct.Struct) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Follow records whose last field is the distance to the next one."""
        for _ in range(min(count, _MAX_RECORDS)):
            record = form.unpack(self.read(at, form.size))
            yield at, record
            if not record[-1]:
                return
            at += record[-1]

    def _read_needs(self, single: dict[int, int]) -> tuple[VersionNeed, ...]:
        if _DT_VERNEED not in single:
            return ()
        found: dict[VersionNeed, None] = {}
        layout, budget = self._layout, _MAX_RECORDS
        at = self._offset(single[_DT_VERNEED], "table of needed versions")
        for place, need in self._chain(at, single.get(_DT_VERNEEDNUM, 0), layout.need):
            library = self._text(need[2])
            for _, item in self._chain(place + need[3], min(need[1], budget), layout.need_item):
                budget -= 1
                if not item[1] & _VERSION_IS_WEAK:
                    found[VersionNeed(library, self._text(item[3]))] = None
        return tuple(found)

    def _read_definitions(self, single: dict[int, int]) -> frozenset[str]:
        if _DT_VERDEF not in single:
            return frozenset()
        found = set()
        at = self._offset(single[_DT_VERDEF], "table of offered versions")
        for place, definition in self._chain(at, single.get(_DT_VERDEFNUM, 0), self._layout.definition):
            if definition[3] and not definition[1] & _VERSION_IS_BASE:
                item = self._layout.definition_item
                found.add(self._text(item.unpack(self.read(place + definition[5], item.size))[0]))
        return frozenset(found)


def _open_regular(path: str) -> int:
    """Open a regular file, without waiting on a pipe that has its name."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise ElfError(f"cannot be opened: {getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ElfError("not a regular file")
    return descriptor


def _why_not_elf(head: bytes) -> str:
    if not head:
        return "empty file"
    for magic, reason in _FOREIGN:
        if head.startswith(magic):
            return reason
    if head.startswith(_MAGIC):
        return "cut short or corrupt: its ELF header is no use"
    text = head[:200].decode("ascii", "replace")
    if "GROUP" in text or "INPUT" in text:
        return "a linker script, not a shared library"
    return "not an ELF file"


def _string(table: bytes, at: int) -> str:
    end = table.find(b"\0", at, at + _MAX_STRING)
    if end < 0:
        raise ElfError("corrupt: a name lies outside its string table")
    return table[at:end].decode("utf-8", "backslashreplace")
