"""Shares of memory as a bar, and over the last five minutes as a line of blocks; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from npdoctor.tui.signs import Signs

MINUTES = 5
_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = ".:-=+*#@"


def bar(share: float, width: int, signs: Signs) -> str:
    """Return a bar of so many cells; shares beyond 0 and 1 count as these."""
    full = round(min(1.0, max(0.0, share)) * width)
    return signs.full * full + signs.empty * (width - full)


def sparkline(past: Sequence[tuple[float, int]], total: int, width: int, signs: Signs) -> str:
    """Return the most that was in use in each part of the last minutes, the newest at the right.

    The parts lie on the clock and not on the newest reading, so that the line moves on only when one is
    over. A part without a reading is blank, unless those beside it have one.
    """
    if not past or total <= 0 or width < 1:
        return ""
    blocks = _ASCII_BLOCKS if signs.only_ascii else _BLOCKS
    length = MINUTES * 60 / width
    most: dict[int, int] = {}
    for at, used in past:
        part = int(at // length)
        most[part] = max(used, most.get(part, 0))
    last = int(past[-1][0] // length)
    shares = (_between(most, part, total) for part in range(last - width + 1, last + 1))
    return "".join(" " if share is None else _block(share, blocks) for share in shares)


def _between(most: Mapping[int, int], part: int, total: int) -> float | None:
    """Return the share of a part; one that the pace of the readings jumped over is as the one before."""
    known = part if part in most or part + 1 not in most else part - 1
    return most[known] / total if known in most else None


def _block(share: float, blocks: str) -> str:
    return blocks[min(len(blocks) - 1, max(0, int(share * len(blocks))))]
