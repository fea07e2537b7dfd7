"""Draw a curve with characters."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
PLAIN = " .:#"


def plot(points: Sequence[tuple[float, float]], width: int, height: int, ascii_only: bool) -> list[str]:
    """Return `height` lines of `width` columns, the highest first; the floor of the curve is 0.

    `points` are (time, value) with rising times and values of 0 or more. A column shows the highest value
    in its part of the time; where there is none, the one before it goes on.
    """
    levels = PLAIN if ascii_only else BLOCKS
    columns = _columns(points, width)
    top = max(columns, default=0.0)
    if not top:
        return []
    steps = len(levels) - 1
    filled = [max(1, round(value / top * height * steps)) if value else 0 for value in columns]
    return [
        "".join(levels[max(0, min(steps, fill - row * steps))] for fill in filled)
        for row in reversed(range(height))
    ]


def _columns(points: Sequence[tuple[float, float]], width: int) -> list[float]:
    if not points or width < 1:
        return []
    start, end = points[0][0], points[-1][0]
    span = end - start
    found: list[float | None] = [None] * width
    for at, value in points:
        place = min(width - 1, int((at - start) / span * width)) if span > 0 else 0
        held = found[place]
        found[place] = value if held is None else max(held, value)
    columns, last = [], points[0][1]
    for column in found:
        last = last if column is None else column
        columns.append(last)
    return columns
