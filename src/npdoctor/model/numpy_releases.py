"""The releases of NumPy that a Python can have, for what is judged without a package index."""

from __future__ import annotations

from collections.abc import Iterator

# The newest release of each minor version by the oldest Python it supports: Requires-Python of the releases
# on PyPI, read in November 2026. 1.26.4 is the last release of NumPy 1 (rules.toml, package numpy).
NUMPY_1 = (
    ((3, 9), "1.26.4"),
    ((3, 9), "1.25.2"),
    ((3, 8), "1.24.4"),
    ((3, 8), "1.23.5"),
    ((3, 8), "1.22.4"),
    ((3, 7), "1.21.6"),
)
NUMPY_2 = (
    ((3, 12), "2.5.5"),
    ((3, 11), "2.4.6"),
    ((3, 11), "2.3.5"),
    ((3, 10), "2.2.6"),
    ((3, 10), "2.1.3"),
    ((3, 9), "2.0.2"),
)


def releases_for(python: tuple[int, ...]) -> Iterator[str]:
    """Yield the newest release of each minor version that this Python can have, the newest first."""
    for oldest, release in (*NUMPY_2, *NUMPY_1):
        if tuple(python[:2]) >= oldest:
            yield release
