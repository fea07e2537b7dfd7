"""Tell a steady rise from noise, steps and warming up."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import combinations

from npdoctor.model.run import Growth

LEAST_SECONDS = 4.0
LEAST_POINTS = 16
MOST_POINTS = 160
LEAST_RISE = 4 << 20
LEAST_SHARE = 0.01
LEAST_SIGNIFICANCE = 4.0  # standard deviations of Kendall's statistic
STEADY = 0.25

Point = tuple[float, float]


def growth(points: Sequence[Point]) -> Growth | None:
    """Return the rise of (seconds, bytes) over the second half of the time, None where it is not steady.

    The slope is Theil and Sen's, the median of all pairs, its significance Kendall's. Both halves of what
    is looked at have to rise by themselves, and the rise has to matter: 4 MiB and 1 % of the level.
    """
    if not points or points[-1][0] - points[0][0] < LEAST_SECONDS:
        return None
    middle = (points[0][0] + points[-1][0]) / 2
    late = _thinned([point for point in points if point[0] >= middle])
    if len(late) < LEAST_POINTS:
        return None
    seconds = late[-1][0] - late[0][0]
    slope = _slope(late)
    level = statistics.median(value for _, value in late)
    if slope * seconds < max(LEAST_RISE, LEAST_SHARE * level) or _significance(late) < LEAST_SIGNIFICANCE:
        return None
    half = len(late) // 2
    if min(_slope(late[:half]), _slope(late[half:])) < STEADY * slope:
        return None
    return Growth(slope * 60, seconds)


def _thinned(points: Sequence[Point]) -> list[Point]:
    step = max(1, math.ceil(len(points) / MOST_POINTS))
    return list(points[::step])


def _slope(points: Sequence[Point]) -> float:
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] > a[0]]
    return statistics.median(slopes) if slopes else 0.0


def _significance(points: Sequence[Point]) -> float:
    count = len(points)
    ups = sum((b[1] > a[1]) - (b[1] < a[1]) for a, b in combinations(points, 2))
    return ups / math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
