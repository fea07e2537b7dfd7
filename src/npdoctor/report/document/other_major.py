"""Which release of NumPy stands for the other major, the way back or the way ahead."""

from __future__ import annotations

from packaging.version import Version

from npdoctor.model.numpy_releases import releases_for
from npdoctor.model.requirement import parsed_version

# The wheels of numpy 1.26.4 on PyPI are for CPython 3.9 to 3.12.
LAST_PYTHON_OF_NUMPY_1 = (3, 12)


def other_numpy(installed: str | None, python: tuple[int, ...]) -> str | None:
    """Return the newest known NumPy 1 for this Python where 2 is installed, and the other way round.

    None where no NumPy is installed, or where no release of the other major has wheels for this Python.
    """
    version = parsed_version(installed)
    if version is None:
        return None
    wants_one = version >= Version("2")
    if wants_one and python[:2] > LAST_PYTHON_OF_NUMPY_1:
        return None
    return next((r for r in releases_for(python[:2]) if (Version(r) < Version("2")) is wants_one), None)
