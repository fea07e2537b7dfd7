"""Decide when to look next, so that looking stays cheap."""

from __future__ import annotations

SHARE = 0.006  # of one CPU; what is not measured comes on top, the whole stays below 0.01
CREDIT = 0.03  # CPU seconds that may be spent ahead, so that short programs are seen too
SHORTEST, LONGEST = 0.02, 30.0
EASY_AFTER = 100.0  # a look every hundredth of the time that has passed is enough for a curve
SLOWEST_CHOSEN = 1.0


class Pace:
    """What was spent on looking and is not yet earned back by time that passed."""

    def __init__(self) -> None:
        self._debt = 0.0
        self._at = 0.0

    def next_look(self, elapsed: float, cost: float) -> float:
        """Return how many seconds to wait after a look that cost so many CPU seconds.

        `elapsed` is how long the program has been running.
        """
        earned = SHARE * (elapsed - self._at)
        self._debt, self._at = max(0.0, self._debt - earned) + cost, elapsed
        wanted = min(SLOWEST_CHOSEN, max(SHORTEST, elapsed / EASY_AFTER))
        return min(LONGEST, max(wanted, (self._debt - CREDIT) / SHARE))
