"""Read from an open binary for which GPU architectures it has code."""

from __future__ import annotations

import re
import struct
from collections import Counter
from typing import TYPE_CHECKING

from npdoctor.model.cuda import CodeKind, ContainerGroup, GpuCode, GpuImage, ImageCount
from npdoctor.probe.elf import ElfError

if TYPE_CHECKING:
    from npdoctor.probe.elf import ElfFile

# The containers that the CUDA runtime registers. `__nv_relfatbin` holds inputs of device linking, which
# no GPU ever loads: to count them invents architectures.
_SECTION = ".nv_fatbin"
_CUDA_LIBRARY = re.compile(r"lib(cuda|cudart|torch_cuda|c10_cuda)\.so")
_MAGIC = 0xBA55ED50
# Magic, version, size of this header, size of the entries.
_CONTAINER = struct.Struct("<IHHQ")
# Kind, version, size of this header, size of the code, ..., architecture at 28, ..., flags at 40.
_ENTRY = struct.Struct("<HHIQ12xI8xQ")
_KINDS = {1: CodeKind.PTX, 2: CodeKind.CUBIN}
_FOR_ARCHITECTURE, _FOR_FAMILY = 0x100000, 0x200000
_ALIGNMENT = 8
_MAX_PADDING = 4096
_MAX_HEADERS = 200_000
_MAX_GROUPS = 1000


class _Corrupt(Exception):
    """Say why the rest of the section cannot be followed."""


def read_gpu_code(file: ElfFile) -> GpuCode | None:
    """Read the architectures of a binary's GPU code from its headers; None where it has no such section.

    A file that uses CUDA and has lost its section headers gives a result that is incomplete.
    """
    sections = [section for section in file.sections if section.name == _SECTION]
    if not sections:
        hidden = not file.sections and any(map(_CUDA_LIBRARY.match, file.elf.needed))
        return GpuCode((), (), incomplete="it has no section headers") if hidden else None
    reader = _Reader(file)
    reason = None
    try:
        for section in sections:
            reader.read(section.offset, section.offset + section.size)
    except (_Corrupt, ElfError) as error:
        reason = str(error)
    return reader.result(reason)


class _Reader:
    """The tally of one file."""

    def __init__(self, file: ElfFile) -> None:
        self._file = file
        self._left = _MAX_HEADERS
        self._groups: Counter[tuple[GpuImage, ...]] = Counter()
        self._images: Counter[GpuImage] = Counter()
        self._known: dict[tuple[int, int, int], GpuImage] = {}
        self._unnamed = 0

    def read(self, at: int, end: int) -> None:
        """Follow the containers of one section, from header to header."""
        while True:
            at = self._past_padding(at, end)
            if at == end:
                return
            self._spend()
            if end - at < _CONTAINER.size:
                raise _Corrupt("the section ends within a container's header")
            magic, _, header, size = _CONTAINER.unpack(self._file.read(at, _CONTAINER.size))
            if magic != _MAGIC:
                raise _Corrupt(f"no container where one is due, at byte {at}")
            if header < _CONTAINER.size or header + size > end - at:
                raise _Corrupt(f"the container at byte {at} does not fit into its section")
            self._container(at + header, at + header + size)
            at += header + size

    def result(self, reason: str | None) -> GpuCode:
        """Return what was read."""
        within = {
            image: sum(count for images, count in self._groups.items() if image in images)
            for image in self._images
        }
        return GpuCode(
            groups=tuple(ContainerGroup(images, count) for images, count in sorted(self._groups.items())),
            counts=tuple(ImageCount(image, n, within[image]) for image, n in sorted(self._images.items())),
            unnamed=self._unnamed,
            incomplete=reason,
        )

    def _past_padding(self, at: int, end: int) -> int:
        """Skip the zeros by which a linker aligns what comes next."""
        if any(self._file.read(at, min(_ALIGNMENT, end - at))):
            return at
        block = self._file.read(at, min(_MAX_PADDING, end - at))
        skipped = len(block) - len(block.lstrip(b"\0"))
        return end if at + skipped == end else at + skipped - skipped % _ALIGNMENT

    def _spend(self) -> None:
        """Count a header against the limit, so that no section of tiny ones takes for ever."""
        if not self._left:
            raise _Corrupt(f"more than {_MAX_HEADERS} headers")
        self._left -= 1

    def _container(self, at: int, end: int) -> None:
        """Read one container's entries; what a damaged one holds is not counted."""
        images: list[GpuImage] = []
        unnamed = 0
        while end - at >= _ENTRY.size:
            self._spend()
            kind, _, header, size, architecture, flags = _ENTRY.unpack(self._file.read(at, _ENTRY.size))
            if header < _ENTRY.size or header + size > end - at:
                raise _Corrupt(f"the entry at byte {at} does not fit into its container")
            if kind in _KINDS:
                images.append(self._image(kind, architecture, flags))
            else:
                unnamed += 1
            at += header + size
        if at != end and any(self._file.read(at, end - at)):
            raise _Corrupt(f"the container that ends at byte {end} holds a part of an entry")
        held = tuple(sorted(set(images)))
        if held not in self._groups and len(self._groups) == _MAX_GROUPS:
            raise _Corrupt(f"more than {_MAX_GROUPS} different sets of architectures")
        self._groups[held] += 1
        self._images.update(images)
        self._unnamed += unnamed

    def _image(self, kind: int, architecture: int, flags: int) -> GpuImage:
        key = kind, architecture, flags & (_FOR_ARCHITECTURE | _FOR_FAMILY)
        if key not in self._known:
            if not 10 <= architecture < 1000:
                raise _Corrupt(f"an architecture of number {architecture}")
            major, minor = divmod(architecture, 10)
            variant = "a" if flags & _FOR_ARCHITECTURE else "f" if flags & _FOR_FAMILY else ""
            self._known[key] = GpuImage(_KINDS[kind], (major, minor), variant)
        return self._known[key]
