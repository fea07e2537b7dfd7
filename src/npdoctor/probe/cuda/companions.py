"""Hold the extensions that were built against torch against the torch that is installed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from npdoctor.model.cuda import Companion, MissingSymbols
from npdoctor.model.requirement import applying
from npdoctor.probe.cuda.symbols import needed_symbols, offered_symbols
from npdoctor.probe.elf import ElfError, ElfFile

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from npdoctor.model.binary import Binary
    from npdoctor.model.distribution import Distribution
    from npdoctor.model.target import Target

# Those that follow torch's releases and may have no extension of their own that says so.
_KNOWN = frozenset(
    {
        "torchvision",
        "torchaudio",
        "torchtext",
        "torchdata",
        "torchcodec",
        "torchao",
        "xformers",
        "flash-attn",
        "bitsandbytes",
        "triton",
        "vllm",
        "deepspeed",
        "flashinfer-python",
    }
)
_TORCH_LIBRARY = re.compile(r"lib(c10|torch)(_\w+)?\.so")
_SHIPPED = re.compile(r"torch/lib/lib(c10|torch|caffe2|shm)\w*\.so")
_ALWAYS_THERE = {"torch/lib/libc10.so", "torch/lib/libtorch_cpu.so", "torch/lib/libtorch_python.so"}
# Names below torch's namespaces (with tables of virtual functions and types), and torch's C interface.
_OF_TORCH = re.compile(
    rb"_Z(?:T[VTIS]|GV)?N[KVrRO]*(?:2at|3c10|5torch|6caffe2)|torch_|aoti_torch_|THP[A-Z]", re.ASCII
)
_EXAMPLES = 5


def read_companions(
    distributions: Sequence[Distribution], binaries: Sequence[Binary], target: Target
) -> tuple[Companion, ...]:
    """Judge each companion by its metadata and by its symbols; torch's own are read only if one needs them.

    A symbol may be offered by any library of torch or of a companion. What cannot be read is told as such.
    """
    torch = next((d for d in distributions if d.name == "torch"), None)
    if torch is None:
        return ()
    extensions: dict[str, list[Binary]] = {}
    for binary in binaries:
        if binary.distribution != "torch" and any(map(_TORCH_LIBRARY.fullmatch, binary.needed)):
            extensions.setdefault(binary.distribution, []).append(binary)
    judged = _judge(
        [binary for own in extensions.values() for binary in own],
        [b for b in binaries if _is_torch_library(b)] + [b for b in binaries if b.distribution in extensions],
        _unreadable(torch, binaries),
    )
    found = []
    for distribution in distributions:
        own = extensions.get(distribution.name, [])
        if distribution.name == "torch" or not (own or distribution.name in _KNOWN):
            continue
        accepts, accepted = _requirement(distribution, torch, target)
        missing = tuple(judged[b.path] for b in own if b.path in judged)
        found.append(Companion(distribution.name, distribution.version, accepts, accepted, len(own), missing))
    return tuple(found)


def _requirement(
    distribution: Distribution, torch: Distribution, target: Target
) -> tuple[str | None, bool | None]:
    """Return what a distribution asks of torch, and whether the installed one meets it."""
    asked = (applying(text, target) for text in distribution.requires if "torch" in text)
    for requirement in asked:
        if requirement and canonicalize_name(requirement.name) == "torch":
            met = requirement.specifier.contains(torch.version, prereleases=True)
            return str(requirement.specifier), met
    return None, None


def _is_torch_library(binary: Binary) -> bool:
    return binary.distribution == "torch" and _SHIPPED.fullmatch(binary.relative) is not None


def _unreadable(torch: Distribution, binaries: Sequence[Binary]) -> str | None:
    """Say which library torch should have and has not, when no missing symbol can be proven."""
    recorded = {file.path for file in torch.files or () if _SHIPPED.fullmatch(file.path)}
    absent = (_ALWAYS_THERE | recorded) - {b.relative for b in binaries if _is_torch_library(b)}
    return f"torch has no {min(absent)} that could be read" if absent else None


def _judge(
    extensions: Sequence[Binary], offering: Sequence[Binary], reason: str | None
) -> dict[str, MissingSymbols]:
    """Return, by path, the files that miss symbols, or that `reason` or their own state leaves unjudged."""
    found: dict[str, MissingSymbols] = {}
    needed: dict[str, frozenset[bytes]] = {}
    for binary in extensions:
        try:
            with ElfFile(binary.path) as file:
                needed[binary.path] = frozenset(filter(_OF_TORCH.match, needed_symbols(file)))
        except ElfError as error:
            found[binary.path] = MissingSymbols(binary.relative, (), 0, unread=error.reason)
    left: frozenset[bytes] = frozenset().union(*needed.values())
    for binary in offering if left else ():
        try:
            with ElfFile(binary.path) as file:
                left -= offered_symbols(file, left)
        except ElfError as error:
            reason = reason or f"{binary.relative}: {error.reason}"
    for binary in extensions:
        lacking = needed.get(binary.path, frozenset()) & left
        if lacking and reason:
            found[binary.path] = MissingSymbols(binary.relative, (), 0, unread=reason)
        elif lacking:
            found[binary.path] = _missing(binary, lacking)
    return found


def _missing(binary: Binary, lacking: Set[bytes]) -> MissingSymbols:
    """Describe what is lacking; what is not of CUDA comes first, for it weighs more."""
    ordered = sorted(lacking, key=lambda name: (_is_cuda(name), name))
    return MissingSymbols(
        relative=binary.relative,
        examples=tuple(name.decode("ascii", "backslashreplace") for name in ordered[:_EXAMPLES]),
        count=len(ordered),
        only_cuda=all(map(_is_cuda, ordered)),
    )


def _is_cuda(name: bytes) -> bool:
    """Tell whether a symbol is of torch's CUDA half: its namespace, its class or what it takes says so."""
    return b"cuda" in name.lower()
