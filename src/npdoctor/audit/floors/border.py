"""Find the release from which on a distribution serves NumPy 2; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from npdoctor.probe.index.reading import Answer

Look = Callable[[str], Answer]


@dataclass(frozen=True, slots=True)
class Border:
    """Two releases next to each other: the last that does not serve, the first that does.

    `last` is None where all serve, `first` where none does. `skipped` could not be judged.
    """

    last: str | None
    first: str | None
    skipped: tuple[str, ...] = ()


def find_border(versions: Sequence[str], look: Look) -> Border:
    """Return the border in ascending releases by bisection; what cannot be judged is left out.

    It takes for granted that a release that serves is followed by such only.
    """
    left = list(versions)
    skipped: list[str] = []
    low, high = -1, len(left)
    while high - low > 1:
        middle = (low + high) // 2
        serves = look(left[middle]).serves
        if serves is None:
            skipped.append(left.pop(middle))
            high -= 1
        elif serves:
            high = middle
        else:
            low = middle
    last = left[low] if low >= 0 else None
    return Border(last, left[high] if high < len(left) else None, tuple(skipped))
