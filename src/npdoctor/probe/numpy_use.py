"""Tell from the strings of an open binary which NumPy C API it was built for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from npdoctor.model.binary import NumpyAbi, NumpyApi, NumpyUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from npdoctor.probe.elf import ElfFile

_TEXT_LIMIT = 100

# The texts by which a file is judged, under the names that the rules below use.
_NEEDLES = {
    "core": b"numpy.core.multiarray",
    "umath": b"numpy.core._multiarray_umath",
    "core2": b"numpy._core",
    "umath2": b"numpy._core._multiarray_umath",
    "array_api": b"_ARRAY_API",
    "ufunc_api": b"_UFUNC_API",
    "header1": b"module compiled against API version 0x%x",
    "header": b"module compiled against ABI version 0x%x",
    "header2": b"module was compiled against NumPy C-API version 0x%x",
    "cython": b"numpy.core.multiarray failed to import",
    "cython_umath": b"numpy.core.umath failed to import",
    "cython2": b"numpy._core.multiarray failed to import",
    "cython_umath2": b"numpy._core.umath failed to import",
    "pybind11": b"pybind11 numpy support requires",
    "pybind11_any": b"__pybind11_internals_v",
    "rust": b"Failed to access NumPy array API capsule",
    "rust_any": b"rust-numpy",
}
_MINIMUM = re.compile(rb"module was compiled against NumPy C-API version 0x%x \(NumPy (\d+)\.(\d+)\)")
_RUST_VERSION = re.compile(rb"/(numpy-0\.\d+\.\d+)/src/")


def read_numpy_use(file: ElfFile) -> NumpyUse | None:
    """Read a binary's tie to the NumPy C API; None where it has none, or is NumPy's own core."""
    if not may_use_python(file) or file.names(b"PyInit__multiarray_umath\0"):
        return None
    if not any(b"numpy.core" in chunk or b"numpy._core" in chunk for chunk in _constants(file)):
        return None
    return judge_texts(_constants(file))


def may_use_python(file: ElfFile) -> bool:
    """Tell whether a binary defines or wants a symbol of Python's C API."""
    return file.names(b"\0Py") or file.names(b"\0_Py")


def judge_texts(chunks: Iterable[bytes]) -> NumpyUse | None:
    """Judge the constants of one binary."""
    texts = Texts()
    for chunk in chunks:
        texts.take(chunk)
    return texts.use


class Texts:
    """What the bytes of one binary have said so far; pieces must overlap by 256 bytes."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self._minimum: tuple[int, int] | None = None

    def take(self, chunk: bytes) -> None:
        """Search one more piece."""
        found = self._found
        for name, needle in _NEEDLES.items():
            at = -1 if name in found else chunk.find(needle)
            if at >= 0:
                found[name] = _printable(chunk, at, needle)
        if "header2" in found:
            for major, minor in _MINIMUM.findall(chunk):
                self._minimum = max(self._minimum or (0, 0), (int(major), int(minor)))
        if "rust" in found and "rust_version" not in found and (version := _RUST_VERSION.search(chunk)):
            found["rust_version"] = version[1].decode("ascii")

    @property
    def settled(self) -> bool:
        """Tell whether the binary is proven to serve NumPy 2 and has stated its minimum.

        Only `import_array` can be settled: no text that follows makes another way in out of it.
        """
        api = _api(self._found)
        return api is NumpyApi.IMPORT_ARRAY and bool(self._minimum) and _serves_numpy2(self._found, api)

    @property
    def use(self) -> NumpyUse | None:
        """Return the verdict on what was searched."""
        texts, minimum = self._found, self._minimum
        api = _api(texts)
        if api is None:
            return None
        abi = NumpyAbi.NUMPY1
        if _serves_numpy2(texts, api):
            abi = NumpyAbi.NUMPY2 if minimum and minimum >= (2, 0) else NumpyAbi.BOTH
        needed = f"{minimum[0]}.{minimum[1]}" if minimum else None
        return NumpyUse(abi, api, needed, _evidence(texts, api, abi, needed))


def _api(texts: dict[str, str]) -> NumpyApi | None:
    """Tell how the binary reaches the C API; None for a mere mention of NumPy's core."""
    found = texts.keys()
    takes_api = not found.isdisjoint({"array_api", "ufunc_api"})
    if takes_api and found & {"umath", "umath2", "header1", "header", "header2"}:
        return NumpyApi.IMPORT_ARRAY
    if takes_api and found & {"core", "core2"}:
        if found & {"rust", "rust_any"}:
            return NumpyApi.RUST
        if found & {"pybind11", "pybind11_any"}:
            return NumpyApi.PYBIND11
    if found & {"cython", "cython_umath", "cython2", "cython_umath2"}:
        return NumpyApi.CYTHON
    return None


def _serves_numpy2(texts: dict[str, str], api: NumpyApi) -> bool:
    if api is NumpyApi.IMPORT_ARRAY:
        return "umath2" in texts or "header2" in texts
    if api is NumpyApi.CYTHON:
        return "cython2" in texts or "cython_umath2" in texts
    return "core2" in texts


_EVIDENCE = {
    NumpyApi.IMPORT_ARRAY: ("umath2", "umath", "core", "header1", "header"),
    NumpyApi.CYTHON: ("cython2", "cython_umath2", "cython", "cython_umath"),
    NumpyApi.PYBIND11: ("pybind11", "pybind11_any", "core2", "core"),
    NumpyApi.RUST: ("rust", "rust_any", "rust_version", "core2", "core"),
}


def _evidence(texts: dict[str, str], api: NumpyApi, abi: NumpyAbi, minimum: str | None) -> tuple[str, ...]:
    """Pick the texts that decided: for NumPy 1 the old names, else the new ones."""
    old = {"umath", "core", "header1", "header", "cython", "cython_umath"}
    shown = [
        texts[name]
        for name in _EVIDENCE[api]
        if name in texts and (abi is NumpyAbi.NUMPY1 or name not in old)
    ]
    if minimum:
        shown.append(f"module was compiled against NumPy C-API version 0x%x (NumPy {minimum})")
    return tuple(dict.fromkeys(shown))


def _printable(chunk: bytes, at: int, needle: bytes) -> str:
    """Show the needle, and what of its line follows where that is a text of C."""
    if b" " not in needle or b"0x%x" not in needle:
        return needle.decode("ascii")
    end = chunk.find(b"\0", at, at + _TEXT_LIMIT)
    line = chunk[at : end if end >= 0 else at + _TEXT_LIMIT]
    return line.decode("ascii", "replace").split("\n")[0].rstrip()


def _constants(file: ElfFile) -> Iterator[bytes]:
    """Yield the read-only constants, or the whole file where no section headers are left."""
    sections = [(s.offset, s.size) for s in file.sections if s.name.startswith((".rodata", ".lrodata"))]
    done = 0
    for offset, size in sorted(sections or [(0, file.size)]):
        start = max(offset, done)
        done = max(done, offset + size)
        yield from file.chunks(start, done - start)
