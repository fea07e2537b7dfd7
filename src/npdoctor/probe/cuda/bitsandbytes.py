"""Work out which of its libraries bitsandbytes loads, as its own loader would choose it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from npdoctor.model.cuda import BitsandbytesChoice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from npdoctor.model.distribution import Distribution

_LIBRARY = re.compile(r"libbitsandbytes_cuda(?P<major>\d\d)(?P<minor>\d+)\.so")
# The loader that takes another CUDA of the same major version where the exact one is not shipped has a
# function of this name (read in 0.50.2, absent in 0.43.1 and 0.45.0).
_FALLS_BACK = b"def _find_cuda_libs("
_LOADER = "bitsandbytes/cextension.py"
_OVERRIDE = "BNB_CUDA_VERSION"
_MAX_LOADER = 1024 * 1024


def read_bitsandbytes(
    distribution: Distribution, torch_cuda: str | None, environ: Mapping[str, str]
) -> BitsandbytesChoice | None:
    """Name the library for torch's CUDA; None where torch has none, when no CUDA library is loaded."""
    wanted = _pair(torch_cuda)
    if wanted is None:
        return None
    folder = os.path.join(distribution.location, "bitsandbytes")
    available = _available(folder)
    override = environ.get(_OVERRIDE, "")
    if override:
        library = f"libbitsandbytes_cuda{override}.so"
        return BitsandbytesChoice(
            library=library,
            exists=library in available.values(),
            exact=override == f"{wanted[0]}{wanted[1]}",
            chosen_by=f"{_OVERRIDE}={override}",
            available=tuple(available.values()),
        )
    chosen = wanted
    if wanted not in available and _falls_back(distribution.location):
        chosen = _nearest(wanted, list(available))
    library = f"libbitsandbytes_cuda{chosen[0]}{chosen[1]}.so"
    return BitsandbytesChoice(
        library=library,
        exists=chosen in available,
        exact=chosen == wanted,
        chosen_by=f"torch built for CUDA {torch_cuda}",
        available=tuple(available.values()),
    )


def _nearest(wanted: tuple[int, int], available: list[tuple[int, int]]) -> tuple[int, int]:
    """Take the next lower one of the same major version, else the next higher, else what was wanted."""
    same = sorted(version for version in available if version[0] == wanted[0])
    lower = [version for version in same if version < wanted]
    return lower[-1] if lower else same[0] if same else wanted


def _available(folder: str) -> dict[tuple[int, int], str]:
    """List the libraries for CUDA by the version in their names."""
    try:
        names = os.listdir(folder)
    except OSError:
        return {}
    matches = (_LIBRARY.fullmatch(name) for name in names)
    found = {(int(m["major"]), int(m["minor"])): m[0] for m in matches if m}
    return dict(sorted(found.items()))


def _falls_back(location: str) -> bool:
    try:
        with open(os.path.join(location, _LOADER), "rb") as stream:
            return _FALLS_BACK in stream.read(_MAX_LOADER)
    except OSError:
        return False


def _pair(version: str | None) -> tuple[int, int] | None:
    found = re.match(r"(\d+)\.(\d+)", version or "")
    return (int(found[1]), int(found[2])) if found else None
