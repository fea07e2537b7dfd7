"""Judge one compiled file inside a wheel while it is being inflated, and no longer than needed."""

from __future__ import annotations

import lzma
import re
import tempfile
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

from npdoctor.probe.elf import ElfError, ElfFile, read_machine
from npdoctor.probe.index.reading import Member, UnreadMember
from npdoctor.probe.numpy_use import Texts, read_numpy_use

if TYPE_CHECKING:
    from npdoctor.model.binary import NumpyUse

# What zipfile lets through on a damaged, encrypted or exotic archive.
BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_PIECE = 256 << 10
_OVERLAP = 256
_MOST_INFLATED = 1 << 30
_MOST_RATIO, _RATIO_MATTERS = 100, 16 << 20
_MODULE = re.compile(r"\.(cpython-\d+[a-z]*[-\w]*|abi3t?|pypy\d+-pp\d+[-\w]*)\.so$")
_NUMPY_CORE = "_multiarray_umath."


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member | UnreadMember:
    """Read a member's tie to NumPy, with the answer that the installed file would give.

    What is read is the same as on disk, unless the text that comes first settles it: then no more is
    inflated. An error of the connection passes through.
    """
    reason = _too_much(info)
    if reason:
        return UnreadMember(info.filename, reason)
    try:
        return Member(info.filename, info.file_size, _read_use(archive, info))
    except ElfError as error:
        return UnreadMember(info.filename, error.reason)
    except BROKEN_ARCHIVE as error:
        return UnreadMember(info.filename, f"cannot be inflated: {type(error).__name__}")


def _too_much(info: zipfile.ZipInfo) -> str:
    if info.file_size > _MOST_INFLATED:
        return f"too large to be read: {info.file_size >> 20} MiB"
    if info.file_size > max(_RATIO_MATTERS, info.compress_size * _MOST_RATIO):
        return f"{info.compress_size} bytes claim to inflate to {info.file_size >> 20} MiB"
    return ""


def _read_use(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NumpyUse | None:
    name = info.filename.rpartition("/")[2]
    is_module = bool(_MODULE.search(name)) and not name.startswith(_NUMPY_CORE)
    with archive.open(info) as inflated, tempfile.NamedTemporaryFile(prefix="npdoctor-") as kept:
        if is_module:
            use = _read_until_settled(inflated, kept)
            if use is not None:
                return use
        else:
            while piece := inflated.read(_PIECE):
                kept.write(piece)
        kept.flush()
        with ElfFile(kept.name) as file:
            return read_numpy_use(file)


def _read_until_settled(inflated: IO[bytes], kept: IO[bytes]) -> NumpyUse | None:
    """Copy a module, and return its verdict as soon as no more text can change it; None at the end."""
    texts, before = Texts(), b""
    while piece := inflated.read(_PIECE):
        if not before and read_machine(piece) is None:
            raise ElfError("not an ELF file")
        kept.write(piece)
        texts.take(before + piece)
        if texts.settled:
            return texts.use
        before = piece[-_OVERLAP:]
    return None
