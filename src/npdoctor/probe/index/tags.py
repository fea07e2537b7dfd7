"""The wheel tags that a target accepts, best first."""

from __future__ import annotations

import functools
import re
import struct
import sysconfig
from typing import TYPE_CHECKING

from packaging import tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from npdoctor.model.target import Target

_CPYTHON = re.compile(r"\.cpython-(\d+[a-z]*)")
_PYPY = re.compile(r"\.(pypy\d+)-(pp\d+)")


def accepted_tags(target: Target) -> Mapping[tags.Tag, int]:
    """Return the rank of every tag that the target accepts; the lowest is the best.

    npdoctor runs on the same machine, so the platforms are its own, unless word size or processor differ.
    """
    return _accepted(target.version[:2], target.extension_suffixes, target.platform, target.bits)


@functools.lru_cache(maxsize=8)
def _accepted(
    version: tuple[int, int], suffixes: tuple[str, ...], platform: str, bits: int
) -> Mapping[tags.Tag, int]:
    own = platform == sysconfig.get_platform() and bits == 8 * struct.calcsize("P")
    platforms = list(tags.platform_tags()) if own else [re.sub(r"[-.]", "_", platform)]
    pypy = next((found for suffix in suffixes if (found := _PYPY.search(suffix))), None)
    digits = "".join(map(str, version))
    if pypy:
        interpreter = f"pp{digits}"
        special = tags.generic_tags(interpreter, [f"{pypy[1]}_{pypy[2]}"], platforms)
    else:
        cpython = next((found for suffix in suffixes if (found := _CPYTHON.search(suffix))), None)
        interpreter = f"cp{digits}"
        special = tags.cpython_tags(version, [f"cp{cpython[1] if cpython else digits}"], platforms)
    every = (*special, *tags.compatible_tags(version, interpreter, platforms))
    return {tag: rank for rank, tag in reversed(tuple(enumerate(every)))}
