"""Assemble ELF files with GPU code in them, byte by byte, as the CUDA compiler lays it out."""

from __future__ import annotations

import struct
from collections.abc import Mapping

MAGIC = 0xBA55ED50
PTX, CUBIN = 1, 2
A, F = 0x100000, 0x200000


def entry(
    kind: int, architecture: int, flags: int = 0x11, code: bytes = b"c" * 24, header: int = 64
) -> bytes:
    """Return one image: a header and its code."""
    head = struct.pack("<HHIQ12xI8xQ", kind, 257, header, len(code), architecture, flags)
    return head.ljust(header, b"\1") + code


def container(*entries: bytes) -> bytes:
    """Return one container of images."""
    inside = b"".join(entries)
    return struct.pack("<IHHQ", MAGIC, 1, 16, len(inside)) + inside


def elf(sections: Mapping[str, bytes]) -> bytes:
    """Return an ELF file for x86-64 with these sections and no segments."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in (*sections, ".shstrtab"))
    body, rows = b"", [bytes(64)]
    for name, content in {**sections, ".shstrtab": names}.items():
        name_at = names.index(b"\0" + name.encode() + b"\0") + 1
        rows.append(struct.pack("<IIQQQQIIQQ", name_at, 1, 0, 0, 64 + len(body), len(content), 0, 0, 1, 0))
        body += content
    shape = (64, 56, 0, 64, len(rows), len(rows) - 1)
    header = struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, 64 + len(body), 0, *shape)
    return b"\x7fELF" + bytes([2, 1, 1]).ljust(12, b"\0") + header + body + b"".join(rows)
