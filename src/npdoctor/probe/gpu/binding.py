"""NVML behind one guard: every call gives its answer or the reason why there is none.

Runs in the child: of npdoctor it imports the model alone.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from npdoctor.model.gpu import FailureKind, Maybe, NvmlFailure, Reason, Unavailable

LIBRARY = "libnvidia-ml.so.1"
_RTLD_DI_LINKMAP = 2
_T = TypeVar("_T")

# Numbers of nvmlReturn_t in nvml.h.
_REASONS = {
    3: Reason.NOT_SUPPORTED,
    4: Reason.NO_PERMISSION,
    13: Reason.NOT_OFFERED,
    15: Reason.LOST,
    16: Reason.NEEDS_RESET,
    25: Reason.NOT_OFFERED,
    26: Reason.NOT_OFFERED,
}
_FAILURES = {
    4: (FailureKind.NO_PERMISSION, "NVML may not be used by this user"),
    9: (FailureKind.DRIVER_NOT_LOADED, "NVML is there, but the driver is not loaded"),
    13: (
        FailureKind.FOREIGN_LIBRARY,
        f"{LIBRARY} has no NVML in it: a stub, or another library of that name",
    ),
    18: (FailureKind.MISMATCH, f"{LIBRARY} is of another version than the driver in the kernel"),
    999: (FailureKind.UNKNOWN, "NVML could not start: unknown error"),
}
_OLDER_MAY_KNOW = (Reason.NOT_OFFERED, Reason.NOT_SUPPORTED)


class NvmlUnreachable(Exception):
    """Carry the failure that ends the reading."""

    def __init__(self, failure: NvmlFailure) -> None:
        super().__init__(failure.words)
        self.failure = failure


class Nvml:
    """The binding with a library loaded into it; `library` is the real path of that."""

    def __init__(self, binding: Any, library: str | None) -> None:
        self.binding = binding
        self.library = library

    def start(self) -> None:
        """Initialise NVML, or raise NvmlUnreachable."""
        try:
            self.binding.nvmlInit()
        except Exception as problem:
            code = getattr(problem, "value", None)
            kind, words = _FAILURES.get(
                code or 0, (FailureKind.UNKNOWN, f"NVML could not start: {_said(problem)}")
            )
            raise NvmlUnreachable(NvmlFailure(kind, words, code, self.library)) from problem

    def ask(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Return what a function of the binding answers, or Unavailable; never raise."""
        for argument in arguments:
            if isinstance(argument, Unavailable):
                return argument
        try:
            return getattr(self.binding, name)(*arguments, **options)
        except Exception as problem:
            return self._unavailable(problem)

    def first(self, *attempts: Callable[[], Any]) -> Any:
        """Return the first answer; an older function is tried only where the newer one knows nothing."""
        found: list[Any] = []
        for attempt in attempts:
            found.append(attempt())
            if not isinstance(found[-1], Unavailable) or found[-1].reason not in _OLDER_MAY_KNOW:
                return found[-1]
        return next((answer for answer in found if answer.reason is Reason.NOT_SUPPORTED), found[-1])

    def reason_of(self, code: int) -> Unavailable | None:
        """Return why there is no value, from a return code of NVML; None for success."""
        if code in _REASONS:
            return Unavailable(_REASONS[code])
        return Unavailable(Reason.FAILED, f"NVML error {code}") if code else None

    def _unavailable(self, problem: Exception) -> Unavailable:
        """Give the reason for an exception: the binding also raises others than NVMLError."""
        if isinstance(problem, UnicodeDecodeError):
            return Unavailable(Reason.UNREADABLE, "not text")
        mismatch = getattr(self.binding, "NVMLLibraryMismatchError", None)
        if isinstance(problem, AttributeError) or (mismatch and isinstance(problem, mismatch)):
            return Unavailable(Reason.NOT_OFFERED)
        reason = _REASONS.get(getattr(problem, "value", None) or 0)
        return Unavailable(reason) if reason else Unavailable(Reason.FAILED, _said(problem))


def converted(answer: Any, convert: Callable[[Any], _T]) -> Maybe[_T]:
    """Convert an answer, unless there is none; one of another shape than expected is unreadable."""
    if isinstance(answer, Unavailable):
        return answer
    try:
        return convert(answer)
    except (AttributeError, IndexError, TypeError, ValueError) as problem:
        return Unavailable(Reason.UNREADABLE, f"{type(problem).__name__}: {problem}"[:200])


def text_of(answer: Any) -> Maybe[str]:
    """Return text: some functions of the binding give bytes."""
    return converted(answer, lambda value: value.decode() if isinstance(value, bytes) else str(value))


def load(binding_file: str) -> Nvml:
    """Load libnvidia-ml.so.1 as any program would and bind it, or raise NvmlUnreachable.

    The binding's own loading takes every failure of the loader for a missing file.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as problem:
        raise NvmlUnreachable(_not_loaded(str(problem))) from problem
    try:
        binding = _import(binding_file)
        binding.nvmlLib = library
    except Exception as problem:
        words = f"nvidia-ml-py cannot be imported: {_said(problem)}"
        raise NvmlUnreachable(NvmlFailure(FailureKind.NOT_ASKED, words)) from problem
    return Nvml(binding, _path_of(library))


def _not_loaded(said: str) -> NvmlFailure:
    """Sort the loader's words (of glibc or musl) into: not there, not permitted, damaged."""
    own = said.startswith(f"{LIBRARY}: cannot open") or f"shared library {LIBRARY}: " in said
    if own and "No such file" in said:
        return NvmlFailure(FailureKind.NO_LIBRARY, f"the loader finds no {LIBRARY}")
    kind = FailureKind.NO_PERMISSION if "Permission denied" in said else FailureKind.DAMAGED_LIBRARY
    return NvmlFailure(kind, f"{LIBRARY} cannot be loaded: {said[:300]}")


def _import(file: str) -> Any:
    """Import the binding from its file, so that a package of the same name beside it does not win."""
    if not os.path.isfile(file):
        return importlib.import_module("pynvml")
    spec = importlib.util.spec_from_file_location("pynvml", file)
    if spec is None or spec.loader is None:
        raise ImportError(file)
    module = importlib.util.module_from_spec(spec)
    sys.modules["pynvml"] = module
    spec.loader.exec_module(module)
    return module


def _path_of(library: ctypes.CDLL) -> str | None:
    """Return the real path of a loaded library, from the loader's own list."""

    class LinkMap(ctypes.Structure):
        _fields_ = (("l_addr", ctypes.c_void_p), ("l_name", ctypes.c_char_p))

    entry = ctypes.POINTER(LinkMap)()
    for home in (None, "libdl.so.2"):
        try:
            dlinfo = ctypes.CDLL(home).dlinfo
        except (AttributeError, OSError):
            continue
        handle = ctypes.c_void_p(library._handle)
        if dlinfo(handle, _RTLD_DI_LINKMAP, ctypes.byref(entry)) == 0 and entry.contents.l_name:
            return os.path.realpath(os.fsdecode(entry.contents.l_name))
    return None


def _said(problem: Exception) -> str:
    """Return an exception in words; asking NVML for the text of a number may fail in turn."""
    code = getattr(problem, "value", None)
    try:
        text = str(problem)
    except Exception:
        text = type(problem).__name__
    named = not isinstance(code, int) or str(code) in text
    return text[:300] if named else f"NVML error {code}: {text}"
